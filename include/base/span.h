/* SPDX-License-Identifier: MIT */
/*
 * base/span.h - a string as a pointer and a length (pure)
 *
 * Compares, searches, trims and cuts bytes that somebody else holds. A span
 * owns nothing, is not terminated by a NUL, and lives as long as the bytes it
 * points to. An empty span may have a NULL pointer. To build a text is
 * base/buf.h.
 */
#ifndef HALE_BASE_SPAN_H
#define HALE_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
	const char *p;
	size_t      len;	/* bytes */
};

struct span span_of(const char *text);

/* The len bytes at p, of any type. */
static inline struct span
span_over(const void *p, size_t len)
{
	return (struct span){ p, len };
}

bool span_is(struct span s, const char *text);
bool span_is_equal(struct span a, struct span b);

/* The same in any case, as names are compared. */
bool span_is_same(struct span a, struct span b);
bool span_is_word(struct span s, const char *word);

bool span_has_prefix(struct span s, const char *text);

/* Without the first n bytes, or empty where there are fewer. */
struct span span_after(struct span s, size_t n);

bool span_has(struct span s, char c);

/* Has s a control byte, DEL included, by which a line ends or changes for
 * others who read it? or_space: a space counts, too. */
bool span_has_control(struct span s, bool or_space);

/* The n-th, from 0, of texts that stand one behind the other, a NUL after each:
 * a table of pointers would need relocations, one of arrays room for the
 * longest. */
const char *span_nth_text(const char *texts, size_t n);

/* The place of the first of the marks in s, or s.len; NUL is not a mark. */
size_t span_find(struct span s, const char *marks);

/* The first place of text in s, or NULL. For short texts: it compares at each
 * byte, and libc's, which does not, is ten times as long. */
const char *span_find_text(struct span s, const char *text);

/* c, an ASCII letter as a small one: names are compared without case. */
unsigned span_fold(char c);

/* Without those of the bytes in blanks that stand at either end. */
struct span span_trim(struct span s, const char *blanks);

/*
 * Cuts the bytes before the first mark off *rest and returns them; *rest
 * starts behind the mark, or is empty where no mark is left.
 */
struct span span_cut(struct span *rest, char mark);

#endif
