/* SPDX-License-Identifier: MIT */
/* net/server.c - listeners: accepts, and shares the places among them */
#include "net/server.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "net/conn.h"
#include "net/sock.h"

static bool
is_free(const struct conn *c)
{
	return !c->is_open && c->source.state == SOURCE_OUT;
}

/* The slots that the listener's connections may have: from first on. */
static size_t
slots_of(const struct server_listener *li, size_t *first)
{
	*first = li->kind == SERVER_LOCAL ? SERVER_CONN_MAX : 0;
	return li->kind == SERVER_LOCAL ? SERVER_LOCAL_MAX : SERVER_CONN_MAX;
}

/* How many of them are the listener's own. */
static size_t
share_of(const struct server_listener *li)
{
	return li->kind == SERVER_LOCAL
	     ? SERVER_LOCAL_MAX : SERVER_CONN_MAX / li->server->n_public;
}

static struct conn *
find_free(struct server_listener *li)
{
	struct server *s = li->server;
	struct conn *found = NULL;
	size_t first, n = slots_of(li, &first);

	for (size_t i = first; i < first + n; i++) {
		struct conn *c = &s->conns[i];

		if (!is_free(c))
			continue;
		if (c->kept_for == li)
			return c;
		if (found == NULL && c->kept_for == NULL)
			found = c;
	}
	return found;
}

/* Is a a better one to close than b? */
static bool
goes_first(const struct conn *a, const struct conn *b)
{
	return a->state != b->state ? a->state < b->state
	                            : a->since < b->since;
}

/* May a newcomer at li have c's place? */
static bool
may_take(const struct server_listener *li, const struct conn *c)
{
	if (li->n_conns < share_of(li))
		return c->from->n_conns > share_of(c->from);
	return c->from == li;
}

/*
 * Closes the connection that is the first to make room for a newcomer at li.
 * The slot is li's from the next turn on: memory of a source is not reused in
 * the turn that ended it.
 */
static void
make_room(struct server_listener *li)
{
	struct conn *victim = NULL, *kept = NULL;
	size_t first, n = slots_of(li, &first);

	for (size_t i = first; i < first + n; i++) {
		struct conn *c = &li->server->conns[i];

		if (is_free(c))
			kept = c;	/* for one who has not come yet */
		else if (c->is_open && may_take(li, c)
		      && (victim == NULL || goes_first(c, victim)))
			victim = c;
	}
	if (victim != NULL)
		conn_dismiss(victim);
	else
		victim = kept;
	if (victim != NULL)
		victim->kept_for = li;
}

/* The same where a descriptor is lacking: any connection has one. Returns
 * false where there is none. */
static bool
free_descriptor(struct server *s)
{
	struct conn *victim = NULL;

	for (size_t i = 0; i < SERVER_SLOTS; i++) {
		struct conn *c = &s->conns[i];

		if (c->is_open
		 && (victim == NULL || goes_first(c, victim)))
			victim = c;
	}
	if (victim != NULL)
		conn_dismiss(victim);
	return victim != NULL;
}

/* Who asks locally must live where we can see it: a network namespace may be
 * shared with strangers. */
static bool
is_welcome(const struct server_listener *li, int fd, struct ucred *peer)
{
	*peer = (struct ucred){ .uid = (uid_t)-1 };
	return li->kind != SERVER_LOCAL || sock_peer(fd, peer);
}

/* accept() would fail at once again and again. */
static void
listener_pause(struct server_listener *li, int err)
{
	log_warn("cannot accept probes for a second: %s", err_text(-err));
	(void)loop_change(li->server->loop, &li->source, 0);
	li->source.deadline_ms = clock_ms() + SERVER_PAUSE_MS;
}

/* Was it that client alone (accept(2)), so that the next may do better? */
static bool
is_clients_error(int err)
{
	switch (err) {
	case EAGAIN:
	case EINTR:
	case ECONNABORTED:
	case EPROTO:
	case ENETDOWN:
	case ENOPROTOOPT:
	case EHOSTDOWN:
	case ENONET:
	case EHOSTUNREACH:
	case EOPNOTSUPP:
	case ENETUNREACH:
		return true;
	}
	return false;
}

