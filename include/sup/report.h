/* SPDX-License-Identifier: MIT */
/*
 * sup/report.h - the checks behind the verdicts, from what the machines say
 *
 * hale's own checks are "service", and where they apply "startup", "notify" and
 * "watchdog"; then come those that ask a URL, and last "drain": what failed
 * before it is still the first reason.
 */
#ifndef HALE_SUP_REPORT_H
#define HALE_SUP_REPORT_H

#include "sup/facts.h"
#include "sup/service.h"
#include "sup/watch.h"

#define REPORT_WHY_MAX 400	/* bytes of why a check fails, with its NUL */

struct report_from {
	const struct service *service;
	const struct watch   *watch;
	pid_t                 pid;	/* the service's, or 0 */
	int                   stop_came;	/* the signal that was a stop */
	enum watch_words      words;
	const char           *sick;	/* the last reason for not being live */
	const char           *death;	/* how the last one ended, or "" */
	const char           *refused;	/* why the machine did not let the next
					 * one start, or "" */
	bool                  is_loading;	/* its exec has not finished */
	int64_t               now_ms;
};

/* Where the reasons are kept for as long as the facts are used. */
struct report_room {
	char service[REPORT_WHY_MAX];
	char drain[REPORT_WHY_MAX];
	char startup[REPORT_WHY_MAX];
	char notify[REPORT_WHY_MAX];
	char watchdog[REPORT_WHY_MAX];
	char asked[HEALTH_CHECKS_MAX][REPORT_WHY_MAX];
};

/* Fills facts->checks and n_checks. */
void report_checks(struct facts *facts, struct report_room *room,
                   const struct report_from *from);

#endif
