/* SPDX-License-Identifier: MIT */
/* tls/tls_link.c - the socket of a TLS connection, its first error and words */
#include "tls/tls_link.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/wait.h"
#include "tls/tls_stranger.h"

/* see tls/tls_link.h */
void
tls_link_init(struct tls_link *l, int fd)
{
	static const int on = 1;

	l->fd = fd;
	l->why = buf_over(l->words, sizeof l->words);
	/* On a unix socket it fails, and is not needed. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* see tls/tls_link.h */
bool
tls_link_is_first(struct tls_link *l, int err)
{
	if (l->err != 0)
		return false;
	l->err = err;
	return true;
}

/* see tls/tls_link.h */
int
tls_link_fail(struct tls_link *l, int err, const char *text)
{
	if (tls_link_is_first(l, err))
		buf_str(&l->why, text != NULL ? text : err_text(err));
	return l->err;
}

/* see tls/tls_link.h */
int
tls_link_keep(struct tls_link *l, int err)
{
	return tls_link_fail(l, err, l->why.len > 0 ? "" : NULL);
}

/* see tls/tls_link.h */
bool
tls_link_is_tls(const struct tls_link *l)
{
	return !tls_stranger_is((struct span){ l->head, l->head_len });
}

/* see tls/tls_link.h */
int
tls_link_fail_stranger(struct tls_link *l)
{
	ssize_t n;

	if (!tls_link_is_first(l, ERR_TLS))
		return l->err;
	n = recv(l->fd, l->head + l->head_len, sizeof l->head - l->head_len,
	         MSG_DONTWAIT);
	l->head_len += n > 0 ? (size_t)n : 0;
	tls_stranger_write(&l->why, (struct span){ l->head, l->head_len });
	return l->err;
}

/* see tls/tls_link.h */
int
tls_link_fail_hung_up(struct tls_link *l, int err)
{
	if (l->open)
		return tls_link_fail(l, err, err == ERR_TRUNCATED
			? "the server closed the connection without saying "
			  "that this is the end (no close_notify)" : NULL);
	if (!tls_link_is_tls(l))	/* less than a record's head */
		return tls_link_fail_stranger(l);
	if (err != ERR_TRUNCATED)
		return tls_link_fail(l, ERR_TLS, "the connection broke during "
		                     "the TLS handshake");
	return tls_link_fail(l, ERR_TLS, l->head_len > 0
		? "the server closed the connection during the TLS handshake"
		: "the server closed the connection during the TLS handshake "
		  "and sent nothing: is this a port for TLS?");
}

/* see tls/tls_link.h */
size_t
tls_link_send(struct tls_link *l, const void *p, size_t len)
{
	ssize_t n;

	if (l->send_err != 0)
		return len;
	n = send(l->fd, p, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n >= 0)
		return (size_t)n;
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	l->send_err = -errno;
	return len;
}

static void
keep_head(struct tls_link *l, const char *p, size_t n)
{
	size_t room = sizeof l->head - l->head_len;

	if (n > room)
		n = room;
	memcpy(l->head + l->head_len, p, n);
	l->head_len += n;
}

/* see tls/tls_link.h */
ssize_t
tls_link_receive(struct tls_link *l, void *p, size_t len)
{
	ssize_t n = recv(l->fd, p, len, MSG_DONTWAIT);

	if (n == 0)
		return tls_link_fail_hung_up(l, ERR_TRUNCATED);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0)
		return tls_link_fail_hung_up(l, -errno);
	l->quiet_len += (size_t)n;
	if (l->quiet_len > TLS_LINK_QUIET_MAX)
		return tls_link_fail(l, ERR_TLS, "the server sent more than 2 "
		                     "MiB of TLS records without any content");
	keep_head(l, p, (size_t)n);
	return n;
}

/* see tls/tls_link.h */
int
tls_link_wait(struct tls_link *l, short events, int64_t deadline_ms)
{
	int r = wait_fd(l->fd, events, deadline_ms);

	return r < 0 ? tls_link_fail(l, r, NULL) : 0;
}
