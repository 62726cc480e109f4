/* SPDX-License-Identifier: MIT */
/* test_signal_send.c - signals of one that may not send them, and helpers */
#include "unit.h"

#include "base/clock.h"
#include "sup/signal_send.h"
#include "sup/proc.h"
#include "sup/tree.h"

#include <dirent.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXITED(code) ((code) << 8)	/* a wait status (wait(2)) */
#define SKIPPED 77
#define USER  4242
#define OTHER 4243
#define MANY  (SIGNAL_SEND_MAX + 3)
#define CAP(name) (UINT32_C(1) << (name))

static int
all_of(pid_t leader, int sig)
{
	const struct tree_group g = { leader, leader, -1, 0 };

	return tree_signal_all(&g, sig);
}

static int
own_of(pid_t leader, int sig)
{
	const struct tree_group g = { leader, leader, -1, 0 };

	return tree_signal_own(&g, sig);
}

static int
end_of(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

/* All that it was given but these are in force. */
static void
drop(uint32_t caps)
{
	struct __user_cap_header_struct head = {
		_LINUX_CAPABILITY_VERSION_3, 0
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data) < 0)
		_exit(90);
	data[0].effective = data[0].permitted & ~caps;
	if (syscall(SYS_capset, &head, data) < 0)
		_exit(91);
}

/* A process that became that user without an exec: /proc gives it to root. */
static pid_t
process_of(uid_t uid, pid_t group)
{
	int up[2];
	char byte;
	pid_t pid;

	if (pipe(up) < 0)
		_exit(92);
	pid = fork();
	if (pid == 0) {
		alarm(20);	/* no signal of its parent's reaches it */
		if (setpgid(0, group) < 0
		 || syscall(SYS_setresuid, uid, uid, uid) < 0)
			_exit(93);
		(void)!write(up[1], "x", 1);
		for (;;)
			pause();
	}
	close(up[1]);
	if (read(up[0], &byte, 1) != 1)
		_exit(94);
	close(up[0]);
	return pid;
}

/* Runs the body as one that has not these capabilities. */
static void
run_without(uint32_t caps, int (*body)(void))
{
	pid_t pid;
	int status;

	if (getuid() != 0)
		skip();
	pid = fork();
	if (pid == 0) {
		alarm(20);
		drop(caps);
		_exit(body());
	}
	status = end_of(pid);
	if (status == EXITED(SKIPPED))
		skip();
	assert_int_equal(status, EXITED(0));
}

static int
ends_one(void)
{
	pid_t pid = process_of(USER, 0);

	if (kill(pid, 0) == 0 || errno != EPERM || signal_send_has_cap())
		return 1;
	if (signal_send(pid, SIGTERM, NULL) != 0)
		return 2;
	if (end_of(pid) != SIGTERM)
		return 3;
	if (prctl(PR_GET_DUMPABLE) != 1)
		return 4;
	return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD ? 0 : 5;
}

static void
a_process_that_refuses_is_signalled_as_its_own_user(void **state)
{
	(void)state;
	run_without(CAP(CAP_KILL), ends_one);
}

static int
may_not(void)
{
	pid_t pid = process_of(USER, 0);
	struct signal_send_batch b = { .sig = SIGTERM };

	drop(CAP(CAP_KILL) | CAP(CAP_SETUID));
	if (signal_send(pid, SIGTERM, NULL) != -EPERM)
		return 1;
	if (tree_signal(pid, false, SIGTERM, NULL) != -EPERM
	 || tree_signal(pid, true, SIGTERM, NULL) != -EPERM)
		return 2;
	if (all_of(pid, SIGTERM) != -EPERM
	 || own_of(pid, SIGTERM) != -EPERM)
		return 3;
	signal_send_to(&b, pid);
	if (signal_send_end(&b) != -EPERM)
		return 4;
	drop(0);
	return kill(pid, SIGKILL) == 0 && end_of(pid) == SIGKILL ? 0 : 5;
}

static void
who_cannot_be_signalled_at_all_is_told(void **state)
{
	(void)state;
	run_without(CAP(CAP_KILL), may_not);
}

static int
dead_ones(void)
{
	pid_t pid = fork();
	siginfo_t info;

	if (pid == 0)
		_exit(syscall(SYS_setresuid, USER, USER, USER) != 0);
	drop(CAP(CAP_KILL) | CAP(CAP_SETUID));
	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) < 0)
		return 1;
	if (kill(pid, 0) == 0 || errno != EPERM)	/* as if it lived */
		return 2;
	if (signal_send(pid, SIGTERM, NULL) != 0
	 || all_of(pid, SIGTERM) != 0)
		return 3;
	if (end_of(pid) != 0)
		return 4;
	return signal_send(pid, SIGTERM, NULL) == 0 ? 0 : 5;
}

