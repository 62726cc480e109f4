/* SPDX-License-Identifier: MIT */
/*
 * sup/monitor.h - is the service healthy? Runs checks, hears notifications
 *
 * Owns the checkers, the notify socket and the readiness pipe, and carries
 * out what health.c and notify.c decide. What follows from a verdict is the
 * owner's business.
 */
#ifndef HALE_SUP_MONITOR_H
#define HALE_SUP_MONITOR_H

#include "net/loop.h"
#include "sup/checker.h"
#include "sup/verdict.h"
#include "sup/notify.h"
#include "sup/notify_sock.h"
#include "sup/speaker.h"

#define MONITOR_NAME_MAX 96	/* bytes of a check's name, with its NUL */
#define MONITOR_USEC_MAX 48	/* bytes of "WATCHDOG_USEC=" and a number */
#define MONITOR_FDS_MAX  3	/* descriptors of ours between two turns */
#define MONITOR_FROZEN_MS 200	/* so late a timer: we were stopped, not it */

struct monitor_check_plan {
	struct span name;	/* for whoever may probe: without secrets */
	const struct check_word *check;	/* client/checkopt.h; lives as long */
	unsigned    counts_for;	/* VERDICT_READY, VERDICT_LIVE */
};

struct monitor_plan {
	struct verdict_conf verdict;
	bool        notify;		/* ready only after READY=1 */
	int         notify_fd;		/* ready after a newline here; 0: none */
	int64_t     watchdog_ms;	/* 0: none */
	size_t      n_checks;
	struct monitor_check_plan checks[VERDICT_CHECKS_MAX];
};

/* What is known of one check, for answers. */
struct monitor_check {
	char     name[MONITOR_NAME_MAX];
	char     why[CHECKER_LINE_MAX];	/* the last result in words */
	char     first_why[CHECKER_LINE_MAX];	/* the first bad one since it passed
						 * last, or since the start; or "" */
	char     not_run_why[CHECKER_LINE_MAX];	/* why there was none .. */
	char     not_run_first[CHECKER_LINE_MAX];	/* .. the first time */
	int64_t  took_ms;	/* the last one; -1: there was none */
	int64_t  ended_ms;
	uint64_t passed, failed;	/* results since hale started .. */
	uint64_t not_run;	/* .. and tries that came to none */
	struct checker checker;
	bool     is_ignored;	/* the checker's result is not waited for */
};

/* What is not touched before the service has started. */
struct monitor_room {
	struct speaker     speaker;
	char               usec_var[MONITOR_USEC_MAX];
	struct monitor_check checks[VERDICT_CHECKS_MAX];
};

struct monitor;

struct monitor_owner {
	void *owner;
	void (*changed)(void *owner, bool is_live);
	/* monitor_is_ready() has changed, other than by a start or an end */
	void (*readied)(void *owner, bool is_ready);
	/* the service asks for time to start or to stop */
	void (*extended)(void *owner, int64_t until_ms);
	/* a sign of life: a check passed, or it said something */
	void (*lives)(void *owner);
	/* it says that pid is its main process from now on (MAINPID) */
	void (*named)(void *owner, pid_t pid);
};

struct monitor {
	const struct monitor_plan    *plan;
	const struct signals_given *given;
	struct monitor_owner owner;
	struct source  timer;
	struct source  notify_source;	/* fd -1: no socket */
	struct source  ready_source;	/* fd -1: no pipe */
	int      ready_fd;	/* its write end, which the service gets, or 0 */
	struct verdict  verdict;
	struct notify  notify;
	pid_t    pid;		/* the service's, 0: there is none */
	int      cwd_fd;	/* where exec: checks run; 0: here */
	uint64_t oom_kills;	/* sup/cgroup.h, when it was last looked at */
	int64_t  awake_ms;	/* when something last woke us */
	bool     was_live, was_ready;
	bool     told_unnamed;	/* since the start: who may not say MAINPID */
	char     socket_var[NOTIFY_SOCK_NAME_MAX + 16];	/* NOTIFY_SOCKET=@... */
	struct monitor_check *checks;	/* the room's */
	struct speaker *speaker;	/* the room's */
	char   *usec_var;	/* the room's: "WATCHDOG_USEC=..." */
};

/*
 * Opens what the plan needs, before the service is started. w and the
 * room must be zeroed; all that is pointed to lives as
 * long as w. Returns 0 or an error number.
 */
int monitor_open(struct monitor *w, struct monitor_room *room,
               const struct monitor_plan *plan,
               const struct signals_given *given, struct loop *loop,
               struct monitor_owner owner);

/* What the service's environment gets: MONITOR_VARS variables at most, and
 * *watchdog_pid is the slot that is to have its pid, or NULL. */
#define MONITOR_VARS 3
bool monitor_needs_env(const struct monitor *w);
void monitor_set_env(struct monitor *w, char **env, char ***watchdog_pid);

/* Right before a start: forgets what the last one wrote to its readiness
 * pipe. Returns the end that the service gets, or 0 for none. */
int monitor_ready_fd(struct monitor *w);

void monitor_start(struct monitor *w, pid_t pid);	/* the service runs as pid */
void monitor_follow(struct monitor *w, pid_t pid);	/* .. and now it is this one */
void monitor_stop(struct monitor *w);	/* it is being stopped: no checks */
void monitor_end(struct monitor *w);	/* it has ended */

/* hale leaves: waits a moment for checkers that were killed, since until they
 * are gone they may hold what they inherited, such as a listening port. */
void monitor_close(struct monitor *w);

/* pid has ended and was reaped. Returns whether it was a checker. */
bool monitor_reaped(struct monitor *w, pid_t pid, int status);

/* The descriptors that it keeps; returns how many. */
size_t monitor_fds(const struct monitor *w, int fds[MONITOR_FDS_MAX]);

/* By checks and notifications alone: */
bool monitor_is_ready(const struct monitor *w);
bool monitor_is_live(const struct monitor *w);
bool monitor_was_ready(const struct monitor *w);	/* once since the start */

/*
 * MONITOR_REASON is the same at every probe: for a check that does not pass it is
 * the first result that was bad, or why it could not be run at first, and it names
 * no age or moment. So the kubelet counts one event, and does not make a new one
 * at each probe.
 */
enum monitor_words {
	MONITOR_REASON,
	MONITOR_LATEST,	/* the last result, with ages */
};

/* Appends the result of check i, or why there is none: "could not be run for
 * 12s: cannot start a process: ...; the last result: 200 OK". */
void monitor_write_check(const struct monitor *w, size_t i, enum monitor_words words,
                       struct buf *b);

/* Appends why it is not ready, or not live: the first reason there is. */
void monitor_write_unready(const struct monitor *w, enum monitor_words words,
                         struct buf *b);
void monitor_write_unlive(const struct monitor *w, struct buf *b);

#endif
