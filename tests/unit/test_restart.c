/* SPDX-License-Identifier: MIT */
/* test_restart.c - the life of the service: every state and event, restarts */
#include "unit.h"

#include "sup/lifecycle_status.h"
#include "sup/lifecycle_time.h"

#include <string.h>

#include "base/clock.h"

#define STATES (SVC_DOWN + 1)
#define EVENTS (EV_DEADLINE + 1)
#define NOW    1000000

struct cell {
	enum lifecycle_act   act;
	enum lifecycle_state next;
};

/* restart always, on-unhealthy restart; no drain, no linger, back-off 100. */
static const struct cell table[STATES][EVENTS] = {
	[SVC_RUNNING] = {
		[EV_STOP] = { ACT_STOP, SVC_STOPPING },
		[EV_DRAIN] = { ACT_NONE, SVC_RUNNING },
		[EV_EXITED] = { ACT_CLEAR, SVC_CLEARING },
		[EV_FAILED] = { ACT_CLEAR, SVC_CLEARING },
		[EV_NOT_STARTED] = { ACT_CLEAR, SVC_CLEARING },
		[EV_REFUSED] = { ACT_NONE, SVC_WAITING },
		[EV_UNREACHABLE] = { ACT_NONE, SVC_RUNNING },
		[EV_ALONE] = { ACT_NONE, SVC_RUNNING },
		[EV_READY] = { ACT_NONE, SVC_RUNNING },
		[EV_UNREADY] = { ACT_NONE, SVC_RUNNING },
		[EV_HEALTHY] = { ACT_NONE, SVC_RUNNING },
		[EV_UNHEALTHY] = { ACT_STOP, SVC_MENDING },
		[EV_DEADLINE] = { ACT_NONE, SVC_RUNNING },
	},
	[SVC_MENDING] = {
		[EV_STOP] = { ACT_NONE, SVC_STOPPING },
		[EV_DRAIN] = { ACT_NONE, SVC_MENDING },
		[EV_EXITED] = { ACT_CLEAR, SVC_CLEARING },
		[EV_FAILED] = { ACT_CLEAR, SVC_CLEARING },
		[EV_NOT_STARTED] = { ACT_CLEAR, SVC_CLEARING },
		[EV_REFUSED] = { ACT_CLEAR, SVC_CLEARING },
		[EV_UNREACHABLE] = { ACT_NONE, SVC_RUNNING },
		[EV_ALONE] = { ACT_NONE, SVC_MENDING },
		[EV_READY] = { ACT_NONE, SVC_MENDING },
		[EV_UNREADY] = { ACT_NONE, SVC_MENDING },
		[EV_HEALTHY] = { ACT_NONE, SVC_MENDING },
		[EV_UNHEALTHY] = { ACT_NONE, SVC_MENDING },
		[EV_DEADLINE] = { ACT_CLEAR, SVC_MENDING },
	},
	[SVC_CLEARING] = {
		[EV_STOP] = { ACT_KILL, SVC_KILLING },
		[EV_DRAIN] = { ACT_NONE, SVC_CLEARING },
		[EV_EXITED] = { ACT_NONE, SVC_CLEARING },
		[EV_FAILED] = { ACT_NONE, SVC_CLEARING },
		[EV_NOT_STARTED] = { ACT_NONE, SVC_CLEARING },
		[EV_REFUSED] = { ACT_NONE, SVC_CLEARING },
		[EV_UNREACHABLE] = { ACT_NONE, SVC_CLEARING },
		[EV_ALONE] = { ACT_NONE, SVC_WAITING },
		[EV_READY] = { ACT_NONE, SVC_CLEARING },
		[EV_UNREADY] = { ACT_NONE, SVC_CLEARING },
		[EV_HEALTHY] = { ACT_NONE, SVC_CLEARING },
		[EV_UNHEALTHY] = { ACT_NONE, SVC_CLEARING },
		[EV_DEADLINE] = { ACT_CLEAR, SVC_CLEARING },
	},
	[SVC_WAITING] = {
		[EV_STOP] = { ACT_LEAVE, SVC_DOWN },
		[EV_DRAIN] = { ACT_NONE, SVC_WAITING },
		[EV_EXITED] = { ACT_NONE, SVC_WAITING },
		[EV_FAILED] = { ACT_NONE, SVC_WAITING },
		[EV_NOT_STARTED] = { ACT_NONE, SVC_WAITING },
		[EV_REFUSED] = { ACT_NONE, SVC_WAITING },
		[EV_UNREACHABLE] = { ACT_NONE, SVC_WAITING },
		[EV_ALONE] = { ACT_NONE, SVC_WAITING },
		[EV_READY] = { ACT_NONE, SVC_WAITING },
		[EV_UNREADY] = { ACT_NONE, SVC_WAITING },
		[EV_HEALTHY] = { ACT_NONE, SVC_WAITING },
		[EV_UNHEALTHY] = { ACT_NONE, SVC_WAITING },
		[EV_DEADLINE] = { ACT_START, SVC_RUNNING },
	},
	[SVC_DRAINING] = {
		[EV_STOP] = { ACT_STOP, SVC_STOPPING },
		[EV_DRAIN] = { ACT_NONE, SVC_DRAINING },
		[EV_EXITED] = { ACT_LEAVE, SVC_DOWN },
		[EV_FAILED] = { ACT_LEAVE, SVC_DOWN },
		[EV_NOT_STARTED] = { ACT_LEAVE, SVC_DOWN },
		[EV_REFUSED] = { ACT_LEAVE, SVC_DOWN },
		[EV_UNREACHABLE] = { ACT_NONE, SVC_DRAINING },
		[EV_ALONE] = { ACT_NONE, SVC_DRAINING },
		[EV_READY] = { ACT_NONE, SVC_DRAINING },
		[EV_UNREADY] = { ACT_NONE, SVC_DRAINING },
		[EV_HEALTHY] = { ACT_NONE, SVC_DRAINING },
		[EV_UNHEALTHY] = { ACT_STOP, SVC_STOPPING },
		[EV_DEADLINE] = { ACT_STOP, SVC_STOPPING },
	},
	[SVC_STOPPING] = {
		[EV_STOP] = { ACT_STOP, SVC_STOPPING },
		[EV_DRAIN] = { ACT_NONE, SVC_STOPPING },
		[EV_EXITED] = { ACT_LEAVE, SVC_DOWN },
		[EV_FAILED] = { ACT_LEAVE, SVC_DOWN },
		[EV_NOT_STARTED] = { ACT_LEAVE, SVC_DOWN },
		[EV_REFUSED] = { ACT_LEAVE, SVC_DOWN },
		[EV_UNREACHABLE] = { ACT_NONE, SVC_STOPPING },
		[EV_ALONE] = { ACT_NONE, SVC_STOPPING },
		[EV_READY] = { ACT_NONE, SVC_STOPPING },
		[EV_UNREADY] = { ACT_NONE, SVC_STOPPING },
		[EV_HEALTHY] = { ACT_NONE, SVC_STOPPING },
		[EV_UNHEALTHY] = { ACT_NONE, SVC_STOPPING },
		[EV_DEADLINE] = { ACT_SLOW, SVC_STOPPING },
	},
	[SVC_LINGERING] = {
		[EV_STOP] = { ACT_KILL, SVC_KILLING },	/* the second one */
		[EV_DRAIN] = { ACT_NONE, SVC_LINGERING },
		[EV_EXITED] = { ACT_NONE, SVC_LINGERING },
		[EV_FAILED] = { ACT_NONE, SVC_LINGERING },
		[EV_NOT_STARTED] = { ACT_NONE, SVC_LINGERING },
		[EV_REFUSED] = { ACT_NONE, SVC_LINGERING },
		[EV_UNREACHABLE] = { ACT_NONE, SVC_LINGERING },
		[EV_ALONE] = { ACT_LEAVE, SVC_DOWN },
		[EV_READY] = { ACT_NONE, SVC_LINGERING },
		[EV_UNREADY] = { ACT_NONE, SVC_LINGERING },
		[EV_HEALTHY] = { ACT_NONE, SVC_LINGERING },
		[EV_UNHEALTHY] = { ACT_NONE, SVC_LINGERING },
		[EV_DEADLINE] = { ACT_KILL, SVC_KILLING },
	},
	[SVC_KILLING] = {
		[EV_STOP] = { ACT_NONE, SVC_KILLING },
		[EV_DRAIN] = { ACT_NONE, SVC_KILLING },
		[EV_EXITED] = { ACT_NONE, SVC_KILLING },
		[EV_FAILED] = { ACT_NONE, SVC_KILLING },
		[EV_NOT_STARTED] = { ACT_NONE, SVC_KILLING },
		[EV_REFUSED] = { ACT_NONE, SVC_KILLING },
		[EV_UNREACHABLE] = { ACT_NONE, SVC_KILLING },
		[EV_ALONE] = { ACT_LEAVE, SVC_DOWN },
		[EV_READY] = { ACT_NONE, SVC_KILLING },
		[EV_UNREADY] = { ACT_NONE, SVC_KILLING },
		[EV_HEALTHY] = { ACT_NONE, SVC_KILLING },
		[EV_UNHEALTHY] = { ACT_NONE, SVC_KILLING },
		[EV_DEADLINE] = { ACT_LEAVE, SVC_DOWN },
	},
	[SVC_DOWN] = {
		[EV_STOP] = { ACT_NONE, SVC_DOWN },
		[EV_DRAIN] = { ACT_NONE, SVC_DOWN },
		[EV_EXITED] = { ACT_NONE, SVC_DOWN },
		[EV_FAILED] = { ACT_NONE, SVC_DOWN },
		[EV_NOT_STARTED] = { ACT_NONE, SVC_DOWN },
		[EV_REFUSED] = { ACT_NONE, SVC_DOWN },
		[EV_UNREACHABLE] = { ACT_NONE, SVC_DOWN },
		[EV_ALONE] = { ACT_NONE, SVC_DOWN },
		[EV_READY] = { ACT_NONE, SVC_DOWN },
		[EV_UNREADY] = { ACT_NONE, SVC_DOWN },
		[EV_HEALTHY] = { ACT_NONE, SVC_DOWN },
		[EV_UNHEALTHY] = { ACT_NONE, SVC_DOWN },
		[EV_DEADLINE] = { ACT_NONE, SVC_DOWN },
	},
};

