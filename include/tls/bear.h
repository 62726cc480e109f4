/* SPDX-License-Identifier: MIT */
/*
 * tls/bear.h - keys and curves in BearSSL's forms
 *
 * Our keys point to the bytes that were read; so do BearSSL's, which are made
 * here and live as long.
 */
#ifndef HALE_TLS_BEAR_H
#define HALE_TLS_BEAR_H

#include <bearssl.h>

#include "base/buf.h"
#include "tls/key.h"

/* The engine only reads keys and certificates; its types do not say so. */
unsigned char *bear_bytes(struct span s);

/* The key in the engine's form, pointing to the same bytes. Returns 0 or
 * ERR_VERSION where it is of a kind that the engine does not know. */
int bear_key(br_x509_pkey *out, const struct x509_key *key);

/* The same for a key of RSA that is known to be one, for PSS only or not. */
void bear_rsa_public(br_rsa_public_key *out, const struct x509_key *key);

/* The same for a private key of RSA, and for one of EC. */
void bear_rsa(br_rsa_private_key *out, const struct key *key);
void bear_ec_key(br_ec_private_key *out, const struct key *key);

/* The engine's form of an enum x509_hash from X509_SHA256 on: what computes it,
 * and its OID. */
const br_hash_class *bear_hash(unsigned hash);
const unsigned char *bear_hash_oid(unsigned hash);

/* Writes the digest of the bytes, of X509_HASH_LEN(hash) bytes. */
void bear_digest(unsigned char *out, unsigned hash, struct span bytes);

/* The engine's br_ecdsa_vrfy for signatures in DER, and in that only: it takes
 * other codings of the same numbers too, which OpenSSL and Go refuse. */
uint32_t bear_ecdsa(const br_ec_impl *impl, const void *hash, size_t hash_len,
                    const br_ec_public_key *key, const void *sig,
                    size_t sig_len);

#endif
