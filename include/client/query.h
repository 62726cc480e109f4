/* SPDX-License-Identifier: MIT */
/*
 * client/query.h - one name server is asked for one name, over UDP or TCP
 *
 * For client/nameserver.h alone, which goes from server to server. Blocking,
 * with an absolute end.
 */
#ifndef HALE_CLIENT_QUERY_H
#define HALE_CLIENT_QUERY_H

#include "client/nameserver.h"

#define QUERY_NOTHING 0	/* beside enum dns_says: no answer yet */

/* Sets of enum dns_says and QUERY_NOTHING. */
#define QUERY_SET(says)  (1U << (says))
#define QUERY_OPEN       QUERY_SET(QUERY_NOTHING)
#define QUERY_FOUND      QUERY_SET(DNS_FOUND)
#define QUERY_TRUNCATED  QUERY_SET(DNS_TRUNCATED)
#define QUERY_UNFINISHED (QUERY_OPEN | QUERY_TRUNCATED)

struct query {
	struct dns_question q;
	bool is_sent;
	int  says;	/* enum dns_says or QUERY_NOTHING */
};

/* One name: a question for each family. */
struct queries {
	struct query of[2];
	size_t       n;
};

static inline bool
query_is_in(int says, unsigned set)
{
	return (QUERY_SET(says) & set) != 0;
}

/* How many questions have an answer of the set? */
size_t query_count(const struct queries *qs, unsigned set);

/*
 * Asks over UDP until nothing is open, both questions at once unless
 * resolv.conf wants one after the other; in the middle of the time they are
 * sent once more. Once a family has addresses, or the name does not exist, the
 * other one has NAMESERVER_OTHER_MS at most. What is found is added to
 * s->found. Returns 0, or why questions are open still: ERR_TIMEOUT or -errno.
 * to->fd stays open.
 */
int query_udp(struct nameservers *s, struct nameserver *to, struct queries *qs,
              int64_t end_ms);

/* Asks over TCP for all that is open or truncated. Returns as query_udp(), or
 * ERR_SHORT where the server ends the connection. */
int query_tcp(struct nameservers *s, struct nameserver *to, struct queries *qs,
              int64_t end_ms);

/* Closes the server's UDP socket, if it is open. */
void query_close(struct nameserver *of);

#endif