static struct lifecycle_conf conf;	/* of the one that is tested */

static struct lifecycle
fresh(enum lifecycle_restart restart, enum lifecycle_unhealthy on_unhealthy)
{
	struct lifecycle s;

	conf = (struct lifecycle_conf){
		.restart = restart,
		.on_unhealthy = on_unhealthy,
		.backoff = { .min_ms = 100, .max_ms = 30000 },
	};
	lifecycle_started(&s, &conf, false, NOW);
	return s;
}

/* Goes there by events, as the real one does. */
static struct lifecycle
in_state(enum lifecycle_state state)
{
	struct lifecycle s = fresh(RESTART_ALWAYS, UNHEALTHY_RESTART);

	switch (state) {
	case SVC_RUNNING:
		break;
	case SVC_MENDING:
		(void)lifecycle_step(&s, EV_UNHEALTHY, NOW);
		break;
	case SVC_CLEARING:
		(void)lifecycle_step(&s, EV_FAILED, NOW);
		break;
	case SVC_WAITING:
		(void)lifecycle_step(&s, EV_FAILED, NOW);
		(void)lifecycle_step(&s, EV_ALONE, NOW);
		break;
	case SVC_DRAINING:
		conf.drain_ms = 5000;
		(void)lifecycle_step(&s, EV_STOP, NOW);
		break;
	case SVC_STOPPING:
		(void)lifecycle_step(&s, EV_STOP, NOW);
		break;
	case SVC_LINGERING:
		conf.linger_ms = 5000;
		(void)lifecycle_step(&s, EV_STOP, NOW);
		(void)lifecycle_step(&s, EV_EXITED, NOW);
		break;
	case SVC_KILLING:
		s = in_state(SVC_LINGERING);
		(void)lifecycle_step(&s, EV_DEADLINE, NOW);
		break;
	case SVC_DOWN:
		(void)lifecycle_step(&s, EV_STOP, NOW);
		(void)lifecycle_step(&s, EV_EXITED, NOW);
		break;
	}
	assert_int_equal(state, s.state);
	return s;
}

