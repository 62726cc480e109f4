/* SPDX-License-Identifier: MIT */
/* sup/lifecycle.c - life of the service (pure) */
#include "sup/lifecycle.h"

#include "base/clock.h"

/* see sup/lifecycle.h */
void
lifecycle_started(struct lifecycle *s, int64_t now_ms)
{
	s->state = SVC_RUNNING;
	s->deadline_ms = CLOCK_NEVER;
	s->unready_ms = CLOCK_NEVER;
	s->off_ms = now_ms;
	s->killed = s->gave_up = s->sickened = false;
	s->unheard = s->stuck = s->is_patient = false;
	s->restarts = s->in_row = s->stops = 0;
	s->backoff_ms = s->backoff_min_ms;
	s->refused_ms = LIFECYCLE_REFUSED_MS;
	s->start_ms = s->last_ms = CLOCK_NEVER;
	s->good_ms = now_ms;
}

/* Somebody is to end within timeout_ms; 0: whenever it likes. */
static void
give_time(struct lifecycle *s, int64_t now_ms, int64_t timeout_ms)
{
	s->wait_ms = timeout_ms;
	s->deadline_ms = timeout_ms > 0 ? now_ms + timeout_ms : CLOCK_NEVER;
	s->last_ms = CLOCK_NEVER;
	s->pardoned = s->is_patient = false;
}

static void
turn_unready(struct lifecycle *s, int64_t now_ms)
{
	if (s->unready_ms == CLOCK_NEVER)
		s->unready_ms = now_ms;
}

/* see sup/lifecycle.h */
int64_t
lifecycle_off_since(const struct lifecycle *s)
{
	return s->off_ms < s->unready_ms ? s->off_ms : s->unready_ms;
}

/* Nobody is sent to it from here on: until EV_READY. */
static void
turn_off(struct lifecycle *s, int64_t now_ms)
{
	if (s->off_ms == CLOCK_NEVER)
		s->off_ms = now_ms;
}

/* RUNNING, DRAINING: a live check has failed, or the watchdog was not fed. */
static bool
is_sick(const struct lifecycle *s)
{
	return s->good_ms == CLOCK_NEVER;
}

static int64_t
hung_timeout(const struct lifecycle *s)
{
	return s->stop_timeout_ms > 0 ? s->stop_timeout_ms : LIFECYCLE_HUNG_MS;
}

/* One without a limit takes as long as it likes; after a while that is said. */
static enum lifecycle_act
begin_stop(struct lifecycle *s, int64_t now_ms)
{
	bool has_limit = s->stop_timeout_ms > 0 || is_sick(s);

	turn_unready(s, now_ms);
	s->state = SVC_STOPPING;
	give_time(s, now_ms, has_limit ? hung_timeout(s) : LIFECYCLE_SLOW_MS);
	s->is_patient = !has_limit;
	return ACT_STOP;
}

/* The drain is for those who still send: it begins with the moment at which
 * they could see that readiness is off, and is of no use to a hung service. */
static enum lifecycle_act
begin_drain(struct lifecycle *s, int64_t now_ms)
{
	int64_t since_ms;

	turn_unready(s, now_ms);
	since_ms = lifecycle_off_since(s);
	if (is_sick(s) || now_ms - since_ms >= s->drain_ms)
		return begin_stop(s, now_ms);
	s->state = SVC_DRAINING;
	s->deadline_ms = since_ms + s->drain_ms;
	return ACT_NONE;
}

static enum lifecycle_act
leave(struct lifecycle *s, int64_t now_ms)
{
	turn_unready(s, now_ms);
	s->state = SVC_DOWN;
	s->deadline_ms = CLOCK_NEVER;
	return ACT_LEAVE;
}

static enum lifecycle_act
kill_rest(struct lifecycle *s, int64_t now_ms)
{
	turn_unready(s, now_ms);
	s->killed = true;
	s->state = SVC_KILLING;
	s->deadline_ms = now_ms + LIFECYCLE_KILL_AGAIN_MS;
	return ACT_KILL;
}

/* The service is gone for good: the others get their time, if they are to
 * have any. */
static enum lifecycle_act
end(struct lifecycle *s, int64_t now_ms)
{
	if (s->linger_ms == 0 || s->killed)
		return leave(s, now_ms);
	turn_unready(s, now_ms);
	s->state = SVC_LINGERING;
	give_time(s, now_ms, s->linger_ms);
	return ACT_TERM_REST;
}

