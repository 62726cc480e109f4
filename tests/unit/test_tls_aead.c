/* SPDX-License-Identifier: MIT */
/*
 * test_tls_aead.c - what protects records
 *
 * Each suite with AES runs twice: with the CPU's instructions, if it has them,
 * and without.
 */
#include "hex.h"

#include <bearssl.h>

#include "base/err.h"
#include "tls/tls_aead.h"

#define SEQ     0x0102030405060708u	/* of the stored records */
#define CONTENT "hale: content of 33 bytes, a tail"
#define ROOM    (TLS_AEAD_HEAD + 65535)	/* bytes of what a head may claim */
#define ANY(p)  ((void *)(p))

/* Made by python3-cryptography: handshake, key 80 81 ..., iv 10 11 ... */
#define V13_AES_128 \
	"17030300324f956e315929001215ef6ce2568cd0de7d3471247131c2df9dd16a" \
	"bf1272b9f757eba99e9e93c47bbc8d4116e92d332a3bba"
#define V13_AES_256 \
	"170303003231dd11c70d4390272d60c5ea5733263291e4c2ca9abe6d4197a1fe" \
	"66be4bd127a934f1baecd72216a8c3400d27769b7fb4c9"
#define V13_CHACHA \
	"17030300320166040c0a4704ec06d96a61afc4042db685761eb11cc5079a84ed" \
	"3af3d0ce8bf45fb17f5785b9b9c0b2021e60decaf169f1"
#define V12_AES_128 \
	"16030300390102030405060708d4554df132c9c203e8f79ec703e43af1191e25" \
	"0759699ea5216b66eb93635c5fe0948158d29e961040cf810039a81b49c0"
#define V12_AES_256 \
	"160303003901020304050607081ebefd1cbb5bc8a078885e45b68e409f7bf660" \
	"10e619b6eb5004b7727a2ea94c785d40003bb870d72547d9dbe5a6fc306c"
#define V12_CHACHA \
	"16030300310166040c0a4704ec06d96a61afc4042db685761eb11cc5079a84ed" \
	"3af3d0ce8bf40045aeb9792b70ad2dc0b6c497e7167f"

static const struct row {
	const char *name;
	unsigned    number;
	bool        soft;	/* a CPU without instructions for AES */
	const char *record;
} rows[] = {
	{ "1.3 AES-128", 0x1301, false, V13_AES_128 },
	{ "1.3 AES-128, software", 0x1301, true, V13_AES_128 },
	{ "1.3 AES-256", 0x1302, false, V13_AES_256 },
	{ "1.3 AES-256, software", 0x1302, true, V13_AES_256 },
	{ "1.3 ChaCha20", 0x1303, false, V13_CHACHA },
	{ "1.2 AES-128 ECDSA", 0xC02B, false, V12_AES_128 },
	{ "1.2 AES-128 RSA", 0xC02F, false, V12_AES_128 },
	{ "1.2 AES-128 RSA, software", 0xC02F, true, V12_AES_128 },
	{ "1.2 AES-256 ECDSA", 0xC02C, false, V12_AES_256 },
	{ "1.2 AES-256 RSA", 0xC030, false, V12_AES_256 },
	{ "1.2 AES-256 RSA, software", 0xC030, true, V12_AES_256 },
	{ "1.2 ChaCha20 ECDSA", 0xCCA9, false, V12_CHACHA },
	{ "1.2 ChaCha20 RSA", 0xCCA8, false, V12_CHACHA },
};

static bool soft;

const br_block_ctr_class *__real_br_aes_x86ni_ctr_get_vtable(void);
const br_block_ctr_class *__wrap_br_aes_x86ni_ctr_get_vtable(void);
br_ghash __real_br_ghash_pclmul_get(void);
br_ghash __wrap_br_ghash_pclmul_get(void);

const br_block_ctr_class *
__wrap_br_aes_x86ni_ctr_get_vtable(void)
{
	return soft ? NULL : __real_br_aes_x86ni_ctr_get_vtable();
}

br_ghash
__wrap_br_ghash_pclmul_get(void)
{
	return soft ? NULL : __real_br_ghash_pclmul_get();
}

/* Of BearSSL's code without instructions for AES, that for registers of this
 * width. POWER8 always has them. */
