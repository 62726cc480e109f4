/* SPDX-License-Identifier: MIT */
/*
 * sup/procstat.h - reads the bytes of /proc/PID/stat and its like (pure)
 *
 * Opens nothing: sup/proc.h and sup/descendants.h do. Fields are those of
 * proc(5), by their names there.
 */
#ifndef HALE_SUP_PROCSTAT_H
#define HALE_SUP_PROCSTAT_H

#include "base/span.h"

#include <stdint.h>
#include <sys/types.h>

#define PROCSTAT_MAX 1024	/* bytes of the file that are looked at */
#define PROCSTAT_HZ  100	/* clock ticks a second, wherever hale runs */

struct procstat {
	char     state;		/* 'R', 'S', 'D', 'T', 't', 'Z', 'X'... */
	pid_t    ppid;		/* 0: it is in an outer PID namespace */
	pid_t    pgrp, session;	/* 0 for the same, or if it has just gone */
	uint64_t utime, stime;	/* in clock ticks */
	uint64_t threads;
	uint64_t starttime;	/* in clock ticks since boot: pid and starttime
				 * together name a process for good */
	uint64_t vsize;		/* bytes */
	uint64_t rss;		/* pages */
};

/*
 * Reads what the file has. The name (comm) may hold any byte, ") R 1" too:
 * the fields start behind the last bracket.
 * Returns 0, or ERR_PARSE, after which *st is not to be used.
 */
int procstat_read(struct procstat *st, struct span bytes);

/* Is it more than an entry that waits to be reaped? */
bool procstat_lives(const struct procstat *st);

/* The real user that /proc/PID/status, or its start, names. Returns 0, -ESRCH
 * if the process has ended and waits to be reaped, or ERR_PARSE. */
int procstat_real_uid(struct span status, uid_t *uid);

/*
 * The next of "12 15 99 ", as task/TID/children has them: cuts the bytes off
 * that it takes, and keeps the start of a number that they end in in *part, 0
 * at first, for the bytes that follow. Returns 0 where no number ends; one that
 * is too large is INT_MAX, which is nobody.
 */
pid_t procstat_next_pid(struct span *bytes, pid_t *part);

#endif
