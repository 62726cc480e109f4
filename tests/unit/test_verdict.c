/* SPDX-License-Identifier: MIT */
/* test_verdict.c - thresholds; a million random lives of a service */
#include "unit.h"

#include "base/clock.h"
#include "sup/verdict.h"
#include "sup/lifecycle_status.h"

#define NOW       1000000
#define SEQUENCES 1000000
#define STEPS     24	/* events of one random life */
#define MANY      10000	/* checks: more than any threshold of these tests */

static struct verdict_checks
with(unsigned counts_for, int retries)
{
	struct verdict_checks h = {
		.conf = {
			.interval_ms = 10000,
			.timeout_ms = 1000,
			.start_interval_ms = 5000,
			.retries = retries,
		},
		.n = 1,
		.knows_ready = (counts_for & VERDICT_READY) != 0,
	};

	h.checks[0].counts_for = counts_for;
	verdict_start(&h, NOW);
	return h;
}

/* One check that lasts 5 ms, at the time it is due; returns when it began. */
static int64_t
run_one(struct verdict_checks *h, bool good)
{
	int64_t t = verdict_deadline(h);

	assert_int_equal(VERDICT_BEGIN, verdict_due(h, 0, t));
	verdict_begun(h, 0, t);
	verdict_result(h, 0, good, t + 5);
	return t;
}

/* The check is due and cannot be run; returns when it was begun. */
static int64_t
refuse_one(struct verdict_checks *h)
{
	int64_t t = verdict_deadline(h);

	assert_int_equal(VERDICT_BEGIN, verdict_due(h, 0, t));
	verdict_begun(h, 0, t);
	verdict_not_run(h, 0, t);
	return t;
}

static enum verdict_state
state_of(const struct verdict_checks *h)
{
	return h->checks[0].state;
}

/* Failures until it is in that state; returns when the last one began. */
static int64_t
fail_until(struct verdict_checks *h, enum verdict_state state)
{
	int64_t t = NOW;

	for (int i = 0; i < MANY && state_of(h) != state; i++)
		t = run_one(h, false);
	assert_int_equal(state, state_of(h));
	return t;
}

/* --- the table --- */

enum event { PASS, FAIL, LAST_FAIL, RESTART, STOP, EVENTS };

static struct verdict_checks
in_state(enum verdict_state state)
{
	struct verdict_checks h = with(VERDICT_READY | VERDICT_LIVE, 3);

	if (state != VERDICT_STARTING)
		run_one(&h, true);
	fail_until(&h, state);
	return h;
}

static void
do_event(struct verdict_checks *h, enum event ev)
{
	int64_t t = verdict_deadline(h);

	switch (ev) {
	case PASS:
		run_one(h, true);
		break;
	case FAIL:
		run_one(h, false);
		break;
	case LAST_FAIL:	/* all that it takes */
		for (int i = 0; i < 20; i++)
			run_one(h, false);
		break;
	case RESTART:
		verdict_start(h, t);
		break;
	case STOP:
		verdict_stop(h);
		break;
	case EVENTS:
		break;
	}
}

static void
every_event_in_every_state_leads_where_the_table_says(void **state)
{
	static const enum verdict_state table[][EVENTS] = {
		[VERDICT_STARTING] = {
			[PASS] = VERDICT_PASSING, [FAIL] = VERDICT_STARTING,
			[LAST_FAIL] = VERDICT_FAILING,
			[RESTART] = VERDICT_STARTING, [STOP] = VERDICT_STARTING,
		},
		[VERDICT_PASSING] = {
			[PASS] = VERDICT_PASSING, [FAIL] = VERDICT_PASSING,
			[LAST_FAIL] = VERDICT_FAILING,
			[RESTART] = VERDICT_STARTING, [STOP] = VERDICT_PASSING,
		},
		[VERDICT_FAILING] = {
			[PASS] = VERDICT_PASSING, [FAIL] = VERDICT_FAILING,
			[LAST_FAIL] = VERDICT_FAILING,
			[RESTART] = VERDICT_STARTING, [STOP] = VERDICT_FAILING,
		},
	};

	(void)state;
	for (int from = VERDICT_STARTING; from <= VERDICT_FAILING; from++) {
		for (int ev = PASS; ev < EVENTS; ev++) {
			struct verdict_checks h =
				in_state((enum verdict_state)from);

			do_event(&h, (enum event)ev);
			if (state_of(&h) != table[from][ev])
				fail_msg("state %d, event %d: %d", from, ev,
				         (int)state_of(&h));
		}
	}
}

