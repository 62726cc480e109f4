/* SPDX-License-Identifier: MIT */
/* answers' heads, chunked bodies */
#include "unit.h"

#include "base/err.h"
#include "client/reply.h"

static int
read_all(struct reply *r, const char *text)
{
	return reply_read(r, guarded(text, strlen(text)), strlen(text));
}

static void
prefixes_ask_for_more(void **state)
{
	static const char head[] = "HTTP/1.1 404 Not Found\r\nA: b\r\n"
	                           "Content-Length:  12 \r\n\r\n";
	const size_t whole = sizeof head - 1;
	struct reply r;

	(void)state;
	for (size_t n = 0; n < whole; n++)
		assert_int_equal(0, reply_read(&r, guarded(head, n), n));
	assert_int_equal(whole, reply_read(&r, guarded(head, whole), whole));
	assert_int_equal(404, r.status);
	assert_true(span_is(r.reason, "Not Found"));
	assert_true(r.has_length && !r.chunked && !r.close);
	assert_int_equal(12, r.length);
	assert_true(span_is(reply_field(r.fields, span_of("a")), "b"));
	assert_null(reply_field(r.fields, span_of("b")).p);
}

static void
loose_heads_are_read(void **state)
{
	struct reply r;

	(void)state;
	assert_true(read_all(&r, "HTTP/1.0 200\n\n") > 0);
	assert_true(r.close && r.reason.len == 0 && r.minor == 0);
	assert_true(read_all(&r, "HTTP/1.0 200 OK\nConnection: x, Keep-Alive\n"
	                     "\n") > 0);
	assert_false(r.close);
	assert_true(read_all(&r, "HTTP/1.1 200 \r\nConnection: close\r\n"
	                     "X:\r\nContent-Length: 5, 5\r\n\r\n") > 0);
	assert_true(r.close && r.length == 5);
	assert_true(read_all(&r, "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nY: c\r\n"
	                     "\r\n") > 0);
	assert_true(span_is(reply_field(r.fields, span_of("X")), "a\r\n b"));
	assert_true(span_is(reply_field(r.fields, span_of("Y")), "c"));
}

static void
one_place_may_be_named_twice(void **state)
{
	struct reply r;

	(void)state;
	assert_true(read_all(&r, "HTTP/1.1 302 Found\r\nLocation:\r\n"
	                     "location: /a\r\nLocation:  /a \r\n\r\n") > 0);
	assert_true(span_is(r.location, "/a"));
	assert_true(read_all(&r, "HTTP/1.1 302 Found\r\n\r\n") > 0);
	assert_int_equal(0, r.location.len);
}

static void
chunked_beats_a_length(void **state)
{
	struct reply r;

	(void)state;
	assert_true(read_all(&r, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"
	                     "Transfer-Encoding: Chunked\r\n\r\n") > 0);
	assert_true(r.chunked && !r.has_length && !r.coded);
	assert_true(read_all(&r, "HTTP/1.1 200 OK\r\n"
	                     "Transfer-Encoding: gzip, chunked\r\n\r\n") > 0);
	assert_true(r.coded);
	assert_true(read_all(&r, "HTTP/1.1 200 OK\r\n"
	                     "Transfer-Encoding: identity\r\n\r\n") > 0);
	assert_false(r.coded || r.chunked);
}

static void
heads_that_lie_are_refused(void **state)
{
	static const struct {
		const char *head;
		int         err;
	} cases[] = {
		{ "HTTP/2 200\r\n\r\n", ERR_VERSION },
		{ "<html>", ERR_VERSION }, { "SSH-2.0", ERR_VERSION },
		{ "\r\nHTTP/1.1 200 OK\r\n\r\n", ERR_VERSION },
		{ "HTTP/1.2 200 OK\r\n\r\n", ERR_VERSION },
		{ "HTTP/1.9 200 OK\r\n\r\n", ERR_VERSION },
		{ "HTTP/1.10 200 OK\r\n\r\n", ERR_VERSION },
		{ "HTTP/1. 200 OK\r\n\r\n", ERR_PARSE },
		{ "HTTP/1.x 200 OK\r\n\r\n", ERR_PARSE },
		{ "HTTP/1.1x 200 OK\r\n\r\n", ERR_PARSE },
		{ "HTTP/1.1 20 OK\r\n\r\n", ERR_PARSE },
		{ "HTTP/1.1 2000 OK\r\n\r\n", ERR_PARSE },
		{ "HTTP/1.1 099 OK\r\n\r\n", ERR_PARSE },
		{ "HTTP/1.1\r\n\r\n", ERR_PARSE },
		{ "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", ERR_PARSE },
		{ "HTTP/1.1 200 OK\r\n: x\r\n\r\n", ERR_PARSE },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\n", ERR_PARSE },
		{ "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", ERR_PARSE },
		{ "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", ERR_PARSE },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
		  "Content-Length: 6\r\n\r\n", ERR_PARSE },
		{ "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", ERR_PARSE },
		{ "HTTP/1.1 200 OK\r\nA: b\r\r\n\r\n", ERR_PARSE },
		{ "HTTP/1.1 200 O\rK\r\n\r\n", ERR_PARSE },
		{ "HTTP/1.1 200 OK\nA: b\r\n c\rd\n\n", ERR_PARSE },
		{ "HTTP/1.1 302 Found\r\nLocation: /a\r\n"
		  "location: /b\r\n\r\n", ERR_PARSE },
		{ "HTTP/1.1 200 OK\r\nLocation: /a\r\n"
		  "Location: /A\r\n\r\n", ERR_PARSE },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n"
		  "\r\n", ERR_RANGE },
	};
	struct reply r;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(cases[i].err, read_all(&r, cases[i].head));
	assert_int_equal(ERR_PARSE, reply_read(&r, guarded(
		"HTTP/1.1 200 OK\r\nA: \0\r\n\r\n", 25), 25));
}

