/* SPDX-License-Identifier: MIT */
/*
 * sup/verdict.h - thresholds: results of checks in, verdicts out (pure)
 *
 * Runs no check and reads no clock: the owner looks what is due, begins it
 * and reports how it went. Times are base/clock.h's.
 *
 * A check is STARTING until its first success or until enough failures
 * counted; then PASSING or FAILING. Readiness needs every check of its own
 * PASSING; liveness only that none of its own is FAILING.
 *
 * A check that could not be run at all (verdict_not_run()) says nothing: what
 * it said last holds. When that has lasted for VERDICT_BLIND_MS, readiness is
 * off until it can be run again; liveness never is for that.
 */
#ifndef HALE_SUP_VERDICT_H
#define HALE_SUP_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VERDICT_CHECKS_MAX 8
#define VERDICT_EAGER_MS   100	/* first pause before the first success */
#define VERDICT_REAP_MS    100	/* a late one gets so long to be gone */
#define VERDICT_FROZEN_MS  2000	/* so late a result: we were stopped, not it */
#define VERDICT_BLIND_MS   300000	/* not run so long: no longer ready */
#define VERDICT_AGAIN_MS   30000	/* longest pause before the next try */
#define VERDICT_HISTORY    20	/* results that show flapping */
#define VERDICT_FLAPS_ON   6	/* changes among them: flapping .. */
#define VERDICT_FLAPS_OFF  2	/* .. until there are so few */

/* What a probe wants to know. Bits: a check may count for several. */
enum verdict {
	VERDICT_STARTUP = 1,	/* it has been ready once; no threshold here */
	VERDICT_READY   = 2,
	VERDICT_LIVE    = 4,
};

enum verdict_state { VERDICT_STARTING, VERDICT_PASSING, VERDICT_FAILING };

struct verdict_conf {
	int64_t interval_ms;	/* begin to begin; more than 0 */
	int64_t timeout_ms;	/* more than 0 */
	int64_t start_period_ms;
	int64_t start_interval_ms;	/* more than 0 */
	int     retries;	/* failures in a row that make it fail; >= 1 */
};

struct verdict_check {
	unsigned           counts_for;	/* VERDICT_READY, VERDICT_LIVE */
	enum verdict_state state;
	int      failures;	/* in a row, those that count */
	int64_t  due_ms;	/* when to begin, or CLOCK_NEVER */
	int64_t  began_ms;	/* of the one under way, or CLOCK_NEVER */
	int64_t  counts_ms;	/* STARTING: begun earlier, it cannot count */
	int64_t  eager_ms;	/* STARTING: the next pause */
	int64_t  blind_ms;	/* it cannot be run since, or CLOCK_NEVER */
	bool     is_blind;	/* for too long */
	bool     is_frozen;	/* the one under way was, for a while */
	bool     was_forgiven;	/* the last failure, for that */
	uint32_t history;	/* a bit each, the last one lowest; 1: good */
	int      n_history;
	bool     flaps;
};

struct verdict_checks {
	/* set by the owner, with the checks' counts_for, before
	 * verdict_start() */
	struct verdict_conf  conf;
	bool                 knows_ready;	/* it or a check says when */
	size_t               n;
	/* its own */
	bool    is_on;		/* between start and stop */
	bool    was_ready;	/* since the start; the owner says so */
	int64_t lenient_ms;	/* the start period's end */
	struct verdict_check checks[VERDICT_CHECKS_MAX];
};

/* The service was started: all begins anew, every check is due. */
void verdict_start(struct verdict_checks *v, int64_t now_ms);

/* It is being stopped or has ended: nothing is due, no result counts. */
void verdict_stop(struct verdict_checks *v);

/* It asks for more time to start: the period ends no earlier. */
void verdict_extend(struct verdict_checks *v, int64_t until_ms);

/* hale itself did not run from since_ms on, and so perhaps neither did the
 * service: what was left of a time then is left now. The failure of a check
 * that is under way does not count, unless the last one was forgiven, too. */
void verdict_pardon(struct verdict_checks *v, int64_t since_ms, int64_t now_ms);

enum verdict_todo { VERDICT_WAIT, VERDICT_BEGIN, VERDICT_LATE };

/* What is to be done about check i now: begin it, or end it as late. */
enum verdict_todo verdict_due(const struct verdict_checks *v, size_t i,
                              int64_t now_ms);

void verdict_begun(struct verdict_checks *v, size_t i, int64_t now_ms);

/*
 * How the check that was begun went. Before its first success a check is
 * run more often, so that a service is ready soon after it is up; of these
 * failures one an interval counts, and of those in the start period none,
 * unless the service has been ready (without `knows_ready`: once this check
 * has passed); it is run again when the period ends. A failure that is reported
 * long after the timeout says nothing: the container was paused meanwhile.
 */
void verdict_result(struct verdict_checks *v, size_t i, bool good,
                    int64_t now_ms);

/*
 * The check that was begun could not be run: no process, descriptor or memory
 * was left for it. That counts neither way and is not part of the history; any
 * result ends it.
 */
void verdict_not_run(struct verdict_checks *v, size_t i, int64_t now_ms);

/* Returns true once when check i, which counts for readiness, could not be run
 * for VERDICT_BLIND_MS: readiness is off from here on. */
bool verdict_turns_blind(struct verdict_checks *v, size_t i, int64_t now_ms);

/* When verdict_due() or verdict_turns_blind() has something next, or
 * CLOCK_NEVER. */
int64_t verdict_deadline(const struct verdict_checks *v);

/* Do the checks of this verdict say yes? */
bool verdict_passes(const struct verdict_checks *v, enum verdict verdict);

/* Does this one alone? */
bool verdict_check_passes(const struct verdict_check *c,
                          enum verdict verdict);

/* "starting", "passing", "failing", or "unknown" while it cannot be run;
 * static. */
const char *verdict_state_text(const struct verdict_check *c);

#endif
