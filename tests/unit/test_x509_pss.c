/* SPDX-License-Identifier: MIT */
/* test_x509_pss.c - parameters of RSASSA-PSS */
#include "certs.h"

#include "base/err.h"

#define IN(text) { text, sizeof(text) - 1 }
#define SHA(n) "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" n
#define SHA256 "\x30\x0d" SHA("\1") "\x05\0"
#define SHA384 "\x30\x0d" SHA("\2") "\x05\0"
#define SHA512 "\x30\x0d" SHA("\3") "\x05\0"
#define SHA224 "\x30\x0d" SHA("\4") "\x05\0"
#define SHA256_BARE "\x30\x0b" SHA("\1")
#define SHA1 "\x30\x07\x06\x05\x2b\x0e\x03\x02\x1a"
#define MGF1 "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"
#define MASK(hash) "\xa1\x1c\x30\x1a" MGF1 hash
#define MASK_BARE(hash) "\xa1\x1a\x30\x18" MGF1 hash
#define SALT(n) "\xa2\x03\x02\x01" n

static const struct params {
	const char *name;
	struct span in;		/* inside of the SEQUENCE */
	struct x509_pss pss;
	bool known;
} params[] = {
	{ "nothing", IN(""), { X509_HASH_SHA1, X509_HASH_SHA1, 20 }, false },
	{ "SHA-256", IN("\xa0\x0f" SHA256 MASK(SHA256) SALT("\x20")),
	  { X509_SHA256, X509_SHA256, 32 }, true },
	{ "SHA-384", IN("\xa0\x0f" SHA384 MASK(SHA384) SALT("\x30")),
	  { X509_SHA384, X509_SHA384, 48 }, true },
	{ "SHA-512", IN("\xa0\x0f" SHA512 MASK(SHA512) SALT("\x40")),
	  { X509_SHA512, X509_SHA512, 64 }, true },
	{ "another mask", IN("\xa0\x0f" SHA384 MASK(SHA512) SALT("\0")),
	  { X509_SHA384, X509_SHA512, 0 }, true },
	{ "no NULL", IN("\xa0\x0d" SHA256_BARE MASK_BARE(SHA256_BARE)),
	  { X509_SHA256, X509_SHA256, 20 }, true },
	{ "trailer 1", IN("\xa0\x0f" SHA256 MASK(SHA256) SALT("\x20")
	                  "\xa3\3\2\1\1"),
	  { X509_SHA256, X509_SHA256, 32 }, true },
	{ "no mask", IN("\xa0\x0f" SHA256 SALT("\x20")),
	  { X509_SHA256, X509_HASH_SHA1, 32 }, false },
	{ "no hash", IN(MASK(SHA256)),
	  { X509_HASH_SHA1, X509_SHA256, 20 }, false },
	{ "SHA-1 by name", IN("\xa0\x09" SHA1),
	  { X509_HASH_SHA1, X509_HASH_SHA1, 20 }, false },
	{ "SHA-224", IN("\xa0\x0f" SHA224 MASK(SHA224)),
	  { X509_HASH_OTHER, X509_HASH_OTHER, 20 }, false },
	{ "a salt of two bytes", IN("\xa0\x0f" SHA256 MASK(SHA256)
	                            "\xa2\4\2\2\1\xde"),
	  { X509_SHA256, X509_SHA256, 478 }, true },
	{ "a salt of 64 KB and 32 bytes", IN("\xa0\x0f" SHA256 MASK(SHA256)
	                                     "\xa2\5\2\3\1\0\x20"),
	  { X509_SHA256, X509_SHA256, 1000 }, true },
	{ "a salt of 2^64 + 32 bytes", IN("\xa0\x0f" SHA256 MASK(SHA256)
	                            "\xa2\x0b\2\x09\1\0\0\0\0\0\0\0\x20"),
	  { X509_SHA256, X509_SHA256, 1000 }, true },
};

static void
parameters_are_read(void **state)
{
	const struct params *row = *state;
	struct span in = wrap(0x30, row->in);
	struct x509_pss pss = { 0, 0, 0 };

	assert_int_equal(0, x509_pss_read(&pss, (struct span){
		guarded(in.p, in.len), in.len }));
	assert_int_equal(row->pss.hash, pss.hash);
	assert_int_equal(row->pss.mask, pss.mask);
	assert_int_equal(row->pss.salt_len, pss.salt_len);
	assert_int_equal(row->known, x509_pss_is_known(&pss));
	certs_reset();
}

