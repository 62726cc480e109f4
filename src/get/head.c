/* SPDX-License-Identifier: MIT */
/* get/head.c - the head of a request, in curl's order */
#include "get/get.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "base/err.h"
#include "cmd/cmd.h"
#include "client/request.h"

#define LOGIN_MAX 16384	/* bytes of "user:password": tokens are long */
#define HOST_MAX  1024	/* bytes of a Host field, each %XX of three */

static bool
is_named(struct span line, const char *name)
{
	return line.len > strlen(name)
	    && strncasecmp(line.p, name, strlen(name)) == 0
	    && (line.p[strlen(name)] == ':' || line.p[strlen(name)] == ';');
}

/* The user's lines that may go to this server; at has room for all. */
static struct request_lines
pick_lines(const struct get *g, const struct get_ask *ask, struct span *at)
{
	struct request_lines lines = { at, 0 };

	for (size_t i = 0; i < g->n_headers; i++) {
		struct span line = g->headers[i];

		if (!ask->trusted && (is_named(line, "Authorization")
		                   || is_named(line, "Cookie")))
			continue;
		if (!ask->same_host && is_named(line, "Host"))
			continue;
		/* A redirect may have made a GET of what had a body. */
		if (ask->moved && !ask->posts && !ask->puts
		 && (is_named(line, "Content-Length")
		     || is_named(line, "Transfer-Encoding")))
			continue;
		at[lines.n++] = line;
	}
	return lines;
}

static void
add_target(struct buf *b, const struct get *g, const struct get_ask *ask)
{
	const struct url *u = ask->url;
	struct span data = { g->data.p, g->data.len };

	if (g->target != NULL) {
		buf_str(b, g->target);
		return;
	}
	if (ask->route->via_proxy && !ask->route->tunnel) {
		buf_str(b, "http://");
		url_write_host(b, u);
	}
	url_write_target(b, u, g->path_as_is);
	if (g->get && g->data.len > 0 && !ask->moved) {
		bool more = u->path.len > 0
		         && memchr(u->path.p, '?', u->path.len) != NULL;

		buf_str(b, more ? "&" : "?");
		buf_add(b, data);
	}
}

/* The token of --bearer-file, read anew: it is rotated under our feet. */
static int
add_bearer(struct buf *b, const struct get *g, struct buf *why)
{
	struct get_bytes file = { 0 };
	int r = get_read_file(&file, g->bearer);
	struct span token = { file.p, file.len };

	while (token.len > 0 && (unsigned char)token.p[token.len - 1] <= ' ')
		token.len--;
	for (size_t i = 0; i < token.len && r == 0; i++)
		if ((unsigned char)token.p[i] <= ' ')
			r = ERR_PARSE;
	if (r == 0 && token.len == 0)
		r = ERR_PARSE;
	if (r < 0) {
		buf_fmt(why, "cannot use --bearer-file %s: %s", g->bearer,
		        err_text(r));
	} else {
		buf_str(b, "Authorization: Bearer ");
		buf_add(b, token);
		buf_str(b, "\r\n");
	}
	free(file.p);
	return r < 0 ? GET_READ : GET_OK;
}

static int
add_login(struct buf *b, const struct get *g, const struct get_ask *ask,
          const struct request_lines *lines, struct buf *why)
{
	char memory[LOGIN_MAX];
	struct buf login = buf_over(memory, sizeof memory);
	const struct url *u = ask->url;

	if (u->user.p == NULL)
		u = ask->first;	/* its login holds as long as -u's */
	if (!ask->trusted || request_has(lines, "Authorization"))
		return GET_OK;
	if (g->user != NULL) {
		buf_str(&login, g->user);
		if (strchr(g->user, ':') == NULL)
			buf_str(&login, ":");	/* nobody is here to be asked */
	} else if (u->user.p != NULL) {
		if (url_write_login(&login, u) < 0) {
			buf_str(why, "the URL's login has a control byte");
			return GET_URL;
		}
	} else if (g->bearer != NULL) {
		return add_bearer(b, g, why);
	} else {
		return GET_OK;
	}
	buf_str(b, "Authorization: ");
	request_write_basic(b, buf_span(&login));
	buf_str(b, "\r\n");
	if (!login.cut)
		return GET_OK;
	buf_str(why, "the login is longer than " BUF_DIGITS(LOGIN_MAX)
	        " bytes");
	return GET_URL;
}

