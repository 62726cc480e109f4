/* SPDX-License-Identifier: MIT */
/* net/request.c - a request's header fields (pure) */
#include "net/request.h"

#include <strings.h>

#include "base/err.h"

static bool
is_blank(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] != ' ' && s.p[i] != '\t')
			return false;
	return true;
}

/* The name of a user's line, which ':' ends or, where there is none, ';'. */
static struct span
name_of(struct span line)
{
	struct span rest = line, name = span_cut(&rest, ':');

	if (name.len == line.len) {
		rest = line;
		name = span_cut(&rest, ';');
	}
	return name;
}

/* see net/request.h */
int
request_verify_line(struct span line)
{
	struct span name = name_of(line);

	if (name.len == 0 || name.len == line.len)
		return ERR_PARSE;
	if (line.p[name.len] == ';'
	 && !is_blank(span_after(line, name.len + 1)))
		return ERR_PARSE;	/* "Name; x" would have no colon */
	for (size_t i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f
		 || (c <= ' ' && i < name.len))
			return ERR_PARSE;
	}
	return 0;
}

static bool
is_named(struct span line, const char *name)
{
	struct span got = name_of(line);

	return got.len == strlen(name)
	    && strncasecmp(got.p, name, got.len) == 0;
}

/* see net/request.h */
bool
request_has(const struct request_lines *lines, const char *name)
{
	for (size_t i = 0; i < lines->n; i++)
		if (is_named(lines->at[i], name))
			return true;
	return false;
}

/* see net/request.h */
void
request_add(struct buf *b, const struct request_lines *lines,
            const char *name, struct span value)
{
	if (request_has(lines, name))
		return;
	buf_str(b, name);
	buf_str(b, ": ");
	buf_add(b, value);
	buf_str(b, "\r\n");
}

/* see net/request.h */
void
request_add_lines(struct buf *b, const struct request_lines *lines)
{
	for (size_t i = 0; i < lines->n; i++) {
		struct span line = lines->at[i], name = name_of(line);
		struct span value = span_after(line, name.len + 1);

		if (is_blank(value)) {
			if (line.p[name.len] == ':')
				continue;
			buf_add(b, name);
			buf_str(b, ":");
		} else {
			buf_add(b, line);
		}
		buf_str(b, "\r\n");
	}
}

/* RFC 4648, 4. */
static void
write_base64(struct buf *b, struct span bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                             "abcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < bytes.len; i += 3) {
		char out[4] = "====";
		size_t n = bytes.len - i < 3 ? bytes.len - i : 3;
		unsigned bits = 0;

		for (size_t j = 0; j < 3; j++)
			bits = bits << 8
			     | (j < n ? (unsigned char)bytes.p[i + j] : 0);
		for (size_t j = 0; j <= n; j++)
			out[j] = digits[bits >> (18 - 6 * j) & 63];
		buf_add(b, (struct span){ out, sizeof out });
	}
}

/* see net/request.h */
void
request_write_basic(struct buf *b, struct span login)
{
	buf_str(b, "Basic ");
	write_base64(b, login);
}