static void
each_state_has_its_verdicts(void **state)
{
	static const struct {
		enum verdict_state state;
		unsigned          counts_for;
		bool              ready, live;
	} cases[] = {
		{ VERDICT_STARTING, VERDICT_READY | VERDICT_LIVE, false, true },
		{ VERDICT_PASSING, VERDICT_READY | VERDICT_LIVE, true, true },
		{ VERDICT_FAILING, VERDICT_READY | VERDICT_LIVE, false, false },
		{ VERDICT_STARTING, VERDICT_READY, false, true },
		{ VERDICT_FAILING, VERDICT_READY, false, true },
		{ VERDICT_STARTING, VERDICT_LIVE, true, true },
		{ VERDICT_FAILING, VERDICT_LIVE, true, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct verdict_checks h = with(cases[i].counts_for, 1);

		h.checks[0].state = cases[i].state;
		assert_int_equal(cases[i].ready,
		                 verdict_passes(&h, VERDICT_READY));
		assert_int_equal(cases[i].live,
		                 verdict_passes(&h, VERDICT_LIVE));
	}
}

/* --- thresholds and times --- */

static void
a_failing_service_is_found_in_interval_x_retries_and_timeout(void **state)
{
	(void)state;
	for (int retries = 1; retries <= 10; retries++) {
		struct verdict_checks h = with(VERDICT_LIVE, retries);
		int64_t sick_ms = run_one(&h, true), t = sick_ms;

		for (int i = 0; i < retries; i++) {
			assert_int_equal(VERDICT_PASSING, state_of(&h));
			t = verdict_deadline(&h);
			verdict_begun(&h, 0, t);
			t = verdict_deadline(&h);	/* it never answers */
			assert_int_equal(VERDICT_LATE, verdict_due(&h, 0, t));
			verdict_result(&h, 0, false, t);
		}
		assert_int_equal(VERDICT_FAILING, state_of(&h));
		assert_int_equal(10000 * retries + 1000, t - sick_ms);
	}
}

static void
a_service_that_never_answers_is_found_as_fast_from_its_start(void **state)
{
	struct verdict_checks h = with(VERDICT_LIVE, 3);

	(void)state;
	assert_int_equal(30000, fail_until(&h, VERDICT_FAILING) - NOW);
}

static void
one_success_forgives_all_failures(void **state)
{
	struct verdict_checks h = with(VERDICT_LIVE, 3);

	(void)state;
	run_one(&h, true);
	for (int i = 0; i < 10; i++) {
		run_one(&h, false);
		run_one(&h, false);
		assert_int_equal(VERDICT_PASSING, state_of(&h));
		run_one(&h, true);
	}
}

static void
a_new_service_is_asked_at_once_and_then_ever_more_slowly(void **state)
{
	static const int64_t at_ms[] = {
		0, 100, 300, 700, 1500, 3100, 6300, 10000, 20000, 30000,
	};
	struct verdict_checks h = with(VERDICT_READY, 1000);

	(void)state;
	for (size_t i = 0; i < sizeof at_ms / sizeof at_ms[0]; i++)
		assert_int_equal(at_ms[i], run_one(&h, false) - NOW);
}

static void
a_check_that_passes_is_asked_every_interval(void **state)
{
	struct verdict_checks h = with(VERDICT_READY, 3);
	int64_t t = run_one(&h, true);

	(void)state;
	assert_int_equal(10000, run_one(&h, true) - t);
	assert_int_equal(20000, run_one(&h, false) - t);
	assert_int_equal(30000, run_one(&h, false) - t);
}

static void
failures_in_the_start_period_do_not_count(void **state)
{
	struct verdict_checks h = with(VERDICT_LIVE, 1);
	int64_t t = NOW;

	(void)state;
	h.conf.start_period_ms = 60000;
	verdict_start(&h, NOW);
	for (int i = 0; i < MANY && t < NOW + 60000; i++) {
		assert_int_equal(VERDICT_STARTING, state_of(&h));
		t = run_one(&h, false);
	}
	assert_int_equal(60000, t - NOW);	/* when the period ends */
	assert_int_equal(VERDICT_FAILING, state_of(&h));
}

static void
the_start_interval_bounds_the_pause_within_the_period(void **state)
{
	struct verdict_checks h = with(VERDICT_LIVE, 1);
	int64_t before, t = NOW;

	(void)state;
	h.conf.start_period_ms = 60000;
	h.conf.start_interval_ms = 250;
	verdict_start(&h, NOW);
	run_one(&h, false);
	for (int i = 0; i < MANY && t < NOW + 59000; i++) {
		before = t;
		t = run_one(&h, false);
		assert_in_range(t - before, 100, 250);
	}
	assert_true(t >= NOW + 59000);
}

static void
once_ready_failures_in_the_start_period_count(void **state)
{
	struct verdict_checks h = with(VERDICT_READY | VERDICT_LIVE, 2);

	(void)state;
	h.conf.start_period_ms = 600000;
	verdict_start(&h, NOW);
	run_one(&h, true);
	h.was_ready = true;
	run_one(&h, false);
	assert_int_equal(VERDICT_PASSING, state_of(&h));
	run_one(&h, false);
	assert_int_equal(VERDICT_FAILING, state_of(&h));
}

static void
if_nobody_says_ready_the_first_success_ends_the_period(
	void **state)
{
	struct verdict_checks h = with(VERDICT_LIVE, 1);

	(void)state;
	h.conf.start_period_ms = 60000;
	verdict_start(&h, NOW);
	h.was_ready = true;	/* as its owner says at once */
	for (int i = 0; i < 10; i++)
		run_one(&h, false);
	assert_int_equal(VERDICT_STARTING, state_of(&h));
	run_one(&h, true);
	run_one(&h, false);
	assert_true(verdict_deadline(&h) < NOW + 60000);
	assert_int_equal(VERDICT_FAILING, state_of(&h));
}

static void
a_restart_has_its_own_start_period(void **state)
{
	struct verdict_checks h = with(VERDICT_LIVE, 1);

	(void)state;
	h.conf.start_period_ms = 600000;
	h.was_ready = true;
	verdict_start(&h, NOW);
	for (int i = 0; i < 20; i++)
		run_one(&h, false);
	assert_int_equal(VERDICT_STARTING, state_of(&h));
}

static void
more_time_to_start_can_be_asked_for_and_not_taken_away(void **state)
{
	struct verdict_checks h = with(VERDICT_LIVE, 1);

	(void)state;
	verdict_extend(&h, NOW + 50000);
	verdict_extend(&h, NOW + 40000);
	assert_int_equal(50000, fail_until(&h, VERDICT_FAILING) - NOW);
}

/* A check that asks every interval, or at most every start interval, could
 * step over the end of the period by nearly as much. */
static void
a_check_is_due_when_the_period_or_an_extension_ends(void **state)
{
	static const int64_t starts[] = { 250, 5000, 60000 };

	(void)state;
	for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
		struct verdict_checks h = with(VERDICT_LIVE, 3);

		h.conf.interval_ms = 1000;
		h.conf.start_interval_ms = starts[i];
		h.conf.start_period_ms = 5300;
		verdict_start(&h, NOW);
		assert_int_equal(5300 + 2 * 1000,
		                 fail_until(&h, VERDICT_FAILING) - NOW);
		verdict_start(&h, NOW);
		for (int n = 0; n < MANY && verdict_deadline(&h) < NOW + 3000;
		     n++)
			run_one(&h, false);
		verdict_extend(&h, NOW + 7700);
		assert_int_equal(7700 + 2 * 1000,
		                 fail_until(&h, VERDICT_FAILING) - NOW);
	}
}

