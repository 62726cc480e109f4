/* SPDX-License-Identifier: MIT */
/* client/dial.c - connect to the first address that answers */
#include "client/dial.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"

/* see client/dial.h */
void
dial_init(struct dial_set *set, uint16_t port)
{
	set->un.len = 0;
	set->port = port;
	set->n = 0;
	set->many = NULL;
}

/* see client/dial.h */
void
dial_end(struct dial_set *set)
{
	free(set->many);
	set->many = NULL;
	set->n = 0;
}

/* see client/dial.h */
int
dial_make_room(struct dial_set *set)
{
	if (set->many != NULL)
		return 0;
	/* Pages of it that no address comes to are never touched. */
	set->many = malloc(DIAL_ADDRS_MAX * sizeof *set->many);
	if (set->many == NULL)
		return -ENOMEM;
	memcpy(set->many, set->few, set->n * sizeof set->few[0]);
	return 0;
}

/* see client/dial.h */
int
dial_add(struct dial_set *set, const struct ip *ip)
{
	if (set->n == DIAL_ADDRS_MAX)
		return ERR_FULL;
	if (set->n == sizeof set->few / sizeof set->few[0]
	 && dial_make_room(set) < 0)
		return -ENOMEM;
	dial_ips(set)[set->n++] = *ip;
	return 0;
}

/* see client/dial.h */
bool
dial_is_unix(struct span path)
{
	return path.len > 0
	    && path.len < sizeof((struct sockaddr_un *)NULL)->sun_path;
}

/* see client/dial.h */
int
dial_set_unix(struct dial_set *set, struct span path)
{
	struct sockaddr_un *un = &set->un.un;
	size_t len = path.len;

	dial_init(set, 0);
	if (!dial_is_unix(path))
		return ERR_TOOBIG;
	memset(un, 0, sizeof *un);
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path.p, len);
	if (path.p[0] == '@')
		un->sun_path[0] = '\0';	/* abstract: counted, no final NUL */
	else
		len++;
	set->un.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	set->n = 1;
	return 0;
}

/* see client/dial.h */
void
dial_addr_of(struct dial_addr *out, const struct ip *ip, uint16_t port)
{
	memset(out, 0, sizeof *out);
	if (ip->is_v6) {
		out->v6.sin6_family = AF_INET6;
		out->v6.sin6_port = htons(port);
		out->v6.sin6_scope_id = ip->zone;
		memcpy(&out->v6.sin6_addr, ip->b, IP_V6_LEN);
		out->len = sizeof out->v6;
	} else {
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons(port);
		memcpy(&out->v4.sin_addr, ip->b, IP_V4_LEN);
		out->len = sizeof out->v4;
	}
}

/* see client/dial.h */
void
dial_ip_of(struct ip *out, const struct dial_addr *at)
{
	memset(out, 0, sizeof *out);
	out->is_v6 = at->any.sa_family == AF_INET6;
	if (out->is_v6)
		memcpy(out->b, &at->v6.sin6_addr, IP_V6_LEN);
	else
		memcpy(out->b, &at->v4.sin_addr, IP_V4_LEN);
}

/* see client/dial.h */
void
dial_addr_at(struct dial_addr *out, const struct dial_set *set, size_t i)
{
	if (set->un.len > 0)
		*out = set->un;
	else
		dial_addr_of(out, set->many != NULL ? &set->many[i]
		                                    : &set->few[i], set->port);
}

/* A unix socket's connect never is in progress: it waits for room in the
 * listener's backlog, here until the deadline (unix(7), SO_SNDTIMEO). */
static int
connect_unix(const struct dial_addr *at, int64_t deadline_ms)
{
	int wait_ms = clock_wait_ms(deadline_ms), r;
	struct timeval wait = { .tv_sec = wait_ms / 1000,
	                        .tv_usec = wait_ms % 1000 * 1000L };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (wait_ms == 0)
		wait.tv_usec = 1;	/* all zero would be: no limit */
	if (wait_ms > 0)	/* a kernel without it waits without limit */
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait,
		                 sizeof wait);
	if (connect(fd, &at->any, at->len) == 0
	 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
		return fd;
	r = errno == EAGAIN ? ERR_TIMEOUT : -errno;
	close(fd);
	return r;
}

