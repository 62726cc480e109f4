/* SPDX-License-Identifier: MIT */
/* one check of a target: what is a failure, and what says nothing */
#include "unit.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "client/check.h"

static void
read_target(struct target *t, const char *url)
{
	static char text[TARGET_ROOM];
	struct buf memory = buf_over(text, sizeof text);
	const char *unused;

	assert_int_equal(0, target_read(t, span_of(url), &memory, &unused));
}

/* How a check of url goes, and its line. */
static int
check(const char *url, char *line, size_t cap)
{
	const struct check_conf conf = { 0 };
	struct buf why = buf_over(line, cap);
	struct target t;
	int r;

	read_target(&t, url);
	r = check_target(&conf, &t, clock_ms() + 5000, &why);
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
		"grpc://127.0.0.1:1", "grpcs://name.invalid:1/x",
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
	struct target t;
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
	read_target(&t, buf_text(&u));
	assert_int_equal(ERR_TIMEOUT, check_target(&conf, &t, clock_ms() + 50,
	                                           &why));
	close(taken);
	close(fd);
}

int
main(void)
{
	UNIT_TEST(without_a_descriptor_left_no_check_is_run_and_it_says_why);
	UNIT_TEST(what_the_service_is_to_blame_for_is_a_failure);
	UNIT_TEST(a_program_that_somebody_else_killed_is_told_apart);
	UNIT_TEST(a_full_backlog_is_the_services_failure);
	return unit_run("client/check");
}
