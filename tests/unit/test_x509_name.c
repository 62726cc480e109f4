/* SPDX-License-Identifier: MIT */
/* test_x509_name.c - names: compared, matched, constrained, worded */
#include "certs.h"

static const struct match {
	const char *name, *pattern, *host;
	bool want;
} matches[] = {
	{ "the same", "db.test", "db.test", true },
	{ "another", "db.test", "da.test", false },
	{ "another case", "DB.test", "db.TEST", true },
	{ "a dot at the end of the host", "db.test", "db.test.", true },
	{ "a dot at the end of the name", "db.test.", "db.test", true },
	{ "a wildcard", "*.db.test", "a.db.test", true },
	{ "a wildcard in another case", "*.DB.test", "a.db.test", true },
	{ "a wildcard and a dot", "*.db.test", "a.db.test.", true },
	{ "two labels", "*.db.test", "a.b.db.test", false },
	{ "no label", "*.db.test", "db.test", false },
	{ "an empty label", "*.db.test", ".db.test", false },
	{ "a top-level name", "*.test", "a.test", false },
	{ "a top-level name with a dot", "*.test.", "a.test", false },
	{ "a star in a label", "a*.db.test", "ab.db.test", false },
	{ "a star behind", "db.*.test", "db.a.test", false },
	{ "a lone star", "*", "test", false },
	{ "two stars", "*.*.test", "a.b.test", false },
	{ "an empty name", "", "db.test", false },
	{ "an empty host", "db.test", "", false },
	{ "a prefix", "db.test", "db.test.evil", false },
	{ "a suffix", "db.test", "evildb.test", false },
};

static void
host_is_matched(void **state)
{
	const struct match *row = *state;
	struct x509 c = cert((struct plan){ "x", "y", 'k', 's',
		alt_name(row->pattern), NULL, NULL, NULL });
	struct x509_host host = { .name = guarded_span(row->host) };

	assert_int_equal(row->want, x509_name_is_for(&c, &host));
	certs_reset();
}

static struct x509
with_subject(struct span subject, struct span exts)
{
	struct x509 c = cert((struct plan){ "x", "y", 'k', 's', exts, NULL,
	                                    NULL, NULL });
	struct span in = subject;

	assert_int_equal(0, der_take(&in, 0x30, &c.subject));
	return c;
}

static void
an_address_is_found_among_addresses_only(void **state)
{
	struct x509_host v4 = { { "10.0.0.1", 8 }, { 10, 0, 0, 1 }, 4 };
	struct x509 ip = cert((struct plan){ "x", "y", 'k', 's',
		extension(17, false, SEQ(BYTES("\x87\x04\x0a\x00\x00\x01"))),
		NULL, NULL, NULL });
	struct x509 dns = cert((struct plan){ "x", "y", 'k', 's',
		alt_name("10.0.0.1"), NULL, NULL, NULL });
	struct x509 cn = cert((struct plan){ "10.0.0.1", "y", 'k', 's',
		NOTHING, NULL, NULL, NULL });

	(void)state;
	assert_true(x509_name_is_for(&ip, &v4));
	assert_false(x509_name_is_for(&dns, &v4));
	assert_false(x509_name_is_for(&cn, &v4));
	v4.ip[3] = 2;
	assert_false(x509_name_is_for(&ip, &v4));
	certs_reset();
}

static void
the_last_cn_counts_and_only_without_other_names(void **state)
{
	struct span subject = SEQ(attribute(3, 12, "a.test"),
	                          attribute(3, 12, "b.test"));
	struct x509 c = with_subject(subject, ca_mark());
	struct x509 d = with_subject(subject, alt_name("c.test"));
	struct x509_host a = { .name = { "a.test", 6 } };
	struct x509_host b = { .name = { "b.test", 6 } };

	(void)state;
	assert_false(x509_name_is_for(&c, &a));
	assert_true(x509_name_is_for(&c, &b));
	assert_false(x509_name_is_for(&d, &b));
	c = with_subject(SEQ(attribute(3, 12, "a.test"),
	                     attribute(3, 0x1e, "wide")), ca_mark());
	assert_false(x509_name_is_for(&c, &a));
	certs_reset();
}

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

	assert_int_equal(row->want, x509_name_is(a, b));
	assert_int_equal(row->want, x509_name_is(b, a));
	assert_int_equal(row->want, x509_name_hash(a) == x509_name_hash(b));
	certs_reset();
}