static void
assert_constant_time(const struct tls_aead *a)
{
#if defined(__CRYPTO__)
	assert_ptr_equal(&br_aes_pwr8_ctr_vtable, a->key.aes.vtable);
	assert_true(a->ghash == br_ghash_pwr8);
#elif UINTPTR_MAX > UINT32_MAX
	assert_ptr_equal(&br_aes_ct64_ctr_vtable, a->key.aes.vtable);
	assert_true(a->ghash == br_ghash_ctmul64);
#else
	assert_ptr_equal(&br_aes_ct_ctr_vtable, a->key.aes.vtable);
	assert_true(a->ghash == br_ghash_ctmul);
#endif
}

static void
start(struct tls_aead *a, const struct row *row)
{
	unsigned char bytes[32], iv[TLS_AEAD_IV];
	const struct tls_suite *s = tls_suite_find(row->number);
	size_t iv_len = TLS_AEAD_IV;

	soft = row->soft;
	assert_non_null(s);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(0x80 + i);
	for (size_t i = 0; i < sizeof iv; i++)
		iv[i] = (unsigned char)(0x10 + i);
	memset(a, 0xA5, sizeof *a);
	if (s->version == TLS_V12 && s->cipher == TLS_AES_GCM)
		iv_len = TLS_AEAD_SALT;
	tls_aead_init(a, s, ANY(guarded(bytes, s->key_len)),
	              ANY(guarded(iv, iv_len)));
	assert_int_equal(0, a->seq);
	if (soft)
		assert_constant_time(a);
}

/* A record of len bytes, each another, in memory that ends with it. */
static unsigned char *
seal(struct tls_aead *a, unsigned type, size_t len, size_t *total)
{
	size_t before = tls_aead_before(a);
	size_t size = before + len + tls_aead_after(a);
	unsigned char *record = ANY(guarded_room(size));

	for (size_t i = 0; i < len; i++)
		record[before + i] = (unsigned char)(i * 7 + i / 256);
	*total = tls_aead_seal(a, record, type, 0x0303, len);
	assert_int_equal(size, *total);
	return record;
}

static void
a_record_is_as_others_make_it(void **state)
{
	const struct row *row = *state;
	struct tls_aead first, a;
	unsigned char record[128], *content;
	size_t len = strlen(CONTENT), total;
	struct span made = guarded_hex(row->record);
	unsigned type;

	start(&first, row);
	first.seq = SEQ;
	a = first;
	memset(&first, 0, sizeof first);	/* it was moved */
	memcpy(record + tls_aead_before(&a), CONTENT, len);
	total = tls_aead_seal(&a, record, TLS_REC_HANDSHAKE, 0x0303, len);
	assert_hex(row->record, record, total);
	assert_true(a.seq == SEQ + 1);

	start(&a, row);
	a.seq = SEQ;
	assert_int_equal(len, tls_aead_open(&a, ANY(made.p), made.len,
	                                    &content, &type));
	assert_int_equal(TLS_REC_HANDSHAKE, type);
	assert_memory_equal(CONTENT, content, len);
	assert_true(a.seq == SEQ + 1);
}

/* RFC 8448, 3: the client's application data. */
static void
the_record_of_rfc_8448_is_made(void **state)
{
	struct tls_aead a;
	unsigned char record[TLS_AEAD_HEAD + 50 + TLS_AEAD_AFTER];

	(void)state;
	soft = false;
	tls_aead_init(&a, tls_suite_find(0x1301),
	    ANY(guarded_hex("17422dda596ed5d9acd890e3c63f5051").p),
	    ANY(guarded_hex("5b78923dee08579033e523d9").p));
	for (size_t i = 0; i < 50; i++)
		record[TLS_AEAD_HEAD + i] = (unsigned char)i;
	assert_hex("1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66"
	           "bcab3f2b9819a8a5b46b395bd54a9a20441e2b62974e1f5a6292a29770"
	           "14bd1e3deae63aeebb21694915e4",
	           record, tls_aead_seal(&a, record, TLS_REC_DATA, 0x0303, 50));
}

static void
open_what_was_sealed(const struct row *row, size_t len, ssize_t want)
{
	struct tls_aead out, in;
	size_t total;
	unsigned char *record, *content;
	unsigned type;

	start(&out, row);
	start(&in, row);
	record = seal(&out, TLS_REC_DATA, len, &total);
	assert_int_equal(TLS_REC_DATA, record[0]);
	assert_int_equal(total - TLS_AEAD_HEAD, record[3] << 8 | record[4]);
	assert_int_equal(want, tls_aead_open(&in, record, total, &content,
	                                     &type));
	if (want < 0)
		return;
	assert_int_equal(TLS_REC_DATA, type);
	assert_ptr_equal(record + tls_aead_before(&in), content);
	for (size_t i = 0; i < len; i++)
		assert_int_equal((unsigned char)(i * 7 + i / 256), content[i]);
}

