/* SPDX-License-Identifier: MIT */
/* a check as one word: its URL, what the environment puts there, its options */
#include "unit.h"

#include "base/err.h"
#include "client/checkopt.h"

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
options_are_those_of_check(void **state)
{
	struct check_word w;
	struct opt_fail fail;
	const char *expected;

	(void)state;
	assert_int_equal(0, check_word_read(&w, guarded_span(
		"https://localhost:8443/ -H \"Host: app\" --header=X:\\ 1 "
		"--cacert '/my ca.pem' --status 200-299 --status 404 -6 "
		"--insecure --contains 'a  b' --cert=c --key k"),
		&fail, &expected));
	assert_true(span_is(w.url, "https://localhost:8443/"));
	assert_int_equal(2, w.conf.n_headers);
	assert_true(span_is(w.conf.headers[0], "Host: app"));
	assert_true(span_is(w.conf.headers[1], "X: 1"));
	assert_string_equal("/my ca.pem", w.conf.cafile);
	assert_string_equal("a  b", w.conf.contains);
	assert_string_equal("c", w.conf.certfile);
	assert_string_equal("k", w.conf.keyfile);
	assert_int_equal(2, w.conf.n_status);
	assert_int_equal(299, w.conf.status[0].last);
	assert_true(w.conf.v6 && !w.conf.v4 && w.conf.insecure);
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
	assert_int_equal(0, check_word_read(&w, guarded_span("exec:a -x 'b"),
	                                    &fail, &expected));
	assert_true(span_is(w.url, "exec:a -x 'b"));
	assert_memory_equal(&none, &w.conf, sizeof none);
}

static void
wrong_options_are_told_with_their_name(void **state)
{
	static const struct {
		const char  *word, *name;
		enum opt_why why;
	} cases[] = {
		{ "http://a/ --stauts 200", "--stauts", OPT_UNKNOWN },
		{ "http://a/ --status 700", "--status", OPT_BAD },
		{ "http://a/ --cacert", "--cacert", OPT_MISSING },
		{ "http://a/ -4x", "x", OPT_UNKNOWN },
		{ "http://a/ -H nonsense", "H", OPT_BAD },
		{ "http://a/ --timeout 1s", "--timeout", OPT_UNKNOWN },
		{ "http://a/ --live", "--live", OPT_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct check_word w;
		struct opt_fail fail;
		const char *expected = "";

		assert_true(check_word_read(&w, guarded_span(cases[i].word),
		                            &fail, &expected) < 0);
		assert_null(expected);
		assert_int_equal(cases[i].why, fail.why);
		assert_true(span_is(fail.name, cases[i].name));
		assert_false(fail.from_env);
	}
}

/* "http://a/" and so many options. */
static int
read_many(int n)
{
	static char word[9 + 3 * (PROGRAM_ARGS_MAX + 2)];
	struct buf b = buf_over(word, sizeof word);
	struct check_word w;
	struct opt_fail fail;
	const char *expected;

	buf_str(&b, "http://a/");
	for (int i = 0; i < n; i++)
		buf_str(&b, " -4");
	return check_word_read(&w, buf_span(&b), &fail, &expected);
}

static void
what_is_no_option_is_refused_without_being_shown(void **state)
{
	static const struct {
		const char *word;
		int         err;
	} cases[] = {
		{ "http://a/ -H Host: app", ERR_PARSE },
		{ "http://a/ -4 http://b/", ERR_PARSE },
		{ "http://a/ -H 'Host: app", ERR_QUOTE },
		{ "http://a/ -4 \\", ERR_QUOTE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct check_word w;
		struct opt_fail fail;
		const char *expected = NULL;

		assert_int_equal(cases[i].err, check_word_read(&w, guarded_span(
			cases[i].word), &fail, &expected));
		assert_non_null(expected);
		assert_null(strstr(expected, "app"));
	}
	assert_int_equal(0, read_many(PROGRAM_ARGS_MAX - 1));
	assert_int_equal(0, read_many(PROGRAM_ARGS_MAX));
	assert_int_equal(ERR_TOOBIG, read_many(PROGRAM_ARGS_MAX + 1));
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
		{ "exec:sh -c 'echo ${T_PORT} ${'",
		  "exec:sh -c 'echo ${T_PORT} ${'" },
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
	assert_int_equal(0, check_expand(&b, guarded_span("${T_PORT}x"), &name));
	assert_int_equal(ERR_TOOBIG, check_expand(&less, guarded_span(
		"${T_PORT}x"), &name));
}

/* Rows of bits: status, contains, header, -4, cacert, cert, key, insecure. */
static const struct misfit_row {
	const char *name, *url;
	unsigned    given;
	const char *want;
} misfits[] = {
	{ "nothing", "exec:a", 0, NULL },
	{ "all of https", "https://a/", 0xff, NULL },
	{ "all of http, which may be sent on", "http://a/", 0xff, NULL },
	{ "a host alone", "a:1", 0xff, NULL },
	{ "status", "tcp:a:1", 1, "--status" },
	{ "text", "exec:a", 2, "--contains" },
	{ "header", "unix:/a", 4, "-H" },
	{ "IPv4 of tcp", "tcp:a:1", 8, NULL },
	{ "IPv4 of a socket", "http+unix:/a:/", 8 + 7, "-4" },
	{ "CAs", "http+unix:/a:/", 16, "--cacert" },
	{ "certificate", "tcp:a:1", 32, "--cert" },
	{ "key", "tcp:a:1", 64, "--key" },
	{ "key alone", "https://a/", 64, "--key" },
	{ "insecure", "unix:/a", 128, "--insecure" },
};

static void
an_option_that_does_not_apply_is_named(void **state)
{
	const struct misfit_row *row = *state;
	struct check_conf conf = {
		.n_status = row->given & 1,
		.contains = row->given & 2 ? "x" : NULL,
		.n_headers = row->given >> 2 & 1,
		.v4 = row->given & 8,
		.cafile = row->given & 16 ? "a" : NULL,
		.certfile = row->given & 32 ? "c" : NULL,
		.keyfile = row->given & 64 ? "k" : NULL,
		.insecure = row->given & 128,
	};
	const char *got = check_misfit(&conf, span_of(row->url));

	assert_string_equal(row->want != NULL ? row->want : "(none)",
	                    got != NULL ? got : "(none)");
}

int
main(void)
{
	UNIT_ROWS(an_option_that_does_not_apply_is_named, misfits);
	UNIT_TEST(the_options_start_at_a_blank_with_a_dash_behind);
	UNIT_TEST(options_are_those_of_check);
	UNIT_TEST(a_word_without_options_has_the_defaults);
	UNIT_TEST(wrong_options_are_told_with_their_name);
	UNIT_TEST(what_is_no_option_is_refused_without_being_shown);
	UNIT_TEST(variables_are_put_into_urls);
	UNIT_TEST(what_cannot_be_expanded_is_refused);
	UNIT_TEST(what_does_not_fit_is_refused);
	return unit_run("client/checkopt");
}
