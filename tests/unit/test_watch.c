/* SPDX-License-Identifier: MIT */
/* test_watch.c - checks that cannot be run, from the fork to the verdicts */
#include "unit.h"

#include "fake_clock.h"

#include "sup/report.h"
#include "sup/watch.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAID_MAX 4096	/* bytes of log lines */

int64_t __real_clock_ms(void);
pid_t __real_fork(void);
pid_t __wrap_fork(void);

static bool refuses;	/* does the machine have no process left? */

pid_t
__wrap_fork(void)
{
	if (!refuses)
		return __real_fork();
	errno = EAGAIN;
	return -1;
}

static struct loop loop;
static struct watch watch;
static struct watch_check checks[HEALTH_CHECKS_MAX];
static const struct signals_given given;
static int changes;	/* of liveness */
static int log_fd = -1;	/* what was logged */

/* One turn, or the end of a checker where pid is not 0. Only meanwhile stderr
 * is ours: cmocka says there what has failed. */
static void
turn(pid_t pid, int status)
{
	int err = dup(STDERR_FILENO);

	dup2(log_fd, STDERR_FILENO);
	if (pid > 0)
		(void)watch_reaped(&watch, pid, status);
	else
		(void)loop_turn(&loop);
	dup2(err, STDERR_FILENO);
	close(err);
}

static void
changed(void *owner, bool is_live)
{
	(void)owner;
	(void)is_live;
	changes++;
}

static void
extended(void *owner, int64_t until_ms)
{
	(void)owner;
	(void)until_ms;
}

static void
start(void)
{
	static const struct watch_plan plan = {
		.health = { .interval_ms = 10000, .timeout_ms = 5000,
		            .start_interval_ms = 5000, .retries = 1 },
		.n_checks = 1,
		.checks = { { .name = { "it", 2 },
		              .url = { "exec:/bin/true", 14 },
		              .counts_for = HEALTH_READY | HEALTH_LIVE } },
	};
	const struct watch_owner owner = { NULL, changed, extended };

	/* A checker that really runs waits by the kernel's clock. */
	fake_now_ms = __real_clock_ms();
	assert_int_equal(loop_init(&loop), 0);
	assert_int_equal(watch_open(&watch, checks, &plan, &given, &loop,
	                            owner), 0);
	watch_start(&watch, getpid());
}

/* Moves on to the check that is due next, which ends with a result. */
static void
run_one(void)
{
	pid_t pid;
	int status;

	fake_now_ms = watch.timer.deadline_ms;
	turn(0, 0);
	pid = watch.checks[0].checker.pid;
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	turn(pid, status);
}

/* Is that what every place says where a verdict is asked? */
static void
must_be(bool ready, bool live)
{
	static struct service service;
	static struct report_room room;
	static struct facts facts;
	const struct report_from from = {
		.service = &service, .watch = &watch, .pid = getpid(),
		.sick = "", .death = "", .refused = "",
		.now_ms = fake_now_ms,
	};

	service_started(&service, fake_now_ms);
	report_checks(&facts, &room, &from);
	assert_int_equal(ready, watch_is_ready(&watch));
	assert_int_equal(ready, facts_pass(&facts, FACTS_READY));
	assert_int_equal(live, watch_is_live(&watch));
	assert_int_equal(live, facts_pass(&facts, FACTS_LIVE));
}

/* How often the log so far has these words. */
static int
count_said(const char *words)
{
	char said[SAID_MAX];
	ssize_t n = pread(log_fd, said, sizeof said - 1, 0);
	int count = 0;

	assert_true(n >= 0);
	said[n] = '\0';
	for (const char *p = said; (p = strstr(p, words)) != NULL; p++)
		count++;
	return count;
}

static void
a_check_that_cannot_be_run_turns_readiness_off_after_health_blind_ms_only(
	void **state)
{
	char why[REPORT_WHY_MAX];
	struct buf b = buf_over(why, sizeof why);
	int64_t since_ms;

	(void)state;
	log_fd = memfd_create("log", MFD_CLOEXEC);
	assert_true(log_fd >= 0);
	start();
	must_be(false, true);
	run_one();
	must_be(true, true);
	refuses = true;
	since_ms = fake_now_ms = watch.timer.deadline_ms;
	do {
		turn(0, 0);
		must_be(true, true);
		fake_now_ms = watch.timer.deadline_ms;
	} while (fake_now_ms < since_ms + HEALTH_BLIND_MS - 1);
	fake_now_ms = since_ms + HEALTH_BLIND_MS - 1;
	turn(0, 0);
	must_be(true, true);
	assert_int_equal(0, count_said("could not be run for 5m"));
	fake_now_ms++;
	turn(0, 0);
	must_be(false, true);
	watch_write_unready(&watch, &b);
	assert_string_equal(buf_text(&b), "check it: could not be run for 5m: "
	                    "cannot start a process: Resource temporarily "
	                    "unavailable; the last result: exit 0");
	refuses = false;
	run_one();
	must_be(true, true);
	assert_int_equal(1, count_said("it cannot be run: "));
	assert_int_equal(1, count_said("it could not be run for 5m: not "
	                                    "ready until it can"));
	assert_int_equal(1, count_said("it can be run again: exit 0"));
	assert_int_equal(0, changes);
	assert_int_equal(checks[0].not_run, 1 + HEALTH_BLIND_MS / 10000);
	assert_int_equal(checks[0].failed, 0);
}

int
main(void)
{
	UNIT_TEST(a_check_that_cannot_be_run_turns_readiness_off_after_health_blind_ms_only);
	return unit_run("sup/watch");
}
