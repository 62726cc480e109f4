/* SPDX-License-Identifier: MIT */
/*
 * sup/child.h - start the service, reap children, signal them
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
	char **env;		/* what it gets for environ; NULL: ours */
	char **listen_pid;	/* slot of env with LISTEN_PID, or NULL */
	char **watchdog_pid;	/* slot of env with WATCHDOG_PID, or NULL */
	int    cwd_fd;		/* where it runs; 0: here */
	int    ready_fd;	/* becomes its descriptor ready_as; 0: none */
	int    ready_as;
};

/*
 * Starts argv[0], found by PATH as execvp(3) does, in its own process group,
 * with the mask and dispositions of plan->given. It shares hale's memory until
 * its exec (vfork), which costs no page tables and makes the exec's failure
 * known here at once.
 * Returns the pid, or -errno of the fork or the exec; nothing is left then.
 */
pid_t child_start(const struct child_plan *plan);

/*
 * Sends sig to pid, or with to_group to its process group, and to pid alone
 * where that fails (the group is gone). To pid alone a queued value that info
 * carries (sigqueue(3)) is passed on; no call sends one to a group. info may be
 * NULL. Failure means it has ended: no result.
 */
void child_signal(pid_t pid, bool to_group, int sig,
                  const struct signalfd_siginfo *info);

/*
 * Sends sig to everything but hale: as PID 1 the whole PID namespace, else
 * hale's descendants as far as /proc shows them, and service's group.
 */
void child_signal_all(pid_t service, int sig);

/*
 * Sends sig to hale's descendants, as far as /proc shows them, and service's
 * group: unlike the above it spares what `docker exec` started. SIGKILL goes to
 * CHILD_KILL_MAX of them at most, so that probes need not wait: the caller
 * sends it again while any is left.
 */
#define CHILD_KILL_MAX 512
void child_signal_own(pid_t service, int sig);

/* Sends sig to pid, its process group and its descendants. */
void child_signal_tree(pid_t pid, int sig);

/* For a forked child that is a subreaper: kills and reaps all its descendants.
 * Blocks until they are gone; where there is no /proc and the kernel's pids
 * have just begun anew, some may stay. */
void child_end_own(void);

/* Appends the names and pids of hale's children, as far as /proc shows them
 * and b has room: "cat (pid 12), sleep (pid 15)". */
void child_list(struct buf *b);

/* The exit code that stands for a wait status: 128+n for signal n. */
int child_code(int status);

/* Appends how it ended: "exited with code 3", "was killed by SIGSEGV (core
 * dumped)". */
void child_write_end(struct buf *b, int status);

#endif
