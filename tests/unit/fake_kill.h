/* SPDX-License-Identifier: MIT */
/*
 * fake_kill.h - signals that are noted down instead of sent
 *
 * For tests that are linked with --wrap=kill. Every process is there and may
 * be signalled.
 */
#ifndef HALE_TESTS_FAKE_KILL_H
#define HALE_TESTS_FAKE_KILL_H

#include <sys/types.h>

static pid_t fake_sent_to;	/* the last one; below zero: a group */
static int   fake_sent_sig;	/* 0: none yet */

int __wrap_kill(pid_t pid, int sig);

int
__wrap_kill(pid_t pid, int sig)
{
	if (sig == 0)	/* a question */
		return 0;
	fake_sent_to = pid;
	fake_sent_sig = sig;
	return 0;
}

static inline void
fake_kill_reset(void)
{
	fake_sent_to = 0;
	fake_sent_sig = 0;
}

#endif
