/* SPDX-License-Identifier: MIT */
/* sup/lifecycle_time.c - more time for those who are to end (pure) */
#include "sup/lifecycle_time.h"

#include "base/clock.h"

/* see sup/lifecycle_time.h */
void
lifecycle_extend(struct lifecycle *s, int64_t until_ms)
{
	bool ends = s->state == SVC_STOPPING || s->state == SVC_MENDING;

	if (ends && !s->killed && s->deadline_ms < until_ms)
		s->deadline_ms = until_ms;
}

/* see sup/lifecycle_time.h */
bool
lifecycle_pardon(struct lifecycle *s, int64_t now_ms)
{
	int64_t late_ms = now_ms - s->deadline_ms;
	bool waits = (s->state == SVC_STOPPING && !s->killed)
	          || (s->state == SVC_MENDING && s->last_ms == CLOCK_NEVER)
	          || (s->state == SVC_CLEARING && s->is_gentle)
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
