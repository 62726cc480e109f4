/* SPDX-License-Identifier: MIT */
/* test_x509_hosts.c - the hosts that a certificate is for */
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
	{ "a longer name", "db.test.evil", "db.test", false },
	{ "two dots at the end", "db.test", "db.test..", false },
	{ "a wildcard's own name", "*.db.test", "*.db.test", true },
	{ "a wildcard and another end", "*.db.test", "a.dc.test", false },
	{ "a wildcard without its dot", "*db.test", "adb.test", false },
	{ "a wildcard over nothing", "*.", "a.test", false },
	{ "a lone dot", ".", "a.test", false },
	{ "two lone dots", ".", ".", false },
	{ "nothing at all", "", "", false },
	{ "a star before another letter", "*xdb.test", "a.db.test", false },
	{ "letters by their case only", "[b.test", "{b.test", false },
	{ "a suffix", "db.test", "evildb.test", false },
};

static void
host_is_matched(void **state)
{
	const struct match *row = *state;
	struct x509 c = cert((struct plan){ "x", "y", 'k', 's',
		alt_name(row->pattern), NULL, NULL, NULL });
	struct x509_host host = { .name = guarded_span(row->host) };

	assert_int_equal(row->want, x509_hosts_has(&c, &host));
	certs_reset();
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
	assert_true(x509_hosts_has(&ip, &v4));
	assert_false(x509_hosts_has(&dns, &v4));
	assert_false(x509_hosts_has(&cn, &v4));
	v4.ip[3] = 2;
	assert_false(x509_hosts_has(&ip, &v4));
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
	assert_false(x509_hosts_has(&c, &a));
	assert_true(x509_hosts_has(&c, &b));
	assert_false(x509_hosts_has(&d, &b));
	c = with_subject(SEQ(attribute(3, 12, "a.test"),
	                     attribute(3, 0x1e, "wide")), ca_mark());
	assert_false(x509_hosts_has(&c, &a));
	certs_reset();
}

static struct x509
named(const char *cn, struct span names)
{
	return cert((struct plan){ cn, "y", 'k', 's',
		names.len > 0 ? alt_names(names) : NOTHING, NULL, NULL, NULL });
}

static const struct address {
	const char *name;
	struct span in_cert;	/* bytes of an iPAddress */
	struct x509_host host;
	bool want;
} addresses[] = {
#define IP(text) { text, sizeof(text) - 1 }
#define V6 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
	{ "IPv4", IP("\x0a\0\0\1"),
	  { { "10.0.0.1", 8 }, { 10, 0, 0, 1 }, 4 }, true },
	{ "another first byte", IP("\x0b\0\0\1"),
	  { { "10.0.0.1", 8 }, { 10, 0, 0, 1 }, 4 }, false },
	{ "another last byte", IP("\x0a\0\0\2"),
	  { { "10.0.0.1", 8 }, { 10, 0, 0, 1 }, 4 }, false },
	{ "IPv6", IP(V6), { { "2001:db8::1", 11 }, { 0x20, 1, 0x0d, 0xb8,
	  [15] = 1 }, 16 }, true },
	{ "another IPv6", IP(V6), { { "2001:db8::2", 11 }, { 0x20, 1, 0x0d,
	  0xb8, [15] = 2 }, 16 }, false },
	{ "IPv4 that begins like an IPv6", IP(V6),
	  { { "32.1.13.184", 11 }, { 0x20, 1, 0x0d, 0xb8 }, 4 }, false },
	{ "IPv6 that begins like an IPv4", IP("\x20\x01\x0d\xb8"),
	  { { "2001:db8::", 10 }, { 0x20, 1, 0x0d, 0xb8 }, 16 }, false },
	{ "an empty one", IP(""),
	  { { "0.0.0.0", 7 }, { 0 }, 4 }, false },
	{ "an empty one and a name", IP(""), { { "a.test", 6 }, { 0 }, 0 },
	  false },
	{ "a name is not one", IP("\x0a\0\0\1"),
	  { { "10.0.0.1", 8 }, { 10, 0, 0, 1 }, 0 }, false },
};

