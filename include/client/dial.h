/* SPDX-License-Identifier: MIT */
/*
 * client/dial.h - connect to one of a host's addresses
 *
 * Blocking, with one absolute deadline; never for PID 1's loop. No name is looked
 * up here: client/resolve.h fills the set.
 */
#ifndef HALE_CLIENT_DIAL_H
#define HALE_CLIENT_DIAL_H

#include "net/ip.h"
#include "net/sock.h"

#include <netinet/in.h>

#define DIAL_ADDRS_MAX  6433	/* addresses of a name: all that DNS can say of it */
#define DIAL_STAGGER_MS 250	/* head start of each address (RFC 8305, 5) */
#define DIAL_RACE_MAX   32	/* attempts under way at a time */

/* A socket's address; any.sa_family tells which. */
struct dial_addr {
	union {
		struct sockaddr     any;
		struct sockaddr_in  v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un  un;
	};
	socklen_t len;
};

/* Where to connect to: addresses in order and one port, or a unix socket. */
struct dial_set {
	struct dial_addr un;	/* un.len > 0: this it is, and n is 1 */
	uint16_t   port;
	size_t     n;
	struct ip  few[2];	/* the addresses, as long as many is NULL */
	struct ip *many;	/* on the heap, with room for DIAL_ADDRS_MAX */
};

/* Makes it an empty set; dial_end() is due. */
void dial_init(struct dial_set *set, uint16_t port);

/* Frees what it holds. All zero is an empty set, too. */
void dial_end(struct dial_set *set);

/* Adds an address. Returns 0, ERR_FULL or -ENOMEM. */
int dial_add(struct dial_set *set, const struct ip *ip);

/* Makes room for DIAL_ADDRS_MAX addresses in set->many. Returns 0 or -ENOMEM. */
int dial_make_room(struct dial_set *set);

/* The addresses, n of them. */
static inline struct ip *
dial_ips(struct dial_set *set)
{
	return set->many != NULL ? set->many : set->few;
}

/* Makes it the set of one unix socket: "/path" or "@abstract". Returns 0 or
 * ERR_TOOBIG (empty, or longer than an address can be). */
int dial_set_unix(struct dial_set *set, struct span path);

/* Can dial_set_unix() take it? */
bool dial_is_unix(struct span path);

/* The i-th address of the set. */
void dial_addr_at(struct dial_addr *out, const struct dial_set *set, size_t i);

/* ip and port as a socket's address, and a socket's address of either family as
 * an ip, with no zone. */
void dial_addr_of(struct dial_addr *out, const struct ip *ip, uint16_t port);
void dial_ip_of(struct ip *out, const struct dial_addr *at);

/*
 * A non-blocking, close-on-exec socket of that type (SOCK_STREAM or SOCK_DGRAM)
 * that is connected to an address of either family, or on its way there: then
 * *is_done is false. Returns the descriptor or -errno.
 */
int dial_start(const struct dial_addr *at, int type, bool *is_done);

/*
 * Connects to the first address that answers: they are tried in order, the
 * next one as soon as one fails or DIAL_STAGGER_MS are over (and fewer than
 * DIAL_RACE_MAX are under way), and the others are given up. Returns a
 * non-blocking, close-on-exec descriptor (for TCP with TCP_NODELAY) with *which
 * set to the index of its address, ERR_TIMEOUT, ERR_RESOLVE (an empty set), or
 * the -errno of the first address (and its index).
 */
int dial_connect(const struct dial_set *set, int64_t deadline_ms,
                 size_t *which);

/* Appends "127.0.0.1 port 8080", "::1 port 80" or "/run/sock". */
void dial_write(struct buf *b, const struct dial_addr *at);

/* Appends only the address: "127.0.0.1"; returns the port, 0 for a unix
 * socket. */
uint16_t dial_write_host(struct buf *b, const struct dial_addr *at);

#endif
