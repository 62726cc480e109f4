/* SPDX-License-Identifier: MIT */
/*
 * tls/tls12_setup.h - what BearSSL's engine may use: algorithms, our identity
 *
 * For tls/tls12.c only.
 */
#ifndef HALE_TLS_TLS12_SETUP_H
#define HALE_TLS_TLS12_SETUP_H

#include <bearssl.h>

#include "tls/tls_client_cert.h"

/* Sets versions, suites and all that they take. ec is what the engine keeps a
 * pointer to. */
void tls12_setup_algorithms(br_ssl_engine_context *e, br_ec_impl *ec);

/* Our identity in the engine's form, or what stands in for it where there is
 * none and remembers that one was asked for. */
struct tls12_auth {
	const br_ssl_client_certificate_class *vtable;	/* first */
	bool asked;
	br_x509_certificate certs[TLS_IDENTITY_CERTS_MAX];
	union {
		br_rsa_private_key rsa;
		br_ec_private_key  ec;
	} key;
};

/* The engine points to a and id until it is reset or the handshake is over. */
void tls12_setup_auth(br_ssl_client_context *cc, struct tls12_auth *a,
                      const struct tls_client_cert *id);

#endif
