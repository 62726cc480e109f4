/* SPDX-License-Identifier: MIT */
/*
 * sup/spawn.h - a vfork(2) that holds its caller only for a limited time
 *
 * Runs a function in a child on our memory; what it does there, such as an
 * exec, is the caller's (sup/child.h). vfork(2) itself holds the parent for as
 * long as the child's exec takes, which a file system, fanotify or a tracer may
 * make for ever.
 */
#ifndef HALE_SUP_SPAWN_H
#define HALE_SUP_SPAWN_H

#include <sys/types.h>

#define SPAWN_HOLD_MS 100	/* below a second */
#define SPAWN_STACK 8192	/* bytes: execvp(3) needs 4.5 KB of it */

/* The child's work; it returns only to end with exit code 126. */
typedef void spawn_work(void *arg);

enum spawn_end {
	SPAWN_LEFT,	/* it has left our memory: by an exec or an exit */
	SPAWN_LATE,	/* the time was up: it was killed, see below */
};

/*
 * Runs work(arg) in a child on our memory, and waits at most SPAWN_HOLD_MS
 * until the child has left it. Returns its pid, or -errno if there is none:
 * -ENOSYS, -EINVAL or -EPERM where the processor, the kernel or a seccomp
 * profile is not for it.
 * One that was killed is to be reaped whenever it comes: the kernel may hold it
 * for long. It never runs an instruction on our memory again, and what it has
 * written there does not count; but the kernel writes to a word of ours when it
 * lets go of it, so this function may not be called any more then.
 */
pid_t spawn_shared(spawn_work *work, void *arg, enum spawn_end *end);

#endif
