/* SPDX-License-Identifier: MIT */
/* test_tls_pss.c - signatures by RSASSA-PSS */
#include "pss_vectors.h"

#include "tls/bear.h"
#include "tls/tls_pss.h"

static const unsigned char *
digest_of(unsigned hash)
{
	static unsigned char out[64];

	bear_digest(out, hash, (struct span){ PSS_MESSAGE,
	                                      sizeof PSS_MESSAGE - 1 });
	return (unsigned char *)guarded(out, X509_HASH_LEN(hash));
}

static bool
verifies(const struct x509_pss *pss, const struct x509_key *key,
         struct span sig)
{
	return tls_pss_verify(pss, key, digest_of(pss->hash), (struct span){
		guarded(sig.p, sig.len), sig.len });
}

static void
openssl_signs_and_it_verifies(void **state)
{
	const struct pss_vector *v = *state;
	struct key k = rsa_key(v->key);
	struct x509_key pub = rsa_public(&k);

	assert_true(verifies(&v->pss, &pub, unhex(v->sig)));
	certs_reset();
}

static void
a_known_salt_gives_the_same_signature(void **state)
{
	const struct pss_vector *v = *state;
	struct key k = rsa_key(v->key);
	struct span want = unhex(v->sig), salt = unhex(v->salt);
	unsigned char *sig = (unsigned char *)guarded_room(TLS_PSS_SIG_MAX);
	size_t len = tls_pss_sign(sig, &v->pss, &k, digest_of(v->pss.hash),
		(unsigned char *)guarded(salt.p, salt.len));

	assert_int_equal(want.len, len);
	assert_memory_equal(want.p, sig, len);
	certs_reset();
}

static void
other_parameters_are_refused(void **state)
{
	const struct pss_vector *v = *state;
	struct key k = rsa_key(v->key);
	struct x509_key pub = rsa_public(&k);
	struct span sig = unhex(v->sig);

	for (int i = 0; i < 9 * 600; i++) {
		struct x509_pss pss = {
			(unsigned char)(X509_SHA256 + i % 3),
			(unsigned char)(X509_SHA256 + i / 3 % 3),
			(unsigned short)(i / 9),
		};
		int more = pss.salt_len - v->pss.salt_len;
		bool same = pss.hash == v->pss.hash && pss.mask == v->pss.mask
		         && more == 0;

		if (pss.salt_len % 16 == 0 || (more >= -1 && more <= 1))
			assert_int_equal(same, verifies(&pss, &pub, sig));
	}
	certs_reset();
}

static void
another_digest_is_refused(void **state)
{
	const struct pss_vector *v = *state;
	struct key k = rsa_key(v->key);
	struct x509_key pub = rsa_public(&k);
	struct span sig = unhex(v->sig);

	for (size_t i = 0; i < X509_HASH_LEN(v->pss.hash); i += 15) {
		unsigned char d[64];

		memcpy(d, digest_of(v->pss.hash), X509_HASH_LEN(v->pss.hash));
		d[i] ^= 0x10;
		assert_false(tls_pss_verify(&v->pss, &pub, d, sig));
	}
	certs_reset();
}

static void
another_length_is_refused(void **state)
{
	const struct pss_vector *v = *state;
	struct key k = rsa_key(v->key);
	struct x509_key pub = rsa_public(&k);
	struct span sig = unhex(v->sig);

	for (size_t len = 0; len < sig.len; len++)
		assert_false(verifies(&v->pss, &pub, (struct span){
			sig.p, len }));
	assert_false(verifies(&v->pss, &pub, JOIN(BYTES("\0"), sig)));
	assert_false(verifies(&v->pss, &pub, JOIN(sig, BYTES("\0"))));
	certs_reset();
}

/* The same number modulo n: one more coding of a signature that is right. */
static void
a_signature_above_the_modulus_is_refused(void **state)
{
	const size_t n = sizeof pss_vectors / sizeof pss_vectors[0];
	int tried = 0;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		const struct pss_vector *v = &pss_vectors[i];
		struct key k = rsa_key(v->key);
		struct x509_key pub = rsa_public(&k);
		struct span sum = unhex(v->sig);
		unsigned carry = 0;

		for (size_t at = sum.len; at-- > 0;) {
			carry += der_byte(sum, at) + der_byte(k.n, at);
			arena[sum.p - arena + (ptrdiff_t)at] = (char)carry;
			carry >>= 8;
		}
		if (carry == 0) {	/* it has room in as many bytes */
			tried++;
			assert_false(verifies(&v->pss, &pub, sum));
		}
		certs_reset();
	}
	assert_true(tried > 5);
}

/* Makes a signature whose EM is that of a good one with bits changed, as only
 * the owner of the key can. Returns whether it can be made: EM has bits that
 * take it above the modulus. */
static bool
sign_changed(const struct key *k, const struct x509_key *pub,
             unsigned char *sig, size_t at, unsigned bits)
{
	br_rsa_public_key open;
	br_rsa_private_key seal;

	bear_rsa_public(&open, pub);
	bear_rsa(&seal, k);
	assert_int_equal(1, br_rsa_public_get_default()(sig, k->n.len, &open));
	sig[at] ^= (unsigned char)bits;
	return br_rsa_private_get_default()(sig, &seal) == 1;
}

static const struct changed {
	const char *name, *key;
	size_t salt_len;
} changed[] = {
	{ "2048 bits, EM changed", KEY_2048, 32 },
	{ "2048 bits, no salt, EM changed", KEY_2048, 0 },
	{ "2049 bits, EM changed", KEY_2049, 32 },
	{ "2055 bits, EM changed", KEY_2055, 32 },
};

