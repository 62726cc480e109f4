/* SPDX-License-Identifier: MIT */
/*
 * sup/reaper.h - waits for ended children and passes each to its owner
 *
 * PID 1's wait(2), for hale's own children and for orphans that it adopts. The
 * service goes to the keeper, a check's child to the monitor, one that was
 * stopped or continued to job control. Any other is an orphan, and is counted
 * here. What an end leads to is decided by its owner.
 */
#ifndef HALE_SUP_REAPER_H
#define HALE_SUP_REAPER_H

#include "sup/job_control.h"

struct reaper {
	struct source       again;	/* due when there may be more */
	struct keeper      *keeper;
	struct monitor     *monitor;
	struct job_control *jobs;
	bool     warns_of_orphans;
	bool     logged_traced;	/* one line for all that want to be traced */
	uint64_t orphans;	/* so far */
};

/*
 * Reaps what has ended. One wait per SIGCHLD would lose children, since signals
 * merge. A storm of them is taken in parts, so that probes are answered
 * meanwhile: the rest comes in the next turn.
 */
void reaper_reap(struct reaper *r);

/* The same, in this turn of the loop or the next. */
void reaper_reap_soon(void *reaper);

/* Expired(), for the owner that puts `again` into the loop. */
void reaper_expired(struct source *again);

#endif
