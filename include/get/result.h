/* SPDX-License-Identifier: MIT */
/*
 * get/result.h - what came of one URL, for -w and for messages
 */
#ifndef HALE_GET_RESULT_H
#define HALE_GET_RESULT_H

#include "client/url.h"

#define RESULT_URL_MAX (URL_MAX + 1)	/* bytes of a URL with its NUL */

/* Moments are those of base/clock.h, in microseconds; 0: it never came. */
struct result {
	/* each try starts with these at 0 */
	int         code;	/* enum get_exit */
	int         status;	/* of the last answer, 0 without */
	uint64_t    body_bytes, head_bytes, sent_bytes, uploaded_bytes;
	int64_t     lookup_us, connect_us, tls_us, sent_us, first_us;
	int         redirects;
	/* .. and goes on with these */
	int         connects;
	int         connect_status;	/* the proxy's to CONNECT, or 0 */
	int         minor;	/* HTTP/1.minor */
	int         url_index;
	int         fields;	/* in the last head */
	int         local_port, remote_port;
	int64_t     start_us;	/* of the URL's work */
	int64_t     try_us;	/* of its last request */
	int64_t     end_us;
	bool        is_https;
	bool        as_is;	/* url's dots stay */
	const char *method;
	const char *given;	/* the URL of the command line */
	const char *file;	/* where the body went, or "" */
	char       *head;	/* the last answer's fields, on the heap */
	size_t      head_len;
	struct span more;	/* -G's data, if it was sent after url */
	char        why[1024];	/* one line, "" if all is well */
	char        url[RESULT_URL_MAX], redirect[RESULT_URL_MAX];
	char        local[64], remote[64];	/* addresses */
};

static inline struct span
result_head(const struct result *r)
{
	return (struct span){ r->head, r->head_len };
}

#endif
