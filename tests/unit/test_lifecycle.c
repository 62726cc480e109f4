/* SPDX-License-Identifier: MIT */
/* test_lifecycle.c - every state and event, and what holds in any sequence */
#include "unit.h"

#include "base/clock.h"
#include "sup/lifecycle_status.h"
#include "sup/lifecycle_time.h"

#define NOW     INT64_C(100000)
#define DRAIN   INT64_C(5000)
#define TIMEOUT INT64_C(9000)
#define LINGER  INT64_C(2000)
#define NEVER   CLOCK_NEVER
#define SEQUENCES 20000		/* random lives */
#define EVENTS    64		/* of one life */

static struct lifecycle_conf conf;	/* of the one that is tested */

static struct lifecycle
service_in(enum lifecycle_state state)
{
	struct lifecycle s;

	conf = (struct lifecycle_conf){
		.drain_ms = DRAIN, .stop_timeout_ms = TIMEOUT,
		.linger_ms = LINGER,
	};
	lifecycle_started(&s, &conf, false, NOW);
	s.state = state;
	return s;
}

static void
a_started_service_is_ready_and_waits_for_nothing(void **state)
{
	struct lifecycle s = { .state = SVC_DOWN, .killed = true };

	(void)state;
	lifecycle_started(&s, &conf, true, NOW);
	assert_int_equal(s.state, SVC_RUNNING);
	assert_true(lifecycle_is_live(&s));
	assert_true(lifecycle_is_ready(&s));
	assert_true(s.deadline_ms == NEVER);
	assert_false(s.killed);
	assert_true(s.leaving_kills);
	assert_ptr_equal(s.conf, &conf);
}

