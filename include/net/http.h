/* SPDX-License-Identifier: MIT */
/*
 * net/http.h - read and write HTTP/1.1 heads in memory (pure)
 *
 * As RFC 9110 and RFC 9112 have them. Nothing here keeps state.
 * A span points into the caller's bytes and lives as long as they do.
 */
#ifndef HALE_NET_HTTP_H
#define HALE_NET_HTTP_H

#include "base/buf.h"

#define HTTP_HEAD_MAX  16384	/* bytes; a longer head is ERR_TOOBIG */
#define HTTP_FIELDS_MAX 128	/* fields of a head; with more it is ERR_TOOBIG:
				 * a head that drips in is read over and over */
#define HTTP_WHERE_MAX 40	/* bytes of a fault's place that are shown */

struct http_req {
	struct span method;	/* "GET" */
	struct span path;	/* "/healthz": no query, not decoded; of several
				 * slashes at its start only the last */
	struct span query;	/* "verbose&exclude=x" after '?', not decoded */
	struct span accept;	/* the Accept field, or empty */
	int         minor;	/* HTTP/1.minor, 0 or 1 */
	bool        close;	/* the connection ends with the answer */
	bool        has_body;	/* content follows, which nobody here reads */
};

/*
 * Why bytes are refused. Values of fields and queries may hold secrets:
 * `where` is never a part of them, except for Host and Content-Length.
 */
struct http_fault {
	const char *what;	/* static: "Host is not a host name" */
	struct span where;	/* the bytes at fault, or empty */
};

/*
 * Reads one request head from the len bytes at buf. Lines may end in LF
 * alone; anything that two readers could take for two different requests
 * (space before the colon, folded lines, two lengths, a length beside
 * chunks, a Host that cannot be one, control bytes) is refused. A target may
 * hold bytes above ASCII.
 * Returns the bytes the head takes (> 0), 0 if it is not whole yet, or
 * ERR_PARSE / ERR_TOOBIG / ERR_VERSION, after which the connection must be
 * closed. req is written only when the result is positive, fault only when
 * it is negative.
 */
int http_read_req(struct http_req *req, struct http_fault *fault,
                  const char *buf, size_t len);

/*
 * Sets the path and the query of req to those of a request's target, without
 * the scheme and host that may stand before them (RFC 9112, 3.2.2). Returns 0,
 * or ERR_PARSE: a URL without a host, or a byte that no target has.
 */
int http_split_target(struct http_req *req, struct span target);

/* Appends the fault as one line without its end, fit for a terminal:
 * `Host is not a host name: "a b"`; a long place ends in "...". */
void http_write_fault(struct buf *b, const struct http_fault *fault);

/*
 * Walks a query: cuts the next "name" or "name=value" off *rest (not
 * decoded; value empty where there is none). Returns false at its end.
 */
bool http_next_param(struct span *rest, struct span *name, struct span *value);

struct http_answer {
	int         status;	/* 200 */
	const char *type;	/* Content-Type */
	const char *extra;	/* more fields, each with its CRLF, or "" */
	struct span body;
	bool        is_head;	/* body is measured, not sent */
	bool        keep;	/* the connection stays open */
	int         minor;	/* the request's, 1 where it was unreadable */
};

/* What every answer has, beside its length and type: it is never cached. */
#define HTTP_ANSWER_FIELDS "Cache-Control: no-store\r\n" \
	"X-Content-Type-Options: nosniff\r\n"

/* Appends the whole answer, with Content-Length and HTTP_ANSWER_FIELDS. */
void http_write_answer(struct buf *b, const struct http_answer *a);

#endif
