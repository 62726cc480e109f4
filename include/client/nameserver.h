/* SPDX-License-Identifier: MIT */
/*
 * client/nameserver.h - ask resolv.conf's name servers for one name's addresses
 *
 * Blocking, with one deadline for all that is asked during a look-up; never for
 * PID 1's loop. The servers are asked in order, both families side by side, as
 * glibc does (resolver(3)): the next server where one is silent, unreachable or
 * answers that it cannot answer; TCP where UDP's answer is truncated. Unlike
 * there a server that stayed silent costs its time once in a look-up: from then
 * on the others come first.
 *
 * A server has resolv.conf's timeout, or its share of what is left until the
 * deadline if that is less, so that each one is asked; in the middle of it the
 * question is sent once more. A family that has addresses waits for the other
 * one for NAMESERVER_OTHER_MS at most.
 *
 * An answer is believed if it comes from the server that was asked, to the port
 * that asked, with the question and its random id; all else is passed over.
 */
#ifndef HALE_CLIENT_NAMESERVER_H
#define HALE_CLIENT_NAMESERVER_H

#include "client/dial.h"
#include "client/dns.h"
#include "client/resolvconf.h"

#define NAMESERVER_PORT     53
#define NAMESERVER_OTHER_MS 1000

struct nameserver {
	struct ip ip;
	int  fd;	/* its connected UDP socket; -1: none */
	int  failed;	/* what came last instead of an answer: enum dns_says,
			 * an error (< 0), or 0 */
	bool by_tcp;	/* that was over TCP */
	bool is_heard;	/* it has said something in this look-up */
	bool is_silent;	/* it did not answer in time when it was asked last */
};

/* All of a look-up; too large for a small stack. */
struct nameservers {
	const struct resolvconf *conf;
	struct nameserver at[RESOLVCONF_SERVERS_MAX];	/* in order */
	size_t     n;
	int        family;
	int64_t    deadline_ms;
	size_t     who;		/* the server that answered last */
	struct dial_set *found;
	char       message[2 + DNS_MESSAGE_MAX];
};

/*
 * conf, whose servers have their zones, and found must stay. family is
 * AF_INET, AF_INET6 or AF_UNSPEC for both (with no-aaaa IPv4 alone). found has
 * room for all (dial_make_room()). Returns 0 or -errno (no random number for
 * `rotate`); nameservers_end() is due in both cases.
 */
int nameservers_init(struct nameservers *s, const struct resolvconf *conf,
                     int family, int64_t deadline_ms, struct dial_set *found);

/*
 * Asks for name, which dns_is_name(). Returns DNS_FOUND (they were added to
 * found), DNS_NODATA, DNS_DANGLING, DNS_NXDOMAIN, DNS_FORMERR or DNS_OTHER,
 * with s->who the server that says so. If none has an answer: DNS_SERVFAIL if
 * one says that, else what the last one said; ERR_NAMESERVER if none says
 * anything, ERR_TIMEOUT if the deadline came, or -errno: no socket or random
 * number could be had.
 */
int nameservers_find(struct nameservers *s, struct span name);

/* Appends the servers and what became of the last question: "10.96.0.10 (timed
 * out), 10.96.0.11 (Connection refused)". */
void nameservers_write(struct buf *b, const struct nameservers *s);

/* Closes what is open. */
void nameservers_end(struct nameservers *s);

#endif
