/* SPDX-License-Identifier: MIT */
/*
 * paths.h - chains of certificates to be judged, for unit tests
 *
 * The test fills chain and anchors; fake_check() counts in checks.
 */
#ifndef HALE_TESTS_PATHS_H
#define HALE_TESTS_PATHS_H

#include "certs.h"

#include "base/err.h"

#define CHAIN_MAX 64

static struct x509 chain[CHAIN_MAX], anchors[4];
static int checks;

static inline struct x509_path
path(size_t chain_len, size_t anchors_len)
{
	return (struct x509_path){
		.chain = chain, .chain_len = chain_len,
		.anchors = anchors, .anchors_len = anchors_len,
		.host = { .name = { "a.test", 6 } },
		.now = NOW, .check = fake_check, .arg = &checks,
	};
}

static inline enum x509_why
judge(size_t chain_len, size_t anchors_len)
{
	struct x509_path q = path(chain_len, anchors_len);
	struct x509_result v = { .why = X509_FINE };
	int r;

	checks = 0;
	r = x509_path_verify(&q, &v);
	assert_int_equal(v.why == X509_FINE ? 0 : ERR_CERT, r);
	return v.why;
}

static inline struct x509
a_ca(const char *subject, const char *issuer, char key, char signer)
{
	return cert((struct plan){ subject, issuer, key, signer, ca_mark(),
	                           NULL, NULL, NULL });
}

static inline struct x509
a_leaf(const char *issuer, char signer)
{
	return cert((struct plan){ "leaf", issuer, 'l', signer,
	                           alt_name("a.test"), NULL, NULL, NULL });
}

/* The leaf a.test by the CA A by the root R. */
static inline void
good_chain(void)
{
	anchors[0] = a_ca("R", "R", 'r', 'r');
	chain[1] = a_ca("A", "R", 'a', 'r');
	chain[0] = a_leaf("A", 'a');
}

#endif
