/* SPDX-License-Identifier: MIT */
/* URLs to parts, references to URLs */
#include "unit.h"

#include "base/err.h"
#include "client/url.h"

static void
is_text(const char *want, struct span got)
{
	char text[256];
	struct buf b = buf_over(text, sizeof text);

	buf_add(&b, got);
	assert_string_equal(want, buf_text(&b));
}

static void
parts_are_told_apart(void **state)
{
	struct url u;

	(void)state;
	assert_int_equal(0, url_read(&u, span_of(
		"HTTPS://me:p%40s@[::1]:8443/a/b?c=/d#e")));
	is_text("me", u.user);
	is_text("p%40s", u.password);
	is_text("::1", u.host);
	is_text("/a/b?c=/d", u.path);
	assert_int_equal(8443, u.port);
	assert_true(u.is_https && u.is_v6 && u.has_port && u.has_scheme);
}

static void
ports_and_schemes_have_defaults(void **state)
{
	static const struct {
		const char *text;
		unsigned    port;
		bool        https;
	} cases[] = {
		{ "http://a", 80, false }, { "https://a/", 443, true },
		{ "a", 80, false }, { "a:81/x", 81, false },
		{ "http://a:?x", 80, false }, { "localhost:8080", 8080, false },
		{ "http:8080", 8080, false },	/* a host of this name */
		{ "http://[fe80::1%25eth0]/", 80, false },
		{ "http://a%40b@c/", 80, false },
		{ "http://[::Aa.9]/", 80, false }, { "http://a_b-c.~/", 80, false },
		{ "http://\xc3\xa9/", 80, false }, { "a:0", 0, false },
		{ "http://a:65535/@@", 65535, false },
	};
	struct url u;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(0, url_read(&u, span_of(cases[i].text)));
		assert_int_equal(cases[i].port, u.port);
		assert_int_equal(cases[i].https, u.is_https);
	}
	is_text("a", u.host);
	is_text("/@@", u.path);
}

static void
an_address_loses_a_final_dot(void **state)
{
	static const struct {
		const char *host, *want;
	} cases[] = {
		{ "127.0.0.1.", "127.0.0.1" }, { "127.1.", "127.1" },
		{ "2130706433.", "2130706433" }, { "0x7f.0.0.1.", "0x7f.0.0.1" },
		{ "127.0.0.1..", "127.0.0.1.." }, { "localhost.", "localhost." },
		{ "1.2.3.4.5.", "1.2.3.4.5." }, { ".", "." }, { "1", "1" },
	};
	char text[64];
	struct url u;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf b = buf_over(text, sizeof text);

		buf_fmt(&b, "http://me@%s:81/x", cases[i].host);
		assert_int_equal(0, url_read(&u, guarded_span(buf_text(&b))));
		is_text(cases[i].want, u.host);
		is_text("/x", u.path);
		assert_int_equal(81, u.port);
	}
}

static void
what_is_no_url_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "http://", "http:///x", "http://:80/", "http://a b/",
		"http://a/b c", "http://a:70000/", "http://a:8x/",
		"http://[::1", "http://[::1]8/", "http://[]/", "http://a\t/",
		"http://a\\b/", "http://user@/", "http://a\x7f/",
		"http://[:::1]x/", "http:", "https:/x", "http:/x",
		"http://h;password=x/", "http://h,i/", "http://h=i/", "h&i",
		"http://h(i)/", "http://h*/", "http://h!/", "http://h$/",
		"http://h'/", "http://h+i/", "http://h%40i/",
		"http://[me:x]/", "http://[::1%]g]/", "http://[::g]/",
		"http://[%25lo]/", "http://[::1%25a;b]/", "http://[::1/x]/",
		"http://user@example.com:80@127.0.0.1/", "a@b@c", "http://a@@c",
	};
	struct url u;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(ERR_PARSE, url_read(&u, span_of(bad[i])));
	assert_int_equal(ERR_SCHEME, url_read(&u, span_of("ftp://a/")));
	assert_int_equal(ERR_SCHEME, url_read(&u, span_of("file:///etc")));
}

