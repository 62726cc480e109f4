/* SPDX-License-Identifier: MIT */
/*
 * net/dial.h - find a host's addresses and connect to one of them
 *
 * Blocking, with one absolute deadline; never for PID 1's loop. "localhost"
 * (and *.localhost) is 127.0.0.1 and ::1 with no file and no server asked
 * (RFC 6761, 6.3), a literal address is itself. Every other name is looked up
 * by libc in a forked child, since libc's look-up knows no deadline; the
 * child is killed and reaped when it is late, and dies with its parent.
 */
#ifndef HALE_NET_DIAL_H
#define HALE_NET_DIAL_H

#include "net/sock.h"

#include <stdint.h>

#define DIAL_ADDRS_MAX  16	/* addresses of a name; more are left out */
#define DIAL_STAGGER_MS 250	/* head start of each address (RFC 8305, 5) */

struct dial_addr {
	union {
		struct sockaddr     any;
		struct sockaddr_un  un;
		unsigned char       room[128];
	};
	socklen_t len;
};

struct dial_set {
	size_t           n;
	struct dial_addr at[DIAL_ADDRS_MAX];
};

/*
 * Adds host's addresses with this port; family is AF_INET, AF_INET6 or
 * AF_UNSPEC for both. Returns 0, ERR_RESOLVE (it has none), ERR_NONAME (there is
 * no such name), ERR_NAMESERVER, ERR_TIMEOUT, ERR_FULL (of a full set) or -errno
 * (fork, pipe, and what the machine did not give libc: err_is_shortage()).
 */
int dial_lookup(struct dial_set *set, struct span host, uint16_t port,
                int family, int64_t deadline_ms);

/* The words for a failed look-up; static. */
const char *dial_lookup_text(int err);

/* Adds a unix socket: "/path" or "@abstract". Returns 0 or ERR_TOOBIG. */
int dial_add_unix(struct dial_set *set, struct span path);

/*
 * Connects to the first address that answers: they are tried in order, the
 * next one as soon as one fails or DIAL_STAGGER_MS are over, and the others
 * are given up. Returns a non-blocking, close-on-exec descriptor (for TCP
 * with TCP_NODELAY) with *which set to the index of its address, ERR_TIMEOUT,
 * or the -errno of the first address (and its index).
 */
int dial_connect(const struct dial_set *set, int64_t deadline_ms,
                 size_t *which);

/* Appends "127.0.0.1 port 8080", "::1 port 80" or "/run/sock". */
void dial_write(struct buf *b, const struct dial_addr *at);

/* Appends only the address: "127.0.0.1"; returns the port, 0 for a unix
 * socket. */
uint16_t dial_write_host(struct buf *b, const struct dial_addr *at);

#endif
