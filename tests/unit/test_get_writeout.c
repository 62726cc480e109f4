/* SPDX-License-Identifier: MIT */
/* test_get_writeout.c - -w's text, variable by variable */
#include "unit.h"

#include <stdio.h>

#include "get/exit.h"
#include "get/writeout.h"

#define TEXT_ROOM 65536

static struct result full;	/* of which no two numbers are the same */
static char unknown_names[256];

static void
note_unknown(struct span name)
{
	size_t len = strlen(unknown_names);

	(void)snprintf(unknown_names + len, sizeof unknown_names - len,
	               "<%.*s>", (int)name.len, name.p);
}

static int
fill(void **state)
{
	static char head[] = "Content-Type: text/html\r\nX-A:  one \r\n"
	                     "x-a: two\r\nEmpty:\r\n";

	(void)state;
	full = (struct result){
		.code = 22, .status = 404, .connect_status = 200, .minor = 1,
		.redirects = 2, .connects = 3, .url_index = 4, .fields = 5,
		.local_port = 6, .remote_port = 7,
		.body_bytes = 8000000000, .head_bytes = 9, .sent_bytes = 10,
		.uploaded_bytes = 11,
		.start_us = 1000000, .try_us = 1500000, .lookup_us = 1600000,
		.connect_us = 1700000, .tls_us = 1800001, .sent_us = 3900020,
		.first_us = 61000300, .end_us = 5000000,
		.is_https = true, .why = "because", .url = "https://b/c",
		.redirect = "https://d/e#f", .local = "127.0.0.1",
		.remote = "::1", .method = "PUT", .given = "a/../x",
		.file = "out", .head = head, .head_len = sizeof head - 1,
	};
	unknown_names[0] = '\0';
	return 0;
}

static const char *
write_text(const char *format, const struct result *r)
{
	static char text[TEXT_ROOM];
	struct buf b = buf_over(text, sizeof text);

	writeout_write(&b, guarded_text(format), r, note_unknown);
	assert_true(b.len <= writeout_max(format, r));
	return buf_text(&b);
}

static const struct row {
	const char *name, *format, *want;
} rows[] = {
	{ "nothing", "", "" },
	{ "plain text", "abc", "abc" },
	{ "content_type", "%{content_type}", "text/html" },
	{ "errormsg", "%{errormsg}", "because" },
	{ "exitcode", "%{exitcode}", "22" },
	{ "filename_effective", "%{filename_effective}", "out" },
	{ "http_code", "%{http_code}", "404" },
	{ "http_connect", "%{http_connect}", "200" },
	{ "http_version", "%{http_version}", "1.1" },
	{ "local_ip", "%{local_ip}", "127.0.0.1" },
	{ "local_port", "%{local_port}", "6" },
	{ "method", "%{method}", "PUT" },
	{ "num_connects", "%{num_connects}", "3" },
	{ "num_headers", "%{num_headers}", "5" },
	{ "num_redirects", "%{num_redirects}", "2" },
	{ "redirect_url", "%{redirect_url}", "https://d/e#f" },
	{ "remote_ip", "%{remote_ip}", "::1" },
	{ "remote_port", "%{remote_port}", "7" },
	{ "response_code", "%{response_code}", "404" },
	{ "scheme", "%{scheme}", "https" },
	{ "size_download", "%{size_download}", "8000000000" },
	{ "size_header", "%{size_header}", "9" },
	{ "size_request", "%{size_request}", "10" },
	{ "size_upload", "%{size_upload}", "11" },
	{ "speed_download", "%{speed_download}", "2000000000" },
	{ "speed_upload", "%{speed_upload}", "2" },
	{ "ssl_verify_result", "%{ssl_verify_result}", "0" },
	{ "time_appconnect", "%{time_appconnect}", "0.800001" },
	{ "time_connect", "%{time_connect}", "0.700000" },
	{ "time_namelookup", "%{time_namelookup}", "0.600000" },
	{ "time_pretransfer", "%{time_pretransfer}", "2.900020" },
	{ "time_redirect", "%{time_redirect}", "0.500000" },
	{ "time_starttransfer", "%{time_starttransfer}", "60.000300" },
	{ "time_total", "%{time_total}", "4.000000" },
	{ "url", "%{url}", "a/../x" },
	{ "url_effective", "%{url_effective}", "https://b/c" },
	{ "urlnum", "%{urlnum}", "4" },
	{ "a field", "%header{X-B}%header{empty}", "" },
	{ "the first field of a name, in any case", "%header{X-a}", "one" },
	{ "a field without its end", "%header{X-a", "%header{X-a" },
	{ "several", "[%{exitcode} %{http_code}]", "[22 404]" },
	{ "a percent sign", "100%%", "100%" },
	{ "a percent sign at the end", "100%", "100%" },
	{ "a percent sign before a letter", "%d", "%d" },
	{ "a variable without its end", "%{http_code", "%{http_code" },
	{ "a width is not read", "%5{http_code}", "%5{http_code}" },
	{ "a newline", "a\\nb", "a\nb" },
	{ "a return and a tab", "\\r\\t", "\r\t" },
	{ "another letter", "\\q\\\\", "\\q\\\\" },
	{ "a backslash at the end", "a\\", "a\\" },
};

