/* SPDX-License-Identifier: MIT */
/* client/nameserver.c - ask name servers over UDP and TCP
 *
 * An `asking` is one name: a question for each family, with what was said to it.
 * NOTHING is "no usable answer yet"; a server's inability (SERVFAIL, REFUSED,
 * NOTIMP, a lame or broken answer) is kept too, until the next server is asked.
 * One usable answer ends the rounds, as in glibc: the other family is left.
 */
#include "client/nameserver.h"

#include <errno.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/wait.h"
#include "net/sock.h"

#define NOTHING 0	/* beside enum dns_says */

/* Sets of enum dns_says and NOTHING. */
#define SET(says) (1U << (says))
#define OPEN      SET(NOTHING)
#define FOUND     SET(DNS_FOUND)
#define TRUNCATED SET(DNS_TRUNCATED)
/* What answers the question, if only with no. */
#define USABLE    (FOUND | SET(DNS_NODATA) | SET(DNS_DANGLING) \
                   | SET(DNS_NXDOMAIN) | SET(DNS_FORMERR) | SET(DNS_OTHER))
/* What the list of what the servers did has words for. */
#define FAILURES  (SET(DNS_SERVFAIL) | SET(DNS_REFUSED) | SET(DNS_NOTIMP) \
                   | SET(DNS_FORMERR) | SET(DNS_LAME) | TRUNCATED \
                   | SET(DNS_OTHER))

struct asked {
	struct dns_question q;
	bool is_sent;
	int  says;	/* enum dns_says or NOTHING */
};

struct asking {
	struct asked of[2];
	size_t       n;
};

static bool
is_in(int says, unsigned set)
{
	return (SET(says) & set) != 0;
}

/* How many questions have an answer of the set? */
static size_t
count(const struct asking *a, unsigned set)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++)
		n += is_in(a->of[i].says, set);
	return n;
}

/* wait_fd(), but end_ms has come even if fd is ready: a flood must not outlast
 * it. */
static int
wait_for(int fd, short events, int64_t end_ms)
{
	return clock_wait_ms(end_ms) == 0 ? ERR_TIMEOUT
	                                  : wait_fd(fd, events, end_ms);
}

/* A socket that is connected, or connecting, to the server. */
static int
open_to(const struct nameserver *to, int type)
{
	struct addr at;
	bool unused;

	addr_set_ip(&at, &to->ip, NAMESERVER_PORT);
	return sock_start(&at, type, &unused);
}

static void
close_udp(struct nameserver *of)
{
	if (of->fd >= 0)
		close(of->fd);
	of->fd = -1;
}

/* Takes the message for whichever question it answers, if any. */
static bool
take(struct nameservers *s, struct nameserver *from, struct asking *a,
     struct span message)
{
	for (size_t i = 0; i < a->n; i++) {
		struct asked *of = &a->of[i];
		int r = ERR_PARSE;

		if (of->is_sent && is_in(of->says, OPEN | TRUNCATED))
			r = dns_read(&of->q, message, s->found->many,
			             DIAL_ADDRS_MAX, &s->found->n);
		if (r < 0)
			continue;
		from->is_heard = true;
		if (of->q.edns && (r == DNS_FORMERR || r == DNS_NOTIMP))
			of->q.edns = of->is_sent = false;	/* without it */
		else
			of->says = r;
		return true;
	}
	return false;
}

/* The questions that are open and not sent; only the first of them where one is
 * to follow the other's answer. */
static int
send_open(struct nameservers *s, struct nameserver *to, struct asking *a)
{
	bool one = s->conf->single_request || s->conf->single_request_reopen;
	unsigned char query[DNS_QUERY_MAX];

	for (size_t i = 0; i < a->n; i++) {
		struct asked *of = &a->of[i];

		if (of->says != NOTHING)
			continue;
		if (!of->is_sent && i > 0 && s->conf->single_request_reopen)
			close_udp(to);
		if (to->fd < 0)
			to->fd = open_to(to, SOCK_DGRAM);
		if (to->fd < 0)
			return to->fd;
		if (!of->is_sent
		 && send(to->fd, query, dns_write(query, &of->q), MSG_NOSIGNAL) < 0
		 && errno != EAGAIN)	/* lost, as any datagram can be */
			return -errno;
		of->is_sent = true;
		if (one)
			break;
	}
	return 0;
}