/* --- restarts --- */

/* At the end of a healthy time: a long one makes good what was before it. */
static void
note_good(struct lifecycle *s, int64_t now_ms)
{
	if (s->good_ms != CLOCK_NEVER
	 && now_ms - s->good_ms >= LIFECYCLE_GOOD_MS) {
		s->in_row = 0;
		s->backoff_ms = s->backoff_min_ms;
	}
	s->good_ms = CLOCK_NEVER;
}

static bool
has_restarts_left(const struct lifecycle *s)
{
	return s->max_restarts == 0 || s->in_row < s->max_restarts;
}

/* What the dead one left would meet the next: two of a kind on one port. */
static enum lifecycle_act
clear(struct lifecycle *s, int64_t now_ms)
{
	turn_off(s, now_ms);
	s->restarts++;
	s->in_row++;
	s->refused_ms = LIFECYCLE_REFUSED_MS;
	s->start_ms = now_ms + s->backoff_ms;
	s->backoff_ms *= 2;
	if (s->backoff_ms > s->backoff_max_ms)
		s->backoff_ms = s->backoff_max_ms;
	s->state = SVC_CLEARING;
	s->stuck = false;
	give_time(s, now_ms, s->linger_ms);
	s->last_ms = now_ms + s->linger_ms + LIFECYCLE_CLEAR_MAX_MS;
	if (s->linger_ms > 0)
		return ACT_CLEAR_TERM;
	s->deadline_ms = now_ms + LIFECYCLE_CLEAR_AGAIN_MS;
	return ACT_CLEAR;
}

/* CLEARING: may what the service left still finish, unhurt? */
static bool
leaves_time(const struct lifecycle *s)
{
	return s->deadline_ms == s->last_ms - LIFECYCLE_CLEAR_MAX_MS;
}

static enum lifecycle_act
restart(struct lifecycle *s, int64_t now_ms)
{
	note_good(s, now_ms);
	if (!s->gave_up && has_restarts_left(s))
		return clear(s, now_ms);
	s->gave_up = true;
	return end(s, now_ms);
}

static enum lifecycle_act
wait_for_start(struct lifecycle *s)
{
	s->state = SVC_WAITING;
	s->deadline_ms = s->start_ms;
	return ACT_NONE;
}

static enum lifecycle_act
start_again(struct lifecycle *s, int64_t now_ms)
{
	s->state = SVC_RUNNING;
	s->deadline_ms = CLOCK_NEVER;
	s->good_ms = now_ms;
	return ACT_START;
}

/* A back-off of its own: the service's says how ill that is. */
static enum lifecycle_act
try_later(struct lifecycle *s, int64_t now_ms)
{
	s->good_ms = CLOCK_NEVER;
	s->start_ms = now_ms + s->refused_ms;
	s->refused_ms *= 2;
	if (s->refused_ms > s->backoff_max_ms)
		s->refused_ms = s->backoff_max_ms > LIFECYCLE_REFUSED_MS
		              ? s->backoff_max_ms : LIFECYCLE_REFUSED_MS;
	return wait_for_start(s);
}

/* --- health --- */

static enum lifecycle_act
mend(struct lifecycle *s, int64_t now_ms)
{
	if (s->gave_up)
		return ACT_NONE;
	if (!has_restarts_left(s)) {
		s->gave_up = true;
		return ACT_NONE;
	}
	s->state = SVC_MENDING;
	give_time(s, now_ms, hung_timeout(s));
	return ACT_STOP;
}

static enum lifecycle_act
sicken(struct lifecycle *s, int64_t now_ms)
{
	note_good(s, now_ms);
	switch (s->on_unhealthy) {
	case UNHEALTHY_REPORT:
		return ACT_NONE;
	case UNHEALTHY_RESTART:
		return mend(s, now_ms);
	case UNHEALTHY_EXIT:
		s->sickened = true;
		return begin_stop(s, now_ms);
	}
	return ACT_BUG;
}

/* --- deaths that do not come --- */

/* Nobody hears the stop: where leaving ends the service there is nothing to
 * wait for; else it may end by itself. */