static void
writes(void **state)
{
	const struct row *r = *state;

	assert_string_equal(write_text(r->format, &full), r->want);
	assert_string_equal(unknown_names, "");
}

static void
an_unknown_variable_is_left_out_and_named(void **state)
{
	(void)state;
	assert_string_equal(write_text("a%{nope}b%{json}c%{}d", &full), "abcd");
	assert_string_equal(unknown_names, "<nope><json><>");
}

static void
without_an_answer(void **state)
{
	static const struct result none = {
		.start_us = 5000000, .end_us = 5000000, .try_us = 6000000,
		.url = "http://a", .given = "a", .file = "", .method = "",
	};

	(void)state;
	assert_string_equal(write_text("%{http_code} %{http_connect} "
	    "%{http_version} %{scheme} %{content_type}", &none),
	    "000 000 0 http ");
	assert_string_equal(write_text("%{time_connect} %{time_redirect} "
	    "%{time_total} %{speed_download}", &none),
	    "0.000000 0.000000 0.000000 0");
	assert_string_equal(write_text("%{redirect_url}|%{url_effective}",
	                               &none), "|http://a/");
}

static void
special_values(void **state)
{
	(void)state;
	full.code = GET_CERT;
	full.minor = 0;
	full.connect_us = 1;	/* before the start */
	full.body_bytes = UINT64_C(1) << 60;
	assert_string_equal(write_text("%{ssl_verify_result} %{http_version} "
	    "%{time_connect} %{speed_download}", &full),
	    "1 1.0 0.000000 230584300921369395");
}

static const struct url_row {
	const char *name, *url, *more;
	bool        as_is;
	const char *want;
} url_rows[] = {
	{ "a path is added", "http://a", "", false, "http://a/" },
	{ "a scheme is added", "a/b", "", false, "http://a/b" },
	{ "dots are resolved", "http://a/b/../c", "", false, "http://a/c" },
	{ "--path-as-is", "http://a/b/../c", "", true, "http://a/b/../c" },
	{ "-G's data", "http://a/b", "x=1", false, "http://a/b?x=1" },
	{ "-G's data after a query", "http://a/b?q", "x=1", false,
	  "http://a/b?q&x=1" },
	{ "a fragment", "http://a/b#f", "", false, "http://a/b#f" },
	{ "-G's data before a fragment", "http://a/b#f", "x=1", false,
	  "http://a/b?x=1#f" },
	{ "a login is left out", "http://u:p@a/", "", false, "http://a/" },
	{ "another scheme stays as it is", "ftp://a", "", false, "ftp://a" },
	{ "but for its login", "ftp://u:p@a/b@c", "", false, "ftp://a/b@c" },
	{ "a URL that cannot be read is left out", "http://u:p@a:x", "y",
	  false, "" },
};

static void
writes_the_url(void **state)
{
	const struct url_row *r = *state;

	(void)snprintf(full.url, sizeof full.url, "%s", r->url);
	full.more = guarded_span(r->more);
	full.as_is = r->as_is;
	assert_string_equal(write_text("%{url_effective}", &full), r->want);
}

static void
a_location_without_a_scheme_is_not_a_url(void **state)
{
	(void)state;
	full.more = span_of("x=1");
	(void)snprintf(full.redirect, sizeof full.redirect, "mailto:x");
	assert_string_equal(write_text("%{redirect_url}", &full), "mailto:x");
	(void)snprintf(full.redirect, sizeof full.redirect, "tel:80");
	assert_string_equal(write_text("%{redirect_url}", &full), "tel:80");
	(void)snprintf(full.redirect, sizeof full.redirect, "http://a");
	assert_string_equal(write_text("%{redirect_url}", &full), "http://a/");
}

#define WITH_FULL(run, rows) \
	for (size_t i = 0; i < sizeof (rows) / sizeof *(rows); i++) \
		unit_add_with((rows)[i].name, run, &(rows)[i], fill, NULL)

int
main(void)
{
	WITH_FULL(writes, rows);
	WITH_FULL(writes_the_url, url_rows);
	unit_add_with("an_unknown_variable_is_left_out_and_named",
	              an_unknown_variable_is_left_out_and_named, NULL, fill,
	              NULL);
	unit_add_with("special_values", special_values, NULL, fill, NULL);
	unit_add_with("a_location_without_a_scheme_is_not_a_url",
	              a_location_without_a_scheme_is_not_a_url, NULL, fill,
	              NULL);
	UNIT_TEST(without_an_answer);
	return unit_run("get/writeout");
}
