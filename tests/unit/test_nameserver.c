/* SPDX-License-Identifier: MIT */
/* who is asked, when, and what is believed: a scripted network in virtual time
 * */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "client/nameserver.h"

#define START_MS  1000
#define SILENT    (-1)
#define NOT_THERE (-2)	/* ICMP says so */
#define FDS_MAX   64
#define MAILS_MAX 64

/* What a server does with a question; the first rule that fits holds. */
struct rule {
	int         server;	/* last byte of its address; 0: any */
	int         type;	/* of the question; 0: any */
	const char *name;	/* its first label; NULL: any */
	int         delay_ms;	/* or SILENT, NOT_THERE */
	int         rcode;
	int         answers;	/* addresses */
	int         from;	/* which of its datagrams on it holds, from 0 */
};

struct mail {
	int64_t       at_ms;
	int           fd;
	size_t        len;
	unsigned char bytes[600];
};

static const struct rule *rules;
static size_t  n_rules;
static int64_t now_ms;
static int     server_of[FDS_MAX];
static bool    is_tcp[FDS_MAX], is_gone[FDS_MAX];
static bool    is_flooding;	/* something comes every millisecond */
static struct mail mails[MAILS_MAX];
static size_t  n_mails;
static int     asked[8];	/* datagrams and TCP questions, by server */
static int     opened;		/* sockets */
static uint16_t next_id;

int64_t __wrap_clock_ms(void);
int __wrap_clock_wait_ms(int64_t deadline_ms);
int __wrap_poll(struct pollfd *fds, nfds_t n, int wait_ms);
int __wrap_socket(int family, int type, int protocol);
int __wrap_connect(int fd, const struct sockaddr *at, socklen_t len);
ssize_t __wrap_send(int fd, const void *p, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *p, size_t len, int flags);
int __wrap_getsockopt(int fd, int level, int name, void *p, socklen_t *len);
ssize_t __wrap_getrandom(void *p, size_t len, unsigned flags);

int64_t
__wrap_clock_ms(void)
{
	return now_ms;
}

int
__wrap_clock_wait_ms(int64_t deadline_ms)
{
	if (deadline_ms == CLOCK_NEVER)
		return -1;
	return deadline_ms <= now_ms ? 0 : (int)(deadline_ms - now_ms);
}

static struct mail *
first_mail(int fd)
{
	struct mail *first = NULL;

	for (size_t i = 0; i < n_mails; i++)
		if (mails[i].fd == fd && mails[i].len > 0
		 && (first == NULL || mails[i].at_ms < first->at_ms))
			first = &mails[i];
	return first;
}

int
__wrap_poll(struct pollfd *fds, nfds_t n, int wait_ms)
{
	struct mail *m = first_mail(fds[0].fd);

	assert_int_equal(1, n);
	assert_in_range(wait_ms, 1, 1000000);	/* never for ever */
	if ((fds[0].events & POLLOUT) != 0 || is_gone[fds[0].fd]
	 || is_flooding)
		return 1;
	if (m != NULL && m->at_ms <= now_ms + wait_ms) {
		if (m->at_ms > now_ms)
			now_ms = m->at_ms;
		return 1;
	}
	now_ms += wait_ms;
	return 0;
}

int
__wrap_socket(int family, int type, int protocol)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)family;
	(void)protocol;
	assert_in_range(fd, 0, FDS_MAX - 1);
	assert_true((type & SOCK_NONBLOCK) != 0 && (type & SOCK_CLOEXEC) != 0);
	is_tcp[fd] = (type & SOCK_STREAM) != 0;
	is_gone[fd] = false;
	for (size_t i = 0; i < n_mails; i++)	/* of an earlier one */
		if (mails[i].fd == fd)
			mails[i].len = 0;
	opened++;
	return fd;
}

int
__wrap_connect(int fd, const struct sockaddr *at, socklen_t len)
{
	const struct sockaddr_in *v4 = (const void *)at;

	assert_int_equal(sizeof *v4, len);
	assert_int_equal(htons(53), v4->sin_port);
	server_of[fd] = (int)(ntohl(v4->sin_addr.s_addr) & 255);
	errno = EINPROGRESS;
	return is_tcp[fd] ? -1 : 0;
}

int
__wrap_getsockopt(int fd, int level, int name, void *p, socklen_t *len)
{
	(void)fd;
	(void)level;
	(void)name;
	memset(p, 0, *len);
	return 0;
}

