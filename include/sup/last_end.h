/* SPDX-License-Identifier: MIT */
/*
 * sup/last_end.h - words how the service ended, out of memory included
 *
 * "exited with code 3", "was killed by the kernel for memory": the text of logs
 * and /status, and the counts that it needs. When it is written and what
 * follows from an end is sup/keeper_mourn.h.
 *
 * The kernel says nowhere whom it killed for memory: it counts its kills in
 * the whole container. So what is known of a SIGKILL that is not hale's own
 * is whether the count rose since the service was last seen alive, and how
 * much memory it had. Half of the limit or more: it was the largest, which the
 * kernel chooses. Less: perhaps it was another one.
 */
#ifndef HALE_SUP_LAST_END_H
#define HALE_SUP_LAST_END_H

#include "base/buf.h"
#include "sup/cgroup.h"

#define LAST_END_TEXT_MAX 320	/* bytes of the words, with their NUL */
#define LAST_END_FRESH_MS 1000	/* the kills are counted no more often, and one
				 * that was counted has ended its process */

/* The kernel's kills as of the service's last sign of life. */
struct last_end_alive {
	uint64_t kills;		/* sup/cgroup.h; it lived LAST_END_FRESH_MS
				 * longer */
	int64_t  counted_ms;
	uint64_t next_kills;	/* the same, once it is seen alive again */
	int64_t  next_ms;
};

/* It was started. Here, since a start needs it: elsewhere it would lie far from
 * all that a start runs through. */
static inline void
last_end_began(struct last_end_alive *a, int64_t now_ms)
{
	a->kills = a->next_kills = cgroup_oom_kills();
	a->counted_ms = a->next_ms = now_ms;
}

/* It lives: a check passed, it said something, another process was killed and
 * it was not, a probe was answered and it had not been reaped. Costs nothing
 * within LAST_END_FRESH_MS of the last time. */
void last_end_seen_alive(struct last_end_alive *a, int64_t now_ms);

struct last_end {
	int         status;	/* as wait(2) has it */
	bool        we_killed;	/* SIGKILL was hale's own */
	const char *sick;	/* why hale stopped it as unhealthy, or NULL */
	uint64_t    kills_before;	/* at its last sign of life */
	int64_t     since_ms;	/* so long ago they were counted */
	uint64_t    peak_bytes;	/* the most memory that it, or a child that it
				 * waited for, had (ru_maxrss) */
	/* by last_end_look() */
	uint64_t    kills;	/* now, or CGROUP_UNKNOWN */
	uint64_t    limit_bytes;	/* or CGROUP_UNKNOWN */
};

/* Reads kills and limit, where they matter. */
void last_end_look(struct last_end *d);

/* Appends "exited with code 3", "was killed by SIGSEGV (core dumped)", "was
 * killed by the kernel for memory (limit 64 MiB)", and why hale ended it. */
void last_end_write(struct buf *b, const struct last_end *d);

#endif
