/* SPDX-License-Identifier: MIT */
/*
 * tls/tls_sig.h - verify signatures, of certificates and in handshakes
 *
 * Pure, but for BearSSL's arithmetic.
 */
#ifndef HALE_TLS_TLS_SIG_H
#define HALE_TLS_TLS_SIG_H

#include "tls/x509_path.h"

/* The hash (X509_SHA256 on) of an algorithm from X509_RSA_SHA256 on. */
unsigned tls_sig_hash(enum x509_alg alg);

/*
 * Is sig the signature of the message by this key? It is not if the algorithm
 * or the kind of key is not known, the two do not go together, or the key's own
 * parameters do not admit it. pss is for X509_PSS_* only.
 */
bool tls_sig_verify(enum x509_alg alg, const struct x509_pss *pss,
                    const struct x509_key *key, struct span message,
                    struct span sig);

/* An x509_sig_check; arg is not used. */
bool tls_sig_check(void *arg, const struct x509 *c,
                   const struct x509_key *key);

#endif
