/* SPDX-License-Identifier: MIT */
/* test_x509.c - DER elements, and certificates as spans */
#include "certs.h"

#include "base/err.h"
#include "tls/dn.h"
#include "tls/x509_constraints.h"

static const struct element {
	const char *name;
	struct span in;
	int tag;	/* what der_next() returns */
} elements[] = {
#define IN(text) { text, sizeof(text) - 1 }
	{ "an empty SEQUENCE", IN("\x30\x00"), 0x30 },
	{ "two bytes", IN("\x04\x02" "ab"), 0x04 },
	{ "nothing", IN(""), ERR_PARSE },
	{ "a tag alone", IN("\x30"), ERR_PARSE },
	{ "one byte too few", IN("\x04\x02" "a"), ERR_PARSE },
	{ "a tag of several bytes", IN("\x1f\x81\x01\x00"), ERR_PARSE },
	{ "an indefinite length", IN("\x30\x80\x00\x00"), ERR_PARSE },
	{ "a long form for a short length", IN("\x04\x81\x01" "a"), ERR_PARSE },
	{ "a leading zero in the length", IN("\x04\x82\x00\x80"), ERR_PARSE },
	{ "a length of five bytes", IN("\x04\x85\x01\x01\x01\x01\x01"), ERR_PARSE },
	{ "a length beyond the end", IN("\x04\x84\xff\xff\xff\xff" "a"), ERR_PARSE },
	{ "a length whose bytes are cut off", IN("\x04\x82\x01"), ERR_PARSE },
};

static void
element_is_taken(void **state)
{
	const struct element *row = *state;
	struct span in = { guarded(row->in.p, row->in.len), row->in.len };
	struct span value, before = in;

	assert_int_equal(row->tag, der_next(&in, &value));
	if (row->tag < 0)
		assert_ptr_equal(before.p, in.p);
	else
		assert_int_equal(0, in.len);
}

static const struct number {
	const char *name;
	struct span in;
	int max, want;
} numbers[] = {
	{ "zero", IN("\x02\x01\x00"), 5, 0 },
	{ "the largest", IN("\x02\x01\x05"), 5, 5 },
	{ "one more", IN("\x02\x01\x06"), 5, ERR_RANGE },
	{ "128 has a zero before it", IN("\x02\x02\x00\x80"), 200, 128 },
	{ "127 has none", IN("\x02\x02\x00\x7f"), 200, ERR_PARSE },
	{ "negative", IN("\x02\x01\x80"), 200, ERR_PARSE },
	{ "empty", IN("\x02\x00"), 200, ERR_PARSE },
	{ "five bytes", IN("\x02\x05\x01\x00\x00\x00\x00"), 200, ERR_RANGE },
	{ "no INTEGER", IN("\x04\x01\x05"), 200, ERR_PARSE },
};

static void
number_is_taken(void **state)
{
	const struct number *row = *state;
	struct span in = { guarded(row->in.p, row->in.len), row->in.len };

	assert_int_equal(row->want, der_take_int(&in, row->max));
}

static struct span
sample(void)
{
	return cert_der(&(struct plan){
		"leaf.test", "Some CA", 'k', 's',
		JOIN(alt_name("a.test"), ca_mark_up_to(3),
		     extension(15, true, BYTES("\x03\x02\x01\x86")),
		     extension(37, false, SEQ(BYTES(
			"\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01"))),
		     extension(35, false, SEQ(BYTES("\x80\x02" "ID"))),
		     extension(14, false, BYTES("\x04\x02" "id")),
		     extension(30, true, SEQ(TLV(0xa0, SEQ(BYTES(
			"\x82\x04" "test")))))),
		NULL, NULL, NULL });
}

