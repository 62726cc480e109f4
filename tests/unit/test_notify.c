/* SPDX-License-Identifier: MIT */
/* test_notify.c - sd_notify datagrams, what they change, the watchdog */
#include "unit.h"

#include "base/clock.h"
#include "base/err.h"
#include "sup/notify.h"

#define NOW 1000000

static const struct row {
	const char *name, *text;
	struct notify_msg want;
} rows[] = {
	{ "nothing", "", { 0 } },
	{ "ready", "READY=1", { .ready = true } },
	{ "ready, with a newline", "READY=1\n", { .ready = true } },
	{ "READY=0 is undefined", "READY=0", { 0 } },
	{ "READY=1 and more is another value", "READY=1x", { 0 } },
	{ "keys are upper case", "ready=1", { 0 } },
	{ "no key", "=1", { 0 } },
	{ "no value", "READY", { 0 } },
	{ "stopping", "STOPPING=1", { .stopping = true } },
	{ "fed", "WATCHDOG=1", { .fed = true } },
	{ "triggered", "WATCHDOG=trigger", { .trigger = true } },
	{ "another value of WATCHDOG", "WATCHDOG=2", { 0 } },
	{ "microseconds", "WATCHDOG_USEC=20000000",
	  { .has_watchdog = true, .watchdog_ms = 20000 } },
	{ "microseconds are rounded up", "WATCHDOG_USEC=1",
	  { .has_watchdog = true, .watchdog_ms = 1 } },
	{ "no watchdog any more", "WATCHDOG_USEC=0", { .has_watchdog = true } },
	{ "infinity is none", "WATCHDOG_USEC=18446744073709551615",
	  { .has_watchdog = true } },
	{ "too large a number is passed over",
	  "WATCHDOG_USEC=18446744073709551616", { 0 } },
	{ "a negative number is passed over", "WATCHDOG_USEC=-1", { 0 } },
	{ "more time", "EXTEND_TIMEOUT_USEC=1500", { .extend_ms = 2 } },
	{ "main pid", "MAINPID=77", { .main_pid = 77 } },
	{ "no pid is that large", "MAINPID=99999999", { 0 } },
	{ "unknown keys are passed over",
	  "FDSTORE=1\nX_FOO=1\nRELOADING=1\nBARRIER=1\nREADY=1",
	  { .ready = true } },
	{ "empty lines are passed over", "\n\n\nREADY=1\n\n",
	  { .ready = true } },
	{ "several in one", "READY=1\nSTOPPING=1\nWATCHDOG=1\nMAINPID=3",
	  { .ready = true, .stopping = true, .fed = true, .main_pid = 3 } },
	{ "what was said once counts", "READY=1\nREADY=0", { .ready = true } },
};

static void
reads(void **state)
{
	const struct row *r = *state;
	struct notify_msg got;

	assert_int_equal(0, notify_read(&got, guarded_span(r->text)));
	assert_int_equal(got.ready, r->want.ready);
	assert_int_equal(got.stopping, r->want.stopping);
	assert_int_equal(got.fed, r->want.fed);
	assert_int_equal(got.trigger, r->want.trigger);
	assert_int_equal(got.has_watchdog, r->want.has_watchdog);
	assert_int_equal(got.watchdog_ms, r->want.watchdog_ms);
	assert_int_equal(got.extend_ms, r->want.extend_ms);
	assert_int_equal(got.main_pid, r->want.main_pid);
}

static void
status_is_the_rest_of_its_line(void **state)
{
	struct notify_msg got;

	(void)state;
	assert_int_equal(0, notify_read(&got,
		guarded_span("READY=1\nSTATUS=a=b c \nMAINPID=3")));
	assert_true(got.has_status);
	assert_span_equal("a=b c ", got.status);
	assert_int_equal(3, got.main_pid);
}

static void
a_nul_is_refused_but_for_the_last_byte(void **state)
{
	struct notify_msg got;
	struct span s = { guarded("READY=1\0", 8), 8 };

	(void)state;
	assert_int_equal(0, notify_read(&got, s));
	assert_true(got.ready);
	s = (struct span){ guarded("READY=1\0X", 9), 9 };
	assert_int_equal(ERR_PARSE, notify_read(&got, s));
	s = (struct span){ guarded("\0", 1), 1 };
	assert_int_equal(0, notify_read(&got, s));
}

