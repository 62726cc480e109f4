/* SPDX-License-Identifier: MIT */
/*
 * sup/child_stop.h - children that stopped: traced by hale, or by job control
 */
#ifndef HALE_SUP_CHILD_STOP_H
#define HALE_SUP_CHILD_STOP_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * waitpid() reported that pid was stopped by sig. A child that called
 * PTRACE_TRACEME has made hale its tracer, so that each of its signals and its
 * exec stop it until hale acts: it is let go for good and gets the signal. The
 * two that call for a tracer it does not get: its exec's SIGTRAP and a SIGSTOP
 * of its own.
 * Returns 1 if it was let go; 0 if this is a stop by job control, or it has
 * just ended; -errno where the kernel refuses ptrace(2).
 */
int child_stop_let_go(pid_t pid, int sig);

/* Is pid, a child, stopped by job control right now? was_stopped is what the
 * last report of waitpid() said: no newer one is taken from it here. */
bool child_stop_is_on(pid_t pid, bool was_stopped);

#endif
