/* SPDX-License-Identifier: MIT */
/*
 * tls/tls_pss.h - signatures by RSASSA-PSS (RFC 8017, 8.1 and 9.1)
 *
 * Pure, but for BearSSL's arithmetic. The mask is MGF1. What is
 * signed is the digest of a message by pss->hash. Keys have up to X509_RSA_MAX
 * bits.
 */
#ifndef HALE_TLS_TLS_PSS_H
#define HALE_TLS_TLS_PSS_H

#include "tls/key.h"

#define TLS_PSS_SIG_MAX (X509_RSA_MAX / 8)	/* bytes */

/* Is sig the signature of that digest by this key, with a salt of just that
 * length? What the key's own parameters say is not looked at. */
bool tls_pss_verify(const struct x509_pss *pss, const struct x509_key *key,
                    const unsigned char *digest, struct span sig);

/*
 * Signs a digest with a salt of pss->salt_len bytes, which should be random.
 * sig holds TLS_PSS_SIG_MAX bytes. Returns the signature's length; 0 if the key
 * is too short for hash and salt, too long, or unfit.
 */
size_t tls_pss_sign(unsigned char *sig, const struct x509_pss *pss,
                    const struct key *key, const unsigned char *digest,
                    const unsigned char *salt);

#endif
