/* SPDX-License-Identifier: MIT */
/*
 * net/conn.c - the life of one connection: read a head, answer, close
 *
 * A whole request is read into scratch_in, answered into scratch_out and sent
 * at once: nothing of it is kept. Only what is unfinished moves to the slot's
 * own memory, in[] for part of a head and out[] for an answer that the client
 * does not take. A connection that is answered and closed in the turn that
 * accepted it never enters the loop: five system calls in all.
 */
#include "net/conn.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/conn_ask.h"
#include "net/conn_state.h"

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
	c->from->n_conns--;
	c->from->n_watching -= c->is_watching;
	c->is_watching = false;
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
	if (bytes.len == 0)
		return true;
	if (c->server->room == NULL)
		return false;
	memmove(c->server->room->out[slot_of(c)], bytes.p, bytes.len);
	c->out_len = bytes.len;
	return true;
}

static void
note_asker(const struct conn *c, struct server_ask *ask)
{
	ask->kind = c->from->kind;
	ask->peer_pid = c->peer_pid;
	ask->peer_uid = c->peer_uid;
}

/* --- HTTP/1.1 --- */

static bool
answer(struct conn *c, struct server_ask *ask)
{
	struct server *s = c->server;
	struct buf out = buf_over(s->scratch_out, sizeof s->scratch_out);

	note_asker(c, ask);
	s->answer(s->owner, ask, &out);
	s->requests++;
	c->has_asked = true;
	if (!ask->keep)
		c->ends = true;
	return conn_send(c, buf_span(&out));
}

/* --- HTTP/2 --- */

static void
begin_turn(struct conn *c, struct h2_turn *t, struct buf *out)
{
	struct server *s = c->server;

	*t = (struct h2_turn){
		.out = out, .now_ms = clock_ms(),
		.answer = s->answer, .services = s->services,
		.owner = s->owner,
		.ask = { .is_h2 = true, .keep = true },
		.may_watch = c->is_watching || server_may_watch(c->from),
		.scratch = &s->room->h2_scratch,
	};

	*out = buf_over(s->scratch_out, sizeof s->scratch_out);
	note_asker(c, &t->ask);
}

/* Sends the turn's frames. Returns false where the connection is gone. */
static bool
end_turn(struct conn *c, const struct h2_turn *t)
{
	bool watches = c->h2->n_watches > 0;

	c->server->requests += t->requests;
	c->from->n_watching += watches;
	c->from->n_watching -= c->is_watching;
	c->is_watching = watches;
	c->ends |= c->h2->is_over;
	c->lingers = c->h2->why != H2_NO_ERROR;
	if (c->lingers)
		log_info("an HTTP/2 client is cut off: %s",
		         h2_error_text(c->h2->why));
	return t->out->len == 0 || conn_send(c, buf_span(t->out));
}

/* As answer_some(), of frames. */
static ssize_t
answer_frames(struct conn *c, const char *bytes, size_t len)
{
	struct buf out;
	struct h2_turn t;
	size_t used;

	begin_turn(c, &t, &out);
	used = h2_read(c->h2, &t, bytes, len, &c->wants_turn);
	return end_turn(c, &t) ? (ssize_t)used : -1;
}

/* The connection speaks HTTP/2 from its byte `at` on. */
static ssize_t
begin_frames(struct conn *c, const char *bytes, size_t at, size_t len)
{
	struct server *s = c->server;
	struct buf out = buf_over(s->scratch_out, sizeof s->scratch_out);
	ssize_t used;

	if (s->room == NULL) {
		c->ends = c->lingers = true;
		h2_write_refusal(&out);
		return conn_send(c, buf_span(&out)) ? (ssize_t)len : -1;
	}
	c->h2 = &s->room->h2[slot_of(c)];
	h2_init(c->h2);
	used = answer_frames(c, bytes + at, len - at);
	return used < 0 ? used : (ssize_t)at + used;
}

/* --- both --- */

/*
 * Answers the whole requests at the start of bytes, as many as one turn may
 * take; they end with the first that closes the connection or whose answer
 * does not go out.
 * Returns how many bytes they took, or -1 where the connection is gone.
 */
