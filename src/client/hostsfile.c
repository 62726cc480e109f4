/* SPDX-License-Identifier: MIT */
/* client/hostsfile.c - a name's addresses in /etc/hosts */
#include "client/hostsfile.h"

#define DIFFERS SIZE_MAX	/* for `matched`: this word is another one */

/* What a byte of the text belongs to. */
enum {
	ADDRESS,	/* or the blanks in front of it */
	NAMES,
	REST,		/* of a line that is not read any more */
};

/* see client/hostsfile.h */
void
hostsfile_init(struct hostsfile *h, struct span name)
{
	*h = (struct hostsfile){ .name = name, .state = ADDRESS };
}

/* A byte that is neither blank nor end. */
static void
add_byte(struct hostsfile *h, char c)
{
	if (h->state == ADDRESS) {
		if (h->address_len == sizeof h->address)
			h->state = REST;	/* no address is as long */
		else
			h->address[h->address_len++] = c;
	} else if (h->matched < h->name.len
	        && span_fold(h->name.p[h->matched]) == span_fold(c)) {
		h->matched++;
	} else {
		h->matched = DIFFERS;
	}
}

/* see client/hostsfile.h */
bool
hostsfile_step(struct hostsfile *h, struct span *text, struct ip *ip,
               struct span *zone)
{
	while (text->len > 0) {
		struct span address = { h->address, h->address_len };
		char c = text->p[0];
		bool found = false;

		*text = span_after(*text, 1);
		if (c != '#' && c != ' ' && (c < '\t' || c > '\r')) {
			add_byte(h, c);
			continue;
		}
		if (h->state == NAMES)
			found = h->matched == h->name.len && h->matched > 0;
		else if (address.len > 0 && h->state == ADDRESS)
			h->state = NAMES;
		h->matched = 0;
		if (found || c == '#')
			h->state = REST;
		if (c == '\n') {	/* the bytes stay: *zone is in them */
			h->state = ADDRESS;
			h->address_len = 0;
		}
		if (found && ip_read(ip, zone, address) == 0)
			return true;
	}
	return false;
}