static void
an_extension_that_ends_before_the_next_check_moves_it(void **state)
{
	struct verdict_checks h = with(VERDICT_READY, 2);

	(void)state;
	h.conf.start_interval_ms = 1;
	run_one(&h, false);
	h.checks[0].due_ms = NOW + 10000;
	verdict_extend(&h, NOW + 4000);
	assert_int_equal(NOW + 4000, verdict_deadline(&h));
	h.was_ready = true;	/* then failures count: no reason to */
	h.checks[0].due_ms = NOW + 10000;
	verdict_extend(&h, NOW + 5000);
	assert_int_equal(NOW + 10000, verdict_deadline(&h));
}

static void
in_the_start_period_it_pauses_no_longer_than_the_interval(void **state)
{
	struct verdict_checks h = with(VERDICT_LIVE, 1);
	int64_t t = NOW;

	(void)state;
	h.conf.interval_ms = 1000;
	h.conf.start_period_ms = 60000;
	verdict_start(&h, NOW);
	for (int i = 0; i < 20; i++) {
		int64_t before = t;

		t = run_one(&h, false);
		assert_true(t - before <= 1000);
	}
	assert_int_equal(t + 1000, verdict_deadline(&h));
}

static void
a_success_in_the_period_is_asked_again_after_an_interval(void **state)
{
	struct verdict_checks h = with(VERDICT_READY, 1);

	(void)state;
	h.conf.start_period_ms = 5000;
	verdict_start(&h, NOW);
	run_one(&h, true);
	assert_int_equal(NOW + 10000, verdict_deadline(&h));
	h.conf.start_period_ms = 25000;
	verdict_start(&h, NOW);
	run_one(&h, true);
	run_one(&h, false);	/* at 10 s; not counted */
	run_one(&h, false);	/* at 20 s */
	assert_int_equal(VERDICT_PASSING, state_of(&h));
	assert_int_equal(25000, run_one(&h, false) - NOW);
	assert_int_equal(VERDICT_FAILING, state_of(&h));
}