static void
a_refusal_says_what_was_expected(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{ "http://a:65536/", "a port of 0 to 65535" },
		{ "http://a:99999999999999999999/", "a port of 0 to 65535" },
		{ "a:8x", "a port of 0 to 65535" },
		{ "http://a b/", "no space in it; a space is written %20" },
		{ "http://a/b c", "no space in it; a space is written %20" },
		{ "http://a/b#c d", "no space in it; a space is written %20" },
		{ "http://a\t/", "no control byte in it" },
		{ "http:/a", "// after the scheme" },
		{ "http:", "// after the scheme" },
		{ "a@b@c", "only one @ before the path; another is written %40" },
		{ "", "a host" }, { "http:///x", "a host" },
		{ "http://u@/", "a host" },
		{ "http://[::1/", "a ] after the address" },
		{ "http://[::1]8/", "a : or / after the address" },
		{ "http://a{b/", "a host name or an address" },
		{ "ftp://a/", "http:// or https://" },
	};
	static char large[URL_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_string_equal(cases[i].expected,
		                    url_expected(span_of(cases[i].text)));
	memset(large, 'a', sizeof large);
	assert_string_equal("at most 8192 bytes", url_expected(
		(struct span){ large, sizeof large }));
}

static void
a_host_field_has_no_zone_and_a_url_keeps_it(void **state)
{
	char memory[64];
	struct buf b = buf_over(memory, sizeof memory);
	struct url u;

	(void)state;
	assert_int_equal(0,
	                 url_read(&u, span_of("http://[fe80::1%25e0]:81/x")));
	url_write_host(&b, &u);
	buf_str(&b, " ");
	url_resolve(&b, &u, span_of("y"), true);
	assert_string_equal("[fe80::1]:81 http://[fe80::1%25e0]:81/y",
	                    buf_text(&b));
}

static void
a_url_is_written_as_curl_tells_it(void **state)
{
	static const struct {
		const char *text, *want;
		bool        as_is;
	} cases[] = {
		{ "h", "http://h/", false }, { "h?q", "http://h/?q", false },
		{ "HTTPS://U:p%40@H:443/a/../b?c/../d#e#f",
		  "https://H:443/b?c/../d", false },
		{ "http://u@h:/#", "http://h/", false },
		{ "http://:p@h:080#f", "http://h:80/", false },
		{ "http://h/a/./\xc3\xa9/..", "http://h/a/", false },
		{ "http://h/\xc3\xa9", "http://h/\xc3\xa9", false },
		{ "http://h/a/../b", "http://h/a/../b", true },
		{ "[::1%25lo]/x?", "http://[::1%25lo]/x?", false },
	};
	char memory[64];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf b = buf_over(memory, sizeof memory);
		struct url u;

		assert_int_equal(0, url_read(&u, span_of(cases[i].text)));
		url_write(&b, &u, cases[i].as_is);
		assert_string_equal(cases[i].want, buf_text(&b));
	}
}

static void
a_url_may_have_url_max_bytes(void **state)
{
	static char text[URL_MAX + 1];
	struct url u;

	(void)state;
	memset(text, 'a', sizeof text);
	text[1] = '/';
	assert_int_equal(0, url_read(&u, (struct span){ text, URL_MAX }));
	assert_int_equal(ERR_TOOBIG,
	                 url_read(&u, (struct span){ text, URL_MAX + 1 }));
}

static void
a_path_that_is_no_ascii_is_encoded(void **state)
{
	char memory[64];
	struct buf b = buf_over(memory, sizeof memory);
	struct url u;

	(void)state;
	assert_int_equal(0, url_read(&u, span_of("http://h/\xc3\xa9?\xc3")));
	url_write_target(&b, &u, false);
	url_write_target(&b, &u, true);
	assert_string_equal("/%C3%A9?\xc3/%C3%A9?\xc3", buf_text(&b));
}

static void
an_encoded_byte_of_the_path_gets_capitals(void **state)
{
	char memory[64];
	struct buf b = buf_over(memory, sizeof memory);
	struct url u;

	(void)state;
	assert_int_equal(0, url_read(&u, span_of(
		"http://h/x/%2e%2E/%c3%7ea%zz%2?%c3")));
	url_write_target(&b, &u, false);
	assert_string_equal("/%C3%7Ea%zz%2?%c3", buf_text(&b));
	b.len = 0;
	url_write_target(&b, &u, true);
	assert_string_equal("/x/%2E%2E/%C3%7Ea%zz%2?%c3", buf_text(&b));
}

