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

/* A key of RSA in BearSSL's form, for PSS only or not. */
void bear_rsa_public(br_rsa_public_key *out, const struct x509_key *key);

/* The same for a private key of RSA, and for one of EC. */
void bear_rsa(br_rsa_private_key *out, const struct key *key);
void bear_ec_key(br_ec_private_key *out, const struct key *key);

/* BearSSL's form of an enum x509_hash from X509_SHA256 on: what computes it,
 * and its OID. */
const br_hash_class *bear_hash(unsigned hash);
const unsigned char *bear_hash_oid(unsigned hash);

/* Writes the digest of the bytes, of X509_HASH_LEN(hash) bytes. */
void bear_digest(unsigned char *out, unsigned hash, struct span bytes);

/* What calculates on a curve, by BearSSL's number of it. */
const br_ec_impl *bear_curve(int curve);

/* Is sig the signature of the digest by this key of EC? In DER, and in that
 * only: BearSSL takes other codings of the same numbers too, which OpenSSL and
 * Go refuse. */
bool bear_ecdsa(const unsigned char *digest, size_t len,
                const struct x509_key *key, struct span sig);

#endif
