/* SPDX-License-Identifier: MIT */
/*
 * tls/tls_sig.h - check signatures of certificates
 *
 * Pure, whatever the engine needs for its arithmetic.
 */
#ifndef HALE_TLS_TLS_SIG_H
#define HALE_TLS_TLS_SIG_H

#include "tls/x509_path.h"

/* An x509_sig_check; arg is not used. */
bool tls_sig_check(void *arg, enum x509_alg alg, const struct x509_key *key,
                   struct span tbs, struct span sig);

#endif
