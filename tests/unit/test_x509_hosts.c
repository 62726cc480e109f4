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

int
main(void)
{
	UNIT_ROWS(host_is_matched, matches);
	UNIT_TEST(an_address_is_found_among_addresses_only);
	UNIT_TEST(the_last_cn_counts_and_only_without_other_names);
	return unit_run("tls/x509_hosts");
}
