/* SPDX-License-Identifier: MIT */
/*
 * sup/child.h - start the service; what its wait status means
 */
#ifndef HALE_SUP_CHILD_H
#define HALE_SUP_CHILD_H

#include "sup/signals.h"

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

/*
 * Starts argv[0], found by PATH as execvp(3) does, in its process group,
 * with the mask and dispositions of plan->given. It shares hale's memory until
 * its exec (vfork), which costs no page tables and makes the exec's failure
 * known here at once.
 * Returns the pid, or -errno of the fork or the exec; nothing is left then.
 */
pid_t child_start(const struct child_plan *plan);

/* The exit code that stands for a wait status: 128+n for signal n. */
int child_code(int status);

/* Appends how it ended: "exited with code 3", "was killed by SIGSEGV (core
 * dumped)". */
void child_write_end(struct buf *b, int status);

#endif
