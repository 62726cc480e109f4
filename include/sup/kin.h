/* SPDX-License-Identifier: MIT */
/*
 * sup/kin.h - which processes descend from one, by /proc
 *
 * However deep they are, with memory and descriptors that do not depend on it:
 * a few are found by the kernel's lists of children. Where there are no such
 * lists, or many processes, all of /proc is gone through, and each process's
 * parents are followed up. Nothing is signalled here.
 */
#ifndef HALE_SUP_KIN_H
#define HALE_SUP_KIN_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define KIN_MAX       16384	/* processes that are visited in one pass */
#define KIN_READS_MAX 262144	/* files that one pass reads at most */

/*
 * Elders are children that this process had before it started its first one
 * itself, as after `helper & exec hale` in a script. The first one's number and
 * the moment before its start tell who they are.
 */
struct kin_first {
	pid_t    pid;
	uint64_t ticks;	/* right before its start, as starttime in proc(5) */
};

/* Is a child of this number and starttime an elder? Start times come in steps
 * of 10 ms: within the first one's step, lower numbers are older. */
bool kin_is_elder(const struct kin_first *first, pid_t pid, uint64_t starttime);

/*
 * Calls each(pid, context) for those that descend from ancestor and have a
 * number below limit (INT_MAX at first): max (1 to KIN_MAX) at most, of the
 * highest numbers. Unless first is NULL, elders among ancestor's children are
 * left out with all that is below them. A pass reads /proc once, however many
 * it visits. All were found before the first call; children come before their
 * parents, unless there are many and the kernel's numbers have begun anew. One
 * that waits to be reaped may be among them. Returns the limit of the next
 * pass, or 0: there are no more.
 */
pid_t kin_below(pid_t ancestor, const struct kin_first *first, pid_t limit,
                size_t max, void (*each)(pid_t pid, void *context),
                void *context);

/*
 * Calls each(pid, context) for the children of this process that live, without
 * elders unless first is NULL, until it returns false; this process has one
 * thread. Returns whether these were all up to there: not if one waits to be
 * reaped, whose own children may have been missed, or if /proc does not tell.
 */
bool kin_children(const struct kin_first *first,
                  bool (*each)(pid_t pid, void *context), void *context);

#endif
