/* SPDX-License-Identifier: MIT */
/* sup/health.c - thresholds: results in, verdict out (pure) */
#include "sup/health.h"

#include "base/clock.h"

static void
check_start(const struct health *h, struct health_check *c, int64_t now_ms)
{
	*c = (struct health_check){
		.counts_for = c->counts_for,
		.state = HEALTH_STARTING,
		.due_ms = now_ms,
		.began_ms = CLOCK_NEVER,
		.counts_ms = now_ms + h->conf.interval_ms,
		.eager_ms = HEALTH_EAGER_MS,
		.blind_ms = CLOCK_NEVER,
		/* What was before the restart still tells flapping. */
		.history = c->history,
		.n_history = c->n_history,
		.flaps = c->flaps,
	};
}

/* see sup/health.h */
void
health_start(struct health *h, int64_t now_ms)
{
	h->is_on = true;
	h->was_ready = false;
	h->lenient_ms = now_ms + h->conf.start_period_ms;
	for (size_t i = 0; i < h->n; i++)
		check_start(h, &h->checks[i], now_ms);
}

/* see sup/health.h */
void
health_stop(struct health *h)
{
	h->is_on = false;
}

/* Does it need the start period no more? Where readiness is said by nobody the
 * service is ready from its first moment, and the check itself tells. */
static bool
has_started(const struct health *h, const struct health_check *c)
{
	return h->asks_ready ? h->was_ready : c->state != HEALTH_STARTING;
}

/* A failure counts from the end of the start period on: then it is asked. */
static int64_t
no_later(const struct health *h, const struct health_check *c, int64_t due_ms)
{
	bool steps_over = due_ms != CLOCK_NEVER && due_ms > h->lenient_ms;

	return steps_over && !has_started(h, c) ? h->lenient_ms : due_ms;
}

/* see sup/health.h */
void
health_extend(struct health *h, int64_t until_ms)
{
	if (!h->is_on || h->lenient_ms >= until_ms)
		return;
	h->lenient_ms = until_ms;
	for (size_t i = 0; i < h->n; i++) {
		struct health_check *c = &h->checks[i];

		c->due_ms = no_later(h, c, c->due_ms);
	}
}

static bool
is_under_way(const struct health_check *c)
{
	return c->began_ms != CLOCK_NEVER;
}

/* see sup/health.h */
void
health_pardon(struct health *h, int64_t since_ms, int64_t now_ms)
{
	int64_t late_ms = now_ms - since_ms;

	if (h->lenient_ms > since_ms)
		h->lenient_ms += late_ms;
	for (size_t i = 0; i < h->n; i++) {
		struct health_check *c = &h->checks[i];

		if (c->counts_ms > since_ms)
			c->counts_ms += late_ms;
		if (c->blind_ms != CLOCK_NEVER)
			c->blind_ms += late_ms;
		c->is_frozen |= is_under_way(c);
	}
}

/* see sup/health.h */
enum health_todo
health_due(const struct health *h, size_t i, int64_t now_ms)
{
	const struct health_check *c = &h->checks[i];

	if (!h->is_on)
		return HEALTH_WAIT;
	if (!is_under_way(c))
		return now_ms >= c->due_ms ? HEALTH_BEGIN : HEALTH_WAIT;
	return now_ms - c->began_ms >= h->conf.timeout_ms ? HEALTH_LATE
	                                                  : HEALTH_WAIT;
}

/* see sup/health.h */
void
health_begun(struct health *h, size_t i, int64_t now_ms)
{
	h->checks[i].began_ms = now_ms;
	h->checks[i].is_frozen = false;
	h->checks[i].due_ms = CLOCK_NEVER;
}

static int
count_changes(const struct health_check *c)
{
	uint32_t changed = c->history ^ (c->history >> 1);
	int n = 0;

	for (int i = 1; i < c->n_history; i++)
		if (changed & UINT32_C(1) << (i - 1))
			n++;
	return n;
}

static void
note_history(struct health_check *c, bool good)
{
	int changes;

	c->history = c->history << 1 | good;
	if (c->n_history < HEALTH_HISTORY)
		c->n_history++;
	changes = count_changes(c);
	if (changes >= HEALTH_FLAPS_ON)
		c->flaps = true;
	else if (changes <= HEALTH_FLAPS_OFF)
		c->flaps = false;
}

static bool
failure_counts(const struct health *h, const struct health_check *c)
{
	if (c->began_ms < h->lenient_ms && !has_started(h, c))
		return false;
	return c->state != HEALTH_STARTING || c->began_ms >= c->counts_ms;
}

/* The owner ends what is late at its time, unless it does not run itself. */
static bool
was_frozen(const struct health *h, const struct health_check *c, int64_t now_ms)
{
	return now_ms - c->began_ms > h->conf.timeout_ms + HEALTH_FROZEN_MS;
}

/* Twice in a row a freeze is taken for a machine too busy to wake us in time:
 * a service that is sick there must be found as well. */
static bool
is_forgiven(struct health_check *c)
{
	c->was_forgiven = c->is_frozen && !c->was_forgiven;
	return c->was_forgiven;
}

