/* SPDX-License-Identifier: MIT */
/* test_child.c - start, and wait status to exit code */
#include "unit.h"

#include "sup/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROOM 256
#define SKIPPED 77

/* Wait statuses as Linux lays them out (wait(2)). */
#define EXITED(code)   ((code) << 8)
#define KILLED(sig)    (sig)
#define CORED(sig)     ((sig) | 0x80)

static const struct row {
	const char *name;
	int         status, code;
	const char *words;
} rows[] = {
	{ "a good exit", EXITED(0), 0, "exited with code 0" },
	{ "an exit of one", EXITED(1), 1, "exited with code 1" },
	{ "the highest exit", EXITED(255), 255, "exited with code 255" },
	{ "the first signal", KILLED(1), 129, "was killed by SIGHUP" },
	{ "SIGKILL", KILLED(9), 137, "was killed by SIGKILL" },
	{ "a fault with a core", CORED(11), 139,
	  "was killed by SIGSEGV (core dumped)" },
	{ "a signal without a name", KILLED(32), 160,
	  "was killed by signal 32" },
	{ "the last signal", KILLED(64), 192, "was killed by SIGRTMAX" },
};

static void
an_end_is_told(void **state)
{
	const struct row *r = *state;
	struct buf b = guarded_buf(ROOM);

	assert_int_equal(child_code(r->status), r->code);
	child_write_end(&b, r->status);
	assert_span_equal(r->words, buf_span(&b));
}

static void
every_code_stands_for_itself(void **state)
{
	(void)state;
	for (int code = 0; code < 256; code++)
		assert_int_equal(child_code(EXITED(code)), code);
	for (int sig = 1; sig <= 64; sig++)
		assert_int_equal(child_code(KILLED(sig)), 128 + sig);
}

static pid_t
start(char **argv)
{
	static const struct signals_given given = { 0, false };
	struct child_plan plan = { .argv = argv, .given = &given,
		                   .terminal_fd = -1 };

	struct child_news news;
	pid_t pid = child_start(&plan, &news);

	assert_null(news.refused);
	assert_int_equal(news.exec_fd, 0);
	return pid;
}

static int
end_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static const struct failing {
	const char *name, *program;
	int         err;
} failing[] = {
	{ "a missing file", "/no/such/program", -ENOENT },
	{ "a file that is no program", "/etc/passwd", -EACCES },
	{ "a directory", "/", -EACCES },
	{ "an empty name", "", -ENOENT },
	{ "a name that is not in PATH", "hale-no-such-program", -ENOENT },
};

static void
a_failed_exec_is_known_at_once_and_leaves_nothing(void **state)
{
	const struct failing *f = *state;
	char *argv[] = { guarded_text(f->program), NULL };

	assert_int_equal(start(argv), f->err);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void
the_service_leads_a_session_of_its_own(void **state)
{
	char *argv[] = { "sleep", "1000", NULL };
	pid_t pid = start(argv);

	(void)state;
	assert_true(pid > 0);
	assert_int_equal(getsid(pid), pid);
	assert_int_equal(getpgid(pid), pid);
	kill(pid, SIGKILL);
	assert_int_equal(end_of(pid), SIGKILL);
}

static void
listen_pid_names_the_service(void **state)
{
	static const struct signals_given given = { 0, false };
	char *argv[] = { "sh", "-c", "[ \"$LISTEN_PID\" = $$ ]", NULL };
	struct child_plan plan = { .argv = argv, .given = &given,
		                   .terminal_fd = -1 };
	struct child_news news;
	char was[] = "LISTEN_PID=1";
	int status;

	(void)state;
	assert_int_equal(putenv(was), 0);
	for (char **e = environ; *e != NULL; e++)
		if (*e == was)
			plan.listen_pid = e;
	assert_non_null(plan.listen_pid);
	status = end_of(child_start(&plan, &news));
	assert_int_equal(unsetenv("LISTEN_PID"), 0);
	assert_int_equal(status, 0);
}

/* Its tracer holds each child of this process at its exit. */
static pid_t
hold_ends(void)
{
	const long options = PTRACE_O_TRACEFORK | PTRACE_O_TRACEEXIT;
	const pid_t held = getpid();
	int up[2], status;
	char byte = 'n';
	pid_t pid, tracer;

	if (pipe(up) < 0)
		_exit(95);
	tracer = fork();
	if (tracer == 0) {
		alarm(20);
		if (ptrace(PTRACE_SEIZE, held, NULL, options) == 0)
			byte = 'y';
		(void)!write(up[1], &byte, 1);
		while ((pid = waitpid(-1, &status, __WALL)) > 0)
			if (status >> 8 != (SIGTRAP | PTRACE_EVENT_EXIT << 8)
			 || pid == held)
				(void)ptrace(PTRACE_CONT, pid, NULL, NULL);
		_exit(1);
	}
	if (read(up[0], &byte, 1) != 1 || byte != 'y')
		_exit(SKIPPED);
	close(up[0]);
	close(up[1]);
	return tracer;
}

/* The first start is late, after which a child has memory of its own. */
static int
is_not_held(void)
{
	static const struct signals_given given = { 0, false };
	char *argv[] = { "/no/such/program", NULL };
	struct child_plan plan = { .argv = argv, .given = &given,
		                   .terminal_fd = -1 };
	struct child_news news;
	pid_t tracer, first;

	alarm(20);
	tracer = hold_ends();
	first = child_start(&plan, &news);
	if (first > 0)
		close(news.exec_fd);
	if (child_start(&plan, &news) != -ENOENT)
		return 1;
	kill(tracer, SIGKILL);	/* lets those that it holds go on */
	while (waitpid(-1, NULL, 0) > 0)
		continue;
	return errno == ECHILD ? 0 : 2;
}

static void
a_child_that_is_held_at_its_end_does_not_hold_its_parent(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0)
		_exit(is_not_held());
	status = end_of(pid);
	if (status == EXITED(SKIPPED))
		skip();
	assert_int_equal(status, EXITED(0));
}

int
main(void)
{
	UNIT_ROWS(an_end_is_told, rows);
	UNIT_TEST(every_code_stands_for_itself);
	UNIT_ROWS(a_failed_exec_is_known_at_once_and_leaves_nothing, failing);
	UNIT_TEST(the_service_leads_a_session_of_its_own);
	UNIT_TEST(listen_pid_names_the_service);
	UNIT_TEST(a_child_that_is_held_at_its_end_does_not_hold_its_parent);
	return unit_run("sup/child");
}
