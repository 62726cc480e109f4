/* SPDX-License-Identifier: MIT */
/*
 * sup/spawn.h - run a child on our memory for a limited time
 *
 * vfork(2) without its flaw: it holds the parent for as long as the child's
 * exec takes, which a file system, fanotify or a tracer may make for ever.
 */
#ifndef HALE_SUP_SPAWN_H
#define HALE_SUP_SPAWN_H

#include <sys/types.h>

#define SPAWN_HOLD_MS 100	/* below a second */
#define SPAWN_STACK 8192	/* bytes: execvp(3) needs 4.5 KB to search PATH */

/* The child's work; it returns only to end with exit code 126. */
typedef void spawn_work(void *arg);

enum spawn_end {
	SPAWN_LEFT,	/* it has left our memory: by an exec or an exit */
	SPAWN_KILLED,	/* the time was up: it was killed, and is gone */
	SPAWN_STUCK,	/* the same, but the kernel holds it: see below */
};

/*
 * Runs work(arg) in a child on our memory, and waits at most SPAWN_HOLD_MS
 * until the child has left it. Returns its pid, or -errno where there is none: -ENOSYS,
 * -EINVAL or -EPERM where the processor, the kernel or a seccomp profile is not
 * for it.
 * What a killed child has written does not count. One that is stuck never runs
 * an instruction again, but the kernel will write to a word of ours when it
 * lets go of it: this function may not be called any more then.
 */
pid_t spawn_shared(spawn_work *work, void *arg, enum spawn_end *end);

#endif
