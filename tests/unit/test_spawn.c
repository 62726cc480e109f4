/* SPDX-License-Identifier: MIT */
/* test_spawn.c - a child on our memory, for a limited time */
#include "unit.h"

#include "base/clock.h"
#include "sup/spawn.h"
#include "spawn_works.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY 2000
#define SKIPPED 77
#define WORK_US 20000	/* a fifth of the time that there is */

static int
end_of(pid_t pid)
{
	int status;

	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
what_the_child_writes_is_there_when_it_has_left(void **state)
{
	enum spawn_end end;

	(void)state;
	for (int i = 1; i <= MANY; i++) {
		pid_t pid = spawn_shared(leave, &i, &end);

		assert_int_equal(seen, i);
		assert_int_equal(end, SPAWN_LEFT);
		assert_int_equal(end_of(pid), CODE << 8);
	}
}

static void
work_that_returns_ends_with_126(void **state)
{
	enum spawn_end end;

	(void)state;
	assert_int_equal(end_of(spawn_shared(come_back, NULL, &end)),
	                 126 << 8);
	assert_int_equal(end, SPAWN_LEFT);
}

/* In a process of its own: the function is not to be called again then. */
static void
work_that_lasts_is_killed_when_the_time_is_up(void **state)
{
	pid_t tester = fork();
	int64_t began_ms;
	enum spawn_end end;
	pid_t pid;

	(void)state;
	assert_true(tester >= 0);
	if (tester > 0) {
		assert_int_equal(end_of(tester), 0);
		return;
	}
	began_ms = clock_ms();
	errno = 0;
	pid = spawn_shared(stay, NULL, &end);
	if (end != SPAWN_LATE || errno != 0
	 || clock_ms() - began_ms < SPAWN_HOLD_MS / 2)
		_exit(1);
	_exit(end_of(pid) != SIGKILL);
}

static void
leave_later(void *arg)
{
	(void)arg;
	usleep(WORK_US);
	_exit(CODE);
}

static void
deny_futex(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		         offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof code / sizeof *code, code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0
	 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0)
		_exit(SKIPPED);
}

static int
has_its_time(void)
{
	enum spawn_end end;
	int64_t began_ms;

	deny_futex();
	if (end_of(spawn_shared(leave_later, NULL, &end)) != CODE << 8
	 || end != SPAWN_LEFT)
		return 1;
	began_ms = clock_ms();
	if (end_of(spawn_shared(stay, NULL, &end)) != SIGKILL
	 || end != SPAWN_LATE)
		return 2;
	return clock_ms() - began_ms < SPAWN_HOLD_MS / 2 ? 3 : 0;
}

/* As a seccomp profile may have it. */
static void
where_futex_is_denied_the_work_has_its_time_too(void **state)
{
	pid_t tester = fork();
	int status;

	(void)state;
	if (tester == 0)
		_exit(has_its_time());
	status = end_of(tester);
	if (status == SKIPPED << 8)
		skip();
	assert_int_equal(status, 0);
}

int
main(void)
{
	UNIT_TEST(what_the_child_writes_is_there_when_it_has_left);
	UNIT_TEST(work_that_returns_ends_with_126);
	UNIT_TEST(work_that_lasts_is_killed_when_the_time_is_up);
	UNIT_TEST(where_futex_is_denied_the_work_has_its_time_too);
	return unit_run("sup/spawn");
}