static void
order_count_and_kind_of_attributes_matter(void **state)
{
	struct span o = attribute(10, 12, "x"), cn = attribute(3, 12, "y");
	struct span oc = inside(SEQ(o, cn)), co = inside(SEQ(cn, o));
	struct span just_o = inside(SEQ(o));

	(void)state;
	assert_true(x509_name_is(oc, oc));
	assert_false(x509_name_is(oc, co));
	assert_false(x509_name_is(oc, just_o));
	assert_false(x509_name_is(just_o, oc));
	assert_true(x509_name_hash(oc) != x509_name_hash(co));
	certs_reset();
}

static const struct bound {
	const char *name, *permitted, *excluded, *host;	/* dNSNames */
	bool want;
} bounds[] = {
	{ "no constraint", NULL, NULL, "a.test", true },
	{ "itself", "a.test", NULL, "a.test", true },
	{ "below", "test", NULL, "a.test", true },
	{ "another case", "TEST", NULL, "a.test", true },
	{ "beside", "b.test", NULL, "a.test", false },
	{ "only the same end", "a.test", NULL, "ba.test", false },
	{ "a leading dot holds what is below", ".test", NULL, "a.test", true },
	{ "a leading dot does not hold itself", ".a.test", NULL, "a.test", false },
	{ "all is permitted", "", NULL, "a.test", true },
	{ "all is excluded", NULL, "", "a.test", false },
	{ "excluded", NULL, "test", "a.test", false },
	{ "another is excluded", NULL, "b.test", "a.test", true },
	{ "permitted and excluded", "test", "a.test", "a.test", false },
	{ "a wildcard below", "test", NULL, "*.a.test", true },
	{ "a wildcard beside", "b.test", NULL, "*.a.test", false },
};

static struct span
subtrees(int tag, const char *dns)
{
	return dns == NULL ? NOTHING
	     : TLV(tag, SEQ(wrap(0x82, text_of(dns))));
}

static void
names_are_constrained(void **state)
{
	const struct bound *row = *state;
	struct span limits = JOIN(subtrees(0xa0, row->permitted),
	                          subtrees(0xa1, row->excluded));
	struct x509 ca = { .constraints = { guarded(limits.p, limits.len),
	                                    limits.len } };
	struct x509 c = cert((struct plan){ "x", "y", 'k', 's',
		alt_name(row->host), NULL, NULL, NULL });
	struct x509_host host = { .name = { "a.a.test", 8 } };

	assert_int_equal(row->want, x509_name_is_allowed(&ca, &c, NULL));
	if (row->excluded == NULL)
		assert_int_equal(row->want,
		                 x509_name_is_allowed(&ca, &c, &host));
	certs_reset();
}

/* An IPv4 name under 10.0.0.0/8, by the bytes of the constraint. */
static void
nets_hold_addresses_by_their_mask(void **state)
{
	struct x509 ca = { .constraints = TLV(0xa0, SEQ(
		BYTES("\x87\x08\x0a\x00\x00\x00\xff\x00\x00\x00"))) };
	struct x509 in = cert((struct plan){ "x", "y", 'k', 's', extension(17,
		false, SEQ(BYTES("\x87\x04\x0a\x01\x02\x03"))), NULL, NULL,
		NULL });
	struct x509 out = cert((struct plan){ "x", "y", 'k', 's', extension(17,
		false, SEQ(BYTES("\x87\x04\x0b\x01\x02\x03"))), NULL, NULL,
		NULL });

	(void)state;
	assert_true(x509_name_is_allowed(&ca, &in, NULL));
	assert_false(x509_name_is_allowed(&ca, &out, NULL));
	certs_reset();
}

