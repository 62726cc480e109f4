/* SPDX-License-Identifier: MIT */
/* client/query.c - one name server is asked for one name, over UDP or TCP */
#include "client/query.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/wait.h"
#include "net/sock.h"

/* see client/query.h */
size_t
query_count(const struct queries *qs, unsigned set)
{
	size_t n = 0;

	for (size_t i = 0; i < qs->n; i++)
		n += query_is_in(qs->of[i].says, set);
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

/* see client/query.h */
void
query_close(struct nameserver *of)
{
	if (of->fd >= 0)
		close(of->fd);
	of->fd = -1;
}

/* Takes the message for whichever question it answers, if any. */
static bool
take(struct nameservers *s, struct nameserver *from, struct queries *qs,
     struct span message)
{
	for (size_t i = 0; i < qs->n; i++) {
		struct query *of = &qs->of[i];
		int r = ERR_PARSE;

		if (of->is_sent && query_is_in(of->says, QUERY_UNFINISHED))
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
send_open(struct nameservers *s, struct nameserver *to, struct queries *qs)
{
	bool one = s->conf->single_request || s->conf->single_request_reopen;
	unsigned char query[DNS_QUERY_MAX];

	for (size_t i = 0; i < qs->n; i++) {
		struct query *of = &qs->of[i];

		if (of->says != QUERY_NOTHING)
			continue;
		if (!of->is_sent && i > 0 && s->conf->single_request_reopen)
			query_close(to);
		if (to->fd < 0)
			to->fd = open_to(to, SOCK_DGRAM);
		if (to->fd < 0)
			return to->fd;
		if (!of->is_sent
		 && send(to->fd, query, dns_write(query, &of->q),
		         MSG_NOSIGNAL) < 0
		 && errno != EAGAIN)	/* lost, as any datagram can be */
			return -errno;
		of->is_sent = true;
		if (one)
			break;
	}
	return 0;
}

/* Once one family has addresses, or the name does not exist, the other family
 * has not much time left. */
static void
hurry(const struct queries *qs, int64_t *again_ms, int64_t *end_ms)
{
	int64_t now_ms = clock_ms(), left_ms = (*end_ms - now_ms) / 2;

	if (query_count(qs, QUERY_OPEN) == 0
	 || (query_count(qs, QUERY_FOUND) == 0
	     && qs->of[0].says != DNS_NXDOMAIN))
		return;
	if (left_ms > NAMESERVER_OTHER_MS)
		left_ms = NAMESERVER_OTHER_MS;
	*end_ms = now_ms + left_ms;
	*again_ms = now_ms + left_ms / 2;
}

static void
send_again(struct queries *qs)
{
	for (size_t i = 0; i < qs->n; i++)
		qs->of[i].is_sent = qs->of[i].says != QUERY_NOTHING;
}

/* see client/query.h */
int
query_udp(struct nameservers *s, struct nameserver *to, struct queries *qs,
          int64_t end_ms)
{
	int64_t again_ms = clock_ms() + (end_ms - clock_ms()) / 2;
	ssize_t n;
	int r;

	while (query_count(qs, QUERY_OPEN) > 0) {
		r = send_open(s, to, qs);
		if (r < 0)
			return r;
		r = wait_for(to->fd, POLLIN,
		             again_ms < end_ms ? again_ms : end_ms);
		if (r == ERR_TIMEOUT && again_ms < end_ms) {
			again_ms = end_ms;
			send_again(qs);
			continue;
		}
		if (r < 0)
			return r;
		n = recv(to->fd, s->message, sizeof s->message, 0);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (n < 0)
			continue;
		if (take(s, to, qs, (struct span){ s->message, (size_t)n }))
			hurry(qs, &again_ms, &end_ms);
	}
	return 0;
}

/* All that is open or truncated, in one write. */
static int
send_tcp(int fd, struct queries *qs)
{
	unsigned char out[2 * (2 + DNS_QUERY_MAX)];
	size_t len = 0, n;
	ssize_t sent;

	for (size_t i = 0; i < qs->n; i++) {
		struct query *of = &qs->of[i];

		if (!query_is_in(of->says, QUERY_UNFINISHED))
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
	/* A new socket has room for it. */
	return (size_t)sent == len ? 0 : ERR_SHORT;
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
         struct queries *qs, int64_t *end_ms)
{
	const unsigned char *len = (const unsigned char *)s->message;
	size_t have = 0;
	int64_t unused;
	int r = fill(s, fd, &have, 2, *end_ms);

	if (r < 0)
		return r;
	r = fill(s, fd, &have, 2 + ((size_t)len[0] << 8 | len[1]), *end_ms);
	if (r == 0 && take(s, from, qs,
	                   (struct span){ s->message + 2, have - 2 }))
		hurry(qs, &unused, end_ms);
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

/* see client/query.h */
int
query_tcp(struct nameservers *s, struct nameserver *to, struct queries *qs,
          int64_t end_ms)
{
	int fd = open_to(to, SOCK_STREAM), r;

	if (fd < 0)
		return fd;
	r = connected(fd, end_ms);
	if (r == 0)
		r = send_tcp(fd, qs);
	while (r == 0 && query_count(qs, QUERY_UNFINISHED) > 0)
		r = read_tcp(s, to, fd, qs, &end_ms);
	close(fd);
	return r;
}
