/* SPDX-License-Identifier: MIT */
/*
 * tls/tls_engine.h - keys, alerts and words between BearSSL's forms and ours
 *
 * Only this header, tls/tls12_x509.h and tls/tls12_setup.h name the engine's
 * types.
 */
#ifndef HALE_TLS_TLS_ENGINE_H
#define HALE_TLS_TLS_ENGINE_H

#include <bearssl.h>

#include "base/buf.h"
#include "tls/key.h"

/* The engine only reads keys and certificates; its types do not say so. */
unsigned char *tls_engine_bytes(struct span s);

/* The key in the engine's form, pointing to the same bytes. Returns 0 or
 * ERR_VERSION where it is of a kind that the engine does not know. */
int tls_engine_key(br_x509_pkey *out, const struct x509_key *key);

/* The same for a private key of RSA, and for one of EC. */
void tls_engine_rsa(br_rsa_private_key *out, const struct key *key);
void tls_engine_ec_key(br_ec_private_key *out, const struct key *key);

/* The engine's curves, but a multiplication on X25519 whose result is zero is
 * refused (RFC 7748, 6.1): the secret would be known to everybody. */
void tls_engine_ec(br_ec_impl *out);

/* The engine's br_ecdsa_vrfy for signatures in DER, and in that only: it takes
 * other codings of the same numbers too, which OpenSSL and Go refuse. */
uint32_t tls_engine_ecdsa(const br_ec_impl *impl, const void *hash,
                          size_t hash_len, const br_ec_public_key *key,
                          const void *sig, size_t sig_len);

/* The alert to send for an engine's error; 0: none. */
int tls_engine_alert(int err);

/* Appends what an engine's error means; in a handshake with what an alert has
 * for its usual reason. */
void tls_engine_text(struct buf *b, int err, bool in_handshake);

/* Appends "ECDHE_RSA_WITH_AES_128_GCM_SHA256". */
void tls_engine_suite(struct buf *b, unsigned suite);

#endif