static const struct row {
	const char *name;
	enum lifecycle_state from;
	enum lifecycle_event ev;
	enum lifecycle_act   act;
	enum lifecycle_state to;
	int64_t            deadline_ms;	/* NEVER: none */
} rows[] = {
	{ "running: SIGTERM begins the drain", SVC_RUNNING, EV_STOP,
	  ACT_NONE, SVC_DRAINING, NOW + DRAIN },
	{ "running: a drain only turns readiness off", SVC_RUNNING, EV_DRAIN,
	  ACT_NONE, SVC_RUNNING, NEVER },
	{ "running: the end gives the others their time", SVC_RUNNING,
	  EV_EXITED, ACT_TERM_REST, SVC_LINGERING, NOW + LINGER },
	{ "running: alone means nothing", SVC_RUNNING, EV_ALONE,
	  ACT_NONE, SVC_RUNNING, NEVER },
	{ "running: a deadline means nothing", SVC_RUNNING, EV_DEADLINE,
	  ACT_NONE, SVC_RUNNING, NEVER },
	{ "draining: a second SIGTERM stops", SVC_DRAINING, EV_STOP,
	  ACT_STOP, SVC_STOPPING, NOW + TIMEOUT },
	{ "draining: the deadline stops", SVC_DRAINING, EV_DEADLINE,
	  ACT_STOP, SVC_STOPPING, NOW + TIMEOUT },
	{ "draining: a drain changes nothing", SVC_DRAINING, EV_DRAIN,
	  ACT_NONE, SVC_DRAINING, NEVER },
	{ "draining: the end", SVC_DRAINING, EV_EXITED,
	  ACT_TERM_REST, SVC_LINGERING, NOW + LINGER },
	{ "draining: alone means nothing", SVC_DRAINING, EV_ALONE,
	  ACT_NONE, SVC_DRAINING, NEVER },
	{ "stopping: a SIGTERM more is passed on", SVC_STOPPING, EV_STOP,
	  ACT_STOP, SVC_STOPPING, NEVER },
	{ "stopping: the deadline kills and comes back", SVC_STOPPING,
	  EV_DEADLINE, ACT_KILL, SVC_STOPPING, NOW + LIFECYCLE_KILL_AGAIN_MS },
	{ "stopping: a drain changes nothing", SVC_STOPPING, EV_DRAIN,
	  ACT_NONE, SVC_STOPPING, NEVER },
	{ "stopping: the end", SVC_STOPPING, EV_EXITED,
	  ACT_TERM_REST, SVC_LINGERING, NOW + LINGER },
	{ "stopping: alone means nothing", SVC_STOPPING, EV_ALONE,
	  ACT_NONE, SVC_STOPPING, NEVER },
	{ "lingering: a first SIGTERM takes no time away", SVC_LINGERING,
	  EV_STOP, ACT_NONE, SVC_LINGERING, NEVER },
	{ "lingering: the deadline kills the rest", SVC_LINGERING,
	  EV_DEADLINE, ACT_KILL, SVC_KILLING, NOW + LIFECYCLE_KILL_AGAIN_MS },
	{ "lingering: alone leaves", SVC_LINGERING, EV_ALONE,
	  ACT_LEAVE, SVC_DOWN, NEVER },
	{ "lingering: a drain changes nothing", SVC_LINGERING, EV_DRAIN,
	  ACT_NONE, SVC_LINGERING, NEVER },
	{ "lingering: a second end means nothing", SVC_LINGERING, EV_EXITED,
	  ACT_NONE, SVC_LINGERING, NEVER },
	{ "killing: the deadline leaves what SIGKILL cannot end",
	  SVC_KILLING, EV_DEADLINE, ACT_LEAVE, SVC_DOWN, NEVER },
	{ "killing: alone leaves", SVC_KILLING, EV_ALONE,
	  ACT_LEAVE, SVC_DOWN, NEVER },
	{ "killing: SIGTERM changes nothing", SVC_KILLING, EV_STOP,
	  ACT_NONE, SVC_KILLING, NEVER },
	{ "killing: a drain changes nothing", SVC_KILLING, EV_DRAIN,
	  ACT_NONE, SVC_KILLING, NEVER },
	{ "killing: a second end means nothing", SVC_KILLING, EV_EXITED,
	  ACT_NONE, SVC_KILLING, NEVER },
	{ "down: SIGTERM means nothing", SVC_DOWN, EV_STOP,
	  ACT_NONE, SVC_DOWN, NEVER },
	{ "down: a drain means nothing", SVC_DOWN, EV_DRAIN,
	  ACT_NONE, SVC_DOWN, NEVER },
	{ "down: an end means nothing", SVC_DOWN, EV_EXITED,
	  ACT_NONE, SVC_DOWN, NEVER },
	{ "down: alone means nothing", SVC_DOWN, EV_ALONE,
	  ACT_NONE, SVC_DOWN, NEVER },
	{ "down: a deadline means nothing", SVC_DOWN, EV_DEADLINE,
	  ACT_NONE, SVC_DOWN, NEVER },
};

static void
steps(void **state)
{
	const struct row *r = *state;
	struct lifecycle s = service_in(r->from);

	assert_int_equal(lifecycle_step(&s, r->ev, NOW), r->act);
	assert_int_equal(s.state, r->to);
	assert_true(s.deadline_ms == r->deadline_ms);
}

/* test_restart.c has a table with these. */
static bool
is_of_restarts(int st, int ev)
{
	return st == SVC_MENDING || st == SVC_CLEARING || st == SVC_WAITING
	    || ev == EV_FAILED || ev == EV_NOT_STARTED || ev == EV_REFUSED
	    || ev == EV_UNREACHABLE || ev == EV_HEALTHY || ev == EV_UNHEALTHY
	    || ev == EV_READY || ev == EV_UNREADY;
}

