/* SPDX-License-Identifier: MIT */
/* net/http.c - HTTP/1.1 heads */
#include "net/http.h"

#include "base/err.h"

#include <strings.h>

#define LITERAL(text) ((struct span){ (text), sizeof(text) - 1 })

/* A head in the reading. */
struct head {
	struct http_req   req;
	struct http_fault fault;
	int  hosts;
	int  lengths;
	bool chunked;	/* any Transfer-Encoding */
	bool has_length;	/* a Content-Length above zero */
	bool close;
	bool keep;
};

static int
refuse(struct head *h, int err, const char *what, struct span where)
{
	h->fault = (struct http_fault){ what, where };
	return err;
}

/* RFC 9110, 5.6.2: the characters of a token. */
static bool
is_tchar(unsigned char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
	 || (c >= '0' && c <= '9'))
		return true;
	switch (c) {
	case '!': case '#': case '$': case '%': case '&': case '\'': case '*':
	case '+': case '-': case '.': case '^': case '_': case '`': case '|':
	case '~':
		return true;
	}
	return false;
}

static size_t
token_len(struct span s)
{
	size_t n = 0;

	while (n < s.len && is_tchar((unsigned char)s.p[n]))
		n++;
	return n;
}

/* Field values: no control but tab, so no NUL and no CR inside a line. */
static bool
is_clean(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

/*
 * A target: nothing invisible, no fragment (RFC 9112, 3.2). Clients write
 * paths and queries in raw UTF-8 as well, which nobody can misread.
 */
static bool
is_target(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c == 0x7f || c == '#')
			return false;
	}
	return true;
}

static bool
is_host(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] > 0x7f)
			return false;
	return is_target(s);
}

static struct span
trim(struct span s)
{
	return span_trim(s, " \t");
}

/* Cuts one line without its end off *rest; false where it has no end yet. */
static bool
cut_line(struct span *rest, struct span *line)
{
	const char *end = rest->len ? memchr(rest->p, '\n', rest->len) : NULL;

	if (end == NULL)
		return false;
	line->p = rest->p;
	line->len = (size_t)(end - rest->p);
	*rest = span_after(*rest, line->len + 1);
	if (line->len > 0 && line->p[line->len - 1] == '\r')
		line->len--;
	return true;
}

/* The length of the "http://" or "https://" at its start, or 0. */
static size_t
scheme_len(struct span target)
{
	if (target.len >= 7 && strncasecmp(target.p, "http://", 7) == 0)
		return 7;
	if (target.len >= 8 && strncasecmp(target.p, "https://", 8) == 0)
		return 8;
	return 0;
}

/* see net/http.h */
int
http_split_target(struct http_req *req, struct span target)
{
	size_t scheme = scheme_len(target), host = 0;
	struct span rest = span_after(target, scheme);

	while (scheme > 0 && host < rest.len && rest.p[host] != '/'
	    && rest.p[host] != '?')
		host++;
	if ((scheme > 0 && host == 0) || !is_target(target))
		return ERR_PARSE;
	req->query = span_after(rest, host);
	req->path = span_cut(&req->query, '?');
	if (scheme > 0 && req->path.len == 0)
		req->path = span_of("/");
	while (span_has_prefix(req->path, "//"))
		req->path = span_after(req->path, 1);
	return 0;
}

static int
read_version(struct head *h, struct span v)
{
	if (v.len == 0)
		return refuse(h, ERR_PARSE, "the request line has no HTTP "
		              "version", h->req.method);
	if (v.len != 8 || !span_has_prefix(v, "HTTP/") || v.p[6] != '.'
	 || v.p[5] < '0' || v.p[5] > '9' || v.p[7] < '0' || v.p[7] > '9')
		return refuse(h, ERR_PARSE, "the request line does not end "
		              "in an HTTP version", v);
	if (v.p[5] != '1')
		return refuse(h, ERR_VERSION, "the version is neither "
		              "HTTP/1.1 nor 1.0", v);
	h->req.minor = v.p[7] == '0' ? 0 : 1;	/* 1.2 and up read as 1.1 */
	return 0;
}

/* A TLS record of a handshake starts with 22 and the version's 3. */
static bool
is_tls(struct span s)
{
	return s.len > 0 && s.p[0] == '\x16' && (s.len == 1 || s.p[1] == 3);
}

