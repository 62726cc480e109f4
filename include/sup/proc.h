/* SPDX-License-Identifier: MIT */
/*
 * sup/proc.h - what /proc tells of a process
 *
 * A /proc of another PID namespace, as `unshare --pid` leaves it, is as good
 * as none: it gives our numbers to other processes.
 */
#ifndef HALE_SUP_PROC_H
#define HALE_SUP_PROC_H

#include <sys/types.h>

/* Opens /proc/PID/name for reading, close-on-exec; flags are added. Returns
 * the descriptor, or -1. */
int proc_open(pid_t pid, const char *name, int flags);

/* Fills in the user that it runs as. Returns 0, or -1. */
int proc_uid(pid_t pid, uid_t *uid);

#endif
