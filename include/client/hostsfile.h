/* SPDX-License-Identifier: MIT */
/*
 * client/hostsfile.h - a name's addresses in the text of /etc/hosts (pure)
 *
 * The text (hosts(5)) comes in pieces of any size; lines may be of any length.
 * Blanks are those of isspace(3), the "\r" of a file from Windows too; a NUL is
 * a byte of a word.
 */
#ifndef HALE_CLIENT_HOSTSFILE_H
#define HALE_CLIENT_HOSTSFILE_H

#include "net/ip.h"

struct hostsfile {
	struct span name;	/* borrowed */
	int         state;	/* private, as all that follows */
	char        address[IP_TEXT_MAX];
	size_t      address_len;
	size_t      matched;	/* bytes of name that this word equals so far */
};

/* name is compared with every name and alias: in any case (ASCII), and whole,
 * so that a final dot counts. */
void hostsfile_init(struct hostsfile *h, struct span name);

/*
 * Reads on until a line gives name an address. Returns true with *ip and *zone
 * (as ip_read() has them; zone lives in h until the next call) and *text at
 * what is not read yet, or false where text is used up. A line gives one
 * address once. The caller feeds "\n" at the file's end, which ends a last
 * line that has none. Lines with no address in the first place are ignored.
 */
bool hostsfile_step(struct hostsfile *h, struct span *text, struct ip *ip,
                    struct span *zone);

#endif
