/* SPDX-License-Identifier: MIT */
/*
 * bench.h - what the benchmark's programs have in common
 *
 * These programs measure; they are no part of hale. A system call that fails
 * ends the program in words, since a wrong number is worse than none.
 */
#ifndef HALE_TESTS_BENCH_H
#define HALE_TESTS_BENCH_H

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BENCH_NSEC     1000000000LL
#define BENCH_SERVICES 16	/* inits one run can compare */

static inline void
die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Ends the program when a call has failed; else passes its result on. */
static inline long
must(long result, const char *what)
{
	if (result < 0)
		die(what);
	return result;
}

static inline int64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * BENCH_NSEC + ts.tv_nsec;
}

/*
 * Like fork(), but the child is PID 1 of a new PID namespace. The raw call:
 * libc's clone() wants a stack. The child goes when we go.
 */
static inline pid_t
fork_init(void)
{
	pid_t pid = (pid_t)must(syscall(SYS_clone, CLONE_NEWPID | SIGCHLD,
	                                0, 0, 0, 0), "clone");

	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

/*
 * Cuts argv (NULL at its end) at each "+" into command lines; each ends in
 * NULL. Returns how many there are.
 */
static inline int
split_commands(char **argv, char **commands[BENCH_SERVICES])
{
	int n = 0;

	for (; *argv != NULL; argv++) {
		if (strcmp(*argv, "+") != 0)
			continue;
		*argv = NULL;
		if (argv[1] != NULL && strcmp(argv[1], "+") != 0
		 && n < BENCH_SERVICES)
			commands[n++] = argv + 1;
	}
	return n;
}

static inline int
by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The value below which percent of the n sorted values lie; 0 for none. */
static inline int64_t
percentile(const int64_t *sorted, size_t n, size_t percent)
{
	return n == 0 ? 0 : sorted[(n - 1) * percent / 100];
}

#endif
