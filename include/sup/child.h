/* SPDX-License-Identifier: MIT */
/*
 * sup/child.h - one start of a program, as fork, set-up and exec
 *
 * What happens in the new process before its exec: signals, session or process
 * group, terminal, descriptors, directory; and what a wait status means. Of a
 * start, sup/keeper_start.h is the occasion and its records, sup/launch.h what
 * is prepared once, this the new process, sup/spawn.h the clone(2).
 */
#ifndef HALE_SUP_CHILD_H
#define HALE_SUP_CHILD_H

#include "sup/signals.h"
#include "sup/spawn.h"

#include <sys/types.h>

struct child_plan {
	char **argv;
	const struct signals_given *given;
	int    terminal_fd;	/* shared with it; -1: a session of its own */
	bool   foreground;	/* the terminal is handed over */
	bool   shares_group;	/* it stays in hale's process group */
	char **env;		/* what it gets for environ; NULL: ours */
	char **listen_pid;	/* slot of env with LISTEN_PID, or NULL */
	char **watchdog_pid;	/* slot of env with WATCHDOG_PID, or NULL */
	int    cwd_fd;		/* where it runs; 0: here */
	int    ready_fd;	/* becomes its descriptor ready_as; 0: none */
	int    ready_as;
};

#define CHILD_HOLD_MS SPAWN_HOLD_MS	/* so long a start holds its caller */

/* What else came of a start. */
struct child_news {
	const char *refused;	/* the system call that failed; NULL: the exec,
				 * or what comes before it in the child */
	int exec_fd;		/* the exec has not finished within the time:
				 * for child_exec(); 0: it has */
};

/*
 * Starts argv[0], found by PATH as execvp(3) does, in its process group,
 * with the mask and dispositions of plan->given. It shares hale's memory until
 * its exec (sup/spawn.h), which costs no page tables and makes the exec's
 * failure known here at once. An exec that takes longer is begun anew in a
 * child of its own memory, and from then on each is.
 * Returns the pid, or -errno of the fork or the exec; nothing is left then,
 * unless the child is held at its end: it is to be reaped when it comes.
 */
pid_t child_start(const struct child_plan *plan, struct child_news *news);

/* How does the exec stand? exec_fd is readable once there is more to say.
 * Returns 1: it is done, or the child was killed before it; 0: not yet; or
 * -errno of its failure, after which the child ends by itself. */
int child_exec(int exec_fd);

/* The exit code that stands for a wait status: 128+n for signal n. */
int child_code(int status);

/* Appends how it ended: "exited with code 3", "was killed by SIGSEGV (core
 * dumped)". */
void child_write_end(struct buf *b, int status);

#endif
