/* SPDX-License-Identifier: MIT */
/*
 * tls/key.h - read a private key: PKCS#8, PKCS#1 (RSA) or SEC1 (EC) (pure)
 *
 * Spans point into the bytes that were read; the caller wipes those.
 */
#ifndef HALE_TLS_KEY_H
#define HALE_TLS_KEY_H

#include "tls/pem.h"
#include "tls/x509_key.h"

struct key {
	enum x509_key_kind kind;	/* X509_KEY_RSA, P256, P384 or P521 */
	struct span n, p, q, dp, dq, iq;	/* RSA, without leading zeros */
	struct span d;			/* EC: the secret number */
};

/*
 * Reads a key of the kind that its PEM label tells. RSA keys have X509_RSA_MIN
 * to X509_RSA_MAX bits and two primes of numbers that fit each other, as the
 * engine takes for granted.
 * Returns 0, ERR_PARSE, ERR_RANGE (an RSA key that is too small or large), or
 * ERR_VERSION (a key of a kind or on a curve that is not one of these).
 */
int key_read(struct key *out, enum pem_kind kind, struct span der);

#endif
