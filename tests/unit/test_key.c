/* SPDX-License-Identifier: MIT */
/* test_key.c - private keys: PKCS#8, PKCS#1, SEC1 */
#include "certs.h"

#include "base/err.h"
#include "tls/key.h"

/* An odd INTEGER of that many bits. */
static struct span
number(size_t bits)
{
	static char n[1024];
	size_t len = (bits + 7) / 8;

	memset(n, 0x11, sizeof n);
	n[0] = (char)(1 << (bits - 1) % 8);
	if (bits % 8 == 0)	/* a zero keeps it positive */
		return TLV(2, BYTES("\0"), bytes_of(n, len));
	return TLV(2, bytes_of(n, len));
}

struct rsa {
	size_t n, p, q, dp, dq, iq;	/* bits */
};

static struct span
rsa_der(const struct rsa *k)
{
	return SEQ(BYTES("\x02\x01\x00"), number(k->n), number(17),
	           number(k->n - 3), number(k->p), number(k->q),
	           number(k->dp), number(k->dq), number(k->iq));
}

static int
read_key(struct key *k, enum pem_kind kind, struct span der)
{
	return key_read(k, kind, (struct span){ guarded(der.p, der.len),
	                                        der.len });
}

static const struct size {
	const char *name;
	struct rsa key;
	int want;
} sizes[] = {
	{ "2047 bits", { 2047, 1024, 1023, 1000, 1000, 1000 }, ERR_RANGE },
	{ "2048 bits", { 2048, 1024, 1024, 1000, 1000, 1000 }, 0 },
	{ "4096 bits", { 4096, 2048, 2048, 2000, 2000, 2000 }, 0 },
	{ "4097 bits", { 4097, 2049, 2048, 2000, 2000, 2000 }, ERR_RANGE },
	{ "primes of one bit more in all", { 2048, 1025, 1024, 1000, 1000, 1000 }, 0 },
	{ "primes that are too short", { 2048, 1023, 1024, 1000, 1000, 1000 },
	  ERR_PARSE },
	{ "primes that are too long", { 2048, 1025, 1025, 1000, 1000, 1000 },
	  ERR_PARSE },
	{ "a prime at the engine's bound", { 4096, 2080, 2016, 2000, 2000, 2000 }, 0 },
	{ "a prime above the engine's bound", { 4096, 2081, 2015, 2000, 2000, 2000 },
	  ERR_PARSE },
	{ "an exponent longer than its prime", { 2048, 1024, 1024, 1032, 1000, 1000 },
	  ERR_PARSE },
	{ "the other exponent", { 2048, 1024, 1024, 1000, 1032, 1000 }, ERR_PARSE },
	{ "a coefficient longer than its prime",
	  { 2048, 1024, 1024, 1000, 1000, 1032 }, ERR_PARSE },
};

static void
rsa_numbers_must_fit(void **state)
{
	const struct size *row = *state;
	struct key k;

	assert_int_equal(row->want,
	                 read_key(&k, PEM_KEY_RSA, rsa_der(&row->key)));
	if (row->want == 0)
		assert_int_equal(row->key.n, der_uint_bits(k.n));
	certs_reset();
}

#define RSA "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
#define EC  "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
#define P256 "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
#define P384 "\x06\x05\x2b\x81\x04\x00\x22"
#define K256 "\x06\x05\x2b\x81\x04\x00\x0a"

static struct span
pkcs8(struct span alg, struct span inner)
{
	return SEQ(BYTES("\x02\x01\x00"), SEQ(alg), wrap(4, inner));
}

static struct span
sec1(size_t len, struct span params)
{
	static const char secret[80] = "secret";

	return SEQ(BYTES("\x02\x01\x01"), TLV(4, bytes_of(secret, len)),
	           params.len > 0 ? wrap(0xa0, params) : NOTHING);
}

static void
keys_in_pkcs8_are_read(void **state)
{
	static const struct rsa good = { 2048, 1024, 1024, 1000, 1000, 1000 };
	struct key k;

	(void)state;
	assert_int_equal(0, read_key(&k, PEM_KEY_PKCS8,
		pkcs8(BYTES(RSA "\x05\x00"), rsa_der(&good))));
	assert_int_equal(X509_KEY_RSA, k.kind);
	assert_int_equal(0, read_key(&k, PEM_KEY_PKCS8,
		pkcs8(BYTES(EC P384), sec1(48, NOTHING))));
	assert_int_equal(X509_KEY_P384, k.kind);
	assert_int_equal(48, k.d.len);
	assert_int_equal(ERR_VERSION, read_key(&k, PEM_KEY_PKCS8,
		pkcs8(BYTES(EC K256), sec1(32, NOTHING))));
	assert_int_equal(ERR_VERSION, read_key(&k, PEM_KEY_PKCS8,
		pkcs8(BYTES("\x06\x03\x2b\x65\x70"), BYTES("\x04\x20"))));
	certs_reset();
}

static void
ec_secrets_fit_their_curve(void **state)
{
	struct key k;

	(void)state;
	assert_int_equal(ERR_PARSE,
		read_key(&k, PEM_KEY_EC, sec1(0, BYTES(P256))));
	assert_int_equal(0, read_key(&k, PEM_KEY_EC, sec1(31, BYTES(P256))));
	assert_int_equal(0, read_key(&k, PEM_KEY_EC, sec1(32, BYTES(P256))));
	assert_int_equal(ERR_PARSE,
		read_key(&k, PEM_KEY_EC, sec1(33, BYTES(P256))));
	assert_int_equal(ERR_VERSION,
		read_key(&k, PEM_KEY_EC, sec1(32, BYTES(K256))));
	assert_int_equal(ERR_VERSION,	/* no curve at all */
		read_key(&k, PEM_KEY_EC, sec1(32, NOTHING)));
	certs_reset();
}

static void
a_part_of_a_key_is_none(void **state)
{
	static const struct rsa good = { 2048, 1024, 1024, 1000, 1000, 1000 };
	struct span rsa = rsa_der(&good), ec = sec1(32, BYTES(P256));
	struct key k;

	(void)state;
	for (size_t n = 0; n < rsa.len; n++)
		assert_int_equal(ERR_PARSE, read_key(&k, PEM_KEY_RSA,
			(struct span){ rsa.p, n }));
	for (size_t n = 0; n < ec.len; n++)
		assert_int_equal(ERR_PARSE, read_key(&k, PEM_KEY_EC,
			(struct span){ ec.p, n }));
	certs_reset();
}

int
main(void)
{
	UNIT_ROWS(rsa_numbers_must_fit, sizes);
	UNIT_TEST(keys_in_pkcs8_are_read);
	UNIT_TEST(ec_secrets_fit_their_curve);
	UNIT_TEST(a_part_of_a_key_is_none);
	return unit_run("tls/key");
}