static void
every_event_in_every_state_does_what_the_table_says(void **state)
{
	(void)state;
	for (int from = 0; from < STATES; from++) {
		for (int ev = 0; ev < EVENTS; ev++) {
			struct lifecycle s =
				in_state((enum lifecycle_state)from);
			struct cell want = table[from][ev], got;

			got.act = lifecycle_step(&s, (enum lifecycle_event)ev,
			                         NOW);
			got.next = s.state;
			if (got.act != want.act || got.next != want.next)
				fail_msg("state %d, event %d: act %d, state %d",
				         from, ev, got.act, got.next);
		}
	}
}

static void
an_unknown_state_is_told_and_survived(void **state)
{
	struct lifecycle s = fresh(RESTART_ALWAYS, UNHEALTHY_RESTART);

	(void)state;
	s.state = (enum lifecycle_state)77;
	assert_int_equal(ACT_BUG, lifecycle_step(&s, EV_STOP, NOW));
}

static void
only_the_policy_restarts(void **state)
{
	static const struct {
		enum lifecycle_restart policy;
		enum lifecycle_event   how;
		enum lifecycle_act     act;
	} cases[] = {
		{ RESTART_NEVER, EV_EXITED, ACT_LEAVE },
		{ RESTART_NEVER, EV_FAILED, ACT_LEAVE },
		{ RESTART_ON_FAILURE, EV_EXITED, ACT_LEAVE },
		{ RESTART_ON_FAILURE, EV_FAILED, ACT_CLEAR },
		{ RESTART_ALWAYS, EV_EXITED, ACT_CLEAR },
		{ RESTART_ALWAYS, EV_FAILED, ACT_CLEAR },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct lifecycle s = fresh(cases[i].policy, UNHEALTHY_REPORT);

		assert_int_equal(cases[i].act,
		                 lifecycle_step(&s, cases[i].how, NOW));
	}
}

static void
what_may_start_again_is_known_before(void **state)
{
	struct lifecycle s = fresh(RESTART_NEVER, UNHEALTHY_EXIT);

	(void)state;
	assert_false(lifecycle_restarts(&conf));
	s = fresh(RESTART_NEVER, UNHEALTHY_RESTART);
	assert_true(lifecycle_restarts(&conf));
	s = fresh(RESTART_ON_FAILURE, UNHEALTHY_REPORT);
	assert_true(lifecycle_restarts(&conf));
	s = in_state(SVC_WAITING);
	assert_string_equal("restarting", lifecycle_state_text(&s));
}

/* One failure at t and the way to the next start; returns when that was. */
static int64_t
fail_once(struct lifecycle *s, int64_t t)
{
	assert_int_equal(ACT_CLEAR, lifecycle_step(s, EV_FAILED, t));
	assert_int_equal(ACT_NONE, lifecycle_step(s, EV_ALONE, t));
	assert_int_equal(SVC_WAITING, s->state);
	t = s->deadline_ms;
	assert_int_equal(ACT_START, lifecycle_step(s, EV_DEADLINE, t));
	assert_true(s->deadline_ms == CLOCK_NEVER);	/* or a hot loop */
	return t;
}

static void
back_off_doubles_up_to_its_maximum(void **state)
{
	static const int64_t waits[] = {
		100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000,
		30000,
	};
	struct lifecycle s = fresh(RESTART_ON_FAILURE, UNHEALTHY_REPORT);
	int64_t t = NOW;

	(void)state;
	for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
		int64_t next = fail_once(&s, t);

		assert_int_equal(waits[i], next - t);
		t = next;
	}
	assert_int_equal(11, s.backoff.restarts);
}

static void
a_good_minute_and_nothing_less_resets_the_back_off(void **state)
{
	struct lifecycle s = fresh(RESTART_ON_FAILURE, UNHEALTHY_REPORT);
	int64_t t = fail_once(&s, NOW);

	(void)state;
	t += LIFECYCLE_GOOD_MS - 1;
	assert_int_equal(200, fail_once(&s, t) - t);
	t += 200 + LIFECYCLE_GOOD_MS;
	assert_int_equal(100, fail_once(&s, t) - t);
	assert_int_equal(1, s.backoff.in_row);
	assert_int_equal(3, s.backoff.restarts);
}

static void
an_unhealthy_minute_is_not_a_good_one(void **state)
{
	struct lifecycle s = fresh(RESTART_ON_FAILURE, UNHEALTHY_REPORT);
	int64_t t = fail_once(&s, NOW);

	(void)state;
	(void)lifecycle_step(&s, EV_UNHEALTHY, t);
	t += LIFECYCLE_GOOD_MS - 1;
	(void)lifecycle_step(&s, EV_HEALTHY, t);
	t += LIFECYCLE_GOOD_MS - 1;
	assert_int_equal(200, fail_once(&s, t) - t);
	t += 200;
	(void)lifecycle_step(&s, EV_UNHEALTHY, t);
	(void)lifecycle_step(&s, EV_HEALTHY, t);
	(void)lifecycle_step(&s, EV_HEALTHY, t + 1);	/* it was before */
	t += LIFECYCLE_GOOD_MS;
	assert_int_equal(100, fail_once(&s, t) - t);
}

static void
the_time_of_clearing_is_part_of_the_back_off(void **state)
{
	struct lifecycle s = fresh(RESTART_ON_FAILURE, UNHEALTHY_REPORT);

	(void)state;
	(void)lifecycle_step(&s, EV_FAILED, NOW);
	(void)lifecycle_step(&s, EV_ALONE, NOW + 70);
	assert_int_equal(NOW + 100, s.deadline_ms);
}

static void
what_cannot_be_cleared_does_not_hold_the_restart_for_ever(void **state)
{
	struct lifecycle s = fresh(RESTART_ON_FAILURE, UNHEALTHY_REPORT);
	int64_t t = NOW;

	(void)state;
	(void)lifecycle_step(&s, EV_FAILED, t);
	assert_int_equal(NOW + LIFECYCLE_CLEAR_AGAIN_MS, s.deadline_ms);
	while (s.state == SVC_CLEARING) {
		assert_true(s.deadline_ms > t);
		t = s.deadline_ms;
		assert_true(t <= NOW + LIFECYCLE_CLEAR_MAX_MS);
		(void)lifecycle_step(&s, EV_DEADLINE, t);
	}
	assert_int_equal(SVC_WAITING, s.state);
}

