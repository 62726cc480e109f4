/* SPDX-License-Identifier: MIT */
/* sup/local.c - the supervisor's local socket */
#include "sup/local.h"

#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/parse.h"
#include "net/sock.h"

#define NAME_MAX_LEN 64		/* bytes of a name */
#define REQUEST_MAX  256	/* bytes of a request */
#define ANSWER_MAX   (33 * 1024)	/* SERVER_OUT_MAX and some */

/* "hale/4026531836"; 0 stands for what a missing /proc does not tell. */
static void
make_name(struct sock_addr *at, bool with_mount)
{
	char name[NAME_MAX_LEN];
	struct buf b = buf_over(name, sizeof name);
	struct stat st;

	buf_fmt(&b, "hale/%llu",
	        stat("/proc/self/ns/pid", &st) == 0
	                ? (unsigned long long)st.st_ino : 0);
	if (with_mount)
		buf_fmt(&b, "/%llu",
		        stat("/proc/self/ns/mnt", &st) == 0
		                ? (unsigned long long)st.st_ino : 0);
	sock_abstract(at, buf_span(&b));
}

/* see sup/local.h */
int
local_listen(void)
{
	struct sock_addr at;
	int fd;

	make_name(&at, false);
	fd = sock_listen(&at);
	if (fd != -EADDRINUSE)
		return fd;
	make_name(&at, true);
	return sock_listen(&at);
}

/* Is it the supervisor of our own PID namespace, and one to be believed? */
static bool
is_trusted(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return false;
	if (peer.pid == 0)
		return false;
	return peer.uid == 0 || peer.uid == geteuid() || geteuid() == 0;
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
connect_to(bool with_mount, int64_t deadline_ms)
{
	struct sock_addr at;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return -errno;
	make_name(&at, with_mount);
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

/* The more precise name first: the other may be a neighbour's. */
static int
connect_local(int64_t deadline_ms)
{
	int fd = connect_to(true, deadline_ms);

	if (fd >= 0 || fd == ERR_TIMEOUT)	/* it is there, and busy */
		return fd;
	return connect_to(false, deadline_ms);
}

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

	for (;;) {
		int r = poll(&p, 1, clock_wait_ms(deadline_ms));

		if (r == 0)
			return ERR_TIMEOUT;
		if (r < 0 && errno != EINTR)
			return -errno;
		n = recv(fd, answer->p + answer->len,
		         answer->cap - answer->len, MSG_DONTWAIT);
		if (n == 0)
			return 0;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (n > 0)
			answer->len += (size_t)n;
	}
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

/* see sup/local.h */
int
local_ask(const char *method, const char *path, int64_t deadline_ms,
          struct buf *body)
{
	char bytes[ANSWER_MAX];
	struct buf answer = buf_over(bytes, sizeof bytes);
	int fd = connect_local(deadline_ms), r;

	if (fd < 0)
		return fd;
	r = send_request(fd, method, path);
	if (r == 0)
		r = receive(fd, deadline_ms, &answer);
	close(fd);
	return r < 0 ? r : split_answer(buf_span(&answer), body);
}
