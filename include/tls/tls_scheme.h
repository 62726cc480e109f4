/* SPDX-License-Identifier: MIT */
/*
 * tls/tls_scheme.h - signature schemes of handshakes (RFC 8446, 4.2.3)
 *
 * Pure, but for BearSSL's arithmetic. A scheme is its number on
 * the wire; one that is not offered is never good. rsa_pss_pss_* is for keys
 * that are for PSS only (X509_KEY_PSS), the other schemes of RSA for the rest.
 * TLS 1.3 has no PKCS#1, and its schemes of ECDSA name their curve; in TLS 1.2
 * any curve goes with any hash (RFC 5246, 7.4.1.4.1).
 */
#ifndef HALE_TLS_TLS_SCHEME_H
#define HALE_TLS_TLS_SCHEME_H

#include "tls/key.h"

#define TLS_SCHEME_SIG_MAX  512	/* bytes of a signature */
#define TLS_SCHEME_SALT_MAX 64	/* bytes of a salt */
#define TLS_SCHEME_DIGEST_MAX 64	/* bytes of a hash */

/* The schemes in our order, as signature_algorithms has them, 2 bytes each. */
#define TLS_SCHEME_OFFER \
	"\4\3\5\3\6\3"			/* ecdsa_secp*_sha* */ \
	"\10\4\10\5\10\6"		/* rsa_pss_rsae_sha* */ \
	"\10\11\10\12\10\13"		/* rsa_pss_pss_sha* */ \
	"\4\1\5\1\6\1"			/* rsa_pkcs1_sha* */

/* May that key sign by that scheme in TLS_V12 or TLS_V13? */
bool tls_scheme_fits(unsigned scheme, unsigned version,
                     const struct x509_key *key);

/* May it, and is sig its signature of the message? */
bool tls_scheme_verify(unsigned scheme, unsigned version,
                       const struct x509_key *key, struct span message,
                       struct span sig);

/* The best scheme for our key among those that the peer offers, 2 bytes each.
 * In TLS 1.2 too that is one of TLS 1.3, if there is one. 0: none fits. */
unsigned tls_scheme_choose(unsigned version, const struct key *key,
                           struct span offered);

/* The hash of the message by which the scheme signs, and its length. */
size_t tls_scheme_digest_len(unsigned scheme);
void tls_scheme_digest(unsigned scheme, struct span message,
                       unsigned char *out);

/*
 * Signs a digest by a scheme that was chosen. salt is TLS_SCHEME_SALT_MAX
 * random bytes, of which only PSS takes any; out holds TLS_SCHEME_SIG_MAX.
 * Returns the signature's length, or 0 if the key is unfit.
 */
size_t tls_scheme_sign(unsigned char *out, unsigned scheme,
                       const struct key *key, const unsigned char *digest,
                       const unsigned char *salt);

#endif
