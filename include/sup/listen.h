/* SPDX-License-Identifier: MIT */
/*
 * sup/listen.h - a place where probes are answered, as --listen names it
 */
#ifndef HALE_SUP_LISTEN_H
#define HALE_SUP_LISTEN_H

#include "net/addr.h"

#define LISTEN_TEXT_MAX (ADDR_TEXT_MAX + 8)	/* bytes in words, with NUL */

struct listen_place {
	struct addr_bind at;
	bool probes_only;	/* "ADDRESS,probes": verdicts without reasons */
};

/* Appends it as it is written. Here, since a start needs it: a function of its
 * own would lie far from all the others that a start runs through. */
static inline void
listen_write(struct buf *b, const struct listen_place *l)
{
	addr_bind_write(b, &l->at);
	if (l->probes_only)
		buf_str(b, ",probes");
}

#endif
