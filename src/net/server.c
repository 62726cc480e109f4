/* SPDX-License-Identifier: MIT */
/*
 * net/server.c - accept, read a head, answer, close
 *
 * A whole request is read into scratch_in, answered into scratch_out and sent
 * at once: nothing of it is kept. Only what is unfinished moves to the slot's
 * own memory, in[] for part of a head and out[] for an answer that the client
 * does not take. A connection that is answered and closed in the turn that
 * accepted it never enters the loop: five system calls in all.
 */
#include "net/server.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"

static void
enter(struct conn *c, enum conn_state state, int64_t timeout_ms)
{
	c->state = state;
	c->since = c->server->changes++;
	c->source.deadline_ms = clock_ms() + timeout_ms;
}

static bool
is_free(const struct conn *c)
{
	return !c->is_open && c->source.state == SOURCE_OUT;
}

static size_t
slot_of(const struct conn *c)
{
	return (size_t)(c - c->server->conns);
}

static void
conn_close(struct conn *c)
{
	loop_end(c->server->loop, &c->source);
	close(c->source.fd);
	c->is_open = false;
}

/* Waits for the state's event; a connection that cannot wait is closed. */
static void
conn_wait(struct conn *c)
{
	uint32_t events = c->state == CONN_WRITE ? EPOLLOUT : EPOLLIN;
	bool is_in = c->source.state == SOURCE_IN;

	if (is_in && c->events == events)
		return;
	c->events = events;
	if ((is_in ? loop_change : loop_add)(c->server->loop, &c->source,
	                                     events) < 0)
		conn_close(c);
}

/*
 * Sends bytes; what the client does not take now is kept in out[].
 * Returns false where the connection is gone.
 */
static bool
conn_send(struct conn *c, struct span bytes)
{
	/* The end that follows sends what is held back with its own packet. */
	int more = c->ends ? MSG_MORE : 0;
	ssize_t n = send(c->source.fd, bytes.p, bytes.len,
	                 MSG_NOSIGNAL | MSG_DONTWAIT | more);

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			return false;
		n = 0;
	}
	bytes = span_after(bytes, (size_t)n);
	if (bytes.len > 0) {
		memmove(c->server->out[slot_of(c)], bytes.p, bytes.len);
		c->out_len = bytes.len;
	}
	return true;
}

static bool
answer(struct conn *c, struct server_ask *ask)
{
	struct server *s = c->server;
	struct buf out = buf_over(s->scratch_out, sizeof s->scratch_out);

	ask->is_local = c->is_local;
	ask->peer_pid = c->peer_pid;
	ask->peer_uid = c->peer_uid;
	s->answer(s->owner, ask, &out);
	s->requests++;
	c->has_asked = true;
	if (!ask->keep)
		c->ends = true;
	return conn_send(c, buf_span(&out));
}

/*
 * As http_read_req(). A prober asks the same for ever: a head that equals the
 * one before it means the same, and is not taken apart again.
 */
static int
read_head(struct server *s, struct server_ask *ask, const char *bytes,
          size_t len)
{
	struct http_req *req = &ask->req;
	size_t known = s->known_len;
	int n;

	if (bytes != s->scratch_in)
		return http_read_req(req, &ask->fault, bytes, len);
	if (known > 0 && len >= known && memcmp(bytes, s->known, known) == 0) {
		*req = s->known_req;
		return (int)known;
	}
	n = http_read_req(req, &ask->fault, bytes, len);
	if (n > 0 && n <= SERVER_KNOWN_MAX) {
		memcpy(s->known, bytes, (size_t)n);
		s->known_len = (size_t)n;
		s->known_req = *req;
	}
	return n;
}

/*
 * As http_read_req(), with the PROXY header that may open a connection
 * counted as part of its first head: it is waited for no longer than that.
 */
static int
read_ask(struct conn *c, struct server_ask *ask, const char *bytes,
         size_t len)
{
	int n, skip = 0;

	if (!c->has_asked && proxy_is(bytes, len)) {
		skip = proxy_read(&ask->fault, bytes, len);
		if (skip <= 0)
			return skip;
		bytes += skip;
		len -= (size_t)skip;
	}
	n = read_head(c->server, ask, bytes, len);
	ask->is_h2 = n < 0 && http_is_h2(bytes, len);
	return n > 0 ? n + skip : n;
}

/*
 * Answers the whole requests at the start of bytes, which end with the first
 * that closes the connection or whose answer does not go out.
 * Returns how many bytes they took, or -1 where the connection is gone.
 */
static ssize_t
answer_all(struct conn *c, const char *bytes, size_t len)
{
	size_t used = 0;

	while (used < len && !c->ends && c->out_len == 0) {
		struct server_ask ask = { 0 };
		int n = read_ask(c, &ask, bytes + used, len - used);

		if (n == 0)
			break;
		if (n < 0) {
			ask.err = n;
			c->lingers = true;
			n = (int)(len - used);
		} else {
			ask.keep = !ask.req.close && !ask.req.has_body;
			c->lingers = ask.req.has_body;
		}
		used += (size_t)n;
		if (!answer(c, &ask))
			return -1;
	}
	return (ssize_t)used;
}

/* Closing with unread bytes would send a reset, which can overtake the
 * answer (RFC 9112, 9.6): read on for a moment instead. */
static void
conn_end(struct conn *c)
{
	if (!c->lingers || shutdown(c->source.fd, SHUT_WR) < 0) {
		conn_close(c);
		return;
	}
	enter(c, CONN_LINGER, SERVER_LINGER_MS);
	conn_wait(c);
}

