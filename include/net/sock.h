/* SPDX-License-Identifier: MIT */
/*
 * net/sock.h - sockets that listen and that connect, and whose they are
 *
 * Every descriptor is non-blocking and close-on-exec and belongs to the caller.
 */
#ifndef HALE_NET_SOCK_H
#define HALE_NET_SOCK_H

#include "net/addr.h"

#define SOCK_BACKLOG 1024

/*
 * A listening socket. An address with `every` listens on [::] for both
 * families and on 0.0.0.0 where the kernel has no IPv6 (*to then says so).
 * A TCP connection is handed over with its first bytes, not before (tcp(7),
 * TCP_DEFER_ACCEPT), so that a probe costs one wake-up; one whose peer has
 * vanished fails within two minutes. A socket file left behind by a dead
 * process is replaced, any other file is left alone.
 * Returns the descriptor or -errno.
 */
int sock_listen(struct addr_bind *to);

/* Removes the file of a unix: address; others have none. */
void sock_unlink(const struct addr *at);

/*
 * A socket of that type (SOCK_STREAM or SOCK_DGRAM) that is connected to the
 * address, or on its way there: then *is_done is false. Returns the descriptor
 * or -errno; -EAGAIN is a unix socket's listener with no room for one more.
 */
int sock_start(const struct addr *to, int type, bool *is_done);

/* Is there a process that we can see at the other end of a unix socket? *who
 * is it, by the kernel's word: who has listened, or who has connected. */
bool sock_peer(int fd, struct ucred *who);

#endif
