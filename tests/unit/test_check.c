/* SPDX-License-Identifier: MIT */
/* what a check's URL, status and words may be */
#include "unit.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "client/check.h"
#include "client/program.h"

static void
urls_that_can_be_checked_are_taken(void **state)
{
	static const char *const good[] = {
		"http://a", "https://a:1/x?y", "http://[::1]:80/", "a:80/x",
		"tcp://a:1", "tcp:a:1", "tcp:[::1]:1", "tcp://a:1/",
		"unix:/s", "unix:@s", "unix:///run/s", "http+unix://%2Fs/x",
		"http+unix://%40s", "http+unix:/s", "http+unix:/s:/x?y",
		"http+unix:@s:/x", "exec:a", "exec:  a 'b c' ",
	};
	const char *expected;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_int_equal(0, check_verify(span_of(good[i]), &expected));
}

static void
urls_that_cannot_be_checked_are_refused_in_words(void **state)
{
	static const struct {
		const char *url;
		int         err;
	} cases[] = {
		{ "", ERR_PARSE }, { "http://", ERR_PARSE },
		{ "ftp://a/", ERR_SCHEME }, { "tcp:", ERR_PARSE },
		{ "tcp:a", ERR_PARSE }, { "tcp://http://a:1", ERR_PARSE },
		{ "tcp:u@a:1", ERR_PARSE }, { "tcp:a:1/x", ERR_PARSE },
		{ "tcp:a:65536", ERR_PARSE }, { "unix:", ERR_PARSE },
		{ "unix:s", ERR_PARSE }, { "unix:/", ERR_PARSE },
		{ "http+unix://s/x", ERR_PARSE }, { "http+unix:s", ERR_PARSE },
		{ "http+unix:/s:x", ERR_PARSE },
		{ "http+unix:/s:/x y", ERR_PARSE },
		{ "http+unix://%2Fs%00/x", ERR_PARSE },
		{ "exec:", ERR_PARSE }, { "exec: ", ERR_PARSE },
		{ "exec:a \"b", ERR_PARSE }, { "exec:a\\", ERR_PARSE },
		{ "exec:''", ERR_PARSE },
	};
	const char *expected;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		expected = NULL;
		assert_int_equal(cases[i].err, check_verify(
			span_of(cases[i].url), &expected));
		assert_non_null(expected);
	}
}

static void
a_url_may_have_check_url_max_bytes(void **state)
{
	static char text[CHECK_URL_MAX + 1];
	const char *expected;

	(void)state;
	memset(text, 'a', sizeof text);
	text[1] = '/';
	assert_int_equal(0, check_verify((struct span){ text, CHECK_URL_MAX },
	                                 &expected));
	assert_int_equal(ERR_TOOBIG, check_verify(
		(struct span){ text, CHECK_URL_MAX + 1 }, &expected));
}

static void
a_sockets_path_fits_its_address(void **state)
{
	char text[6 + 108 + 1] = "unix:/";
	const char *expected;

	(void)state;
	memset(text + 6, 'a', 108);
	assert_int_equal(0, check_verify((struct span){ text, 5 + 107 },
	                                 &expected));
	assert_int_equal(ERR_TOOBIG, check_verify(
		(struct span){ text, 5 + 108 }, &expected));
}

static void
status_ranges_add_up(void **state)
{
	struct check_conf conf = { 0 };

	(void)state;
	assert_int_equal(0, check_add_status(&conf, span_of("200-299,404")));
	assert_int_equal(0, check_add_status(&conf, span_of("100-599")));
	assert_int_equal(3, conf.n_status);
	assert_int_equal(200, conf.status[0].first);
	assert_int_equal(299, conf.status[0].last);
	assert_int_equal(404, conf.status[1].first);
	assert_int_equal(404, conf.status[1].last);
	assert_int_equal(0, check_add_status(&conf,
	                                     span_of("200,201,202,203,204")));
	assert_int_equal(CHECK_RANGES_MAX, conf.n_status);
	assert_int_equal(ERR_FULL, check_add_status(&conf, span_of("205")));
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

		assert_int_equal(cases[i].err, check_add_status(
			&conf, span_of(cases[i].text)));
	}
}

static void
headers_have_a_bound(void **state)
{
	struct check_conf conf = { 0 };

	(void)state;
	assert_int_equal(ERR_PARSE, check_add_header(&conf, span_of("x")));
	assert_int_equal(ERR_PARSE, check_add_header(&conf, span_of(
		"Content-Length: 5")));	/* of a body that does not follow */
	assert_int_equal(ERR_PARSE, check_add_header(&conf, span_of(
		"Transfer-Encoding: chunked")));
	for (size_t i = 0; i < CHECK_HEADERS_MAX; i++)
		assert_int_equal(0, check_add_header(&conf, span_of("a: b")));
	assert_int_equal(CHECK_HEADERS_MAX, conf.n_headers);
	assert_int_equal(ERR_FULL, check_add_header(&conf, span_of("a: b")));
}

