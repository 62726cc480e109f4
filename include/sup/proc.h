/* SPDX-License-Identifier: MIT */
/*
 * sup/proc.h - what /proc shows of a process
 *
 * A /proc of another PID namespace, as `unshare --pid` leaves it, is as good
 * as none: it gives our numbers to other processes.
 */
#ifndef HALE_SUP_PROC_H
#define HALE_SUP_PROC_H

#include "base/buf.h"
#include "sup/procstat.h"

#include <stdbool.h>
#include <sys/types.h>

#define PROC_NAME_LEN  15	/* bytes of a process's name (comm, proc(5)) */
#define PROC_DEPTH_MAX 64	/* generations that are walked up */

/* Does /proc show our own PID namespace? */
bool proc_is_ours(void);

/* Opens /proc/PID/name for reading, close-on-exec; flags are added. Returns
 * the descriptor, or -1. */
int proc_open(pid_t pid, const char *name, int flags);

/* Fills in the user that it runs as. Returns 0, or -1. */
int proc_uid(pid_t pid, uid_t *uid);

/*
 * Fills in its real user, also of one that changed it since its exec (to whom
 * the above gives root). Returns 0, -ESRCH if it has ended, waiting to be
 * reaped or not, -EACCES if /proc does not show it, or another error number
 * (-EMFILE) where it may do so later.
 */
int proc_real_uid(pid_t pid, uid_t *uid);

/* Fills in the process's name, terminated. Returns its length, or -1. */
int proc_name(pid_t pid, char name[PROC_NAME_LEN + 1]);

/* Appends "name (pid N)", or "pid N" if its name cannot be read. */
void proc_write(struct buf *b, pid_t pid);

/* Fills in what its stat file says. Returns 0, or -1. */
int proc_stat(pid_t pid, struct procstat *st);

/* Is `from` pid itself or one of its next PROC_DEPTH_MAX ancestors? Not where
 * /proc does not show them. */
bool proc_descends(pid_t pid, pid_t from);

/* Is it in another mount namespace than we are? Only where we may look
 * (ptrace(2), access mode checking); else false. */
bool proc_is_elsewhere(pid_t pid);

/* Calls each(pid, context) for every process that /proc shows, as far as it is
 * ours: in the order of their numbers. */
void proc_each(void (*each)(pid_t pid, void *context), void *context);

/* The same for the threads of pid. Returns 0, or -1. */
int proc_each_thread(pid_t pid, void (*each)(pid_t thread, void *context),
                     void *context);

#endif
