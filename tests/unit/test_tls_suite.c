/* SPDX-License-Identifier: MIT */
/* test_tls_suite.c - which suites are offered, and what they are */
#include "hex.h"

#include "tls/tls_suite.h"

/* Names as IANA has them, without "TLS_". */
static const struct known {
	const char *name;
	struct tls_suite want;
} suites[] = {
	{ "AES_128_GCM_SHA256",
	  { 0x1301, TLS_V13, TLS_AES_GCM, 16, 32, TLS_AUTH_ANY } },
	{ "AES_256_GCM_SHA384",
	  { 0x1302, TLS_V13, TLS_AES_GCM, 32, 48, TLS_AUTH_ANY } },
	{ "CHACHA20_POLY1305_SHA256",
	  { 0x1303, TLS_V13, TLS_CHACHA20, 32, 32, TLS_AUTH_ANY } },
	{ "ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
	  { 0xC02B, TLS_V12, TLS_AES_GCM, 16, 32, TLS_AUTH_ECDSA } },
	{ "ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
	  { 0xC02C, TLS_V12, TLS_AES_GCM, 32, 48, TLS_AUTH_ECDSA } },
	{ "ECDHE_RSA_WITH_AES_128_GCM_SHA256",
	  { 0xC02F, TLS_V12, TLS_AES_GCM, 16, 32, TLS_AUTH_RSA } },
	{ "ECDHE_RSA_WITH_AES_256_GCM_SHA384",
	  { 0xC030, TLS_V12, TLS_AES_GCM, 32, 48, TLS_AUTH_RSA } },
	{ "ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
	  { 0xCCA8, TLS_V12, TLS_CHACHA20, 32, 32, TLS_AUTH_RSA } },
	{ "ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
	  { 0xCCA9, TLS_V12, TLS_CHACHA20, 32, 32, TLS_AUTH_ECDSA } },
};
#define SUITES (sizeof suites / sizeof suites[0])

static void
a_suite_is_found_and_named(void **state)
{
	const struct known *row = *state;
	const struct tls_suite *s = tls_suite_find(row->want.number);
	struct buf b = guarded_buf(64);

	assert_non_null(s);
	assert_int_equal(row->want.number, s->number);
	assert_int_equal(row->want.version, s->version);
	assert_int_equal(row->want.cipher, s->cipher);
	assert_int_equal(row->want.key_len, s->key_len);
	assert_int_equal(row->want.hash_len, s->hash_len);
	assert_int_equal(row->want.auth, s->auth);
	tls_suite_write_name(&b, s);
	assert_string_equal(row->name, buf_text(&b));
}

static void
no_other_suite_is_found(void **state)
{
	size_t found = 0;

	(void)state;
	for (unsigned number = 0; number <= 0x1FFFF; number++)
		found += tls_suite_find(number) != NULL;
	assert_int_equal(SUITES, found);
}

static void
the_offer_begins_with_what_is_fast(void **state)
{
	struct buf aes = guarded_buf(2 * SUITES);
	struct buf chacha = guarded_buf(2 * SUITES);

	(void)state;
	tls_suite_write_offer(&aes, true);
	assert_false(aes.cut);
	assert_hex("130113021303" "c02bc02fc02cc030" "cca9cca8", aes.p,
	           aes.len);
	tls_suite_write_offer(&chacha, false);
	assert_false(chacha.cut);
	assert_hex("130313011302" "cca9cca8" "c02bc02fc02cc030", chacha.p,
	           chacha.len);
}

int
main(void)
{
	UNIT_ROWS(a_suite_is_found_and_named, suites);
	UNIT_TEST(no_other_suite_is_found);
	UNIT_TEST(the_offer_begins_with_what_is_fast);
	return unit_run("tls/tls_suite");
}
