/* SPDX-License-Identifier: MIT */
/* test_keeper.c - what the keeper makes of ends and failed starts */
#include "unit.h"

#include "sup/keeper.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "sup/exec_error.h"

#define PID    999999999	/* above all that the kernel gives */
#define EXITED(code) ((code) << 8)	/* as wait(2) has it */

static struct keeper k;
static struct keeper_room room;
static struct keeper_plan plan;
static struct signals_rules rules;
static struct monitor monitor;
static int reaps;	/* how often the owner is to reap */

static void
reap_soon(void *owner)
{
	(void)owner;
	reaps++;
}

/* A service that runs, without a process. */
static void
begin(enum lifecycle_restart restart)
{
	static char program[] = "/no/such/program";
	static char *argv[] = { program, NULL };
	const struct keeper_world world = {
		.monitor = &monitor, .rules = &rules, .terminal_fd = -1,
		.reap_soon = reap_soon,
	};

	memset(&k, 0, sizeof k);
	memset(&room, 0, sizeof room);
	memset(&plan, 0, sizeof plan);
	memset(&monitor, 0, sizeof monitor);
	memset(&rules, 0, sizeof rules);
	reaps = 0;
	rules.self = 2;
	plan.argv = argv;
	plan.lifecycle.restart = restart;
	plan.lifecycle.backoff.min_ms = plan.lifecycle.backoff.max_ms = 100;
	keeper_init(&k, &room, &plan, &world);
	k.launch.child.argv = argv;
	k.pid = PID;
	lifecycle_started(&k.lifecycle, &plan.lifecycle, false, clock_ms());
}

static const struct end {
	const char *name;
	int  status;
	int  success;	/* an exit code that becomes 0 */
	int  stop_signal;	/* that was sent; 0: none */
	bool stopped_ok, sickened;
	int  code;
} ends[] = {
	{ "a good end", EXITED(0), 9, 0, false, false, 0 },
	{ "a code is passed on", EXITED(3), 9, 0, false, false, 3 },
	{ "the highest code", EXITED(255), 9, 0, false, false, 255 },
	{ "a signal is 128 and its number", SIGSEGV, 9, 0, false, false, 139 },
	{ "a dump changes nothing", SIGSEGV | 0x80, 9, 0, false, false, 139 },
	{ "a code that means success", EXITED(3), 3, 0, false, false, 0 },
	{ "a signal that means success", SIGTERM, 143, 0, false, false, 0 },
	{ "0 as success", EXITED(0), 0, 0, false, false, 0 },
	{ "a stop is a signal", SIGTERM, 9, SIGTERM, false, false, 143 },
	{ "a stop that is success", SIGTERM, 9, SIGTERM, true, false, 0 },
	{ "the same, as an exit code", EXITED(143), 9, SIGTERM, true, false,
	  0 },
	{ "another stop signal that is success", SIGQUIT, 9, SIGQUIT, true,
	  false, 0 },
	{ "a signal that hale has not sent", SIGTERM, 9, 0, true, false, 143 },
	{ "a signal other than the stop", SIGKILL, 9, SIGTERM, true, false,
	  137 },
	{ "a code beside the stop", EXITED(3), 9, SIGTERM, true, false, 3 },
	{ "one that was not live", EXITED(0), 9, SIGTERM, true, true,
	  KEEPER_UNHEALTHY },
	{ "one that was not live and failed", EXITED(7), 7, 0, true, true,
	  KEEPER_UNHEALTHY },
};

static void
is_left_with(void **state)
{
	const struct end *e = *state;

	begin(RESTART_NEVER);
	plan.is_success[e->success] = true;
	plan.stopped_ok = e->stopped_ok;
	k.lifecycle.sickened = e->sickened;
	if (e->stop_signal != 0) {
		k.lifecycle.state = SVC_STOPPING;
		k.stop_signal = e->stop_signal;
		k.stop_sent = true;
	}
	assert_true(keeper_reaped(&k, PID, e->status, 0));
	assert_true(k.is_over);
	assert_int_equal(k.exit_code, e->code);
	assert_int_equal(k.pid, 0);
}

static void
an_end_with_success_is_not_a_failure_to_restart(void **state)
{
	(void)state;
	begin(RESTART_ON_FAILURE);
	plan.is_success[3] = true;
	assert_true(keeper_reaped(&k, PID, EXITED(3), 0));
	assert_true(k.is_over);
	begin(RESTART_ON_FAILURE);
	assert_true(keeper_reaped(&k, PID, EXITED(3), 0));
	assert_false(k.is_over);
	assert_int_equal(k.lifecycle.state, SVC_CLEARING);
	assert_true(k.timer.deadline_ms == k.lifecycle.deadline_ms);
	assert_string_equal(room.last_end, "exited with code 3");
	assert_true(room.died_ms > 0);
}

static void
another_process_is_not_the_service(void **state)
{
	(void)state;
	begin(RESTART_NEVER);
	assert_false(keeper_reaped(&k, PID - 1, EXITED(0), 0));
	assert_int_equal(k.pid, PID);
	k.pid = 0;
	assert_false(keeper_reaped(&k, PID, EXITED(0), 0));
	assert_false(k.is_over);
}

/* Its exec took long and has failed: the child has been reaped. */
static void
fail_late(int err)
{
	room.loadings[0] = (struct keeper_loading){
		.source.fd = -1, .keeper = &k, .err = err,
	};
	k.loading = &room.loadings[0];
	assert_true(keeper_reaped(&k, PID, EXITED(126), 0));
	assert_null(k.loading);
	assert_int_equal(k.pid, 0);
}

