/* SPDX-License-Identifier: MIT */
/*
 * client/nameserver.c - the rounds: which server is asked, and who is believed
 *
 * A server's inability (SERVFAIL, REFUSED, NOTIMP, a lame or broken answer) is
 * kept until the next server is asked. One usable answer ends the rounds, as
 * in glibc: the other family is left.
 */
#include "client/nameserver.h"

#include <errno.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/err.h"
#include "client/query.h"

/* What answers the question, if only with no. */
#define USABLE   (QUERY_FOUND | QUERY_SET(DNS_NODATA) \
                  | QUERY_SET(DNS_DANGLING) | QUERY_SET(DNS_NXDOMAIN) \
                  | QUERY_SET(DNS_FORMERR) | QUERY_SET(DNS_OTHER))
/* What the list of what the servers did has words for. */
#define FAILURES (QUERY_SET(DNS_SERVFAIL) | QUERY_SET(DNS_REFUSED) \
                  | QUERY_SET(DNS_NOTIMP) | QUERY_SET(DNS_FORMERR) \
                  | QUERY_SET(DNS_LAME) | QUERY_TRUNCATED \
                  | QUERY_SET(DNS_OTHER))

/* A usable answer; as in glibc a no to the second question is none while the
 * first one has not been answered. */
static bool
has_answer(const struct queries *qs)
{
	return query_count(qs, QUERY_FOUND) > 0
	    || (query_count(qs, USABLE) > 0 && qs->of[0].says != QUERY_NOTHING);
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

/* What came of asking it, which ended with r: what it says that it cannot do,
 * before an error of the connection. */
static void
note_failure(struct nameserver *of, const struct queries *qs, int r)
{
	unsigned set = r == 0 ? FAILURES : FAILURES & ~QUERY_TRUNCATED;

	of->failed = r;
	for (size_t i = 0; i < qs->n; i++)
		if (query_is_in(qs->of[i].says, set)
		 && of->failed != DNS_SERVFAIL)
			of->failed = qs->of[i].says;
	of->is_silent = of->failed == ERR_TIMEOUT && !has_answer(qs);
}

/* One server. True: it has an answer. */
static bool
try_server(struct nameservers *s, size_t i, struct queries *qs)
{
	struct nameserver *to = &s->at[i];
	int r = 0;

	for (size_t k = 0; k < qs->n; k++) {
		qs->of[k].is_sent = false;
		qs->of[k].says = QUERY_NOTHING;
	}
	to->by_tcp = s->conf->use_vc;
	if (!to->by_tcp)
		r = query_udp(s, to, qs, slot_end(s, i));
	if (r == 0 && query_count(qs, QUERY_UNFINISHED) > 0) {
		to->by_tcp = true;
		query_close(to);	/* there may be no descriptor for two */
		r = query_tcp(s, to, qs, slot_end(s, i));
	}
	s->who = i;
	note_failure(to, qs, r);
	if (!has_answer(qs))
		query_close(to);
	return has_answer(qs);
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
	return query_is_in(says, USABLE);
}

static int
verdict(const struct queries *qs)
{
	int first = qs->of[0].says;

	if (qs->n < 2 || rank(first) >= rank(qs->of[1].says))
		return first;
	return qs->of[1].says;
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
add_question(struct queries *qs, struct span name, enum dns_type type,
             uint16_t id, bool edns)
{
	qs->of[qs->n++].q = (struct dns_question){
		.name = name, .type = type, .id = id, .edns = edns,
	};
}

/* The questions. False: there is no random number for their ids, see errno. */
static bool
start(const struct nameservers *s, struct queries *qs, struct span name)
{
	uint16_t ids[2];

	qs->n = 0;
	if (getrandom(ids, sizeof ids, 0) < 0)	/* so few come whole, or not */
		return false;
	if (s->family != AF_INET6)
		add_question(qs, name, DNS_A, ids[0], s->conf->edns0);
	if (s->family != AF_INET && (qs->n == 0 || !s->conf->no_aaaa))
		add_question(qs, name, DNS_AAAA, ids[1], s->conf->edns0);
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
nameservers_find(struct nameservers *s, struct span name)
{
	size_t speaking = put_silent_last(s);
	struct queries qs;

	if (!start(s, &qs, name))
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
			if (try_server(s, i, &qs))
				return verdict(&qs);
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
		query_close(&s->at[i]);
}
