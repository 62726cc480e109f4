/* SPDX-License-Identifier: MIT */
/*
 * client/program.h - run a program as a check, with a deadline
 *
 * Blocking; never for PID 1's loop. The program gets a process group of its
 * own, an empty stdin, default signals, and as stdout and stderr a pipe that
 * is drained. When it has ended, or at the deadline, its group gets SIGKILL; a
 * process that made a group or session of its own is not found. The program
 * itself dies with its parent.
 */
#ifndef HALE_CLIENT_PROGRAM_H
#define HALE_CLIENT_PROGRAM_H

#include "base/buf.h"

#include <stdint.h>

/* Appends why `program` could not be started, which gave err (-errno); the
 * result is not looked at. sup/exec_error.h has one. */
typedef int program_explain(struct buf *b, const char *program, int err);

/*
 * Runs argv to its end or to deadline_ms, and appends one line to why: "exit
 * 1: LINE", the last line that it printed, as it was printed. argv[0] without a
 * slash is looked for in PATH. explain may be NULL: the error's own words.
 * Returns 0 for exit 0, ERR_UNHEALTHY (another exit, or a signal),
 * ERR_TIMEOUT, -errno where it could not be started, ERR_NOT_RUN where the
 * machine had no process, descriptor or memory for it, or ERR_KILLED where
 * SIGKILL ended it: the kernel's, for memory, or anybody's.
 */
int program_run(char *const argv[], program_explain *explain,
                int64_t deadline_ms, struct buf *why);

#endif
