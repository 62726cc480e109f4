/* SPDX-License-Identifier: MIT */
/*
 * sup/tree.h - signal the service and what descends from hale
 */
#ifndef HALE_SUP_TREE_H
#define HALE_SUP_TREE_H

#include "base/buf.h"

#include <stdbool.h>
#include <sys/signalfd.h>
#include <sys/types.h>

/*
 * Signals go as the receiver's own user where hale itself may not send them
 * (sup/deliver.h). -EPERM: that is not possible either, and somebody who is
 * there was not signalled. That a process has ended is no failure.
 */

/*
 * Sends sig to pid, or with to_group to its process group, and to pid alone
 * where that fails (the group is gone). To pid alone a queued value that info
 * carries (sigqueue(3)) is passed on; no call sends one to a group. info may be
 * NULL. Returns 0 or -EPERM, for pid itself: others in the group do not count.
 */
int tree_signal(pid_t pid, bool to_group, int sig,
                const struct signalfd_siginfo *info);

/*
 * Sends sig to everything but hale: as PID 1 the whole PID namespace, else
 * hale's descendants as far as /proc shows them, and service's group. Returns
 * 0 or -EPERM, for any of them.
 */
int tree_signal_all(pid_t service, int sig);

/*
 * Sends sig to hale's descendants, as far as /proc shows them, and service's
 * group: unlike the above it spares what `docker exec` started. SIGKILL goes to
 * TREE_KILL_MAX of them at most, so that probes need not wait: the caller
 * sends it again while any is left. Returns 0 or -EPERM, for any of them.
 */
#define TREE_KILL_MAX 512
int tree_signal_own(pid_t service, int sig);

/* Sends sig to pid, its process group and its descendants. */
void tree_signal_below(pid_t pid, int sig);

/* For a forked child that is a subreaper: kills and reaps all its descendants.
 * Blocks until they are gone; where there is no /proc and the kernel's pids
 * have just begun anew, some may stay. */
void tree_end_own(void);

/* Appends the names and pids of hale's children, as far as /proc shows them
 * and b has room: "cat (pid 12), sleep (pid 15)". */
void tree_list(struct buf *b);

/* How many living children hale has, its checkers apart; *only is the one, or
 * 0 if there is another number of them. */
size_t tree_children(pid_t *only);

#endif