ssize_t
__wrap_getrandom(void *p, size_t len, unsigned flags)
{
	unsigned char *to = p;

	(void)flags;
	for (size_t i = 0; i < len; i++)
		to[i] = (unsigned char)next_id++;
	return (ssize_t)len;
}

static const struct rule *
rule_for(int server, const unsigned char *q, size_t len)
{
	int type = q[len - 3];

	for (size_t i = 0; i < n_rules; i++) {
		const struct rule *r = &rules[i];

		if ((r->server == 0 || r->server == server)
		 && (r->type == 0 || r->type == type)
		 && (r->name == NULL
		     || memcmp(q + 13, r->name, strlen(r->name)) == 0)
		 && asked[server] >= r->from)
			return r;
	}
	return NULL;
}

/* An answer to q behind a TCP length, or without. */
static void
post(int fd, const struct rule *r, const unsigned char *q, size_t len)
{
	struct mail *m = &mails[n_mails++];
	unsigned char *p = m->bytes;
	size_t size = q[len - 3] == DNS_A ? 4 : 16;
	size_t all = len + (size_t)r->answers * (12 + size);

	assert_true(n_mails < MAILS_MAX);
	m->at_ms = now_ms + r->delay_ms;
	m->fd = fd;
	if (is_tcp[fd]) {
		*p++ = (unsigned char)(all >> 8);
		*p++ = (unsigned char)all;
	}
	memcpy(p, q, len);
	p[2] = 0x81;
	p[3] = (unsigned char)(0x80 | (r->rcode & 15));
	if (r->rcode == 16 && !is_tcp[fd])	/* truncated */
		p[2] |= 2;
	p[7] = (unsigned char)r->answers;
	p += len;
	for (int i = 0; i < r->answers; i++) {
		static const unsigned char head[] = { 0xc0, 12, 0, 0, 0, 1 };

		memset(p, 0, 12 + size);
		memcpy(p, head, sizeof head);
		p[3] = q[len - 3];
		p[11] = (unsigned char)size;
		p[11 + size] = (unsigned char)(i + 1);
		p += 12 + size;
	}
	m->len = (size_t)(p - m->bytes);
}

static void
ask(int fd, const unsigned char *q, size_t len)
{
	const struct rule *r = rule_for(server_of[fd], q, len);

	asked[server_of[fd]]++;
	if (r == NULL || r->delay_ms == SILENT)
		return;
	if (r->delay_ms == NOT_THERE)
		is_gone[fd] = true;
	else
		post(fd, r, q, len);
}

ssize_t
__wrap_send(int fd, const void *p, size_t len, int flags)
{
	const unsigned char *q = p, *end = q + len;

	assert_int_equal(MSG_NOSIGNAL, flags);
	if (!is_tcp[fd])
		ask(fd, q, len);
	else
		for (; q < end; q += 2 + q[1])
			ask(fd, q + 2, q[1]);
	return (ssize_t)len;
}

ssize_t
__wrap_recv(int fd, void *p, size_t len, int flags)
{
	struct mail *m = first_mail(fd);
	size_t n;

	(void)flags;
	if (is_flooding) {
		memset(p, 'x', 1);
		now_ms++;
		return 1;
	}
	if (is_gone[fd]) {
		is_gone[fd] = false;
		errno = ECONNREFUSED;
		return -1;
	}
	if (m == NULL) {
		errno = EAGAIN;
		return -1;
	}
	n = m->len < len ? m->len : len;
	memcpy(p, m->bytes, n);
	memmove(m->bytes, m->bytes + n, m->len - n);
	m->len = is_tcp[fd] ? m->len - n : 0;
	return (ssize_t)n;
}

static struct dial_set found;
static struct nameservers servers;

static void
begin(const struct resolvconf *conf, int family, int timeout_ms,
      const struct rule *with, size_t n)
{
	rules = with;
	n_rules = n;
	now_ms = START_MS;
	n_mails = 0;
	opened = 0;
	memset(asked, 0, sizeof asked);
	dial_end(&found);
	dial_init(&found, 80);
	assert_int_equal(0, dial_make_room(&found));
	assert_int_equal(0, nameservers_init(&servers, conf, family,
		timeout_ms == 0 ? CLOCK_NEVER : START_MS + timeout_ms, &found));
}

static struct resolvconf
conf_of(size_t n, const char *options)
{
	static char text[256];
	struct buf b = buf_over(text, sizeof text);
	struct resolvconf conf;

	for (size_t i = 0; i < n; i++)
		buf_fmt(&b, "nameserver 10.0.0.%u\n", (unsigned)i + 1);
	buf_fmt(&b, "options %s\n", options);
	resolvconf_read(&conf, buf_span(&b), span_of(""));
	assert_int_equal(n, conf.servers_n);
	return conf;
}