/* Once one family has addresses, or the name does not exist, the other family has
 * not much time left. */
static void
hurry(const struct asking *a, int64_t *again_ms, int64_t *end_ms)
{
	int64_t now_ms = clock_ms(), left_ms = (*end_ms - now_ms) / 2;

	if (count(a, OPEN) == 0 || (count(a, FOUND) == 0
	                                && a->of[0].says != DNS_NXDOMAIN))
		return;
	if (left_ms > NAMESERVER_OTHER_MS)
		left_ms = NAMESERVER_OTHER_MS;
	*end_ms = now_ms + left_ms;
	*again_ms = now_ms + left_ms / 2;
}

/* Asks over UDP until nothing is open. Returns 0, or why that is not so. */
static int
ask_udp(struct nameservers *s, struct nameserver *to, struct asking *a,
        int64_t end_ms)
{
	int64_t again_ms = clock_ms() + (end_ms - clock_ms()) / 2;
	ssize_t n;
	int r;

	while (count(a, OPEN) > 0) {
		r = send_open(s, to, a);
		if (r < 0)
			return r;
		r = wait_for(to->fd, POLLIN, again_ms < end_ms ? again_ms : end_ms);
		if (r == ERR_TIMEOUT && again_ms < end_ms) {
			again_ms = end_ms;
			for (size_t i = 0; i < a->n; i++)
				a->of[i].is_sent = a->of[i].says != NOTHING;
			continue;
		}
		if (r < 0)
			return r;
		n = recv(to->fd, s->message, sizeof s->message, 0);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (n < 0)
			continue;
		if (take(s, to, a, (struct span){ s->message, (size_t)n }))
			hurry(a, &again_ms, &end_ms);
	}
	return 0;
}

/* All that is open or truncated, in one write. */
static int
send_tcp(int fd, struct asking *a)
{
	unsigned char out[2 * (2 + DNS_QUERY_MAX)];
	size_t len = 0, n;
	ssize_t sent;

	for (size_t i = 0; i < a->n; i++) {
		struct asked *of = &a->of[i];

		if (!is_in(of->says, OPEN | TRUNCATED))
			continue;
		of->is_sent = true;
		n = dns_write(out + len + 2, &of->q);
		out[len] = (unsigned char)(n >> 8);
		out[len + 1] = (unsigned char)n;
		len += n + 2;
	}
	sent = send(fd, out, len, MSG_NOSIGNAL);
	if (sent < 0)
		return -errno;
	return (size_t)sent == len ? 0 : ERR_SHORT;	/* of a new socket's room */
}