static void
add_range(struct buf *b, const struct get *g, const struct get_ask *ask,
          const struct request_lines *lines)
{
	if (ask->length > 0 || request_has(lines, "Range"))
		return;
	if (ask->resume_from > 0)
		buf_fmt(b, "Range: bytes=%llu-\r\n",
		        (unsigned long long)ask->resume_from);
	else if (g->range != NULL)
		buf_fmt(b, "Range: bytes=%s\r\n", g->range);
}

static void
add_body_fields(struct buf *b, const struct get *g, const struct get_ask *ask,
                const struct request_lines *lines)
{
	char memory[32];
	struct buf length = buf_over(memory, sizeof memory);

	if (!ask->posts && !ask->puts)
		return;
	if (ask->chunked) {
		request_add(b, lines, "Transfer-Encoding", span_of("chunked"));
	} else {
		buf_fmt(&length, "%llu", (unsigned long long)ask->length);
		request_add(b, lines, "Content-Length", buf_span(&length));
	}
	if (ask->posts)
		request_add(b, lines, "Content-Type",
		            span_of(g->json ? "application/json"
		                : "application/x-www-form-urlencoded"));
}

/* Two readers of such a request would take it for two different ones. */
static int
verify_framing(const struct get *g, const struct get_ask *ask,
               const struct request_lines *lines, struct buf *why)
{
	const char *field = request_contradiction(lines, ask->chunked,
	                                          ask->length);

	if (field == NULL && !(ask->chunked && g->http10))
		return GET_OK;
	if (field == NULL)
		buf_str(why, "-0: HTTP/1.0 has no chunks, and the length of "
		        "-T's body is not known");
	else if (ask->chunked)
		buf_fmt(why, "-H %s contradicts the body, which is sent in "
		        "chunks", field);
	else
		buf_fmt(why, "-H %s contradicts the body, which has %llu bytes",
		        field, (unsigned long long)ask->length);
	return GET_USAGE;
}

/* see get/get.h */
int
get_write_head(struct buf *b, const struct get *g, const struct get_ask *ask,
               struct buf *why)
{
	char memory[HOST_MAX];
	struct buf host = buf_over(memory, sizeof memory);
	struct span *at = calloc(g->n_headers + 1, sizeof *at);
	struct request_lines lines;
	int code;

	if (at == NULL) {
		buf_str(why, err_text(-ENOMEM));
		return GET_MEMORY;
	}
	lines = pick_lines(g, ask, at);
	buf_fmt(b, "%s ", ask->method);
	add_target(b, g, ask);
	buf_str(b, g->http10 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
	url_write_host(&host, ask->url);
	request_add(b, &lines, "Host", buf_span(&host));
	if (ask->route->via_proxy && !ask->route->tunnel)
		buf_str(b, ask->route->tunnel_fields);	/* the login only */
	code = verify_framing(g, ask, &lines, why);
	if (code == GET_OK)
		code = add_login(b, g, ask, &lines, why);
	add_range(b, g, ask, &lines);
	if (g->agent == NULL || g->agent[0] != '\0')
		request_add(b, &lines, "User-Agent",
		            span_of(g->agent != NULL ? g->agent : cmd_agent()));
	request_add(b, &lines, "Accept",
	            span_of(g->json ? "application/json" : "*/*"));
	if (g->referer != NULL && g->referer[0] != '\0')
		request_add(b, &lines, "Referer", span_of(g->referer));
	if (ask->route->via_proxy && !ask->route->tunnel)
		request_add(b, &lines, "Proxy-Connection",
		            span_of("Keep-Alive"));
	if (g->cookie != NULL && ask->trusted)
		request_add(b, &lines, "Cookie", span_of(g->cookie));
	request_add_lines(b, &lines);
	add_body_fields(b, g, ask, &lines);
	buf_str(b, "\r\n");
	free(at);
	if (code == GET_OK && b->cut) {
		buf_fmt(why, "the request's head is longer than %lu bytes",
		        (unsigned long)b->cap);
		return GET_URL;
	}
	return code;
}
