/* SPDX-License-Identifier: MIT */
/*
 * base/span.h - borrowed bytes: a pointer and a length
 *
 * A span owns nothing and is not terminated; it lives as long as the bytes
 * it points to. An empty span may have a NULL pointer.
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

static inline struct span
span_of(const char *text)
{
	return (struct span){ text, strlen(text) };
}

static inline bool
span_is(struct span s, const char *text)
{
	size_t n = strlen(text);

	return s.len == n && (n == 0 || memcmp(s.p, text, n) == 0);
}

static inline bool
span_has_prefix(struct span s, const char *text)
{
	size_t n = strlen(text);

	return s.len >= n && (n == 0 || memcmp(s.p, text, n) == 0);
}

/* Without the first n bytes, or empty where there are fewer. */
static inline struct span
span_after(struct span s, size_t n)
{
	if (n > s.len)
		n = s.len;
	if (n == 0)	/* C allows not even NULL + 0 */
		return s;
	return (struct span){ s.p + n, s.len - n };
}

static inline bool
span_has(struct span s, char c)
{
	return s.len > 0 && memchr(s.p, c, s.len) != NULL;
}

/* Without those of the bytes in blanks that stand at either end. */
static inline struct span
span_trim(struct span s, const char *blanks)
{
	const struct span any = span_of(blanks);

	while (s.len > 0 && span_has(any, s.p[0]))
		s = span_after(s, 1);
	while (s.len > 0 && span_has(any, s.p[s.len - 1]))
		s.len--;
	return s;
}

/*
 * Cuts the bytes before the first mark off *rest and returns them; *rest
 * starts behind the mark, or is empty where no mark is left.
 */
static inline struct span
span_cut(struct span *rest, char mark)
{
	const char *m = rest->len ? memchr(rest->p, mark, rest->len) : NULL;
	struct span head = *rest;

	if (m != NULL)
		head.len = (size_t)(m - rest->p);
	*rest = span_after(*rest, head.len + (m != NULL));
	return head;
}

#endif