/*
 * After the requests in the first `used` of len bytes were answered: keeps
 * what is left and waits for what is due.
 */
static void
conn_settle(struct conn *c, const char *bytes, size_t used, size_t len)
{
	char *in = c->server->in[slot_of(c)];
	const char *rest = bytes + used;
	bool same_head = c->state == CONN_HEAD && used == 0;

	len -= used;
	if (c->out_len == 0 && c->ends) {
		c->lingers |= len > 0;	/* it sends on behind a close */
		conn_end(c);
		return;
	}
	if (len > 0 && rest != in)
		memmove(in, rest, len);
	c->in_len = len;
	/* A deadline runs on while a head or an answer moves byte by byte. */
	if (c->out_len > 0 && c->state != CONN_WRITE)
		enter(c, CONN_WRITE, SERVER_HEAD_MS);
	else if (c->out_len == 0 && len == 0)
		enter(c, CONN_IDLE, SERVER_IDLE_MS);
	else if (c->out_len == 0 && !same_head)
		enter(c, CONN_HEAD, SERVER_HEAD_MS);
	conn_wait(c);
}

static void
conn_read(struct conn *c)
{
	struct server *s = c->server;
	char *in = c->in_len > 0 ? s->in[slot_of(c)] : s->scratch_in;
	ssize_t n = recv(c->source.fd, in + c->in_len,
	                 SERVER_IN_MAX - c->in_len, MSG_DONTWAIT);
	size_t len;

	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		conn_wait(c);
		return;
	}
	if (n <= 0) {
		conn_close(c);
		return;
	}
	len = c->in_len + (size_t)n;
	n = answer_all(c, in, len);
	if (n < 0)
		conn_close(c);
	else
		conn_settle(c, in, (size_t)n, len);
}

static void
conn_flush(struct conn *c)
{
	struct server *s = c->server;
	size_t slot = slot_of(c);
	size_t len = c->out_len;
	ssize_t used = 0;

	c->out_len = 0;
	if (!conn_send(c, (struct span){ s->out[slot], len })) {
		conn_close(c);
		return;
	}
	if (c->out_len == 0)	/* requests that waited behind this answer */
		used = answer_all(c, s->in[slot], c->in_len);
	if (used < 0)
		conn_close(c);
	else
		conn_settle(c, s->in[slot], (size_t)used, c->in_len);
}

/* Reads what a refused client still sends, until it has closed. */
static void
conn_drain(struct conn *c)
{
	struct server *s = c->server;
	ssize_t n = recv(c->source.fd, s->scratch_in, sizeof s->scratch_in,
	                 MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		conn_close(c);
}

static void
conn_ready(struct source *source, uint32_t events)
{
	struct conn *c = (struct conn *)source;	/* its first member */

	(void)events;	/* an error shows in the call that follows */
	switch (c->state) {
	case CONN_IDLE:
	case CONN_HEAD:
		conn_read(c);
		break;
	case CONN_WRITE:
		conn_flush(c);
		break;
	case CONN_LINGER:
		conn_drain(c);
		break;
	}
}

static void
conn_expired(struct source *source)
{
	conn_close((struct conn *)source);
}

/* Is a a better one to close than b? */
static bool
goes_first(const struct conn *a, const struct conn *b)
{
	if (a->state != b->state)
		return a->state < b->state;
	/* `hale check` is not to lose its place to a flood at a port. */
	if (a->is_local != b->is_local)
		return b->is_local;
	return a->since < b->since;
}

static struct conn *
find_free(struct server *s)
{
	for (size_t i = 0; i < SERVER_CONN_MAX; i++)
		if (is_free(&s->conns[i]))
			return &s->conns[i];
	return NULL;
}

/*
 * Closes the connection that is the first to go. Its slot is free from the
 * next turn on: memory of a source is not reused in the turn that ended it.
 * Returns false where there is none.
 */
static bool
make_room(struct server *s)
{
	struct conn *victim = NULL;

	for (size_t i = 0; i < SERVER_CONN_MAX; i++) {
		struct conn *c = &s->conns[i];

		if (c->is_open
		 && (victim == NULL || goes_first(c, victim)))
			victim = c;
	}
	if (victim != NULL)
		conn_close(victim);
	return victim != NULL;
}

static void
conn_open(struct conn *c, int fd, const struct server_listener *from)
{
	struct ucred peer;
	socklen_t len = sizeof peer;

	*c = (struct conn){
		.source = {
			.fd = fd,
			.ready = conn_ready,
			.expired = conn_expired,
		},
		.server = from->server,
		.is_open = true,
		.is_local = from->kind == SERVER_LOCAL,
		.peer_uid = (uid_t)-1,
	};
	if (c->is_local
	 && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0) {
		c->peer_pid = peer.pid;
		c->peer_uid = peer.uid;
	}
	enter(c, CONN_HEAD, SERVER_HEAD_MS);
	conn_read(c);
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

static void
listener_ready(struct source *source, uint32_t events)
{
	struct server_listener *li = (struct server_listener *)source;
	struct conn *c = find_free(li->server);
	int fd;

	(void)events;
	if (c == NULL) {
		(void)make_room(li->server);	/* taken up in the next turn */
		return;
	}
	fd = accept4(source->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		conn_open(c, fd, li);
		return;
	}
	if (is_clients_error(errno))
		return;
	/* EMFILE is our own limit: it may be below SERVER_CONN_MAX. */
	if (errno != EMFILE || !make_room(li->server))
		listener_pause(li, errno);
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
            void *owner)
{
	s->loop = loop;
	s->answer = answer_with;
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
	if (r == 0)
		s->n_listeners++;
	return r;
}