static struct notify
with(bool needs_ready, int64_t watchdog_ms)
{
	struct notify n = { .needs_ready = needs_ready,
	                    .watchdog_conf_ms = watchdog_ms };

	notify_start(&n, NOW);
	return n;
}

static void
say(struct notify *n, const char *text, int64_t now_ms)
{
	struct notify_msg msg;

	assert_int_equal(0, notify_read(&msg, guarded_span(text)));
	notify_apply(n, &msg, now_ms);
}

static void
readiness_is_said_and_taken_back(void **state)
{
	struct notify n = with(true, 0);

	(void)state;
	assert_false(notify_is_ready(&n));
	say(&n, "READY=1", NOW);
	assert_true(notify_is_ready(&n));
	say(&n, "STOPPING=1", NOW);
	assert_false(notify_is_ready(&n));
	say(&n, "READY=1", NOW);
	assert_false(notify_is_ready(&n));
	notify_start(&n, NOW);
	assert_false(notify_is_ready(&n));
}

static void
without_need_it_is_ready_until_it_stops(void **state)
{
	struct notify n = with(false, 0);

	(void)state;
	assert_true(notify_is_ready(&n));
	say(&n, "STOPPING=1", NOW);
	assert_false(notify_is_ready(&n));
}

static void
the_watchdog_runs_from_the_start_or_from_ready(void **state)
{
	struct notify n = with(false, 5000);

	(void)state;
	assert_int_equal(NOW + 5000, n.fed_by_ms);
	n = with(true, 5000);
	assert_true(n.fed_by_ms == CLOCK_NEVER);
	say(&n, "READY=1", NOW + 100);
	assert_int_equal(NOW + 5100, n.fed_by_ms);
	say(&n, "READY=1", NOW + 200);
	assert_int_equal(NOW + 5100, n.fed_by_ms);
}

static void
it_starves_at_its_time_once_and_is_forgiven(void **state)
{
	struct notify n = with(false, 5000);

	(void)state;
	assert_false(notify_starves(&n, NOW + 4999));
	assert_true(notify_starves(&n, NOW + 5000));
	assert_true(n.starved && n.fed_by_ms == CLOCK_NEVER);
	assert_false(notify_starves(&n, NOW + 9000));
	say(&n, "WATCHDOG=1", NOW + 9000);
	assert_false(n.starved);
	assert_int_equal(NOW + 14000, n.fed_by_ms);
}

static void
the_watchdog_changes_at_run_time(void **state)
{
	struct notify n = with(false, 0);

	(void)state;
	assert_true(n.fed_by_ms == CLOCK_NEVER);
	say(&n, "WATCHDOG_USEC=2000000", NOW);
	assert_int_equal(NOW + 2000, n.fed_by_ms);
	say(&n, "WATCHDOG_USEC=0", NOW);
	assert_true(n.fed_by_ms == CLOCK_NEVER);
	say(&n, "WATCHDOG=1", NOW);
	assert_true(n.fed_by_ms == CLOCK_NEVER);
	notify_start(&n, NOW);
	assert_int_equal(0, n.watchdog_ms);
}

static void
a_trigger_starves_at_once_with_or_without_a_watchdog(void **state)
{
	struct notify n = with(false, 0);

	(void)state;
	say(&n, "WATCHDOG=trigger", NOW);
	notify_pardon(&n, NOW);
	assert_true(notify_starves(&n, NOW));
	assert_true(n.triggered);
	say(&n, "WATCHDOG=1", NOW);
	assert_false(n.starved || n.triggered);
	say(&n, "WATCHDOG=trigger", NOW);
	notify_start(&n, NOW);
	assert_false(n.triggered);
}

static void
nobody_starves_who_is_stopping_or_has_ended(void **state)
{
	struct notify n = with(false, 5000);

	(void)state;
	say(&n, "STOPPING=1", NOW);
	assert_true(n.fed_by_ms == CLOCK_NEVER);
	n = with(false, 5000);
	notify_stop(&n);
	assert_true(n.fed_by_ms == CLOCK_NEVER);
	say(&n, "WATCHDOG=1\nWATCHDOG_USEC=1000", NOW);
	assert_true(n.fed_by_ms == CLOCK_NEVER);
	say(&n, "WATCHDOG=trigger", NOW);
	assert_true(n.fed_by_ms == CLOCK_NEVER);
}

