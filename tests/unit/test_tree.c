/* SPDX-License-Identifier: MIT */
/* test_tree.c - signals to the service and what descends from hale */
#include "unit.h"

#include "base/clock.h"
#include "sup/child.h"
#include "sup/proc.h"
#include "sup/tree.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROOM 256
#define DEEP 200	/* generations */
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
all_of(pid_t leader, int sig)
{
	const struct tree_group g = { leader, leader, -1, 0 };

	return tree_signal_all(&g, sig);
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

static pid_t
start_named(const char *name)
{
	int up[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(up), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (name != NULL)	/* else ours */
			prctl(PR_SET_NAME, name);
		(void)!write(up[1], "x", 1);
		for (;;)
			pause();
	}
	assert_int_equal(read(up[0], &byte, 1), 1);
	close(up[0]);
	close(up[1]);
	return pid;
}

static pid_t
start_dead(void)
{
	siginfo_t info;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	return pid;
}

/* A checker that has just been forked still has the name of its parent. */
static void
the_dead_and_checkers_are_not_left_running(void **state)
{
	char want[ROOM];
	struct buf b = guarded_buf(ROOM), w = buf_over(want, sizeof want);
	pid_t pids[] = { start_named(TREE_CHECKER), start_named("left"),
	                 start_dead(), start_named(NULL),
	                 start_named("hale") }, one, none;
	size_t n, left;

	(void)state;
	n = tree_children(&none);
	tree_list(&b);
	kill(pids[4], SIGKILL);
	end_of(pids[4]);
	left = tree_children(&one);
	for (int i = 0; i < 4; i++) {
		kill(pids[i], SIGKILL);
		end_of(pids[i]);
	}
	buf_fmt(&w, "left (pid %d), hale (pid %d)", (int)pids[1], (int)pids[4]);
	assert_span_equal(buf_text(&w), buf_span(&b));
	assert_int_equal(n, 2);
	assert_int_equal(none, 0);
	assert_int_equal(left, 1);
	assert_int_equal(one, pids[1]);
	assert_int_equal(tree_children(&one), 0);
	assert_int_equal(one, 0);
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
	all_of(pid, SIGTERM);
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

/* Not PID 1, no subreaper: what loses its parent is out of reach. */
static int
deep_tree_is_ended(void)
{
	int up[2];
	char byte;
	pid_t pid;

	if (pipe(up) < 0)
		return 1;
	pid = fork();
	if (pid == 0) {
		setsid();
		for (int i = 0; i < DEEP; i++) {
			alarm(20);
			if (fork() != 0)
				for (;;)
					pause();
			setsid();
		}
		close(up[0]);
		(void)!write(up[1], "x", 1);
		for (;;)
			pause();
	}
	close(up[1]);
	if (read(up[0], &byte, 1) != 1)
		return 2;
	all_of(pid, SIGKILL);
	/* The end of the file is the end of all who could write. */
	if (read(up[0], &byte, 1) != 0)
		return 3;
	return waitpid(pid, NULL, 0) == pid ? 0 : 4;
}

static void
any_depth_is_signalled(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		alarm(15);
		_exit(deep_tree_is_ended());
	}
	assert_int_equal(end_of(pid), EXITED(0));
}

/* Each generation forks the next and ends: it is gone when it is signalled. */
static void
run_away(void)
{
	const struct timespec pause_ = { 0, 1000000 };

	for (;;) {
		alarm(10);
		if (fork() > 0)
			_exit(0);
		(void)nanosleep(&pause_, NULL);
	}
}

static int
runaway_is_finished(void)
{
	int up[2];
	char byte;

	if (pipe(up) < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1L) < 0)
		return 1;
	for (int i = 0; i < 5; i++)
		if (fork() == 0) {
			close(up[0]);
			run_away();
		}
	close(up[1]);
	tree_finish(5000);
	if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD)
		return 2;
	return read(up[0], &byte, 1) == 0 ? 0 : 3;
}

static void
what_forks_while_it_is_killed_is_finished(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		alarm(15);
		_exit(runaway_is_finished());
	}
	assert_int_equal(end_of(pid), EXITED(0));
}

static int
held_is_left_in_time(void)
{
	pid_t pid = start_named("held");
	int64_t start_ms = clock_ms();

	/* It stops at its exit, until its tracer lets it go on. */
	if (ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACEEXIT) < 0)
		return 77;
	tree_finish(100);
	if (clock_ms() - start_ms < 100)
		return 1;
	if (ptrace(PTRACE_CONT, pid, NULL, NULL) < 0)
		return 2;
	return end_of(pid) == SIGKILL ? 0 : 3;
}

static void
what_the_kernel_holds_is_left(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		alarm(15);
		_exit(held_is_left_in_time());
	}
	status = end_of(pid);
	if (status == EXITED(77))
		skip();
	assert_int_equal(status, EXITED(0));
}

/* --- a group whose leader is reaped --- */

/* What clone3(2) is given; not every libc's headers have it. */
struct clone3 {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack,
	         stack_size, tls, set_tid, set_tid_size;
};

/* A process with that number, in a group of its own. 0: not allowed here. */
static pid_t
start_stranger(pid_t number)
{
	struct clone3 c = {
		.exit_signal = SIGCHLD,
		.set_tid = (uint64_t)(uintptr_t)&number, .set_tid_size = 1,
	};
	pid_t pid = (pid_t)syscall(SYS_clone3, &c, sizeof c);

	if (pid == 0) {
		alarm(20);
		setsid();
		for (;;)
			pause();
	}
	return pid > 0 ? pid : 0;
}

struct hale_like {
	pid_t pid, leader;
	int   go_fd;	/* a byte: it signals its group */
	int   end_fd;	/* ends with the member that the leader left */
};

