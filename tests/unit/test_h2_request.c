/* SPDX-License-Identifier: MIT */
/* test_h2_request.c - which fields are a request (RFC 9113, 8.2 and 8.3) */
#include "unit.h"

#include "base/err.h"
#include "net/h2_request.h"

#define GET "|:method=GET|:scheme=http|:path=/a?b"

static char text[H2_LIST_MAX];
static struct h2_request request;

static void
begin(void)
{
	h2_request_begin(&request, buf_over(text, sizeof text));
}

static void
add(struct span name, struct span value)
{
	const struct hpack_field f = {
		{ guarded(name.p, name.len), name.len },
		{ guarded(value.p, value.len), value.len },
		.size = name.len + value.len + HPACK_ENTRY_COST,
	};

	h2_request_add(&request, &f);
}

/* "|name=value|name=value" */
static void
add_all(const char *fields)
{
	struct span rest = span_of(fields);

	while (rest.len > 0) {
		struct span value, name;

		rest = span_after(rest, 1);
		value = span_cut(&rest, '|');
		if (rest.p != NULL && rest.len > 0)
			rest = (struct span){ rest.p - 1, rest.len + 1 };
		name = span_cut(&value, '=');
		add(name, value);
	}
}

static const struct row {
	const char *name, *fields;
	int         result;
	bool        is_ended;
} rows[] = {
	{ "a request", GET, 0, true },
	{ "pseudo-headers in any order",
	  "|:path=/|:authority=x|:method=GET|:scheme=https", 0, true },
	{ "haproxy's, without an authority", GET "|user-agent=x", 0, true },
	{ "what nobody looks at", GET "|x=|x=y", 0, true },
	{ "trailers are welcome", GET "|te=trailers", 0, true },
	{ "content that is to come", GET "|content-length=5", 0, false },
	{ "no content", GET "|content-length=0", 0, true },
	{ "a connection through us", "|:method=CONNECT|:authority=x:1", 0,
	  true },
	{ "no field", "", ERR_PARSE, true },
	{ "no method", "|:scheme=http|:path=/", ERR_PARSE, true },
	{ "no scheme", "|:method=GET|:path=/", ERR_PARSE, true },
	{ "no path", "|:method=GET|:scheme=http", ERR_PARSE, true },
	{ "an empty path", "|:method=GET|:scheme=http|:path=", ERR_PARSE,
	  true },
	{ "an empty method", "|:method=|:scheme=http|:path=/", ERR_PARSE,
	  true },
	{ "a connection through us with a path",
	  "|:method=CONNECT|:authority=x:1|:path=/", ERR_PARSE, true },
	{ "one to nowhere", "|:method=CONNECT", ERR_PARSE, true },
	{ "two methods", GET "|:method=GET", ERR_PARSE, true },
	{ "two paths", GET "|:path=/", ERR_PARSE, true },
	{ "a pseudo-header of answers", GET "|:status=200", ERR_PARSE, true },
	{ "a pseudo-header that nobody knows", GET "|:x=y", ERR_PARSE, true },
	{ "a pseudo-header behind a field",
	  "|:method=GET|:scheme=http|x=y|:path=/", ERR_PARSE, true },
	{ "a name in capitals", GET "|X=y", ERR_PARSE, true },
	{ "a name without a letter", GET "|=y", ERR_PARSE, true },
	{ "a blank in a name", GET "|x y=z", ERR_PARSE, true },
	{ "a colon in a name", GET "|x:=z", ERR_PARSE, true },
	{ "a byte above ASCII in a name", GET "|x\xc3=z", ERR_PARSE, true },
	{ "DEL in a name", GET "|x\x7f=z", ERR_PARSE, true },
	{ "a line's end in a value", GET "|x=y\r\nz: a", ERR_PARSE, true },
	{ "a newline in a value", GET "|x=y\nz", ERR_PARSE, true },
	{ "a value that begins with a blank", GET "|x= y", ERR_PARSE, true },
	{ "a value that ends with a tab", GET "|x=y\t", ERR_PARSE, true },
	{ "a field of a connection", GET "|connection=close", ERR_PARSE,
	  true },
	{ "a body in pieces", GET "|transfer-encoding=chunked", ERR_PARSE,
	  true },
	{ "an upgrade", GET "|upgrade=h2c", ERR_PARSE, true },
	{ "keep-alive", GET "|keep-alive=5", ERR_PARSE, true },
	{ "proxy-connection", GET "|proxy-connection=close", ERR_PARSE,
	  true },
	{ "another coding than trailers", GET "|te=gzip", ERR_PARSE, true },
	{ "a length that is no number", GET "|content-length=x", ERR_PARSE,
	  false },
	{ "a length below zero", GET "|content-length=-1", ERR_PARSE, false },
	{ "a length that no type holds",
	  GET "|content-length=9223372036854775808", ERR_PARSE, false },
	{ "two lengths", GET "|content-length=1|content-length=2", ERR_PARSE,
	  false },
	{ "a length, and no content", GET "|content-length=5", ERR_PARSE,
	  true },
};

