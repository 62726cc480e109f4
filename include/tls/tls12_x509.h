/* SPDX-License-Identifier: MIT */
/*
 * tls/tls12_x509.h - BearSSL's X.509 class: hands the server's certificates to
 * tls/tls_chain.h
 *
 * BearSSL's own validator accepts what it should not and refuses what it should
 * accept. For tls/tls12.c only.
 */
#ifndef HALE_TLS_TLS12_X509_H
#define HALE_TLS_TLS12_X509_H

#include <bearssl.h>

#include "tls/tls_chain.h"

struct tls12_x509 {
	const br_x509_class *vtable;	/* first: the engine points to it */
	struct tls_chain    *chain;
	struct tls_link     *link;	/* keeps what is wrong with the chain */
	br_x509_pkey         pkey;	/* the server's, in the chain's bytes */
};

void tls12_x509_init(struct tls12_x509 *x, struct tls_chain *chain,
                     struct tls_link *l);

#endif