static void
the_dead_refuse_nothing(void **state)
{
	(void)state;
	run_without(0, dead_ones);
}

static int
ends_many(void)
{
	static pid_t pids[MANY];
	struct signal_send_batch b = { .sig = SIGTERM };

	for (size_t i = 0; i < MANY; i++)
		pids[i] = process_of(i % 3 == 0 ? OTHER : USER, 0);
	for (size_t i = 0; i < MANY; i++)
		signal_send_to(&b, pids[i]);
	if (signal_send_end(&b) != 0)
		return 1;
	for (size_t i = 0; i < MANY; i++)
		if (end_of(pids[i]) != SIGTERM)
			return 2;
	return 0;
}

static void
many_of_several_users_are_signalled(void **state)
{
	(void)state;
	run_without(CAP(CAP_KILL), ends_many);
}

/* The kernel reports success: it reached the one that is ours. */
static int
ends_a_mixed_group(void)
{
	pid_t leader = process_of(0, 0);
	pid_t one = process_of(USER, leader), two = process_of(OTHER, leader);

	if (tree_signal(leader, true, SIGTERM, NULL) != 0)
		return 1;
	return end_of(leader) == SIGTERM && end_of(one) == SIGTERM
	    && end_of(two) == SIGTERM ? 0 : 2;
}

static void
members_of_a_group_that_refuse_are_signalled_too(void **state)
{
	(void)state;
	run_without(CAP(CAP_KILL), ends_a_mixed_group);
}

static int
ends_all(void)
{
	pid_t leader = process_of(USER, 0), other = process_of(OTHER, 0);

	if (all_of(leader, SIGKILL) != 0)
		return 1;
	return end_of(leader) == SIGKILL && end_of(other) == SIGKILL ? 0 : 2;
}

static void
everybody_below_is_signalled_who_refuses(void **state)
{
	(void)state;
	run_without(CAP(CAP_KILL), ends_all);
}

/* The user stops whatever becomes it, as often as it can. */
static int
ends_by_one_that_is_not_stopped(void)
{
	pid_t hostile = process_of(USER, 0);
	pid_t stopper = fork();

	if (stopper == 0) {
		alarm(20);
		if (syscall(SYS_setresuid, USER, USER, USER) < 0)
			_exit(1);
		for (;;)
			for (pid_t p = hostile + 2; p < hostile + 40; p++)
				(void)kill(p, SIGSTOP);
	}
	for (int i = 0; i < 200; i++)
		if (signal_send(hostile, SIGCONT, NULL) != 0)
			return 1;
	if (signal_send(hostile, SIGTERM, NULL) != 0)
		return 2;
	drop(0);
	kill(stopper, SIGKILL);
	return end_of(stopper) == SIGKILL && end_of(hostile) == SIGTERM ? 0 : 3;
}

static void
a_user_cannot_stop_the_helper_that_signals_it(void **state)
{
	(void)state;
	run_without(CAP(CAP_KILL), ends_by_one_that_is_not_stopped);
}

/* Has it no descriptor, and the name of one that nobody counts? */
static bool
is_bare(pid_t pid)
{
	char path[64], name[PROC_NAME_LEN + 1];
	int n = 0;
	DIR *d;

	(void)snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	d = opendir(path);
	if (d == NULL)
		return false;
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n == 2	/* "." and ".." */
	    && proc_name(pid, name) > 0 && strcmp(name, TREE_CHECKER) == 0;
}

/* Until the end of a child of that process, which it looks at. */
static _Noreturn void
trace(pid_t held, bool holds)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (pid != held
		 && status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8))
			_exit(is_bare(pid) ? 0 : 2);
		if (pid == held || !holds)
			(void)ptrace(PTRACE_CONT, pid, NULL, NULL);
	}
	_exit(1);
}

/* A tracer, which holds each child of this process as it is forked, or else
 * looks at the first one's end, and ends. */
static pid_t
start_tracer(bool holds)
{
	const long options = PTRACE_O_TRACEFORK
	                   | (holds ? 0 : PTRACE_O_TRACEEXIT);
	const pid_t held = getpid();
	int up[2];
	char byte = 'n';
	pid_t tracer;

	if (pipe(up) < 0)
		_exit(95);
	tracer = fork();
	if (tracer == 0) {
		alarm(20);
		if (ptrace(PTRACE_SEIZE, held, NULL, options) == 0)
			byte = 'y';
		(void)!write(up[1], &byte, 1);
		trace(held, holds);
	}
	if (read(up[0], &byte, 1) != 1 || byte != 'y')
		_exit(SKIPPED);
	close(up[0]);
	close(up[1]);
	return tracer;
}