static void
is_one_or_not(void **state)
{
	const struct row *r = *state;
	struct http_req req;

	begin();
	add_all(r->fields);
	assert_int_equal(h2_request_end(&request, r->is_ended, &req),
	                 r->result);
}

static void
what_an_answer_depends_on_is_kept(void **state)
{
	struct http_req req;

	(void)state;
	begin();
	add_all(GET "|accept=text/html|content-type=application/grpc"
	        "|grpc-timeout=5S|grpc-encoding=gzip|content-length=77");
	assert_int_equal(h2_request_end(&request, false, &req), 0);
	assert_span_equal("GET", req.method);
	assert_span_equal("/a", req.path);
	assert_span_equal("b", req.query);
	assert_span_equal("text/html", req.accept);
	assert_int_equal(req.minor, 1);
	assert_span_equal("application/grpc", request.value[H2_TYPE]);
	assert_span_equal("5S", request.value[H2_TIMEOUT]);
	assert_span_equal("gzip", request.value[H2_ENCODING]);
	assert_int_equal(request.length, 77);
}

static void
a_nul_in_a_value_is_malformed(void **state)
{
	(void)state;
	begin();
	add_all(GET);
	add(span_of("x"), (struct span){ "a\0b", 3 });
	assert_int_equal(h2_request_end(&request, true, NULL), ERR_PARSE);
}

static const struct trailer {
	const char *name, *fields;
	int         result;
} trailers[] = {
	{ "trailers", "|x=y", 0 },
	{ "none of them", "", 0 },
	{ "trailers with a pseudo-header", "|:path=/", ERR_PARSE },
	{ "trailers with a capital", "|X=y", ERR_PARSE },
};

static void
follow_the_content_or_not(void **state)
{
	const struct trailer *r = *state;

	begin();
	request.is_trailers = true;
	add_all(r->fields);
	assert_int_equal(h2_request_end(&request, true, NULL), r->result);
}

/* All of it in one value that is kept. */
static void
all_fields_have_a_largest_size(void **state)
{
	static char value[H2_LIST_MAX];
	const size_t own = 3 * HPACK_ENTRY_COST + strlen(":method" "GET"
		":scheme" "http" ":path" "/a?b") + HPACK_ENTRY_COST + 6;

	(void)state;
	memset(value, 'v', sizeof value);
	for (size_t n = H2_LIST_MAX - 1; n <= H2_LIST_MAX + 1; n++) {
		struct http_req req;

		begin();
		add_all(GET);
		add(span_of("accept"), (struct span){ value, n - own });
		assert_int_equal(request.size, n);
		assert_int_equal(h2_request_end(&request, true, &req),
		                 n <= H2_LIST_MAX ? 0 : ERR_TOOBIG);
		assert_int_equal(req.accept.len, n <= H2_LIST_MAX ? n - own
		                                                  : 0);
		assert_false(request.text.cut);
	}
}

/* Longer than HPACK keeps. */
static void
a_field_that_is_cut_is_too_large(void **state)
{
	const struct hpack_field f = {
		.size = HPACK_MEMORY + HPACK_ENTRY_COST, .is_cut = true,
	};

	(void)state;
	begin();
	add_all(GET);
	h2_request_add(&request, &f);
	add_all("|x=y");
	assert_int_equal(h2_request_end(&request, true, NULL), ERR_TOOBIG);
}

int
main(void)
{
	UNIT_ROWS(is_one_or_not, rows);
	UNIT_TEST(what_an_answer_depends_on_is_kept);
	UNIT_TEST(a_nul_in_a_value_is_malformed);
	UNIT_ROWS(follow_the_content_or_not, trailers);
	UNIT_TEST(all_fields_have_a_largest_size);
	UNIT_TEST(a_field_that_is_cut_is_too_large);
	return unit_run("net/h2_request");
}
