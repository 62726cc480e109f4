/* SPDX-License-Identifier: MIT */
/* test_x509_constraints.c - names under the constraints of a CA */
#include "certs.h"

#include "tls/x509_constraints.h"

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

	assert_int_equal(row->want, x509_constraints_allow(&ca, &c, NULL));
	if (row->excluded == NULL)
		assert_int_equal(row->want,
		                 x509_constraints_allow(&ca, &c, &host));
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
	assert_true(x509_constraints_allow(&ca, &in, NULL));
	assert_false(x509_constraints_allow(&ca, &out, NULL));
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

		assert_false(x509_constraints_allow(&ca, &c, NULL));
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

	assert_int_equal(row->want, x509_constraints_allow(&ca, &c, NULL));
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
	assert_false(x509_constraints_allow(&ca, &c, &db));
	assert_true(x509_constraints_allow(&ca, &c, &other));
	certs_reset();
}

int
main(void)
{
	UNIT_ROWS(names_are_constrained, bounds);
	UNIT_TEST(nets_hold_addresses_by_their_mask);
	UNIT_TEST(what_cannot_be_judged_is_not_allowed);
	UNIT_ROWS(an_excluded_subject_cannot_be_written_otherwise, directories);
	UNIT_TEST(a_cn_of_one_label_is_constrained_where_it_is_the_host);
	return unit_run("tls/x509_constraints");
}