static void
a_freeze_moves_the_end_of_the_period_and_of_an_extension(void **state)
{
	(void)state;
	for (int extends = 0; extends <= 1; extends++) {
		struct verdict_checks h = with(VERDICT_LIVE, 1);

		h.conf.start_period_ms = extends ? 10 : 20000;
		verdict_start(&h, NOW);
		if (extends)
			verdict_extend(&h, NOW + 20000);
		verdict_pardon(&h, NOW + 19999, NOW + 79999);
		assert_int_equal(NOW + 80000, h.lenient_ms);
		verdict_pardon(&h, NOW + 80000, NOW + 90000);
		assert_int_equal(NOW + 80000, h.lenient_ms);	/* it is over */
	}
}

static void
a_freeze_takes_no_time_from_a_start_without_a_period(
	void **state)
{
	struct verdict_checks h = with(VERDICT_LIVE, 1);
	int64_t t = NOW + 100;

	(void)state;
	run_one(&h, false);
	assert_int_equal(t, verdict_deadline(&h));
	verdict_pardon(&h, t, t + 60000);
	verdict_begun(&h, 0, t + 60000);
	verdict_result(&h, 0, false, t + 60001);
	assert_int_equal(VERDICT_STARTING, state_of(&h));
	assert_int_equal(NOW + 10000 + 60000, fail_until(&h, VERDICT_FAILING));
	verdict_pardon(&h, NOW + 80000, NOW + 90000);
	assert_int_equal(NOW + 70000 + 10000, h.checks[0].counts_ms);
}

static void
a_freeze_is_no_time_in_which_a_check_could_not_be_run(void **state)
{
	struct verdict_checks h = with(VERDICT_READY, 1);
	int64_t t;

	(void)state;
	run_one(&h, true);
	t = refuse_one(&h);
	verdict_pardon(&h, t + 10000, t + 2 * VERDICT_BLIND_MS);
	assert_false(verdict_turns_blind(&h, 0, t + 2 * VERDICT_BLIND_MS));
	assert_true(verdict_turns_blind(&h, 0,
		t + 3 * VERDICT_BLIND_MS - 10000));
	verdict_pardon(&h, t, t + 1);	/* without one there is no time */
	run_one(&h, true);
	verdict_pardon(&h, t, t + 1);
	assert_true(h.checks[0].blind_ms == CLOCK_NEVER);
}

static void
checks_never_overlap_and_a_late_one_leaves_time_to_be_gone(void **state)
{
	struct verdict_checks h = with(VERDICT_LIVE, 3);

	(void)state;
	h.conf.timeout_ms = 30000;	/* longer than the interval */
	verdict_begun(&h, 0, NOW);
	assert_int_equal(VERDICT_WAIT, verdict_due(&h, 0, NOW + 29999));
	assert_int_equal(NOW + 30000, verdict_deadline(&h));
	assert_int_equal(VERDICT_LATE, verdict_due(&h, 0, NOW + 30000));
	verdict_result(&h, 0, false, NOW + 30000);
	assert_int_equal(NOW + 30000 + VERDICT_REAP_MS, verdict_deadline(&h));
}

static void
a_failure_that_is_told_long_after_its_time_does_not_count(void **state)
{
	static const int64_t late_ms = 1000 + VERDICT_FROZEN_MS;

	(void)state;
	for (int64_t over = 0; over <= 1; over++) {
		struct verdict_checks h = with(VERDICT_LIVE, 1);
		int64_t t = run_one(&h, true) + 10000;

		verdict_begun(&h, 0, t);
		verdict_result(&h, 0, false, t + late_ms + over);
		assert_int_equal(over ? VERDICT_PASSING : VERDICT_FAILING,
		                 state_of(&h));
		run_one(&h, false);	/* the next one does */
		assert_int_equal(VERDICT_FAILING, state_of(&h));
	}
}

/* Of a check that was under way in a freeze. */
static void
fail_frozen(struct verdict_checks *h, int64_t t)
{
	verdict_begun(h, 0, t);
	verdict_pardon(h, t + 1000, t + 1201);
	verdict_result(h, 0, false, t + 1201);
}

static void
a_check_that_was_frozen_fails_for_nothing_once_in_a_row(void **state)
{
	struct verdict_checks h = with(VERDICT_LIVE, 1);
	int64_t t = run_one(&h, true) + 10000;

	(void)state;
	fail_frozen(&h, t);
	assert_int_equal(VERDICT_PASSING, state_of(&h));
	run_one(&h, true);
	fail_frozen(&h, t + 30000);
	assert_int_equal(VERDICT_PASSING, state_of(&h));
	fail_frozen(&h, t + 40000);
	assert_int_equal(VERDICT_FAILING, state_of(&h));
}