static int
accept_now(const struct server_listener *li)
{
	return accept4(li->source.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* Returns a connection's descriptor, or -1: there is none, or none can be had
 * at the moment. */
static int
accept_one(struct server_listener *li)
{
	int fd = accept_now(li);

	/* EMFILE is our own limit: it may be below SERVER_SLOTS. What is
	 * freed is for this one, before another listener has its turn. */
	if (fd < 0 && errno == EMFILE && free_descriptor(li->server))
		fd = accept_now(li);
	if (fd < 0 && !is_clients_error(errno))
		listener_pause(li, errno);
	return fd;
}

static void
listener_ready(struct source *source, uint32_t events)
{
	struct server_listener *li = (struct server_listener *)source;
	struct ucred peer;

	(void)events;
	for (int i = 0; i < SERVER_ACCEPT_MAX; i++) {
		struct conn *c = find_free(li);
		int fd;

		if (c == NULL) {
			make_room(li);	/* taken up in the next turn */
			return;
		}
		c->kept_for = NULL;
		fd = accept_one(li);
		if (fd < 0)
			return;
		if (!is_welcome(li, fd, &peer)) {
			close(fd);
			continue;
		}
		conn_open(c, fd, li, &peer);
		/* As a rule nobody else waits, and asking costs a call. Where
		 * turns are long, a queue must not take one for each. */
		if (!loop_is_busy(li->server->loop))
			return;
	}
}

static void
listener_expired(struct source *source)
{
	struct server_listener *li = (struct server_listener *)source;

	source->deadline_ms = CLOCK_NEVER;
	if (loop_change(li->server->loop, source, EPOLLIN) < 0)
		listener_pause(li, errno);
}

/* see net/server.h */
void
server_init(struct server *s, struct loop *loop, server_answer *answer_with,
            server_services *services, void *owner)
{
	s->loop = loop;
	s->answer = answer_with;
	s->services = services;
	s->owner = owner;
}

/* see net/server.h */
int
server_listen(struct server *s, int fd, enum server_kind kind)
{
	struct server_listener *li = &s->listeners[s->n_listeners];
	int r;

	if (s->n_listeners == SERVER_LISTEN_MAX)
		return ERR_FULL;
	li->server = s;
	li->kind = kind;
	li->source = (struct source){
		.fd = fd,
		.deadline_ms = CLOCK_NEVER,
		.ready = listener_ready,
		.expired = listener_expired,
	};
	r = loop_add(s->loop, &li->source, EPOLLIN);
	if (r < 0)
		return r;
	s->n_listeners++;
	s->n_public += kind != SERVER_LOCAL;
	return 0;
}

/* see net/server.h */
bool
server_may_watch(const struct server_listener *li)
{
	return li->n_watching < share_of(li) / SERVER_WATCH_PART;
}

static bool
has_watches(const struct server *s)
{
	for (size_t i = 0; i < s->n_listeners; i++)
		if (s->listeners[i].n_watching > 0)
			return true;
	return false;
}

/* see net/server.h */
void
server_tell(struct server *s)
{
	if (!has_watches(s))
		return;
	s->services(s->owner, &s->room->h2_scratch.services);
	for (size_t i = 0; i < SERVER_SLOTS; i++)
		if (s->conns[i].is_open && s->conns[i].is_watching)
			conn_tell(&s->conns[i]);
}

/* Reads what comes, until all have closed or the time is up. */
static void
wait_closed(struct server *s, struct pollfd *left, nfds_t n)
{
	int64_t until_ms = clock_ms() + SERVER_LEAVE_MS, wait_ms;

	while (n > 0 && (wait_ms = until_ms - clock_ms()) > 0
	    && poll(left, n, (int)wait_ms) > 0)
		for (nfds_t i = n; i-- > 0;)
			if (left[i].revents != 0
			 && recv(left[i].fd, s->scratch_in,
			         sizeof s->scratch_in, MSG_DONTWAIT) <= 0)
				left[i] = left[--n];
}

/* see net/server.h */
void
server_leave(struct server *s)
{
	struct pollfd left[SERVER_SLOTS];
	nfds_t n = 0;

	for (size_t i = 0; i < SERVER_SLOTS; i++) {
		struct conn *c = &s->conns[i];

		if (!c->is_open || c->h2 == NULL)
			continue;
		if (c->is_watching)
			left[n++] = (struct pollfd){ c->source.fd, POLLIN, 0 };
		conn_say_goodbye(c);
		(void)shutdown(c->source.fd, SHUT_WR);	/* or it has gone */
	}
	wait_closed(s, left, n);
}
