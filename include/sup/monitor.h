/* SPDX-License-Identifier: MIT */
/*
 * sup/monitor.h - runs the checks and reports what becomes of the verdicts
 *
 * Begins a check when it is due, hears of the end of its child (sup/checker.h),
 * takes in what the service says (sup/notify_inbox.h) and carries out what
 * sup/verdict.h decides. What follows from a verdict is the owner's business;
 * sup/reason.h has the words for it.
 */
#ifndef HALE_SUP_MONITOR_H
#define HALE_SUP_MONITOR_H

#include "net/loop.h"
#include "sup/checker.h"
#include "sup/notify_inbox.h"
#include "sup/verdict.h"

#define MONITOR_NAME_MAX 96	/* bytes of a check's name, with its NUL */
#define MONITOR_FROZEN_MS 200	/* so late a timer: we were stopped, not it */

struct monitor_check_plan {
	struct span name;	/* for whoever may probe: without secrets */
	const struct check_word *check;	/* client/checkopt.h; lives as long */
	unsigned    counts_for;	/* VERDICT_READY, VERDICT_LIVE */
};

struct monitor_plan {
	struct verdict_conf verdict;
	bool        notify;		/* ready only after READY=1 */
	int         notify_fd;		/* ready after a newline; 0: none */
	int64_t     watchdog_ms;	/* 0: none */
	size_t      n_checks;
	struct monitor_check_plan checks[VERDICT_CHECKS_MAX];
};

/* What is known of one check, for answers. */
struct monitor_check {
	int64_t  took_ms;	/* the last one; -1: there was none */
	int64_t  ended_ms;
	uint64_t passed, failed;	/* results since hale started .. */
	uint64_t not_run;	/* .. and tries that came to none */
	bool     is_ignored;	/* the checker's result is not waited for */
	char     name[MONITOR_NAME_MAX];
	struct checker checker;
	char     why[CHECKER_LINE_MAX];	/* the last result in words */
	char     first_why[CHECKER_LINE_MAX];	/* the first bad one since it
						 * passed or started, or "" */
	char     not_run_why[CHECKER_LINE_MAX];	/* why there was none .. */
	char     not_run_first[CHECKER_LINE_MAX];	/* .. the first time */
};

/* What is not touched before the service has started. */
struct monitor_room {
	struct notify_inbox_room    inbox;
	struct monitor_check checks[VERDICT_CHECKS_MAX];
};

struct monitor_owner {
	void *owner;
	/* by checks and notifications alone it is live, or not any more */
	void (*live_changed)(void *owner, bool is_live);
	/* or ready: not called at a start, from which it is not, or an end */
	void (*ready_changed)(void *owner, bool is_ready);
	/* the service wants more time to start or to stop */
	void (*wants_time)(void *owner, int64_t until_ms);
	/* a check passed, or the service said something */
	void (*sign_of_life)(void *owner);
	/* pid is to be its main process from now on (MAINPID) */
	void (*main_pid_named)(void *owner, pid_t pid);
};

struct monitor {
	const struct monitor_plan  *plan;
	const struct signals_given *given;
	int      cwd_fd;	/* where exec: checks run; 0: here */
	uint64_t oom_kills;	/* sup/cgroup.h, when it was last looked at */
	int64_t  awake_ms;	/* when something last woke us */
	bool     was_live, was_ready;
	struct monitor_check *checks;	/* the room's */
	/* Behind what is small, which is then addressed by a byte. */
	struct source  timer;
	struct monitor_owner owner;
	struct verdict_checks verdict;
	struct notify_inbox   inbox;
};

/*
 * Opens what the plan needs, before the service is started. m and the
 * room must be zeroed; all that is pointed to lives as
 * long as m. Returns 0 or an error number.
 */
int monitor_open(struct monitor *m, struct monitor_room *room,
                 const struct monitor_plan *plan,
                 const struct signals_given *given, struct loop *loop,
                 struct monitor_owner owner);

/* The service runs as pid; it is this one now; it is being stopped, so that no
 * checks are run; it has ended. */
void monitor_start(struct monitor *m, pid_t pid);
void monitor_follow(struct monitor *m, pid_t pid);
void monitor_stop(struct monitor *m);
void monitor_end(struct monitor *m);

/* hale leaves: waits a moment for checkers that were killed, since until they
 * are gone they may hold what they inherited, such as a listening port. */
void monitor_close(struct monitor *m);

/* pid has ended and was reaped. Returns whether it was a check's child; if so,
 * its result counts. */
bool monitor_reaped(struct monitor *m, pid_t pid, int status);

/* Has the service been ready since its start? */
bool monitor_was_ready(const struct monitor *m);

#endif