static void
the_table_has_every_state_and_event(void **state)
{
	bool seen[SVC_DOWN + 1][EV_DEADLINE + 1] = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_false(seen[rows[i].from][rows[i].ev]);
		seen[rows[i].from][rows[i].ev] = true;
	}
	for (int st = SVC_RUNNING; st <= SVC_DOWN; st++)
		for (int ev = EV_STOP; ev <= EV_DEADLINE; ev++)
			assert_true(seen[st][ev] || is_of_restarts(st, ev));
}

static void
an_unknown_state_or_event_is_a_bug_and_no_end(void **state)
{
	struct lifecycle s = service_in((enum lifecycle_state)77);

	(void)state;
	assert_int_equal(lifecycle_step(&s, EV_STOP, NOW), ACT_BUG);
	assert_false(lifecycle_is_live(&s));
	assert_false(lifecycle_is_ready(&s));
	assert_string_equal(lifecycle_state_text(&s), "unknown");
	for (int st = SVC_RUNNING; st < SVC_DOWN; st++) {
		s = service_in((enum lifecycle_state)st);
		assert_int_equal(ACT_BUG, lifecycle_step(
			&s, (enum lifecycle_event)77, NOW));
		assert_int_equal(s.state, st);
	}
}

static const struct times {
	const char *name;
	int64_t drain_ms, stop_timeout_ms, linger_ms;
	enum lifecycle_act stop_act, end_act;
	int64_t stop_deadline_ms;
} times[] = {
	{ "without a drain SIGTERM stops at once", 0, TIMEOUT, LINGER,
	  ACT_STOP, ACT_TERM_REST, NOW + TIMEOUT },
	{ "without a timeout the stop is called slow first", 0, 0, LINGER,
	  ACT_STOP, ACT_TERM_REST, NOW + LIFECYCLE_SLOW_MS },
	{ "without a linger the end leaves", 0, TIMEOUT, 0,
	  ACT_STOP, ACT_LEAVE, NOW + TIMEOUT },
	{ "a drain of one millisecond", 1, 0, 0,
	  ACT_NONE, ACT_LEAVE, NOW + 1 },
};

static void
a_time_of_zero_is_off(void **state)
{
	const struct times *t = *state;
	struct lifecycle s;

	conf = (struct lifecycle_conf){
		.drain_ms = t->drain_ms,
		.stop_timeout_ms = t->stop_timeout_ms,
		.linger_ms = t->linger_ms,
	};
	lifecycle_started(&s, &conf, false, NOW);
	assert_int_equal(lifecycle_step(&s, EV_STOP, NOW), t->stop_act);
	assert_true(s.deadline_ms == t->stop_deadline_ms);
	assert_false(lifecycle_is_ready(&s));
	assert_int_equal(lifecycle_step(&s, EV_EXITED, NOW), t->end_act);
}

static const struct drained {
	const char *name;
	int64_t stop_ms;	/* when SIGTERM comes; the drain began at NOW */
	enum lifecycle_act act;
	int64_t deadline_ms;
} drained[] = {
	{ "a stop right after a drain waits for all of it", NOW, ACT_NONE,
	  NOW + DRAIN },
	{ "a stop in a drain waits for its rest", NOW + 2000, ACT_NONE,
	  NOW + DRAIN },
	{ "a stop a millisecond before a drain's end", NOW + DRAIN - 1,
	  ACT_NONE, NOW + DRAIN },
	{ "a stop at a drain's end waits for nothing", NOW + DRAIN, ACT_STOP,
	  NOW + DRAIN + TIMEOUT },
	{ "a stop long after a drain", NOW + 10 * DRAIN, ACT_STOP,
	  NOW + 10 * DRAIN + TIMEOUT },
};

static void
what_was_drained_is_not_waited_for_again(void **state)
{
	const struct drained *d = *state;
	struct lifecycle s = service_in(SVC_RUNNING);

	assert_int_equal(lifecycle_step(&s, EV_DRAIN, NOW), ACT_NONE);
	assert_int_equal(lifecycle_step(&s, EV_DRAIN, NOW + 1000), ACT_NONE);
	assert_int_equal(lifecycle_step(&s, EV_STOP, d->stop_ms), d->act);
	assert_true(s.deadline_ms == d->deadline_ms);
}

