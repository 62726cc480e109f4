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

#include "sup/procstat.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define KIN_MAX       512	/* processes that are visited in one pass */
#define KIN_READS_MAX 262144	/* files that one pass reads at most */

/* Does /proc show who is whose child? */
bool kin_is_shown(void);

/*
 * Calls each(pid, context) for those that descend from ancestor and have a
 * number below limit (INT_MAX at first): KIN_MAX at most, of the highest
 * numbers. All were found before the first call; children come before their
 * parents, unless there are many and the kernel's numbers have begun anew. One
 * that waits to be reaped may be among them. Returns the limit of the next
 * pass, or 0: there are no more.
 */
pid_t kin_below(pid_t ancestor, pid_t limit,
                void (*each)(pid_t pid, void *context), void *context);

/* Calls each(pid, context) for all children of parent that live. */
void kin_children(pid_t parent, void (*each)(pid_t pid, void *context),
                  void *context);

#endif
