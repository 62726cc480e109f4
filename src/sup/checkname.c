/* SPDX-License-Identifier: MIT */
/* sup/checkname.c - "NAME=URL", and what a URL is called (pure) */
#include "sup/checkname.h"

static bool
is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
	    || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* see sup/checkname.h */
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

static size_t
find_any(struct span s, const char *marks)
{
	size_t n = 0;

	while (n < s.len && (s.p[n] == '\0' || strchr(marks, s.p[n]) == NULL))
		n++;
	return n;
}

static void
add_harmless(struct buf *b, struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];
		bool plain = c > ' ' && c < 0x7f && c != '"' && c != '\\'
		          && c != '<' && c != '&';

		buf_add(b, (struct span){ plain ? &s.p[i] : "?", 1 });
	}
}

/* Bytes before the host: "user:password@". */
static size_t
user_len(struct span rest)
{
	size_t end = find_any(rest, "/?#"), len = 0;

	for (size_t i = 0; i < end; i++)
		if (rest.p[i] == '@')
			len = i + 1;
	return len;
}

/* see sup/checkname.h */
void
checkname_write(struct buf *b, struct span url)
{
	struct span scheme = { url.p, find_any(url, ":") }, rest;

	if (span_is(scheme, "exec")) {
		rest = url;
		rest.len = find_any(url, " \t");
		add_harmless(b, rest);
		return;
	}
	rest = span_after(url, scheme.len);
	if (span_has_prefix(rest, "://")) {
		scheme.len += 3;
		rest = span_after(rest, 3);
		rest = span_after(rest, user_len(rest));
	} else {
		scheme.len = 0;
		rest = url;
	}
	add_harmless(b, scheme);
	rest.len = find_any(rest, "?#");
	add_harmless(b, rest);
}
