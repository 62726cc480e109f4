/* SPDX-License-Identifier: MIT */
/*
 * sup/reaper.h - hears of children that end, stop or take the service's place
 *
 * A part of PID 1 (sup/self.h).
 */
#ifndef HALE_SUP_REAPER_H
#define HALE_SUP_REAPER_H

#include "sup/self.h"

/*
 * Reaps who has ended. One wait per SIGCHLD would lose children, since signals
 * merge. A storm of them is taken in parts, so that probes are answered
 * meanwhile: in->signals is due at once then.
 */
void reaper_reap(struct init *in);

/* monitor_owner: it names pid as its main process, and there is a sign of life. */
void reaper_named(void *in, pid_t pid);
void reaper_lives(void *in);

/*
 * follow's: the service has ended, and its parent is another process, which gets
 * its exit code: most likely the one that was the service before. An upgrade
 * that failed leaves that one in its place, to be stopped if a stop is under way.
 */
void reaper_gone(void *in, pid_t pid);

/* The terminal is the service's again where a shell has made it ours. */
void reaper_hand_over(const struct init *in);

#endif
