/* SPDX-License-Identifier: MIT */
/* net/h2.c - recognises an HTTP/2 client of the listeners and refuses it */
#include "net/h2.h"

/* see net/h2.h */
bool
h2_is_preface(const char *buf, size_t len)
{
	return span_has_prefix((struct span){ buf, len },
	                       "PRI * HTTP/2.0\r\n");
}

/* see net/h2.h */
void
h2_write_refusal(struct buf *b)
{
	/* RFC 9113, 4.1: length, type, flags, stream; 6.5 and 6.8 */
	static const char frames[] = {
		0, 0, 0, 4, 0, 0, 0, 0, 0,
		0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13,
	};

	buf_add(b, (struct span){ frames, sizeof frames });
}