static void
a_freeze_forgives_no_later_check(void **state)
{
	struct verdict_checks h = with(VERDICT_LIVE, 1);
	int64_t t = run_one(&h, true) + 10000;

	(void)state;
	verdict_pardon(&h, t, t + 60000);
	run_one(&h, false);
	assert_int_equal(VERDICT_FAILING, state_of(&h));
}

static void
nothing_is_due_and_no_result_counts_after_the_stop(void **state)
{
	struct verdict_checks h = with(VERDICT_LIVE, 1);

	(void)state;
	run_one(&h, true);
	verdict_begun(&h, 0, NOW + 10000);
	verdict_stop(&h);
	assert_true(verdict_deadline(&h) == CLOCK_NEVER);
	assert_int_equal(VERDICT_WAIT, verdict_due(&h, 0, NOW + 99999));
	verdict_result(&h, 0, false, NOW + 10001);
	assert_int_equal(VERDICT_PASSING, state_of(&h));
	verdict_not_run(&h, 0, NOW + 10001);
	assert_string_equal("passing", verdict_state_text(&h.checks[0]));
	verdict_extend(&h, NOW + 20000);
	assert_true(h.lenient_ms < NOW + 20000);
}

static void
flapping_is_told_by_changes_and_ends_with_calm(void **state)
{
	struct verdict_checks h = with(VERDICT_LIVE, 3);

	(void)state;
	run_one(&h, true);
	for (int i = 1; i < VERDICT_FLAPS_ON; i++) {
		run_one(&h, i % 2 == 0);
		assert_false(h.checks[0].flaps);
	}
	run_one(&h, true);
	assert_true(h.checks[0].flaps);
	verdict_start(&h, verdict_deadline(&h));
	assert_true(h.checks[0].flaps);	/* also from one life to the next */
	for (int i = 0; i < VERDICT_HISTORY; i++)
		run_one(&h, true);
	assert_false(h.checks[0].flaps);
}

/* Six changes and then calm: they leave the last VERDICT_HISTORY results one by
 * one, and the fourth that leaves ends it. */
static void
flapping_ends_when_so_few_changes_are_among_the_last_results(void **state)
{
	struct verdict_checks h = with(VERDICT_LIVE, 3);
	int calm = 0;

	(void)state;
	for (int i = 0; i <= VERDICT_FLAPS_ON; i++)
		run_one(&h, i % 2 == 0);
	while (h.checks[0].flaps && calm < MANY) {
		run_one(&h, true);
		calm++;
	}
	assert_int_equal(VERDICT_FLAPS_ON + 1 + calm,
	                 VERDICT_HISTORY + VERDICT_FLAPS_ON
	                 - VERDICT_FLAPS_OFF);
}

/* --- checks that cannot be run --- */

static void
a_check_that_cannot_be_run_changes_no_state(void **state)
{
	(void)state;
	for (int from = VERDICT_STARTING; from <= VERDICT_FAILING; from++) {
		struct verdict_checks h = in_state((enum verdict_state)from);
		struct verdict_check before = h.checks[0];

		for (int i = 0; i < 20; i++) {
			refuse_one(&h);
			assert_int_equal(from, state_of(&h));
			assert_int_equal(before.failures, h.checks[0].failures);
			assert_int_equal(before.history, h.checks[0].history);
			assert_int_equal(before.n_history,
			                 h.checks[0].n_history);
			assert_int_equal(from != VERDICT_FAILING,
			                 verdict_passes(&h, VERDICT_LIVE));
			assert_int_equal(from == VERDICT_PASSING,
			                 verdict_passes(&h, VERDICT_READY));
			assert_string_equal("unknown",
			                    verdict_state_text(&h.checks[0]));
		}
	}
}

static void
without_a_result_for_verdict_blind_ms_only_readiness_is_off(
	void **state)
{
	struct verdict_checks h = with(VERDICT_READY | VERDICT_LIVE, 1);
	int64_t since_ms;

	(void)state;
	run_one(&h, true);
	since_ms = refuse_one(&h);
	h.checks[0].due_ms = CLOCK_NEVER;	/* not of interest here */
	assert_int_equal(since_ms + VERDICT_BLIND_MS, verdict_deadline(&h));
	assert_false(verdict_turns_blind(&h, 0,
	                                 since_ms + VERDICT_BLIND_MS - 1));
	assert_true(verdict_passes(&h, VERDICT_READY));
	assert_true(verdict_turns_blind(&h, 0, since_ms + VERDICT_BLIND_MS));
	assert_false(verdict_passes(&h, VERDICT_READY));
	assert_true(verdict_passes(&h, VERDICT_LIVE));
	assert_false(verdict_turns_blind(&h, 0,
	                                 since_ms + VERDICT_BLIND_MS + 1));
	assert_true(verdict_deadline(&h) == CLOCK_NEVER);
}

