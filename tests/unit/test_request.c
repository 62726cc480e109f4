/* SPDX-License-Identifier: MIT */
/* a request's header fields */
#include "unit.h"

#include <stdio.h>

#include "base/err.h"
#include "client/request.h"

static void
lines_that_could_end_early_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "no colon", ": x", ";", "a b: c", "a\t: c", "a: b\r\nc: d",
		"a: b\nc", "a: \x7f", " a: b", "a;b", "a; b",
	};
	static const char *const good[] = {
		"a: b", "a:", "a;", "a; ", "a;b: c", "a: b\tc", "a:b:c",
		"X-\xc3\xa9: \xc3\xa9",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(ERR_PARSE,
		                 request_verify_line(span_of(bad[i])));
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_int_equal(0, request_verify_line(span_of(good[i])));
	assert_int_equal(ERR_PARSE, request_verify_line(
		(struct span){ "a: \0", 4 }));
}

static void
the_users_lines_replace_leave_out_and_empty_ours(void **state)
{
	const struct span at[] = {
		span_of("accept: text/x"), span_of("Host:"),
		span_of("X-Empty;"), span_of("X-Blank:  "), span_of("X: y"),
	};
	const struct request_lines lines = { at, sizeof at / sizeof at[0] };
	char text[256];
	struct buf b = buf_over(text, sizeof text);

	(void)state;
	request_add(&b, &lines, "Accept", "*/*");
	request_add(&b, &lines, "Host", "h");
	request_add(&b, &lines, "Accep", "other");
	request_add_lines(&b, &lines);
	assert_string_equal("Accep: other\r\naccept: text/x\r\nX-Empty:\r\n"
	                    "X: y\r\n", buf_text(&b));
}

static void
of_several_hosts_the_first_with_a_value_is_sent(void **state)
{
	const struct span at[] = {
		span_of("Host:"), span_of("host: a"), span_of("X: y"),
		span_of("Host: b"), span_of("HOST;"),
	};
	const struct request_lines lines = { at, sizeof at / sizeof at[0] };
	char text[64];
	struct buf b = buf_over(text, sizeof text);
	struct span value;

	(void)state;
	request_add_lines(&b, &lines);
	assert_string_equal("host: a\r\nX: y\r\n", buf_text(&b));
	assert_int_equal(3, request_count(&lines, "Host", &value));
	assert_int_equal(1, request_count(&lines, "x", &value));
	assert_true(span_is(value, "y"));
	assert_int_equal(0, request_count(&lines, "Y", &value));
	assert_int_equal(-1, request_count(&(struct request_lines){ at, 1 },
	                                   "Host", &value));
}

static void
lines_that_contradict_the_body_are_found(void **state)
{
	static const char length[] = "Content-Length";
	static const char coding[] = "Transfer-Encoding";
	static const struct {
		const char *first, *second;
		bool        chunked;
		unsigned    length;
		const char *want;
	} cases[] = {
		{ "X: y", "Y: z", true, 0, NULL },
		{ "content-length: 3", "X: y", false, 3, NULL },
		{ "Content-Length:  3 ", "X: y", false, 3, NULL },
		{ "Content-Length: 4", "X: y", false, 3, length },
		{ "Content-Length: +3", "X: y", false, 3, length },
		{ "Content-Length: 3, 3", "X: y", false, 3, length },
		{ "Content-Length: 3", "Content-Length: 3", false, 3, length },
		{ "Content-Length: x", "X: y", false, 0, length },
		{ "Content-Length;", "X: y", false, 0, length },
		{ "Content-Length: 99999999999999999999", "X: y", false, 1,
		  length },
		{ "Content-Length: 0", "X: y", false, 0, NULL },
		{ "Content-Length: 5", "X: y", false, 0, length },
		{ "Content-Length: 5", "X: y", true, 0, length },
		{ "Content-Length: 0", "X: y", true, 0, length },
		{ "Content-Length:", "X: y", false, 3, length },
		{ "Content-Length:", "Content-Length: 3", false, 3, NULL },
		{ "Content-Length:", "X: y", false, 0, NULL },
		{ "Content-Length:", "X: y", true, 0, NULL },
		{ "Transfer-Encoding: chunked", "X: y", true, 0, NULL },
		{ "Transfer-Encoding: GZIP , Chunked ", "X: y", true, 0, NULL },
		{ "Transfer-Encoding: chunked, gzip", "X: y", true, 0, coding },
		{ "Transfer-Encoding: identity", "X: y", true, 0, coding },
		{ "Transfer-Encoding: unchunked", "X: y", true, 0, coding },
		{ "Transfer-Encoding: hunked", "X: y", true, 0, coding },
		{ "Transfer-Encoding;", "X: y", true, 0, coding },
		{ "Transfer-Encoding: chunked", "Transfer-Encoding: chunked",
		  true, 0, coding },
		{ "Transfer-Encoding: chunked", "X: y", false, 3, coding },
		{ "Transfer-Encoding: chunked", "X: y", false, 0, coding },
		{ "Transfer-Encoding:", "X: y", false, 3, NULL },
		{ "Transfer-Encoding:", "X: y", true, 0, coding },
		{ "Transfer-Encoding:", "Content-Length: 14", true, 0, length },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct span at[] = { span_of(cases[i].first),
		                           span_of(cases[i].second) };
		const struct request_lines lines = { at, 2 };
		const char *got = request_contradiction(&lines,
			cases[i].chunked, cases[i].length);

		assert_string_equal(cases[i].want ? cases[i].want : "none",
		                    got ? got : "none");
	}
}

