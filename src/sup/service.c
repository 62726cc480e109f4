/* SPDX-License-Identifier: MIT */
/* sup/service.c - life of the service (pure) */
#include "sup/service.h"

#include "base/clock.h"

/* see sup/service.h */
void
service_started(struct service *s)
{
	s->state = SVC_RUNNING;
	s->deadline_ms = CLOCK_NEVER;
	s->unready_ms = CLOCK_NEVER;
	s->killed = false;
}

static int64_t
after(int64_t now_ms, int64_t timeout_ms)
{
	return timeout_ms > 0 ? now_ms + timeout_ms : CLOCK_NEVER;
}

static void
turn_unready(struct service *s, int64_t now_ms)
{
	if (s->unready_ms == CLOCK_NEVER)
		s->unready_ms = now_ms;
}

static enum service_act
begin_stop(struct service *s, int64_t now_ms)
{
	turn_unready(s, now_ms);
	s->state = SVC_STOPPING;
	s->deadline_ms = after(now_ms, s->stop_timeout_ms);
	return ACT_STOP;
}

static enum service_act
leave(struct service *s)
{
	s->state = SVC_DOWN;
	s->deadline_ms = CLOCK_NEVER;
	return ACT_LEAVE;
}

/* The service is gone: the others get their time, if they are to have any. */
static enum service_act
end(struct service *s, int64_t now_ms)
{
	turn_unready(s, now_ms);
	if (s->linger_ms == 0 || s->killed)
		return leave(s);
	s->state = SVC_LINGERING;
	s->deadline_ms = now_ms + s->linger_ms;
	return ACT_TERM_REST;
}

static enum service_act
running_step(struct service *s, enum service_event ev, int64_t now_ms)
{
	switch (ev) {
	case EV_STOP:
		turn_unready(s, now_ms);
		if (now_ms - s->unready_ms >= s->drain_ms)
			return begin_stop(s, now_ms);
		s->state = SVC_DRAINING;
		s->deadline_ms = s->unready_ms + s->drain_ms;
		return ACT_NONE;
	case EV_DRAIN:
		turn_unready(s, now_ms);
		return ACT_NONE;
	case EV_EXITED:
		return end(s, now_ms);
	case EV_DEADLINE:	/* none is set */
	case EV_ALONE:		/* not while the service lives */
		return ACT_NONE;
	}
	return ACT_BUG;
}

static enum service_act
draining_step(struct service *s, enum service_event ev, int64_t now_ms)
{
	switch (ev) {
	case EV_STOP:		/* asked twice: no more waiting */
	case EV_DEADLINE:
		return begin_stop(s, now_ms);
	case EV_EXITED:
		return end(s, now_ms);
	case EV_DRAIN:		/* under way */
	case EV_ALONE:
		return ACT_NONE;
	}
	return ACT_BUG;
}

static enum service_act
stopping_step(struct service *s, enum service_event ev, int64_t now_ms)
{
	switch (ev) {
	case EV_STOP:		/* passed on; the grace time runs on */
		return ACT_STOP;
	case EV_DEADLINE:	/* comes back until the exit does */
		s->killed = true;
		s->deadline_ms = now_ms + SERVICE_KILL_AGAIN_MS;
		return ACT_KILL;
	case EV_EXITED:
		return end(s, now_ms);
	case EV_DRAIN:
	case EV_ALONE:
		return ACT_NONE;
	}
	return ACT_BUG;
}

static enum service_act
lingering_step(struct service *s, enum service_event ev, int64_t now_ms)
{
	switch (ev) {
	case EV_STOP:		/* asked again: no more waiting */
	case EV_DEADLINE:
		s->killed = true;
		s->state = SVC_KILLING;
		s->deadline_ms = now_ms + SERVICE_KILL_AGAIN_MS;
		return ACT_KILL;
	case EV_ALONE:
		return leave(s);
	case EV_DRAIN:
	case EV_EXITED:
		return ACT_NONE;
	}
	return ACT_BUG;
}

static enum service_act
killing_step(struct service *s, enum service_event ev)
{
	switch (ev) {
	case EV_DEADLINE:	/* what SIGKILL does not end, waiting won't */
	case EV_ALONE:
		return leave(s);
	case EV_STOP:
	case EV_DRAIN:
	case EV_EXITED:
		return ACT_NONE;
	}
	return ACT_BUG;
}

/* see sup/service.h */
enum service_act
service_step(struct service *s, enum service_event ev, int64_t now_ms)
{
	switch (s->state) {
	case SVC_RUNNING:
		return running_step(s, ev, now_ms);
	case SVC_DRAINING:
		return draining_step(s, ev, now_ms);
	case SVC_STOPPING:
		return stopping_step(s, ev, now_ms);
	case SVC_LINGERING:
		return lingering_step(s, ev, now_ms);
	case SVC_KILLING:
		return killing_step(s, ev);
	case SVC_DOWN:
		return ACT_NONE;
	}
	return ACT_BUG;
}

/* see sup/service.h */
bool
service_is_live(const struct service *s)
{
	return s->state == SVC_RUNNING || s->state == SVC_DRAINING
	    || s->state == SVC_STOPPING;
}

/* see sup/service.h */
bool
service_is_ready(const struct service *s)
{
	return s->state == SVC_RUNNING && s->unready_ms == CLOCK_NEVER;
}

/* see sup/service.h */
const char *
service_state_text(const struct service *s)
{
	switch (s->state) {
	case SVC_RUNNING:
		return service_is_ready(s) ? "running" : "draining";
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
