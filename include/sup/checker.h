/* SPDX-License-Identifier: MIT */
/*
 * sup/checker.h - a forked child that runs one check
 *
 * The check's blocking code, and whatever a hostile answer does to it, stays
 * in the child; PID 1 only forks, reaps and reads one line. The child keeps
 * none of hale's descriptors but its pipe and has a process group of its own.
 */
#ifndef HALE_SUP_CHECKER_H
#define HALE_SUP_CHECKER_H

#include "base/buf.h"
#include "sup/signals.h"

#define CHECKER_LINE_MAX 256	/* bytes of the line it may say */
#define CHECKER_GRACE_MS 50	/* after its deadline, for its last words */

struct checker {	/* all zero: never used */
	pid_t pid;	/* 0: none */
	int   fd;	/* where its line comes from */
};

struct check_word;

struct checker_job {
	const struct check_word    *check;	/* client/checkopt.h */
	int64_t                     deadline_ms;
	const struct signals_given *given;	/* what exec: programs get */
	int                         cwd_fd;	/* where they run; 0: here */
};

enum checker_result {
	CHECKER_GOOD,
	CHECKER_BAD,
	CHECKER_NOT_RUN,	/* the machine's fault; tells nothing */
	CHECKER_KILLED,		/* by a SIGKILL that is not ours: the kernel's,
				 * for memory, or anybody's */
};

/* Forks. Returns 0 or -errno, which is the machine's; c is unused then. */
int checker_start(struct checker *c, const struct checker_job *job);

/* SIGKILL to it and to all it started. It stays to be reaped. */
void checker_kill(const struct checker *c);

/*
 * It was reaped with this status: appends what it said, made plain, or how it
 * ended where it said nothing, and frees c. What it left running is killed.
 * Of its deaths only that by SIGKILL is not CHECKER_BAD: any other may be the
 * answer's doing. For one that checker_kill() ended there is no result.
 */
enum checker_result checker_ended(struct checker *c, int status,
                                  struct buf *why);

#endif
