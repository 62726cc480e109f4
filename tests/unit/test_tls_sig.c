/* SPDX-License-Identifier: MIT */
/* test_tls_sig.c - verify signatures of certificates */
#include "scheme_vectors.h"

#include "tls/tls_sig.h"

#define MESSAGE ((struct span){ PSS_MESSAGE, sizeof PSS_MESSAGE - 1 })

static bool
is_signed_by(const struct x509_key *key, int alg, const struct x509_pss *pss,
             struct span sig)
{
	struct x509 c = { .alg = (enum x509_alg)alg, .pss = *pss,
	                  .tbs = MESSAGE, .sig = sig };

	return tls_sig_check(NULL, &c, key);
}

static void
only_its_own_algorithm_verifies(void **state)
{
	const struct pss_vector *v = *state;
	struct key k = rsa_key(v->key);
	struct x509_key pub = rsa_public(&k);
	struct span sig = unhex(v->sig);

	for (int alg = X509_ALG_OTHER; alg <= X509_EC_SHA512; alg++) {
		int own = X509_PSS_SHA256 - X509_SHA256 + v->pss.hash;

		assert_int_equal(alg == own,
		                 is_signed_by(&pub, alg, &v->pss, sig));
	}
	certs_reset();
}

static void
a_key_for_pss_only_verifies_what_it_admits(void **state)
{
	const struct pss_vector *v = *state;
	struct key k = rsa_key(v->key);
	struct x509_key pub = rsa_public(&k);
	struct span sig = unhex(v->sig);
	int alg = X509_PSS_SHA256 - X509_SHA256 + v->pss.hash;

	pub.kind = X509_KEY_PSS;
	assert_true(is_signed_by(&pub, alg, &v->pss, sig));
	pub.pss = v->pss;
	assert_true(is_signed_by(&pub, alg, &v->pss, sig));
	pub.pss.salt_len++;
	assert_false(is_signed_by(&pub, alg, &v->pss, sig));
	pub.pss = v->pss;
	pub.pss.mask = v->pss.mask == X509_SHA256 ? X509_SHA512 : X509_SHA256;
	assert_false(is_signed_by(&pub, alg, &v->pss, sig));
	pub.pss = v->pss;
	pub.pss.hash = v->pss.hash == X509_SHA256 ? X509_SHA512 : X509_SHA256;
	assert_false(is_signed_by(&pub, alg, &v->pss, sig));
	certs_reset();
}

/* A key of PKCS#1 is not one for PSS only. */
static void
a_key_for_pss_only_verifies_no_pkcs1(void **state)
{
	static const struct x509_pss none;
	int tried = 0;

	(void)state;
	for (size_t i = 0; i < sizeof scheme_vectors / sizeof *scheme_vectors;
	     i++) {
		const struct scheme_vector *v = &scheme_vectors[i];
		struct key k;
		struct x509_key pub;
		int alg = X509_RSA_SHA256 + (int)(v->scheme >> 8) - 4;

		if (v->kind != PEM_KEY_RSA || v->scheme > 0x0700)
			continue;
		k = rsa_key(v->key);
		pub = rsa_public(&k);
		assert_true(is_signed_by(&pub, alg, &none, unhex(v->sig)));
		pub.kind = X509_KEY_PSS;
		assert_false(is_signed_by(&pub, alg, &none, unhex(v->sig)));
		tried++;
	}
	assert_int_equal(3, tried);
	certs_reset();
}

static void
keys_that_are_not_known_verify_nothing(void **state)
{
	const struct pss_vector *v = &pss_vectors[0];
	struct key k = rsa_key(v->key);
	struct x509_key pub = rsa_public(&k);
	struct span sig = unhex(v->sig);

	(void)state;
	for (int kind = X509_KEY_OTHER; kind <= X509_KEY_P521; kind++)
		for (int alg = X509_ALG_OTHER; alg <= X509_EC_SHA512; alg++) {
			pub.kind = (enum x509_key_kind)kind;
			assert_int_equal(alg == X509_PSS_SHA256
				&& x509_key_is_rsa(&pub),
				is_signed_by(&pub, alg, &v->pss, sig));
		}
	certs_reset();
}

int
main(void)
{
	UNIT_ROWS(only_its_own_algorithm_verifies, pss_vectors);
	UNIT_ROWS(a_key_for_pss_only_verifies_what_it_admits, pss_vectors);
	UNIT_TEST(a_key_for_pss_only_verifies_no_pkcs1);
	UNIT_TEST(keys_that_are_not_known_verify_nothing);
	return unit_run("tls/tls_sig");
}
