/* SPDX-License-Identifier: MIT */
/* client/dial.c - connect to the first address that answers, or to a path */
#include "client/dial.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "net/sock.h"

/* see client/dial.h */
void
dial_init(struct dial_set *set, uint16_t port)
{
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

static const struct ip *
ip_at(const struct dial_set *set, size_t i)
{
	return set->many != NULL ? &set->many[i] : &set->few[i];
}

/* see client/dial.h */
void
dial_write_ip(struct buf *b, const struct dial_set *set, size_t i)
{
	ip_write(b, ip_at(set, i));
}

/* see client/dial.h */
bool
dial_is_unix(struct span path)
{
	struct addr unused;

	return addr_set_unix(&unused, path) == 0;
}

/* see client/dial.h */
int
dial_unix(const struct addr *to, int64_t deadline_ms)
{
	/* connect() never is in progress there: it waits for room in the
	 * listener's backlog, here until the deadline (SO_SNDTIMEO). */
	int wait_ms = clock_wait_ms(deadline_ms), r;
	struct timeval wait = { .tv_sec = wait_ms / 1000,
	                        .tv_usec = wait_ms % 1000 * 1000L };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (wait_ms == 0)
		wait.tv_usec = 1;	/* all zero would be: no limit */
	if (wait_ms >= 0)	/* a kernel without it waits without limit */
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait,
		                 sizeof wait);
	if (connect(fd, &to->any, to->len) == 0
	 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
		return fd;
	r = errno == EAGAIN ? ERR_TIMEOUT : -errno;
	close(fd);
	return r;
}

/* The attempts that are under way: running ones are in fds[0..n). */
struct race {
	const struct dial_set *set;
	struct pollfd fds[DIAL_RACE_MAX];
	size_t index[DIAL_RACE_MAX];	/* whose in the set each one is */
	size_t n;
	size_t begun;		/* of the set */
	int    first_err;	/* see note_failure(); 0: none failed yet */
	size_t first;		/* whose it was */
};

/* Is the whole family missing here, as ::1 is where IPv6 is turned off? */
static bool
is_of_no_family(int err)
{
	return err == -EADDRNOTAVAIL || err == -EAFNOSUPPORT;
}

/* The first address counts, unless another one says more. */
static void
note_failure(struct race *r, size_t which, int err)
{
	bool was = is_of_no_family(r->first_err), is = is_of_no_family(err);

	if (r->first_err == 0 || (was == is ? which < r->first : was)) {
		r->first_err = err;
		r->first = which;
	}
}

/* Starts the next address. Returns its descriptor if that is already connected,
 * else -1. */
static int
start_next(struct race *r)
{
	static const int on = 1;
	size_t which = r->begun++;
	struct addr at;
	bool done = false;
	int fd;

	addr_set_ip(&at, ip_at(r->set, which), r->set->port);
	fd = sock_start(&at, SOCK_STREAM, &done);
	if (fd < 0) {
		note_failure(r, which, fd);
		return -1;
	}
	/* Without it each of a handshake's small writes waits for an ACK. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	r->fds[r->n] = (struct pollfd){ .fd = fd, .events = POLLOUT };
	r->index[r->n++] = which;
	return done ? fd : -1;
}

/* Looks at what poll found: failed attempts are closed, with -1 for their
 * descriptor. Returns a connected one or -1. */
static int
take_events(struct race *r, size_t *which)
{
	for (size_t i = 0; i < r->n; i++) {
		struct pollfd *p = &r->fds[i];
		socklen_t len = sizeof(int);
		int err = 0;

		if (p->revents == 0)
			continue;
		if (getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
			err = errno;
		if (err == 0) {
			*which = r->index[i];
			return p->fd;
		}
		close(p->fd);
		p->fd = -1;
		note_failure(r, r->index[i], -err);
	}
	return -1;
}

/* Those that failed leave the race. */
static void
forget_failed(struct race *r)
{
	size_t left = 0;

	for (size_t i = 0; i < r->n; i++)
		if (r->fds[i].fd >= 0) {
			r->index[left] = r->index[i];
			r->fds[left++] = r->fds[i];
		}
	r->n = left;
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
			fd = start_next(r);
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
		fd = take_events(r, which);
		forget_failed(r);
		if (fd >= 0)
			return fd;
		if (clock_wait_ms(deadline_ms) == 0)
			return ERR_TIMEOUT;
	}
}

/* see client/dial.h */
int
dial_connect(const struct dial_set *set, int64_t deadline_ms,
             struct addr *peer)
{
	struct race r;
	size_t which = 0;
	int fd;

	r.set = set;
	r.begun = r.n = r.first = 0;
	r.first_err = 0;
	peer->len = 0;
	if (set->n == 0)
		return ERR_RESOLVE;
	fd = run_race(&r, deadline_ms, &which);
	for (size_t i = 0; i < r.n; i++)
		if (r.fds[i].fd != fd)
			close(r.fds[i].fd);
	addr_set_ip(peer, ip_at(set, which), set->port);
	return fd;
}
