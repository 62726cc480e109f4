/* SPDX-License-Identifier: MIT */
/* test_dn.c - distinguished names: compared, picked apart, worded */
#include "certs.h"

#include "base/err.h"
#include "tls/dn.h"

static const struct pair {
	const char *name;
	int tag_a;
	const char *a;
	int tag_b;
	const char *b;
	bool want;
} pairs[] = {
	{ "the same", 12, "Root", 12, "Root", true },
	{ "another", 12, "Root", 12, "Roof", false },
	{ "case", 12, "Root", 12, "ROOT", true },
	{ "string types", 0x13, "Root", 12, "Root", true },
	{ "blanks at the ends", 12, " Root ", 12, "Root", true },
	{ "blanks inside", 12, "A  Root", 12, "A Root", true },
	{ "a blank and none", 12, "A Root", 12, "ARoot", false },
	{ "a longer one", 12, "Root", 12, "Root 2", false },
	{ "blanks alone", 12, "  ", 12, "", true },
	{ "a tab is a blank", 12, "A\tRoot", 12, "A Root", true },
	{ "a vertical tab and a return are blanks", 12, "A\v\rRoot", 12,
	  "A Root", true },
	{ "what stands beside the letters", 12, "A[", 12, "A{", false },
	{ "case beyond ASCII", 12, "\xc3\x84", 12, "\xc3\xa4", false },
	{ "IA5 and Visible", 0x16, "Root", 0x1a, "root", true },
	{ "T61 and Printable", 0x14, "Root", 0x13, "root", true },
	{ "BMP strings are not looked into", 0x1e, "Root", 12, "Root", false },
	{ "BMP strings byte by byte", 0x1e, "Root", 0x1e, "Root", true },
	{ "BMP strings have case", 0x1e, "Root", 0x1e, "ROOT", false },
};

static struct span
inside(struct span name)
{
	struct span inner;

	assert_int_equal(0, der_take(&name, 0x30, &inner));
	return (struct span){ guarded(inner.p, inner.len), inner.len };
}

static void
names_are_compared(void **state)
{
	const struct pair *row = *state;
	struct span a = inside(SEQ(attribute(3, row->tag_a, row->a)));
	struct span b = inside(SEQ(attribute(3, row->tag_b, row->b)));

	assert_int_equal(row->want, dn_is_same(a, b));
	assert_int_equal(row->want, dn_is_same(b, a));
	assert_int_equal(row->want, dn_hash(a) == dn_hash(b));
	certs_reset();
}

static void
order_count_and_kind_of_attributes_matter(void **state)
{
	struct span o = attribute(10, 12, "x"), cn = attribute(3, 12, "y");
	struct span oc = inside(SEQ(o, cn)), co = inside(SEQ(cn, o));
	struct span just_o = inside(SEQ(o));

	(void)state;
	assert_true(dn_is_same(oc, oc));
	assert_false(dn_is_same(oc, co));
	assert_false(dn_is_same(oc, just_o));
	assert_false(dn_is_same(just_o, oc));
	assert_true(dn_hash(oc) != dn_hash(co));
	certs_reset();
}

/* CN=y, O=x in one RDN and in two. */
static void
rdns_have_bounds(void **state)
{
	struct span cn = SEQ(BYTES("\6\3\x55\4\3"), wrap(12, text_of("y")));
	struct span o = SEQ(BYTES("\6\3\x55\4\x0a"), wrap(12, text_of("x")));
	struct span one = inside(SEQ(TLV(0x31, cn, o)));
	struct span two = inside(SEQ(TLV(0x31, cn), TLV(0x31, o)));
	struct span first = inside(SEQ(TLV(0x31, cn)));

	(void)state;
	assert_int_equal(0, dn_verify(one));
	assert_true(dn_is_same(one, one));
	assert_false(dn_is_same(one, two));
	assert_false(dn_is_same(two, one));
	assert_true(dn_hash(one) != dn_hash(two));
	assert_true(dn_is_within(two, first));
	assert_true(dn_is_within(two, two));
	assert_false(dn_is_within(one, first));
	assert_false(dn_is_within(first, two));
	assert_true(dn_is_within(first, NOTHING));
	certs_reset();
}

static void
the_same_text_of_another_type_is_another_name(void **state)
{
	struct span cn = inside(SEQ(attribute(3, 12, "x")));
	struct span o = inside(SEQ(attribute(10, 12, "x")));

	(void)state;
	assert_false(dn_is_same(cn, o));
	assert_true(dn_hash(cn) != dn_hash(o));
	certs_reset();
}