static void
what_cannot_be_judged_is_not_allowed(void **state)
{
	static const struct { char text[16]; size_t len; } odd[] = {
#define ODD(text) { text, sizeof(text) - 1 }
		ODD("\xa0\x03\x30\x05\x82"),		/* cut off */
		ODD("\xa0\x02\x04\x00"),		/* no SEQUENCE */
		ODD("\xa2\x00"),			/* neither list */
		ODD("\xa0\x08\x30\x06\x82\x01" "a\x80\x01\x01"),	/* minimum */
		ODD("\xa0\x05\x30\x03\x87\x01\x0a"),	/* half a net */
		ODD("\xa1\x08\x30\x06\x82\x04" "abc."),	/* a dot at its end */
		ODD("\xa1\x06\x30\x04\xa4\x02\x31\x00"),	/* no Name */
		ODD("\xa1\x08\x30\x06\xa4\x04\x30\x02\x31\x00"),	/* an empty RDN */
	};
	struct x509 c = cert((struct plan){ "x", "y", 'k', 's',
		extension(17, false, SEQ(BYTES("\x82\x01" "a\x87\x04\x0a\0\0\1"))),
		NULL, NULL, NULL });

	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		struct x509 ca = { .constraints = {
			guarded(odd[i].text, odd[i].len), odd[i].len } };

		assert_false(x509_name_is_allowed(&ca, &c, NULL));
	}
	certs_reset();
}

static const struct directory {
	const char *name;
	int base_tag;
	const char *base;	/* excluded */
	int tag;
	const char *text;	/* the subject's */
	bool want;
} directories[] = {
	{ "another", 12, "Evil", 12, "Good", true },
	{ "the same", 12, "Evil", 12, "EVIL", false },
	{ "another string type", 12, "Evil", 0x13, "Evil", false },
	{ "a subject in wide characters", 12, "Evil", 0x1e, "EviL", false },
	{ "a base in wide characters", 0x1c, "EviL", 12, "Good", false },
	{ "UTF-8 beyond ASCII", 12, "B\xc3\xb6se", 12, "Gut", true },
	{ "T61 beyond ASCII", 12, "B\xc3\xb6se", 0x14, "B\xf6se", false },
	{ "T61 in ASCII", 12, "Evil", 0x14, "Good", true },
};

static void
an_excluded_subject_cannot_be_written_otherwise(void **state)
{
	const struct directory *row = *state;
	struct x509 ca = { .constraints = TLV(0xa1, SEQ(TLV(0xa4,
		SEQ(attribute(10, row->base_tag, row->base))))) };
	struct x509 c = with_subject(SEQ(attribute(10, row->tag, row->text)),
	                             alt_name("a.test"));

	assert_int_equal(row->want, x509_name_is_allowed(&ca, &c, NULL));
	certs_reset();
}

static void
a_cn_of_one_label_is_constrained_where_it_is_the_host(void **state)
{
	struct x509 ca = { .constraints = subtrees(0xa0, "b.test") };
	struct x509 c = with_subject(SEQ(attribute(3, 12, "db")), ca_mark());
	struct x509_host db = { .name = { "db", 2 } };
	struct x509_host other = { .name = { "a.b.test", 8 } };

	(void)state;
	assert_false(x509_name_is_allowed(&ca, &c, &db));
	assert_true(x509_name_is_allowed(&ca, &c, &other));
	certs_reset();
}

static void
words_hold_no_control_bytes_and_fit(void **state)
{
	struct span subject = inside(SEQ(attribute(3, 12, "a\x1b[31m\n\xc3\xa4")));
	struct buf b = guarded_buf(64);

	(void)state;
	x509_name_write(&b, subject);
	assert_string_equal("CN=a?[31m???", buf_text(&b));
	for (size_t cap = 1; cap < 12; cap++) {
		b = guarded_buf(cap);
		x509_name_write(&b, subject);
		assert_true(b.cut || b.len == 12);
	}
	certs_reset();
}

int
main(void)
{
	UNIT_ROWS(host_is_matched, matches);
	UNIT_TEST(an_address_is_found_among_addresses_only);
	UNIT_TEST(the_last_cn_counts_and_only_without_other_names);
	UNIT_ROWS(names_are_compared, pairs);
	UNIT_TEST(order_count_and_kind_of_attributes_matter);
	UNIT_ROWS(names_are_constrained, bounds);
	UNIT_TEST(nets_hold_addresses_by_their_mask);
	UNIT_TEST(what_cannot_be_judged_is_not_allowed);
	UNIT_ROWS(an_excluded_subject_cannot_be_written_otherwise, directories);
	UNIT_TEST(a_cn_of_one_label_is_constrained_where_it_is_the_host);
	UNIT_TEST(words_hold_no_control_bytes_and_fit);
	return unit_run("tls/x509_name");
}