static void
any_result_ends_the_time_without_one(void **state)
{
	(void)state;
	for (int good = 0; good <= 1; good++) {
		struct verdict_checks h = with(VERDICT_READY, 2);
		int64_t t;

		run_one(&h, true);
		t = refuse_one(&h);
		assert_true(verdict_turns_blind(&h, 0, t + VERDICT_BLIND_MS));
		refuse_one(&h);
		assert_false(verdict_passes(&h, VERDICT_READY));
		run_one(&h, good);
		assert_true(verdict_passes(&h, VERDICT_READY));
		assert_string_equal("passing",
		                    verdict_state_text(&h.checks[0]));
		t = refuse_one(&h);	/* the time begins anew */
		assert_false(verdict_turns_blind(&h, 0,
		                                 t + VERDICT_BLIND_MS - 1));
	}
}

static void
a_check_for_liveness_only_turns_nothing_off(void **state)
{
	struct verdict_checks h = with(VERDICT_LIVE, 1);
	int64_t t;

	(void)state;
	run_one(&h, true);
	t = refuse_one(&h);
	assert_int_equal(t + 10000, verdict_deadline(&h));
	assert_false(verdict_turns_blind(&h, 0, t + 2 * VERDICT_BLIND_MS));
	assert_true(verdict_passes(&h, VERDICT_LIVE));
}

/* Its result comes first; nor does the loop wake for it meanwhile. */
static void
nothing_turns_blind_while_it_is_under_way(void **state)
{
	struct verdict_checks h = with(VERDICT_READY, 1);
	int64_t t = refuse_one(&h) + VERDICT_BLIND_MS;

	(void)state;
	verdict_begun(&h, 0, t - 1);
	assert_true(verdict_deadline(&h) > t);
	assert_false(verdict_turns_blind(&h, 0, t));
	verdict_result(&h, 0, true, t + 1);
	assert_true(verdict_passes(&h, VERDICT_READY));
}

static void
nothing_turns_blind_after_the_stop_and_a_start_forgets(void **state)
{
	struct verdict_checks h = with(VERDICT_READY, 1);
	int64_t t = refuse_one(&h);

	(void)state;
	verdict_stop(&h);
	assert_false(verdict_turns_blind(&h, 0, t + VERDICT_BLIND_MS));
	verdict_start(&h, t);
	assert_string_equal("starting", verdict_state_text(&h.checks[0]));
	assert_false(verdict_turns_blind(&h, 0, t + VERDICT_BLIND_MS));
}

static void
what_cannot_be_run_is_tried_again_within_health_again_ms(void **state)
{
	struct verdict_checks h = with(VERDICT_READY, 1);
	int64_t t;

	(void)state;
	run_one(&h, true);
	t = refuse_one(&h);
	assert_int_equal(10000, refuse_one(&h) - t);	/* the interval */
	h.conf.interval_ms = VERDICT_AGAIN_MS + 1;
	t = refuse_one(&h);
	assert_int_equal(VERDICT_AGAIN_MS, refuse_one(&h) - t);
}

static void
before_the_first_success_it_is_tried_ever_more_slowly(void **state)
{
	static const int64_t at_ms[] = { 0, 100, 300, 700, 1500, 3100 };
	struct verdict_checks h = with(VERDICT_READY, 1);

	(void)state;
	for (size_t i = 0; i < sizeof at_ms / sizeof at_ms[0]; i++)
		assert_int_equal(at_ms[i], refuse_one(&h) - NOW);
	h.conf.start_period_ms = 2000;
	verdict_start(&h, NOW);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(at_ms[i], refuse_one(&h) - NOW);
	assert_int_equal(NOW + 2000, verdict_deadline(&h));
}

/* --- a million random lives --- */

/* Both machines as init.c couples them, and what is really so. */
struct life {
	uint64_t       seed;
	int64_t        now_ms;
	struct lifecycle_conf conf;
	struct lifecycle service;
	struct verdict_checks  verdict;
	int            processes;	/* services that exist */
	bool           left, gave_up, was_live;
	bool           asked;	/* to drain or to stop */
};

static uint32_t
draw(struct life *l, uint32_t below)	/* splitmix64 */
{
	uint64_t z = l->seed += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (uint32_t)((z ^ (z >> 31)) >> 32) % below;
}

static void feed(struct life *l, enum lifecycle_event ev);

static void
tell_health(struct life *l)
{
	bool live = verdict_passes(&l->verdict, VERDICT_LIVE);

	if (live != l->was_live) {
		l->was_live = live;
		feed(l, live ? EV_HEALTHY : EV_UNHEALTHY);
	}
}

