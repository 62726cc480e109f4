/* SPDX-License-Identifier: MIT */
/*
 * client/dns.h - one DNS question and its answer, in memory (pure)
 *
 * Nothing here touches a socket, allocates or keeps state. Questions are for
 * addresses, in class IN, with recursion desired. Names are compared without
 * regard to the case of ASCII letters.
 */
#ifndef HALE_CLIENT_DNS_H
#define HALE_CLIENT_DNS_H

#include "net/ip.h"

#define DNS_NAME_MAX    253	/* bytes of a name, final dot left out */
#define DNS_LABEL_MAX   63	/* (RFC 1035, 2.3.4) */
#define DNS_QUERY_MAX   (12 + DNS_NAME_MAX + 2 + 4 + 11)	/* bytes */
#define DNS_MESSAGE_MAX 65535	/* bytes of any message */
#define DNS_EDNS_BYTES  1232	/* what an EDNS0 question says that it takes */
#define DNS_CNAMES_MAX  16	/* links of a chain of aliases */
/* Addresses of one type that a message has room for: 12 bytes of a record that
 * points at the question's name, and the address, after head and question. */
#define DNS_A_MAX       ((DNS_MESSAGE_MAX - 12 - 5) / (12 + IP_V4_LEN))
#define DNS_AAAA_MAX    ((DNS_MESSAGE_MAX - 12 - 5) / (12 + IP_V6_LEN))

enum dns_type { DNS_A = 1, DNS_AAAA = 28 };

struct dns_question {
	struct span   name;	/* in text; a final dot means nothing here */
	enum dns_type type;
	uint16_t      id;
	bool          edns;	/* EDNS0 (RFC 6891) */
};

/* What a server says. */
enum dns_says {
	DNS_FOUND = 1,		/* at least one address */
	DNS_NODATA,		/* the name exists and has none of this type */
	DNS_DANGLING,		/* there are records, but they lead to no
				 * address: in glibc a search list ends there */
	DNS_NXDOMAIN,		/* it does not exist */
	DNS_SERVFAIL, DNS_REFUSED, DNS_NOTIMP, DNS_FORMERR,
	DNS_LAME,		/* nothing: not its zone, and no recursion */
	DNS_TRUNCATED,		/* TC: the whole answer needs TCP */
	DNS_OTHER,		/* another response code */
};

/* Can name be asked for: labels of 1 to DNS_LABEL_MAX bytes, DNS_NAME_MAX in
 * all? Any byte but a dot is one of a label's. */
bool dns_is_name(struct span name);

/* Writes the question, whose name dns_is_name(); returns its length. */
size_t dns_write(unsigned char to[DNS_QUERY_MAX], const struct dns_question *q);

/*
 * Reads a message of at most DNS_MESSAGE_MAX bytes. Returns an enum dns_says,
 * or ERR_PARSE where it is not an answer to q (another id, question, class or
 * kind of message), or where its answer section breaks off, has fewer records
 * than it counts, names that point forward or are too long, or an address of
 * another length: such a message is passed over. The other sections are not
 * read.
 *
 * SERVFAIL, NOTIMP and REFUSED come before DNS_TRUNCATED, and this before all
 * else. Addresses of q's name, through its CNAMEs in any order, are appended
 * to to[], which holds *n of at most cap. With DNS_FOUND at least one was;
 * what has no room makes it ERR_FULL. *n changes only with DNS_FOUND. Aliases
 * that lead to no address, go round in a circle or are more than
 * DNS_CNAMES_MAX are DNS_DANGLING: nobody waits for another answer, which is
 * what glibc does.
 */
int dns_read(const struct dns_question *q, struct span message, struct ip *to,
             size_t cap, size_t *n);

#endif
