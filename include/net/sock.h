/* SPDX-License-Identifier: MIT */
/*
 * net/sock.h - where to listen, and sockets that do
 *
 * Every descriptor is non-blocking and close-on-exec and belongs to the
 * caller. No name is ever resolved here.
 */
#ifndef HALE_NET_SOCK_H
#define HALE_NET_SOCK_H

#include "base/buf.h"

#include <sys/socket.h>
#include <sys/un.h>

#define SOCK_BACKLOG  1024
#define SOCK_NAME_MAX 128	/* bytes of an address in words, with its NUL */

struct sock_addr {
	union {
		struct sockaddr         any;
		struct sockaddr_un      un;
		struct sockaddr_storage room;
	};
	socklen_t   len;
	bool        every;	/* all addresses, v6 and v4: port only */
	struct span text;	/* as it was written; borrowed */
};

/*
 * "PORT", "ADDR:PORT", "[v6]:PORT", "unix:/PATH", "unix:@NAME" (abstract).
 * Returns 0, or ERR_PARSE; *out is written only on success, and keeps text.
 */
int sock_parse(struct sock_addr *out, struct span text);

/* The address of the abstract stream socket of that name, cut where it is
 * longer than an address can be. */
void sock_abstract(struct sock_addr *out, struct span name);

/* Its TCP port; 0: it is a unix socket. */
unsigned sock_port(const struct sock_addr *at);

/* Appends the address in words; a port alone with the host it stands for. */
void sock_write(struct buf *b, const struct sock_addr *at);

/*
 * A listening socket. An address with `every` listens on [::] for both
 * families and on 0.0.0.0 where the kernel has no IPv6 (*at then says so).
 * A TCP connection is handed over with its first bytes, not before (tcp(7),
 * TCP_DEFER_ACCEPT), so that a probe costs one wake-up. A socket file left
 * behind by a dead process is replaced, any other file is left alone.
 * Returns the descriptor or -errno.
 */
int sock_listen(struct sock_addr *at);

/* Removes the file of a unix: address; others have none. */
void sock_unlink(const struct sock_addr *at);

#endif
