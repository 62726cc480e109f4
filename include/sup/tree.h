/* SPDX-License-Identifier: MIT */
/*
 * sup/tree.h - signals and lists many processes: group, descendants, all
 *
 * Finds whom a signal is to reach besides the service itself: its process
 * group, what descends from hale (by /proc), or the whole PID namespace. Which
 * signal goes and when is the caller's.
 */
#ifndef HALE_SUP_TREE_H
#define HALE_SUP_TREE_H

#include "base/buf.h"
#include "sup/descendants.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/signalfd.h>
#include <sys/types.h>

/*
 * Signals go as the receiver's own user where hale itself may not send them
 * (sup/signal_send.h). -EPERM: that is not possible either, and somebody who is
 * there was not signalled. Another error number: it failed for the moment, as
 * where there is no process to be had for it. That a process has ended is no
 * failure.
 */

/*
 * The group that stands for pid: its own, or the one that it was started in if
 * it has taken the place of another (sup/main_pid.h). Never hale's, where it is
 * right after its start, or to stay with a terminal: then it is pid itself.
 */
pid_t tree_group_of(pid_t pid);

/*
 * Sends sig to pid, or with to_group to its process group, and to pid alone
 * where that fails (the group is gone). To pid alone a queued value that info
 * carries (sigqueue(3)) is passed on; no call sends one to a group. info may be
 * NULL. Returns 0 or that, for pid itself: others in the group do not count.
 */
int tree_signal(pid_t pid, bool to_group, int sig,
                const struct signalfd_siginfo *info);

/*
 * The service's process group. Once its last member is reaped the kernel may
 * give its number to somebody else's: it is signalled by number only while
 * `member`, which hale has not reaped, is in it.
 */
struct tree_group {
	pid_t    id;
	pid_t    member;	/* the service; 0 once it is reaped */
	int      held_fd;	/* from tree_hold(), or -1 */
	uint64_t heard_ticks;	/* when all of it got a stop signal, by
				 * tree_ticks(); 0: none has gone to a group */
};

/*
 * A descriptor (close-on-exec) by which the group of this number, if its leader
 * is there, is signalled after the leader's end. -1 if it is not needed, since
 * whatever the service leaves comes to hale and /proc shows it, or if the
 * kernel cannot (it is older than Linux 6.9). The caller closes it.
 */
int tree_hold(pid_t group);

/* Now, as processes' start times are counted; never 0. */
uint64_t tree_ticks(void);

/*
 * Sends sig to everything but hale: as PID 1 the whole PID namespace, else
 * hale's descendants as far as /proc shows them, at any depth, and the group.
 * No other signal than SIGKILL goes to those members of the group that started
 * before g->heard_ticks: they have had theirs. Returns 0 or that, for any.
 */
int tree_signal_all(const struct tree_group *g, int sig);

/*
 * The same for hale's descendants and the group alone: it spares what `docker
 * exec` started. SIGKILL goes to TREE_KILL_MAX of them at most, so that probes
 * need not wait: the caller sends it again while any is left.
 */
#define TREE_KILL_MAX 512
int tree_signal_own(const struct tree_group *g, int sig);

/* Sends sig to pid, its process group and its descendants. */
void tree_signal_below(pid_t pid, int sig);

/* For a forked child that is a subreaper: kills and reaps all its descendants.
 * Blocks until they are gone; where there is no /proc and the kernel's pids
 * have just begun anew, some may stay. */
void tree_end_own(void);

/* After a SIGKILL to all, before a hale that is not PID 1 leaves: kills and
 * reaps what was forked meanwhile and comes to hale, for so long at most. */
void tree_finish(int64_t timeout_ms);

/* The name (comm) of a checker or one that sends a signal (sup/signal_send.h):
 * hale's own child, and nobody's leftover. */
#define TREE_CHECKER "hale-check"

/* Is pid, a child of hale's, such a one by its name: TREE_CHECKER, or hale's
 * own, which it keeps from its fork until it takes that one? */
bool tree_is_own(pid_t pid);

/* Appends the names and pids of hale's children that live, as far as /proc
 * shows them and b has room: "cat (pid 12), sleep (pid 15)". No checkers. */
void tree_list(struct buf *b);

/* How many of these there are; 0 if /proc does not show them. *only is the one
 * if there is exactly one, else 0. */
size_t tree_children(pid_t *only);

#endif