static void
feed(struct life *l, enum lifecycle_event ev)
{
	enum lifecycle_act act = lifecycle_step(&l->service, ev, l->now_ms);

	assert_int_not_equal(ACT_BUG, act);
	assert_false(l->left && act != ACT_NONE);
	l->asked |= !l->left && (ev == EV_STOP || ev == EV_DRAIN);
	if (act == ACT_START && draw(l, 4) == 0) {
		act = lifecycle_step(&l->service, EV_REFUSED, l->now_ms);
		assert_int_equal(ACT_NONE, act);
	}
	if (act == ACT_START) {
		l->processes++;
		verdict_start(&l->verdict, l->now_ms);
		l->was_live = true;
	}
	if (act == ACT_LEAVE)
		l->left = true;
	if (act == ACT_STOP)
		assert_int_equal(1, l->processes);
	if (l->processes == 0
	 || (l->service.state != SVC_RUNNING
	  && l->service.state != SVC_DRAINING))
		verdict_stop(&l->verdict);
}

static void
service_ends(struct life *l)
{
	if (l->processes == 0)
		return;
	l->processes--;
	feed(l, draw(l, 2) ? EV_EXITED : EV_FAILED);
}

static void
time_passes(struct life *l)
{
	int64_t next_ms = verdict_deadline(&l->verdict);

	if (l->service.deadline_ms < next_ms)
		next_ms = l->service.deadline_ms;
	if (next_ms == CLOCK_NEVER)
		next_ms = l->now_ms + draw(l, 100000);
	if (next_ms > l->now_ms)
		l->now_ms = next_ms;
	if (l->now_ms >= l->service.deadline_ms)
		feed(l, EV_DEADLINE);
}

static void
check_moves(struct life *l)
{
	size_t i = draw(l, (uint32_t)l->verdict.n);

	switch (verdict_due(&l->verdict, i, l->now_ms)) {
	case VERDICT_BEGIN:
		verdict_begun(&l->verdict, i, l->now_ms);
		break;
	case VERDICT_LATE:
		verdict_result(&l->verdict, i, false, l->now_ms);
		break;
	case VERDICT_WAIT:
		l->now_ms += draw(l, 500);
		if (draw(l, 4) == 0)
			verdict_not_run(&l->verdict, i, l->now_ms);
		else
			verdict_result(&l->verdict, i, draw(l, 3) == 0,
			              l->now_ms);
		break;
	}
	(void)verdict_turns_blind(&l->verdict, i, l->now_ms);
	tell_health(l);
}

static void
something_happens(struct life *l)
{
	switch (draw(l, 12)) {
	case 0:
		feed(l, draw(l, 8) == 0 ? EV_STOP : EV_ALONE);
		break;
	case 1:
		feed(l, draw(l, 4) == 0 ? EV_DRAIN : EV_ALONE);
		break;
	case 2:
		service_ends(l);
		break;
	case 3:
		if (l->processes == 0)
			feed(l, EV_ALONE);
		break;
	case 4:
	case 5:
	case 6:
		time_passes(l);
		break;
	default:
		check_moves(l);
		break;
	}
}

static void
hold_invariants(struct life *l)
{
	const struct lifecycle *s = &l->service;
	const struct lifecycle_conf *conf = s->conf;
	bool waits = s->state != SVC_RUNNING && s->state != SVC_DOWN
	          && (s->state != SVC_STOPPING || conf->stop_timeout_ms > 0
	           || s->sickened);

	assert_in_range(l->processes, 0, 1);
	if (lifecycle_is_ready(s))
		assert_true(s->unready_ms == CLOCK_NEVER && l->processes == 1);
	if (l->asked)	/* a restart does not forget it */
		assert_true(s->unready_ms != CLOCK_NEVER);
	l->gave_up |= s->gave_up;
	assert_false(l->gave_up && lifecycle_is_live(s));
	assert_false(l->left && lifecycle_is_live(s));
	if (waits)
		assert_true(s->deadline_ms != CLOCK_NEVER);
	if (s->state == SVC_RUNNING || s->state == SVC_DRAINING)
		assert_true(verdict_deadline(&l->verdict) != CLOCK_NEVER);
	else
		assert_true(verdict_deadline(&l->verdict) == CLOCK_NEVER);
	assert_in_range(s->backoff.next_ms, conf->backoff.min_ms,
	                conf->backoff.max_ms);
	assert_true(conf->backoff.max_restarts == 0
	         || s->backoff.in_row <= conf->backoff.max_restarts);
	if (conf->on_unhealthy != UNHEALTHY_RESTART)
		assert_int_not_equal(SVC_MENDING, s->state);
	if (!lifecycle_restarts(conf))
		assert_int_equal(0, s->backoff.restarts);
}