static const struct off {
	const char *name;
	enum lifecycle_event evs[2];	/* a second apart, from NOW on */
	int64_t stop_ms;
	enum lifecycle_act act;
	int64_t deadline_ms;
} offs[] = {
	{ "one that was never ready is drained from its start on",
	  { EV_ALONE, EV_ALONE }, NOW + 4000, ACT_NONE, NOW + DRAIN },
	{ "one that was never ready for as long as the drain is not drained",
	  { EV_ALONE, EV_ALONE }, NOW + DRAIN, ACT_STOP,
	  NOW + DRAIN + TIMEOUT },
	{ "one that is ready is drained from the stop on",
	  { EV_READY, EV_ALONE }, NOW + 60000, ACT_NONE,
	  NOW + 60000 + DRAIN },
	{ "a failed check counts from its failure on",
	  { EV_READY, EV_UNREADY }, NOW + 3000, ACT_NONE,
	  NOW + 1000 + DRAIN },
	{ "a check that failed long ago leaves nothing to drain",
	  { EV_READY, EV_UNREADY }, NOW + 1000 + DRAIN, ACT_STOP,
	  NOW + 1000 + DRAIN + TIMEOUT },
	{ "a check that passes again makes the drain whole again",
	  { EV_UNREADY, EV_READY }, NOW + 9000, ACT_NONE,
	  NOW + 9000 + DRAIN },
	{ "of a drain by request and a failed check the earlier counts",
	  { EV_DRAIN, EV_READY }, NOW + 2000, ACT_NONE, NOW + DRAIN },
	{ "one that is not live is not drained",
	  { EV_READY, EV_UNHEALTHY }, NOW + 2000, ACT_STOP,
	  NOW + 2000 + TIMEOUT },
	{ "one that is live again is drained",
	  { EV_UNHEALTHY, EV_HEALTHY }, NOW + 2000, ACT_NONE, NOW + DRAIN },
};

static void
the_drain_counts_the_time_without_readiness(void **state)
{
	const struct off *o = *state;
	struct lifecycle s = service_in(SVC_RUNNING);

	for (int i = 0; i < 2; i++)
		assert_int_equal(ACT_NONE, lifecycle_step(&s, o->evs[i],
		                                        NOW + 1000 * i));
	assert_int_equal(o->act, lifecycle_step(&s, EV_STOP, o->stop_ms));
	assert_true(o->deadline_ms == s.deadline_ms);
}

/* What it serves in the drain is not known: only that it was ready. */
static void
a_restart_turns_readiness_off_from_the_end_on(void **state)
{
	struct lifecycle s = service_in(SVC_RUNNING);

	(void)state;
	conf.restart = RESTART_ALWAYS;
	conf.backoff.min_ms = conf.backoff.max_ms = 100;
	(void)lifecycle_step(&s, EV_READY, NOW);
	(void)lifecycle_step(&s, EV_EXITED, NOW + 60000);
	(void)lifecycle_step(&s, EV_ALONE, NOW + 60010);
	assert_int_equal(ACT_START,
	                 lifecycle_step(&s, EV_DEADLINE, NOW + 60100));
	assert_int_equal(ACT_NONE, lifecycle_step(&s, EV_STOP, NOW + 60200));
	assert_true(NOW + 60000 + DRAIN == s.deadline_ms);
}

