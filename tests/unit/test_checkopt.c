/* SPDX-License-Identifier: MIT */
/* a check as one word: its URL, what the environment puts there, its options */
#include "unit.h"

#include "base/err.h"
#include "client/checkopt.h"

#define ALL_WORDS \
	"http://, https://, http+unix:, grpc://, grpcs://, tcp:, unix: or exec:"

/* In the order that client/checkopt.h says. */
static int
check_opt_status(struct check_conf *conf, struct span text)
{
	return check_opt_adds[0](conf, text);
}

static int
check_opt_header(struct check_conf *conf, struct span text)
{
	return check_opt_adds[1](conf, text);
}

static void
the_options_start_at_a_blank_with_a_dash_behind(void **state)
{
	static const struct {
		const char *word, *url;
	} cases[] = {
		{ "http://a/", "http://a/" },
		{ "http://a/ -4", "http://a/" },
		{ "http://a/ \t\n --ipv4", "http://a/" },
		{ "http://a/-4", "http://a/-4" },
		{ "http://a/ x -4", "http://a/ x" },
		{ "unix:/run/my sock", "unix:/run/my sock" },
		{ "unix:/run/my sock -4", "unix:/run/my sock" },
		{ "http://a/ ", "http://a/ " },
		{ "http://a/  ", "http://a/  " },
		{ "exec:a -4", "exec:a -4" },
		{ " -4", "" }, { "-4", "-4" }, { "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct span got = check_word_url(guarded_span(cases[i].word));

		if (!span_is(got, cases[i].url))
			fail_msg("%s: \"%.*s\"", cases[i].word, (int)got.len,
			         got.p);
	}
}

static void
status_ranges_add_up(void **state)
{
	struct check_conf conf = { 0 };

	(void)state;
	assert_int_equal(0, check_opt_status(&conf, span_of("200-299,404")));
	assert_int_equal(0, check_opt_status(&conf, span_of("100-599")));
	assert_int_equal(3, conf.n_status);
	assert_int_equal(200, conf.status[0].first);
	assert_int_equal(299, conf.status[0].last);
	assert_int_equal(404, conf.status[1].first);
	assert_int_equal(404, conf.status[1].last);
	assert_int_equal(0, check_opt_status(&conf,
	                                     span_of("200,201,202,203,204")));
	assert_int_equal(CHECK_RANGES_MAX, conf.n_status);
	assert_int_equal(ERR_FULL, check_opt_status(&conf, span_of("205")));
}

static void
what_is_no_status_is_refused(void **state)
{
	static const struct {
		const char *text;
		int         err;
	} cases[] = {
		{ "", ERR_PARSE }, { "x", ERR_PARSE }, { "99", ERR_RANGE },
		{ "600", ERR_RANGE }, { "500-600", ERR_RANGE },
		{ "1000", ERR_RANGE }, { "300-200", ERR_RANGE },
		{ "200-", ERR_PARSE }, { "-200", ERR_PARSE },
		{ "200-x", ERR_PARSE }, { "2xx", ERR_PARSE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct check_conf conf = { 0 };

		assert_int_equal(cases[i].err, check_opt_status(
			&conf, span_of(cases[i].text)));
	}
}

static void
headers_have_a_bound(void **state)
{
	struct check_conf conf = { 0 };

	(void)state;
	assert_int_equal(ERR_PARSE, check_opt_header(&conf, span_of("x")));
	assert_int_equal(ERR_PARSE, check_opt_header(&conf, span_of(
		"Content-Length: 5")));	/* of a body that does not follow */
	assert_int_equal(ERR_PARSE, check_opt_header(&conf, span_of(
		"Transfer-Encoding: chunked")));
	for (size_t i = 0; i < CHECK_HEADERS_MAX; i++)
		assert_int_equal(0, check_opt_header(&conf, span_of("a: b")));
	assert_int_equal(CHECK_HEADERS_MAX, conf.n_headers);
	assert_int_equal(ERR_FULL, check_opt_header(&conf, span_of("a: b")));
}

/* Reads a word without a name in the memory that the header asks for. */
static int
read_word(struct check_word *w, const char *word, struct opt_fail *fail,
          const char **expected)
{
	struct buf memory = guarded_buf(2 * strlen(word) + CHECK_WORD_MORE);

	return check_word_read(w, (struct span){ NULL, 0 }, guarded_span(word),
	                       &memory, fail, expected);
}

static void
options_are_those_of_check(void **state)
{
	struct check_word w;
	struct opt_fail fail;
	const char *expected;

	(void)state;
	assert_int_equal(0, read_word(&w,
		"https://localhost:8443/ -H \"Host: app\" --header=X:\\ 1 "
		"--cacert '/my ca.pem' --status 200-299 --status 404 -6 "
		"--insecure --contains 'a  b' --cert=c --key k",
		&fail, &expected));
	assert_span_equal("https://localhost:8443/", w.target.text);
	assert_string_equal("localhost", w.target.host);
	assert_int_equal(8443, w.target.url.port);
	assert_int_equal(2, w.conf.n_headers);
	assert_span_equal("Host: app", w.conf.headers[0]);
	assert_span_equal("X: 1", w.conf.headers[1]);
	assert_string_equal("/my ca.pem", w.conf.cafile);
	assert_string_equal("a  b", w.conf.contains);
	assert_string_equal("c", w.conf.certfile);
	assert_string_equal("k", w.conf.keyfile);
	assert_int_equal(2, w.conf.n_status);
	assert_int_equal(299, w.conf.status[0].last);
	assert_true(w.conf.v6 && !w.conf.v4 && w.conf.insecure);
	assert_span_equal("https://localhost:8443/", w.name);
}

static void
a_word_without_options_has_the_defaults(void **state)
{
	static const struct check_conf none;
	struct check_word w;
	struct opt_fail fail;
	const char *expected;

	(void)state;
	memset(&w, 0xff, sizeof w);
	assert_int_equal(0, read_word(&w, "exec:a -x 'b'", &fail, &expected));
	assert_int_equal(TARGET_EXEC, w.target.kind);
	assert_string_equal("-x", w.target.argv[1]);
	assert_memory_equal(&none, &w.conf, sizeof none);
}

static const struct fail_row {
	const char  *word, *name;
	enum opt_why why;
} fails[] = {
	{ "http://a/ --stauts 200", "--stauts", OPT_UNKNOWN },
	{ "http://a/ --status 700", "--status", OPT_BAD },
	{ "http://a/ --cacert", "--cacert", OPT_MISSING },
	{ "http://a/ -4x", "x", OPT_UNKNOWN },
	{ "http://a/ -H nonsense", "H", OPT_BAD },
	{ "http://a/ --timeout 1s", "--timeout", OPT_UNKNOWN },
	{ "http://a/ --live", "--live", OPT_UNKNOWN },
};

static void
a_wrong_option_is_named(void **state)
{
	const struct fail_row *r = *state;
	struct check_word w;
	struct opt_fail fail;
	const char *expected = "";

	assert_true(read_word(&w, r->word, &fail, &expected) < 0);
	assert_null(expected);
	assert_int_equal(r->why, fail.why);
	assert_span_equal(r->name, fail.name);
	assert_false(fail.from_env);
}

/* "http://a/" and so many options. */
static int
read_many(int n)
{
	static char word[9 + 3 * (ARGV_MAX + 2)];
	struct buf b = buf_over(word, sizeof word);
	struct check_word w;
	struct opt_fail fail;
	const char *expected;

	buf_str(&b, "http://a/");
	for (int i = 0; i < n; i++)
		buf_str(&b, " -4");
	return read_word(&w, buf_text(&b), &fail, &expected);
}

static void
there_may_be_argv_max_words_of_options(void **state)
{
	(void)state;
	assert_int_equal(0, read_many(ARGV_MAX - 1));
	assert_int_equal(0, read_many(ARGV_MAX));
	assert_int_equal(ERR_TOOBIG, read_many(ARGV_MAX + 1));
}

static const struct refused_row {
	const char *word, *expected;
	int         err;
} refused[] = {
	{ "http://a/ -H Host: app", "only options after the URL, and quotes "
	  "around a value with spaces", ERR_PARSE },
	{ "http://a/ -4 http://b/", "only options after the URL, and quotes "
	  "around a value with spaces", ERR_PARSE },
	{ "http://a/ -H 'Host: app", "a closing quote after the URL",
	  ERR_QUOTE },
	{ "http://a/ -4 \\", "a closing quote after the URL", ERR_QUOTE },
	{ "http://a:x/ -4", "a port of 0 to 65535", ERR_PARSE },
	{ "http://a:x/ -H 'Host", "a port of 0 to 65535", ERR_PARSE },
	{ "ftp://a/ -4", ALL_WORDS,
	  ERR_SCHEME },
	{ " -4", ALL_WORDS,
	  ERR_PARSE },
};

static void
a_bad_word_is_refused(void **state)
{
	const struct refused_row *r = *state;
	struct check_word w;
	struct opt_fail fail;
	const char *expected = NULL;

	assert_int_equal(r->err, read_word(&w, r->word, &fail, &expected));
	assert_string_equal(r->expected, expected);
}

static const struct cut_row {
	const char *name, *text, *want, *rest;
} cuts[] = {
	{ "a name", "db=tcp:h:1", "db", "tcp:h:1" },
	{ "all that a name may have", "AZaz09-_.=x:", "AZaz09-_.", "x:" },
	{ "none", "tcp:h:1", "", "tcp:h:1" },
	{ "an = further on is no name's", "http://h/?a=b", "", "http://h/?a=b" },
	{ "empty", "=tcp:h:1", "", "=tcp:h:1" },
	{ "nothing", "", "", "" },
	{ "only letters", "name", "", "name" },
	{ "a name and nothing", "name=", "name", "" },
	{ "two", "a=b=tcp:h:1", "a", "b=tcp:h:1" },
	{ "a user is none", "dG9r=@h/", "", "dG9r=@h/" },
};

static void
a_name_is_cut_off(void **state)
{
	const struct cut_row *c = *state;
	struct span text = guarded_span(c->text);
	struct span name = check_cut_name(&text);

	assert_span_equal(c->want, name);
	assert_span_equal(c->rest, text);
}

static const struct name_row {
	const char *name, *url, *want;
} names[] = {
	{ "a plain URL", "http://127.0.0.1:80/hz", "http://127.0.0.1:80/hz" },
	{ "no user", "http://me:pw@host/a", "http://host/a" },
	{ "no user without a scheme", "me:pw@host/a", "host/a" },
	{ "no user before a query", "http://u@h?q=@x", "http://h" },
	{ "no query", "http://host/a?token=1", "http://host/a" },
	{ "no options", "http://host/a -H 'x: y'", "http://host/a" },
	{ "tcp", "tcp:127.0.0.1:5432", "tcp:127.0.0.1:5432" },
	{ "an abstract socket", "unix:@name", "unix:@name" },
	{ "exec: only the program", "exec:/bin/sh -c 'x'", "exec:/bin/sh" },
	{ "exec: a quoted program", "exec: '/bin/a b' c", "exec:/bin/a?b" },
	{ "quotes and their like", "unix:/a\"b\\c<d&e f!~", "unix:/a?b?c?d?e?f!~" },
	{ "control bytes", "unix:/a\n\x1b\x7f\xc3", "unix:/a????" },
};

static void
a_check_is_called(void **state)
{
	const struct name_row *r = *state;
	struct check_word w;
	struct opt_fail fail;
	const char *expected;

	assert_int_equal(0, read_word(&w, r->url, &fail, &expected));
	assert_span_equal(r->want, w.name);
}

static void
a_name_that_is_given_stays(void **state)
{
	struct buf memory = guarded_buf(2 * 7 + CHECK_WORD_MORE);
	struct check_word w;
	const char *expected;

	(void)state;
	assert_int_equal(0, check_word_read(&w, span_of("db"),
	                 guarded_span("tcp:h:1"), &memory, NULL, &expected));
	assert_span_equal("db", w.name);
}

static void
variables_are_put_into_urls(void **state)
{
	static const struct {
		const char *url, *want;
	} cases[] = {
		{ "http://a/", "http://a/" },
		{ "http://a:${T_PORT}/x", "http://a:8080/x" },
		{ "${T_PORT}${T_PORT}", "80808080" },
		{ "http://a:${T_PORT:-1}/", "http://a:8080/" },
		{ "http://a:${T_NONE:-1}/", "http://a:1/" },
		{ "http://a:${T_EMPTY:-1}/", "http://a:1/" },
		{ "http://a/${T_EMPTY:-}", "http://a/" },
		{ "http://a/${T_NONE:-}", "http://a/" },
		{ "http://a/${T_NONE:--:}", "http://a/-:" },
		{ "http://a/$T_PORT{}$", "http://a/$T_PORT{}$" },
		{ "http://a/${T_AGAIN}", "http://a/${T_PORT}" },
	};

	(void)state;
	assert_int_equal(0, setenv("T_PORT", "8080", 1));
	assert_int_equal(0, setenv("T_EMPTY", "", 1));
	assert_int_equal(0, setenv("T_AGAIN", "${T_PORT}", 1));
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[64];
		struct buf b = buf_over(text, sizeof text);
		struct span name;

		assert_int_equal(0, check_expand(&b, guarded_span(
			cases[i].url), &name));
		if (!span_is(buf_span(&b), cases[i].want))
			fail_msg("%s: %s", cases[i].url, buf_text(&b));
	}
}

static void
what_cannot_be_expanded_is_refused(void **state)
{
	static const struct {
		const char *url, *name;
		int         err;
	} cases[] = {
		{ "http://a:${T_NONE}/", "T_NONE", ERR_RESOLVE },
		{ "http://a:${T_EMPTY}/", "T_EMPTY", ERR_RESOLVE },
		{ "http://a:${T_PORT}${_x9}/", "_x9", ERR_RESOLVE },
		{ "http://a:${T_PORT", NULL, ERR_PARSE },
		{ "${", NULL, ERR_PARSE }, { "${}", NULL, ERR_PARSE },
		{ "${9}", NULL, ERR_PARSE }, { "${:-x}", NULL, ERR_PARSE },
		{ "${T_PORT:x}", NULL, ERR_PARSE },
		{ "${T_PORT-x}", NULL, ERR_PARSE },
		{ "${T_PORT:-${T_PORT}}", NULL, ERR_PARSE },
		{ "${T PORT}", NULL, ERR_PARSE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[64];
		struct buf b = buf_over(text, sizeof text);
		struct span name = { NULL, 0 };

		assert_int_equal(cases[i].err, check_expand(&b, guarded_span(
			cases[i].url), &name));
		if (cases[i].name != NULL)
			assert_true(span_is(name, cases[i].name));
	}
}

static void
what_does_not_fit_is_refused(void **state)
{
	char text[8];
	struct buf b = buf_over(text, 5), less = buf_over(text, 4);
	struct span name;

	(void)state;
	assert_int_equal(0, setenv("T_PORT", "8080", 1));
	assert_int_equal(0, setenv("T_EMPTY", "", 1));
	assert_int_equal(0,
	                 check_expand(&b, guarded_span("${T_PORT}x"), &name));
	assert_int_equal(ERR_TOOBIG, check_expand(&less, guarded_span(
		"${T_PORT}x"), &name));
}

/* Bits: status, contains, header, -4, cacert, cert, key, insecure, -6; and
 * https. */
static const struct misfit_row {
	const char      *name;
	enum target_kind kind;
	unsigned         given;
	const char      *want;
} misfits[] = {
	{ "nothing", TARGET_EXEC, 0, NULL },
	{ "all of http, which may be sent on to https", TARGET_HTTP, 0x1ff, NULL },
	{ "a key alone", TARGET_HTTP, 64, "--key, which needs --cert," },
	{ "status of http over a socket", TARGET_HTTP_UNIX, 1 + 2 + 4, NULL },
	{ "-4 of http over a socket", TARGET_HTTP_UNIX, 8 + 7, "-4" },
	{ "-6 of http over a socket", TARGET_HTTP_UNIX, 256, "-6" },
	{ "CAs of http over a socket", TARGET_HTTP_UNIX, 16, "--cacert" },
	{ "a certificate of http over a socket", TARGET_HTTP_UNIX, 32, "--cert" },
	{ "a key of http over a socket", TARGET_HTTP_UNIX, 64, "--key" },
	{ "insecure of http over a socket", TARGET_HTTP_UNIX, 128, "--insecure" },
	{ "all but two of grpcs", TARGET_GRPC, 0x3fc, NULL },
	{ "what is not TLS's of grpc", TARGET_GRPC, 4 + 8 + 256, NULL },
	{ "status of grpc", TARGET_GRPC, 1, "--status" },
	{ "text of grpcs", TARGET_GRPC, 512 + 2, "--contains" },
	{ "CAs of grpc", TARGET_GRPC, 16, "--cacert" },
	{ "a certificate of grpc", TARGET_GRPC, 32, "--cert" },
	{ "insecure of grpc", TARGET_GRPC, 128, "--insecure" },
	{ "-4 and -6 of tcp", TARGET_TCP, 8 + 256, NULL },
	{ "status of tcp", TARGET_TCP, 1, "--status" },
	{ "text of tcp", TARGET_TCP, 2, "--contains" },
	{ "header of tcp", TARGET_TCP, 4, "-H" },
	{ "CAs of tcp", TARGET_TCP, 16, "--cacert" },
	{ "a certificate of tcp", TARGET_TCP, 32, "--cert" },
	{ "a certificate and its key of tcp", TARGET_TCP, 32 + 64, "--cert" },
	{ "a key of tcp", TARGET_TCP, 64, "--key" },
	{ "insecure of tcp", TARGET_TCP, 128, "--insecure" },
	{ "status of a socket", TARGET_UNIX, 1, "--status" },
	{ "header of a socket", TARGET_UNIX, 4, "-H" },
	{ "-4 of a socket", TARGET_UNIX, 8, "-4" },
	{ "insecure of a socket", TARGET_UNIX, 128, "--insecure" },
	{ "status of a program", TARGET_EXEC, 1, "--status" },
	{ "text of a program", TARGET_EXEC, 2, "--contains" },
	{ "-6 of a program", TARGET_EXEC, 256, "-6" },
	{ "CAs of a program", TARGET_EXEC, 16, "--cacert" },
};

static void
an_option_that_does_not_apply_is_named(void **state)
{
	const struct misfit_row *row = *state;
	const struct target t = {
		.kind = row->kind, .url.is_https = (row->given & 512) != 0,
	};
	struct check_conf conf = {
		.n_status = row->given & 1,
		.contains = row->given & 2 ? "x" : NULL,
		.n_headers = row->given >> 2 & 1,
		.v4 = row->given & 8,
		.v6 = row->given & 256,
		.cafile = row->given & 16 ? "a" : NULL,
		.certfile = row->given & 32 ? "c" : NULL,
		.keyfile = row->given & 64 ? "k" : NULL,
		.insecure = row->given & 128,
	};
	const char *got = check_misfit(&conf, &t);

	assert_string_equal(row->want != NULL ? row->want : "(none)",
	                    got != NULL ? got : "(none)");
}

int
main(void)
{
	UNIT_ROWS(an_option_that_does_not_apply_is_named, misfits);
	UNIT_ROWS(a_name_is_cut_off, cuts);
	UNIT_ROWS(a_check_is_called, names);
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
		unit_add(refused[i].word, a_bad_word_is_refused, &refused[i]);
	for (size_t i = 0; i < sizeof fails / sizeof fails[0]; i++)
		unit_add(fails[i].word, a_wrong_option_is_named, &fails[i]);
	UNIT_TEST(the_options_start_at_a_blank_with_a_dash_behind);
	UNIT_TEST(status_ranges_add_up);
	UNIT_TEST(what_is_no_status_is_refused);
	UNIT_TEST(headers_have_a_bound);
	UNIT_TEST(options_are_those_of_check);
	UNIT_TEST(a_word_without_options_has_the_defaults);
	UNIT_TEST(there_may_be_argv_max_words_of_options);
	UNIT_TEST(a_name_that_is_given_stays);
	UNIT_TEST(variables_are_put_into_urls);
	UNIT_TEST(what_cannot_be_expanded_is_refused);
	UNIT_TEST(what_does_not_fit_is_refused);
	return unit_run("client/checkopt");
}
