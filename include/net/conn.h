/* SPDX-License-Identifier: MIT */
/*
 * net/conn.h - one connection of net/server.h, from first byte to end
 *
 * Reads its requests, has each answered by the server's owner, writes the
 * answer and closes. For the server alone, which accepts, and which decides
 * whose place a newcomer takes.
 */
#ifndef HALE_NET_CONN_H
#define HALE_NET_CONN_H

#include "net/server.h"

#include <sys/socket.h>

/*
 * Serves fd, a non-blocking connection that came by that listener, in the free
 * slot c: what has come already is answered now. It may be closed again when
 * this returns. peer is the other end, if the listener is a local one.
 */
void conn_open(struct conn *c, int fd, struct server_listener *from,
               const struct ucred *peer);

/* Tells a client by HTTP/2 that its connection ends. */
void conn_say_goodbye(struct conn *c);

/* The same, and ends an open connection. Its slot is free in the next turn of
 * the loop. */
void conn_dismiss(struct conn *c);

/* Tells one that watches what has changed by the room's services, which are
 * those of now. It may be closed when this returns. */
void conn_tell(struct conn *c);

#endif
