/* SPDX-License-Identifier: MIT */
/*
 * sup/snapshot_checks.h - the checks behind the verdicts, from what the machines say
 *
 * hale's own checks are "service", and where they apply "startup", "notify" and
 * "watchdog"; then come those that ask a URL, and last "drain": what failed
 * before it is still the first reason.
 */
#ifndef HALE_SUP_SNAPSHOT_CHECKS_H
#define HALE_SUP_SNAPSHOT_CHECKS_H

#include "sup/snapshot.h"
#include "sup/lifecycle.h"
#include "sup/monitor.h"

#define SNAPSHOT_WHY_MAX 400	/* bytes of why a check fails, with its NUL */

struct snapshot_from {
	const struct lifecycle *lifecycle;
	const struct monitor   *monitor;
	pid_t                 pid;	/* the service's, or 0 */
	int                   stop_came;	/* the signal that was a stop */
	enum monitor_words      words;
	const char           *sick;	/* the last reason for not being live */
	const char           *death;	/* how the last one ended, or "" */
	const char           *refused;	/* why the machine did not let the next
					 * one start, or "" */
	bool                  is_loading;	/* its exec has not finished */
	int64_t               now_ms;
};

/* Where the reasons are kept for as long as the facts are used. */
struct snapshot_room {
	char service[SNAPSHOT_WHY_MAX];
	char drain[SNAPSHOT_WHY_MAX];
	char startup[SNAPSHOT_WHY_MAX];
	char notify[SNAPSHOT_WHY_MAX];
	char watchdog[SNAPSHOT_WHY_MAX];
	char asked[VERDICT_CHECKS_MAX][SNAPSHOT_WHY_MAX];
};

/* Fills facts->checks and n_checks. */
void snapshot_checks(struct snapshot *facts, struct snapshot_room *room,
                   const struct snapshot_from *from);

#endif