static enum lifecycle_act
stop_unheard(struct lifecycle *s, int64_t now_ms)
{
	if (s->leaving_kills)
		return end(s, now_ms);
	if (s->last_ms != CLOCK_NEVER)	/* SIGKILL was not heard either */
		return leave(s, now_ms);
	if (s->deadline_ms == CLOCK_NEVER || s->is_patient)
		give_time(s, now_ms, LIFECYCLE_HUNG_MS);
	return ACT_NONE;
}

/* It cannot be stopped, so it cannot be replaced: it runs on as it is. */
static enum lifecycle_act
mend_unheard(struct lifecycle *s)
{
	s->gave_up = s->unheard = true;
	s->state = SVC_RUNNING;
	s->deadline_ms = CLOCK_NEVER;
	return ACT_NONE;
}

/* SIGKILL goes out, again and again. Returns whether the first one was so long
 * ago that the kernel must be holding its victim. */
static bool
kill_is_late(struct lifecycle *s, int64_t now_ms)
{
	if (s->last_ms == CLOCK_NEVER)
		s->last_ms = now_ms + LIFECYCLE_DEATH_MAX_MS;
	s->deadline_ms = now_ms + LIFECYCLE_KILL_AGAIN_MS;
	return now_ms >= s->last_ms;
}

/* --- one function a state --- */

static enum lifecycle_act
running_step(struct lifecycle *s, enum lifecycle_event ev, int64_t now_ms)
{
	switch (ev) {
	case EV_STOP:
		s->stops++;
		return begin_drain(s, now_ms);
	case EV_DRAIN:
		turn_unready(s, now_ms);
		return ACT_NONE;
	case EV_READY:
		s->off_ms = CLOCK_NEVER;
		return ACT_NONE;
	case EV_UNREADY:
		turn_off(s, now_ms);
		return ACT_NONE;
	case EV_EXITED:
		return s->restart == RESTART_ALWAYS ? restart(s, now_ms)
		                                    : end(s, now_ms);
	case EV_FAILED:
		return s->restart != RESTART_NEVER ? restart(s, now_ms)
		                                   : end(s, now_ms);
	case EV_NOT_STARTED:	/* there was a reason to start it: there still is */
		return restart(s, now_ms);
	case EV_REFUSED:
		return try_later(s, now_ms);
	case EV_HEALTHY:
		if (s->good_ms == CLOCK_NEVER)
			s->good_ms = now_ms;
		return ACT_NONE;
	case EV_UNHEALTHY:
		return sicken(s, now_ms);
	case EV_DEADLINE:	/* none is set */
	case EV_ALONE:		/* not while the service lives */
	case EV_UNREACHABLE:	/* nothing was sent */
		return ACT_NONE;
	}
	return ACT_BUG;
}

static enum lifecycle_act
mending_step(struct lifecycle *s, enum lifecycle_event ev, int64_t now_ms)
{
	switch (ev) {
	case EV_STOP:		/* the signal is out already: only no restart */
		s->stops++;
		turn_unready(s, now_ms);
		s->state = SVC_STOPPING;
		return ACT_NONE;
	case EV_DRAIN:
		turn_unready(s, now_ms);
		return ACT_NONE;
	case EV_EXITED:
	case EV_FAILED:
	case EV_NOT_STARTED:	/* an exec that took long has failed */
	case EV_REFUSED:
		return restart(s, now_ms);
	case EV_DEADLINE:	/* comes back until the exit does */
		if (!kill_is_late(s, now_ms) || s->stuck)
			return ACT_CLEAR;
		s->stuck = true;
		return ACT_STUCK;
	case EV_UNREACHABLE:
		return mend_unheard(s);
	case EV_READY:
	case EV_UNREADY:
	case EV_HEALTHY:	/* from a check that was under way */
	case EV_UNHEALTHY:
	case EV_ALONE:
		return ACT_NONE;
	}
	return ACT_BUG;
}

