/* SPDX-License-Identifier: MIT */
/* test_tree.c - signals to the service and what descends from hale */
#include "unit.h"

#include "sup/child.h"
#include "sup/tree.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROOM 256
#define EXITED(code) ((code) << 8)	/* a wait status (wait(2)) */

static pid_t
start(char **argv)
{
	static const struct signals_given given = { 0, false };
	struct child_plan plan = { .argv = argv, .given = &given,
		                   .terminal_fd = -1 };
	struct child_news news;

	return child_start(&plan, &news);
}

static int
end_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
a_group_gets_the_signal_where_it_is_there(void **state)
{
	char *argv[] = { "sleep", "1000", NULL };
	pid_t pid = start(argv);

	(void)state;
	tree_signal(pid, true, SIGTERM, NULL);
	assert_int_equal(end_of(pid), SIGTERM);
}

/* The child moves out of the group that is signalled: it alone gets it. */
static void
a_group_that_is_gone_is_no_reason_to_lose_a_signal(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		for (;;)
			pause();
	}
	tree_signal(pid, true, SIGTERM, NULL);	/* it leads no group */
	assert_int_equal(end_of(pid), SIGTERM);
}

static int
value_arrives(void)
{
	struct signalfd_siginfo from = { .ssi_signo = SIGUSR1,
		                         .ssi_code = SI_QUEUE,
		                         .ssi_ptr = 4711, .ssi_pid = 1 };
	siginfo_t got;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	tree_signal(getpid(), false, SIGUSR1, &from);
	if (sigwaitinfo(&set, &got) != SIGUSR1)
		return 1;
	return got.si_code == SI_QUEUE
	    && (uintptr_t)got.si_value.sival_ptr == 4711 ? 0 : 2;
}

static void
a_queued_value_is_passed_on(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(value_arrives());
	assert_int_equal(end_of(pid), EXITED(0));
}

static void
children_are_listed_by_name(void **state)
{
	char *argv[] = { "sleep", "1000", NULL }, want[ROOM];
	struct buf b = guarded_buf(ROOM), w = buf_over(want, sizeof want);
	pid_t one = start(argv), two = start(argv);

	(void)state;
	tree_list(&b);
	kill(one, SIGKILL);
	kill(two, SIGKILL);
	end_of(one);
	end_of(two);
	buf_fmt(&w, "sleep (pid %d), sleep (pid %d)", (int)one, (int)two);
	assert_span_equal(buf_text(&w), buf_span(&b));
}

/*
 * A tree of processes: one that ignores SIGTERM and a child of its own, in a
 * session of its own, that does not. With the second the first ends as well.
 */
static void *
grow(void *up_fd)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGTERM, SIG_DFL);
		setsid();
		(void)!write(*(const int *)up_fd, "x", 1);
		for (;;)
			pause();
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
		_exit(1);
	_exit(WTERMSIG(status));
}

/* The same, with a child of a thread that is not the first. */
static void *
grow_by_thread(void *up_fd)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, grow, up_fd) != 0)
		_exit(1);
	for (;;)
		pause();
}

/* Not PID 1: descendants are found by /proc. */
static int
tree_is_ended(void *(*grow_it)(void *))
{
	int up[2], status;
	char byte;
	pid_t pid;

	if (pipe(up) < 0)
		return 1;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGTERM, SIG_IGN);
		grow_it(&up[1]);
	}
	if (read(up[0], &byte, 1) != 1)
		return 2;
	tree_signal_all(pid, SIGTERM);
	if (waitpid(pid, &status, 0) != pid)
		return 3;
	return status == EXITED(SIGTERM) ? 0 : 4;
}

static void
assert_ended(void *(*grow_it)(void *))
{
	pid_t pid = fork();

	if (pid == 0) {
		alarm(20);
		_exit(tree_is_ended(grow_it));
	}
	assert_int_equal(end_of(pid), EXITED(0));
}

static void
everything_below_is_signalled(void **state)
{
	(void)state;
	assert_ended(grow);
}

static void
what_a_thread_has_forked_is_signalled(void **state)
{
	(void)state;
	assert_ended(grow_by_thread);
}

int
main(void)
{
	UNIT_TEST(a_group_gets_the_signal_where_it_is_there);
	UNIT_TEST(a_group_that_is_gone_is_no_reason_to_lose_a_signal);
	UNIT_TEST(a_queued_value_is_passed_on);
	UNIT_TEST(children_are_listed_by_name);
	UNIT_TEST(everything_below_is_signalled);
	UNIT_TEST(what_a_thread_has_forked_is_signalled);
	return unit_run("sup/tree");
}