static int
holds_nothing(void)
{
	pid_t pid = process_of(USER, 0), tracer = start_tracer(false);

	if (signal_send(pid, SIGTERM, NULL) != 0 || end_of(pid) != SIGTERM)
		return 1;
	return end_of(tracer) == 0 ? 0 : 2;
}

static void
the_helper_holds_no_descriptor_and_is_not_counted(void **state)
{
	(void)state;
	run_without(CAP(CAP_KILL), holds_nothing);
}

static int
rests(void)
{
	pid_t pid = process_of(USER, 0), tracer = start_tracer(true);
	struct signal_send_batch b = { .sig = SIGTERM };
	int64_t began_ms = clock_ms();
	int status;

	if (signal_send(pid, SIGTERM, NULL) != -ETIMEDOUT)
		return 1;
	for (size_t i = 0; i < MANY; i++)	/* two batches */
		signal_send_to(&b, pid);
	if (signal_send_end(&b) != -ETIMEDOUT
	 || tree_signal(pid, true, SIGTERM, NULL) != -ETIMEDOUT)
		return 2;
	if (clock_ms() - began_ms > 2 * SIGNAL_SEND_WAIT_MS)
		return 3;
	drop(0);
	kill(pid, SIGKILL);
	kill(tracer, SIGKILL);
	if (end_of(tracer) != SIGKILL || end_of(pid) != SIGKILL)
		return 4;
	/* There was one, and it was killed. */
	if (waitpid(-1, &status, 0) <= 0 || status != SIGKILL)
		return 5;
	return waitpid(-1, NULL, 0) == -1 && errno == ECHILD ? 0 : 6;
}

static void
after_one_that_hangs_no_other_is_tried_for_a_while(void **state)
{
	(void)state;
	run_without(CAP(CAP_KILL), rests);
}

/* In this process fork(2) and its like give EAGAIN from now on. */
static void
deny_children(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		         offsetof(struct seccomp_data, nr)),
#ifdef SYS_fork
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fork, 2, 0),
#endif
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
	};
	struct sock_fprog prog = { sizeof code / sizeof *code, code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0
	 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0)
		_exit(SKIPPED);
}

static int
has_no_child(void)
{
	pid_t pid = process_of(USER, 0);

	deny_children();
	if (signal_send(pid, SIGTERM, NULL) != -EAGAIN
	 || tree_signal(pid, false, SIGTERM, NULL) != -EAGAIN
	 || tree_signal(pid, true, SIGTERM, NULL) != -EAGAIN)
		return 1;
	if (all_of(pid, SIGTERM) != -EAGAIN || own_of(pid, SIGTERM) != -EAGAIN)
		return 2;
	drop(0);
	return kill(pid, SIGKILL) == 0 && end_of(pid) == SIGKILL ? 0 : 3;
}

static void
a_lack_of_processes_is_no_lack_of_permission(void **state)
{
	(void)state;
	run_without(CAP(CAP_KILL), has_no_child);
}

static int
has_no_descriptor(void)
{
	pid_t pid = process_of(USER, 0);
	const struct rlimit none = { 0, 0 };
	struct signal_send_batch b = { .sig = SIGTERM };

	if (setrlimit(RLIMIT_NOFILE, &none) < 0)
		return SKIPPED;
	if (signal_send(pid, SIGTERM, NULL) != -EMFILE)
		return 1;
	signal_send_to(&b, pid);
	if (signal_send_end(&b) != -EMFILE)
		return 2;
	drop(0);
	return kill(pid, SIGKILL) == 0 && end_of(pid) == SIGKILL ? 0 : 3;
}

static void
neither_is_a_lack_of_descriptors(void **state)
{
	(void)state;
	run_without(CAP(CAP_KILL), has_no_descriptor);
}

int
main(void)
{
	UNIT_TEST(a_process_that_refuses_is_signalled_as_its_own_user);
	UNIT_TEST(who_cannot_be_signalled_at_all_is_told);
	UNIT_TEST(the_dead_refuse_nothing);
	UNIT_TEST(many_of_several_users_are_signalled);
	UNIT_TEST(members_of_a_group_that_refuse_are_signalled_too);
	UNIT_TEST(everybody_below_is_signalled_who_refuses);
	UNIT_TEST(a_user_cannot_stop_the_helper_that_signals_it);
	UNIT_TEST(the_helper_holds_no_descriptor_and_is_not_counted);
	UNIT_TEST(after_one_that_hangs_no_other_is_tried_for_a_while);
	UNIT_TEST(a_lack_of_processes_is_no_lack_of_permission);
	UNIT_TEST(neither_is_a_lack_of_descriptors);
	return unit_run("sup/signal_send");
}
