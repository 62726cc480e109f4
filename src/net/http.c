/* SPDX-License-Identifier: MIT */
/* net/http.c - HTTP/1.1 heads (pure) */
#include "net/http.h"

#include "base/err.h"

#include <strings.h>

#define LITERAL(text) ((struct span){ (text), sizeof(text) - 1 })

/* What one head's fields have said so far. */
struct fields {
	int  hosts;
	int  lengths;
	bool chunked;	/* any Transfer-Encoding */
	bool has_length;	/* a Content-Length above zero */
	bool close;
	bool keep;
};

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

/* A target or a Host: visible ASCII, no fragment (RFC 9112, 3.2). */
static bool
is_part_of_url(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c >= 0x7f || c == '#')
			return false;
	}
	return true;
}

static bool
is_name(struct span s, const char *name)
{
	return s.len == strlen(name) && strncasecmp(s.p, name, s.len) == 0;
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

/*
 * The target's path and query, without the scheme and host that may stand
 * before them (RFC 9112, 3.2.2); a host must be there then.
 */
static int
split_target(struct http_req *req, struct span target)
{
	bool is_url = target.len >= 7
	           && strncasecmp(target.p, "http://", 7) == 0;
	size_t host = 0;

	if (is_url) {
		target = span_after(target, 7);
		while (host < target.len && target.p[host] != '/'
		    && target.p[host] != '?')
			host++;
		if (host == 0)
			return ERR_PARSE;
		target = span_after(target, host);
	}
	req->query = target;
	req->path = span_cut(&req->query, '?');
	if (is_url && req->path.len == 0)
		req->path = span_of("/");
	return 0;
}

static int
read_version(struct http_req *req, struct span v)
{
	if (v.len != 8 || !span_has_prefix(v, "HTTP/") || v.p[6] != '.'
	 || v.p[5] < '0' || v.p[5] > '9' || v.p[7] < '0' || v.p[7] > '9')
		return ERR_PARSE;
	if (v.p[5] != '1')
		return ERR_VERSION;
	req->minor = v.p[7] == '0' ? 0 : 1;	/* 1.2 and up read as 1.1 */
	return 0;
}

static int
read_request_line(struct http_req *req, struct span line)
{
	struct span target;
	int r;

	req->method.p = line.p;
	req->method.len = token_len(line);
	line = span_after(line, req->method.len);
	if (req->method.len == 0 || line.len == 0 || line.p[0] != ' ')
		return ERR_PARSE;
	line = span_after(line, 1);
	target = span_cut(&line, ' ');
	if (target.len == 0 || !is_part_of_url(target))
		return ERR_PARSE;
	r = split_target(req, target);
	return r < 0 ? r : read_version(req, line);
}

/* A comma list that may name "close" or "keep-alive". */
static void
read_connection(struct fields *f, struct span list)
{
	while (list.len > 0) {
		struct span item = trim(span_cut(&list, ','));

		if (is_name(item, "close"))
			f->close = true;
		else if (is_name(item, "keep-alive"))
			f->keep = true;
	}
}

static int
read_length(struct fields *f, struct span value)
{
	if (value.len == 0 || f->lengths++ > 0)
		return ERR_PARSE;
	for (size_t i = 0; i < value.len; i++) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return ERR_PARSE;
		if (value.p[i] != '0')
			f->has_length = true;
	}
	return 0;
}

static int
read_field(struct http_req *req, struct fields *f, struct span line)
{
	struct span name = { line.p, token_len(line) };
	struct span value = span_after(line, name.len);

	if (name.len == 0 || value.len == 0 || value.p[0] != ':')
		return ERR_PARSE;
	value = trim(span_after(value, 1));
	if (!is_clean(value))
		return ERR_PARSE;
	switch (name.len) {	/* most fields are told apart by this alone */
	case 4:
		if (!is_name(name, "Host"))
			break;
		f->hosts++;
		if (!is_part_of_url(value))	/* two, to some readers */
			return ERR_PARSE;
		break;
	case 6:
		if (is_name(name, "Accept"))
			req->accept = value;
		break;
	case 10:
		if (is_name(name, "Connection"))
			read_connection(f, value);
		break;
	case 14:
		if (is_name(name, "Content-Length"))
			return read_length(f, value);
		break;
	case 17:
		if (is_name(name, "Transfer-Encoding"))
			f->chunked = true;
		break;
	}
	return 0;
}

/* What the fields mean together. */
static int
settle(struct http_req *req, const struct fields *f)
{
	if (f->hosts > 1 || (f->hosts == 0 && req->minor == 1))
		return ERR_PARSE;	/* RFC 9112, 3.2 */
	if (f->chunked && (f->lengths > 0 || req->minor == 0))
		return ERR_PARSE;	/* RFC 9112, 6.1: smuggling */
	req->has_body = f->chunked || f->has_length;
	req->close = f->close || (req->minor == 0 && !f->keep);
	return 0;
}

static int
read_lines(struct http_req *req, struct span *rest)
{
	struct fields f = { 0 };
	struct span line;
	int r;

	do {	/* RFC 9112, 2.2: empty lines before the request */
		if (!cut_line(rest, &line))
			return 0;
	} while (line.len == 0);
	r = read_request_line(req, line);
	if (r < 0)
		return r;
	while (cut_line(rest, &line)) {
		if (line.len == 0) {
			r = settle(req, &f);
			return r < 0 ? r : 1;
		}
		r = read_field(req, &f, line);
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * Can these bytes, which have no line end yet, still become a request? Tells
 * a TLS hello on a plain port at once instead of at the deadline.
 */
static bool
may_be_request(struct span s)
{
	size_t n;

	while (s.len > 0 && (s.p[0] == '\r' || s.p[0] == '\n'))
		s = span_after(s, 1);
	n = token_len(s);
	return n == s.len || (n > 0 && s.p[n] == ' ');
}

/* see net/http.h */
int
http_read_req(struct http_req *req, const char *buf, size_t len)
{
	struct span all = { buf, len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX };
	struct span rest = all;
	struct http_req got = { 0 };
	int r = read_lines(&got, &rest);

	if (r < 0)
		return r;
	if (r == 0) {
		if (!may_be_request(all))
			return ERR_PARSE;
		return len >= HTTP_HEAD_MAX ? ERR_TOOBIG : 0;
	}
	*req = got;
	return (int)(rest.p - buf);
}

/* see net/http.h */
bool
http_is_h2(const char *buf, size_t len)
{
	return span_has_prefix((struct span){ buf, len },
	                       "PRI * HTTP/2.0\r\n");
}

/* see net/http.h */
void
http_write_h2_refusal(struct buf *b)
{
	/* RFC 9113, 4.1: length, type, flags, stream; 6.5 and 6.8 */
	static const char frames[] = {
		0, 0, 0, 4, 0, 0, 0, 0, 0,
		0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13,
	};

	buf_add(b, (struct span){ frames, sizeof frames });
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
	buf_add(b, LITERAL("\r\nCache-Control: no-store\r\n"
	                   "X-Content-Type-Options: nosniff\r\n"));
	buf_str(b, a->extra);
	if (!a->keep)
		buf_add(b, LITERAL("Connection: close\r\n"));
	else if (a->minor == 0)
		buf_add(b, LITERAL("Connection: keep-alive\r\n"));
	buf_add(b, LITERAL("\r\n"));
	if (!a->is_head)
		buf_add(b, a->body);
}