static void
address_is_matched_by_its_bytes(void **state)
{
	const struct address *row = *state;
	struct span ip = { guarded(row->in_cert.p, row->in_cert.len),
	                   row->in_cert.len };
	struct x509 c = named("x", wrap(0x87, ip));

	assert_int_equal(row->want, x509_hosts_has(&c, &row->host));
	certs_reset();
}

static const struct fallback {
	const char *name;
	int tag;	/* of a name "other" beside the CN a.test; 0: none */
	bool want;	/* for a.test */
} fallbacks[] = {
	{ "no other name", 0, true },
	{ "a dNSName", 0x82, false },
	{ "an iPAddress", 0x87, false },
	{ "an e-mail address", 0x81, true },
	{ "a URI", 0x86, true },
};

static void
the_cn_counts_without_hosts_beside_it(void **state)
{
	const struct fallback *row = *state;
	struct x509 c = named("a.test", row->tag == 0 ? NOTHING
		: wrap(row->tag, text_of("other")));
	struct x509_host host = { .name = { "a.test", 6 } };

	assert_int_equal(row->want, x509_hosts_has(&c, &host));
	certs_reset();
}

static void
every_name_counts(void **state)
{
	struct x509 c = named("x", JOIN(wrap(0x81, text_of("a@a.test")),
		wrap(0x82, text_of("a.test")), wrap(0x86, text_of("b.test")),
		BYTES("\x87\4\x0a\0\0\1"), wrap(0x82, text_of("c.test"))));
	static const struct { char name[8]; bool want; } hosts[] = {
		{ "a.test", true }, { "b.test", false }, { "c.test", true },
		{ "x", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
		struct x509_host host = { .name = span_of(hosts[i].name) };

		assert_int_equal(hosts[i].want, x509_hosts_has(&c, &host));
	}
	certs_reset();
}

static void
hosts_are_worded_as(const char *want, struct x509 c)
{
	struct buf b = guarded_buf(256);

	x509_hosts_write(&b, &c);
	assert_string_equal(want, buf_text(&b));
	certs_reset();
}

static void
hosts_are_worded(void **state)
{
	(void)state;
	hosts_are_worded_as("a.test, 10.0.0.1", named("x",
		JOIN(wrap(0x81, text_of("a@a.test")),
		     wrap(0x82, text_of("a.test")),
		     BYTES("\x87\4\x0a\0\0\1"))));
	hosts_are_worded_as("2001:0db8:0000:0000:0000:0000:0000:0001",
		named("x", wrap(0x87, BYTES(V6))));
	hosts_are_worded_as("(bad address)", named("x", BYTES("\x87\1\x0a")));
	hosts_are_worded_as("a?b", named("x", wrap(0x82, text_of("a\nb"))));
	hosts_are_worded_as("x.test", named("x.test", NOTHING));
	hosts_are_worded_as("10.0.0.1 in its CN, where no address counts",
		named("10.0.0.1", NOTHING));
	hosts_are_worded_as("no host", named("", NOTHING));
	hosts_are_worded_as("a, a, a, a, a, a, a, a", named("x",
		BYTES("\x82\1a\x82\1a\x82\1a\x82\1a\x82\1a\x82\1a"
		      "\x82\1a\x82\1a")));
	hosts_are_worded_as("a, a, a, a, a, a, a, a and 2 more", named("x",
		BYTES("\x82\1a\x82\1a\x82\1a\x82\1a\x82\1a\x82\1a"
		      "\x82\1a\x82\1a\x82\1b\x82\1c")));
}

int
main(void)
{
	UNIT_ROWS(host_is_matched, matches);
	UNIT_TEST(an_address_is_found_among_addresses_only);
	UNIT_ROWS(address_is_matched_by_its_bytes, addresses);
	UNIT_ROWS(the_cn_counts_without_hosts_beside_it, fallbacks);
	UNIT_TEST(every_name_counts);
	UNIT_TEST(hosts_are_worded);
	UNIT_TEST(the_last_cn_counts_and_only_without_other_names);
	return unit_run("tls/x509_hosts");
}
