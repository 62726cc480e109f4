/* SPDX-License-Identifier: MIT */
/*
 * net/hostsfile.h - a name's addresses in the text of /etc/hosts (hosts(5))
 *
 * The text comes in pieces of any size; lines may be of any length. No file is
 * opened here.
 */
#ifndef HALE_NET_HOSTSFILE_H
#define HALE_NET_HOSTSFILE_H

#include "net/ip.h"

struct hostsfile {
	struct span name;	/* borrowed */
	int         state;	/* private, as all that follows */
	char        address[IP_TEXT_MAX];
	size_t      address_len;
	size_t      matched;	/* bytes of name that this word equals so far */
};

/* name is compared with every name and alias, in any case. */
void hostsfile_init(struct hostsfile *h, struct span name);

/*
 * Reads on until a line gives name an address. Returns true with *ip and *zone
 * (as ip_read() has them; zone lives in h until the next call) and *text at what is
 * not read yet, or false where text is used up. A line gives one address once. At
 * the file's end a final "\n" ends its last line. Lines with no address in the
 * first place are ignored.
 */
bool hostsfile_step(struct hostsfile *h, struct span *text, struct ip *ip,
                    struct span *zone);

#endif
