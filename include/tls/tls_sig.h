/* SPDX-License-Identifier: MIT */
/*
 * tls/tls_sig.h - check signatures with the engine
 *
 * For tls/tls.c only. Pure, whatever the engine needs for its arithmetic.
 */
#ifndef HALE_TLS_TLS_SIG_H
#define HALE_TLS_TLS_SIG_H

#include <bearssl.h>

#include "tls/x509_path.h"

/* The engine's br_ecdsa_vrfy for signatures in DER, and in that only: it takes
 * other codings of the same numbers too, which OpenSSL and Go refuse. */
uint32_t tls_sig_ecdsa(const br_ec_impl *impl, const void *hash,
                       size_t hash_len, const br_ec_public_key *key,
                       const void *sig, size_t sig_len);

/* An x509_sig_check; arg is not used. */
bool tls_sig_check(void *arg, enum x509_alg alg, const struct x509_key *key,
                   struct span tbs, struct span sig);

#endif
