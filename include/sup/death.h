/* SPDX-License-Identifier: MIT */
/*
 * sup/death.h - why a service died, in words
 */
#ifndef HALE_SUP_DEATH_H
#define HALE_SUP_DEATH_H

#include "base/buf.h"

#define DEATH_TEXT_MAX 320	/* bytes of the words, with their NUL */

struct death {
	int         status;	/* as wait(2) has it */
	uint64_t    oom_before;	/* cgroup_oom_kills() when it was started */
	bool        we_killed;	/* SIGKILL was hale's own */
	const char *sick;	/* why hale stopped it as unhealthy, or NULL */
};

/* Appends "exited with code 3", "was killed by SIGSEGV (core dumped)", "was
 * killed by the kernel for memory (limit 64 MiB)", and why hale ended it. */
void death_write(struct buf *b, const struct death *d);

#endif
