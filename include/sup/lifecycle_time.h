/* SPDX-License-Identifier: MIT */
/*
 * sup/lifecycle_time.h - more time for those who are to end (pure)
 *
 * Moves the deadline of a struct lifecycle; its state stays.
 */
#ifndef HALE_SUP_LIFECYCLE_TIME_H
#define HALE_SUP_LIFECYCLE_TIME_H

#include "sup/lifecycle.h"

/* It asks for more time to stop (sd_notify's EXTEND_TIMEOUT_USEC): while it is
 * being stopped, EV_DEADLINE is not due before until_ms. */
void lifecycle_extend(struct lifecycle *s, int64_t until_ms);

/*
 * The timer for deadline_ms came late by so much: hale was frozen, and so was
 * the process that was to end in that time (`docker pause`, SIGSTOP). Its time
 * starts anew, once a wait. Not the drain: the load balancers that it is for
 * were not frozen. Returns whether deadline_ms was moved, else it has come.
 */
#define LIFECYCLE_FROZEN_MS 200	/* less is a busy machine */
bool lifecycle_pardon(struct lifecycle *s, int64_t now_ms);

#endif
