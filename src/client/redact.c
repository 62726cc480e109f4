/* SPDX-License-Identifier: MIT */
/* client/redact.c - a target as it may be shown: without its secrets (pure) */
#include "client/redact.h"

#include <strings.h>

#include "client/url.h"

#define BLANKS " \t\n"	/* part the words of an exec: */

/* What is shown: head and rest, and that more is hidden. */
struct shown {
	struct span head;	/* "http://", "tcp:" or empty */
	struct span rest;
	bool        hides;
};

static size_t
find_any(struct span s, const char *marks)
{
	size_t n = 0;

	while (n < s.len && (s.p[n] == '\0' || strchr(marks, s.p[n]) == NULL))
		n++;
	return n;
}

/* Bytes up to and with the last '@', encoded ones too; 0 without one. */
static size_t
login_len(struct span s)
{
	size_t len = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '@')
			len = i + 1;
		else if (i + 2 < s.len && memcmp(s.p + i, "%40", 3) == 0)
			len = i + 3;
	}
	return len;
}

static struct span
before(struct span s, const char *marks)
{
	s.len = find_any(s, marks);
	return s;
}

static bool
starts_socket(struct span s)
{
	return s.len > 0 && (s.p[0] == '/' || s.p[0] == '@');
}

/* The part in front of a host or a path: "tcp:", "http+unix://", "x-y://". */
static size_t
head_len(struct span text)
{
	static const char *const kinds[] = { "tcp:", "unix:", "http+unix:" };
	size_t n = find_any(text, ":/?#@ ");

	if (span_has_prefix(span_after(text, n), "://"))
		return n + 3;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (span_has_prefix(text, kinds[i]))
			return n + 1;
	return 0;
}

/* Behind a host's ':' stands a port, or what may be a password. */
static bool
has_port_at(struct span s, size_t colon)
{
	size_t end = colon + 1;

	while (end < s.len && s.p[end] >= '0' && s.p[end] <= '9')
		end++;
	return end == s.len || strchr("/?#", s.p[end]) != NULL;
}

/* No target that anybody could read. */
static struct shown
split_unread(struct span text)
{
	struct shown s = { .hides = false };
	size_t login, colon, all;

	text = span_trim(text, BLANKS);
	s.head = (struct span){ text.p, head_len(text) };
	s.rest = span_after(text, s.head.len);
	login = login_len(s.rest);
	s.rest = before(span_after(s.rest, login), "?#");
	all = s.rest.len;
	s.rest = before(s.rest, BLANKS);
	s.hides = s.rest.len < all;
	colon = s.rest.len > 0 && s.rest.p[0] == '[' ? find_any(s.rest, "]")
	                                             : 0;
	colon += find_any(span_after(s.rest, colon), ":/");
	if (login == 0 && colon < s.rest.len && s.rest.p[colon] == ':'
	 && !has_port_at(s.rest, colon)) {
		s.rest.len = colon + 1;
		s.hides = true;
	}
	return s;
}

/* "tcp:HOST:PORT" as client/check.h reads it. */
static bool
is_tcp(struct span rest)
{
	struct url u;

	return url_read(&u, rest) == 0 && !u.has_scheme && u.has_port
	    && u.user.p == NULL && (u.path.len == 0 || span_is(u.path, "/"));
}

/* A host without a port, and yet with its colon, may be a user whose password
 * starts with a slash, or a scheme that nobody knows: "db=redis://me". */
static bool
is_misread(const struct url *u, struct span rest, size_t authority_len)
{
	return u->user.p == NULL && !u->has_port && authority_len > 0
	    && rest.p[authority_len - 1] == ':'
	    && (span_has_prefix(u->path, "//") || login_len(rest) > 0);
}

