/* SPDX-License-Identifier: MIT */
/*
 * sup/watch.h - is the service healthy? Runs checks, hears notifications
 *
 * Owns the checkers, the notify socket and the readiness pipe, and carries
 * out what health.c and notify.c decide. What follows from a verdict is the
 * owner's business.
 */
#ifndef HALE_SUP_WATCH_H
#define HALE_SUP_WATCH_H

#include "net/loop.h"
#include "sup/checker.h"
#include "sup/health.h"
#include "sup/notify.h"
#include "sup/notify_sock.h"
#include "sup/speaker.h"

#define WATCH_NAME_MAX 96	/* bytes of a check's name, with its NUL */
#define WATCH_USEC_MAX 48	/* bytes of "WATCHDOG_USEC=" and a number */
#define WATCH_FDS_MAX  3	/* descriptors of ours between two turns */
#define WATCH_FROZEN_MS 200	/* so late a timer: we were stopped, not it */

struct watch_check_plan {
	struct span name;	/* empty: made of the URL */
	struct span url;	/* and its options (net/checkopt.h), verified */
	unsigned    counts_for;	/* HEALTH_READY, HEALTH_LIVE */
};

struct watch_plan {
	struct health_conf health;
	bool        notify;		/* ready only after READY=1 */
	int         notify_fd;		/* ready after a newline here; 0: none */
	int64_t     watchdog_ms;	/* 0: none */
	size_t      n_checks;
	struct watch_check_plan checks[HEALTH_CHECKS_MAX];
};

/* What is known of one check, for answers. */
struct watch_check {
	char     name[WATCH_NAME_MAX];
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
struct watch_room {
	struct speaker     speaker;
	char               usec_var[WATCH_USEC_MAX];
	struct watch_check checks[HEALTH_CHECKS_MAX];
};

struct watch;

struct watch_owner {
	void *owner;
	void (*changed)(void *owner, bool is_live);
	/* watch_is_ready() has changed, other than by a start or an end */
	void (*readied)(void *owner, bool is_ready);
	/* the service asks for time to start or to stop */
	void (*extended)(void *owner, int64_t until_ms);
	/* a sign of life: a check passed, or it said something */
	void (*lives)(void *owner);
	/* it says that pid is its main process from now on (MAINPID) */
	void (*named)(void *owner, pid_t pid);
};

struct watch {
	const struct watch_plan    *plan;
	const struct signals_given *given;
	struct watch_owner owner;
	struct source  timer;
	struct source  notify_source;	/* fd -1: no socket */
	struct source  ready_source;	/* fd -1: no pipe */
	int      ready_fd;	/* its write end, which the service gets, or 0 */
	struct health  health;
	struct notify  notify;
	pid_t    pid;		/* the service's, 0: there is none */
	int      cwd_fd;	/* where exec: checks run; 0: here */
	uint64_t oom_kills;	/* sup/cgroup.h, when it was last looked at */
	int64_t  awake_ms;	/* when something last woke us */
	bool     was_live, was_ready;
	bool     told_unnamed;	/* since the start: who may not say MAINPID */
	char     socket_var[NOTIFY_SOCK_NAME_MAX + 16];	/* NOTIFY_SOCKET=@... */
	struct watch_check *checks;	/* the room's */
	struct speaker *speaker;	/* the room's */
	char   *usec_var;	/* the room's: "WATCHDOG_USEC=..." */
};

/*
 * Opens what the plan needs, before the service is started. w and the
 * room must be zeroed; all that is pointed to lives as
 * long as w. Returns 0 or an error number.
 */
int watch_open(struct watch *w, struct watch_room *room,
               const struct watch_plan *plan,
               const struct signals_given *given, struct loop *loop,
               struct watch_owner owner);

/* What the service's environment gets: WATCH_VARS variables at most, and
 * *watchdog_pid is the slot that is to have its pid, or NULL. */
#define WATCH_VARS 3
bool watch_needs_env(const struct watch *w);
void watch_set_env(struct watch *w, char **env, char ***watchdog_pid);

/* Right before a start: forgets what the last one wrote to its readiness
 * pipe. Returns the end that the service gets, or 0 for none. */
int watch_ready_fd(struct watch *w);

void watch_start(struct watch *w, pid_t pid);	/* the service runs as pid */
void watch_follow(struct watch *w, pid_t pid);	/* .. and now it is this one */
void watch_stop(struct watch *w);	/* it is being stopped: no checks */
void watch_end(struct watch *w);	/* it has ended */

/* hale leaves: waits a moment for checkers that were killed, since until they
 * are gone they may hold what they inherited, such as a listening port. */
void watch_close(struct watch *w);

/* pid has ended and was reaped. Returns whether it was a checker. */
bool watch_reaped(struct watch *w, pid_t pid, int status);

/* The descriptors that it keeps; returns how many. */
size_t watch_fds(const struct watch *w, int fds[WATCH_FDS_MAX]);

/* By checks and notifications alone: */
bool watch_is_ready(const struct watch *w);
bool watch_is_live(const struct watch *w);
bool watch_was_ready(const struct watch *w);	/* once since the start */

/*
 * WATCH_REASON is the same at every probe: for a check that does not pass it is
 * the first result that was bad, or why it could not be run at first, and it names
 * no age or moment. So the kubelet counts one event, and does not make a new one
 * at each probe.
 */
enum watch_words {
	WATCH_REASON,
	WATCH_LATEST,	/* the last result, with ages */
};

/* Appends the result of check i, or why there is none: "could not be run for
 * 12s: cannot start a process: ...; the last result: 200 OK". */
void watch_write_check(const struct watch *w, size_t i, enum watch_words words,
                       struct buf *b);

/* Appends why it is not ready, or not live: the first reason there is. */
void watch_write_unready(const struct watch *w, enum watch_words words,
                         struct buf *b);
void watch_write_unlive(const struct watch *w, struct buf *b);

#endif