static void
all_fields_are_found(void **state)
{
	struct span der = sample();
	struct x509 c;

	(void)state;
	assert_int_equal(0, x509_read(&c, (struct span){
		guarded(der.p, der.len), der.len }));
	assert_int_equal(X509_EC_SHA256, c.alg);
	assert_int_equal(X509_KEY_P256, c.key.kind);
	assert_int_equal(65, c.key.q.len);
	assert_int_equal(65, c.sig.len);
	assert_true(c.v3 && c.is_ca && c.has_key_usage && c.has_purpose);
	assert_true(c.for_server && !c.has_policy);
	assert_int_equal(3, c.path_max);
	assert_int_equal(0x86, c.key_usage);
	assert_span_equal("ID", c.aki);
	assert_span_equal("id", c.ski);
	assert_span_equal("leaf.test", dn_part(c.subject, 3));
	assert_span_equal("Some CA", dn_part(c.issuer, 3));
	assert_int_equal(1672531200, c.not_before);
	assert_int_equal(1735689600, c.not_after);
	assert_non_null(c.constraints.p);
	assert_int_equal(0, c.unknown.len);
}

static void
a_part_of_a_certificate_is_none(void **state)
{
	struct span der = sample();
	struct x509 c;

	(void)state;
	for (size_t n = 0; n < der.len; n++)
		assert_int_equal(ERR_PARSE, x509_read(&c, (struct span){
			guarded(der.p, n), n }));
	assert_int_equal(ERR_PARSE, x509_read(&c, JOIN(der, BYTES("\0"))));
}

/* Whatever is read from damaged bytes must be safe to walk. */
static void
any_byte_may_be_wrong(void **state)
{
	static const unsigned char changes[] = { 0x01, 0x20, 0x80, 0xff };
	struct span der = sample();
	struct x509_host host = { .name = { "a.test", 6 } };

	(void)state;
	for (size_t i = 0; i < der.len; i++) {
		for (size_t k = 0; k < sizeof changes; k++) {
			char *p = guarded(der.p, der.len);
			struct buf b = guarded_buf(512);
			struct x509 c;

			p[i] ^= (char)changes[k];
			if (x509_read(&c, (struct span){ p, der.len }) < 0)
				continue;
			(void)x509_hosts_has(&c, &host);
			(void)x509_constraints_allow(&c, &c, &host);
			dn_write(&b, c.subject);
			x509_hosts_write(&b, &c);
		}
	}
}

static void
a_certificate_has_a_largest_size(void **state)
{
	struct x509 c;

	(void)state;
	for (size_t len = X509_DER_MAX - 1; len <= X509_DER_MAX + 1; len++) {
		struct plan p = { "a", "b", 'k', 's', NOTHING, NULL, NULL, NULL };
		static char fill[X509_DER_MAX];
		struct span der;
		size_t pad = len - 400;

		do {	/* one byte more until the whole has that length */
			certs_reset();
			assert_true(pad < sizeof fill);
			p.exts = extension(99, false, bytes_of(fill, pad++));
			der = cert_der(&p);
		} while (der.len < len);
		assert_int_equal(len, der.len);
		assert_int_equal(len > X509_DER_MAX ? ERR_TOOBIG : 0,
		                 x509_read(&c, der));
	}
	certs_reset();
}

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

static int
read_with(struct span exts)
{
	struct plan p = { "a", "b", 'k', 's', exts, NULL, NULL, NULL };
	struct x509 c;
	struct span der = cert_der(&p);
	int r = x509_read(&c, (struct span){ guarded(der.p, der.len), der.len });

	certs_reset();
	return r;
}

static void
an_extension_comes_once(void **state)
{
	(void)state;
	assert_int_equal(0, read_with(ca_mark()));
	assert_int_equal(ERR_PARSE, read_with(JOIN(ca_mark(), ca_mark())));
}

