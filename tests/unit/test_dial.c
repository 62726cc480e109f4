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
static int     polls_left, ended_with;	/* see __wrap_poll() */
static int     refused;		/* the nth connect() is; 0: none */
static int     missing;		/* the nth connect() finds its family missing */
static bool    last_connects;	/* .. in the poll that finds the first ended */
static int     bad_closes;	/* of what is not open */

int64_t __wrap_clock_ms(void);
int __wrap_clock_wait_ms(int64_t deadline_ms);
int __wrap_poll(struct pollfd *fds, nfds_t n, int wait_ms);
int __wrap_connect(int fd, const struct sockaddr *at, socklen_t len);
int __wrap_getsockopt(int fd, int level, int name, void *to, socklen_t *len);
int __real_connect(int fd, const struct sockaddr *at, socklen_t len);
int __wrap_close(int fd);
int __real_close(int fd);

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

/* Nothing happens for so long; the nth poll finds the first one ended. */
int
__wrap_poll(struct pollfd *fds, nfds_t n, int wait_ms)
{
	bool is_ended = polls_left > 0 && --polls_left == 0;

	for (nfds_t i = 0; i < n; i++)
		fds[i].revents = is_ended
			&& (i == 0 || (last_connects && i == n - 1))
			? POLLOUT : 0;
	assert_in_range(wait_ms, 1, INT_MAX);
	now_ms += is_ended ? 0 : wait_ms;
	return is_ended;
}

int
__wrap_getsockopt(int fd, int level, int name, void *to, socklen_t *len)
{
	(void)fd;
	(void)level;
	assert_int_equal(SO_ERROR, name);
	memcpy(to, &ended_with, *len);
	if (last_connects)
		ended_with = 0;	/* the first has had its error */
	return 0;
}

int
__wrap_close(int fd)
{
	int r = __real_close(fd);

	bad_closes += r < 0;
	return r;
}

/* The SYN is lost; a unix socket's are no packets. */
int
__wrap_connect(int fd, const struct sockaddr *at, socklen_t len)
{
	if (at->sa_family == AF_UNIX)
		return __real_connect(fd, at, len);
	connects++;
	errno = connects == refused ? ECONNREFUSED
	      : connects == missing ? EADDRNOTAVAIL : EINPROGRESS;
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
	struct ip ip = { .b = { 192, 0, 2, 1 } };
	struct dial_set set;
	struct addr peer;

	(void)state;
	dial_init(&set, 80);
	for (; ip.b[3] <= 3; ip.b[3]++)
		assert_int_equal(0, dial_add(&set, &ip));
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		now_ms = START_MS;
		connects = 0;
		assert_int_equal(ERR_TIMEOUT, dial_connect(
			&set, START_MS + cases[i].timeout_ms, &peer));
		assert_int_equal(START_MS + cases[i].timeout_ms, now_ms);
		assert_int_equal(cases[i].connects, connects);
		addr_ip(&ip, &peer);	/* the one that was started last */
		assert_int_equal(cases[i].connects, ip.b[3]);
		assert_int_equal(80, addr_port(&peer));
	}
	dial_end(&set);
}

/* However many there are, DIAL_RACE_MAX are under way. */
static void
a_race_has_a_bound(void **state)
{
	const struct ip ip = { .b = { 192, 0, 2, 1 } };
	struct dial_set set;
	struct addr peer;

	(void)state;
	dial_init(&set, 80);
	for (int i = 0; i < 2 * DIAL_RACE_MAX; i++)
		assert_int_equal(0, dial_add(&set, &ip));
	now_ms = START_MS;
	connects = 0;
	assert_int_equal(ERR_TIMEOUT, dial_connect(
		&set, START_MS + 4 * DIAL_RACE_MAX * DIAL_STAGGER_MS, &peer));
	assert_int_equal(DIAL_RACE_MAX, connects);
	dial_end(&set);
}

static const struct loss {
	const char *name;
	int         refused, polls, ended_with, r;
	unsigned char peer;
} losses[] = {
	{ "of two that fail the first counts, though it fails last", 2, 2,
	  EHOSTUNREACH, -EHOSTUNREACH, 1 },
	{ "of two that fail the first counts, if it fails first", 1, 1,
	  EHOSTUNREACH, -ECONNREFUSED, 1 },
	{ "one that answers counts, though the next one is refused", 2, 2, 0,
	  0, 1 },
	{ "one that answers counts, though the first one is refused", 1, 1, 0,
	  0, 2 },
};

static void
is_the_result(void **state)
{
	const struct loss *l = *state;
	struct ip ip = { .b = { 192, 0, 2, 1 } };
	struct dial_set set;
	struct addr peer;
	int r;

	dial_init(&set, 80);
	for (; ip.b[3] <= 2; ip.b[3]++)
		assert_int_equal(0, dial_add(&set, &ip));
	now_ms = START_MS;
	connects = 0;
	refused = l->refused;
	polls_left = l->polls;
	ended_with = l->ended_with;
	r = dial_connect(&set, START_MS + 9 * DIAL_STAGGER_MS, &peer);
	refused = polls_left = 0;
	if (l->r == 0)
		assert_int_equal(0, close(r));
	else
		assert_int_equal(l->r, r);
	addr_ip(&ip, &peer);
	assert_int_equal(l->peer, ip.b[3]);
	dial_end(&set);
}