static void
with_linger_what_is_left_gets_sigterm_first(void **state)
{
	struct lifecycle s = fresh(RESTART_ON_FAILURE, UNHEALTHY_REPORT);

	(void)state;
	conf.linger_ms = 3000;
	assert_int_equal(ACT_CLEAR_TERM, lifecycle_step(&s, EV_FAILED, NOW));
	assert_int_equal(NOW + 3000, s.deadline_ms);
	assert_int_equal(NOW + 3000 + LIFECYCLE_CLEAR_MAX_MS, s.last_ms);
	assert_int_equal(ACT_CLEAR,
	                 lifecycle_step(&s, EV_DEADLINE, NOW + 3000));
}

static void
after_max_restarts_in_a_row_it_leaves(void **state)
{
	struct lifecycle s = fresh(RESTART_ALWAYS, UNHEALTHY_REPORT);
	int64_t t = NOW;

	(void)state;
	conf.backoff.max_restarts = 3;
	for (int i = 0; i < 3; i++)
		t = fail_once(&s, t);
	assert_true(lifecycle_is_live(&s));
	assert_int_equal(ACT_LEAVE, lifecycle_step(&s, EV_FAILED, t));
	assert_true(s.gave_up);
	assert_false(lifecycle_is_live(&s));
}

static void
unhealthy_without_a_restart_left_stays_and_is_not_live_again(void **state)
{
	struct lifecycle s = fresh(RESTART_NEVER, UNHEALTHY_RESTART);

	(void)state;
	conf.backoff.max_restarts = 1;
	(void)lifecycle_step(&s, EV_UNHEALTHY, NOW);
	(void)lifecycle_step(&s, EV_FAILED, NOW);
	(void)lifecycle_step(&s, EV_ALONE, NOW);
	(void)lifecycle_step(&s, EV_DEADLINE, NOW);
	assert_int_equal(ACT_NONE, lifecycle_step(&s, EV_UNHEALTHY, NOW));
	assert_true(s.gave_up);
	assert_int_equal(SVC_RUNNING, s.state);
	assert_false(lifecycle_is_live(&s));
	assert_int_equal(ACT_NONE, lifecycle_step(&s, EV_HEALTHY, NOW));
	assert_false(lifecycle_is_live(&s));
	assert_int_equal(ACT_NONE, lifecycle_step(&s, EV_UNHEALTHY, NOW));
	assert_int_equal(ACT_LEAVE, lifecycle_step(&s, EV_EXITED, NOW));
}

static void
who_gave_up_is_not_started_again_after_a_good_minute(void **state)
{
	struct lifecycle s = fresh(RESTART_ALWAYS, UNHEALTHY_RESTART);
	int64_t t = fail_once(&s, NOW);

	(void)state;
	conf.backoff.max_restarts = 1;
	assert_int_equal(ACT_NONE, lifecycle_step(&s, EV_UNHEALTHY, t));
	assert_true(s.gave_up);
	(void)lifecycle_step(&s, EV_HEALTHY, t);
	t += LIFECYCLE_GOOD_MS;
	assert_int_equal(ACT_LEAVE, lifecycle_step(&s, EV_FAILED, t));
}

static void
a_good_minute_begins_where_health_comes_back(void **state)
{
	struct lifecycle s = fresh(RESTART_ON_FAILURE, UNHEALTHY_REPORT);
	int64_t t = fail_once(&s, NOW);

	(void)state;
	(void)lifecycle_step(&s, EV_UNHEALTHY, t);
	(void)lifecycle_step(&s, EV_HEALTHY, t + 5000);
	t += 5000 + LIFECYCLE_GOOD_MS;
	assert_int_equal(100, fail_once(&s, t) - t);
}

static void
live_stays_true_while_it_is_being_mended(void **state)
{
	struct lifecycle s = fresh(RESTART_NEVER, UNHEALTHY_RESTART);

	(void)state;
	(void)lifecycle_step(&s, EV_UNHEALTHY, NOW);
	assert_true(lifecycle_is_live(&s) && lifecycle_is_mending(&s));
	(void)lifecycle_step(&s, EV_FAILED, NOW);
	assert_true(lifecycle_is_live(&s) && lifecycle_is_mending(&s));
	(void)lifecycle_step(&s, EV_ALONE, NOW);
	assert_true(lifecycle_is_live(&s) && lifecycle_is_mending(&s));
	assert_false(lifecycle_is_ready(&s));
}

static void
report_only_reports(void **state)
{
	struct lifecycle s = fresh(RESTART_ALWAYS, UNHEALTHY_REPORT);

	(void)state;
	assert_int_equal(ACT_NONE, lifecycle_step(&s, EV_UNHEALTHY, NOW));
	assert_int_equal(SVC_RUNNING, s.state);
}

static void
exit_stops_and_leaves_whatever_the_policy(void **state)
{
	struct lifecycle s = fresh(RESTART_ALWAYS, UNHEALTHY_EXIT);

	(void)state;
	assert_int_equal(ACT_STOP, lifecycle_step(&s, EV_UNHEALTHY, NOW));
	assert_true(s.sickened && lifecycle_is_sick_end(&s));
	assert_int_equal(NOW + LIFECYCLE_HUNG_MS, s.deadline_ms);
	assert_int_equal(ACT_KILL,
	                 lifecycle_step(&s, EV_DEADLINE, s.deadline_ms));
	assert_int_equal(ACT_LEAVE, lifecycle_step(&s, EV_FAILED, NOW));
}