static void
note_failure(const struct health *h, struct health_check *c)
{
	if (!failure_counts(h, c))
		return;
	c->counts_ms = c->began_ms + h->conf.interval_ms;
	if (c->failures < h->conf.retries)
		c->failures++;
	if (c->failures >= h->conf.retries)
		c->state = HEALTH_FAILING;
}

/* STARTING: a growing pause, which does not step over the moment at which a
 * failure begins to count. */
static int64_t
next_eager(const struct health *h, struct health_check *c, int64_t now_ms)
{
	int64_t most = h->conf.interval_ms;
	int64_t pause;
	int64_t due_ms;

	if (now_ms < h->lenient_ms && most > h->conf.start_interval_ms)
		most = h->conf.start_interval_ms;
	pause = c->eager_ms < most ? c->eager_ms : most;
	due_ms = c->began_ms + pause;
	c->eager_ms = pause * 2;
	if (c->began_ms < c->counts_ms && due_ms > c->counts_ms)
		due_ms = c->counts_ms;
	return due_ms;
}

static int64_t
next_due(const struct health *h, struct health_check *c, bool good,
         int64_t now_ms)
{
	bool was_late = now_ms - c->began_ms >= h->conf.timeout_ms;
	int64_t first_ms = now_ms + (was_late ? HEALTH_REAP_MS : 0);
	int64_t due_ms = c->state == HEALTH_STARTING
	               ? next_eager(h, c, now_ms)
	               : c->began_ms + h->conf.interval_ms;

	if (!good && c->began_ms < h->lenient_ms)
		due_ms = no_later(h, c, due_ms);
	return due_ms > first_ms ? due_ms : first_ms;
}

/* see sup/health.h */
void
health_result(struct health *h, size_t i, bool good, int64_t now_ms)
{
	struct health_check *c = &h->checks[i];

	if (!h->is_on || !is_under_way(c))
		return;
	c->blind_ms = CLOCK_NEVER;
	c->is_blind = false;
	if (good) {
		c->state = HEALTH_PASSING;
		c->failures = 0;
		c->was_forgiven = false;
		note_history(c, true);
	} else if (!was_frozen(h, c, now_ms) && !is_forgiven(c)) {
		note_failure(h, c);
		note_history(c, false);
	}
	c->due_ms = next_due(h, c, good, now_ms);
	c->began_ms = CLOCK_NEVER;
}

/* see sup/health.h */
void
health_not_run(struct health *h, size_t i, int64_t now_ms)
{
	struct health_check *c = &h->checks[i];
	int64_t again_ms = now_ms + HEALTH_AGAIN_MS;

	if (!h->is_on || !is_under_way(c))
		return;
	if (c->blind_ms == CLOCK_NEVER)
		c->blind_ms = now_ms;
	c->due_ms = next_due(h, c, false, now_ms);
	if (c->due_ms > again_ms)	/* one bad moment an hour is no hour */
		c->due_ms = again_ms;
	c->began_ms = CLOCK_NEVER;
}

/* When the time without a result becomes too long. */
static int64_t
blind_deadline(const struct health_check *c)
{
	/* One that is under way may end it. */
	bool matters = (c->counts_for & HEALTH_READY) != 0 && !c->is_blind
	            && !is_under_way(c);

	return matters && c->blind_ms != CLOCK_NEVER
	     ? c->blind_ms + HEALTH_BLIND_MS : CLOCK_NEVER;
}

/* see sup/health.h */
bool
health_turns_blind(struct health *h, size_t i, int64_t now_ms)
{
	struct health_check *c = &h->checks[i];

	if (!h->is_on || now_ms < blind_deadline(c))
		return false;
	c->is_blind = true;
	return true;
}

/* see sup/health.h */
int64_t
health_deadline(const struct health *h)
{
	int64_t next = CLOCK_NEVER;

	for (size_t i = 0; i < h->n && h->is_on; i++) {
		const struct health_check *c = &h->checks[i];
		int64_t at = is_under_way(c) ? c->began_ms + h->conf.timeout_ms
		                             : c->due_ms;

		if (at > blind_deadline(c))
			at = blind_deadline(c);
		if (at < next)
			next = at;
	}
	return next;
}

/* see sup/health.h */
bool
health_check_passes(const struct health_check *c, enum health_verdict verdict)
{
	if ((c->counts_for & verdict) == 0)
		return true;
	return verdict == HEALTH_LIVE ? c->state != HEALTH_FAILING
	                              : c->state == HEALTH_PASSING
	                                && !c->is_blind;
}

/* see sup/health.h */
bool
health_passes(const struct health *h, enum health_verdict verdict)
{
	for (size_t i = 0; i < h->n; i++)
		if (!health_check_passes(&h->checks[i], verdict))
			return false;
	return true;
}

/* see sup/health.h */
const char *
health_state_text(const struct health_check *c)
{
	if (c->blind_ms != CLOCK_NEVER)
		return "unknown";
	switch (c->state) {
	case HEALTH_STARTING:
		return "starting";
	case HEALTH_PASSING:
		return "passing";
	case HEALTH_FAILING:
		return "failing";
	}
	return "unknown";
}