static void
words_are_split_as_they_are_quoted(void **state)
{
	static const struct {
		const char *words, *want[4];
	} cases[] = {
		{ "a b  c", { "a", "b", "c" } },
		{ "\ta\n", { "a" } },
		{ "a 'b  c'", { "a", "b  c" } },
		{ "a \"b 'c\"", { "a", "b 'c" } },
		{ "a 'b\\c'", { "a", "b\\c" } },
		{ "a \"b\\\"c\"", { "a", "b\"c" } },
		{ "a\\ b c", { "a b", "c" } },
		{ "a b'c'\"d\"e", { "a", "bcde" } },
		{ "a ''", { "a", "" } },
		{ "a $HOME * | ;", { "a", "$HOME", "*", "|" } },
	};
	struct program p;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(0, program_split(&p, span_of(cases[i].words)));
		for (size_t j = 0; j < 4 && cases[i].want[j] != NULL; j++)
			assert_string_equal(cases[i].want[j], p.argv[j]);
	}
}

static void
words_have_bounds(void **state)
{
	static char many[2 * (PROGRAM_ARGS_MAX + 1) + 1];
	static char large[PROGRAM_TEXT_MAX + 1];
	struct program p;

	(void)state;
	for (size_t i = 0; i < sizeof many - 1; i++)
		many[i] = i % 2 == 0 ? 'a' : ' ';
	assert_int_equal(0, program_split(&p, (struct span){
		many, sizeof many - 3 }));
	assert_null(p.argv[PROGRAM_ARGS_MAX]);
	assert_int_equal(ERR_TOOBIG, program_split(&p, span_of(many)));
	memset(large, 'a', sizeof large);
	assert_int_equal(0, program_split(&p, (struct span){
		large, PROGRAM_TEXT_MAX - 1 }));
	assert_int_equal(ERR_TOOBIG, program_split(&p, (struct span){
		large, PROGRAM_TEXT_MAX }));
}

/* How a check of url goes, and its line. */
static int
check(const char *url, char *line, size_t cap)
{
	const struct check_conf conf = { 0 };
	struct buf why = buf_over(line, cap);
	int r = check_url(&conf, span_of(url), clock_ms() + 5000, &why);

	(void)buf_text(&why);
	return r;
}

static void
without_a_descriptor_left_no_check_is_run_and_it_says_why(void **state)
{
	static const char *const urls[] = {
		"http://127.0.0.1:1/", "https://[::1]:1/", "tcp:127.0.0.1:1",
		"unix:/nowhere", "http+unix:/nowhere:/", "exec:/bin/true",
		"tcp:name.invalid:1", "http://name.invalid/",
	};
	struct rlimit before, none;
	char line[CHECK_WHY_MAX];

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
		int r;

		assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
		r = check(urls[i], line, sizeof line);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		if (r != ERR_NOT_RUN)
			fail_msg("%s: %d, %s", urls[i], r, line);
		assert_non_null(strstr(line, strerror(EMFILE)));
	}
}

static void
what_the_service_is_to_blame_for_is_a_failure(void **state)
{
	static const struct {
		const char *url;
		int         err;
	} cases[] = {
		{ "tcp:127.0.0.1:1", -ECONNREFUSED },
		{ "unix:/nowhere", -ENOENT },
		{ "exec:/nowhere", -ENOENT },
		{ "exec:/etc", -EACCES },
		{ "exec:sh -c 'exit 3'", ERR_UNHEALTHY },
		{ "exec:sh -c 'kill -SEGV $$'", ERR_UNHEALTHY },
		{ "exec:sh -c 'kill -TERM $$'", ERR_UNHEALTHY },
	};
	char line[CHECK_WHY_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(cases[i].err, check(cases[i].url, line,
		                                     sizeof line));
}

static void
a_program_that_somebody_else_killed_is_told_apart(void **state)
{
	char line[CHECK_WHY_MAX];

	(void)state;
	assert_int_equal(ERR_KILLED, check("exec:sh -c 'kill -KILL $$'",
	                                    line, sizeof line));
	assert_string_equal("killed by SIGKILL", line);
}

static void
a_full_backlog_is_the_services_failure(void **state)
{
	const struct check_conf conf = { 0 };
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char line[CHECK_WHY_MAX], url[64];
	struct buf why = buf_over(line, sizeof line), u = buf_over(url, 64);
	socklen_t len = sizeof at.sun_family;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int taken = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(fd, 0), 0);
	len = sizeof at;
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	assert_int_equal(connect(taken, (struct sockaddr *)&at, len), 0);
	buf_fmt(&u, "unix:@%.*s", (int)(len - offsetof(struct sockaddr_un,
	        sun_path) - 1), at.sun_path + 1);
	assert_int_equal(ERR_TIMEOUT, check_url(&conf, buf_span(&u),
	                                        clock_ms() + 50, &why));
	close(taken);
	close(fd);
}

int
main(void)
{
	UNIT_TEST(urls_that_can_be_checked_are_taken);
	UNIT_TEST(urls_that_cannot_be_checked_are_refused_in_words);
	UNIT_TEST(a_url_may_have_check_url_max_bytes);
	UNIT_TEST(a_sockets_path_fits_its_address);
	UNIT_TEST(status_ranges_add_up);
	UNIT_TEST(what_is_no_status_is_refused);
	UNIT_TEST(headers_have_a_bound);
	UNIT_TEST(words_are_split_as_they_are_quoted);
	UNIT_TEST(words_have_bounds);
	UNIT_TEST(without_a_descriptor_left_no_check_is_run_and_it_says_why);
	UNIT_TEST(what_the_service_is_to_blame_for_is_a_failure);
	UNIT_TEST(a_program_that_somebody_else_killed_is_told_apart);
	UNIT_TEST(a_full_backlog_is_the_services_failure);
	return unit_run("client/check");
}