static void
a_hung_service_is_killed_with_and_without_a_stop_timeout(void **state)
{
	struct lifecycle s = fresh(RESTART_NEVER, UNHEALTHY_RESTART);

	(void)state;
	(void)lifecycle_step(&s, EV_UNHEALTHY, NOW);
	assert_int_equal(NOW + LIFECYCLE_HUNG_MS, s.deadline_ms);
	s = fresh(RESTART_NEVER, UNHEALTHY_RESTART);
	conf.stop_timeout_ms = 2000;
	(void)lifecycle_step(&s, EV_UNHEALTHY, NOW);
	assert_int_equal(NOW + 2000, s.deadline_ms);
	assert_int_equal(ACT_CLEAR,
	                 lifecycle_step(&s, EV_DEADLINE, NOW + 2000));
	assert_int_equal(NOW + 2000 + LIFECYCLE_KILL_AGAIN_MS, s.deadline_ms);
}

static void
a_drain_outlasts_a_restart(void **state)
{
	struct lifecycle s = fresh(RESTART_ALWAYS, UNHEALTHY_REPORT);

	(void)state;
	(void)lifecycle_step(&s, EV_DRAIN, NOW);
	(void)fail_once(&s, NOW);
	assert_int_equal(SVC_RUNNING, s.state);
	assert_false(lifecycle_is_ready(&s));
	assert_string_equal("draining", lifecycle_state_text(&s));
}

static void
a_drain_or_a_stop_while_it_is_mended_is_kept(void **state)
{
	(void)state;
	for (int from = SVC_MENDING; from <= SVC_WAITING; from++) {
		struct lifecycle s = in_state((enum lifecycle_state)from);

		(void)lifecycle_step(&s, EV_DRAIN, NOW + 1);
		assert_int_equal(NOW + 1, s.unready_ms);
		s = in_state((enum lifecycle_state)from);
		(void)lifecycle_step(&s, EV_STOP, NOW + 2);
		assert_int_equal(NOW + 2, s.unready_ms);
	}
}

/* The machine refuses a start of s at t; returns when the next try is. */
static int64_t
refuse_once(struct lifecycle *s, int64_t t)
{
	assert_int_equal(ACT_NONE, lifecycle_step(s, EV_REFUSED, t));
	assert_int_equal(SVC_WAITING, s->state);
	t = s->deadline_ms;
	assert_int_equal(ACT_START, lifecycle_step(s, EV_DEADLINE, t));
	return t;
}

static void
a_refused_start_is_tried_for_ever_and_counts_as_no_restart(void **state)
{
	static const int64_t waits[] = { 1000, 2000, 4000, 5000, 5000, 5000 };
	struct lifecycle s = fresh(RESTART_NEVER, UNHEALTHY_RESTART);
	int64_t t = NOW;

	(void)state;
	conf.backoff.max_restarts = 1;
	conf.backoff.max_ms = 5000;
	(void)lifecycle_step(&s, EV_UNHEALTHY, NOW);
	t = fail_once(&s, NOW);
	for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
		int64_t next = refuse_once(&s, t);

		assert_int_equal(waits[i], next - t);
		assert_true(lifecycle_is_live(&s));
		t = next;
	}
	assert_int_equal(1, s.backoff.restarts);
	assert_int_equal(1, s.backoff.in_row);
	assert_int_equal(200, s.backoff.next_ms);	/* of one failure */
}

static void
a_refused_start_without_a_back_off_is_no_hot_loop(void **state)
{
	struct lifecycle s = fresh(RESTART_ALWAYS, UNHEALTHY_REPORT);
	int64_t t;

	(void)state;
	s.backoff.next_ms = conf.backoff.min_ms = conf.backoff.max_ms = 0;
	t = fail_once(&s, NOW);
	for (int i = 0; i < 5; i++) {
		int64_t next = refuse_once(&s, t);

		assert_int_equal(BACKOFF_REFUSED_MS, next - t);
		t = next;
	}
}

static void
each_end_of_the_service_restarts_the_pause_after_a_refusal(void **state)
{
	struct lifecycle s = fresh(RESTART_ALWAYS, UNHEALTHY_REPORT);
	int64_t t = fail_once(&s, NOW);

	(void)state;
	t = refuse_once(&s, t);
	t = refuse_once(&s, t);
	t = fail_once(&s, t);
	assert_int_equal(BACKOFF_REFUSED_MS, refuse_once(&s, t) - t);
}

static void
a_stop_in_the_wait_for_another_try_leaves_at_once(void **state)
{
	struct lifecycle s = fresh(RESTART_NEVER, UNHEALTHY_RESTART);

	(void)state;
	conf.drain_ms = conf.stop_timeout_ms = conf.linger_ms = 5000;
	(void)lifecycle_step(&s, EV_UNHEALTHY, NOW);
	(void)lifecycle_step(&s, EV_FAILED, NOW);
	(void)lifecycle_step(&s, EV_ALONE, NOW);
	(void)lifecycle_step(&s, EV_DEADLINE, s.deadline_ms);
	(void)lifecycle_step(&s, EV_REFUSED, NOW);
	assert_int_equal(ACT_LEAVE, lifecycle_step(&s, EV_STOP, NOW + 1));
}

static void
more_time_is_given_only_to_what_is_being_stopped(void **state)
{
	(void)state;
	for (int from = 0; from < STATES; from++) {
		struct lifecycle s = in_state((enum lifecycle_state)from);
		int64_t before_ms = s.deadline_ms;
		bool ends = from == SVC_MENDING || from == SVC_STOPPING;

		lifecycle_extend(&s, NOW + 90000);
		assert_int_equal(ends ? NOW + 90000 : before_ms, s.deadline_ms);
		lifecycle_extend(&s, NOW + 1);
		assert_int_equal(ends ? NOW + 90000 : before_ms, s.deadline_ms);
	}
}

static void
no_more_time_is_given_once_it_has_been_killed(void **state)
{
	struct lifecycle s = fresh(RESTART_NEVER, UNHEALTHY_REPORT);

	(void)state;
	conf.stop_timeout_ms = 3000;
	(void)lifecycle_step(&s, EV_STOP, NOW);
	assert_int_equal(ACT_KILL, lifecycle_step(&s, EV_DEADLINE, NOW + 3000));
	lifecycle_extend(&s, NOW + 90000);
	assert_int_equal(NOW + 3000 + LIFECYCLE_KILL_AGAIN_MS, s.deadline_ms);
}

/* --- deaths that do not come, stops that are not heard, freezes --- */

