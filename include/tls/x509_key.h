/* SPDX-License-Identifier: MIT */
/*
 * tls/x509_key.h - public keys of certificates (RFC 5280, 4.1.2.7) (pure)
 *
 * Spans point into the bytes that were read.
 */
#ifndef HALE_TLS_X509_KEY_H
#define HALE_TLS_X509_KEY_H

#include "tls/x509_pss.h"

#define X509_RSA_MIN  2048	/* bits; as OpenSSL's security level 2 has it */
#define X509_RSA_MAX  4096	/* bits; what the engine's buffers hold */
#define X509_RSA_E_MAX 64	/* bits of the exponent; as OpenSSL has it for
				 * large keys */

/* From X509_KEY_RSA on: what can be verified with. */
enum x509_key_kind {
	X509_KEY_OTHER,
	X509_KEY_ED,		/* Ed25519 or Ed448 */
	X509_KEY_PSS_OTHER,	/* as X509_KEY_PSS, with malformed parameters
				 * or a hash that is not known */
	X509_KEY_CURVE,		/* EC, on a curve that is not one of these */
	X509_KEY_EXPONENT,	/* RSA, with an exponent above X509_RSA_E_MAX */
	X509_KEY_RSA,
	X509_KEY_PSS,		/* RSA, for PSS signatures only */
	X509_KEY_P256, X509_KEY_P384, X509_KEY_P521,
};

struct x509_key {
	enum x509_key_kind kind;
	struct span n, e;	/* RSA and PSS: big-endian without leading
				 * zeros */
	struct span q;		/* EC: the point, not compressed */
	struct x509_pss pss;	/* PSS: what a signature must have; hash 0: any
				 * known will do */
};

static inline bool
x509_key_is_rsa(const struct x509_key *key)
{
	return key->kind == X509_KEY_RSA || key->kind == X509_KEY_PSS;
}

/* Takes a SubjectPublicKeyInfo off *in. A kind that is not known is not an
 * error. Returns 0 or ERR_PARSE. */
int x509_key_read(struct x509_key *out, struct span *in);

/* The kind of EC key that an OID of a curve stands for. */
enum x509_key_kind x509_key_curve(struct span oid);

#endif
