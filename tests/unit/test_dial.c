/* SPDX-License-Identifier: MIT */
/* addresses that need no look-up, and how they are written */
#include "unit.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>

#include "base/clock.h"
#include "base/err.h"
#include "net/dial.h"

#define START_MS 1000

static int64_t now_ms;
static int     connects;

int64_t __wrap_clock_ms(void);
int __wrap_clock_wait_ms(int64_t deadline_ms);
int __wrap_poll(struct pollfd *fds, nfds_t n, int wait_ms);
int __wrap_connect(int fd, const struct sockaddr *at, socklen_t len);

int64_t
__wrap_clock_ms(void)
{
	return now_ms;
}

int
__wrap_clock_wait_ms(int64_t deadline_ms)
{
	return deadline_ms <= now_ms ? 0 : (int)(deadline_ms - now_ms);
}

/* Nothing happens for so long. */
int
__wrap_poll(struct pollfd *fds, nfds_t n, int wait_ms)
{
	for (nfds_t i = 0; i < n; i++)
		fds[i].revents = 0;
	assert_in_range(wait_ms, 1, INT_MAX);
	now_ms += wait_ms;
	return 0;
}

/* The SYN is lost. */
int
__wrap_connect(int fd, const struct sockaddr *at, socklen_t len)
{
	(void)fd;
	(void)at;
	(void)len;
	connects++;
	errno = EINPROGRESS;
	return -1;
}

/* The addresses of host, each followed by a blank. */
static const char *
addresses(const char *host, int family, char *text, size_t cap)
{
	struct buf b = buf_over(text, cap);
	struct dial_set set = { 0 };

	/* With no time left: what asks for names would say so. */
	assert_int_equal(0, dial_lookup(&set, span_of(host), 80, family, 0));
	for (size_t i = 0; i < set.n; i++) {
		assert_int_equal(80, dial_write_host(&b, &set.at[i]));
		buf_str(&b, " ");
	}
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
		{ "localhost", AF_UNSPEC, "127.0.0.1 ::1 " },
		{ "LocalHost.", AF_UNSPEC, "127.0.0.1 ::1 " },
		{ "a.localhost", AF_INET, "127.0.0.1 " },
		{ "localhost", AF_INET6, "::1 " },
		{ "10.0.0.255", AF_UNSPEC, "10.0.0.255 " },
		{ "::", AF_UNSPEC, ":: " },
		{ "fe80::1", AF_INET6, "fe80::1 " },
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_string_equal(cases[i].want, addresses(
			cases[i].host, cases[i].family, text, sizeof text));
}

static void
v6_addresses_are_written_as_rfc_5952_has_it(void **state)
{
	static const char *const same[] = {
		"::1", "::", "1::", "2001:db8::1", "2001:db8:0:1:1:1:1:1",
		"1:0:0:2::3", "1::2:0:0:3", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4",
		"1:2:3:4:5:6:7:0", "0:2:3:4:5:6:7:8", "1:2:3:4:5:6::",
		"::2:3:4:5:6:7", "abcd:ef01:2345:6789:abcd:ef01:2345:6789",
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
		const char *got = addresses(same[i], AF_UNSPEC, text,
		                            sizeof text);
		struct span s = { got, strlen(got) - 1 };

		if (!span_is(s, same[i]))
			fail_msg("%s became %s", same[i], got);
	}
	assert_string_equal("2001:db8::1:0:0:1 ", addresses(
		"2001:0DB8:0:0:1:0:0:1", AF_UNSPEC, text, sizeof text));
}

static void
a_literal_of_the_other_family_is_no_address(void **state)
{
	struct dial_set set = { 0 };

	(void)state;
	assert_int_equal(ERR_RESOLVE, dial_lookup(
		&set, span_of("127.0.0.1"), 80, AF_INET6, 0));
	assert_int_equal(ERR_RESOLVE, dial_lookup(
		&set, span_of("::1"), 80, AF_INET, 0));
	assert_int_equal(ERR_RESOLVE, dial_lookup(
		&set, span_of(""), 80, AF_UNSPEC, 0));
	assert_int_equal(0, set.n);
}

static void
a_set_has_a_bound(void **state)
{
	struct dial_set set = { 0 };

	(void)state;
	for (size_t i = 0; i < DIAL_ADDRS_MAX; i++)
		assert_int_equal(0, dial_add_unix(&set, span_of("@x")));
	assert_int_equal(ERR_FULL, dial_add_unix(&set, span_of("/x")));
}

/* However many addresses there are, and wherever the deadline lies between the
 * starts of two: it holds to the millisecond, and nobody is asked behind it. */
static void
one_deadline_holds_for_all_addresses(void **state)
{
	static const struct {
		int    timeout_ms;
		int    connects;
	} cases[] = {
		{ 1, 1 }, { 50, 1 }, { DIAL_STAGGER_MS - 1, 1 },
		{ DIAL_STAGGER_MS, 1 }, { DIAL_STAGGER_MS + 1, 2 },
		{ 2 * DIAL_STAGGER_MS, 2 }, { 2 * DIAL_STAGGER_MS + 1, 3 },
		{ 9 * DIAL_STAGGER_MS, 3 },
	};
	struct dial_set set = { 0 };
	size_t which;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(0, dial_lookup(&set, span_of("192.0.2.1"), 80,
		                                AF_UNSPEC, 0));
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		now_ms = START_MS;
		connects = 0;
		assert_int_equal(ERR_TIMEOUT, dial_connect(
			&set, START_MS + cases[i].timeout_ms, &which));
		assert_int_equal(START_MS + cases[i].timeout_ms, now_ms);
		assert_int_equal(cases[i].connects, connects);
		assert_int_equal(cases[i].connects - 1, which);
	}
}

int
main(void)
{
	UNIT_TEST(one_deadline_holds_for_all_addresses);
	UNIT_TEST(localhost_and_literals_need_nobody);
	UNIT_TEST(v6_addresses_are_written_as_rfc_5952_has_it);
	UNIT_TEST(a_literal_of_the_other_family_is_no_address);
	UNIT_TEST(a_set_has_a_bound);
	return unit_run("net/dial");
}