static struct shown
split_http(struct span text)
{
	struct shown s = { .head = { text.p, 0 } };
	struct span authority;
	struct url u;

	if (url_read(&u, text) < 0)
		return split_unread(text);
	if (u.has_scheme)
		s.head.len = find_any(text, ":") + 3;
	s.rest = span_after(text, s.head.len);
	authority = before(s.rest, "/?#");
	if (is_misread(&u, s.rest, authority.len))
		return split_unread(text);
	s.rest = before(span_after(s.rest, login_len(authority)), "?#");
	return s;
}

/* "http+unix://%2Frun%2Fsock/PATH": an encoded '@' starts an abstract name. */
static struct shown
split_http_unix(struct span text, size_t prefix)
{
	struct span rest = span_after(text, prefix + 2);
	struct span socket = before(rest, "/?#");
	struct shown s = { .head = { text.p, prefix + 2 } };
	const char *at = socket.len == 0 ? NULL
	               : memrchr(socket.p, '@', socket.len);

	if (!starts_socket(socket)
	 && !(socket.len > 2 && socket.p[0] == '%'
	      && (strncasecmp(socket.p, "%2f", 3) == 0
	          || strncmp(socket.p, "%40", 3) == 0)))
		return split_unread(text);
	if (at != NULL)
		rest = span_after(rest, (size_t)(at - rest.p) + 1);
	s.rest = before(rest, "?#");
	return s;
}

/* "unix:/PATH", "unix:@NAME"; "unix://USER@HOST" is a path only by accident. */
static struct shown
split_unix(struct span text, size_t prefix)
{
	struct shown s = { .head = { text.p, prefix } };

	s.rest = before(span_after(text, prefix), "?#");
	if (!starts_socket(s.rest))
		return split_unread(text);
	if (span_has_prefix(s.rest, "//") && !span_has_prefix(s.rest, "///")
	 && (login_len(before(span_after(s.rest, 2), "/")) > 0
	     || (span_has(s.rest, ':') && login_len(text) > 0)))
		return split_unread(text);
	return s;
}

static struct shown
split_exec(struct span text)
{
	struct shown s = { .rest = { text.p, 0 } };

	while (s.rest.len < text.len
	    && (unsigned char)text.p[s.rest.len] > ' ')
		s.rest.len++;	/* its arguments may be secrets */
	return s;
}

static struct shown
split(struct span text)
{
	static const char unix_head[] = "unix:", http_unix[] = "http+unix:";
	const struct shown whole = { .rest = before(text, "?#") };
	struct span rest = span_after(text, head_len(text));

	if (span_has_prefix(text, "exec:"))
		return split_exec(text);
	if (span_has_prefix(text, "tcp:"))
		return is_tcp(rest) ? whole : split_unread(text);
	if (span_has_prefix(text, unix_head))
		return split_unix(text, sizeof unix_head - 1);
	if (!span_has_prefix(text, http_unix))
		return split_http(text);
	rest = span_after(text, sizeof http_unix - 1);
	if (span_has_prefix(rest, "//"))
		return split_http_unix(text, sizeof http_unix - 1);
	return starts_socket(rest) ? whole : split_unread(text);
}

/* see client/redact.h */
void
redact_write(struct buf *b, struct span target)
{
	struct shown s = split(target);

	buf_plain(b, s.head);
	buf_plain(b, s.rest);
	if (s.hides)
		buf_str(b, "...");
}

/* see client/redact.h */
const char *
redact_text(char room[REDACT_ROOM], struct span target)
{
	struct buf b = buf_over(room, REDACT_ROOM);

	redact_write(&b, target);
	return buf_end_text(&b);
}

/* see client/redact.h */
const char *
redact_value(char room[REDACT_ROOM], struct span value)
{
	struct buf b = buf_over(room, REDACT_ROOM);

	if (login_len(value) > 0 || span_has_prefix(value, "exec:")
	 || (value.len > 0 && memmem(value.p, value.len, "://", 3) != NULL))
		return redact_text(room, value);
	buf_plain(&b, value);
	return buf_end_text(&b);
}