static void
a_first_start_that_fails_late_is_the_end(void **state)
{
	(void)state;
	begin(RESTART_ALWAYS);
	plan.is_success[EXEC_ERROR_NOT_FOUND] = true;	/* of the service's */
	fail_late(-ENOENT);
	assert_true(k.is_over);
	assert_int_equal(k.exit_code, EXEC_ERROR_NOT_FOUND);
	assert_int_equal(k.lifecycle.backoff.restarts, 0);
	begin(RESTART_ALWAYS);
	fail_late(-EAGAIN);	/* the machine's refusal is no better */
	assert_true(k.is_over);
	assert_int_equal(k.exit_code, EXEC_ERROR_CANNOT_RUN);
}

static void
a_later_start_that_fails_is_tried_again(void **state)
{
	(void)state;
	begin(RESTART_ALWAYS);
	room.died_ms = 1;
	fail_late(-ENOENT);
	assert_false(k.is_over);
	assert_int_equal(k.lifecycle.state, SVC_CLEARING);
	assert_int_equal(k.lifecycle.backoff.restarts, 1);
	assert_int_equal(k.status, EXITED(EXEC_ERROR_NOT_FOUND));
	assert_string_equal(room.refused, "");
	assert_non_null(strstr(room.last_end, "could not be started: "));
}

static void
a_start_that_the_machine_refuses_says_nothing_of_the_service(void **state)
{
	(void)state;
	begin(RESTART_ALWAYS);
	room.died_ms = 1;
	k.status = EXITED(3);
	fail_late(-EAGAIN);
	assert_false(k.is_over);
	assert_int_equal(k.lifecycle.state, SVC_WAITING);
	assert_int_equal(k.lifecycle.backoff.restarts, 0);
	assert_int_equal(k.status, EXITED(3));
	assert_string_not_equal(room.refused, "");
	assert_string_equal(room.last_end, "");
	assert_true(k.timer.deadline_ms == k.lifecycle.deadline_ms);
}

/* By then it is a failure like any other: there is no next try. */
static void
a_refusal_while_it_is_being_stopped_ends_it(void **state)
{
	(void)state;
	begin(RESTART_ALWAYS);
	room.died_ms = 1;
	k.lifecycle.state = SVC_STOPPING;
	fail_late(-EAGAIN);
	assert_true(k.is_over);
	assert_int_equal(k.exit_code, EXEC_ERROR_CANNOT_RUN);
	assert_string_equal(room.refused, "");
}

static void
a_restart_whose_program_is_gone_reports_that_nobody_is_left(void **state)
{
	(void)state;
	begin(RESTART_ALWAYS);
	assert_true(keeper_reaped(&k, PID, EXITED(3), 0));
	keeper_alone(&k);
	assert_int_equal(k.lifecycle.state, SVC_WAITING);
	k.launch.child.given = &plan.given;
	k.launch.child.terminal_fd = -1;
	k.timer.expired(&k.timer);
	assert_int_equal(k.lifecycle.state, SVC_CLEARING);
	assert_int_equal(reaps, 1);
	assert_int_equal(k.lifecycle.backoff.restarts, 2);
	assert_int_equal(k.pid, 0);
}

static void
a_stop_or_a_drain_without_a_process_sends_nothing(void **state)
{
	const struct signalfd_siginfo info = { .ssi_signo = SIGTERM };

	(void)state;
	begin(RESTART_ALWAYS);
	assert_true(keeper_reaped(&k, PID, EXITED(3), 0));
	keeper_alone(&k);
	keeper_drain(&k);
	assert_false(lifecycle_is_ready(&k.lifecycle));
	assert_false(k.is_over);
	keeper_stop(&k, SIGQUIT, &info);
	assert_true(k.is_over);
	assert_int_equal(k.exit_code, 3);
	assert_int_equal(k.stop_signal, SIGQUIT);
	assert_int_equal(room.stop_came, SIGTERM);
	assert_int_equal(room.forwarded, 0);
	assert_false(k.stop_sent);
}

/* The terminal has sent what it stops with, and can send no drain. */
static void
a_stop_by_key_is_not_sent_and_waits_for_no_drain(void **state)
{
	const struct signalfd_siginfo info = { .ssi_signo = SIGTERM };

	(void)state;
	begin(RESTART_NEVER);
	plan.lifecycle.drain_ms = 5000;
	keeper_stop_by_key(&k, SIGINT);
	assert_int_equal(k.lifecycle.state, SVC_STOPPING);
	assert_int_equal(k.stop_signal, SIGINT);
	assert_int_equal(room.stop_came, SIGINT);
	assert_true(k.stop_sent);
	assert_int_equal(room.forwarded, 0);
	keeper_stop(&k, SIGTERM, &info);	/* the next comes by no key */
	assert_int_equal(room.forwarded, 1);
}

int
main(void)
{
	UNIT_ROWS(is_left_with, ends);
	UNIT_TEST(an_end_with_success_is_not_a_failure_to_restart);
	UNIT_TEST(another_process_is_not_the_service);
	UNIT_TEST(a_first_start_that_fails_late_is_the_end);
	UNIT_TEST(a_later_start_that_fails_is_tried_again);
	UNIT_TEST(a_start_that_the_machine_refuses_says_nothing_of_the_service);
	UNIT_TEST(a_refusal_while_it_is_being_stopped_ends_it);
	UNIT_TEST(a_restart_whose_program_is_gone_reports_that_nobody_is_left);
	UNIT_TEST(a_stop_or_a_drain_without_a_process_sends_nothing);
	UNIT_TEST(a_stop_by_key_is_not_sent_and_waits_for_no_drain);
	return unit_run("sup/keeper");
}
