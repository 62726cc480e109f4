/* SPDX-License-Identifier: MIT */
/*
 * client/reply.h - read an HTTP/1.1 answer: its head, and a chunked body (pure)
 *
 * The client's side of net/http.h. Nothing here touches a socket, allocates
 * or keeps state but in the caller's struct. A span points into the caller's
 * bytes and lives as long as they do.
 */
#ifndef HALE_CLIENT_REPLY_H
#define HALE_CLIENT_REPLY_H

#include "base/buf.h"

#include <stdint.h>

struct reply {
	int         status;	/* 100..999 */
	int         minor;	/* HTTP/1.minor */
	struct span head;	/* all of it, with its empty line */
	struct span reason;	/* "Not Found"; may be empty */
	struct span fields;	/* the lines between, each with its end */
	struct span location;	/* where it leads; may be empty */
	uint64_t    length;	/* where has_length */
	bool        has_length;	/* a Content-Length that counts */
	bool        chunked;	/* its last coding; any length is void then */
	bool        coded;	/* another transfer coding, which is unknown */
	bool        close;	/* the connection ends with this answer */
};

/*
 * Reads one answer's head from the len bytes at buf. Lines may end in LF
 * alone and values may be folded. Refused: a line that is not an HTTP/1 status
 * line, a field without a colon, a NUL, a CR without its LF, a length that is
 * not a number, two lengths or two places (Location) that differ.
 * Returns the bytes the head takes (> 0), 0 if it is not whole yet,
 * ERR_VERSION where the bytes are neither HTTP/1.0 nor HTTP/1.1, ERR_PARSE, or
 * ERR_RANGE for a length beyond 2^63. out is written only when the result is
 * positive.
 */
int reply_read(struct reply *out, const char *buf, size_t len);

/* Of an answer that is ERR_VERSION: "3.0" of "HTTP/3.0 200"; empty if these
 * bytes do not claim to be HTTP. */
struct span reply_version(struct span start);

/* Cuts the next field off *rest (at first: reply.fields). false at the end. */
bool reply_next_field(struct span *rest, struct span *name,
                      struct span *value);

/* The value of the first of reply.fields with that name, in any case; else p is
 * NULL. */
struct span reply_field(struct span fields, struct span name);

/* A chunked body's state; all zero at its start. */
struct chunks {
	int      state;		/* reply.c's */
	unsigned line_len;	/* bytes of the line that is being read */
	uint64_t left;		/* bytes of this chunk that are to come */
};

#define CHUNKS_LINE_MAX 4096	/* bytes of a size line or of the trailers */

enum chunks_got {
	CHUNKS_MORE,	/* all of *in was used; more is needed */
	CHUNKS_DATA,	/* *data is set: a part of the body, in *in's memory */
	CHUNKS_END,	/* the body is whole; *in is what came behind it */
};

/*
 * Takes bytes off *in until one of these is true. Returns it, or ERR_PARSE
 * for what is no chunk, ERR_TOOBIG for a line over CHUNKS_LINE_MAX.
 */
int chunks_step(struct chunks *c, struct span *in, struct span *data);

#endif
