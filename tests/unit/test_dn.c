/* SPDX-License-Identifier: MIT */
/* test_dn.c - distinguished names: compared, picked apart, worded */
#include "certs.h"

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

static void
words_hold_no_control_bytes_and_fit(void **state)
{
	struct span subject = inside(SEQ(attribute(3, 12, "a\x1b[31m\n\xc3\xa4")));
	struct buf b = guarded_buf(64);

	(void)state;
	dn_write(&b, subject);
	assert_string_equal("CN=a?[31m???", buf_text(&b));
	for (size_t cap = 1; cap < 12; cap++) {
		b = guarded_buf(cap);
		dn_write(&b, subject);
		assert_true(b.cut || b.len == 12);
	}
	certs_reset();
}

int
main(void)
{
	UNIT_ROWS(names_are_compared, pairs);
	UNIT_TEST(order_count_and_kind_of_attributes_matter);
	UNIT_TEST(words_hold_no_control_bytes_and_fit);
	return unit_run("tls/dn");
}