/* see client/dial.h */
int
dial_start(const struct dial_addr *at, int type, bool *is_done)
{
	int fd = socket(at->any.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC,
	                0);
	int r;

	if (fd < 0)
		return -errno;
	*is_done = connect(fd, &at->any, at->len) == 0;
	if (*is_done || errno == EINPROGRESS)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

/* Starts to connect. Returns the descriptor (*is_done: it is connected), or an
 * error. */
static int
begin(const struct dial_addr *at, int64_t deadline_ms, bool *is_done)
{
	static const int on = 1;
	int fd;

	if (at->any.sa_family == AF_UNIX) {
		*is_done = true;
		return connect_unix(at, deadline_ms);
	}
	fd = dial_start(at, SOCK_STREAM, is_done);
	/* Without it each of a handshake's small writes waits for an ACK. */
	if (fd >= 0)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return fd;
}

/* The attempts that are under way: running ones are in fds[0..n). */
struct race {
	const struct dial_set *set;
	struct pollfd fds[DIAL_RACE_MAX];
	size_t index[DIAL_RACE_MAX];	/* whose in the set each one is */
	size_t n;
	size_t begun;		/* of the set */
	int    first_err;
	size_t first;		/* whose it was */
};

static void
note_failure(struct race *r, size_t which, int err)
{
	if (r->first_err == 0 || which < r->first) {
		r->first_err = err;
		r->first = which;
	}
}

/* Starts the next address. Returns its descriptor if that is already connected,
 * else -1. */
static int
start_next(struct race *r, int64_t deadline_ms)
{
	size_t which = r->begun++;
	struct dial_addr at;
	bool done = false;
	int fd;

	dial_addr_at(&at, r->set, which);
	fd = begin(&at, deadline_ms, &done);
	if (fd < 0) {
		note_failure(r, which, fd);
		return -1;
	}
	r->fds[r->n] = (struct pollfd){ .fd = fd, .events = POLLOUT };
	r->index[r->n++] = which;
	return done ? fd : -1;
}

/* Looks at what poll said. Returns a connected descriptor or -1. */
static int
settle(struct race *r, size_t *which)
{
	size_t left = 0;

	for (size_t i = 0; i < r->n; i++) {
		struct pollfd *p = &r->fds[i];
		socklen_t len = sizeof(int);
		int err = 0;

		if (p->revents != 0
		 && getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
			err = errno;
		if (p->revents != 0 && err == 0) {
			*which = r->index[i];
			return p->fd;
		}
		if (err != 0) {
			close(p->fd);
			p->fd = -1;
			note_failure(r, r->index[i], -err);
			continue;
		}
		r->index[left] = r->index[i];
		r->fds[left++] = *p;
	}
	r->n = left;
	return -1;
}

static int
run_race(struct race *r, int64_t deadline_ms, size_t *which)
{
	int64_t next_ms;
	int fd;

	for (;;) {
		bool more = r->begun < r->set->n && r->n < DIAL_RACE_MAX;

		if (r->n == 0 && !more) {
			*which = r->first;
			return r->first_err;
		}
		if (more) {
			*which = r->begun;
			fd = start_next(r, deadline_ms);
			if (fd >= 0)
				return fd;
			if (r->n == 0)
				continue;
		}
		next_ms = clock_after(clock_ms(), DIAL_STAGGER_MS);
		if (r->begun == r->set->n || next_ms > deadline_ms)
			next_ms = deadline_ms;
		if (poll(r->fds, (nfds_t)r->n, clock_wait_ms(next_ms)) < 0
		 && errno != EINTR)
			return -errno;
		fd = settle(r, which);
		if (fd >= 0)
			return fd;
		if (clock_wait_ms(deadline_ms) == 0)
			return ERR_TIMEOUT;
	}
}

/* see client/dial.h */
int
dial_connect(const struct dial_set *set, int64_t deadline_ms, size_t *which)
{
	struct race r;
	int fd;

	r.set = set;
	r.begun = r.n = r.first = 0;
	r.first_err = 0;
	*which = 0;
	if (set->n == 0)
		return ERR_RESOLVE;
	fd = run_race(&r, deadline_ms, which);
	for (size_t i = 0; i < r.n; i++)
		if (r.fds[i].fd != fd)
			close(r.fds[i].fd);
	return fd;
}

/* see client/dial.h */
uint16_t
dial_write_host(struct buf *b, const struct dial_addr *at)
{
	struct ip ip;
	size_t len;

	if (at->any.sa_family != AF_UNIX) {
		dial_ip_of(&ip, at);
		ip_write(b, &ip);
		return ntohs(at->v4.sin_port);	/* the same place as IPv6's */
	}
	len = at->len - offsetof(struct sockaddr_un, sun_path);
	if (at->un.sun_path[0] == '\0') {
		buf_str(b, "@");
		buf_add(b, (struct span){ at->un.sun_path + 1, len - 1 });
	} else {
		buf_str(b, at->un.sun_path);
	}
	return 0;
}

/* see client/dial.h */
void
dial_write(struct buf *b, const struct dial_addr *at)
{
	uint16_t port = dial_write_host(b, at);

	if (at->any.sa_family != AF_UNIX)
		buf_fmt(b, " port %u", port);
}