static const struct malformed {
	const char *name;
	struct span in;
} malformed[] = {
	{ "a negative salt", IN("\xa0\x0f" SHA256 MASK(SHA256) SALT("\x80")) },
	{ "a salt and more", IN("\xa2\4\2\1\x20\0") },
	{ "a long salt and more", IN("\xa2\6\2\3\1\0\x20\0") },
	{ "an empty salt", IN("\xa2\0") },
	{ "a salt that is text", IN("\xa2\3\x0c\1\x20") },
	{ "trailer 0", IN("\xa3\3\2\1\0") },
	{ "trailer 2", IN("\xa3\3\2\1\2") },
	{ "an empty trailer", IN("\xa3\0") },
	{ "a wrong order", IN(SALT("\x20") "\xa0\x0f" SHA256) },
	{ "twice a salt", IN(SALT("\x20") SALT("\x20")) },
	{ "a fifth", IN("\xa4\3\2\1\1") },
	{ "one byte", IN("\xa0") },
	{ "an empty hash", IN("\xa0\0") },
	{ "a hash without OID", IN("\xa0\2\x30\0") },
	{ "a hash and more", IN("\xa0\x11" SHA256 "\5\0") },
	{ "a hash with another parameter", IN("\xa0\x10\x30\x0e" SHA("\1")
	                                      "\2\1\1") },
	{ "a hash with a full NULL", IN("\xa0\x10\x30\x0e" SHA("\1") "\5\1\0") },
	{ "a mask that is not MGF1", IN("\xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48"
	  "\x86\xf7\x0d\x01\x01\x09" SHA256) },
	{ "a mask without a hash", IN("\xa1\x0d\x30\x0b" MGF1) },
	{ "a mask and more", IN("\xa1\x1e\x30\x1a" MGF1 SHA256 "\5\0") },
	{ "a mask's hash and more", IN("\xa1\x1e\x30\x1c" MGF1 SHA256 "\5\0") },
};

static void
malformed_parameters_are_refused(void **state)
{
	const struct malformed *row = *state;
	struct span in = wrap(0x30, row->in);
	struct x509_pss pss;

	assert_int_equal(ERR_PARSE, x509_pss_read(&pss, (struct span){
		guarded(in.p, in.len), in.len }));
	certs_reset();
}

static void
only_one_sequence_is_read(void **state)
{
	struct x509_pss pss;

	(void)state;
	assert_int_equal(ERR_PARSE, x509_pss_read(&pss, NOTHING));
	assert_int_equal(ERR_PARSE, x509_pss_read(&pss, BYTES("\x05\0")));
	assert_int_equal(ERR_PARSE, x509_pss_read(&pss, BYTES("\x30\0\5\0")));
	assert_int_equal(ERR_PARSE, x509_pss_read(&pss, BYTES("\x30\1")));
	assert_int_equal(0, x509_pss_read(&pss, BYTES("\x30\0")));
	certs_reset();
}

static void
a_part_of_parameters_is_none(void **state)
{
	struct span whole = wrap(0x30, BYTES("\xa0\x0f" SHA256 MASK(SHA256)
	                                     SALT("\x20") "\xa3\3\2\1\1"));
	struct x509_pss pss;

	(void)state;
	for (size_t n = 0; n < whole.len; n++)
		assert_int_equal(ERR_PARSE, x509_pss_read(&pss, (struct span){
			guarded(whole.p, n), n }));
	certs_reset();
}

static void
a_key_admits_its_hashes_and_longer_salts(void **state)
{
	struct x509_pss key = { X509_SHA256, X509_SHA384, 32 }, sig = key;

	(void)state;
	assert_true(x509_pss_admits(&key, &sig));
	sig.salt_len = 33;
	assert_true(x509_pss_admits(&key, &sig));
	sig.salt_len = 31;
	assert_false(x509_pss_admits(&key, &sig));
	sig = (struct x509_pss){ X509_SHA384, X509_SHA384, 32 };
	assert_false(x509_pss_admits(&key, &sig));
	sig = (struct x509_pss){ X509_SHA256, X509_SHA256, 32 };
	assert_false(x509_pss_admits(&key, &sig));
	key = (struct x509_pss){ 0, 0, 0 };
	assert_true(x509_pss_admits(&key, &sig));
}

int
main(void)
{
	UNIT_ROWS(parameters_are_read, params);
	UNIT_ROWS(malformed_parameters_are_refused, malformed);
	UNIT_TEST(only_one_sequence_is_read);
	UNIT_TEST(a_part_of_parameters_is_none);
	UNIT_TEST(a_key_admits_its_hashes_and_longer_salts);
	return unit_run("tls/x509_pss");
}
