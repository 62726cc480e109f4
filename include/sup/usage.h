/* SPDX-License-Identifier: MIT */
/*
 * sup/usage.h - what a process and its container use, read from /proc
 */
#ifndef HALE_SUP_USAGE_H
#define HALE_SUP_USAGE_H

#include "sup/snapshot.h"

/* Now, since the epoch: to be kept for a process that is started now. */
uint64_t usage_epoch_ms(void);

/*
 * Fills all of u; SNAPSHOT_UNKNOWN where the kernel does not show it, as for the
 * process where pid is 0. born_ms is usage_epoch_ms() at its start: worked out
 * anew each time it would differ by a millisecond, or by what the clock was
 * set since, and so look like another start.
 */
void usage_read(struct snapshot_usage *u, pid_t pid, uint64_t born_ms);

#endif
