/* SPDX-License-Identifier: MIT */
/*
 * net/hpack.h - the header fields of HTTP/2: reads blocks, writes fields (pure)
 *
 * RFC 7541. Reads all of it, with a dynamic table of the size that an end may
 * use before anything is announced; writes only literals that leave the other
 * end's table alone. What fields mean is not known here.
 */
#ifndef HALE_NET_HPACK_H
#define HALE_NET_HPACK_H

#include "base/buf.h"

#define HPACK_TABLE_MAX   4096	/* bytes of the dynamic table, by 4.1's count:
				 * what holds unless announced otherwise */
#define HPACK_ENTRY_COST  32	/* bytes that an entry counts more than its
				 * texts, 4.1 */
#define HPACK_ENTRIES_MAX (HPACK_TABLE_MAX / HPACK_ENTRY_COST)
#define HPACK_MEMORY      16384	/* bytes for the texts of one field; longer
				 * texts are not kept */

/* What the other end has put into the dynamic table of one connection. */
struct hpack {
	size_t   cap;		/* bytes that it may take, by 4.1's count */
	size_t   size;		/* that it takes now */
	size_t   n;		/* entries; entries[0] is the oldest */
	size_t   end;		/* bytes used in text[] */
	bool     may_resize;	/* a block has begun, no field has come yet */
	struct hpack_entry {
		uint16_t at;	/* its name in text[]; its value follows */
		uint16_t name_len, value_len;
	} entries[HPACK_ENTRIES_MAX];
	char     text[2 * HPACK_TABLE_MAX];	/* more than it holds: moved to
						 * the start now and then */
};

/* One field. Its spans live until the next call for the same table. */
struct hpack_field {
	struct span name, value;
	size_t      size;	/* bytes by 4.1's count; of one that is cut, of
				 * what was kept: more than HPACK_MEMORY */
	bool        is_cut;	/* longer than HPACK_MEMORY: both are empty */
};

/* Makes it an empty table of HPACK_TABLE_MAX bytes. */
void hpack_init(struct hpack *t);

/* A whole block (HEADERS and its CONTINUATIONs) is read from here on. */
void hpack_begin(struct hpack *t);

/*
 * Cuts the next field off the block. memory has HPACK_MEMORY bytes and is
 * begun anew by each call. Returns 1, 0 at the end of the block, or ERR_PARSE:
 * the table is of no use any more (COMPRESSION_ERROR).
 */
int hpack_next(struct hpack *t, struct span *block, struct hpack_field *f,
               struct buf *memory);

/* Appends a field as a literal that is put into no table, its name in small
 * letters. */
void hpack_write_field(struct buf *b, struct span name, struct span value);
void hpack_write(struct buf *b, const char *name, struct span value);

/* The same with the name of an entry of the static table. */
enum {
	HPACK_AUTHORITY = 1,
	HPACK_PATH = 4,
	HPACK_STATUS = 8,
	HPACK_CONTENT_LENGTH = 28,
	HPACK_CONTENT_TYPE = 31,
	HPACK_USER_AGENT = 58,
};
void hpack_write_known(struct buf *b, unsigned name, struct span value);

/* Appends a field of the static table, its value included. */
enum {
	HPACK_METHOD_POST = 3,
	HPACK_SCHEME_HTTP = 6,
	HPACK_SCHEME_HTTPS = 7,
	HPACK_STATUS_200 = 8,
};
void hpack_write_indexed(struct buf *b, unsigned field);

#endif