/* One bit in every byte: unused bits, PS, 01, salt, H and the trailer. */
static void
a_change_in_any_byte_is_refused(void **state)
{
	static const unsigned char salt[32] = "salt";
	const struct changed *row = *state;
	struct key k = rsa_key(row->key);
	struct x509_key pub = rsa_public(&k);
	struct x509_pss pss = { X509_SHA256, X509_SHA256,
	                        (unsigned short)row->salt_len };
	unsigned char good[TLS_PSS_SIG_MAX], sig[TLS_PSS_SIG_MAX];
	size_t len = tls_pss_sign(good, &pss, &k, digest_of(X509_SHA256), salt);
	struct span s = { (char *)sig, len };
	size_t made = 0;

	assert_int_equal(k.n.len, len);
	memcpy(sig, good, len);
	assert_true(sign_changed(&k, &pub, sig, 0, 0));
	assert_true(verifies(&pss, &pub, s));
	for (size_t i = 0; i < len; i++) {
		memcpy(sig, good, len);
		made += sign_changed(&k, &pub, sig, i, 1u << i % 8);
		assert_false(verifies(&pss, &pub, s));
	}
	assert_true(made >= len - 2);
	certs_reset();
}

static const struct changed unused[] = {
	{ "2048 bits, an unused bit", KEY_2048, 1 },
	{ "2049 bits, an unused bit", KEY_2049, 1 },
	{ "2050 bits, an unused bit", KEY_2050, 1 },
	{ "2051 bits, an unused bit", KEY_2051, 1 },
	{ "2052 bits, an unused bit", KEY_2052, 1 },
	{ "2053 bits, an unused bit", KEY_2053, 1 },
	{ "2054 bits, an unused bit", KEY_2054, 1 },
	{ "2055 bits, an unused bit", KEY_2055, 1 },
};

/* Only the first above EM can be set in a number below the modulus, and with
 * some salts. */
static void
an_unused_bit_that_is_set_is_refused(void **state)
{
	const struct changed *row = *state;
	struct key k = rsa_key(row->key);
	struct x509_key pub = rsa_public(&k);
	struct x509_pss pss = { X509_SHA256, X509_SHA256, 1 };
	unsigned bit = 1u << (der_uint_bits(k.n) - 1) % 8;
	unsigned char sig[TLS_PSS_SIG_MAX], salt = 0;
	struct span s = { (char *)sig, k.n.len };

	do
		assert_int_equal(s.len, tls_pss_sign(sig, &pss, &k,
			digest_of(X509_SHA256), &salt));
	while (!sign_changed(&k, &pub, sig, 0, bit) && ++salt != 0);
	assert_false(verifies(&pss, &pub, s));
	assert_true(sign_changed(&k, &pub, sig, 0, bit));
	assert_true(verifies(&pss, &pub, s));
	certs_reset();
}

static void
what_does_not_fit_the_key_is_refused(void **state)
{
	struct key k = rsa_key(KEY_2049);
	struct x509_key pub = rsa_public(&k);
	struct x509_pss pss = { X509_SHA512, X509_SHA512, 0 };
	static unsigned char salt[1001];
	unsigned char sig[TLS_PSS_SIG_MAX] = { 0 };

	(void)state;
	for (size_t n = 180; n <= 1000; n++) {
		struct span s = { (char *)sig, 257 };
		bool fits = n <= 256 - 64 - 2;	/* EM has 256 bytes */

		if (n > 200 && n < 990)
			continue;
		pss.salt_len = (unsigned short)n;
		assert_int_equal(fits ? 257 : 0, tls_pss_sign(sig, &pss, &k,
			digest_of(X509_SHA512), salt));
		assert_int_equal(fits, verifies(&pss, &pub, s));
	}
	certs_reset();
}

static void
keys_of_odd_lengths_are_refused(void **state)
{
	static unsigned char long_n[600];
	struct key k = rsa_key(KEY_4096);
	struct x509_key pub = rsa_public(&k);
	struct x509_pss pss = { X509_SHA256, X509_SHA256, 0 };
	unsigned char sig[TLS_PSS_SIG_MAX];

	(void)state;
	memset(long_n, 1, sizeof long_n);
	for (size_t len = 0; len <= sizeof long_n; len++) {
		pub.n = k.n = (struct span){ (char *)long_n, len };
		assert_false(verifies(&pss, &pub, (struct span){
			(char *)long_n, len }));
		if (len < 34 || len > 512)
			assert_int_equal(0, tls_pss_sign(sig, &pss, &k,
				digest_of(X509_SHA256),
				(const unsigned char *)""));
	}
	certs_reset();
}

int
main(void)
{
	UNIT_ROWS(openssl_signs_and_it_verifies, pss_vectors);
	UNIT_ROWS(a_known_salt_gives_the_same_signature, pss_vectors);
	UNIT_ROWS(other_parameters_are_refused, pss_vectors);
	UNIT_ROWS(another_digest_is_refused, pss_vectors);
	UNIT_ROWS(another_length_is_refused, pss_vectors);
	UNIT_TEST(a_signature_above_the_modulus_is_refused);
	UNIT_ROWS(a_change_in_any_byte_is_refused, changed);
	UNIT_ROWS(an_unused_bit_that_is_set_is_refused, unused);
	UNIT_TEST(what_does_not_fit_the_key_is_refused);
	UNIT_TEST(keys_of_odd_lengths_are_refused);
	return unit_run("tls/tls_pss");
}