static void
a_pardon_starts_the_watchdog_anew_where_it_runs(void **state)
{
	struct notify n = with(false, 5000);

	(void)state;
	notify_pardon(&n, NOW + 60000);
	assert_int_equal(NOW + 65000, n.fed_by_ms);
	notify_pardon(&n, NOW + 65000);	/* not for ever: only once .. */
	assert_int_equal(NOW + 65000, n.fed_by_ms);
	say(&n, "WATCHDOG=1", NOW + 64000);
	notify_pardon(&n, NOW + 70000);	/* .. until it is fed */
	assert_int_equal(NOW + 75000, n.fed_by_ms);
	n = with(true, 5000);
	notify_pardon(&n, NOW + 60000);
	assert_true(n.fed_by_ms == CLOCK_NEVER);
}

static void
the_main_pid_stays_until_the_next_and_a_start_forgets_all(
	void **state)
{
	struct notify n = with(true, 0);

	(void)state;
	say(&n, "MAINPID=77\nSTATUS=up\nREADY=1\nWATCHDOG=1", NOW);
	say(&n, "X=1", NOW);
	assert_int_equal(77, n.main_pid);
	assert_int_equal(2, n.status_len);
	assert_true(n.was_fed);
	say(&n, "MAINPID=78", NOW);
	assert_int_equal(78, n.main_pid);
	notify_start(&n, NOW);
	assert_int_equal(0, n.main_pid);
	assert_int_equal(0, n.status_len);
	assert_false(n.was_fed || n.ready);
}

static void
a_watchdog_that_is_taken_away_forgives(void **state)
{
	struct notify n = with(false, 5000);

	(void)state;
	assert_true(notify_starves(&n, NOW + 5000));
	say(&n, "STATUS=late", NOW + 5001);
	assert_true(n.starved);
	say(&n, "WATCHDOG_USEC=1000", NOW + 5001);
	assert_true(n.starved);
	say(&n, "WATCHDOG_USEC=0", NOW + 5002);
	assert_false(n.starved);
}

static void
a_status_is_cut_and_made_harmless(void **state)
{
	char text[NOTIFY_STATUS_MAX + 20] = "STATUS=\x1b[31m\ttab\x7f";
	struct notify n = with(false, 0);

	(void)state;
	say(&n, text, NOW);
	assert_int_equal(10, n.status_len);
	assert_memory_equal("?[31m?tab?", n.status, 10);
	for (size_t len = NOTIFY_STATUS_MAX - 1; len <= NOTIFY_STATUS_MAX + 1;
	     len++) {
		memset(text + 7, 'x', len);
		text[7 + len] = '\0';
		say(&n, text, NOW);
		assert_int_equal(len < NOTIFY_STATUS_MAX ? len
		                                         : NOTIFY_STATUS_MAX,
		                 n.status_len);
	}
	say(&n, "STATUS=", NOW);
	assert_int_equal(0, n.status_len);
}

int
main(void)
{
	UNIT_ROWS(reads, rows);
	UNIT_TEST(status_is_the_rest_of_its_line);
	UNIT_TEST(a_nul_is_refused_but_for_the_last_byte);
	UNIT_TEST(readiness_is_said_and_taken_back);
	UNIT_TEST(without_need_it_is_ready_until_it_stops);
	UNIT_TEST(the_watchdog_runs_from_the_start_or_from_ready);
	UNIT_TEST(it_starves_at_its_time_once_and_is_forgiven);
	UNIT_TEST(the_watchdog_changes_at_run_time);
	UNIT_TEST(a_trigger_starves_at_once_with_or_without_a_watchdog);
	UNIT_TEST(nobody_starves_who_is_stopping_or_has_ended);
	UNIT_TEST(a_pardon_starts_the_watchdog_anew_where_it_runs);
	UNIT_TEST(the_main_pid_stays_until_the_next_and_a_start_forgets_all);
	UNIT_TEST(a_watchdog_that_is_taken_away_forgives);
	UNIT_TEST(a_status_is_cut_and_made_harmless);
	return unit_run("sup/notify");
}
