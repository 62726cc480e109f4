/* SPDX-License-Identifier: MIT */
/* test_x509_key.c - public keys of certificates */
#include "certs.h"

#include "base/err.h"

#define IN(text) { text, sizeof(text) - 1 }

static const struct exponent {
	const char *name;
	struct span e;
	int want;	/* the kind of key, or an error */
} exponents[] = {
	{ "1", IN("\x01"), ERR_PARSE },
	{ "2", IN("\x02"), ERR_PARSE },
	{ "3", IN("\x03"), X509_KEY_RSA },
	{ "65537", IN("\x01\x00\x01"), X509_KEY_RSA },
	{ "negative", IN("\x81"), ERR_PARSE },
	{ "63 bits", IN("\x7f\0\0\0\0\0\0\1"), X509_KEY_RSA },
	{ "64 bits", IN("\0\x80\0\0\0\0\0\0\1"), X509_KEY_RSA },
	{ "65 bits", IN("\1\0\0\0\0\0\0\0\1"), X509_KEY_EXPONENT },
};

static void
an_rsa_exponent_is_odd_and_not_large(void **state)
{
	const struct exponent *row = *state;
	struct span pair = SEQ(BYTES("\x02\x02\x0f\x01"), wrap(2, row->e));
	struct span in = SEQ(SEQ(TLV(6,
		BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"))),
		TLV(3, BYTES("\0"), pair));
	struct x509_key key;
	int r = x509_key_read(&key, &in);

	assert_int_equal(row->want, r < 0 ? r : (int)key.kind);
	certs_reset();
}

static const struct curve {
	const char *name, *oid;
	size_t len;	/* bytes of the point */
	char first;
	enum x509_key_kind want;
} curves[] = {
#define P256 "\x2a\x86\x48\xce\x3d\3\1\7"
	{ "P-256", P256, 65, 4, X509_KEY_P256 },
	{ "P-256, a byte too few", P256, 64, 4, X509_KEY_CURVE },
	{ "P-256, a byte too many", P256, 66, 4, X509_KEY_CURVE },
	{ "P-256, compressed", P256, 33, 2, X509_KEY_CURVE },
	{ "P-256, a hybrid point", P256, 65, 6, X509_KEY_CURVE },
	{ "P-256, no point", P256, 0, 4, X509_KEY_CURVE },
	{ "secp256k1", "\x2b\x81\x04\x01\x0a", 65, 4, X509_KEY_CURVE },
};

static void
points_fit_their_curves(void **state)
{
	const struct curve *row = *state;
	char point[133] = { row->first };
	struct span in = SEQ(SEQ(TLV(6, BYTES("\x2a\x86\x48\xce\x3d\2\1")),
	                         TLV(6, text_of(row->oid))),
	                     TLV(3, BYTES("\0"), bytes_of(point, row->len)));
	struct x509_key key;

	assert_int_equal(0, x509_key_read(&key, &in));
	assert_int_equal(row->want, key.kind);
	certs_reset();
}

/* Their OIDs have a zero in them. */
static void
the_longer_curves_are_known(void **state)
{
	static const struct { char last; size_t len; int want; } longer[] = {
		{ 0x22, 97, X509_KEY_P384 }, { 0x22, 65, X509_KEY_CURVE },
		{ 0x23, 133, X509_KEY_P521 }, { 0x23, 97, X509_KEY_CURVE },
		{ 0x24, 97, X509_KEY_CURVE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof longer / sizeof longer[0]; i++) {
		char point[133] = { 4 };
		struct span in = SEQ(SEQ(
			TLV(6, BYTES("\x2a\x86\x48\xce\x3d\2\1")),
			TLV(6, BYTES("\x2b\x81\x04\0"),
			    bytes_of(&longer[i].last, 1))),
			TLV(3, BYTES("\0"), bytes_of(point, longer[i].len)));
		struct x509_key key;

		assert_int_equal(0, x509_key_read(&key, &in));
		assert_int_equal(longer[i].want, key.kind);
	}
	certs_reset();
}

static void
an_rsa_modulus_is_odd(void **state)
{
	(void)state;
	for (int last = 0; last < 2; last++) {
		struct span in = SEQ(SEQ(TLV(6,
			BYTES("\x2a\x86\x48\x86\xf7\x0d\1\1\1"))),
			TLV(3, BYTES("\0"), SEQ(last == 0
				? BYTES("\2\2\x0f\0") : BYTES("\2\2\x0f\1"),
				BYTES("\2\1\3"))));
		struct x509_key key;

		assert_int_equal(last == 0 ? ERR_PARSE : 0,
		                 x509_key_read(&key, &in));
	}
	certs_reset();
}

static const struct pss_key {
	const char *name;
	struct span params, e;
	int want;	/* the kind of key, or an error */
	unsigned hash;
} pss_keys[] = {
	{ "no parameters", IN(""), IN("\3"), X509_KEY_PSS, 0 },
	{ "NULL", IN("\5\0"), IN("\3"), X509_KEY_PSS_OTHER, 0 },
	{ "SHA-1 by default", IN("\x30\0"), IN("\3"), X509_KEY_PSS_OTHER,
	  X509_HASH_SHA1 },
	{ "malformed", IN("\x30\2\xa0\0"), IN("\3"), X509_KEY_PSS_OTHER, 0 },
	{ "exponent 1", IN(""), IN("\1"), ERR_PARSE, 0 },
	{ "an exponent of 65 bits", IN(""), IN("\1\0\0\0\0\0\0\0\1"),
	  X509_KEY_EXPONENT, 0 },
};

static struct span
pss_spki(struct span params, struct span e)
{
	return SEQ(SEQ(TLV(6, BYTES("\x2a\x86\x48\x86\xf7\x0d\1\1\x0a")),
	               params),
	           TLV(3, BYTES("\0"), SEQ(BYTES("\2\2\x0f\1"), wrap(2, e))));
}

static void
a_key_for_pss_only_is_read(void **state)
{
	const struct pss_key *row = *state;
	struct span in = pss_spki(row->params, row->e);
	struct x509_key key;
	int r = x509_key_read(&key, &in);

	assert_int_equal(row->want, r < 0 ? r : (int)key.kind);
	assert_int_equal(row->hash, key.pss.hash);
	if (key.kind == X509_KEY_PSS)
		assert_int_equal(12, der_uint_bits(key.n));
	certs_reset();
}

static void
parameters_narrow_a_key_for_pss(void **state)
{
	static const char mgf1[] = "\x2a\x86\x48\x86\xf7\x0d\1\1\x08";

	(void)state;
	for (char last = 1; last <= 4; last++) {
		struct span sha = SEQ(TLV(6, BYTES("\x60\x86\x48\1\x65\3\4\2"),
		                          bytes_of(&last, 1)));
		struct span in = pss_spki(SEQ(TLV(0xa0, sha),
			TLV(0xa1, SEQ(TLV(6, BYTES(mgf1)), sha)),
			TLV(0xa2, BYTES("\2\1\7"))), text_of("\3"));
		struct x509_key key;

		assert_int_equal(0, x509_key_read(&key, &in));
		assert_int_equal(last < 4 ? X509_KEY_PSS : X509_KEY_PSS_OTHER,
		                 key.kind);
		assert_int_equal(last < 4 ? X509_SHA256 + last - 1
		                          : X509_HASH_OTHER, key.pss.hash);
		assert_int_equal(key.pss.hash, key.pss.mask);
		assert_int_equal(7, key.pss.salt_len);
	}
	certs_reset();
}

int
main(void)
{
	UNIT_ROWS(an_rsa_exponent_is_odd_and_not_large, exponents);
	UNIT_TEST(an_rsa_modulus_is_odd);
	UNIT_ROWS(a_key_for_pss_only_is_read, pss_keys);
	UNIT_TEST(parameters_narrow_a_key_for_pss);
	UNIT_ROWS(points_fit_their_curves, curves);
	UNIT_TEST(the_longer_curves_are_known);
	return unit_run("tls/x509_key");
}