static void
who_must_be_restarted_and_cannot_be_started_is_tried_again(void **state)
{
	struct lifecycle s = fresh(RESTART_NEVER, UNHEALTHY_RESTART);

	(void)state;
	(void)lifecycle_step(&s, EV_UNHEALTHY, NOW);
	(void)lifecycle_step(&s, EV_EXITED, NOW);
	(void)lifecycle_step(&s, EV_ALONE, NOW);
	assert_int_equal(ACT_START,
	                 lifecycle_step(&s, EV_DEADLINE, s.deadline_ms));
	assert_int_equal(ACT_CLEAR, lifecycle_step(&s, EV_NOT_STARTED, NOW));
	assert_int_equal(200, s.start_ms - NOW);
	(void)lifecycle_step(&s, EV_ALONE, NOW);
	assert_int_equal(ACT_START,
	                 lifecycle_step(&s, EV_DEADLINE, s.deadline_ms));
	assert_true(lifecycle_is_live(&s));
	/* An end by itself is still the policy's: never. */
	assert_int_equal(ACT_LEAVE, lifecycle_step(&s, EV_EXITED, s.start_ms));
}

static void
a_start_that_fails_counts_as_a_restart(void **state)
{
	struct lifecycle s = fresh(RESTART_NEVER, UNHEALTHY_RESTART);

	(void)state;
	conf.backoff.max_restarts = 1;
	(void)lifecycle_step(&s, EV_UNHEALTHY, NOW);
	(void)lifecycle_step(&s, EV_EXITED, NOW);
	(void)lifecycle_step(&s, EV_ALONE, NOW);
	(void)lifecycle_step(&s, EV_DEADLINE, s.deadline_ms);
	assert_int_equal(ACT_LEAVE, lifecycle_step(&s, EV_NOT_STARTED, NOW));
	assert_true(s.gave_up);
}

/* Deadlines until the state changes or the bound is passed; the last moment. */
static int64_t
let_deadlines_come(struct lifecycle *s, int64_t until_ms)
{
	enum lifecycle_state was = s->state;
	int64_t t = NOW;

	while (s->state == was && s->deadline_ms <= until_ms) {
		assert_true(s->deadline_ms > t);
		t = s->deadline_ms;
		(void)lifecycle_step(s, EV_DEADLINE, t);
	}
	return t;
}

static void
a_stop_does_not_wait_for_ever_for_who_survives_sigkill(void **state)
{
	struct lifecycle s = fresh(RESTART_ALWAYS, UNHEALTHY_REPORT);
	const int64_t kill_ms = NOW + 2000;

	(void)state;
	conf.stop_timeout_ms = 2000;
	(void)lifecycle_step(&s, EV_STOP, NOW);
	assert_int_equal(kill_ms + LIFECYCLE_DEATH_MAX_MS,
	                 let_deadlines_come(&s, NOW + 100000));
	assert_int_equal(SVC_DOWN, s.state);
}

static void
exit_does_not_wait_for_ever_for_who_survives_sigkill(void **state)
{
	struct lifecycle s = fresh(RESTART_NEVER, UNHEALTHY_EXIT);

	(void)state;
	assert_int_equal(ACT_STOP, lifecycle_step(&s, EV_UNHEALTHY, NOW));
	assert_int_equal(NOW + LIFECYCLE_HUNG_MS + LIFECYCLE_DEATH_MAX_MS,
	                 let_deadlines_come(&s, NOW + 100000));
	assert_int_equal(SVC_DOWN, s.state);
	assert_true(s.sickened);
}

static void
mending_who_survives_sigkill_is_not_live_until_it_dies(void **state)
{
	struct lifecycle s = in_state(SVC_MENDING);
	const int64_t stuck_ms = NOW + LIFECYCLE_HUNG_MS
	                       + LIFECYCLE_DEATH_MAX_MS;
	enum lifecycle_act act = ACT_NONE;
	int64_t t = NOW - 1;

	(void)state;
	while (act != ACT_STUCK) {
		assert_true(s.deadline_ms > t && s.deadline_ms <= stuck_ms);
		assert_true(lifecycle_is_live(&s));
		t = s.deadline_ms;
		act = lifecycle_step(&s, EV_DEADLINE, t);
	}
	assert_false(lifecycle_is_live(&s));
	act = lifecycle_step(&s, EV_DEADLINE, s.deadline_ms);
	assert_int_equal(ACT_CLEAR, act);	/* said once, tried on */
	assert_int_equal(ACT_CLEAR, lifecycle_step(&s, EV_FAILED, stuck_ms));
	assert_int_equal(SVC_CLEARING, s.state);
	assert_true(lifecycle_is_live(&s));
}

static void
pid_1_leaves_at_once_where_nobody_hears_the_stop(void **state)
{
	struct lifecycle s = fresh(RESTART_ALWAYS, UNHEALTHY_RESTART);

	(void)state;
	s.leaving_kills = true;
	(void)lifecycle_step(&s, EV_STOP, NOW);
	assert_int_equal(ACT_LEAVE, lifecycle_step(&s, EV_UNREACHABLE, NOW));
}

static void
the_others_keep_their_time_where_the_service_hears_no_stop(void **state)
{
	struct lifecycle s = fresh(RESTART_ALWAYS, UNHEALTHY_RESTART);

	(void)state;
	s.leaving_kills = true;
	conf.linger_ms = 3000;
	(void)lifecycle_step(&s, EV_STOP, NOW);
	assert_int_equal(ACT_TERM_REST,
	                 lifecycle_step(&s, EV_UNREACHABLE, NOW));
	assert_int_equal(ACT_NONE, lifecycle_step(&s, EV_UNREACHABLE, NOW));
	assert_int_equal(NOW + 3000, s.deadline_ms);
}

static void
others_than_pid_1_wait_a_while_for_who_hears_no_stop(void **state)
{
	struct lifecycle s = fresh(RESTART_ALWAYS, UNHEALTHY_RESTART);

	(void)state;
	(void)lifecycle_step(&s, EV_STOP, NOW);
	assert_true(s.deadline_ms == NOW + LIFECYCLE_SLOW_MS);
	assert_int_equal(ACT_NONE, lifecycle_step(&s, EV_UNREACHABLE, NOW));
	assert_int_equal(NOW + LIFECYCLE_HUNG_MS, s.deadline_ms);
	assert_int_equal(ACT_KILL,
	                 lifecycle_step(&s, EV_DEADLINE, s.deadline_ms));
	assert_int_equal(ACT_LEAVE, lifecycle_step(&s, EV_UNREACHABLE, NOW));
}

