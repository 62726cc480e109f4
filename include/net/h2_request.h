/* SPDX-License-Identifier: MIT */
/*
 * net/h2_request.h - a request's fields, as HTTP/2 has them (pure)
 *
 * Takes the fields of one header block one by one and keeps what an answer
 * depends on; tells what breaks the rules of RFC 9113, 8.2 and 8.3.
 */
#ifndef HALE_NET_H2_REQUEST_H
#define HALE_NET_H2_REQUEST_H

#include "net/hpack.h"
#include "net/http.h"

#define H2_LIST_MAX 16384	/* bytes of all fields, as RFC 9113, 6.5.2,
				 * counts: more are refused by 431 */

/* Fields that are looked at. */
enum h2_field {
	H2_METHOD,	/* the pseudo-headers come first */
	H2_SCHEME,
	H2_PATH,
	H2_AUTHORITY,
	H2_TYPE,	/* content-type */
	H2_LENGTH,	/* content-length */
	H2_ACCEPT,
	H2_TIMEOUT,	/* grpc-timeout */
	H2_ENCODING,	/* grpc-encoding */
	H2_TE,
	H2_FIELDS,
};

struct h2_request {
	struct buf  text;	/* the values; the caller's H2_LIST_MAX bytes */
	size_t      size;	/* of all fields */
	bool        is_trailers;	/* it follows the content */
	bool        has_regular;	/* a field other than pseudo-headers */
	bool        is_malformed;	/* 8.1.1 */
	int64_t     length;	/* content-length; -1: none */
	struct span value[H2_FIELDS];	/* p NULL: it is not there */
};

/* Begins one; text has H2_LIST_MAX bytes. */
void h2_request_begin(struct h2_request *r, struct buf text);

/* Takes the next field; what breaks a rule sets is_malformed. */
void h2_request_add(struct h2_request *r, const struct hpack_field *f);

/*
 * All fields are there, and with them, if is_ended, all content. Returns 0,
 * ERR_PARSE (is_malformed) or ERR_TOOBIG (H2_LIST_MAX). req, if it is not NULL,
 * is what an answer in HTTP depends on; its spans point into the text.
 */
int h2_request_end(struct h2_request *r, bool is_ended, struct http_req *req);

#endif
