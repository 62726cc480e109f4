/* SPDX-License-Identifier: MIT */
/* test_unit.c - a test that hangs is a failure that names it */
#include "unit.h"

#include <fcntl.h>
#include <sys/wait.h>

static void
a_test_that_hangs_ends_as_a_failure_that_names_it(void **state)
{
	char said[64] = "";
	int ends[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(0, pipe(ends));
	pid = fork();
	if (pid == 0) {
		sigset_t all;

		dup2(ends[1], STDERR_FILENO);
		sigfillset(&all);	/* as a test of signals leaves it */
		sigprocmask(SIG_BLOCK, &all, NULL);
		unit_begin("it");
		kill(getpid(), SIGALRM);
		for (;;)
			pause();
	}
	close(ends[1]);
	assert_int_equal(pid, waitpid(pid, &status, 0));
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	assert_true(read(ends[0], said, sizeof said - 1) > 0);
	close(ends[0]);
	assert_string_equal(said, "it [  FAILED  ] it hangs\n");
}

static void
what_a_test_that_hangs_has_started_ends_with_it(void **state)
{
	int ends[2], status;
	char byte;
	pid_t pid;

	(void)state;
	assert_int_equal(0, pipe(ends));
	pid = fork();
	if (pid == 0) {
		dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
		if (fork() == 0) {
			if (fork() == 0)
				(void)!write(ends[1], "", 1);
			for (;;)
				pause();
		}
		(void)!read(ends[0], &byte, 1);	/* both are there */
		unit_is_late(SIGALRM);
	}
	close(ends[1]);
	assert_int_equal(pid, waitpid(pid, &status, 0));
	assert_int_equal(0, read(ends[0], &byte, 1));	/* nobody holds it */
	close(ends[0]);
}

static void
one_that_blocks_the_alarm_is_killed_soon_after(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		sigset_t all;

		sigfillset(&all);
		sigprocmask(SIG_BLOCK, &all, NULL);
		unit_must_end(1);
		for (;;)
			pause();
	}
	assert_int_equal(pid, waitpid(pid, &status, 0));
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void
every_test_has_its_own_name_and_end(void **state)
{
	(void)state;
	assert_string_equal("every_test_has_its_own_name_and_end", unit_now);
	assert_in_range(alarm(UNIT_LIMIT_S), UNIT_LIMIT_S - 60, UNIT_LIMIT_S);
}

int
main(void)
{
	UNIT_TEST(a_test_that_hangs_ends_as_a_failure_that_names_it);
	UNIT_TEST(what_a_test_that_hangs_has_started_ends_with_it);
	UNIT_TEST(one_that_blocks_the_alarm_is_killed_soon_after);
	UNIT_TEST(every_test_has_its_own_name_and_end);
	return unit_run("unit");
}