/* It was ready all the time, for whoever asked. */
static void
a_mend_that_is_not_heard_takes_no_drain_away(void **state)
{
	struct lifecycle s = service_in(SVC_RUNNING);

	(void)state;
	conf.on_unhealthy = UNHEALTHY_RESTART;
	(void)lifecycle_step(&s, EV_READY, NOW);
	assert_int_equal(ACT_STOP, lifecycle_step(&s, EV_UNHEALTHY, NOW));
	(void)lifecycle_step(&s, EV_UNREACHABLE, NOW);
	(void)lifecycle_step(&s, EV_HEALTHY, NOW + 1000);
	assert_int_equal(ACT_NONE, lifecycle_step(&s, EV_STOP, NOW + 60000));
	assert_int_equal(SVC_DRAINING, s.state);
	assert_true(NOW + 60000 + DRAIN == s.deadline_ms);
}

static void
one_that_hangs_in_the_drain_is_stopped_at_once(void **state)
{
	struct lifecycle s = service_in(SVC_RUNNING);

	(void)state;
	conf.stop_timeout_ms = 0;
	(void)lifecycle_step(&s, EV_STOP, NOW);
	assert_int_equal(SVC_DRAINING, s.state);
	assert_int_equal(ACT_STOP, lifecycle_step(&s, EV_UNHEALTHY, NOW + 10));
	assert_int_equal(SVC_STOPPING, s.state);
	assert_true(NOW + 10 + LIFECYCLE_HUNG_MS == s.deadline_ms);
}

static void
one_that_is_not_live_is_killed_without_a_stop_timeout_too(void **state)
{
	struct lifecycle s = service_in(SVC_RUNNING);

	(void)state;
	conf.stop_timeout_ms = 0;
	(void)lifecycle_step(&s, EV_UNHEALTHY, NOW);
	assert_int_equal(ACT_STOP, lifecycle_step(&s, EV_STOP, NOW + 5));
	assert_true(NOW + 5 + LIFECYCLE_HUNG_MS == s.deadline_ms);
	assert_int_equal(ACT_KILL,
	                 lifecycle_step(&s, EV_DEADLINE, s.deadline_ms));
}

static void
a_stop_without_a_limit_is_called_slow_once_and_kills_nobody(void **state)
{
	struct lifecycle s = service_in(SVC_RUNNING);

	(void)state;
	conf.drain_ms = conf.stop_timeout_ms = 0;
	assert_int_equal(ACT_STOP, lifecycle_step(&s, EV_STOP, NOW));
	assert_true(NOW + LIFECYCLE_SLOW_MS == s.deadline_ms);
	assert_int_equal(ACT_STOP, lifecycle_step(&s, EV_STOP, NOW + 1));
	assert_true(NOW + LIFECYCLE_SLOW_MS == s.deadline_ms);
	assert_int_equal(ACT_SLOW,
	                 lifecycle_step(&s, EV_DEADLINE, s.deadline_ms));
	assert_true(NEVER == s.deadline_ms);
	assert_false(s.killed);
	assert_int_equal(SVC_STOPPING, s.state);
}

static void
a_drain_turns_readiness_off_and_nothing_else(void **state)
{
	struct lifecycle s = service_in(SVC_RUNNING);

	(void)state;
	lifecycle_step(&s, EV_DRAIN, NOW);
	assert_false(lifecycle_is_ready(&s));
	assert_true(lifecycle_is_live(&s));
	assert_string_equal(lifecycle_state_text(&s), "draining");
}

static void
who_had_to_be_killed_leaves_no_time_to_the_others(void **state)
{
	struct lifecycle s = service_in(SVC_STOPPING);

	(void)state;
	assert_int_equal(lifecycle_step(&s, EV_DEADLINE, NOW), ACT_KILL);
	assert_int_equal(lifecycle_step(&s, EV_DEADLINE, NOW + 1000), ACT_KILL);
	assert_int_equal(lifecycle_step(&s, EV_EXITED, NOW + 1001), ACT_LEAVE);
	assert_int_equal(s.state, SVC_DOWN);
}