/* Reads until message[] holds want bytes. */
static int
fill(struct nameservers *s, int fd, size_t *have, size_t want, int64_t end_ms)
{
	while (*have < want) {
		int r = wait_for(fd, POLLIN, end_ms);
		ssize_t n;

		if (r < 0)
			return r;
		n = recv(fd, s->message + *have, want - *have, 0);
		if (n == 0)
			return ERR_SHORT;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		*have += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* One message, which its length precedes (RFC 1035, 4.2.2). */
static int
read_tcp(struct nameservers *s, struct nameserver *from, int fd,
         struct asking *a, int64_t *end_ms)
{
	const unsigned char *len = (const unsigned char *)s->message;
	size_t have = 0;
	int64_t unused;
	int r = fill(s, fd, &have, 2, *end_ms);

	if (r < 0)
		return r;
	r = fill(s, fd, &have, 2 + ((size_t)len[0] << 8 | len[1]), *end_ms);
	if (r == 0 && take(s, from, a,
	                   (struct span){ s->message + 2, have - 2 }))
		hurry(a, &unused, end_ms);
	return r;
}

static int
connected(int fd, int64_t end_ms)
{
	int r = wait_for(fd, POLLOUT, end_ms), err = 0;
	socklen_t len = sizeof err;

	if (r > 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		err = errno;
	return r < 0 ? r : -err;
}

/* Asks over TCP for all that is open or truncated. */
static int
ask_tcp(struct nameservers *s, struct nameserver *to, struct asking *a,
        int64_t end_ms)
{
	int fd = open_to(to, SOCK_STREAM), r;

	if (fd < 0)
		return fd;
	r = connected(fd, end_ms);
	if (r == 0)
		r = send_tcp(fd, a);
	while (r == 0 && count(a, OPEN | TRUNCATED) > 0)
		r = read_tcp(s, to, fd, a, &end_ms);
	close(fd);
	return r;
}

/* A usable answer; as in glibc a no to the second question is none while the
 * first one has not been answered. */
static bool
has_answer(const struct asking *a)
{
	return count(a, FOUND) > 0
	    || (count(a, USABLE) > 0 && a->of[0].says != NOTHING);
}

/* Until when the server at i of this round has time: glibc's, which grows with
 * the server's place, or its share of what is left. */
static int64_t
slot_end(const struct nameservers *s, size_t i)
{
	int64_t ms = (int64_t)1000 << i, now_ms = clock_ms();

	ms *= s->conf->timeout_s;
	if (i > 0)
		ms /= (int64_t)s->n;
	if (ms < 1000)
		ms = 1000;
	if (s->deadline_ms != CLOCK_NEVER) {
		int64_t share_ms = (s->deadline_ms - now_ms)
		                 / (int64_t)(s->n - i);

		if (share_ms < ms)
			ms = share_ms;
	}
	return now_ms + ms;
}

/* One server. True: it has an answer. */
static bool
ask_one(struct nameservers *s, size_t i, struct asking *a)
{
	struct nameserver *to = &s->at[i];
	int r = 0;

	for (size_t k = 0; k < a->n; k++) {
		a->of[k].is_sent = false;
		a->of[k].says = NOTHING;
	}
	to->by_tcp = s->conf->use_vc;
	if (!to->by_tcp)
		r = ask_udp(s, to, a, slot_end(s, i));
	if (r == 0 && count(a, OPEN | TRUNCATED) > 0) {
		to->by_tcp = true;
		close_udp(to);	/* there may be no descriptor for two */
		r = ask_tcp(s, to, a, slot_end(s, i));
	}
	s->who = i;
	to->failed = r;
	for (size_t k = 0; k < a->n; k++)
		if (is_in(a->of[k].says, r == 0 ? FAILURES
		                                : FAILURES & ~TRUNCATED)
		 && to->failed != DNS_SERVFAIL)
			to->failed = a->of[k].says;
	to->is_silent = to->failed == ERR_TIMEOUT && !has_answer(a);
	if (!has_answer(a))
		close_udp(to);
	return has_answer(a);
}

/* How much an answer says beside the other question's: the first one's, where
 * they say as much. */
static int
rank(int says)
{
	switch (says) {
	case DNS_FOUND:
		return 4;
	case DNS_DANGLING:
		return 3;
	case DNS_NXDOMAIN:
	case DNS_FORMERR:
	case DNS_OTHER:
		return 2;
	}
	return is_in(says, USABLE);
}

static int
verdict(const struct asking *a)
{
	int first = a->of[0].says;

	if (a->n < 2 || rank(first) >= rank(a->of[1].says))
		return first;
	return a->of[1].says;
}

/* What to make of it where no server has an answer. */
static int
failure(const struct nameservers *s)
{
	int r = ERR_NAMESERVER;

	for (size_t i = 0; i < s->n; i++) {
		int failed = s->at[i].failed;

		if (err_is_shortage(failed))
			return failed;
		if (failed > 0 && r != DNS_SERVFAIL)
			r = failed;
	}
	return r > 0 || clock_wait_ms(s->deadline_ms) != 0 ? r : ERR_TIMEOUT;
}

static void
add_question(struct asking *a, struct span name, enum dns_type type,
             uint16_t id, bool edns)
{
	a->of[a->n++].q = (struct dns_question){
		.name = name, .type = type, .id = id, .edns = edns,
	};
}

/* The questions. False: there is no random number for their ids, see errno. */
static bool
start(const struct nameservers *s, struct asking *a, struct span name)
{
	uint16_t ids[2];

	a->n = 0;
	if (getrandom(ids, sizeof ids, 0) < 0)	/* so few come whole, or not */
		return false;
	if (s->family != AF_INET6)
		add_question(a, name, DNS_A, ids[0], s->conf->edns0);
	if (s->family != AF_INET && (a->n == 0 || !s->conf->no_aaaa))
		add_question(a, name, DNS_AAAA, ids[1], s->conf->edns0);
	return true;
}

/* Servers that stayed silent go to the end: the others know all that can be
 * known without waiting for them. Returns how many others there are. */
static size_t
put_silent_last(struct nameservers *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct nameserver one = s->at[i];

		if (one.is_silent)
			continue;
		memmove(&s->at[n + 1], &s->at[n], (i - n) * sizeof one);
		s->at[n++] = one;
	}
	return n;
}

/* Is there one that has spoken, and goes on speaking? */
static bool
is_any_heard(const struct nameservers *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].is_heard && !s->at[i].is_silent)
			return true;
	return false;
}

