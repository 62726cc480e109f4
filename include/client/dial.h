/* SPDX-License-Identifier: MIT */
/*
 * client/dial.h - connect to one of a host's addresses, or to a unix socket
 *
 * Blocking, with one absolute deadline; never for PID 1's loop. No name is
 * looked up here: client/resolve.h fills the set.
 */
#ifndef HALE_CLIENT_DIAL_H
#define HALE_CLIENT_DIAL_H

#include "net/addr.h"

#define DIAL_ADDRS_MAX  6433	/* addresses of a name: all of DNS */
#define DIAL_STAGGER_MS 250	/* head start of each address (RFC 8305, 5) */
#define DIAL_RACE_MAX   32	/* attempts under way at a time */

/* Where to connect to: addresses in order, and one port. */
struct dial_set {
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

/* Makes room for DIAL_ADDRS_MAX addresses in set->many. Returns 0 or -ENOMEM.
 * */
int dial_make_room(struct dial_set *set);

/* Appends the i-th address of the set. */
void dial_write_ip(struct buf *b, const struct dial_set *set, size_t i);

/* The addresses, n of them. */
static inline struct ip *
dial_ips(struct dial_set *set)
{
	return set->many != NULL ? set->many : set->few;
}

/*
 * Connects to the first address that answers: they are tried in order, the
 * next one as soon as one fails or DIAL_STAGGER_MS are over (and fewer than
 * DIAL_RACE_MAX are under way), and the others are given up. Returns a
 * non-blocking, close-on-exec descriptor with TCP_NODELAY, ERR_TIMEOUT,
 * ERR_RESOLVE (an empty set), or the -errno of the first address. *peer is the
 * address that this is about; its len is 0 where the set is empty.
 */
int dial_connect(const struct dial_set *set, int64_t deadline_ms,
                 struct addr *peer);

/* Is it of 1 byte at least, and no more than a unix socket's address can have?
 * */
bool dial_is_unix(struct span path);

/* Connects to a unix socket, once its listener has room for one more. Returns a
 * descriptor as dial_connect(), ERR_TIMEOUT or -errno. */
int dial_unix(const struct addr *to, int64_t deadline_ms);

#endif