static const struct text {
	const char *name;
	enum lifecycle_state state;
	bool live, ready, serves, mends, is_sick_end;
	const char *text;
} texts[] = {
	{ "running", SVC_RUNNING, true, true, true, false, false, "running" },
	{ "mending", SVC_MENDING, true, false, false, true, true,
	  "restarting" },
	{ "clearing", SVC_CLEARING, true, false, false, true, false,
	  "restarting" },
	{ "waiting", SVC_WAITING, true, false, false, true, false,
	  "restarting" },
	{ "draining", SVC_DRAINING, true, false, true, false, false,
	  "draining" },
	{ "stopping", SVC_STOPPING, true, false, false, false, false,
	  "stopping" },
	{ "lingering", SVC_LINGERING, false, false, false, false, false,
	  "lingering" },
	{ "killing the rest", SVC_KILLING, false, false, false, false, false,
	  "lingering" },
	{ "down", SVC_DOWN, false, false, false, false, false, "down" },
};

static void
is_reported_as(void **state)
{
	const struct text *t = *state;
	struct lifecycle s = service_in(t->state);

	assert_int_equal(lifecycle_is_live(&s), t->live);
	assert_int_equal(lifecycle_is_ready(&s), t->ready);
	assert_int_equal(lifecycle_is_serving(&s), t->serves);
	assert_int_equal(lifecycle_is_mending(&s), t->mends);
	assert_int_equal(lifecycle_is_sick_end(&s), t->is_sick_end);
	assert_string_equal(lifecycle_state_text(&s), t->text);
}

/* --- random lives --- */

static uint64_t seed;

static unsigned
dice(unsigned sides)
{
	seed = seed * 6364136223846793005U + 1442695040888963407U;
	return (unsigned)(seed >> 33) % sides;
}

static int64_t
some_time(void)
{
	static const int64_t some[] = { 0, 1, 999, 1000, 1001, 30000 };

	return some[dice(sizeof some / sizeof some[0])];
}

static struct lifecycle
random_life(void)
{
	struct lifecycle s;

	conf = (struct lifecycle_conf){
		.drain_ms = some_time(), .stop_timeout_ms = some_time(),
		.linger_ms = some_time(),
	};
	lifecycle_started(&s, &conf, dice(2) == 0, NOW);
	return s;
}

/* What must hold after any step. */
static void
assert_sound(const struct lifecycle *was, const struct lifecycle *s,
             enum lifecycle_event ev, enum lifecycle_act act, int64_t now_ms)
{
	bool waits = s->state == SVC_DRAINING || s->state == SVC_LINGERING
	          || s->state == SVC_KILLING || s->killed;

	assert_int_not_equal(act, ACT_BUG);
	assert_true(s->state >= was->state);	/* a life does not go back */
	if (was->state == SVC_DOWN)
		assert_int_equal(act, ACT_NONE);
	assert_int_equal(act == ACT_LEAVE,
	                 s->state == SVC_DOWN && was->state != SVC_DOWN);
	if (s->state == SVC_DOWN || s->state == SVC_RUNNING)
		assert_true(s->deadline_ms == NEVER);
	else if (waits
	      || (s->state == SVC_STOPPING && conf.stop_timeout_ms > 0))
		assert_true(s->deadline_ms != NEVER);
	if (ev == EV_DEADLINE && s->deadline_ms != NEVER)
		assert_true(s->deadline_ms > now_ms);	/* or a hot loop */
	if (lifecycle_is_ready(s))
		assert_true(s->state == SVC_RUNNING && lifecycle_is_ready(was));
	if (was->unready_ms != NEVER)
		assert_true(s->unready_ms == was->unready_ms);
	if (s->state > SVC_DRAINING)	/* and says since when */
		assert_true(s->unready_ms != NEVER);
	if (act == ACT_STOP)
		assert_int_equal(s->state, SVC_STOPPING);
	if (act == ACT_KILL)
		assert_true(s->killed);
	if (was->state == SVC_STOPPING && s->state > SVC_STOPPING)
		assert_false(lifecycle_is_live(s));	/* for any reason */
	else if (was->state < SVC_LINGERING
	      && (ev == EV_EXITED || ev == EV_FAILED))
		assert_false(lifecycle_is_live(s));
	else
		assert_true(!lifecycle_is_live(was) || lifecycle_is_live(s));
}