static void
every_length_up_to_the_bound_is_opened(void **state)
{
	const struct row *row = *state;

	for (size_t len = 0; len <= 300; len++)
		open_what_was_sealed(row, len, (ssize_t)len);
	open_what_was_sealed(row, 16383, 16383);
	open_what_was_sealed(row, 16384, 16384);
	open_what_was_sealed(row, 16385, ERR_TOOBIG);
	open_what_was_sealed(row, 65000, ERR_TOOBIG);
}

static void
every_flipped_bit_is_refused(void **state)
{
	static unsigned char record[ROOM];
	const struct row *row = *state;
	struct span made = guarded_hex(row->record);
	struct tls_aead a;
	unsigned char *content;
	unsigned type;

	for (size_t bit = 0; bit < 8 * made.len; bit++) {
		size_t len;

		made = guarded_hex(row->record);
		memcpy(record, made.p, made.len);
		record[bit / 8] ^= (unsigned char)(1 << bit % 8);
		len = TLS_AEAD_HEAD
		    + (size_t)(record[3] << 8 | record[4]);
		start(&a, row);
		a.seq = SEQ;
		assert_true(tls_aead_open(&a, record, len, &content, &type)
		            < 0);
	}
}

static void
a_record_too_short_for_its_tag_is_refused(void **state)
{
	const struct row *row = *state;
	struct tls_aead a;
	unsigned char *content;
	unsigned type;

	start(&a, row);
	for (size_t len = 0; len < tls_aead_before(&a) + 16; len++) {
		struct span made = guarded_hex(row->record);
		unsigned char *p = ANY(guarded(made.p, len));

		assert_int_equal(ERR_TRUNCATED,
		                 tls_aead_open(&a, p, len, &content, &type));
	}
}

/* At 2^32 - 1 and behind it, where a counter of 32 bits would begin again. */
static void
records_are_opened_in_their_order_only(void **state)
{
	const struct row *row = *state;
	unsigned char sealed[4][128], *content;
	struct tls_aead out, in;
	size_t total;
	unsigned type;

	start(&out, row);
	out.seq = UINT64_C(0xfffffffe);
	for (size_t i = 0; i < 4; i++) {
		unsigned char *record = seal(&out, TLS_REC_DATA, 40, &total);

		memcpy(sealed[i], record, total);
	}
	for (size_t i = 0; i < 4; i++) {
		for (size_t j = 0; j < 4; j++) {
			unsigned char *p = ANY(guarded(sealed[j], total));

			start(&in, row);
			in.seq = UINT32_MAX - (uint64_t)1 + i;
			assert_int_equal(i == j ? 40 : ERR_PARSE,
			    tls_aead_open(&in, p, total, &content, &type));
		}
	}
	assert_true(out.seq == UINT32_MAX + (uint64_t)3);
}

/* Bytes of a record's inside in TLS 1.3, whose last is a zero. */
static ssize_t
open_inside(const struct row *row, const void *bytes, size_t len,
            unsigned char **content, unsigned *type)
{
	struct tls_aead out, in;
	unsigned char *record;
	size_t total;

	start(&out, row);
	start(&in, row);
	record = ANY(guarded_room(TLS_AEAD_HEAD + len + 16));
	memcpy(record + TLS_AEAD_HEAD, bytes, len);
	assert_int_equal(0, record[TLS_AEAD_HEAD + len - 1]);
	total = tls_aead_seal(&out, record, 0, 0x0303, len - 1);
	return tls_aead_open(&in, record, total, content, type);
}

static void
padding_is_taken_off_and_counts(void **state)
{
	static unsigned char bytes[TLS_AEAD_CONTENT + 2];
	const struct row *row = *state;
	unsigned char *content;
	unsigned type;

	if (tls_suite_find(row->number)->version != TLS_V13)
		return;
	memset(bytes, 0, sizeof bytes);
	assert_int_equal(5, open_inside(row, "\0ab\0c\x16\0\0\0", 9,
	                                &content, &type));
	assert_int_equal(TLS_REC_HANDSHAKE, type);
	assert_memory_equal("\0ab\0c", content, 5);
	assert_int_equal(0, open_inside(row, "\x15\0", 2, &content, &type));
	assert_int_equal(TLS_REC_ALERT, type);
	for (size_t len = 1; len <= 64; len++)
		assert_int_equal(ERR_TRUNCATED,
		    open_inside(row, bytes, len, &content, &type));
	assert_int_equal(ERR_TRUNCATED,
	    open_inside(row, bytes, TLS_AEAD_CONTENT + 1, &content, &type));
	bytes[0] = TLS_REC_DATA;
	assert_int_equal(0,
	    open_inside(row, bytes, TLS_AEAD_CONTENT + 1, &content, &type));
	assert_int_equal(TLS_REC_DATA, type);
	assert_int_equal(ERR_TOOBIG,
	    open_inside(row, bytes, TLS_AEAD_CONTENT + 2, &content, &type));
}

