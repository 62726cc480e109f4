/* SPDX-License-Identifier: MIT */
/* test_spawn.c - a child on our memory, for a limited time */
#include "unit.h"

#include "base/clock.h"
#include "sup/spawn.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define CODE 7
#define MANY 2000

static volatile int seen;

static void
leave(void *arg)
{
	seen = *(const int *)arg;
	errno = EBADMSG;
	_exit(CODE);
}

static void
come_back(void *arg)
{
	(void)arg;
}

static void
stay(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

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

int
main(void)
{
	UNIT_TEST(what_the_child_writes_is_there_when_it_has_left);
	UNIT_TEST(work_that_returns_ends_with_126);
	UNIT_TEST(work_that_lasts_is_killed_when_the_time_is_up);
	return unit_run("sup/spawn");
}
