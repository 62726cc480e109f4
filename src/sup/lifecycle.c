/* SPDX-License-Identifier: MIT */
/* sup/lifecycle.c - decides when the service starts, stops and restarts */
#include "sup/lifecycle.h"

#include "base/clock.h"
#include "sup/lifecycle_status.h"

/*
 * What most states answer alike: the service's end (late, by an exec that took
 * long and has failed, too), and what checks that were under way have found.
 * Each event is still named in each state, so that -Wswitch-enum shows what a
 * new one forgot.
 */
/* NOLINTBEGIN(bugprone-macro-parentheses): labels of a switch */
#define EV_ANY_END \
	EV_EXITED: case EV_FAILED: case EV_NOT_STARTED: case EV_REFUSED
#define EV_ANY_HEALTH \
	EV_READY: case EV_UNREADY: case EV_HEALTHY: case EV_UNHEALTHY
/* NOLINTEND(bugprone-macro-parentheses) */

/* see sup/lifecycle.h */
void
lifecycle_started(struct lifecycle *s, const struct lifecycle_conf *conf,
                  bool leaving_kills, int64_t now_ms)
{
	*s = (struct lifecycle){
		.conf = conf,
		.leaving_kills = leaving_kills,
		.state = SVC_RUNNING,
		.deadline_ms = CLOCK_NEVER,
		.unready_ms = CLOCK_NEVER,
		.off_ms = now_ms,
		.start_ms = CLOCK_NEVER,
		.last_ms = CLOCK_NEVER,
		.good_ms = now_ms,
	};
	backoff_reset(&s->backoff, &conf->backoff);
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

/* It is so from now on, unless it has been before. */
static void
note_since(int64_t *since_ms, int64_t now_ms)
{
	if (*since_ms == CLOCK_NEVER)
		*since_ms = now_ms;
}

/* `hale drain`: a stop may follow, or not. */
static enum lifecycle_act
drain(struct lifecycle *s, int64_t now_ms)
{
	note_since(&s->unready_ms, now_ms);
	return ACT_NONE;
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
	return s->conf->stop_timeout_ms > 0 ? s->conf->stop_timeout_ms
	                                    : LIFECYCLE_HUNG_MS;
}

/* One without a limit takes as long as it likes; after a while that is said. */
static enum lifecycle_act
begin_stop(struct lifecycle *s, int64_t now_ms)
{
	bool has_limit = s->conf->stop_timeout_ms > 0 || is_sick(s);

	note_since(&s->unready_ms, now_ms);
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

	note_since(&s->unready_ms, now_ms);
	since_ms = lifecycle_off_since(s);
	if (is_sick(s) || now_ms - since_ms >= s->conf->drain_ms)
		return begin_stop(s, now_ms);
	s->state = SVC_DRAINING;
	s->deadline_ms = since_ms + s->conf->drain_ms;
	return ACT_NONE;
}

static enum lifecycle_act
leave(struct lifecycle *s, int64_t now_ms)
{
	note_since(&s->unready_ms, now_ms);
	s->state = SVC_DOWN;
	s->deadline_ms = CLOCK_NEVER;
	return ACT_LEAVE;
}

static enum lifecycle_act
kill_rest(struct lifecycle *s, int64_t now_ms)
{
	note_since(&s->unready_ms, now_ms);
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
	if (s->conf->linger_ms == 0 || s->killed)
		return leave(s, now_ms);
	note_since(&s->unready_ms, now_ms);
	s->state = SVC_LINGERING;
	give_time(s, now_ms, s->conf->linger_ms);
	return ACT_TERM_REST;
}

/* --- restarts --- */

/* At the end of a healthy time: a long one makes good what was before it. */
static void
note_good(struct lifecycle *s, int64_t now_ms)
{
	if (s->good_ms != CLOCK_NEVER
	 && now_ms - s->good_ms >= LIFECYCLE_GOOD_MS)
		backoff_reset(&s->backoff, &s->conf->backoff);
	s->good_ms = CLOCK_NEVER;
}

/* SIGKILL to what the dead one left, again and again. */
static enum lifecycle_act
clear_again(struct lifecycle *s, int64_t now_ms)
{
	s->is_gentle = false;
	s->deadline_ms = now_ms + LIFECYCLE_CLEAR_AGAIN_MS;
	return ACT_CLEAR;
}

/* What the dead one left would meet the next: two of a kind on one port. */
static enum lifecycle_act
clear(struct lifecycle *s, int64_t now_ms)
{
	note_since(&s->off_ms, now_ms);
	s->start_ms = now_ms + backoff_restart(&s->backoff, &s->conf->backoff);
	s->state = SVC_CLEARING;
	s->stuck = false;
	give_time(s, now_ms, s->conf->linger_ms);
	s->last_ms = now_ms + s->conf->linger_ms + LIFECYCLE_CLEAR_MAX_MS;
	s->is_gentle = s->conf->linger_ms > 0;
	return s->is_gentle ? ACT_CLEAR_TERM : clear_again(s, now_ms);
}

static enum lifecycle_act
restart(struct lifecycle *s, int64_t now_ms)
{
	note_good(s, now_ms);
	if (!s->gave_up && backoff_is_left(&s->backoff, &s->conf->backoff))
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

static enum lifecycle_act
try_later(struct lifecycle *s, int64_t now_ms)
{
	s->start_ms = now_ms + backoff_refused(&s->backoff,
	                                       &s->conf->backoff);
	return wait_for_start(s);
}

/* --- health --- */

static enum lifecycle_act
mend(struct lifecycle *s, int64_t now_ms)
{
	s->gave_up |= !backoff_is_left(&s->backoff, &s->conf->backoff);
	if (s->gave_up)
		return ACT_NONE;
	s->state = SVC_MENDING;
	give_time(s, now_ms, hung_timeout(s));
	return ACT_STOP;
}

static enum lifecycle_act
sicken(struct lifecycle *s, int64_t now_ms)
{
	note_good(s, now_ms);
	switch (s->conf->on_unhealthy) {
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
		return begin_drain(s, now_ms);
	case EV_DRAIN:
		return drain(s, now_ms);
	case EV_READY:
		s->off_ms = CLOCK_NEVER;
		return ACT_NONE;
	case EV_UNREADY:
		note_since(&s->off_ms, now_ms);
		return ACT_NONE;
	case EV_EXITED:
		return s->conf->restart == RESTART_ALWAYS
		     ? restart(s, now_ms) : end(s, now_ms);
	case EV_FAILED:
		return s->conf->restart != RESTART_NEVER
		     ? restart(s, now_ms) : end(s, now_ms);
	case EV_NOT_STARTED:	/* the reason to start it is still there */
		return restart(s, now_ms);
	case EV_REFUSED:
		return try_later(s, now_ms);
	case EV_HEALTHY:
		note_since(&s->good_ms, now_ms);
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
		note_since(&s->unready_ms, now_ms);
		s->state = SVC_STOPPING;
		return ACT_NONE;
	case EV_DRAIN:
		return drain(s, now_ms);
	case EV_ANY_END:
		return restart(s, now_ms);
	case EV_DEADLINE:	/* comes back until the exit does */
		if (!kill_is_late(s, now_ms) || s->stuck)
			return ACT_CLEAR;
		s->stuck = true;
		return ACT_STUCK;
	case EV_UNREACHABLE:
		return mend_unheard(s);
	case EV_ANY_HEALTH:
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
		if (!s->is_gentle)
			return kill_rest(s, now_ms);
		note_since(&s->unready_ms, now_ms);
		s->state = SVC_LINGERING;
		return ACT_NONE;
	case EV_DRAIN:
		return drain(s, now_ms);
	case EV_ALONE:
		return wait_for_start(s);
	case EV_DEADLINE:
		if (now_ms >= s->last_ms)	/* the kernel holds them */
			return wait_for_start(s);
		return clear_again(s, now_ms);
	case EV_ANY_END:
	case EV_UNREACHABLE:	/* one of them; tried until last_ms */
	case EV_ANY_HEALTH:
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
		return drain(s, now_ms);
	case EV_DEADLINE:
		return start_again(s, now_ms);
	case EV_ALONE:
	case EV_ANY_END:
	case EV_UNREACHABLE:
	case EV_ANY_HEALTH:
		return ACT_NONE;
	}
	return ACT_BUG;
}

static enum lifecycle_act
draining_step(struct lifecycle *s, enum lifecycle_event ev, int64_t now_ms)
{
	switch (ev) {
	case EV_STOP:		/* a second one: no more waiting */
	case EV_DEADLINE:
		return begin_stop(s, now_ms);
	case EV_UNHEALTHY:	/* what it has not served yet it will not */
		note_good(s, now_ms);
		return begin_stop(s, now_ms);
	case EV_ANY_END:
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
	case EV_ANY_END:
		return end(s, now_ms);
	case EV_DRAIN:
	case EV_ALONE:
	case EV_ANY_HEALTH:
		return ACT_NONE;
	}
	return ACT_BUG;
}

static enum lifecycle_act
lingering_step(struct lifecycle *s, enum lifecycle_event ev, int64_t now_ms)
{
	switch (ev) {
	case EV_STOP:		/* a second one: no more waiting */
		return s->stops > 1 ? kill_rest(s, now_ms) : ACT_NONE;
	case EV_DEADLINE:
		return kill_rest(s, now_ms);
	case EV_ALONE:
		return leave(s, now_ms);
	case EV_DRAIN:
	case EV_ANY_END:
	case EV_UNREACHABLE:
	case EV_ANY_HEALTH:
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
	case EV_ANY_END:
	case EV_UNREACHABLE:
	case EV_ANY_HEALTH:
		return ACT_NONE;
	}
	return ACT_BUG;
}

/* see sup/lifecycle.h */
enum lifecycle_act
lifecycle_step(struct lifecycle *s, enum lifecycle_event ev, int64_t now_ms)
{
	s->stops += ev == EV_STOP;
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
