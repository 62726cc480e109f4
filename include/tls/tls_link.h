/* SPDX-License-Identifier: MIT */
/*
 * tls/tls_link.h - a TLS connection beside its protocol: the socket, the first
 * error and its words
 *
 * The same for every version of TLS: bytes go in and out here, and what becomes
 * of them is the protocol's. Nothing blocks but tls_link_wait().
 */
#ifndef HALE_TLS_TLS_LINK_H
#define HALE_TLS_TLS_LINK_H

#include <sys/types.h>

#include "tls/tls.h"

#define TLS_LINK_HEAD_MAX  64	/* first bytes of the server; shown if they are
				 * not TLS */
#define TLS_LINK_QUIET_MAX (2 << 20)	/* bytes from the server with no
				 * content: all of a handshake, or alerts and
				 * empty records */

/* Must not be moved: why points into it. */
struct tls_link {
	int    fd;		/* the caller's */
	int    err;		/* the first error; it stays */
	int    send_err;	/* sending failed; reading may go on */
	bool   open;		/* the handshake is over */
	bool   heard;		/* content came */
	size_t quiet_len;	/* bytes received; the protocol sets it to 0
				 * with each content */
	size_t head_len;
	char   head[TLS_LINK_HEAD_MAX];	/* what the server sent first */
	struct buf why;		/* words for err; empty before */
	char   words[TLS_WHY_MAX];
};

/* l is zero. Small writes leave fd at once from now on: Nagle's algorithm and a
 * delayed ACK cost 40 ms a handshake otherwise. */
void tls_link_init(struct tls_link *l, int fd);

/* Keeps the first error and its words (NULL: err's own). Returns the first. */
int tls_link_fail(struct tls_link *l, int err, const char *text);

/* The same for words that are in l->why already, or none there: err's own. */
int tls_link_keep(struct tls_link *l, int err);

/* The same for an error whose words the caller appends to l->why. Returns
 * whether it is the first: else there is nothing to append. */
bool tls_link_is_first(struct tls_link *l, int err);

/* The same for a server that does not speak TLS (see tls_link_is_tls()), with
 * words that show what it sent. */
int tls_link_fail_stranger(struct tls_link *l);

/* The same for a server that hung up; err is ERR_TRUNCATED or -errno. During
 * the handshake every way to do so is one failure, ERR_TLS. */
int tls_link_fail_hung_up(struct tls_link *l, int err);

/* Does what the server sent first look like TLS, as far as it has come? */
bool tls_link_is_tls(const struct tls_link *l);

/*
 * Sends what the socket takes at once. Returns the bytes taken, or 0 if it is
 * full. Once sending has failed (l->send_err) all bytes are dropped, so that
 * what the server sent before, an alert or an answer, is still read.
 */
size_t tls_link_send(struct tls_link *l, const void *p, size_t len);

/* Receives up to len bytes that are there. Returns how many, 0 if there are
 * none, or an error, which is kept: a server that hung up is one, and so are
 * more than TLS_LINK_QUIET_MAX bytes. */
ssize_t tls_link_receive(struct tls_link *l, void *p, size_t len);

/* Waits for POLLIN or POLLOUT. Returns 0 or an error, which is kept. */
int tls_link_wait(struct tls_link *l, short events, int64_t deadline_ms);

#endif
