/* SPDX-License-Identifier: MIT */
/* test_keeper.c - what the keeper makes of ends and failed starts */
#include "unit.h"

#include "fake_kill.h"

#include "sup/keeper.h"
#include "sup/keeper_signal.h"

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
	fake_kill_reset();
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

static const struct stop {
	const char *name;
	bool is_loading;	/* its program is not there yet */
	bool starved;		/* it forgot its watchdog */
	bool sickened;		/* which is why it is stopped */
	int  sent;
} stops[] = {
	{ "a stop is sent as it is", false, false, false, SIGTERM },
	{ "what is not loaded yet hears SIGKILL alone", true, false, false,
	  SIGKILL },
	{ "one stopped for its watchdog gets SIGABRT", false, true, true,
	  SIGABRT },
	{ "one stopped for a check does not", false, false, true, SIGTERM },
	{ "a stop from outside after a watchdog is a stop", false, true,
	  false, SIGTERM },
};

static void
stops_with(void **state)
{
	const struct signalfd_siginfo info = { .ssi_signo = SIGTERM };
	const struct stop *s = *state;

	begin(RESTART_NEVER);
	if (s->is_loading)
		k.loading = &room.loadings[0];
	monitor.inbox.notify.starved = s->starved;
	k.lifecycle.sickened = s->sickened;
	monitor.verdict.is_on = true;
	keeper_stop(&k, SIGTERM, &info);
	assert_int_equal(fake_sent_to, PID);
	assert_int_equal(fake_sent_sig, s->sent);
	assert_true(k.stop_sent);
	assert_false(monitor.verdict.is_on);	/* checks end with it */
}

static const struct made {
	const char *name;
	int of_term;	/* what SIGTERM is rewritten to */
	int stop_signal;
	int stop;	/* what hale's own stop is sent as */
} mades[] = {
	{ "a stop of hale's own is SIGTERM", 0, 0, SIGTERM },
	{ "a stop of hale's own is the stop signal", 0, SIGQUIT, SIGQUIT },
	{ "a stop of hale's own is what SIGTERM becomes", SIGINT, 0, SIGINT },
	{ "a stop of hale's own is not dropped", SIGNALS_DROP, 0, SIGTERM },
};

static void
is_made_of_sigterm(void **state)
{
	const struct made *m = *state;
	const struct keeper_world world = {
		.monitor = &monitor, .rules = &rules, .terminal_fd = -1,
	};

	begin(RESTART_NEVER);
	rules.rewrite[SIGTERM] = (signed char)m->of_term;
	rules.stop_signal = m->stop_signal;
	keeper_init(&k, &room, &plan, &world);
	assert_int_equal(k.stop_signal, m->stop);
}

/* Not even SIGKILL has ended it: it counts as killed. */
static void
what_is_left_behind_is_reported_as_killed(void **state)
{
	(void)state;
	begin(RESTART_NEVER);
	k.lifecycle.state = SVC_STOPPING;
	k.lifecycle.killed = true;
	k.lifecycle.last_ms = k.lifecycle.deadline_ms = clock_ms();
	k.timer.expired(&k.timer);
	assert_true(k.is_over);
	assert_int_equal(k.exit_code, 128 + SIGKILL);
}

static void
a_freeze_in_a_stop_gives_its_time_anew(void **state)
{
	const struct signalfd_siginfo info = { .ssi_signo = SIGTERM };
	int64_t now_ms;

	(void)state;
	begin(RESTART_NEVER);
	plan.lifecycle.stop_timeout_ms = 60000;
	keeper_stop(&k, SIGTERM, &info);
	assert_true(k.timer.deadline_ms == k.lifecycle.deadline_ms);
	now_ms = clock_ms();
	k.lifecycle.deadline_ms = k.timer.deadline_ms = now_ms - 1000;
	k.timer.expired(&k.timer);
	assert_int_equal(fake_sent_sig, SIGTERM);
	assert_true(k.timer.deadline_ms >= now_ms + 60000);
	assert_true(k.timer.deadline_ms == k.lifecycle.deadline_ms);
}

/* EXTEND_TIMEOUT_USEC; through what the monitor was given to call. */
static void
more_time_to_stop_moves_the_timer(void **state)
{
	static struct loop loop;
	static struct monitor_room kept;
	const struct signalfd_siginfo info = { .ssi_signo = SIGTERM };
	int64_t until_ms;

	(void)state;
	begin(RESTART_NEVER);
	assert_int_equal(loop_init(&loop), 0);
	k.with.loop = &loop;
	k.with.monitor_room = &kept;
	assert_int_equal(keeper_open(&k), 0);
	plan.lifecycle.stop_timeout_ms = 60000;
	keeper_stop(&k, SIGTERM, &info);
	until_ms = k.timer.deadline_ms + 1000;
	monitor.owner.wants_time(monitor.owner.owner, until_ms);
	assert_true(k.timer.deadline_ms == until_ms);
	loop_end(&loop, &k.timer);
	loop_end(&loop, &monitor.timer);
	close(loop.fd);
	close(loop.timer_fd);
}

/* Whoever may not be signalled is another matter than one that has ended, or a
 * child of ours that took too long. */
static void
only_a_refusal_makes_it_unreachable(void **state)
{
	(void)state;
	begin(RESTART_NEVER);
	assert_false(keeper_is_unreachable(&k, 0));
	assert_false(keeper_is_unreachable(&k, -EAGAIN));
	assert_false(keeper_is_unreachable(&k, -ETIMEDOUT));
	assert_false(k.logged_unreachable);
	assert_true(keeper_is_unreachable(&k, -EPERM));
	assert_true(k.logged_unreachable);
}

static void
an_orphan_that_was_killed_is_a_sign_of_life(void **state)
{
	(void)state;
	begin(RESTART_NEVER);
	k.alive.next_ms = -LAST_END_FRESH_MS;
	keeper_orphan_ended(&k, PID - 1, EXITED(SIGKILL));
	keeper_orphan_ended(&k, PID - 1, SIGTERM);
	assert_true(k.alive.next_ms == -LAST_END_FRESH_MS);
	keeper_orphan_ended(&k, PID - 1, SIGKILL);
	assert_true(k.alive.next_ms >= 0);
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
	UNIT_ROWS(stops_with, stops);
	UNIT_ROWS(is_made_of_sigterm, mades);
	UNIT_TEST(what_is_left_behind_is_reported_as_killed);
	UNIT_TEST(a_freeze_in_a_stop_gives_its_time_anew);
	UNIT_TEST(more_time_to_stop_moves_the_timer);
	UNIT_TEST(only_a_refusal_makes_it_unreachable);
	UNIT_TEST(an_orphan_that_was_killed_is_a_sign_of_life);
	return unit_run("sup/keeper");
}
