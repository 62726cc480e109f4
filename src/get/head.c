/* SPDX-License-Identifier: MIT */
/* get/head.c - the head of a request, in curl's order */
#include "get/head.h"

#include "base/err.h"
#include "client/request.h"
#include "get/exit.h"

#define HOST_MAX  1024	/* bytes of a Host field, each %XX of three */

/* The user's lines that may go to this server. */
static struct request_lines
pick_lines(const struct options *o, const struct head *h)
{
	struct request_lines lines = { h->lines, 0 };

	for (size_t i = 0; i < o->n_headers; i++) {
		struct span line = o->headers[i];

		if (!h->trusted && (request_is_named(line, "Authorization")
		                 || request_is_named(line, "Cookie")))
			continue;
		if (!h->same_host && request_is_named(line, "Host"))
			continue;
		/* A redirect may have made a GET of what had a body. */
		if (h->moved && !h->posts && !h->puts
		 && (request_is_named(line, "Content-Length")
		     || request_is_named(line, "Transfer-Encoding")))
			continue;
		h->lines[lines.n++] = line;
	}
	return lines;
}

static void
add_target(struct buf *b, const struct options *o, const struct head *h)
{
	const struct url *u = h->url;
	struct span data = { o->data.p, o->data.len };

	if (o->target != NULL) {
		buf_str(b, o->target);
		return;
	}
	if (h->route->via_proxy && !h->route->tunnel) {
		buf_str(b, "http://");
		url_write_host(b, u);
	}
	url_write_target(b, u, o->path_as_is);
	if (o->get && o->data.len > 0 && !h->moved) {
		bool more = u->path.len > 0
		         && memchr(u->path.p, '?', u->path.len) != NULL;

		buf_str(b, more ? "&" : "?");
		buf_add(b, data);
	}
}

/* Do we log in? Not where the user's lines do, nor at another server. */
static bool
logs_in(const struct head *h, const struct request_lines *lines)
{
	return h->trusted && !request_has(lines, "Authorization");
}

/* see get/head.h */
bool
head_needs_token(const struct options *o, const struct head *h)
{
	const struct request_lines lines = { o->headers, o->n_headers };

	return o->bearer != NULL && o->user == NULL && logs_in(h, &lines)
	    && !url_has_login(h->url);
}

static int
add_login(struct buf *b, const struct options *o, const struct head *h,
          const struct request_lines *lines, struct buf *why)
{
	int r;

	if (!logs_in(h, lines))
		return GET_OK;
	if (o->user == NULL && !url_has_login(h->url)) {
		if (h->token.len > 0)
			buf_fmt(b, "Authorization: Bearer %.*s\r\n",
			        (int)h->token.len, h->token.p);
		return GET_OK;
	}
	r = request_add_login(b, "", o->user, h->url);
	if (r == 0)
		return GET_OK;
	buf_str(why, r == ERR_TOOBIG ? "the login is longer than "
	             BUF_DIGITS(REQUEST_LOGIN_MAX) " bytes"
	             : "the URL's login has a control byte");
	return GET_URL;
}

static void
add_range(struct buf *b, const struct options *o, const struct head *h,
          const struct request_lines *lines)
{
	if (h->length > 0 || request_has(lines, "Range"))
		return;
	if (h->resume_from > 0)
		buf_fmt(b, "Range: bytes=%llu-\r\n",
		        (unsigned long long)h->resume_from);
	else if (o->range != NULL)
		buf_fmt(b, "Range: bytes=%s\r\n", o->range);
}

static void
add_body_fields(struct buf *b, const struct options *o, const struct head *h,
                const struct request_lines *lines)
{
	if (!h->posts && !h->puts)
		return;
	if (h->chunked)
		request_add(b, lines, "Transfer-Encoding", "chunked");
	else if (!request_has(lines, "Content-Length"))
		buf_fmt(b, "Content-Length: %llu\r\n",
		        (unsigned long long)h->length);
	if (h->posts)
		request_add(b, lines, "Content-Type", o->json
		            ? "application/json"
		            : "application/x-www-form-urlencoded");
}

/* Two readers of such a request would take it for two different ones. */
static int
verify_framing(const struct options *o, const struct head *h,
               const struct request_lines *lines, struct buf *why)
{
	const char *field = request_contradiction(lines, h->chunked,
	                                          h->length);

	if (field == NULL && !(h->chunked && o->http10))
		return GET_OK;
	if (field == NULL)
		buf_str(why, "-0: HTTP/1.0 has no chunks, and the length of "
		        "-T's body is not known");
	else if (h->chunked)
		buf_fmt(why, "-H %s contradicts the body, which is sent in "
		        "chunks", field);
	else
		buf_fmt(why, "-H %s contradicts the body, which has %llu bytes",
		        field, (unsigned long long)h->length);
	return GET_USAGE;
}

/* The fields that -A, -e, -b and --json set, and the user's lines. */
static void
add_fields(struct buf *b, const struct options *o, const struct head *h,
           const struct request_lines *lines)
{
	if (o->agent[0] != '\0')
		request_add(b, lines, "User-Agent", o->agent);
	request_add(b, lines, "Accept", o->json ? "application/json" : "*/*");
	if (o->referer != NULL && o->referer[0] != '\0')
		request_add(b, lines, "Referer", o->referer);
	if (h->route->via_proxy && !h->route->tunnel)
		request_add(b, lines, "Proxy-Connection", "Keep-Alive");
	if (o->cookie != NULL && h->trusted)
		request_add(b, lines, "Cookie", o->cookie);
	request_add_lines(b, lines);
}

/* see get/head.h */
int
head_write(struct buf *b, const struct options *o, const struct head *h,
           struct buf *why)
{
	char memory[HOST_MAX];
	struct buf host = buf_over(memory, sizeof memory);
	struct request_lines lines = pick_lines(o, h);
	int code;

	buf_fmt(b, "%s ", h->method);
	add_target(b, o, h);
	buf_str(b, o->http10 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
	url_write_host(&host, h->url);
	request_add(b, &lines, "Host", buf_text(&host));
	if (h->route->via_proxy && !h->route->tunnel)
		buf_str(b, h->route->tunnel_fields);	/* the login only */
	code = verify_framing(o, h, &lines, why);
	if (code == GET_OK)
		code = add_login(b, o, h, &lines, why);
	add_range(b, o, h, &lines);
	add_fields(b, o, h, &lines);
	add_body_fields(b, o, h, &lines);
	buf_str(b, "\r\n");
	if (code == GET_OK && b->cut) {
		buf_fmt(why, "the request's head is longer than %lu bytes",
		        (unsigned long)b->cap);
		return GET_URL;
	}
	return code;
}
