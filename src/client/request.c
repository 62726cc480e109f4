/* SPDX-License-Identifier: MIT */
/* client/request.c - a request's header fields */
#include "client/request.h"

#include <strings.h>

#include "base/err.h"
#include "base/parse.h"

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

/* see client/request.h */
int
request_verify_line(struct span line)
{
	struct span name = name_of(line);

	if (name.len == 0 || name.len == line.len)
		return ERR_PARSE;
	if (line.p[name.len] == ';'
	 && span_trim(span_after(line, name.len + 1), " \t").len > 0)
		return ERR_PARSE;	/* "Name; x" would have no colon */
	for (size_t i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f
		 || (c <= ' ' && i < name.len))
			return ERR_PARSE;
	}
	return 0;
}

/* see client/request.h */
bool
request_is_named(struct span line, const char *name)
{
	return span_is_word(name_of(line), name);
}

/* see client/request.h */
bool
request_has(const struct request_lines *lines, const char *name)
{
	for (size_t i = 0; i < lines->n; i++)
		if (request_is_named(lines->at[i], name))
			return true;
	return false;
}

/* see client/request.h */
bool
request_sends(struct span line, struct span *name, struct span *value)
{
	struct span got;

	*name = name_of(line);
	got = span_trim(span_after(line, name->len + 1), " \t");
	if (got.len == 0 && line.p[name->len] != ';')
		return false;
	*value = got;
	return true;
}

/* see client/request.h */
int
request_count(const struct request_lines *lines, const char *name,
              struct span *value)
{
	int sent = 0, named = 0;
	struct span unused;

	for (size_t i = 0; i < lines->n; i++)
		if (request_is_named(lines->at[i], name)) {
			named++;
			sent += request_sends(lines->at[i], &unused, value);
		}
	return named > 0 && sent == 0 ? -1 : sent;
}

/* Is "chunked" the last coding? */
static bool
ends_in_chunks(struct span value)
{
	static const char coding[] = "chunked";
	const size_t n = sizeof coding - 1;

	return value.len >= n
	    && strncasecmp(value.p + value.len - n, coding, n) == 0
	    && (value.len == n || strchr(", \t", value.p[value.len - n - 1]));
}

/* see client/request.h */
const char *
request_contradiction(const struct request_lines *lines, bool chunked,
                      uint64_t length)
{
	static const char by_length[] = "Content-Length";
	static const char *const by_chunks = "Transfer-Encoding";
	struct span value;
	uint64_t told;
	int n = request_count(lines, by_length, &value);

	if (n > 1 || (n < 0 && !chunked && length > 0)
	 || (n == 1 && (chunked || parse_uint_span(value, INT64_MAX, &told) < 0
	                || told != length)))
		return by_length;
	n = request_count(lines, by_chunks, &value);
	if (n > 1 || (n < 0 && chunked)
	 || (n == 1 && (!chunked || !ends_in_chunks(value))))
		return by_chunks;
	return NULL;
}

/* see client/request.h */
void
request_add(struct buf *b, const struct request_lines *lines,
            const char *name, const char *value)
{
	if (!request_has(lines, name))
		buf_fmt(b, "%s: %s\r\n", name, value);
}

/* see client/request.h */
void
request_add_lines(struct buf *b, const struct request_lines *lines)
{
	bool has_host = false;
	struct span name, value;

	for (size_t i = 0; i < lines->n; i++) {
		struct span line = lines->at[i];
		bool is_host = request_is_named(line, "Host");

		if (!request_sends(line, &name, &value)
		 || (is_host && has_host))
			continue;
		has_host |= is_host;
		if (value.len == 0) {
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
	static const char *const digits =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
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

/* see client/request.h */
int
request_add_login(struct buf *b, const char *prefix, const char *user,
                  const struct url *u)
{
	char memory[REQUEST_LOGIN_MAX];
	struct buf login = buf_over(memory, sizeof memory);
	int r = 0;

	if (user == NULL) {
		r = url_write_login(&login, u);
	} else {
		buf_str(&login, user);
		if (strchr(user, ':') == NULL)
			buf_str(&login, ":");	/* there is nobody to prompt */
	}
	buf_fmt(b, "%sAuthorization: Basic ", prefix);
	write_base64(b, buf_span(&login));
	buf_str(b, "\r\n");
	return login.cut ? ERR_TOOBIG : r;
}