static void
who_cannot_be_stopped_is_not_restarted_and_not_live(void **state)
{
	struct lifecycle s = in_state(SVC_MENDING);

	(void)state;
	s.leaving_kills = true;
	assert_int_equal(ACT_NONE, lifecycle_step(&s, EV_UNREACHABLE, NOW));
	assert_int_equal(SVC_RUNNING, s.state);
	assert_true(s.deadline_ms == CLOCK_NEVER);
	assert_true(s.gave_up && s.unheard);
	assert_false(lifecycle_is_live(&s));
	assert_int_equal(ACT_NONE, lifecycle_step(&s, EV_UNHEALTHY, NOW));
}

static void
a_first_stop_takes_no_time_from_what_lingers(void **state)
{
	struct lifecycle s = fresh(RESTART_NEVER, UNHEALTHY_REPORT);

	(void)state;
	conf.linger_ms = 3000;
	assert_int_equal(ACT_TERM_REST, lifecycle_step(&s, EV_EXITED, NOW));
	assert_int_equal(ACT_NONE, lifecycle_step(&s, EV_STOP, NOW + 10));
	assert_int_equal(NOW + 3000, s.deadline_ms);
	assert_int_equal(ACT_KILL, lifecycle_step(&s, EV_STOP, NOW + 20));
	assert_int_equal(SVC_KILLING, s.state);
}

static void
a_first_stop_ends_the_restart_and_not_what_is_being_cleared(void **state)
{
	struct lifecycle s = fresh(RESTART_ALWAYS, UNHEALTHY_REPORT);

	(void)state;
	conf.linger_ms = 3000;
	assert_int_equal(ACT_CLEAR_TERM, lifecycle_step(&s, EV_EXITED, NOW));
	assert_int_equal(ACT_NONE, lifecycle_step(&s, EV_STOP, NOW + 10));
	assert_int_equal(SVC_LINGERING, s.state);
	assert_int_equal(NOW + 3000, s.deadline_ms);
	assert_int_equal(ACT_LEAVE, lifecycle_step(&s, EV_ALONE, NOW + 20));
}

static void
a_stop_once_clearing_kills_waits_for_nothing(void **state)
{
	struct lifecycle s = fresh(RESTART_ALWAYS, UNHEALTHY_REPORT);

	(void)state;
	conf.linger_ms = 3000;
	(void)lifecycle_step(&s, EV_EXITED, NOW);
	assert_int_equal(ACT_CLEAR,
	                 lifecycle_step(&s, EV_DEADLINE, NOW + 3000));
	assert_int_equal(ACT_KILL, lifecycle_step(&s, EV_STOP, NOW + 3010));
}

static const struct freeze {
	const char        *name;
	enum lifecycle_state state;
	int64_t            late_ms;
	bool               is_pardoned;
} freezes[] = {
	{ "a stop", SVC_STOPPING, LIFECYCLE_FROZEN_MS + 1, true },
	{ "a stop on a busy machine", SVC_STOPPING, LIFECYCLE_FROZEN_MS, false },
	{ "a stop by health", SVC_MENDING, LIFECYCLE_FROZEN_MS + 1, true },
	{ "lingering", SVC_LINGERING, 60000, true },
	{ "the drain, for who was not frozen", SVC_DRAINING, 60000, false },
	{ "the back-off", SVC_WAITING, 60000, false },
	{ "SIGKILL to the rest", SVC_KILLING, 60000, false },
};

static void
a_freeze_is_pardoned_once(void **state)
{
	for (size_t i = 0; i < sizeof freezes / sizeof freezes[0]; i++) {
		const struct freeze *f = &freezes[i];
		struct lifecycle s = in_state(f->state);
		int64_t now_ms;

		(void)state;
		if (f->state == SVC_STOPPING) {
			conf.stop_timeout_ms = 2000;
			s.state = SVC_RUNNING;
			(void)lifecycle_step(&s, EV_STOP, NOW);
		}
		now_ms = s.deadline_ms + f->late_ms;
		if (lifecycle_pardon(&s, now_ms) != f->is_pardoned)
			fail_msg("%s", f->name);
		if (!f->is_pardoned)
			continue;
		assert_int_equal(now_ms + s.wait_ms, s.deadline_ms);
		assert_true(s.wait_ms > 0);
		assert_false(lifecycle_pardon(&s, s.deadline_ms + f->late_ms));
	}
}

static void
a_freeze_while_clearing_moves_the_end_of_it_too(void **state)
{
	struct lifecycle s = fresh(RESTART_ALWAYS, UNHEALTHY_REPORT);

	(void)state;
	conf.linger_ms = 3000;
	(void)lifecycle_step(&s, EV_EXITED, NOW);
	assert_true(lifecycle_pardon(&s, NOW + 60000));
	assert_int_equal(NOW + 63000, s.deadline_ms);
	assert_int_equal(NOW + 63000 + LIFECYCLE_CLEAR_MAX_MS, s.last_ms);
}

static void
a_freeze_leaves_sigkill_its_time(void **state)
{
	struct lifecycle s = fresh(RESTART_ALWAYS, UNHEALTHY_REPORT);

	(void)state;
	conf.stop_timeout_ms = 2000;
	(void)lifecycle_step(&s, EV_STOP, NOW);
	(void)lifecycle_step(&s, EV_DEADLINE, NOW + 2000);
	assert_false(lifecycle_pardon(&s, s.deadline_ms + 60000));
	assert_int_equal(ACT_KILL, lifecycle_step(&s, EV_DEADLINE,
	                                        s.deadline_ms + 60000));
}

