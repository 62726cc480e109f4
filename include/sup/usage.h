/* SPDX-License-Identifier: MIT */
/*
 * sup/usage.h - what a process and its container use, read from /proc
 */
#ifndef HALE_SUP_USAGE_H
#define HALE_SUP_USAGE_H

#include "sup/snapshot.h"

/* Now, since the epoch: to be kept for a process that is started now. */
uint64_t usage_epoch_ms(void);

#define USAGE_RECENT_MS 100	/* figures are read no more often */

/* The last figures; all zero: none were read yet. */
struct usage_cache {
	struct snapshot_usage usage;
	int64_t read_ms;	/* 0: never */
	pid_t   pid;		/* whose they are */
};

/*
 * All of the figures, not older than USAGE_RECENT_MS: a flood of requests for
 * them is not to become a flood of system calls. SNAPSHOT_UNKNOWN where the
 * kernel does not show it, as for the process if pid is 0. born_ms is
 * usage_epoch_ms() at its start: worked out anew each time it would differ by a
 * millisecond, or by what the clock was set since, and so look like another
 * start. The result lives in the cache.
 */
const struct snapshot_usage *usage_recent(struct usage_cache *cache, pid_t pid,
                                          uint64_t born_ms, int64_t now_ms);

#endif