static void
an_answer_claims_a_version_or_none(void **state)
{
	static const struct {
		const char *start, *version;
	} cases[] = {
		{ "HTTP/3.0 200", "3.0" }, { "HTTP/2 200", "2" },
		{ "HTTP/1.10", "1.10" }, { "HTTP/", "" }, { "HTTP/x", "" },
		{ "HTTP", "" }, { "", "" }, { "SSH-2.0", "" },
		{ "ICY 200 OK", "" }, { "http/1.1", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct span got = reply_version(guarded_span(cases[i].start));

		if (!span_is(got, cases[i].version))
			fail_msg("%s: %.*s", cases[i].start, (int)got.len,
			         got.p);
	}
}

/* Feeds `text` in pieces of n bytes; the body goes to out. */
static int
decode(const char *text, size_t n, struct buf *out, size_t *left)
{
	struct chunks c = { 0 };
	struct span rest = span_of(text), data;
	int r = CHUNKS_MORE;

	while (r == CHUNKS_MORE && rest.len > 0) {
		size_t len = rest.len < n ? rest.len : n;
		struct span in = { guarded(rest.p, len), len };

		rest = span_after(rest, len);
		while ((r = chunks_step(&c, &in, &data)) == CHUNKS_DATA) {
			assert_true(data.len > 0);
			buf_add(out, data);
			assert_false(out->cut);
		}
		*left = in.len + rest.len;
	}
	return r;
}

static void
chunks_come_out_however_they_are_cut(void **state)
{
	static const char *const bodies[] = {
		"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
		"5\nhello\n06\n world\n0\n\n",
		("5;x=\"y\"\r\nhello\r\n6 \r\n world\r\n000\r\nT: x\r\n"
		 "U: y\r\n\r\n"),
	};
	char memory[64];
	size_t left;

	(void)state;
	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
		for (size_t n = 1; n < strlen(bodies[i]); n++) {
			struct buf b = buf_over(memory, sizeof memory);

			assert_int_equal(CHUNKS_END,
			                 decode(bodies[i], n, &b, &left));
			assert_string_equal("hello world", buf_text(&b));
			assert_int_equal(0, left);
		}
}

static void
what_follows_the_last_chunk_is_left(void **state)
{
	char memory[64];
	struct buf b = buf_over(memory, sizeof memory);
	size_t left;

	(void)state;
	assert_int_equal(CHUNKS_END, decode("0\r\n\r\nHTTP", 64, &b, &left));
	assert_int_equal(4, left);
}

static void
broken_chunks_are_refused(void **state)
{
	static const char *const bad[] = {
		"x\r\n", "\r\n", " 5\r\n", "-5\r\n", "5x\r\n", "0x5\r\n",
		"5\r\nhello6\r\n", "5\r\nhello\rx", "8000000000000000\r\n",
		"fffffffffffffffff\r\n", "0\r\n\rx",
	};
	char memory[64];
	size_t left;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct buf b = buf_over(memory, sizeof memory);

		assert_int_equal(ERR_PARSE, decode(bad[i], 3, &b, &left));
	}
}

/* Sizes are 64 bits wide, whatever size_t is. */
static void
a_body_may_be_larger_than_4_GB(void **state)
{
	struct chunks c = { 0 };
	struct span in = guarded_span("100000002\r\nabc"), data;
	struct reply r;

	(void)state;
	assert_int_equal(CHUNKS_DATA, chunks_step(&c, &in, &data));
	assert_span_equal("abc", data);
	assert_true(c.left == UINT64_C(0xffffffff));
	assert_true(read_all(&r, "HTTP/1.1 200 OK\r\n"
	                     "Content-Length: 4294967298\r\n\r\n") > 0);
	assert_true(r.has_length && r.length == UINT64_C(0x100000002));
}

static void
a_size_line_has_an_end(void **state)
{
	struct chunks c = { 0 };
	static char line[CHUNKS_LINE_MAX + 1];
	struct span in = { line, CHUNKS_LINE_MAX }, data;

	(void)state;
	memset(line, 'x', sizeof line);
	line[0] = '1';
	line[1] = ';';
	assert_int_equal(CHUNKS_MORE, chunks_step(&c, &in, &data));
	in = (struct span){ line, 1 };
	assert_int_equal(ERR_TOOBIG, chunks_step(&c, &in, &data));
}

int
main(void)
{
	UNIT_TEST(prefixes_ask_for_more);
	UNIT_TEST(loose_heads_are_read);
	UNIT_TEST(one_place_may_be_named_twice);
	UNIT_TEST(chunked_beats_a_length);
	UNIT_TEST(heads_that_lie_are_refused);
	UNIT_TEST(an_answer_claims_a_version_or_none);
	UNIT_TEST(chunks_come_out_however_they_are_cut);
	UNIT_TEST(what_follows_the_last_chunk_is_left);
	UNIT_TEST(broken_chunks_are_refused);
	UNIT_TEST(a_body_may_be_larger_than_4_GB);
	UNIT_TEST(a_size_line_has_an_end);
	return unit_run("client/reply");
}