static void
begin_life(struct life *l, uint64_t seed)
{
	*l = (struct life){ .seed = seed, .now_ms = NOW, .processes = 1,
	                    .was_live = true };
	l->conf = (struct lifecycle_conf){
		.drain_ms = draw(l, 2) * 5000,
		.stop_timeout_ms = draw(l, 2) * 3000,
		.linger_ms = draw(l, 2) * 2000,
		.restart = (enum lifecycle_restart)draw(l, 3),
		.on_unhealthy = (enum lifecycle_unhealthy)draw(l, 3),
		.backoff = {
			.min_ms = draw(l, 2) * 100,
			.max_ms = 100 + draw(l, 30000),
			.max_restarts = (int)draw(l, 4),
		},
	};
	l->verdict.n = 1 + draw(l, VERDICT_CHECKS_MAX);
	l->verdict.conf = (struct verdict_conf){
		.interval_ms = 1 + draw(l, 10000),
		.timeout_ms = 1 + draw(l, 10000),
		.start_period_ms = draw(l, 2) * draw(l, 60000),
		.start_interval_ms = 1 + draw(l, 5000),
		.retries = 1 + (int)draw(l, 4),
	};
	for (size_t i = 0; i < l->verdict.n; i++)
		l->verdict.checks[i].counts_for = 1 + draw(l, 3);
	lifecycle_started(&l->service, &l->conf, false, l->now_ms);
	verdict_start(&l->verdict, l->now_ms);
}

static void
a_million_random_lives_keep_the_invariants(void **state)
{
	struct life l;

	(void)state;
	for (uint64_t seed = 1; seed <= SEQUENCES; seed++) {
		begin_life(&l, seed);
		for (int i = 0; i < STEPS; i++) {
			something_happens(&l);
			hold_invariants(&l);
		}
	}
}

int
main(void)
{
	UNIT_TEST(every_event_in_every_state_leads_where_the_table_says);
	UNIT_TEST(each_state_has_its_verdicts);
	UNIT_TEST(a_failing_service_is_found_in_interval_x_retries_and_timeout);
	UNIT_TEST(a_service_that_never_answers_is_found_as_fast_from_its_start);
	UNIT_TEST(one_success_forgives_all_failures);
	UNIT_TEST(a_new_service_is_asked_at_once_and_then_ever_more_slowly);
	UNIT_TEST(a_check_that_passes_is_asked_every_interval);
	UNIT_TEST(failures_in_the_start_period_do_not_count);
	UNIT_TEST(the_start_interval_bounds_the_pause_within_the_period);
	UNIT_TEST(once_ready_failures_in_the_start_period_count);
	UNIT_TEST(if_nobody_says_ready_the_first_success_ends_the_period);
	UNIT_TEST(a_restart_has_its_own_start_period);
	UNIT_TEST(more_time_to_start_can_be_asked_for_and_not_taken_away);
	UNIT_TEST(a_check_is_due_when_the_period_or_an_extension_ends);
	UNIT_TEST(an_extension_that_ends_before_the_next_check_moves_it);
	UNIT_TEST(in_the_start_period_it_pauses_no_longer_than_the_interval);
	UNIT_TEST(a_success_in_the_period_is_asked_again_after_an_interval);
	UNIT_TEST(a_freeze_moves_the_end_of_the_period_and_of_an_extension);
	UNIT_TEST(a_freeze_takes_no_time_from_a_start_without_a_period);
	UNIT_TEST(a_freeze_is_no_time_in_which_a_check_could_not_be_run);
	UNIT_TEST(checks_never_overlap_and_a_late_one_leaves_time_to_be_gone);
	UNIT_TEST(a_failure_that_is_told_long_after_its_time_does_not_count);
	UNIT_TEST(a_check_that_was_frozen_fails_for_nothing_once_in_a_row);
	UNIT_TEST(a_freeze_forgives_no_later_check);
	UNIT_TEST(nothing_is_due_and_no_result_counts_after_the_stop);
	UNIT_TEST(a_check_that_cannot_be_run_changes_no_state);
	UNIT_TEST(without_a_result_for_verdict_blind_ms_only_readiness_is_off);
	UNIT_TEST(any_result_ends_the_time_without_one);
	UNIT_TEST(a_check_for_liveness_only_turns_nothing_off);
	UNIT_TEST(nothing_turns_blind_while_it_is_under_way);
	UNIT_TEST(nothing_turns_blind_after_the_stop_and_a_start_forgets);
	UNIT_TEST(what_cannot_be_run_is_tried_again_within_health_again_ms);
	UNIT_TEST(before_the_first_success_it_is_tried_ever_more_slowly);
	UNIT_TEST(flapping_is_told_by_changes_and_ends_with_calm);
	UNIT_TEST(flapping_ends_when_so_few_changes_are_among_the_last_results);
	UNIT_TEST(a_million_random_lives_keep_the_invariants);
	return unit_run("sup/verdict");
}
