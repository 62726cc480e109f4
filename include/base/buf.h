/* SPDX-License-Identifier: MIT */
/*
 * base/buf.h - append to a fixed buffer, never past its end (pure)
 *
 * The memory belongs to the caller. What does not fit is cut and `cut` stays
 * set, so that a whole run of appends needs one check at its end.
 */
#ifndef HALE_BASE_BUF_H
#define HALE_BASE_BUF_H

#include "base/span.h"

#include <stdarg.h>
#include <stdint.h>

/* The digits of a macro's number, for a text that names a bound. */
#define BUF_DIGITS(bound)  BUF_DIGITS_(bound)
#define BUF_DIGITS_(digits) #digits

struct buf {
	char  *p;
	size_t len;	/* bytes used */
	size_t cap;	/* bytes that p holds */
	bool   cut;	/* something did not fit */
};

struct buf buf_over(char *memory, size_t cap);

void buf_add(struct buf *b, struct span bytes);
void buf_str(struct buf *b, const char *text);
void buf_byte(struct buf *b, size_t byte);	/* its lowest 8 bits */
void buf_int(struct buf *b, int64_t number);

/* A duration for people: "250ms", "1.6s", "12s", "2m5s", "3h2m", "4d3h". The
 * digits that are not shown are cut off, not rounded. */
void buf_ms(struct buf *b, int64_t ms);

/* text as the inside of a JSON string (RFC 8259, 7): quotes, \ and controls
 * (U+0080 to U+009F too) escaped; what is not UTF-8 becomes U+FFFD. */
void buf_json(struct buf *b, struct span text);

/* text for terminals and logs: controls, those of U+0080 to U+009F too, and
 * what is no UTF-8 become "?"; no sequence is cut in its middle. */
void buf_plain(struct buf *b, struct span text);

/* The same for a text of several lines: newlines stay. */
void buf_plain_lines(struct buf *b, struct span text);

/* Where something did not fit, "..." takes the place of the last bytes; no
 * UTF-8 sequence is cut in its middle. */
void buf_end_cut(struct buf *b);

/*
 * A small printf: %s %d %u %c %% and %ld %lu %lld %llu, and %.*s for a span;
 * no widths. The attribute lets the compiler check the arguments.
 */
void buf_fmt(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void buf_vfmt(struct buf *b, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

/* Ends the bytes with a NUL that len does not count; where there is no room
 * the last byte makes way and cut is set. Needs cap > 0. Returns p. */
const char *buf_text(struct buf *b);

/* buf_end_cut() and buf_text() in one: a cut for the NUL shows, too. */
const char *buf_end_text(struct buf *b);

static inline struct span
buf_span(const struct buf *b)
{
	return (struct span){ b->p, b->len };
}

#endif