static void
a_record_of_tls_13_without_a_type_is_refused(void **state)
{
	struct tls_aead a;
	unsigned char record[TLS_AEAD_HEAD + 16] = { 23, 3, 3, 0, 16 };
	unsigned char *content;
	unsigned type;

	/* GCM's tag of nothing, made by python3-cryptography. */
	(void)state;
	start(&a, &rows[0]);
	memcpy(record + TLS_AEAD_HEAD,
	       guarded_hex("a6dea7123cbfe52f41ccdad47303b459").p, 16);
	assert_int_equal(ERR_TRUNCATED,
	    tls_aead_open(&a, record, sizeof record, &content, &type));
	record[20] ^= 1;
	start(&a, &rows[0]);
	assert_int_equal(ERR_PARSE,
	    tls_aead_open(&a, record, sizeof record, &content, &type));
}

static void
what_is_in_the_clear_has_a_head_only(void **state)
{
	struct tls_aead a = { 0 };
	unsigned char *record, *content;
	unsigned type;
	size_t total;

	(void)state;
	record = ANY(guarded_room(8));
	memcpy(record + tls_aead_before(&a), "abc", 3);
	total = tls_aead_seal(&a, record, TLS_REC_HANDSHAKE, 0x0301, 3);
	assert_hex("1603010003616263", record, total);
	assert_int_equal(3, tls_aead_open(&a, record, total, &content, &type));
	assert_int_equal(TLS_REC_HANDSHAKE, type);
	assert_memory_equal("abc", content, 3);
	for (size_t len = 0; len < TLS_AEAD_HEAD; len++)
		assert_int_equal(ERR_TRUNCATED, tls_aead_open(&a,
		    ANY(guarded(record, len)), len, &content, &type));
	record = seal(&a, TLS_REC_ALERT, TLS_AEAD_CONTENT, &total);
	assert_int_equal(TLS_AEAD_CONTENT,
	    tls_aead_open(&a, record, total, &content, &type));
	record = seal(&a, TLS_REC_ALERT, TLS_AEAD_CONTENT + 1, &total);
	assert_int_equal(ERR_TOOBIG,
	    tls_aead_open(&a, record, total, &content, &type));
}

static void
the_bounds_hold_for_every_suite(void **state)
{
	const struct row *row = *state;
	struct tls_aead a;

	start(&a, row);
	assert_in_range(tls_aead_before(&a), TLS_AEAD_HEAD, TLS_AEAD_BEFORE);
	assert_in_range(tls_aead_after(&a), 16, TLS_AEAD_AFTER);
}

static void
the_cpu_is_asked_for_aes(void **state)
{
	(void)state;
#ifdef __CRYPTO__
	assert_true(tls_aead_cpu_has_aes());
	return;
#endif
	soft = true;
	assert_false(tls_aead_cpu_has_aes());
	soft = false;
#if defined(__x86_64__) || defined(__i386__)
	assert_int_equal(__builtin_cpu_supports("aes") != 0,
	                 tls_aead_cpu_has_aes());
#else
	assert_false(tls_aead_cpu_has_aes());
#endif
}

int
main(void)
{
	UNIT_ROWS(a_record_is_as_others_make_it, rows);
	UNIT_TEST(the_record_of_rfc_8448_is_made);
	UNIT_ROWS(every_length_up_to_the_bound_is_opened, rows);
	UNIT_ROWS(every_flipped_bit_is_refused, rows);
	UNIT_ROWS(a_record_too_short_for_its_tag_is_refused, rows);
	UNIT_ROWS(records_are_opened_in_their_order_only, rows);
	UNIT_ROWS(padding_is_taken_off_and_counts, rows);
	UNIT_TEST(a_record_of_tls_13_without_a_type_is_refused);
	UNIT_TEST(what_is_in_the_clear_has_a_head_only);
	UNIT_ROWS(the_bounds_hold_for_every_suite, rows);
	UNIT_TEST(the_cpu_is_asked_for_aes);
	return unit_run("tls/tls_aead");
}