#define OK(server, delay) { server, 0, NULL, delay, 0, 1, 0 }
#define SAYS(server, rcode) { server, 0, NULL, 1, rcode, 0, 0 }
#define IS_SILENT(server) { server, 0, NULL, SILENT, 0, 0, 0 }
#define IS_GONE(server) { server, 0, NULL, NOT_THERE, 0, 0, 0 }

/* Servers in order, each with its time; what counts as an answer. */
static void
the_servers_are_asked_as_glibc_asks(void **state)
{
	static const struct {
		const char *what;
		size_t      n;
		const char *options;
		int         timeout_ms;	/* 0: none */
		struct rule rules[4];
		int         result;
		int64_t     ms;		/* that pass */
		int         asked[3];	/* questions, by server */
	} cases[] = {
		{ "one server", 1, "", 0, { OK(1, 5) }, DNS_FOUND, 5, { 2 } },
		{ "no such name", 1, "", 0, { SAYS(1, 3) }, DNS_NXDOMAIN, 1, { 2 } },
		{ "no data", 1, "", 0, { SAYS(1, 0) }, DNS_NODATA, 1, { 2 } },
		{ "the first one's no is believed", 2, "", 0,
		  { SAYS(1, 3), OK(2, 0) }, DNS_NXDOMAIN, 1, { 2, 0 } },
		{ "the first one is slower", 2, "", 0,
		  { OK(1, 2000), SAYS(2, 3) }, DNS_FOUND, 2000, { 2, 0 } },
		{ "a failure is the next one's turn", 3, "", 0,
		  { SAYS(1, 2), SAYS(2, 5), OK(3, 1) }, DNS_FOUND, 3, { 2, 2, 2 } },
		{ "not implemented, too", 2, "", 0,
		  { SAYS(1, 4), OK(2, 1) }, DNS_FOUND, 2, { 2, 2 } },
		{ "a format error is an answer", 2, "", 0,
		  { SAYS(1, 1), OK(2, 1) }, DNS_FORMERR, 1, { 2, 0 } },
		{ "nobody there", 2, "", 0,
		  { IS_GONE(1), OK(2, 1) }, DNS_FOUND, 1, { 2, 2 } },
		{ "all refuse: at once, twice", 1, "", 0,
		  { SAYS(1, 5) }, DNS_REFUSED, 2, { 4 } },
		{ "one failure among refusals", 2, "attempts:1", 0,
		  { SAYS(1, 2), SAYS(2, 5) }, DNS_SERVFAIL, 2, { 2, 2 } },
		{ "all gone", 2, "attempts:1", 0,
		  { IS_GONE(1), IS_GONE(2) }, ERR_NAMESERVER, 0, { 2, 2 } },
		{ "silence: asked again in the middle, then the next", 2, "", 0,
		  { IS_SILENT(1), OK(2, 1) }, DNS_FOUND, 5001, { 4, 2 } },
		{ "all silent", 1, "timeout:2 attempts:3", 0,
		  { IS_SILENT(1) }, ERR_NAMESERVER, 6000, { 12 } },
		{ "a lost datagram", 1, "timeout:2", 0,
		  { { 1, 0, NULL, 1, 0, 1, 2 }, IS_SILENT(1) },
		  DNS_FOUND, 1001, { 4 } },
		{ "an answer to the first question comes late", 1, "timeout:2", 0,
		  { { 1, 0, NULL, SILENT, 0, 0, 2 }, OK(1, 1500) },
		  DNS_FOUND, 1500, { 4 } },
		/* The deadline's time is shared out. */
		{ "a silent one leaves the next its share", 2, "", 1000,
		  { IS_SILENT(1), OK(2, 1) }, DNS_FOUND, 501, { 4, 2 } },
		{ "a silent one of three", 3, "", 900,
		  { IS_SILENT(1), IS_SILENT(2), OK(3, 1) },
		  DNS_FOUND, 601, { 4, 4, 2 } },
		{ "all silent until the deadline", 2, "", 1000,
		  { IS_SILENT(0) }, ERR_TIMEOUT, 1000, { 4, 4 } },
		{ "no time left", 1, "", -1, { OK(1, 1) }, ERR_TIMEOUT, 0, { 0 } },
		{ "a silent one is left out of the second round", 2, "timeout:1", 0,
		  { IS_SILENT(1), SAYS(2, 5) }, DNS_REFUSED, 1002, { 4, 4 } },
		/* One family is enough. */
		{ "AAAA does not exist", 1, "", 0,
		  { { 1, DNS_A, NULL, 1, 0, 1, 0 }, SAYS(1, 3) },
		  DNS_FOUND, 1, { 2 } },
		{ "AAAA fails", 2, "", 0,
		  { { 1, DNS_A, NULL, 1, 0, 1, 0 }, SAYS(1, 2) },
		  DNS_FOUND, 1, { 2, 0 } },
		{ "A fails, AAAA comes later", 2, "", 0,
		  { { 1, DNS_AAAA, NULL, 9, 0, 1, 0 }, SAYS(1, 5) },
		  DNS_FOUND, 9, { 2, 0 } },
		{ "AAAA is silent", 1, "", 0,
		  { { 1, DNS_A, NULL, 1, 0, 1, 0 }, IS_SILENT(1) },
		  DNS_FOUND, 1 + NAMESERVER_OTHER_MS, { 3 } },
		{ "AAAA is silent and time short", 1, "", 401,
		  { { 1, DNS_A, NULL, 1, 0, 1, 0 }, IS_SILENT(1) },
		  DNS_FOUND, 201, { 3 } },
		{ "A's no counts before AAAA's", 1, "", 0,
		  { { 1, DNS_A, NULL, 1, 3, 0, 0 }, SAYS(1, 0) },
		  DNS_NXDOMAIN, 1, { 2 } },
		{ "AAAA's no is none while A is silent", 2, "timeout:1", 0,
		  { { 1, DNS_AAAA, NULL, 1, 0, 0, 0 }, IS_SILENT(1), OK(2, 1) },
		  DNS_FOUND, 1001, { 3, 2 } },
		{ "A's no is one while AAAA is silent", 2, "timeout:1", 0,
		  { { 1, DNS_A, NULL, 1, 0, 0, 0 }, IS_SILENT(1), OK(2, 1) },
		  DNS_NODATA, 1000, { 3, 0 } },
		{ "A does not exist: AAAA has not much time left", 1, "", 0,
		  { { 1, DNS_A, NULL, 1, 3, 0, 0 }, IS_SILENT(1) },
		  DNS_NXDOMAIN, 1 + NAMESERVER_OTHER_MS, { 3 } },
		{ "AAAA's no data gives way to a format error", 1, "", 0,
		  { { 1, DNS_A, NULL, 1, 0, 0, 0 }, SAYS(1, 1) },
		  DNS_FORMERR, 1, { 2 } },
		/* TCP. */
		{ "truncated", 1, "", 0, { { 1, 0, NULL, 1, 16, 1, 0 } },
		  DNS_FOUND, 2, { 4 } },
		{ "one of them truncated", 1, "", 0,
		  { { 1, DNS_A, NULL, 1, 16, 1, 0 }, OK(1, 1) },
		  DNS_FOUND, 2, { 3 } },
		{ "use-vc", 1, "use-vc", 0, { OK(1, 1) }, DNS_FOUND, 1, { 2 } },
		{ "a format error with EDNS0 only", 1, "edns0", 0,
		  { { 1, 0, NULL, 1, 0, 1, 2 }, SAYS(1, 1) },
		  DNS_FOUND, 2, { 4 } },
		{ "not implemented with EDNS0 only", 1, "edns0", 0,
		  { { 1, 0, NULL, 1, 0, 1, 2 }, SAYS(1, 4) },
		  DNS_FOUND, 2, { 4 } },
		/* One after the other. */
		{ "single-request", 1, "single-request", 0, { OK(1, 5) },
		  DNS_FOUND, 10, { 2 } },
		{ "no-aaaa", 1, "no-aaaa", 0, { OK(1, 5) }, DNS_FOUND, 5, { 1 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct resolvconf conf = conf_of(cases[i].n, cases[i].options);
		int64_t took_ms;
		size_t n = 0;
		int r;

		while (n < 4 && (cases[i].rules[n].delay_ms != 0
		              || cases[i].rules[n].answers != 0
		              || cases[i].rules[n].server != 0))
			n++;
		begin(&conf, AF_UNSPEC, cases[i].timeout_ms, cases[i].rules, n);
		r = nameservers_find(&servers, span_of("a.test"));
		nameservers_end(&servers);
		took_ms = now_ms - START_MS;
		if (r != cases[i].result || took_ms != cases[i].ms
		 || memcmp(asked + 1, cases[i].asked,
		           sizeof cases[i].asked) != 0)
			fail_msg("%s: %d after %d ms, asked %d %d %d",
			         cases[i].what, r, (int)took_ms,
			         asked[1], asked[2], asked[3]);
		if ((r == DNS_FOUND) != (found.n > 0))
			fail_msg("%s: %zu addresses", cases[i].what, found.n);
	}
}

static void
a_silent_server_costs_its_time_once_in_a_look_up(void **state)
{
	static const struct rule with[] = { IS_SILENT(1), SAYS(2, 3) };
	struct resolvconf conf = conf_of(2, "timeout:3");
	char text[128];
	struct buf b = buf_over(text, sizeof text);

	(void)state;
	begin(&conf, AF_UNSPEC, 0, with, 2);
	for (int i = 0; i < 5; i++)
		assert_int_equal(DNS_NXDOMAIN,
		                 nameservers_find(&servers, span_of("a.b")));
	assert_int_equal(3005, now_ms - START_MS);
	assert_int_equal(4, asked[1]);
	assert_int_equal(10, asked[2]);
	assert_int_equal(2, opened);	/* a socket each */
	ip_write(&b, &servers.at[servers.who].ip);
	assert_string_equal("10.0.0.2", buf_text(&b));
	nameservers_end(&servers);
}

/* It is never quiet, and yet has no more time than one that is silent. */
static void
a_flood_of_what_is_no_answer_has_an_end(void **state)
{
	static const struct rule with[] = { IS_SILENT(1) };
	struct resolvconf conf = conf_of(1, "timeout:1");

	(void)state;
	begin(&conf, AF_INET, 0, with, 1);
	is_flooding = true;
	assert_int_equal(ERR_NAMESERVER,
	                 nameservers_find(&servers, span_of("a.test")));
	is_flooding = false;
	assert_int_equal(2000, now_ms - START_MS);
	assert_int_equal(4, asked[1]);
	nameservers_end(&servers);
}

/* The only server is asked again: one name's upstream was silent. */
static void
a_server_alone_is_asked_for_every_name(void **state)
{
	static const struct rule with[] = {
		{ 1, 0, "slow", SILENT, 0, 0, 0 }, OK(1, 1),
	};
	struct resolvconf conf = conf_of(1, "timeout:1");

	(void)state;
	begin(&conf, AF_INET, 0, with, 2);
	assert_int_equal(ERR_NAMESERVER,
	                 nameservers_find(&servers, span_of("slow.test")));
	assert_int_equal(2000, now_ms - START_MS);
	assert_int_equal(DNS_FOUND,
	                 nameservers_find(&servers, span_of("a.test")));
	assert_int_equal(2001, now_ms - START_MS);
	nameservers_end(&servers);
}

static void
single_request_reopen_takes_a_socket_each(void **state)
{
	static const struct rule with[] = { OK(1, 1) };
	struct resolvconf conf = conf_of(1, "single-request-reopen");

	(void)state;
	begin(&conf, AF_UNSPEC, 0, with, 1);
	assert_int_equal(DNS_FOUND,
	                 nameservers_find(&servers, span_of("a.test")));
	assert_int_equal(2, opened);
	assert_int_equal(2, found.n);
	nameservers_end(&servers);
}

static void
a_failure_names_each_server_and_what_it_did(void **state)
{
	static const struct rule with[] = {
		IS_SILENT(1), SAYS(2, 5), IS_GONE(3),
	};
	struct resolvconf conf = conf_of(3, "timeout:1 attempts:1");
	char text[256];
	struct buf b = buf_over(text, sizeof text);

	(void)state;
	begin(&conf, AF_INET, 0, with, 3);
	assert_int_equal(DNS_REFUSED,
	                 nameservers_find(&servers, span_of("a.test")));
	nameservers_write(&b, &servers);
	assert_string_equal("10.0.0.1 (timed out), "
	                    "10.0.0.2 (question refused), "
	                    "10.0.0.3 (Connection refused)", buf_text(&b));
	nameservers_end(&servers);
}

int
main(void)
{
	UNIT_TEST(the_servers_are_asked_as_glibc_asks);
	UNIT_TEST(a_silent_server_costs_its_time_once_in_a_look_up);
	UNIT_TEST(a_flood_of_what_is_no_answer_has_an_end);
	UNIT_TEST(a_server_alone_is_asked_for_every_name);
	UNIT_TEST(single_request_reopen_takes_a_socket_each);
	UNIT_TEST(a_failure_names_each_server_and_what_it_did);
	return unit_run("client/nameserver");
}