/* Neither PID 1 nor a subreaper. Its service ends, and may leave a member of
 * its group, which goes to somebody else. */
static void
be_hale(int leader_fd, int go_fd, bool leaves_one, bool holds)
{
	struct tree_group g = { .held_fd = -1 };
	int ready[2];
	char byte;

	alarm(20);
	if (pipe(ready) < 0)
		_exit(1);
	g.id = fork();
	if (g.id == 0) {
		setsid();
		if (leaves_one && fork() == 0)
			for (;;)
				pause();
		(void)!write(ready[1], "x", 1);
		pause();
	}
	if (read(ready[0], &byte, 1) != 1)
		_exit(2);
	if (holds)
		g.held_fd = tree_hold(g.id);
	kill(g.id, SIGKILL);
	if (waitpid(g.id, NULL, 0) != g.id
	 || write(leader_fd, &g.id, sizeof g.id) != sizeof g.id
	 || read(go_fd, &byte, 1) != 1)
		_exit(3);
	(void)tree_signal_all(&g, SIGKILL);
	(void)tree_signal_own(&g, SIGKILL);
	_exit(holds && g.held_fd < 0 ? 4 : 0);
}

static struct hale_like
start_hale_like(bool leaves_one, bool holds)
{
	struct hale_like h;
	int leader[2], go[2], end[2];

	assert_int_equal(pipe(leader), 0);
	assert_int_equal(pipe(go), 0);
	assert_int_equal(pipe(end), 0);
	h.pid = fork();
	if (h.pid == 0) {
		close(end[0]);
		be_hale(leader[1], go[0], leaves_one, holds);
	}
	close(end[1]);
	close(leader[1]);
	close(go[0]);
	h.go_fd = go[1];
	h.end_fd = end[0];
	assert_int_equal(read(leader[0], &h.leader, sizeof h.leader),
	                 sizeof h.leader);
	close(leader[0]);
	return h;
}

static int
signal_its_group(struct hale_like *h)
{
	assert_int_equal(write(h->go_fd, "x", 1), 1);
	close(h->go_fd);
	return end_of(h->pid);
}

static const struct holding {
	const char *name;
	bool holds;
} holding[] = {
	{ "a stranger with the group's number is left alone", false },
	{ "a stranger with the number of a held group is left alone", true },
};

static void
a_stranger_is_left_alone(void **state)
{
	const struct holding *row = *state;
	struct hale_like h = start_hale_like(false, row->holds);
	pid_t stranger = start_stranger(h.leader);
	int status = signal_its_group(&h);

	close(h.end_fd);
	if (stranger == 0)
		skip();
	kill(stranger, SIGTERM);
	assert_int_equal(end_of(stranger), SIGTERM);
	assert_int_equal(status, EXITED(0));
}

static void
what_left_a_held_group_for_another_parent_is_reached(void **state)
{
	struct hale_like h = start_hale_like(true, true);
	int status = signal_its_group(&h);
	char byte;

	(void)state;
	if (status == EXITED(4))
		skip();
	alarm(20);	/* a kernel before Linux 6.9 */
	assert_int_equal(read(h.end_fd, &byte, 1), 0);
	alarm(0);
	close(h.end_fd);
	assert_int_equal(status, EXITED(0));
}

/* --- a stop is heard once --- */

static uint64_t
start_of(pid_t pid)
{
	struct procstat st;

	return proc_stat(pid, &st) == 0 ? st.starttime : 0;
}

/* In that group (0: leads one of its own). */
static pid_t
start_member(pid_t group)
{
	pid_t pid = start_named("member");

	return setpgid(pid, group == 0 ? pid : group) == 0 ? pid : -1;
}

/* Its answer is a kill by SIGTERM, or by the later SIGKILL. */
static int
stop_is_heard_once(void)
{
	pid_t old = start_member(0), other = start_member(0), late;
	struct tree_group g = { old, 0, -1, 0 };

	while (g.heard_ticks <= start_of(old))	/* 10 ms at most */
		g.heard_ticks = tree_ticks();
	late = start_member(old);
	if (tree_signal_all(&g, SIGTERM) != 0)
		return 1;
	if (end_of(other) != SIGTERM || end_of(late) != SIGTERM)
		return 2;
	if (tree_signal_own(&g, SIGTERM) != 0)
		return 3;
	if (tree_signal_all(&g, SIGKILL) != 0)
		return 4;
	return end_of(old) == SIGKILL ? 0 : 5;
}

static void
who_was_stopped_with_its_group_hears_no_second_stop(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		alarm(15);
		_exit(stop_is_heard_once());
	}
	assert_int_equal(end_of(pid), EXITED(0));
}

int
main(void)
{
	UNIT_TEST(a_group_gets_the_signal_where_it_is_there);
	UNIT_TEST(a_group_that_is_gone_is_no_reason_to_lose_a_signal);
	UNIT_TEST(a_queued_value_is_passed_on);
	UNIT_TEST(children_are_listed_by_name);
	UNIT_TEST(the_dead_and_checkers_are_not_left_running);
	UNIT_TEST(everything_below_is_signalled);
	UNIT_TEST(what_a_thread_has_forked_is_signalled);
	UNIT_TEST(any_depth_is_signalled);
	UNIT_TEST(what_forks_while_it_is_killed_is_finished);
	UNIT_TEST(what_the_kernel_holds_is_left);
	UNIT_ROWS(a_stranger_is_left_alone, holding);
	UNIT_TEST(what_left_a_held_group_for_another_parent_is_reached);
	UNIT_TEST(who_was_stopped_with_its_group_hears_no_second_stop);
	return unit_run("sup/tree");
}
