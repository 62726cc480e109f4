/* SPDX-License-Identifier: MIT */
/* base/span.c - strings as a pointer and a length
 *
 * Not inline: each file that calls one would have a copy, and most do.
 */
#include "base/span.h"

#include <strings.h>

/* see base/span.h */
struct span
span_of(const char *text)
{
	return (struct span){ text, strlen(text) };
}

/* see base/span.h */
bool
span_is(struct span s, const char *text)
{
	size_t i = 0;

	/* Most differ in their first byte: no call is made for that. */
	while (i < s.len && text[i] != '\0' && text[i] == s.p[i])
		i++;
	return i == s.len && text[i] == '\0';
}

/* see base/span.h */
bool
span_is_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

/* see base/span.h */
bool
span_is_same(struct span a, struct span b)
{
	return a.len == b.len
	    && (a.len == 0 || strncasecmp(a.p, b.p, a.len) == 0);
}

/* see base/span.h */
bool
span_is_word(struct span s, const char *word)
{
	return span_is_same(s, span_of(word));
}

/* see base/span.h */
bool
span_has_prefix(struct span s, const char *text)
{
	size_t n = strlen(text);

	return s.len >= n && (n == 0 || memcmp(s.p, text, n) == 0);
}

/* see base/span.h */
struct span
span_after(struct span s, size_t n)
{
	if (n > s.len)
		n = s.len;
	if (n == 0)	/* C allows not even NULL + 0 */
		return s;
	return (struct span){ s.p + n, s.len - n };
}

/* see base/span.h */
size_t
span_find(struct span s, const char *marks)
{
	size_t n = 0;

	while (n < s.len && (s.p[n] == '\0' || strchr(marks, s.p[n]) == NULL))
		n++;
	return n;
}

/* see base/span.h */
bool
span_has(struct span s, char c)
{
	return s.len > 0 && memchr(s.p, c, s.len) != NULL;
}

/* see base/span.h */
bool
span_has_control(struct span s, bool or_space)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < ' ' + or_space || s.p[i] == 0x7f)
			return true;
	return false;
}

/* see base/span.h */
struct span
span_trim(struct span s, const char *blanks)
{
	const struct span any = span_of(blanks);

	while (s.len > 0 && span_has(any, s.p[0]))
		s = span_after(s, 1);
	while (s.len > 0 && span_has(any, s.p[s.len - 1]))
		s.len--;
	return s;
}

/* see base/span.h */
struct span
span_cut(struct span *rest, char mark)
{
	const char *m = rest->len ? memchr(rest->p, mark, rest->len) : NULL;
	struct span head = *rest;

	if (m != NULL)
		head.len = (size_t)(m - rest->p);
	*rest = span_after(*rest, head.len + (m != NULL));
	return head;
}

/* see base/span.h */
const char *
span_find_text(struct span s, const char *text)
{
	size_t n = strlen(text);

	for (; s.len >= n; s = span_after(s, 1))
		if (n == 0 || memcmp(s.p, text, n) == 0)
			return s.p;
	return NULL;
}

/* see base/span.h */
unsigned
span_fold(char c)
{
	unsigned u = (unsigned char)c;

	return u - 'A' < 26 ? u | 0x20 : u;
}

/* see base/span.h */
const char *
span_nth_text(const char *texts, size_t n)
{
	for (; n > 0; n--)
		texts += strlen(texts) + 1;
	return texts;
}
