/* SPDX-License-Identifier: MIT */
/*
 * net/tls_sig.h - check the signature of a certificate with the engine
 *
 * For net/tls.c only. Pure, whatever the engine needs for its arithmetic.
 */
#ifndef HALE_NET_TLS_SIG_H
#define HALE_NET_TLS_SIG_H

#include "net/x509_path.h"

/* An x509_sig_check; arg is not used. */
bool tls_sig_check(void *arg, enum x509_alg alg, const struct x509_key *key,
                   struct span tbs, struct span sig);

#endif