static const struct plain {
	const char *name;
	int tag;
	const char *text;
	bool want;
} plains[] = {
	{ "UTF-8", 12, "B\xc3\xb6se", true },
	{ "PrintableString", 0x13, "Good", true },
	{ "IA5String", 0x16, "Good", true },
	{ "T61String in ASCII", 0x14, "Good", true },
	{ "T61String beyond", 0x14, "B\xf6se", false },
	{ "T61String, its first byte beyond", 0x14, "\x80", false },
	{ "T61String, the last byte of ASCII", 0x14, "\x7f", true },
	{ "BMPString", 0x1e, "Good", false },
	{ "UniversalString", 0x1c, "Good", false },
	{ "no string at all", 4, "\xff", true },
};

static void
plain_names_are_told_from_all_others(void **state)
{
	const struct plain *row = *state;
	struct span good = attribute(10, 12, "x");
	struct span text = attribute(3, row->tag, row->text);

	assert_int_equal(row->want, dn_is_plain(inside(SEQ(text))));
	assert_int_equal(row->want, dn_is_plain(inside(SEQ(good, text))));
	certs_reset();
}

static void
a_part_is_the_last_of_its_type(void **state)
{
	struct span name = inside(SEQ(attribute(10, 12, "o"),
		attribute(3, 12, "one"), attribute(3, 12, "two"),
		attribute(11, 12, "ou")));

	(void)state;
	assert_span_equal("two", dn_part(name, DN_CN));
	assert_span_equal("o", dn_part(name, DN_O));
	assert_span_equal("ou", dn_part(name, DN_OU));
	assert_int_equal(0, dn_part(inside(SEQ(NOTHING)), DN_CN).len);
	name = inside(SEQ(attribute(3, 12, "x"), attribute(3, 0x1e, "wide")));
	assert_int_equal(0, dn_part(name, DN_CN).len);
	certs_reset();
}

static void
names_are_worded(void **state)
{
	struct buf b = guarded_buf(256);
	char text[102];

	(void)state;
	dn_write(&b, inside(SEQ(attribute(11, 12, "c"), attribute(10, 12, "b"),
	                        attribute(3, 12, "a"))));
	assert_string_equal("CN=a, O=b, OU=c", buf_text(&b));
	b = guarded_buf(256);
	dn_write(&b, inside(SEQ(attribute(6, 12, "DE"))));
	assert_string_equal("(no name)", buf_text(&b));
	memset(text, 'x', sizeof text);
	for (size_t len = 99; len <= 101; len++) {
		b = guarded_buf(256);
		dn_write_text(&b, (struct span){ text, len });
		assert_int_equal(len <= 100 ? len : 103, b.len);
	}
	certs_reset();
}

static const struct malformed {
	const char *name;
	struct span in;
} malformed[] = {
#define IN(text) { text, sizeof(text) - 1 }
	{ "an empty RDN", IN("\x31\0") },
	{ "no SET", IN("\x30\x0a\x30\x08\6\3\x55\4\3\x0c\1a") },
	{ "no OID", IN("\x31\x05\x30\x03\x0c\1a") },
	{ "no text", IN("\x31\x07\x30\x05\6\3\x55\4\3") },
	{ "more than a text",
	  IN("\x31\x0c\x30\x0a\6\3\x55\4\3\x0c\1a\5\0") },
	{ "cut off", IN("\x31\x0a\x30\x08\6\3\x55\4\3\x0c\1") },
	{ "a second RDN that is cut off",
	  IN("\x31\x0a\x30\x08\6\3\x55\4\3\x0c\1a\x31") },
};

static void
a_malformed_name_is_found(void **state)
{
	const struct malformed *row = *state;
	struct span name = { guarded(row->in.p, row->in.len), row->in.len };

	assert_int_equal(ERR_PARSE, dn_verify(name));
	assert_false(dn_is_plain(name));
}

static void
words_hold_no_control_bytes_and_fit(void **state)
{
	struct span subject = inside(SEQ(
		attribute(3, 12, "a\x1b[31m\n\xc3\xa4\x7f~")));
	struct buf b = guarded_buf(64);

	(void)state;
	dn_write(&b, subject);
	assert_string_equal("CN=a?[31m????~", buf_text(&b));
	for (size_t cap = 1; cap < 14; cap++) {
		b = guarded_buf(cap);
		dn_write(&b, subject);
		assert_true(b.cut || b.len == 14);
	}
	certs_reset();
}

int
main(void)
{
	UNIT_ROWS(names_are_compared, pairs);
	UNIT_TEST(order_count_and_kind_of_attributes_matter);
	UNIT_TEST(rdns_have_bounds);
	UNIT_TEST(the_same_text_of_another_type_is_another_name);
	UNIT_ROWS(plain_names_are_told_from_all_others, plains);
	UNIT_TEST(a_part_is_the_last_of_its_type);
	UNIT_TEST(names_are_worded);
	UNIT_ROWS(a_malformed_name_is_found, malformed);
	UNIT_TEST(words_hold_no_control_bytes_and_fit);
	return unit_run("tls/dn");
}
