/* SPDX-License-Identifier: MIT */
/*
 * sup/keeper.h - carries out what sup/lifecycle.h decides: starts, stops
 *
 * Holds all that is known of the running service. Each event has a function
 * here; sup/lifecycle.h decides what it leads to, and the keeper does that:
 * starts the service, signals it, restarts it, and keeps how it ended. It reads
 * no signals, reaps no process and opens no listener: signal_reader, reaper,
 * job_control and probe_answer call it, and init.c turns the loop until
 * is_over. Once the service has been started nothing here fails, blocks or
 * allocates. keeper_*.c are its parts.
 */
#ifndef HALE_SUP_KEEPER_H
#define HALE_SUP_KEEPER_H

#include "sup/last_end.h"
#include "sup/launch.h"
#include "sup/lifecycle_status.h"
#include "sup/listen.h"
#include "sup/main_pid.h"
#include "sup/monitor.h"
#include "sup/proc.h"
#include "sup/snapshot.h"

#define KEEPER_CODES     256	/* exit codes there are */
#define KEEPER_UNHEALTHY 1	/* exit code: on_unhealthy said so */
#define KEEPER_LIST_MAX  512	/* bytes of the names of what was left */

/* What another tool has words of its own for, and what n is with it. */
enum keeper_news {
	NEWS_UNSTARTED,	/* an error number; why: in hale's words */
	NEWS_STARTED,
	NEWS_SIGNAL,	/* a signal that was sent to the service */
	NEWS_ENDED,	/* the service's wait status; why: in hale's words */
	NEWS_ORPHAN,	/* a wait status */
	NEWS_NO_REAPER,	/* orphans do not come to hale: pid is its own */
};

/* Logs it in place of hale's own line. name: the service's; why may be NULL. */
typedef void keeper_tell(enum keeper_news what, const char *name, pid_t pid,
                         int n, const char *why);

/* How the service is to be kept; lives as long as the keeper. */
struct keeper_plan {
	char  **argv;		/* NULL-terminated */
	/* HALE_* of these is not passed on; NULL: all is */
	const struct opt_group *settings;
	/* Appends what may have been meant by a program that is not there; or
	 * NULL. */
	void  (*write_hint)(struct buf *b, const char *program);
	keeper_tell *tell;	/* NULL: hale's own lines */
	struct signals_given given;
	bool    group;		/* signals go to the whole process group */
	bool    stopped_ok;	/* 128 + our stop signal is success */
	bool    follow_orphan;	/* the one process it left is the service */
	struct lifecycle_conf lifecycle;
	struct monitor_plan   monitor;
	bool    is_success[KEEPER_CODES];	/* exit codes that become 0 */
};

/* What is its owner's. */
struct keeper_world {
	struct loop          *loop;
	struct monitor       *monitor;	/* zeroed; the keeper opens it */
	struct monitor_room  *monitor_room;
	struct signals_rules *rules;	/* set; the group is chosen at each
					 * start */
	int terminal_fd;	/* the service's controlling terminal, or -1 */
	size_t n_listen;	/* where hale itself listens */
	const struct listen_place *listen;
	/* Nobody may be left: to be looked for in this turn of the loop. */
	void (*reap_soon)(void *owner);
	void  *owner;
};

/* The end of an exec that takes long is waited for. */
struct keeper_loading {
	struct source  source;	/* first, so that it leads here */
	struct keeper *keeper;
	int            err;	/* it has failed: the child is about to end */
};

