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

/* An RSA key in BearSSL's form, whether it is for PSS only or not. */
void bear_rsa_public(br_rsa_public_key *out, const struct x509_key *key);

/* The same for a private RSA key, and for a private EC key. */
void bear_rsa(br_rsa_private_key *out, const struct key *key);
void bear_ec_key(br_ec_private_key *out, const struct key *key);

/* An enum x509_hash from X509_SHA256 on, in BearSSL's form: its class, and its
 * OID. */
const br_hash_class *bear_hash(unsigned hash);
const unsigned char *bear_hash_oid(unsigned hash);

/* Writes the digest of the bytes, of X509_HASH_LEN(hash) bytes. */
void bear_digest(unsigned char *out, unsigned hash, struct span bytes);

/* BearSSL's implementation of a curve, by BearSSL's number of it. */
const br_ec_impl *bear_curve(int curve);

/* Is sig, in strict DER, the signature of the digest by this EC key? BearSSL
 * itself takes other codings of the same numbers too, which OpenSSL and Go
 * refuse. */
bool bear_ecdsa(const unsigned char *digest, size_t len,
                const struct x509_key *key, struct span sig);

#endif
