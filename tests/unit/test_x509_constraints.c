/* SPDX-License-Identifier: MIT */
/* test_x509_constraints.c - names under the constraints of a CA */
#include "certs.h"

#include "tls/x509_constraints.h"

static const struct bound {
	const char *name, *permitted, *excluded, *host;	/* dNSNames */
	bool want;
} bounds[] = {
	{ "no constraint", NULL, NULL, "a.test", true },
	{ "a dot at the end of the name", "a.test", NULL, "a.test.", true },
	{ "excluded with a dot at the end", NULL, "a.test", "a.test.", false },
	{ "shorter", "a.b.test", NULL, "b.test", false },
	{ "as long", "c.test", NULL, "a.tesu", false },
	{ "below a leading dot only", ".test", NULL, "atest", false },
	{ "a name with a leading dot", ".a.test", NULL, ".a.test", false },
	{ "a lone dot is no base", ".", NULL, "a.test", false },
	{ "only the same end is not excluded", NULL, "a.test", "ba.test", true },
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
		ODD("\xa0\x08\x30\x06\x82\x01" "a\x80\x01\x01"), /* minimum */
		ODD("\xa0\x05\x30\x03\x87\x01\x0a"),	/* half a net */
		ODD("\xa1\x08\x30\x06\x82\x04" "abc."),	/* a dot at its end */
		ODD("\xa1\x06\x30\x04\xa4\x02\x31\x00"),	/* no Name */
		ODD("\xa1\x08\x30\x06\xa4\x04\x30\x02\x31\x00"), /* empty RDN */
	};
	struct x509 c = cert((struct plan){ "x", "y", 'k', 's',
		extension(17, false, SEQ(BYTES("\x82\x01" "a"
		                               "\x87\x04\x0a\0\0\1"))),
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

/* A certificate of these names under constraints: permitted, excluded. */
static const struct judged {
	const char *name;
	struct span permitted, excluded;	/* GeneralSubtrees, inside */
	struct span names;	/* of its SAN */
	bool want;
} judgements[] = {
#define B(text) { text, sizeof(text) - 1 }
#define NONE { "", 0 }
#define TREE_B "\x30\x08\x82\x06" "b.test"
#define TREE_C "\x30\x08\x82\x06" "c.test"
#define NET_10 "\x30\x0a\x87\x08\x0a\0\0\0\xff\0\0\0"
#define NET_6 "\x30\x22\x87\x20" \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\0" \
	"\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0"
#define NAME_B "\x82\x06" "b.test"
#define NAME_C "\x82\x06" "c.test"
#define NAME_D "\x82\x06" "d.test"
#define IP_10 "\x87\x04\x0a\1\2\3"
#define IP_11 "\x87\x04\x0b\1\2\3"
#define IP_6 "\x87\x10\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
#define IP_6_OUT "\x87\x10\x20\x01\x0d\xb9\0\0\0\0\0\0\0\0\0\0\0\1"
#define MAIL "\x81\x03" "a@b"
#define URI "\x86\x03" "a:b"
#define TREE_MAIL "\x30\x03\x81\x01" "b"
#define TREE_URI "\x30\x03\x86\x01" "b"
	{ "the first of two", B(TREE_B TREE_C), NONE, B(NAME_B), true },
	{ "the second of two", B(TREE_B TREE_C), NONE, B(NAME_C), true },
	{ "none of two", B(TREE_B TREE_C), NONE, B(NAME_D), false },
	{ "one name in, one out", B(TREE_B), NONE, B(NAME_B NAME_C), false },
	{ "one name out, one in", B(TREE_B), NONE, B(NAME_C NAME_B), false },
	{ "the second of two excluded", NONE, B(TREE_B TREE_C), B(NAME_C),
	  false },
	{ "none of two excluded", NONE, B(TREE_B TREE_C), B(NAME_D), true },
	{ "names of another kind", B(TREE_B), NONE, B(IP_10), true },
	{ "an address in the net", B(NET_10), NONE, B(IP_10), true },
	{ "an address out of the net", B(NET_10), NONE, B(IP_11), false },
	{ "bits of the net beyond its mask", B("\x30\x0a\x87\x08\x0a\7\7\7"
	  "\xff\0\0\0"), NONE, B(IP_10), true },
	{ "half a net excluded", NONE, B("\x30\x03\x87\x01\x0a"), B(IP_10),
	  false },
	{ "an excluded address", NONE, B(NET_10), B(IP_10), false },
	{ "an address that is not excluded", NONE, B(NET_10), B(IP_11), true },
	{ "IPv6 in the net", B(NET_6), NONE, B(IP_6), true },
	{ "IPv6 out of the net", B(NET_6), NONE, B(IP_6_OUT), false },
	{ "IPv6 beside a net of IPv4", B(NET_10), NONE, B(IP_6), false },
	{ "IPv4 beside an excluded net of IPv6", NONE, B(NET_6), B(IP_10),
	  true },
	{ "mail without a rule", B(TREE_B), NONE, B(NAME_B MAIL), true },
	{ "mail under a rule", B(TREE_MAIL), NONE, B(MAIL), false },
	{ "mail under an exclusion", NONE, B(TREE_MAIL), B(MAIL), false },
	{ "a rule for mail and no mail", B(TREE_MAIL), NONE, B(NAME_B), true },
	{ "a URI under a rule", B(TREE_URI), NONE, B(URI), false },
	{ "a URI under an exclusion", NONE, B(TREE_URI), B(URI), false },
	{ "a directory name that is not one", NONE, NONE,
	  B("\xa4\x04\x30\x02\x31\x00"), false },
	{ "a directory name", NONE, NONE, B("\xa4\x02\x30\x00"), true },
};

static void
names_are_judged(void **state)
{
	const struct judged *row = *state;
	struct span limits = JOIN(
		row->permitted.len > 0 ? wrap(0xa0, row->permitted) : NOTHING,
		row->excluded.len > 0 ? wrap(0xa1, row->excluded) : NOTHING);
	struct x509 ca = { .constraints = { guarded(limits.p, limits.len),
	                                    limits.len } };
	struct x509 c = cert((struct plan){ "x", "y", 'k', 's',
		alt_names(row->names), NULL, NULL, NULL });

	assert_int_equal(row->want, x509_constraints_allow(&ca, &c, NULL));
	certs_reset();
}

/* The leaf's own CN, and the host that it must be for. */
static const struct leaf {
	const char *name, *permitted, *excluded;	/* dNSNames */
	const char *cn, *dns;	/* the leaf's; NULL: no such name */
	struct x509_host host;
	bool want, ca_want;	/* as a leaf; as a CA */
} leaves[] = {
#define HOST(text) { { text, sizeof(text) - 1 }, { 0 }, 0 }
	{ "a CN within", "b.test", NULL, "a.b.test", NULL, HOST("a.b.test"),
	  true, true },
	{ "a CN outside", "b.test", NULL, "a.c.test", NULL, HOST("a.b.test"),
	  false, true },
	{ "an excluded CN", NULL, "c.test", "a.c.test", NULL, HOST("a.b.test"),
	  false, true },
	{ "a CN that is not a host", "b.test", NULL, "Mr. Test", NULL,
	  HOST("a.b.test"), true, true },
	{ "a CN of one label", "b.test", NULL, "db", NULL, HOST("a.b.test"),
	  true, true },
	{ "a CN of one label that is the host", "b.test", NULL, "db", NULL,
	  HOST("DB"), false, true },
	{ "a CN beside a dNSName", "b.test", NULL, "a.c.test", "a.b.test",
	  HOST("a.b.test"), true, true },
	{ "a wildcard over an excluded host", NULL, "a.b.test", "x", "*.b.test",
	  HOST("a.b.test"), false, true },
	{ "a wildcard over another host", NULL, "a.b.test", "x", "*.b.test",
	  HOST("c.b.test"), true, true },
	{ "an address is not a name", NULL, "0.0.1", "x", "a.b.test",
	  { { "10.0.0.1", 8 }, { 10, 0, 0, 1 }, 4 }, true, true },
};

static void
a_leaf_is_judged_by_its_cn_and_its_host(void **state)
{
	const struct leaf *row = *state;
	struct x509 ca = { .constraints = JOIN(subtrees(0xa0, row->permitted),
	                                       subtrees(0xa1, row->excluded)) };
	struct x509 c = cert((struct plan){ row->cn, "y", 'k', 's',
		row->dns != NULL ? alt_name(row->dns) : ca_mark(),
		NULL, NULL, NULL });

	assert_int_equal(row->want,
	                 x509_constraints_allow(&ca, &c, &row->host));
	assert_int_equal(row->ca_want, x509_constraints_allow(&ca, &c, NULL));
	certs_reset();
}

/* emailAddress=a@b in the subject, as old certificates have it. */
static void
mail_in_the_subject_is_constrained(void **state)
{
	struct span mail = TLV(0x31, SEQ(
		BYTES("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"),
		wrap(0x16, text_of("a@b"))));
	struct x509 ca = { .constraints = TLV(0xa0, BYTES(TREE_MAIL)) };
	struct x509 none = { .constraints = TLV(0xa0, BYTES(TREE_B)) };
	struct x509 c = with_subject(SEQ(attribute(3, 12, "x"), mail),
	                             alt_name("b.test"));

	(void)state;
	assert_false(x509_constraints_allow(&ca, &c, NULL));
	assert_true(x509_constraints_allow(&none, &c, NULL));
	certs_reset();
}

static void
a_directory_name_is_permitted_by_its_first_rdns(void **state)
{
	struct span o = attribute(10, 12, "O"), cn = attribute(3, 12, "C");
	struct x509 ca = { .constraints = TLV(0xa0, SEQ(TLV(0xa4, SEQ(o)))) };
	struct x509 below = with_subject(SEQ(o, cn), alt_name("a.test"));
	struct x509 beside = with_subject(SEQ(cn, o), alt_name("a.test"));
	struct x509 none = with_subject(SEQ(NOTHING), alt_name("a.test"));
	struct x509 other = with_subject(SEQ(o), alt_names(TLV(0xa4, SEQ(cn))));

	(void)state;
	assert_true(x509_constraints_allow(&ca, &below, NULL));
	assert_false(x509_constraints_allow(&ca, &beside, NULL));
	assert_true(x509_constraints_allow(&ca, &none, NULL));
	assert_false(x509_constraints_allow(&ca, &other, NULL));
	certs_reset();
}

int
main(void)
{
	UNIT_ROWS(names_are_constrained, bounds);
	UNIT_ROWS(names_are_judged, judgements);
	UNIT_ROWS(a_leaf_is_judged_by_its_cn_and_its_host, leaves);
	UNIT_TEST(mail_in_the_subject_is_constrained);
	UNIT_TEST(a_directory_name_is_permitted_by_its_first_rdns);
	UNIT_TEST(nets_hold_addresses_by_their_mask);
	UNIT_TEST(what_cannot_be_judged_is_not_allowed);
	UNIT_ROWS(an_excluded_subject_cannot_be_written_otherwise, directories);
	UNIT_TEST(a_cn_of_one_label_is_constrained_where_it_is_the_host);
	return unit_run("tls/x509_constraints");
}