/* What is not touched before the service has started. */
struct keeper_room {
	int      stop_came;	/* the signal that was the (last) stop */
	struct signalfd_siginfo stop_from;	/* its value, if queued */
	bool     is_key_stop;	/* the terminal has sent the stop signal */
	int64_t  stop_ms;	/* when the stop signal was sent */
	uint64_t heard_ticks;	/* when a stop went to the group, or 0 */
	int      group_fd;	/* from tree_hold(), or 0 */
	uint64_t forwarded;	/* signals, the stop's among them */
	int64_t  died_ms;	/* the last end; 0: there was none */
	struct main_pid main_pid;
	pid_t    launched;	/* by hale: may be the service again */
	bool     upgrade_failed;	/* its successor has ended badly */
	bool     logged_unfollowed;	/* a MAINPID that is nobody's, since the
					 * start */
	bool     logged_clash;	/* that it may have wanted hale's port */
	struct keeper_loading loadings[2];	/* one may have ended in this
						 * very turn */
	char name[PROC_NAME_LEN + 1];	/* of what was followed, at that time */
	char sick[SNAPSHOT_WHY_MAX];	/* why it is not live, or was stopped */
	char last_end[LAST_END_TEXT_MAX];	/* how it ended, or "" */
	char refused[SNAPSHOT_WHY_MAX];	/* why the machine refused a start, or
					 * "" */
};

/* All zero but for what keeper_init() sets. */
struct keeper {
	const struct keeper_plan *plan;
	struct keeper_room  *room;
	struct keeper_loading *loading;	/* its program is not loaded, or NULL */
	pid_t    pid;		/* the service's; 0 once it has ended */
	pid_t    group;		/* its process group, for what it leaves */
	int      status;	/* its wait status */
	int      stop_signal;	/* what the stop is sent as */
	int      exit_code;	/* hale's own, once .. */
	bool     is_over;	/* .. there is nothing left to do */
	bool     stop_sent;
	bool     cleared;	/* it got SIGKILL as part of a restart */
	bool     is_stopped;	/* as waitpid() reported it last */
	bool     renamed;	/* it is called room->name now */
	bool     logged_unreachable;	/* that it cannot be signalled */
	/* Behind what is small, which is then addressed by a byte. */
	struct lifecycle     lifecycle;
	struct keeper_world  with;
	struct source        timer;	/* the machine's deadline */
	struct launch        launch;
	struct last_end_alive alive;
	int64_t  started_ms;
	uint64_t born_ms;	/* the same, since the epoch */
};

/*
 * Sets k and the room up and chooses the service's process group. Both zeroed;
 * they, the plan and what `with` points to live until hale's end.
 */
void keeper_init(struct keeper *k, struct keeper_room *room,
                 const struct keeper_plan *plan,
                 const struct keeper_world *with);

/* Opens what a start needs, and the monitor. Returns 0 or an error number. */
int keeper_open(struct keeper *k);

#define KEEPER_FDS_MAX (NOTIFY_INBOX_FDS_MAX + 3)

/* Puts down the descriptors that are the keeper's. Returns how many. */
size_t keeper_fds(const struct keeper *k, int fds[KEEPER_FDS_MAX]);

/* The first start. Returns 0, or the exit code that stands for its failure,
 * which was logged. */
int keeper_start(struct keeper *k);

/* What follows a start, and must not delay the service. A kill in its first
 * moment is among those counted here: it then looks like a plain SIGKILL. */
void keeper_follow_start(struct keeper *k);

/* A stop came: signal `came`, to be sent on as sig. info has its value. */
void keeper_stop(struct keeper *k, int sig,
                 const struct signalfd_siginfo *info);

/* The same from a key of the terminal: the service has got it too, so that no
 * drain can come before. */
void keeper_stop_by_key(struct keeper *k, int sig);

/* `hale drain`. */
void keeper_drain(struct keeper *k);

/* Passes a signal on, to its group with to_group. */
void keeper_forward(struct keeper *k, bool to_group, int sig,
                    const struct signalfd_siginfo *info);

/*
 * pid was reaped; peak_kb is the most memory that it had. Returns whether that
 * was the service's end: false too if another process has taken its place.
 */
bool keeper_reaped(struct keeper *k, pid_t pid, int status, long peak_kb);

/* Another process, not a checker, was reaped; no child is left at all. */
void keeper_orphan_ended(struct keeper *k, pid_t pid, int status);
void keeper_alone(struct keeper *k);

/* A sign of life: it has not been reaped. */
void keeper_lives(struct keeper *k);

/* What the service is called: as it was started, or as what has taken its place
 * calls itself. */
static inline const char *
keeper_program(const struct keeper *k)
{
	return k->renamed ? k->room->name : k->plan->argv[0];
}

#endif
