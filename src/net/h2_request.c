/* SPDX-License-Identifier: MIT */
/* net/h2_request.c - a request's fields, as HTTP/2 has them */
#include "net/h2_request.h"

#include "base/err.h"
#include "base/parse.h"

/* In the order of enum h2_field; what follows belongs to a connection of
 * HTTP/1.1, or to what only that has (8.2.2). */
static const char *const names =
	":method\0:scheme\0:path\0:authority\0content-type\0"
	"content-length\0accept\0grpc-timeout\0grpc-encoding\0te\0"
	"connection\0proxy-connection\0keep-alive\0transfer-encoding\0"
	"upgrade\0";
#define NAMES (H2_FIELDS + 5)

_Static_assert(HPACK_MEMORY >= H2_LIST_MAX, "what is cut is too big as well");

/* see net/h2_request.h */
void
h2_request_begin(struct h2_request *r, struct buf text)
{
	memset(r, 0, sizeof *r);
	r->text = text;
	r->length = -1;
}

/* A name in small letters, of visible ASCII and, but for a first one, without a
 * colon (8.2.1). */
static bool
is_name(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (c <= ' ' || c > '~' || (c >= 'A' && c <= 'Z')
		 || (c == ':' && i > 0))
			return false;
	}
	return s.len > 0;
}

/* No NUL, CR or LF, and no blank at either end (8.2.1). */
static bool
is_value(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '\0' || s.p[i] == '\r' || s.p[i] == '\n')
			return false;
	return span_trim(s, " \t").len == s.len;
}

static size_t
find_name(struct span name)
{
	const char *other = names;
	size_t i = 0;

	for (; i < NAMES && !span_is(name, other); other += strlen(other) + 1)
		i++;
	return i;
}

/* What is wrong with a field by itself, or where it stands. */
static bool
is_wrong(const struct h2_request *r, const struct hpack_field *f, size_t i)
{
	if (!is_name(f->name) || (f->value.len > 0 && !is_value(f->value)))
		return true;
	if (f->name.p[0] == ':')
		return i >= H2_FIELDS || r->has_regular || r->is_trailers
		    || r->value[i].p != NULL;
	if (i >= H2_FIELDS)
		return i < NAMES;	/* a connection's own */
	return i == H2_TE && !span_is_word(f->value, "trailers");
}

static void
keep(struct h2_request *r, size_t i, struct span value)
{
	size_t from = r->text.len;
	uint64_t n = 0;

	buf_add(&r->text, value);
	r->value[i] = (struct span){ r->text.p + from, r->text.len - from };
	if (i != H2_LENGTH)
		return;
	r->is_malformed |= r->length >= 0
	                || parse_uint_span(value, INT64_MAX, &n) < 0;
	r->length = r->is_malformed ? 0 : (int64_t)n;
}

/* see net/h2_request.h */
void
h2_request_add(struct h2_request *r, const struct hpack_field *f)
{
	size_t i;

	r->size += f->size;
	if (f->is_cut)
		return;
	i = find_name(f->name);
	r->is_malformed |= is_wrong(r, f, i);
	r->has_regular |= f->name.len > 0 && f->name.p[0] != ':';
	if (i < H2_FIELDS && !r->is_malformed)
		keep(r, i, f->value);
}

/* A request has these three, but for CONNECT, which has the authority (8.3.1,
 * 8.5). */
static bool
is_whole(const struct h2_request *r)
{
	const struct span *v = r->value;

	if (v[H2_METHOD].len == 0)
		return false;
	if (span_is(v[H2_METHOD], "CONNECT"))
		return v[H2_SCHEME].p == NULL && v[H2_PATH].p == NULL
		    && v[H2_AUTHORITY].p != NULL;
	return v[H2_SCHEME].len > 0 && v[H2_PATH].len > 0;
}

/* see net/h2_request.h */
int
h2_request_end(struct h2_request *r, bool is_ended, struct http_req *req)
{
	const struct span *v = r->value;

	if (req != NULL)
		memset(req, 0, sizeof *req);
	if (r->size > H2_LIST_MAX)
		return ERR_TOOBIG;
	if (is_ended && r->length > 0)	/* 8.1.1 */
		r->is_malformed = true;
	if (r->is_malformed || (!r->is_trailers && !is_whole(r)))
		return ERR_PARSE;
	if (req == NULL)
		return 0;
	req->method = v[H2_METHOD];
	req->accept = v[H2_ACCEPT];
	req->minor = 1;
	/* CONNECT has no path: it is refused as a method then. */
	return http_split_target(req, v[H2_PATH].p != NULL ? v[H2_PATH]
	                                                   : span_of("/"));
}
