/* SPDX-License-Identifier: MIT */
/* sup/verdict.c - thresholds: results of checks in, verdicts out */
#include "sup/verdict.h"

#include "base/clock.h"

static void
check_start(const struct verdict_checks *v, struct verdict_check *c,
            int64_t now_ms)
{
	*c = (struct verdict_check){
		.counts_for = c->counts_for,
		.state = VERDICT_STARTING,
		.due_ms = now_ms,
		.began_ms = CLOCK_NEVER,
		.counts_ms = now_ms + v->conf.interval_ms,
		.eager_ms = VERDICT_EAGER_MS,
		.blind_ms = CLOCK_NEVER,
		/* What was before the restart still shows flapping. */
		.history = c->history,
		.n_history = c->n_history,
		.flaps = c->flaps,
	};
}

/* see sup/verdict.h */
void
verdict_start(struct verdict_checks *v, int64_t now_ms)
{
	v->is_on = true;
	v->was_ready = false;
	v->lenient_ms = now_ms + v->conf.start_period_ms;
	for (size_t i = 0; i < v->n; i++)
		check_start(v, &v->checks[i], now_ms);
}

/* see sup/verdict.h */
void
verdict_stop(struct verdict_checks *v)
{
	v->is_on = false;
}

/* Is the start period over for it? If nobody says when it is ready, the
 * service is ready from its first moment, and the check itself shows it. */
static bool
has_started(const struct verdict_checks *v, const struct verdict_check *c)
{
	return v->knows_ready ? v->was_ready : c->state != VERDICT_STARTING;
}

/* A failure counts from the end of the start period on: then it is run. */
static int64_t
no_later(const struct verdict_checks *v, const struct verdict_check *c,
         int64_t due_ms)
{
	bool steps_over = due_ms != CLOCK_NEVER && due_ms > v->lenient_ms;

	return steps_over && !has_started(v, c) ? v->lenient_ms : due_ms;
}

/* see sup/verdict.h */
void
verdict_extend(struct verdict_checks *v, int64_t until_ms)
{
	if (!v->is_on || v->lenient_ms >= until_ms)
		return;
	v->lenient_ms = until_ms;
	for (size_t i = 0; i < v->n; i++) {
		struct verdict_check *c = &v->checks[i];

		c->due_ms = no_later(v, c, c->due_ms);
	}
}

static bool
is_under_way(const struct verdict_check *c)
{
	return c->began_ms != CLOCK_NEVER;
}

/* see sup/verdict.h */
void
verdict_pardon(struct verdict_checks *v, int64_t since_ms, int64_t now_ms)
{
	int64_t late_ms = now_ms - since_ms;

	if (v->lenient_ms > since_ms)
		v->lenient_ms += late_ms;
	for (size_t i = 0; i < v->n; i++) {
		struct verdict_check *c = &v->checks[i];

		if (c->counts_ms > since_ms)
			c->counts_ms += late_ms;
		if (c->blind_ms != CLOCK_NEVER)
			c->blind_ms += late_ms;
		c->is_frozen |= is_under_way(c);
	}
}

/* see sup/verdict.h */
enum verdict_todo
verdict_due(const struct verdict_checks *v, size_t i, int64_t now_ms)
{
	const struct verdict_check *c = &v->checks[i];

	if (!v->is_on)
		return VERDICT_WAIT;
	if (!is_under_way(c))
		return now_ms >= c->due_ms ? VERDICT_BEGIN : VERDICT_WAIT;
	return now_ms - c->began_ms >= v->conf.timeout_ms ? VERDICT_LATE
	                                                  : VERDICT_WAIT;
}

/* see sup/verdict.h */
void
verdict_begun(struct verdict_checks *v, size_t i, int64_t now_ms)
{
	v->checks[i].began_ms = now_ms;
	v->checks[i].is_frozen = false;
	v->checks[i].due_ms = CLOCK_NEVER;
}

static int
count_changes(const struct verdict_check *c)
{
	uint32_t changed = c->history ^ (c->history >> 1);
	int n = 0;

	for (int i = 1; i < c->n_history; i++)
		if (changed & UINT32_C(1) << (i - 1))
			n++;
	return n;
}

static void
note_history(struct verdict_check *c, bool good)
{
	int changes;

	c->history = c->history << 1 | good;
	if (c->n_history < VERDICT_HISTORY)
		c->n_history++;
	changes = count_changes(c);
	if (changes >= VERDICT_FLAPS_ON)
		c->flaps = true;
	else if (changes <= VERDICT_FLAPS_OFF)
		c->flaps = false;
}

static bool
failure_counts(const struct verdict_checks *v, const struct verdict_check *c)
{
	if (c->began_ms < v->lenient_ms && !has_started(v, c))
		return false;
	return c->state != VERDICT_STARTING || c->began_ms >= c->counts_ms;
}

/* The owner ends what is late at its time, unless it does not run itself. */
static bool
was_frozen(const struct verdict_checks *v, const struct verdict_check *c,
           int64_t now_ms)
{
	return now_ms - c->began_ms > v->conf.timeout_ms + VERDICT_FROZEN_MS;
}

/* Twice in a row a freeze is taken for a machine too busy to wake us in time:
 * a service that is sick there must be found as well. */
static bool
is_forgiven(struct verdict_check *c)
{
	c->was_forgiven = c->is_frozen && !c->was_forgiven;
	return c->was_forgiven;
}