/* What was waited for once is not what is waited for next. */
static void
a_stop_after_a_restart_gives_sigkill_all_its_time(void **state)
{
	struct lifecycle s = fresh(RESTART_ALWAYS, UNHEALTHY_REPORT);
	int64_t t = fail_once(&s, NOW);

	(void)state;
	conf.stop_timeout_ms = 60000;
	assert_int_equal(ACT_STOP, lifecycle_step(&s, EV_STOP, t));
	t = s.deadline_ms;
	assert_int_equal(ACT_KILL, lifecycle_step(&s, EV_DEADLINE, t));
	assert_int_equal(SVC_STOPPING, s.state);
}

static void
each_wait_has_a_pardon_of_its_own(void **state)
{
	struct lifecycle s = in_state(SVC_MENDING);

	(void)state;
	assert_true(lifecycle_pardon(&s, s.deadline_ms + 60000));
	(void)lifecycle_step(&s, EV_FAILED, s.deadline_ms);
	(void)lifecycle_step(&s, EV_ALONE, s.deadline_ms);
	(void)lifecycle_step(&s, EV_DEADLINE, s.deadline_ms);
	(void)lifecycle_step(&s, EV_UNHEALTHY, s.start_ms);
	assert_int_equal(SVC_MENDING, s.state);
	assert_true(lifecycle_pardon(&s, s.deadline_ms + 60000));
}

static void
a_freeze_after_sigkill_is_not_pardoned(void **state)
{
	struct lifecycle s = in_state(SVC_MENDING);

	(void)state;
	(void)lifecycle_step(&s, EV_DEADLINE, s.deadline_ms);
	assert_false(lifecycle_pardon(&s, s.deadline_ms + 60000));
	s = in_state(SVC_CLEARING);	/* without a linger it begins so */
	assert_false(lifecycle_pardon(&s, s.deadline_ms + 60000));
}

static void
a_stop_that_was_slow_and_is_not_heard_gets_a_limit(void **state)
{
	struct lifecycle s = in_state(SVC_STOPPING);
	int64_t t = s.deadline_ms;

	(void)state;
	assert_int_equal(ACT_SLOW, lifecycle_step(&s, EV_DEADLINE, t));
	assert_true(CLOCK_NEVER == s.deadline_ms);
	(void)lifecycle_step(&s, EV_STOP, t);
	assert_int_equal(ACT_NONE, lifecycle_step(&s, EV_UNREACHABLE, t));
	assert_int_equal(t + LIFECYCLE_HUNG_MS, s.deadline_ms);
}

int
main(void)
{
	UNIT_TEST(every_event_in_every_state_does_what_the_table_says);
	UNIT_TEST(an_unknown_state_is_told_and_survived);
	UNIT_TEST(only_the_policy_restarts);
	UNIT_TEST(what_may_start_again_is_known_before);
	UNIT_TEST(back_off_doubles_up_to_its_maximum);
	UNIT_TEST(a_good_minute_and_nothing_less_resets_the_back_off);
	UNIT_TEST(an_unhealthy_minute_is_not_a_good_one);
	UNIT_TEST(the_time_of_clearing_is_part_of_the_back_off);
	UNIT_TEST(what_cannot_be_cleared_does_not_hold_the_restart_for_ever);
	UNIT_TEST(with_linger_what_is_left_gets_sigterm_first);
	UNIT_TEST(after_max_restarts_in_a_row_it_leaves);
	UNIT_TEST(unhealthy_without_a_restart_left_stays_and_is_not_live_again);
	UNIT_TEST(who_gave_up_is_not_started_again_after_a_good_minute);
	UNIT_TEST(who_must_be_restarted_and_cannot_be_started_is_tried_again);
	UNIT_TEST(a_start_that_fails_counts_as_a_restart);
	UNIT_TEST(a_stop_does_not_wait_for_ever_for_who_survives_sigkill);
	UNIT_TEST(exit_does_not_wait_for_ever_for_who_survives_sigkill);
	UNIT_TEST(mending_who_survives_sigkill_is_not_live_until_it_dies);
	UNIT_TEST(pid_1_leaves_at_once_where_nobody_hears_the_stop);
	UNIT_TEST(the_others_keep_their_time_where_the_service_hears_no_stop);
	UNIT_TEST(others_than_pid_1_wait_a_while_for_who_hears_no_stop);
	UNIT_TEST(who_cannot_be_stopped_is_not_restarted_and_not_live);
	UNIT_TEST(a_first_stop_takes_no_time_from_what_lingers);
	UNIT_TEST(a_first_stop_ends_the_restart_and_not_what_is_being_cleared);
	UNIT_TEST(a_stop_once_clearing_kills_waits_for_nothing);
	UNIT_TEST(a_freeze_is_pardoned_once);
	UNIT_TEST(a_freeze_while_clearing_moves_the_end_of_it_too);
	UNIT_TEST(a_freeze_leaves_sigkill_its_time);
	UNIT_TEST(a_good_minute_begins_where_health_comes_back);
	UNIT_TEST(live_stays_true_while_it_is_being_mended);
	UNIT_TEST(report_only_reports);
	UNIT_TEST(exit_stops_and_leaves_whatever_the_policy);
	UNIT_TEST(a_hung_service_is_killed_with_and_without_a_stop_timeout);
	UNIT_TEST(a_drain_outlasts_a_restart);
	UNIT_TEST(a_drain_or_a_stop_while_it_is_mended_is_kept);
	UNIT_TEST(a_refused_start_is_tried_for_ever_and_counts_as_no_restart);
	UNIT_TEST(a_refused_start_without_a_back_off_is_no_hot_loop);
	UNIT_TEST(each_end_of_the_service_restarts_the_pause_after_a_refusal);
	UNIT_TEST(a_stop_in_the_wait_for_another_try_leaves_at_once);
	UNIT_TEST(more_time_is_given_only_to_what_is_being_stopped);
	UNIT_TEST(no_more_time_is_given_once_it_has_been_killed);
	UNIT_TEST(a_stop_after_a_restart_gives_sigkill_all_its_time);
	UNIT_TEST(each_wait_has_a_pardon_of_its_own);
	UNIT_TEST(a_freeze_after_sigkill_is_not_pardoned);
	UNIT_TEST(a_stop_that_was_slow_and_is_not_heard_gets_a_limit);
	return unit_run("sup/lifecycle, restarts");
}
