/* SPDX-License-Identifier: MIT */
/* sup/local_ask.c - ask the supervisor of our own container */
#include "sup/local_ask.h"

#include <errno.h>
#include <poll.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/parse.h"
#include "net/sock.h"
#include "sup/local.h"
#include "sup/proc.h"

#define REQUEST_MAX  256	/* bytes of a request */
#define ANSWER_MAX   (33 * 1024)	/* SERVER_OUT_MAX and some */
#define AGAIN_MS     20		/* pause where an answer did not come */

struct found {
	char name[LOCAL_NAME_LEN + 1];
};

struct search {
	char   prefix[LOCAL_NAME_LEN + 1];
	uid_t  uid;	/* our own */
	size_t n;
	bool   has_first;	/* list[0] is PID 1 */
	bool   has_other;	/* there is one that we do not believe */
	struct found list[LOCAL_ASK_MAX];	/* the youngest last */
};

/* --- who is there --- */

static bool
is_believed(uid_t own, pid_t pid, uid_t uid)
{
	return pid == 1 || uid == 0 || (own != 0 && uid == own);
}

/* Appends name; the oldest makes room, but never PID 1. */
static void
keep(struct search *s, const char *name)
{
	size_t spared = s->has_first;

	for (size_t i = 0; i < s->n; i++)	/* a checker just forked */
		if (strcmp(s->list[i].name, name) == 0)
			return;
	if (s->n == LOCAL_ASK_MAX) {
		s->n--;
		memmove(&s->list[spared], &s->list[spared + 1],
		        (s->n - spared) * sizeof s->list[0]);
	}
	memcpy(s->list[s->n++].name, name, LOCAL_NAME_LEN + 1);
}

static void
look_at(pid_t pid, void *search)
{
	struct search *s = search;
	char name[LOCAL_NAME_LEN + 1];
	uid_t uid;

	if (proc_name(pid, name) != LOCAL_NAME_LEN
	 || strncmp(name, s->prefix, strlen(s->prefix)) != 0
	 || proc_uid(pid, &uid) < 0)
		return;
	if (!is_believed(s->uid, pid, uid)) {
		s->has_other = true;
		return;
	}
	s->has_first |= pid == 1;
	keep(s, name);
}

static void
find_all(struct search *s)
{
	struct buf b = buf_over(s->prefix, sizeof s->prefix);

	s->uid = geteuid();
	s->n = 0;
	s->has_first = s->has_other = false;
	local_write_prefix(&b);
	(void)buf_text(&b);
	proc_each(look_at, s);
}

/* --- one of them --- */

static bool
is_trusted(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof peer;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0
	    && peer.pid > 0 && is_believed(geteuid(), peer.pid, peer.uid)
	    && !proc_is_elsewhere(peer.pid);
}

/* connect() waits so long where many others wait to be accepted. */
static void
limit_connect(int fd, int64_t deadline_ms)
{
	int ms = clock_wait_ms(deadline_ms);
	const struct timeval limit = {
		.tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000 + 1,	/* 0 is no limit */
	};

	if (ms >= 0)	/* cannot fail: the time is right */
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit,
		                 sizeof limit);
}

static int
connect_to(const char *name, int64_t deadline_ms)
{
	struct sock_addr at;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return -errno;
	sock_abstract(&at, span_of(name));
	limit_connect(fd, deadline_ms);
	if (connect(fd, &at.any, at.len) < 0)
		r = errno == EAGAIN ? ERR_TIMEOUT : -errno;
	else if (!is_trusted(fd))
		r = ERR_PEER;
	else
		return fd;
	close(fd);
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

/* What says more of why there is no answer. */
static int
worse(int a, int b)
{
	if (a == ERR_TIMEOUT || b == ERR_TIMEOUT)
		return ERR_TIMEOUT;
	return a == ERR_PEER ? a : b;
}

/* The youngest first; the name that anybody can take comes last. */
static int
connect_any(int64_t deadline_ms)
{
	struct search s;
	int r;

	find_all(&s);
	r = s.has_other ? ERR_PEER : -ECONNREFUSED;
	for (size_t i = s.n + 1; i-- > 0;) {
		const char *name = i > 0 ? s.list[i - 1].name : LOCAL_FIXED;
		int fd = connect_to(name, part_of(deadline_ms, i + 1));

		if (fd >= 0)
			return fd;
		r = worse(r, fd);
	}
	return r;
}

/* --- the question and the answer --- */

static int
send_request(int fd, const char *method, const char *path)
{
	char head[REQUEST_MAX];
	struct buf b = buf_over(head, sizeof head);

	buf_fmt(&b, "%s %s HTTP/1.1\r\nHost: hale\r\nConnection: close\r\n\r\n",
	        method, path);
	/* Fits a fresh socket's buffer whole. */
	if (send(fd, b.p, b.len, MSG_NOSIGNAL) != (ssize_t)b.len)
		return -errno;
	return 0;
}

/* Reads until the supervisor closes. */
static int
receive(int fd, int64_t deadline_ms, struct buf *answer)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;

	while (answer->len < answer->cap) {
		int r = poll(&p, 1, clock_wait_ms(deadline_ms));

		if (r == 0)
			return ERR_TIMEOUT;
		if (r < 0 && errno != EINTR)
			return -errno;
		n = recv(fd, answer->p + answer->len,
		         answer->cap - answer->len, MSG_DONTWAIT);
		if (n == 0)
			return answer->len > 0 ? 0 : ERR_EMPTY;
		if (n < 0 && errno == ECONNRESET && answer->len == 0)
			return ERR_EMPTY;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (n > 0)
			answer->len += (size_t)n;
	}
	return ERR_TOOBIG;
}

/* Cuts the head off: what is left is the body; false without its end. */
static bool
skip_head(struct span *answer)
{
	while (answer->len > 0)
		if (span_is(span_cut(answer, '\n'), "\r"))
			return true;
	return false;
}

/* "HTTP/1.1 200 OK ... CRLF CRLF body" */
static int
split_answer(struct span answer, struct buf *body)
{
	static const char version[] = "HTTP/1.1 ";
	const size_t skip = sizeof version - 1;
	struct span code = { answer.p + skip, 3 };
	uint64_t status;

	if (answer.len < skip + code.len || !span_has_prefix(answer, version)
	 || !skip_head(&answer) || parse_uint_span(code, 999, &status) < 0)
		return ERR_PARSE;
	buf_add(body, answer);
	return (int)status;
}

/* Returns as local_ask(), or ERR_EMPTY: it has closed without a word. */
static int
ask_once(const char *method, const char *path, int64_t deadline_ms,
         struct buf *body)
{
	char bytes[ANSWER_MAX];
	struct buf answer = buf_over(bytes, sizeof bytes);
	int fd = connect_any(deadline_ms), r;

	if (fd < 0)
		return fd;
	r = send_request(fd, method, path);
	if (r == 0)
		r = receive(fd, deadline_ms, &answer);
	else if (r == -EPIPE || r == -ECONNRESET)
		r = ERR_EMPTY;
	close(fd);
	return r < 0 ? r : split_answer(buf_span(&answer), body);
}

/* see sup/local_ask.h */
int
local_ask(const char *method, const char *path, int64_t deadline_ms,
          struct buf *body)
{
	int r;

	/* Asking twice does no harm: a drain that was asked for stays one. A
	 * crowd may have cost us the place before the answer. */
	while ((r = ask_once(method, path, deadline_ms, body)) == ERR_EMPTY
	    && clock_ms() + AGAIN_MS < deadline_ms)
		(void)poll(NULL, 0, AGAIN_MS);
	return r;
}
