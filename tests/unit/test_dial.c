/* SPDX-License-Identifier: MIT */
/* sets of addresses, and the race to one of them */
#include "unit.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>

#include "base/clock.h"
#include "base/err.h"
#include "client/dial.h"

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

static void
a_set_has_a_bound(void **state)
{
	struct dial_set set;
	const struct ip ip = { .b = { 192, 0, 2, 1 } };

	(void)state;
	dial_init(&set, 80);
	for (size_t i = 0; i < DIAL_ADDRS_MAX; i++)
		assert_int_equal(0, dial_add(&set, &ip));
	assert_int_equal(ERR_FULL, dial_add(&set, &ip));
	assert_int_equal(DIAL_ADDRS_MAX, set.n);
	for (size_t i = 0; i < set.n; i++)
		assert_memory_equal(&ip, &dial_ips(&set)[i], sizeof ip);
	dial_end(&set);
	assert_int_equal(0, set.n);
}

static void
a_unix_socket_is_a_set_of_one(void **state)
{
	struct dial_set set;
	char text[128], path[sizeof((struct sockaddr_un *)NULL)->sun_path + 1];
	struct buf b = buf_over(text, sizeof text);
	struct dial_addr at;

	(void)state;
	memset(path, '/', sizeof path);
	assert_int_equal(ERR_TOOBIG, dial_set_unix(&set, span_of("")));
	assert_int_equal(ERR_TOOBIG, dial_set_unix(&set, (struct span){
		path, sizeof path - 1 }));
	assert_int_equal(0, dial_set_unix(&set, (struct span){
		path, sizeof path - 2 }));
	assert_int_equal(0, dial_set_unix(&set, span_of("@x")));
	assert_int_equal(1, set.n);
	dial_addr_at(&at, &set, 0);
	dial_write(&b, &at);
	assert_string_equal("@x", buf_text(&b));
}

static void
an_address_and_a_port_are_a_sockets_address(void **state)
{
	static const struct {
		struct ip   ip;
		const char *want;
	} cases[] = {
		{ { .b = { 10, 0, 0, 255 } }, "10.0.0.255 port 8080" },
		{ { .b = { 0xfe, 0x80, [15] = 1 }, .zone = 3, .is_v6 = true },
		  "fe80::1 port 8080" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[128];
		struct buf b = buf_over(text, sizeof text);
		struct dial_addr at;

		dial_addr_of(&at, &cases[i].ip, 8080);
		dial_write(&b, &at);
		assert_string_equal(cases[i].want, buf_text(&b));
		if (cases[i].ip.is_v6)
			assert_int_equal(3, at.v6.sin6_scope_id);
	}
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
	const struct ip ip = { .b = { 192, 0, 2, 1 } };
	struct dial_set set;
	size_t which;

	(void)state;
	dial_init(&set, 80);
	for (int i = 0; i < 3; i++)
		assert_int_equal(0, dial_add(&set, &ip));
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		now_ms = START_MS;
		connects = 0;
		assert_int_equal(ERR_TIMEOUT, dial_connect(
			&set, START_MS + cases[i].timeout_ms, &which));
		assert_int_equal(START_MS + cases[i].timeout_ms, now_ms);
		assert_int_equal(cases[i].connects, connects);
		assert_int_equal(cases[i].connects - 1, which);
	}
	dial_end(&set);
}

/* However many there are, DIAL_RACE_MAX are under way. */
static void
a_race_has_a_bound(void **state)
{
	const struct ip ip = { .b = { 192, 0, 2, 1 } };
	struct dial_set set;
	size_t which;

	(void)state;
	dial_init(&set, 80);
	for (int i = 0; i < 2 * DIAL_RACE_MAX; i++)
		assert_int_equal(0, dial_add(&set, &ip));
	now_ms = START_MS;
	connects = 0;
	assert_int_equal(ERR_TIMEOUT, dial_connect(
		&set, START_MS + 4 * DIAL_RACE_MAX * DIAL_STAGGER_MS, &which));
	assert_int_equal(DIAL_RACE_MAX, connects);
	dial_end(&set);
}

static void
an_empty_set_has_nobody(void **state)
{
	struct dial_set set;
	size_t which;

	(void)state;
	dial_init(&set, 80);
	assert_int_equal(ERR_RESOLVE, dial_connect(&set, START_MS, &which));
}

int
main(void)
{
	UNIT_TEST(one_deadline_holds_for_all_addresses);
	UNIT_TEST(a_race_has_a_bound);
	UNIT_TEST(an_empty_set_has_nobody);
	UNIT_TEST(a_set_has_a_bound);
	UNIT_TEST(a_unix_socket_is_a_set_of_one);
	UNIT_TEST(an_address_and_a_port_are_a_sockets_address);
	return unit_run("client/dial");
}