static void
a_login_is_written_in_base64(void **state)
{
	static const struct {
		const char *login, *want;
	} cases[] = {	/* RFC 4648, 10 and RFC 7617, 2 */
		{ "", "Og==" }, { "f", "Zjo=" }, { "fo", "Zm86" },
		{ "fo:o", "Zm86bw==" }, { "foo:b", "Zm9vOmI=" },
		{ "Aladdin:open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ==" },
		{ "\xff\xfe", "//46" },
	};
	char text[128], want[128];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf b = buf_over(text, sizeof text);

		(void)snprintf(want, sizeof want,
		               "Proxy-Authorization: Basic %s\r\n",
		               cases[i].want);
		assert_int_equal(0, request_add_login(&b, "Proxy-",
		                                      cases[i].login, NULL));
		assert_string_equal(want, buf_text(&b));
	}
}

static void
a_login_is_the_users_or_else_the_urls(void **state)
{
	char text[64];
	struct buf b = buf_over(text, sizeof text);
	struct url u;

	(void)state;
	assert_int_equal(0, url_read(&u, span_of("http://f%6f:b@h/")));
	assert_int_equal(0, request_add_login(&b, "", NULL, &u));
	assert_string_equal("Authorization: Basic Zm86Yg==\r\n", buf_text(&b));
	b = buf_over(text, sizeof text);
	assert_int_equal(0, request_add_login(&b, "", "f:o", &u));
	assert_string_equal("Authorization: Basic Zjpv\r\n", buf_text(&b));
	assert_int_equal(0, url_read(&u, span_of("http://f%0a@h/")));
	assert_int_equal(ERR_PARSE, request_add_login(&b, "", NULL, &u));
}

static void
a_login_has_an_end(void **state)
{
	static char login[REQUEST_LOGIN_MAX + 2], text[2 * sizeof login];

	(void)state;
	for (size_t n = REQUEST_LOGIN_MAX - 1; n <= REQUEST_LOGIN_MAX + 1;
	     n++) {
		struct buf b = buf_over(text, sizeof text);

		memset(login, ':', n);
		assert_int_equal(n <= REQUEST_LOGIN_MAX ? 0 : ERR_TOOBIG,
		                 request_add_login(&b, "", login, NULL));
	}
}

int
main(void)
{
	UNIT_TEST(lines_that_could_end_early_are_refused);
	UNIT_TEST(the_users_lines_replace_leave_out_and_empty_ours);
	UNIT_TEST(of_several_hosts_the_first_with_a_value_is_sent);
	UNIT_TEST(lines_that_contradict_the_body_are_found);
	UNIT_TEST(a_login_is_written_in_base64);
	UNIT_TEST(a_login_is_the_users_or_else_the_urls);
	UNIT_TEST(a_login_has_an_end);
	return unit_run("client/request");
}
