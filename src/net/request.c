/* SPDX-License-Identifier: MIT */
/* net/request.c - a request's header fields (pure) */
#include "net/request.h"

#include <strings.h>

#include "base/err.h"
#include "base/parse.h"

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

/* The value of a line that sends something, trimmed. Returns false for one
 * that only leaves ours out. */
static bool
sends(struct span line, struct span *value)
{
	struct span name = name_of(line);

	*value = span_trim(span_after(line, name.len + 1), " \t");
	return value->len > 0 || line.p[name.len] == ';';
}

/* see net/request.h */
bool
request_sends(const struct request_lines *lines, const char *name)
{
	struct span value;

	for (size_t i = 0; i < lines->n; i++)
		if (is_named(lines->at[i], name) && sends(lines->at[i], &value))
			return true;
	return false;
}

/* The body as it is sent. */
struct body {
	bool     chunked;
	uint64_t length;
};

static bool
is_its_length(const struct body *body, struct span value)
{
	uint64_t n;

	return !body->chunked && parse_uint_span(value, INT64_MAX, &n) == 0
	    && n == body->length;
}

/* Is "chunked" the last coding? */
static bool
is_its_coding(const struct body *body, struct span value)
{
	struct span last = value;

	while (value.len > 0)
		last = span_trim(span_cut(&value, ','), " \t");
	return body->chunked && last.len == strlen("chunked")
	    && strncasecmp(last.p, "chunked", last.len) == 0;
}

/* Is a line of this name wrong, or the second, or the one left out that the
 * body needs? */
static bool
contradicts(const struct request_lines *lines, const char *name,
            const struct body *body, bool is_needed,
            bool (*agrees)(const struct body *body, struct span value))
{
	bool is_sent = false;
	struct span value;

	for (size_t i = 0; i < lines->n; i++) {
		if (!is_named(lines->at[i], name)
		 || !sends(lines->at[i], &value))
			continue;
		if (is_sent || !agrees(body, value))
			return true;
		is_sent = true;
	}
	return is_needed && !is_sent && request_has(lines, name);
}

/* see net/request.h */
const char *
request_contradiction(const struct request_lines *lines, bool chunked,
                      uint64_t length)
{
	static const char by_length[] = "Content-Length";
	static const char by_chunks[] = "Transfer-Encoding";
	const struct body body = { chunked, length };

	if (contradicts(lines, by_length, &body, !chunked && length > 0,
	                is_its_length))
		return by_length;
	return contradicts(lines, by_chunks, &body, chunked, is_its_coding)
	       ? by_chunks : NULL;
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
	bool has_host = false;
	struct span value;

	for (size_t i = 0; i < lines->n; i++) {
		struct span line = lines->at[i];

		if (!sends(line, &value)
		 || (is_named(line, "Host") && has_host))
			continue;
		has_host |= is_named(line, "Host");
		if (value.len == 0) {
			buf_add(b, name_of(line));
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
