/* SPDX-License-Identifier: MIT */
/* spawn_works.h - what children of sup/spawn.c do in tests, on any kernel */
#ifndef HALE_TESTS_SPAWN_WORKS_H
#define HALE_TESTS_SPAWN_WORKS_H

#include <errno.h>
#include <unistd.h>

#define CODE 7

static volatile int seen;	/* what leave() was given */

static void
leave(void *arg)
{
	seen = *(const int *)arg;
	errno = EBADMSG;
	_exit(CODE);
}

static void
come_back(void *arg)
{
	(void)arg;
}

static void
stay(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

#endif
