/* SPDX-License-Identifier: MIT */
/* client/redact.c - a target without its secrets, as people see it */
#include "client/redact.h"

#define BLANKS " \t\n"	/* part the words of an exec: */

/* What is shown: head and rest, and that more is hidden. */
struct shown {
	struct span head;	/* "http://", "tcp:" or empty */
	struct span rest;
	bool        hides;
};

static struct span
before(struct span s, const char *marks)
{
	s.len = span_find(s, marks);
	return s;
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

/* Shortens s->rest to len bytes. */
static void
hide_from(struct shown *s, size_t len)
{
	s->hides |= len < s->rest.len;
	s->rest.len = len;
}

/* Of a text that starts with a scheme or a kind of target: "tcp:", "http:/",
 * "http+unix://", "x-y://"; slashes included, since a host follows. Else 0. */
static size_t
scheme_len(struct span text)
{
	static const char kinds[][8] = {
		"tcp", "unix", "http", "https", "grpc", "grpcs",
	};
	struct span word = before(text, ":/?#@ ");
	size_t n = word.len + 1;
	bool is_one = span_has_prefix(span_after(text, word.len), "://")
	           || span_is(word, "http+unix");

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		is_one |= span_is(word, kinds[i]);
	if (!is_one || n > text.len || text.p[n - 1] != ':')
		return 0;
	while (n < text.len && text.p[n] == '/')
		n++;
	return n;
}

/* The bytes before the ']' of an address in brackets; 0: there is none. */
static size_t
bracketed_len(struct span s)
{
	size_t n = 1;

	if (!span_has_prefix(s, "["))
		return 0;
	while (n < s.len && s.p[n] != '\0'
	    && strchr("0123456789abcdefABCDEF:.%", s.p[n]) != NULL)
		n++;
	return n < s.len && s.p[n] == ']' ? n : 0;
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

/* "NAME=" before what looks like a target: a check's name. */
static size_t
name_len(struct span text)
{
	size_t n = span_find(text, "=:/?#@ ") + 1;
	struct span rest = span_after(text, n);

	return n < text.len && text.p[n - 1] == '='
	    && (scheme_len(rest) > 0 || span_has_prefix(rest, "exec:")) ? n : 0;
}

/* No target that anybody could read. */
static void
show_unread(struct shown *s, struct span text)
{
	size_t login, colon;

	text = span_trim(text, BLANKS);
	s->head = (struct span){ text.p, name_len(text) };
	s->rest = span_after(text, s->head.len);
	if (span_has_prefix(s->rest, "exec:")) {
		/* A variable is not a program, which may be shown. */
		s->rest = before(s->rest, BLANKS "=");
		return;
	}
	s->head.len += scheme_len(s->rest);
	s->rest = span_after(text, s->head.len);
	login = login_len(s->rest);
	if (before(s->rest, "?#").len < login) {
		hide_from(s, 0);	/* which '@' is the login's? */
		return;
	}
	s->rest = before(span_after(s->rest, login), "?#");
	hide_from(s, span_find(s->rest, BLANKS ";&=,"));
	colon = bracketed_len(s->rest);
	colon += span_find(span_after(s->rest, colon), ":/");
	if (login == 0 && colon < s->rest.len && s->rest.p[colon] == ':'
	 && !has_port_at(s->rest, colon))
		hide_from(s, colon + 1);
	/* All of it may have been a login: a check has a name, though. */
	s->hides |= text.len > 0 && s->head.len + s->rest.len == 0;
}

/* A host without a port, and yet with its colon, may be a user whose password
 * starts with a slash, or a scheme that nobody knows: "redis:/secret@me". */
static bool
is_misread(const struct url *u)
{
	return u->user.p == NULL && !u->has_port && u->path.p != NULL
	    && u->path.p[-1] == ':'
	    && (span_has_prefix(u->path, "//") || login_len(u->path) > 0);
}

/* From the host on; of the path no parameters, nor another URL's login. */
static void
show_http(struct shown *s, const struct target *t)
{
	const char *host = t->url.host.p - (t->url.is_v6 ? 1 : 0);
	struct span path = before(t->url.path, "?;&");
	size_t colon = span_find(path, ":");

	if (t->url.has_scheme)
		s->head.len = scheme_len(t->text);
	s->rest = span_after(t->text, (size_t)(host - t->text.p));
	s->rest.len = span_find(s->rest, "/?#") + path.len;
	if (login_len(span_after(path, colon)) > 0)
		hide_from(s, s->rest.len - path.len + colon);
}

/* see client/redact.h */
void
redact_target(struct buf *b, const struct target *t)
{
	struct shown s = { .head = { t->text.p, 0 } };

	switch (t->kind) {
	case TARGET_NONE:
		show_unread(&s, t->text);
		break;
	case TARGET_HTTP:
	case TARGET_GRPC:
		if (is_misread(&t->url))
			show_unread(&s, t->text);
		else
			show_http(&s, t);
		break;
	case TARGET_EXEC:
		s.head = span_of("exec:");
		s.rest = span_of(t->argv[0]);
		break;
	case TARGET_HTTP_UNIX:
	case TARGET_TCP:
	case TARGET_UNIX:
		s.rest = before(t->text, t->kind == TARGET_HTTP_UNIX
		                         ? "?#;&" : "?#");
		break;
	}
	buf_plain(b, s.head);
	buf_plain(b, s.rest);
	if (s.hides)
		buf_str(b, "...");
}

/* see client/redact.h */
const char *
redact_text(char room[REDACT_ROOM], struct span text)
{
	char memory[TARGET_ROOM];
	struct buf b = buf_over(room, REDACT_ROOM);
	struct buf parts = buf_over(memory, sizeof memory);
	const char *unused;
	struct target t;

	/* TARGET_NONE, if it fails */
	(void)target_read(&t, text, &parts, &unused);
	redact_target(&b, &t);
	return buf_end_text(&b);
}

/* see client/redact.h */
const char *
redact_value(char room[REDACT_ROOM], struct span value)
{
	struct buf b = buf_over(room, REDACT_ROOM);
	struct span path = span_after(value, span_find(value, "/"));

	if (login_len(value) > 0 || scheme_len(value) > 0
	 || span_find(value, "?#") + 1 < value.len
	 || span_find(path, ";&") < path.len
	 || span_has_prefix(value, "exec:")
	 || span_find_text(value, "://") != NULL)
		return redact_text(room, value);
	buf_plain(&b, value);
	return buf_end_text(&b);
}