static int
refuse_first_word(struct head *h, struct span line)
{
	if (is_tls(line))
		return refuse(h, ERR_PARSE, "this looks like TLS: plain HTTP "
		              "is spoken here", span_of(""));
	return refuse(h, ERR_PARSE, "this is not an HTTP request",
	              span_cut(&line, ' '));
}

static int
read_request_line(struct head *h, struct span line)
{
	struct span *method = &h->req.method, target;
	int r;

	*method = (struct span){ line.p, token_len(line) };
	if (method->len == 0 || method->len == line.len
	 || line.p[method->len] != ' ')
		return refuse_first_word(h, line);
	line = span_after(line, method->len + 1);
	target = span_cut(&line, ' ');
	if (target.len == 0)
		return refuse(h, ERR_PARSE, "the request line has no target",
		              *method);
	if (!is_target(target))
		return refuse(h, ERR_PARSE, "the target has a control byte "
		              "or a #", span_cut(&target, '?'));
	r = http_split_target(&h->req, target);
	if (r < 0)
		return refuse(h, r, "the target is a URL without a host",
		              span_cut(&target, '?'));
	return read_version(h, line);
}

/* A comma list that may name "close" or "keep-alive". */
static void
read_connection(struct head *h, struct span list)
{
	while (list.len > 0) {
		struct span item = trim(span_cut(&list, ','));

		if (span_is_word(item, "close"))
			h->close = true;
		else if (span_is_word(item, "keep-alive"))
			h->keep = true;
	}
}

static int
read_length(struct head *h, struct span value)
{
	if (h->lengths++ > 0)
		return refuse(h, ERR_PARSE, "Content-Length appears twice",
		              span_of(""));
	if (value.len == 0)
		return refuse(h, ERR_PARSE, "Content-Length is empty", value);
	for (size_t i = 0; i < value.len; i++) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return refuse(h, ERR_PARSE, "Content-Length is not a "
			              "number", value);
		if (value.p[i] != '0')
			h->has_length = true;
	}
	return 0;
}

static int
read_host(struct head *h, struct span value)
{
	if (h->hosts++ > 0)
		return refuse(h, ERR_PARSE, "Host appears twice",
		              span_of(""));
	if (!is_host(value))	/* two, to some readers */
		return refuse(h, ERR_PARSE, "Host is not a host name", value);
	return 0;
}

/* A line that does not start with a name and a colon. */
static int
refuse_field(struct head *h, struct span line, struct span name)
{
	struct span before = span_cut(&(struct span){ line.p, line.len }, ':');

	if (line.p[0] == ' ' || line.p[0] == '\t')
		return refuse(h, ERR_PARSE, "a field's line is folded",
		              span_of(""));
	if (before.len == line.len)
		return refuse(h, ERR_PARSE, "a field's line has no colon",
		              name);
	if (before.len == 0)
		return refuse(h, ERR_PARSE, "a field has no name", before);
	if (trim(before).len == name.len)
		return refuse(h, ERR_PARSE, "a space stands before the colon "
		              "of the field", name);
	return refuse(h, ERR_PARSE, "this cannot be a field's name", before);
}

static int
read_field(struct head *h, struct span line)
{
	struct span name = { line.p, token_len(line) };
	struct span value = span_after(line, name.len);

	if (name.len == 0 || value.len == 0 || value.p[0] != ':')
		return refuse_field(h, line, name);
	value = trim(span_after(value, 1));
	if (!is_clean(value))
		return refuse(h, ERR_PARSE, "a control byte is in the field",
		              name);
	switch (name.len) {	/* most fields are told apart by this alone */
	case 4:
		if (span_is_word(name, "Host"))
			return read_host(h, value);
		break;
	case 6:
		if (span_is_word(name, "Accept"))
			h->req.accept = value;
		break;
	case 10:
		if (span_is_word(name, "Connection"))
			read_connection(h, value);
		break;
	case 14:
		if (span_is_word(name, "Content-Length"))
			return read_length(h, value);
		break;
	case 17:
		if (span_is_word(name, "Transfer-Encoding"))
			h->chunked = true;
		break;
	}
	return 0;
}