static enum lifecycle_act
clearing_step(struct lifecycle *s, enum lifecycle_event ev, int64_t now_ms)
{
	switch (ev) {
	case EV_STOP:		/* no restart; the others keep their time */
		s->stops++;
		if (!leaves_time(s))
			return kill_rest(s, now_ms);
		turn_unready(s, now_ms);
		s->state = SVC_LINGERING;
		return ACT_NONE;
	case EV_DRAIN:
		turn_unready(s, now_ms);
		return ACT_NONE;
	case EV_ALONE:
		return wait_for_start(s);
	case EV_DEADLINE:
		if (now_ms >= s->last_ms)	/* the kernel holds them */
			return wait_for_start(s);
		s->deadline_ms = now_ms + LIFECYCLE_CLEAR_AGAIN_MS;
		return ACT_CLEAR;
	case EV_EXITED:
	case EV_FAILED:
	case EV_NOT_STARTED:
	case EV_REFUSED:
	case EV_UNREACHABLE:	/* one of them; tried until last_ms */
	case EV_READY:
	case EV_UNREADY:
	case EV_HEALTHY:
	case EV_UNHEALTHY:
		return ACT_NONE;
	}
	return ACT_BUG;
}

static enum lifecycle_act
waiting_step(struct lifecycle *s, enum lifecycle_event ev, int64_t now_ms)
{
	switch (ev) {
	case EV_STOP:		/* nobody is there who needs time */
		return leave(s, now_ms);
	case EV_DRAIN:
		turn_unready(s, now_ms);
		return ACT_NONE;
	case EV_DEADLINE:
		return start_again(s, now_ms);
	case EV_ALONE:
	case EV_EXITED:
	case EV_FAILED:
	case EV_NOT_STARTED:
	case EV_REFUSED:
	case EV_UNREACHABLE:
	case EV_READY:
	case EV_UNREADY:
	case EV_HEALTHY:
	case EV_UNHEALTHY:
		return ACT_NONE;
	}
	return ACT_BUG;
}

static enum lifecycle_act
draining_step(struct lifecycle *s, enum lifecycle_event ev, int64_t now_ms)
{
	switch (ev) {
	case EV_STOP:		/* asked twice: no more waiting */
		s->stops++;
		return begin_stop(s, now_ms);
	case EV_DEADLINE:
		return begin_stop(s, now_ms);
	case EV_UNHEALTHY:	/* what it has not served yet it will not */
		note_good(s, now_ms);
		return begin_stop(s, now_ms);
	case EV_EXITED:
	case EV_FAILED:
	case EV_NOT_STARTED:	/* an exec that took long has failed */
	case EV_REFUSED:
		return end(s, now_ms);
	case EV_DRAIN:		/* under way */
	case EV_ALONE:
	case EV_UNREACHABLE:
	case EV_READY:
	case EV_UNREADY:
	case EV_HEALTHY:
		return ACT_NONE;
	}
	return ACT_BUG;
}

static enum lifecycle_act
stopping_step(struct lifecycle *s, enum lifecycle_event ev, int64_t now_ms)
{
	switch (ev) {
	case EV_STOP:		/* passed on; the grace time runs on */
		s->stops++;
		return ACT_STOP;
	case EV_DEADLINE:	/* comes back until the exit does */
		if (s->is_patient) {
			give_time(s, now_ms, 0);
			return ACT_SLOW;
		}
		s->killed = true;
		return kill_is_late(s, now_ms) ? leave(s, now_ms) : ACT_KILL;
	case EV_UNREACHABLE:
		return stop_unheard(s, now_ms);
	case EV_EXITED:
	case EV_FAILED:
	case EV_NOT_STARTED:	/* an exec that took long has failed */
	case EV_REFUSED:
		return end(s, now_ms);
	case EV_DRAIN:
	case EV_ALONE:
	case EV_READY:
	case EV_UNREADY:
	case EV_HEALTHY:
	case EV_UNHEALTHY:
		return ACT_NONE;
	}
	return ACT_BUG;
}

static enum lifecycle_act
lingering_step(struct lifecycle *s, enum lifecycle_event ev, int64_t now_ms)
{
	switch (ev) {
	case EV_STOP:		/* asked again: no more waiting */
		return s->stops++ > 0 ? kill_rest(s, now_ms) : ACT_NONE;
	case EV_DEADLINE:
		return kill_rest(s, now_ms);
	case EV_ALONE:
		return leave(s, now_ms);
	case EV_DRAIN:
	case EV_EXITED:
	case EV_FAILED:
	case EV_NOT_STARTED:
	case EV_REFUSED:
	case EV_UNREACHABLE:
	case EV_READY:
	case EV_UNREADY:
	case EV_HEALTHY:
	case EV_UNHEALTHY:
		return ACT_NONE;
	}
	return ACT_BUG;
}

