/* SPDX-License-Identifier: MIT */
/* sup/lifecycle_status.c - what the machine's state means to others (pure) */
#include "sup/lifecycle_status.h"

#include "base/clock.h"

/* see sup/lifecycle_status.h */
int64_t
lifecycle_off_since(const struct lifecycle *s)
{
	return s->off_ms < s->unready_ms ? s->off_ms : s->unready_ms;
}

/* see sup/lifecycle_status.h */
bool
lifecycle_restarts(const struct lifecycle_conf *conf)
{
	return conf->restart != RESTART_NEVER
	    || conf->on_unhealthy == UNHEALTHY_RESTART;
}

/* see sup/lifecycle_status.h */
bool
lifecycle_is_mending(const struct lifecycle *s)
{
	return s->state == SVC_MENDING || s->state == SVC_CLEARING
	    || s->state == SVC_WAITING;
}

/* see sup/lifecycle_status.h */
bool
lifecycle_is_serving(const struct lifecycle *s)
{
	return s->state == SVC_RUNNING || s->state == SVC_DRAINING;
}

/* see sup/lifecycle_status.h */
bool
lifecycle_is_sick_end(const struct lifecycle *s)
{
	return s->state == SVC_MENDING || s->sickened;
}

/* see sup/lifecycle_status.h */
bool
lifecycle_is_live(const struct lifecycle *s)
{
	return !s->gave_up && !s->stuck
	    && (lifecycle_is_mending(s) || s->state == SVC_RUNNING
	    || s->state == SVC_DRAINING || s->state == SVC_STOPPING);
}

/* see sup/lifecycle_status.h */
bool
lifecycle_is_ready(const struct lifecycle *s)
{
	return s->state == SVC_RUNNING && s->unready_ms == CLOCK_NEVER;
}

/* see sup/lifecycle_status.h */
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