static void
dots_in_the_path_are_resolved(void **state)
{
	static const struct {
		const char *path, *want;
	} cases[] = {
		{ "", "/" }, { "/", "/" }, { "?q", "/?q" }, { "/a/./b", "/a/b" },
		{ "/a/../b", "/b" }, { "/a/b/..", "/a/" }, { "/..", "/" },
		{ "/../../x", "/x" }, { "/a//b", "/a//b" }, { "/a/.", "/a/" },
		{ "/a/%2E%2E/b", "/b" }, { "/a/...", "/a/..." },
		{ "/a?b=/../c", "/a?b=/../c" }, { "/.a/..b", "/.a/..b" },
		{ "/a/b/../", "/a/" },
	};
	char memory[64], url[64];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf b = buf_over(memory, sizeof memory);
		struct buf t = buf_over(url, sizeof url);
		struct url u;

		buf_fmt(&t, "http://h%s", cases[i].path);
		assert_int_equal(0, url_read(&u, buf_span(&t)));
		url_write_target(&b, &u, false);
		assert_string_equal(cases[i].want, buf_text(&b));
		b = buf_over(memory, sizeof memory);
		url_write_target(&b, &u, true);
		if (u.path.len > 0 && u.path.p[0] == '/')
			assert_string_equal(cases[i].path, buf_text(&b));
	}
}

static void
references_are_resolved(void **state)
{
	static const struct {
		const char *ref, *want;
	} cases[] = {
		{ "http://o/x", "http://o/x" }, { "//o/x", "http://o/x" },
		{ "/x", "http://h:81/x" }, { "x", "http://h:81/a/x" },
		{ "?y", "http://h:81/a/b?y" }, { "", "http://h:81/a/b?q" },
		{ "#f", "http://h:81/a/b?q#f" }, { "x#f", "http://h:81/a/x#f" },
		{ "../x", "http://h:81/a/../x" },
		{ "/x y?a b", "http://h:81/x%20y?a+b" },
		{ "/\xc3\xa9", "http://h:81/%C3%A9" },
		{ "/%aa%2?%aa#%aa%zz", "http://h:81/%AA%2?%AA#%AA%zz" },
		{ "ftp://o/", "ftp://o/" },
	};
	char memory[64];
	struct url base;

	(void)state;
	assert_int_equal(0, url_read(&base, span_of("http://u:p@h:81/a/b?q")));
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf b = buf_over(memory, sizeof memory);

		url_resolve(&b, &base, span_of(cases[i].ref), false);
		assert_string_equal(cases[i].want, buf_text(&b));
	}
}

static void
hosts_are_compared_in_any_case(void **state)
{
	struct url a, b;

	(void)state;
	(void)url_read(&a, span_of("http://Host/"));
	(void)url_read(&b, span_of("http://hOST:81/"));
	assert_true(url_is_same_host(&a, &b));
	assert_false(url_is_same_origin(&a, &b));
	(void)url_read(&b, span_of("http://host:80/x"));
	assert_true(url_is_same_origin(&a, &b));
	(void)url_read(&b, span_of("https://host:80/x"));
	assert_false(url_is_same_origin(&a, &b));
}

int
main(void)
{
	UNIT_TEST(parts_are_told_apart);
	UNIT_TEST(ports_and_schemes_have_defaults);
	UNIT_TEST(an_address_loses_a_final_dot);
	UNIT_TEST(what_is_no_url_is_refused);
	UNIT_TEST(a_refusal_says_what_was_expected);
	UNIT_TEST(a_host_field_has_no_zone_and_a_url_keeps_it);
	UNIT_TEST(a_url_is_written_as_curl_tells_it);
	UNIT_TEST(a_url_may_have_url_max_bytes);
	UNIT_TEST(a_path_that_is_no_ascii_is_encoded);
	UNIT_TEST(an_encoded_byte_of_the_path_gets_capitals);
	UNIT_TEST(dots_in_the_path_are_resolved);
	UNIT_TEST(references_are_resolved);
	UNIT_TEST(hosts_are_compared_in_any_case);
	return unit_run("client/url");
}
