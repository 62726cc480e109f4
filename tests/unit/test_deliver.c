/* SPDX-License-Identifier: MIT */
/* test_deliver.c - signals by one who may not send them, and by its helpers */
#include "unit.h"

#include "sup/deliver.h"
#include "sup/tree.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXITED(code) ((code) << 8)	/* a wait status (wait(2)) */
#define USER  4242
#define OTHER 4243
#define MANY  (DELIVER_MAX + 3)
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
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
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
		alarm(20);	/* its parent may not signal it, not even by dying */
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

	if (getuid() != 0)
		skip();
	pid = fork();
	if (pid == 0) {
		alarm(20);
		drop(caps);
		_exit(body());
	}
	assert_int_equal(end_of(pid), EXITED(0));
}

static int
ends_one(void)
{
	pid_t pid = process_of(USER, 0);

	if (kill(pid, 0) == 0 || errno != EPERM || deliver_is_free())
		return 1;
	if (deliver(pid, SIGTERM, NULL) != 0)
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
	struct deliver_batch b = { .sig = SIGTERM };

	drop(CAP(CAP_KILL) | CAP(CAP_SETUID));
	if (deliver(pid, SIGTERM, NULL) != -EPERM)
		return 1;
	if (tree_signal(pid, false, SIGTERM, NULL) != -EPERM
	 || tree_signal(pid, true, SIGTERM, NULL) != -EPERM)
		return 2;
	if (all_of(pid, SIGTERM) != -EPERM
	 || own_of(pid, SIGTERM) != -EPERM)
		return 3;
	deliver_to(&b, pid);
	if (deliver_end(&b) != -EPERM)
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
	if (deliver(pid, SIGTERM, NULL) != 0
	 || all_of(pid, SIGTERM) != 0)
		return 3;
	if (end_of(pid) != 0)
		return 4;
	return deliver(pid, SIGTERM, NULL) == 0 ? 0 : 5;
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
	struct deliver_batch b = { .sig = SIGTERM };

	for (size_t i = 0; i < MANY; i++)
		pids[i] = process_of(i % 3 == 0 ? OTHER : USER, 0);
	for (size_t i = 0; i < MANY; i++)
		deliver_to(&b, pids[i]);
	if (deliver_end(&b) != 0)
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
ends_in_time(void)
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
	(void)deliver(hostile, SIGTERM, NULL);	/* it returns: see alarm() */
	drop(0);
	kill(stopper, SIGKILL);
	kill(hostile, SIGKILL);
	return end_of(stopper) == SIGKILL && end_of(hostile) > 0 ? 0 : 1;
}

static void
a_user_that_stops_the_helper_does_not_hold_hale(void **state)
{
	(void)state;
	run_without(CAP(CAP_KILL), ends_in_time);
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
	UNIT_TEST(a_user_that_stops_the_helper_does_not_hold_hale);
	return unit_run("sup/deliver");
}
