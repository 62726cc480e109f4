/* SPDX-License-Identifier: MIT */
/*
 * sup/descendants.h - which processes descend from one, by /proc
 *
 * However deep they are, with memory and descriptors that do not depend on it:
 * a few are found by the kernel's lists of children. Where there are no such
 * lists, or many processes, all of /proc is gone through, and each process's
 * parents are followed up. Nothing is signalled here.
 */
#ifndef HALE_SUP_DESCENDANTS_H
#define HALE_SUP_DESCENDANTS_H

#include <limits.h>
#include <stddef.h>
#include <sys/types.h>

#define DESCENDANTS_MAX       16384	/* processes visited in one pass */
#define DESCENDANTS_READS_MAX 262144	/* files that one pass reads at most */

/*
 * Calls each(pid, context) for those that descend from ancestor and have a
 * number below limit (INT_MAX at first): max (1 to DESCENDANTS_MAX) at most,
 * of the highest numbers. A pass reads /proc once, however many it visits. All
 * were found before the first call; children come before their parents, unless
 * there are many and the kernel's numbers have begun anew. One that waits to be
 * reaped may be among them. Returns the limit of the next pass, or 0: there are
 * no more.
 */
pid_t descendants_each(pid_t ancestor, pid_t limit, size_t max,
                       void (*each)(pid_t pid, void *context), void *context);

/* Calls each(pid, context) for all children of this process that live; it has
 * one thread. */
void descendants_each_child(void (*each)(pid_t pid, void *context),
                            void *context);

#endif