static void
malformed_extensions_are_refused(void **state)
{
	(void)state;
	assert_int_equal(ERR_PARSE, read_with(extension(17, false,
		SEQ(BYTES("\x82\x05" "a")))));
	assert_int_equal(ERR_PARSE, read_with(extension(19, true,
		BYTES("\x30\x03\x02\x01\x01"))));	/* a length for no CA */
	assert_int_equal(ERR_PARSE, read_with(extension(15, true,
		BYTES("\x03\x01\x08"))));
	assert_int_equal(ERR_PARSE, read_with(extension(37, true, SEQ(NOTHING))));
	assert_int_equal(ERR_PARSE, read_with(JOIN(ca_mark(), BYTES("\x05"))));
}

static void
flags_beyond_the_end_are_none(void **state)
{
	static const struct { char text[8]; size_t len; unsigned want; } all[] = {
#define FLAGS(text) text, sizeof(text) - 1
		{ FLAGS("\x03\x01\x00"), 0 },
		{ FLAGS("\x03\x02\x00\x84"), 0x84 },
		{ FLAGS("\x03\x02\x02\x84"), 0x84 },
		{ FLAGS("\x03\x02\x03\x84"), 0x80 },
		{ FLAGS("\x03\x02\x07\x84"), 0x80 },
		{ FLAGS("\x03\x03\x07\x84\x80"), 0x84 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct x509 c = cert((struct plan){ "a", "b", 'k', 's',
			extension(15, true, bytes_of(all[i].text, all[i].len)),
			NULL, NULL, NULL });

		assert_int_equal(all[i].want, c.key_usage);
	}
	certs_reset();
}

static void
what_is_critical_and_unknown_is_told(void **state)
{
	struct x509 c = cert((struct plan){ "a", "b", 'k', 's',
		extension(99, true, BYTES("\x05\x00")), NULL, NULL, NULL });
	struct x509 d = cert((struct plan){ "a", "b", 'k', 's',
		extension(36, true, BYTES("\x30\x00")), NULL, NULL, NULL });

	(void)state;
	assert_span_equal("\x55\x1d\x63", c.unknown);
	assert_true(d.has_policy);
	assert_int_equal(0, d.unknown.len);
	certs_reset();
}

static const struct date {
	const char *name, *yymmdd;
	int64_t want;	/* -1: refused */
} dates[] = {
	{ "1970", "700101", 0 },
	{ "1950 is the first year", "500101", -631152000 },
	{ "2049 is the last", "491231", 2524521600 },
	{ "a leap day", "240229", 1709164800 },
	{ "2000 had one", "000229", 951782400 },
	{ "no leap day", "230229", -1 },
	{ "no month 0", "230001", -1 },
	{ "no month 13", "231301", -1 },
	{ "no day 0", "230100", -1 },
	{ "no day 32", "230132", -1 },
	{ "no letters", "23010a", -1 },
};

static void
date_is_read(void **state)
{
	const struct date *row = *state;
	struct plan p = { "a", "b", 'k', 's', NOTHING, row->yymmdd,
	                  row->yymmdd, NULL };
	struct x509 c;
	int r = x509_read(&c, cert_der(&p));

	if (row->want == -1)
		assert_int_equal(ERR_PARSE, r);
	else
		assert_int_equal(row->want, c.not_before);
	certs_reset();
}

int
main(void)
{
	UNIT_ROWS(element_is_taken, elements);
	UNIT_ROWS(number_is_taken, numbers);
	UNIT_TEST(all_fields_are_found);
	UNIT_TEST(a_part_of_a_certificate_is_none);
	UNIT_TEST(any_byte_may_be_wrong);
	UNIT_TEST(a_certificate_has_a_largest_size);
	UNIT_ROWS(an_rsa_exponent_is_odd_and_not_large, exponents);
	UNIT_TEST(an_extension_comes_once);
	UNIT_TEST(malformed_extensions_are_refused);
	UNIT_TEST(flags_beyond_the_end_are_none);
	UNIT_TEST(what_is_critical_and_unknown_is_told);
	UNIT_ROWS(date_is_read, dates);
	return unit_run("tls/x509");
}