static void
note_failure(const struct verdict_checks *v, struct verdict_check *c)
{
	if (!failure_counts(v, c))
		return;
	c->counts_ms = c->began_ms + v->conf.interval_ms;
	if (c->failures < v->conf.retries)
		c->failures++;
	if (c->failures >= v->conf.retries)
		c->state = VERDICT_FAILING;
}

/* STARTING: a growing pause, which does not step over the moment at which a
 * failure begins to count. */
static int64_t
next_eager(const struct verdict_checks *v, struct verdict_check *c,
           int64_t now_ms)
{
	int64_t most = v->conf.interval_ms;
	int64_t pause;
	int64_t due_ms;

	if (now_ms < v->lenient_ms && most > v->conf.start_interval_ms)
		most = v->conf.start_interval_ms;
	pause = c->eager_ms < most ? c->eager_ms : most;
	due_ms = c->began_ms + pause;
	c->eager_ms = pause * 2;
	if (c->began_ms < c->counts_ms && due_ms > c->counts_ms)
		due_ms = c->counts_ms;
	return due_ms;
}

static int64_t
next_due(const struct verdict_checks *v, struct verdict_check *c, bool good,
         int64_t now_ms)
{
	bool was_late = now_ms - c->began_ms >= v->conf.timeout_ms;
	int64_t first_ms = now_ms + (was_late ? VERDICT_REAP_MS : 0);
	int64_t due_ms = c->state == VERDICT_STARTING
	               ? next_eager(v, c, now_ms)
	               : c->began_ms + v->conf.interval_ms;

	if (!good && c->began_ms < v->lenient_ms)
		due_ms = no_later(v, c, due_ms);
	return due_ms > first_ms ? due_ms : first_ms;
}

/* see sup/verdict.h */
void
verdict_result(struct verdict_checks *v, size_t i, bool good, int64_t now_ms)
{
	struct verdict_check *c = &v->checks[i];

	if (!v->is_on || !is_under_way(c))
		return;
	c->blind_ms = CLOCK_NEVER;
	c->is_blind = false;
	if (good) {
		c->state = VERDICT_PASSING;
		c->failures = 0;
		c->was_forgiven = false;
		note_history(c, true);
	} else if (!was_frozen(v, c, now_ms) && !is_forgiven(c)) {
		note_failure(v, c);
		note_history(c, false);
	}
	c->due_ms = next_due(v, c, good, now_ms);
	c->began_ms = CLOCK_NEVER;
}

/* see sup/verdict.h */
void
verdict_not_run(struct verdict_checks *v, size_t i, int64_t now_ms)
{
	struct verdict_check *c = &v->checks[i];
	int64_t again_ms = now_ms + VERDICT_AGAIN_MS;

	if (!v->is_on || !is_under_way(c))
		return;
	if (c->blind_ms == CLOCK_NEVER)
		c->blind_ms = now_ms;
	c->due_ms = next_due(v, c, false, now_ms);
	if (c->due_ms > again_ms)	/* one bad moment is not a bad hour */
		c->due_ms = again_ms;
	c->began_ms = CLOCK_NEVER;
}

/* When the time without a result becomes too long. */
static int64_t
blind_deadline(const struct verdict_check *c)
{
	/* One that is under way may end it. */
	bool matters = (c->counts_for & VERDICT_READY) != 0 && !c->is_blind
	            && !is_under_way(c);

	return matters && c->blind_ms != CLOCK_NEVER
	     ? c->blind_ms + VERDICT_BLIND_MS : CLOCK_NEVER;
}

/* see sup/verdict.h */
bool
verdict_turns_blind(struct verdict_checks *v, size_t i, int64_t now_ms)
{
	struct verdict_check *c = &v->checks[i];

	if (!v->is_on || now_ms < blind_deadline(c))
		return false;
	c->is_blind = true;
	return true;
}

/* see sup/verdict.h */
int64_t
verdict_deadline(const struct verdict_checks *v)
{
	int64_t next = CLOCK_NEVER;

	for (size_t i = 0; i < v->n && v->is_on; i++) {
		const struct verdict_check *c = &v->checks[i];
		int64_t at = is_under_way(c) ? c->began_ms + v->conf.timeout_ms
		                             : c->due_ms;

		if (at > blind_deadline(c))
			at = blind_deadline(c);
		if (at < next)
			next = at;
	}
	return next;
}

/* see sup/verdict.h */
bool
verdict_check_passes(const struct verdict_check *c, enum verdict verdict)
{
	if ((c->counts_for & verdict) == 0)
		return true;
	return verdict == VERDICT_LIVE ? c->state != VERDICT_FAILING
	                               : c->state == VERDICT_PASSING
	                                 && !c->is_blind;
}

/* see sup/verdict.h */
bool
verdict_passes(const struct verdict_checks *v, enum verdict verdict)
{
	for (size_t i = 0; i < v->n; i++)
		if (!verdict_check_passes(&v->checks[i], verdict))
			return false;
	return true;
}

/* see sup/verdict.h */
const char *
verdict_state_text(const struct verdict_check *c)
{
	if (c->blind_ms != CLOCK_NEVER)
		return "unknown";
	switch (c->state) {
	case VERDICT_STARTING:
		return "starting";
	case VERDICT_PASSING:
		return "passing";
	case VERDICT_FAILING:
		return "failing";
	}
	return "unknown";
}
