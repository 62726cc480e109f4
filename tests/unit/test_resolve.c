/* SPDX-License-Identifier: MIT */
/* addresses that need neither a file nor a name server */
#include "unit.h"

#include "base/err.h"
#include "client/resolve.h"

/* The addresses of host, each followed by a blank, or the words of an error. */
static const char *
addresses(const char *host, int family, char *text, size_t cap)
{
	static struct dial_set set;
	struct buf b = buf_over(text, cap);

	/* With no time left: what asks for names would say so. */
	if (resolve_host(&set, span_of(host), 80, family, 0, &b) < 0)
		return buf_text(&b);
	assert_int_equal(80, set.port);
	for (size_t i = 0; i < set.n; i++) {
		ip_write(&b, &dial_ips(&set)[i]);
		buf_str(&b, " ");
	}
	dial_end(&set);
	return buf_text(&b);
}

static void
localhost_and_literals_need_nobody(void **state)
{
	static const struct {
		const char *host;
		int         family;
		const char *want;
	} cases[] = {
		{ "localhost", AF_UNSPEC, "::1 127.0.0.1 " },
		{ "LocalHost.", AF_UNSPEC, "::1 127.0.0.1 " },
		{ "a.localhost", AF_INET, "127.0.0.1 " },
		{ "localhost", AF_INET6, "::1 " },
		{ "10.0.0.255", AF_UNSPEC, "10.0.0.255 " },
		{ "127.1", AF_UNSPEC, "127.0.0.1 " },
		{ "2130706433", AF_UNSPEC, "127.0.0.1 " },
		{ "0x7f.0.0.1", AF_UNSPEC, "127.0.0.1 " },
		{ "::", AF_UNSPEC, ":: " },
		{ "fe80::1", AF_INET6, "fe80::1 " },
		{ "fe80::1%lo", AF_INET6, "fe80::1 " },
		{ "127.0.0.1", AF_INET6, "not an IPv6 address" },
		{ "::1", AF_INET, "not an IPv4 address" },
		{ "fe80::1%none0", AF_UNSPEC, "no such interface here" },
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_string_equal(cases[i].want, addresses(
			cases[i].host, cases[i].family, text, sizeof text));
}

static void
a_zone_is_an_interfaces_name_or_number(void **state)
{
	static struct dial_set set;

	(void)state;
	dial_init(&set, 80);
	assert_int_equal(1, resolve_literal(&set, span_of("fe80::1%lo"),
	                                   AF_UNSPEC));
	assert_int_equal(1, resolve_literal(&set, span_of("fe80::1%7"),
	                                   AF_UNSPEC));
	assert_int_equal(1, set.few[0].zone);	/* lo comes first everywhere */
	assert_int_equal(7, set.few[1].zone);
	assert_int_equal(0, resolve_literal(&set, span_of("a.test"),
	                                    AF_UNSPEC));
	assert_int_equal(2, set.n);
}

/* Names that would be near localhost. */
static void
what_only_ends_like_localhost_is_asked_for(void **state)
{
	static const char *const names[] = {
		"notlocalhost", "localhost.test", "", ".", "localhost..",
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (span_has_prefix(span_of(addresses(names[i], AF_UNSPEC, text,
		                                      sizeof text)), "127."))
			fail_msg("%s is not loopback", names[i]);
}

int
main(void)
{
	UNIT_TEST(localhost_and_literals_need_nobody);
	UNIT_TEST(a_zone_is_an_interfaces_name_or_number);
	UNIT_TEST(what_only_ends_like_localhost_is_asked_for);
	return unit_run("client/resolve");
}
