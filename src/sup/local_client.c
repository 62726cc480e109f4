/* SPDX-License-Identifier: MIT */
/* sup/local_client.c - asks this container's hale over its local socket */
#include "sup/local_client.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/wait.h"
#include "client/exchange.h"
#include "net/sock.h"
#include "sup/local_socket.h"
#include "sup/proc.h"

#define REQUEST_MAX  256	/* bytes of a request */
#define ANSWER_MAX   ((size_t)33 * 1024)	/* bytes of an answer */
#define AGAIN_MS     20		/* pause where an answer did not come */

struct found {
	char     name[LOCAL_NAME_LEN + 1];
	uint64_t started;	/* in clock ticks; 0 where /proc hides it */
};

struct search {
	char   prefix[LOCAL_NAME_LEN + 1];
	uid_t  uid;	/* our own */
	size_t n;
	bool   has_first;	/* list[0] is PID 1 */
	bool   has_other;	/* there is one that we do not believe */
	struct found list[LOCAL_CLIENT_TRIES];	/* the youngest last */
};

/* --- who is there --- */

static bool
is_believed(uid_t own, pid_t pid, uid_t uid)
{
	return pid == 1 || uid == 0 || (own != 0 && uid == own);
}

/* Takes it in by its age: a pid says little, since the kernel's numbers begin
 * anew. In a full list the oldest makes room, but never PID 1. */
static void
keep(struct search *s, const struct found *one)
{
	size_t spared = s->has_first, at;

	for (size_t i = 0; i < s->n; i++)	/* a checker just forked */
		if (strcmp(s->list[i].name, one->name) == 0)
			return;
	if (s->n == LOCAL_CLIENT_TRIES) {
		if (one->started < s->list[spared].started)
			return;
		s->n--;
		memmove(&s->list[spared], &s->list[spared + 1],
		        (s->n - spared) * sizeof s->list[0]);
	}
	for (at = s->n; at > spared; at--) {
		if (s->list[at - 1].started <= one->started)
			break;
		s->list[at] = s->list[at - 1];
	}
	s->list[at] = *one;
	s->n++;
}

static void
look_at(pid_t pid, void *search)
{
	struct search *s = search;
	struct found one = { .started = 0 };
	struct procstat st;
	uid_t uid;

	if (proc_name(pid, one.name) != LOCAL_NAME_LEN
	 || strncmp(one.name, s->prefix, strlen(s->prefix)) != 0
	 || proc_uid(pid, &uid) < 0)
		return;
	if (!is_believed(s->uid, pid, uid)) {
		s->has_other = true;
		return;
	}
	if (proc_stat(pid, &st) == 0)
		one.started = st.starttime;
	s->has_first |= pid == 1;
	keep(s, &one);
}

static void
find_all(struct search *s)
{
	struct buf b = buf_over(s->prefix, sizeof s->prefix);

	s->uid = geteuid();
	s->n = 0;
	s->has_first = s->has_other = false;
	local_socket_write_prefix(&b);
	(void)buf_text(&b);
	proc_each(look_at, s);
}

/* --- one of them --- */

static bool
is_trusted(int fd)
{
	struct ucred peer;

	return sock_peer(fd, &peer)
	    && is_believed(geteuid(), peer.pid, peer.uid)
	    && !proc_is_elsewhere(peer.pid);
}

/* Connects to the socket of that name. Who listens there is known before
 * anything is sent or read. */
static int
open_to(struct exchange *c, const char *name, char *in, int64_t deadline_ms)
{
	char path[1 + LOCAL_NAME_LEN];
	struct buf b = buf_over(path, sizeof path);
	struct exchange_to to = { .port = 0 };
	int r;

	buf_str(&b, "@");
	buf_str(&b, name);
	to.unix_path = buf_span(&b);
	r = exchange_open(c, &to, in, ANSWER_MAX, deadline_ms);
	if (r == 0 && !is_trusted(c->fd))
		r = ERR_PEER;
	if (r < 0)
		exchange_close(c);
	return r;
}

/* An equal part of the time that is left, for each of n. */
static int64_t
part_of(int64_t deadline_ms, size_t n)
{
	int64_t now_ms = clock_ms();

	if (deadline_ms == CLOCK_NEVER || n == 1)
		return deadline_ms;
	return now_ms + (deadline_ms - now_ms) / (int64_t)n;
}

/* Which of two errors says more of why there is no answer. */
static int
worse(int a, int b)
{
	if (a == ERR_TIMEOUT || b == ERR_TIMEOUT)
		return ERR_TIMEOUT;
	return a == ERR_PEER ? a : b;
}

/* The youngest first; the name that anybody can take comes last. */
static int
open_any(struct exchange *c, char *in, int64_t deadline_ms)
{
	struct search s;
	int r;

	find_all(&s);
	r = s.has_other ? ERR_PEER : -ECONNREFUSED;
	for (size_t i = s.n + 1; i-- > 0;) {
		const char *name = i > 0 ? s.list[i - 1].name : LOCAL_FIXED;
		int err = open_to(c, name, in, part_of(deadline_ms, i + 1));

		if (err == 0)
			return 0;
		r = worse(r, err);
	}
	return r;
}

/* --- the question and the answer --- */

static int
read_body(struct exchange *c, struct buf *body)
{
	struct span piece;
	size_t len = 0;
	int r;

	while ((r = exchange_read_body(c, &piece)) > 0) {
		len += piece.len;
		if (len > ANSWER_MAX)
			return ERR_TOOBIG;
		buf_add(body, piece);
	}
	return r;
}

/* Returns 0 with the answer in c->reply and body, ERR_EMPTY (the other end has
 * closed without a word) or another error. */
static int
exchange_words(struct exchange *c, const char *method, const char *path,
               struct buf *body)
{
	char head[REQUEST_MAX];
	struct buf b = buf_over(head, sizeof head);
	size_t unused;
	int r;

	buf_fmt(&b, "%s %s HTTP/1.1\r\nHost: hale\r\nConnection: close\r\n\r\n",
	        method, path);
	r = exchange_send(c, buf_span(&b), &unused);
	if (r >= 0)
		r = exchange_read_head(c);
	if (r == -ECONNRESET && exchange_unread(c).len == 0)
		return ERR_EMPTY;
	return r < 0 ? r : read_body(c, body);
}

/* Returns as local_client_request(), or ERR_EMPTY. */
static int
try_once(const char *method, const char *path, int64_t deadline_ms,
         struct buf *body)
{
	char in[ANSWER_MAX];
	struct exchange c;
	int r = open_any(&c, in, deadline_ms);

	if (r < 0)
		return r;
	c.deadline_ms = deadline_ms;	/* it had its part of it */
	r = exchange_words(&c, method, path, body);
	exchange_close(&c);
	return r < 0 ? r : c.reply.status;
}

/* see sup/local_client.h */
int
local_client_request(const char *method, const char *path,
                     int64_t deadline_ms, struct buf *body)
{
	int r;

	/* A second request does no harm: a drain stays one. A
	 * crowd may have cost us the place before the answer. */
	while ((r = try_once(method, path, deadline_ms, body)) == ERR_EMPTY
	    && clock_ms() + AGAIN_MS < deadline_ms)
		(void)wait_fd(-1, 0, clock_after(clock_ms(), AGAIN_MS));
	return r;
}
