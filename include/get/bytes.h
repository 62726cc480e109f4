/* SPDX-License-Identifier: MIT */
/*
 * get/bytes.h - bytes on the heap that grow, and what a file holds
 */
#ifndef HALE_GET_BYTES_H
#define HALE_GET_BYTES_H

#include "base/span.h"

/* All zero is empty; p is the caller's to free. */
struct bytes {
	char  *p;
	size_t len;
	bool   is_set;	/* something was added, be it empty */
};

/* Appends; one byte of room is left after them. Returns 0 or -ENOMEM. */
int bytes_add(struct bytes *b, struct span more);

/* Appends all of a file ("-": stdin), with that room too. Returns 0 or -errno
 * (-ENOMEM too). */
int bytes_add_file(struct bytes *b, const char *name);

/* Takes line ends and NULs out of the bytes from `from` on, as curl does. */
void bytes_drop_line_ends(struct bytes *b, size_t from);

/* Does it mean the same in a URL, encoded or not (RFC 3986, 2.3)? */
bool bytes_is_unreserved(char c);

/* Writes from to the cap bytes at `to`, terminated, as far as it fits. */
void bytes_copy_text(char *to, size_t cap, struct span from);

#endif