/* A second close of a number that another one has by now would be its end. */
static void
each_attempt_is_closed_once(void **state)
{
	struct ip ip = { .b = { 192, 0, 2, 1 } };
	struct dial_set set;
	struct addr peer;
	int r;

	(void)state;
	dial_init(&set, 80);
	for (; ip.b[3] <= 4; ip.b[3]++)
		assert_int_equal(0, dial_add(&set, &ip));
	now_ms = START_MS;
	connects = bad_closes = 0;
	polls_left = 4;
	ended_with = EHOSTUNREACH;
	last_connects = true;
	r = dial_connect(&set, START_MS + 9 * DIAL_STAGGER_MS, &peer);
	last_connects = false;
	assert_true(r >= 0);
	assert_int_equal(0, close(r));
	assert_int_equal(0, bad_closes);
	addr_ip(&ip, &peer);
	assert_int_equal(4, ip.b[3]);
	dial_end(&set);
}

/* "Address not available" would hide that nobody listens. */
static void
a_family_that_is_not_there_says_least(void **state)
{
	static const struct {
		int missing, refused, r;
		unsigned char peer;
	} cases[] = {
		{ 1, 2, -ECONNREFUSED, 2 }, { 2, 1, -ECONNREFUSED, 1 },
		{ 1, 0, -EHOSTUNREACH, 2 },
	};
	struct dial_set set;
	struct addr peer;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ip ip = { .b = { 192, 0, 2, 1 } };

		dial_init(&set, 80);
		for (; ip.b[3] <= 2; ip.b[3]++)
			assert_int_equal(0, dial_add(&set, &ip));
		now_ms = START_MS;
		connects = 0;
		missing = cases[i].missing;
		refused = cases[i].refused;
		polls_left = 1;
		ended_with = EHOSTUNREACH;
		assert_int_equal(cases[i].r, dial_connect(
			&set, START_MS + DIAL_STAGGER_MS, &peer));
		missing = refused = polls_left = 0;
		addr_ip(&ip, &peer);
		assert_int_equal(cases[i].peer, ip.b[3]);
		dial_end(&set);
	}
}

static void
an_empty_set_has_nobody(void **state)
{
	struct dial_set set;
	struct addr peer;

	(void)state;
	dial_init(&set, 80);
	assert_int_equal(ERR_RESOLVE, dial_connect(&set, START_MS, &peer));
	assert_int_equal(0, peer.len);
}

static const struct wait {
	const char *name;
	int         timeout_ms;
} waits[] = {
	{ "a time that is over", -1 },
	{ "no time", 0 },
	{ "a millisecond", 1 },
	{ "less than a second", 30 },
	{ "more than a second", 1001 },
};

/* A socket of a name that only this test has, whose listener takes one client
 * and no more. */
static int
listen_for_one(struct addr *at)
{
	char name[64];
	struct buf b = buf_over(name, sizeof name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	buf_fmt(&b, "@hale-unit-dial-%d", (int)getpid());
	assert_int_equal(0, addr_set_unix(at, buf_span(&b)));
	assert_int_equal(0, bind(fd, &at->any, at->len));
	assert_int_equal(0, listen(fd, 0));
	return fd;
}

/* The kernel waits there, by its own clock. */
static void
is_how_long_a_full_unix_socket_is_waited_for(void **state)
{
	const struct wait *w = *state;
	struct addr at;
	int listener = listen_for_one(&at), client;

	now_ms = START_MS;
	client = dial_unix(&at, START_MS + w->timeout_ms);
	assert_true(client >= 0);
	assert_true((fcntl(client, F_GETFL) & O_NONBLOCK) != 0);
	assert_true((fcntl(client, F_GETFD) & FD_CLOEXEC) != 0);
	assert_int_equal(ERR_TIMEOUT,
	                 dial_unix(&at, START_MS + w->timeout_ms));
	close(client);
	close(listener);
	assert_int_equal(-ECONNREFUSED, dial_unix(&at, CLOCK_NEVER));
}

static void
a_unix_path_has_to_fit_an_address(void **state)
{
	char path[sizeof((struct sockaddr_un *)NULL)->sun_path];

	(void)state;
	memset(path, '/', sizeof path);
	assert_false(dial_is_unix(span_of("")));
	assert_true(dial_is_unix(span_of("@")));
	assert_true(dial_is_unix((struct span){ path, sizeof path - 1 }));
	assert_false(dial_is_unix((struct span){ path, sizeof path }));
}

int
main(void)
{
	UNIT_ROWS(is_how_long_a_full_unix_socket_is_waited_for, waits);
	UNIT_TEST(a_unix_path_has_to_fit_an_address);
	UNIT_TEST(one_deadline_holds_for_all_addresses);
	UNIT_ROWS(is_the_result, losses);
	UNIT_TEST(a_race_has_a_bound);
	UNIT_TEST(each_attempt_is_closed_once);
	UNIT_TEST(a_family_that_is_not_there_says_least);
	UNIT_TEST(an_empty_set_has_nobody);
	UNIT_TEST(a_set_has_a_bound);
	return unit_run("client/dial");
}