static ssize_t
answer_some(struct conn *c, const char *bytes, size_t len)
{
	size_t used = 0, h2_at = 0;

	c->wants_turn = false;
	if (c->h2 != NULL && !c->ends)
		return answer_frames(c, bytes, len);
	for (int i = 0; used < len && !c->ends && c->out_len == 0; i++) {
		struct server_ask ask = { 0 };
		int n;

		if (i == SERVER_TURN_MAX) {
			c->wants_turn = true;
			break;
		}
		n = conn_ask_read(c, &ask, bytes + used, len - used, &h2_at);
		if (n == 0)
			break;
		if (n < 0 && ask.is_h2)
			return begin_frames(c, bytes, used + h2_at, len);
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
	conn_enter(c, CONN_LINGER, SERVER_LINGER_MS);
	conn_wait(c);
}

/* Where its unanswered bytes are kept; without room there never are any. */
static char *
kept_of(const struct conn *c)
{
	struct server *s = c->server;

	return s->room != NULL ? s->room->in[slot_of(c)] : s->scratch_in;
}

/*
 * After the requests in the first `used` of len bytes were answered: keeps
 * what is left and waits for what is due.
 */
static void
conn_keep(struct conn *c, const char *bytes, size_t used, size_t len)
{
	char *in = kept_of(c);
	const char *rest = bytes + used;
	bool same_head = c->state == CONN_HEAD
	              && (c->h2 == NULL ? used == 0
	                  : !c->h2->has_settings
	                    || (used == 0 && c->in_len > 0));

	len -= used;
	if (c->out_len == 0 && c->ends) {
		c->lingers |= len > 0;	/* it sends on after a close */
		conn_end(c);
		return;
	}
	if (len > 0 && c->server->room == NULL) {
		conn_close(c);
		return;
	}
	if (len > 0 && rest != in)
		memmove(in, rest, len);
	c->in_len = len;
	conn_choose_state(c, same_head);
	conn_wait(c);
	if (c->wants_turn && c->out_len == 0)
		loop_again(c->server->loop, &c->source);
}

static void
conn_read(struct conn *c)
{
	struct server *s = c->server;
	char *in = c->in_len > 0 ? kept_of(c) : s->scratch_in;
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
	n = answer_some(c, in, len);
	if (n < 0)
		conn_close(c);
	else
		conn_keep(c, in, (size_t)n, len);
}

/* Answers what waits in the slot's memory, if nothing waits to be sent. */
static void
conn_go_on(struct conn *c)
{
	const char *in = kept_of(c);
	ssize_t used = 0;

	if (c->out_len == 0)
		used = answer_some(c, in, c->in_len);
	if (used < 0)
		conn_close(c);
	else
		conn_keep(c, in, (size_t)used, c->in_len);
}

static void
conn_flush(struct conn *c)
{
	struct span rest = { c->server->room->out[slot_of(c)], c->out_len };

	c->out_len = 0;
	if (conn_send(c, rest))
		conn_go_on(c);
	else
		conn_close(c);
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

	if (c->h2 != NULL && (events & EPOLLHUP) != 0) {
		conn_close(c);	/* nobody is left, as a call would tell us */
		return;
	}
	switch (c->state) {
	case CONN_IDLE:
	case CONN_HEAD:
	case CONN_WATCH:
		conn_read(c);
		break;
	case CONN_BUSY:		/* first what is here: conn_resumed() */
		break;
	case CONN_WRITE:
		conn_flush(c);
		break;
	case CONN_LINGER:
		conn_drain(c);
		break;
	}
}

/* see net/conn.h */
void
conn_say_goodbye(struct conn *c)
{
	struct buf out;
	struct h2_turn t;

	if (c->h2 == NULL || c->h2->is_over || c->out_len > 0)
		return;
	begin_turn(c, &t, &out);
	h2_leave(c->h2, &t);
	(void)end_turn(c, &t);	/* it ends in any case */
}

/* see net/conn.h */
void
conn_dismiss(struct conn *c)
{
	conn_say_goodbye(c);
	conn_close(c);
}

/* After a turn without anything that came. */
static void
conn_keep_on(struct conn *c, const struct h2_turn *t)
{
	if (end_turn(c, t))
		conn_keep(c, kept_of(c), 0, c->in_len);
	else
		conn_close(c);
}

/* see net/conn.h */
void
conn_tell(struct conn *c)
{
	struct buf out;
	struct h2_turn t;

	if (c->out_len > 0 || c->ends)	/* told when that is out */
		return;
	begin_turn(c, &t, &out);
	t.has_services = true;
	h2_tell(c->h2, &t);
	if (out.len > 0)
		conn_keep_on(c, &t);
}

static void
conn_expired(struct source *source)
{
	struct conn *c = (struct conn *)source;
	struct buf out;
	struct h2_turn t;

	if (c->h2 == NULL || c->out_len > 0 || c->ends
	 || h2_deadline(c->h2) > clock_ms()) {
		conn_dismiss(c);
		return;
	}
	begin_turn(c, &t, &out);
	h2_expire(c->h2, &t);
	conn_keep_on(c, &t);
}

static void
conn_resumed(struct source *source)
{
	conn_go_on((struct conn *)source);
}

/* see net/conn.h */
void
conn_open(struct conn *c, int fd, struct server_listener *from,
          const struct ucred *peer)
{
	*c = (struct conn){
		.source = {
			.fd = fd,
			.ready = conn_ready,
			.expired = conn_expired,
			.resume = conn_resumed,
		},
		.server = from->server,
		.from = from,
		.is_open = true,
		.peer_pid = peer->pid,
		.peer_uid = peer->uid,
	};
	from->n_conns++;
	conn_enter(c, CONN_HEAD, SERVER_HEAD_MS);
	conn_read(c);
}