/* see client/nameserver.h */
int
nameservers_ask(struct nameservers *s, struct span name)
{
	size_t speaking = put_silent_last(s);
	struct asking a;

	if (!start(s, &a, name))
		return -errno;
	for (size_t i = 0; i < s->n; i++)
		s->at[i].failed = s->at[i].is_silent ? ERR_TIMEOUT : 0;
	for (unsigned round = 0; round < s->conf->attempts; round++)
		for (size_t i = 0; i < s->n; i++) {
			if (s->at[i].is_silent
			 && (is_any_heard(s) || (i >= speaking && round > 0)))
				continue;
			if (clock_wait_ms(s->deadline_ms) == 0)
				return failure(s);
			if (ask_one(s, i, &a))
				return verdict(&a);
		}
	return failure(s);
}

static void
write_failed(struct buf *b, const struct nameserver *of)
{
	static const char *const says[] = {
		[DNS_SERVFAIL] = "server failure",
		[DNS_REFUSED] = "question refused",
		[DNS_NOTIMP] = "not implemented",
		[DNS_FORMERR] = "format error",
		[DNS_LAME] = "not responsible, offers no recursion",
		[DNS_TRUNCATED] = "truncated",
		[DNS_OTHER] = "an unknown error",
	};

	ip_write(b, &of->ip);
	buf_fmt(b, " (%s%s)", of->by_tcp ? "over TCP: " : "",
	        of->failed == -EINVAL ? "no interface leads to it" :
	        of->failed < 0 ? err_text(of->failed) : says[of->failed]);
}

/* see client/nameserver.h */
void
nameservers_write(struct buf *b, const struct nameservers *s)
{
	size_t before = b->len;

	for (size_t i = 0; i < s->n; i++) {
		if (s->at[i].failed == 0)
			continue;	/* not asked */
		buf_str(b, b->len > before ? ", " : "");
		write_failed(b, &s->at[i]);
	}
	if (b->len == before)
		buf_str(b, "no time was left to ask");
}

/* see client/nameserver.h */
int
nameservers_init(struct nameservers *s, const struct resolvconf *conf,
                 int family, int64_t deadline_ms, struct dial_set *found)
{
	unsigned char first = 0;

	s->conf = conf;
	s->family = family;
	s->deadline_ms = deadline_ms;
	s->n = s->who = 0;
	s->found = found;
	if (conf->rotate && getrandom(&first, 1, 0) < 0)
		return -errno;
	s->n = conf->servers_n;
	for (size_t i = 0; i < s->n; i++)
		s->at[i] = (struct nameserver){
			.ip = conf->servers[(first + i) % s->n].ip,
			.fd = -1,
		};
	return 0;
}

/* see client/nameserver.h */
void
nameservers_end(struct nameservers *s)
{
	for (size_t i = 0; i < s->n; i++)
		close_udp(&s->at[i]);
}