/* The events that the kernel can send: an exit once, a deadline when due. */
static enum lifecycle_event
next_event(const struct lifecycle *s, int64_t *now_ms)
{
	enum lifecycle_event ev = (enum lifecycle_event)dice(EV_DEADLINE + 1);

	if (ev == EV_REFUSED || ev == EV_NOT_STARTED)	/* nothing starts */
		ev = EV_ALONE;
	*now_ms += some_time();
	if (s->deadline_ms <= *now_ms)
		return EV_DEADLINE;
	if (ev == EV_DEADLINE && s->deadline_ms != NEVER)
		*now_ms = s->deadline_ms;
	return ev;
}

static void
any_sequence_of_events_is_a_sound_life(void **state)
{
	(void)state;
	for (seed = 1; seed <= SEQUENCES; seed++) {
		uint64_t start = seed;
		struct lifecycle s = random_life();
		int64_t now_ms = NOW;

		for (int i = 0; i < EVENTS; i++) {
			struct lifecycle was = s;
			enum lifecycle_event ev = next_event(&s, &now_ms);
			enum lifecycle_act act = lifecycle_step(&s, ev, now_ms);

			assert_sound(&was, &s, ev, act, now_ms);
		}
		seed = start;
	}
}

/* With nothing but deadlines, once asked and once ended. */
static void
every_life_ends_by_its_deadlines(void **state)
{
	(void)state;
	for (seed = 1; seed <= SEQUENCES; seed++) {
		uint64_t start = seed;
		struct lifecycle s = random_life();
		int64_t now_ms = NOW;

		lifecycle_step(&s, EV_STOP, now_ms);
		for (int i = 0; i < 3 && s.state == SVC_DRAINING; i++)
			lifecycle_step(&s, EV_DEADLINE, s.deadline_ms);
		assert_int_equal(s.state, SVC_STOPPING);
		lifecycle_step(&s, EV_EXITED, now_ms);
		for (int i = 0; i < 3 && s.state != SVC_DOWN; i++)
			lifecycle_step(&s, EV_DEADLINE, s.deadline_ms);
		assert_int_equal(s.state, SVC_DOWN);
		seed = start;
	}
}

int
main(void)
{
	UNIT_TEST(a_started_service_is_ready_and_waits_for_nothing);
	UNIT_ROWS(steps, rows);
	UNIT_TEST(the_table_has_every_state_and_event);
	UNIT_TEST(an_unknown_state_or_event_is_a_bug_and_no_end);
	UNIT_ROWS(a_time_of_zero_is_off, times);
	UNIT_ROWS(what_was_drained_is_not_waited_for_again, drained);
	UNIT_ROWS(the_drain_counts_the_time_without_readiness, offs);
	UNIT_TEST(a_restart_turns_readiness_off_from_the_end_on);
	UNIT_TEST(a_mend_that_is_not_heard_takes_no_drain_away);
	UNIT_TEST(one_that_hangs_in_the_drain_is_stopped_at_once);
	UNIT_TEST(one_that_is_not_live_is_killed_without_a_stop_timeout_too);
	UNIT_TEST(a_stop_without_a_limit_is_called_slow_once_and_kills_nobody);
	UNIT_TEST(a_drain_turns_readiness_off_and_nothing_else);
	UNIT_TEST(who_had_to_be_killed_leaves_no_time_to_the_others);
	UNIT_ROWS(is_reported_as, texts);
	UNIT_TEST(any_sequence_of_events_is_a_sound_life);
	UNIT_TEST(every_life_ends_by_its_deadlines);
	return unit_run("sup/lifecycle");
}