/* What the fields mean together. */
static int
check_together(struct head *h)
{
	struct http_req *req = &h->req;

	if (h->hosts == 0 && req->minor == 1)	/* RFC 9112, 3.2 */
		return refuse(h, ERR_PARSE, "Host is missing: HTTP/1.1 needs "
		              "it", span_of(""));
	if (h->chunked && h->lengths > 0)	/* RFC 9112, 6.1: smuggling */
		return refuse(h, ERR_PARSE, "Content-Length and "
		              "Transfer-Encoding exclude each other",
		              span_of(""));
	if (h->chunked && req->minor == 0)
		return refuse(h, ERR_PARSE, "HTTP/1.0 has no "
		              "Transfer-Encoding", span_of(""));
	req->has_body = h->chunked || h->has_length;
	req->close = h->close || (req->minor == 0 && !h->keep);
	return 1;
}

/*
 * Can these bytes, which have no line end yet, still become a request? Tells
 * a TLS hello on a plain port at once instead of at the deadline.
 */
static int
check_start(struct head *h, struct span s)
{
	size_t n;

	while (s.len > 0 && (s.p[0] == '\r' || s.p[0] == '\n'))
		s = span_after(s, 1);
	n = token_len(s);
	if (n < s.len && (n == 0 || s.p[n] != ' '))
		return refuse_first_word(h, s);
	return 0;
}

/* Returns 1 where the head is whole, else as http_read_req(). */
static int
read_lines(struct head *h, struct span *rest)
{
	const struct span all = *rest;
	struct span line;
	int fields = 0, r;

	do {	/* RFC 9112, 2.2: empty lines before the request */
		if (!cut_line(rest, &line))
			return check_start(h, all);
	} while (line.len == 0);
	r = read_request_line(h, line);
	while (r == 0 && cut_line(rest, &line)) {
		if (line.len == 0)
			return check_together(h);
		if (fields++ == HTTP_FIELDS_MAX)
			return refuse(h, ERR_TOOBIG, "the request's head has "
			              "more than " BUF_DIGITS(HTTP_FIELDS_MAX)
			              " fields", span_of(""));
		r = read_field(h, line);
	}
	return r;
}

/* see net/http.h */
int
http_read_req(struct http_req *req, struct http_fault *fault,
              const char *buf, size_t len)
{
	struct span rest = { buf, len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX };
	struct head h = { 0 };
	int r = read_lines(&h, &rest);

	if (r == 0 && len >= HTTP_HEAD_MAX)
		r = refuse(&h, ERR_TOOBIG, "the request's head is longer than "
		           BUF_DIGITS(HTTP_HEAD_MAX) " bytes", span_of(""));
	if (r < 0)
		*fault = h.fault;
	if (r <= 0)
		return r;
	*req = h.req;
	return (int)(rest.p - buf);
}

/* see net/http.h */
void
http_write_fault(struct buf *b, const struct http_fault *fault)
{
	char room[HTTP_WHERE_MAX];
	struct buf where = buf_over(room, sizeof room);

	buf_str(b, fault->what);
	if (fault->where.len == 0)
		return;
	buf_plain(&where, fault->where);
	buf_str(b, ": \"");
	buf_add(b, buf_span(&where));
	buf_str(b, where.cut ? "...\"" : "\"");
}

/* see net/http.h */
bool
http_next_param(struct span *rest, struct span *name, struct span *value)
{
	while (rest->len > 0) {
		*value = span_cut(rest, '&');
		*name = span_cut(value, '=');
		if (name->len > 0)
			return true;
	}
	return false;
}

static const char *
reason(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 400:
		return "Bad Request";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 431:
		return "Request Header Fields Too Large";
	case 503:
		return "Service Unavailable";
	case 505:
		return "HTTP Version Not Supported";
	}
	return "Unknown";
}

/* see net/http.h */
void
http_write_answer(struct buf *b, const struct http_answer *a)
{
	/* Piece by piece, each of known length: a format would cost a probe a
	 * tenth of its time. */
	buf_add(b, LITERAL("HTTP/1.1 "));
	buf_int(b, a->status);
	buf_add(b, LITERAL(" "));
	buf_str(b, reason(a->status));
	buf_add(b, LITERAL("\r\nContent-Type: "));
	buf_str(b, a->type);
	buf_add(b, LITERAL("\r\nContent-Length: "));
	buf_int(b, (int64_t)a->body.len);
	buf_add(b, LITERAL("\r\n" HTTP_ANSWER_FIELDS));
	buf_str(b, a->extra);
	if (!a->keep)
		buf_add(b, LITERAL("Connection: close\r\n"));
	else if (a->minor == 0)
		buf_add(b, LITERAL("Connection: keep-alive\r\n"));
	buf_add(b, LITERAL("\r\n"));
	if (!a->is_head)
		buf_add(b, a->body);
}
