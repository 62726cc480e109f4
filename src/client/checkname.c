/* SPDX-License-Identifier: MIT */
/* client/checkname.c - "NAME=URL", and what a URL is called (pure) */
#include "client/checkname.h"

#include "client/redact.h"

static bool
is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
	    || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* see client/checkname.h */
struct span
checkname_cut(struct span *text)
{
	struct span name = { text->p, 0 };

	while (name.len < text->len && is_name_byte(text->p[name.len]))
		name.len++;
	if (name.len == 0 || name.len == text->len
	 || text->p[name.len] != '=') {
		name.len = 0;
		return name;
	}
	*text = span_after(*text, name.len + 1);
	return name;
}

static bool
is_harmless(char c)
{
	return c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '<'
	    && c != '&';
}

/* see client/checkname.h */
void
checkname_write(struct buf *b, struct span url)
{
	size_t from = b->len;

	redact_write(b, url);
	for (size_t i = from; i < b->len; i++)
		if (!is_harmless(b->p[i]))
			b->p[i] = '?';
}