static enum lifecycle_act
killing_step(struct lifecycle *s, enum lifecycle_event ev, int64_t now_ms)
{
	switch (ev) {
	case EV_DEADLINE:	/* what SIGKILL does not end, waiting won't */
	case EV_ALONE:
		return leave(s, now_ms);
	case EV_STOP:
	case EV_DRAIN:
	case EV_EXITED:
	case EV_FAILED:
	case EV_NOT_STARTED:
	case EV_REFUSED:
	case EV_UNREACHABLE:
	case EV_READY:
	case EV_UNREADY:
	case EV_HEALTHY:
	case EV_UNHEALTHY:
		return ACT_NONE;
	}
	return ACT_BUG;
}

/* see sup/lifecycle.h */
enum lifecycle_act
lifecycle_step(struct lifecycle *s, enum lifecycle_event ev, int64_t now_ms)
{
	switch (s->state) {
	case SVC_RUNNING:
		return running_step(s, ev, now_ms);
	case SVC_MENDING:
		return mending_step(s, ev, now_ms);
	case SVC_CLEARING:
		return clearing_step(s, ev, now_ms);
	case SVC_WAITING:
		return waiting_step(s, ev, now_ms);
	case SVC_DRAINING:
		return draining_step(s, ev, now_ms);
	case SVC_STOPPING:
		return stopping_step(s, ev, now_ms);
	case SVC_LINGERING:
		return lingering_step(s, ev, now_ms);
	case SVC_KILLING:
		return killing_step(s, ev, now_ms);
	case SVC_DOWN:
		return ACT_NONE;
	}
	return ACT_BUG;
}

/* see sup/lifecycle.h */
void
lifecycle_extend(struct lifecycle *s, int64_t until_ms)
{
	bool ends = s->state == SVC_STOPPING || s->state == SVC_MENDING;

	if (ends && !s->killed && s->deadline_ms < until_ms)
		s->deadline_ms = until_ms;
}

/* see sup/lifecycle.h */
bool
lifecycle_pardon(struct lifecycle *s, int64_t now_ms)
{
	int64_t late_ms = now_ms - s->deadline_ms;
	bool waits = (s->state == SVC_STOPPING && !s->killed)
	          || (s->state == SVC_MENDING && s->last_ms == CLOCK_NEVER)
	          || (s->state == SVC_CLEARING && leaves_time(s))
	          || s->state == SVC_LINGERING;

	if (late_ms <= LIFECYCLE_FROZEN_MS)
		return false;
	if (!waits || s->pardoned) {
		if (s->last_ms != CLOCK_NEVER)
			s->last_ms += late_ms;
		return false;
	}
	s->pardoned = true;
	s->deadline_ms = now_ms + s->wait_ms;
	if (s->state == SVC_CLEARING)
		s->last_ms = s->deadline_ms + LIFECYCLE_CLEAR_MAX_MS;
	return true;
}

/* see sup/lifecycle.h */
bool
lifecycle_restarts(const struct lifecycle *s)
{
	return s->restart != RESTART_NEVER
	    || s->on_unhealthy == UNHEALTHY_RESTART;
}

/* see sup/lifecycle.h */
bool
lifecycle_is_mending(const struct lifecycle *s)
{
	return s->state == SVC_MENDING || s->state == SVC_CLEARING
	    || s->state == SVC_WAITING;
}

/* see sup/lifecycle.h */
bool
lifecycle_is_live(const struct lifecycle *s)
{
	return !s->gave_up && !s->stuck
	    && (lifecycle_is_mending(s) || s->state == SVC_RUNNING
	    || s->state == SVC_DRAINING || s->state == SVC_STOPPING);
}

/* see sup/lifecycle.h */
bool
lifecycle_is_ready(const struct lifecycle *s)
{
	return s->state == SVC_RUNNING && s->unready_ms == CLOCK_NEVER;
}

/* see sup/lifecycle.h */
const char *
lifecycle_state_text(const struct lifecycle *s)
{
	switch (s->state) {
	case SVC_RUNNING:
		return lifecycle_is_ready(s) ? "running" : "draining";
	case SVC_MENDING:
	case SVC_CLEARING:
	case SVC_WAITING:
		return "restarting";
	case SVC_DRAINING:
		return "draining";
	case SVC_STOPPING:
		return "stopping";
	case SVC_LINGERING:
	case SVC_KILLING:
		return "lingering";
	case SVC_DOWN:
		return "down";
	}
	return "unknown";
}
