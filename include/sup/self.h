/* SPDX-License-Identifier: MIT */
/*
 * sup/self.h - PID 1's state, for the files that make it up
 *
 * init.c owns it, opens everything, reads signals and turns the loop; keeper.c
 * starts, signals and restarts the service; reaper.c hears of children that end
 * or stop; respond.c answers probes, from what snapshot_take.c reads here. No
 * other file includes this.
 */
#ifndef HALE_SUP_SELF_H
#define HALE_SUP_SELF_H

#include "sup/last_end.h"
#include "sup/main_pid.h"
#include "sup/init.h"
#include "sup/launch.h"
#include "sup/local.h"
#include "sup/proc.h"
#include "sup/snapshot.h"
#include "sup/usage.h"

#define SELF_SIGNAL_BATCH 32	/* signals read at a time */
#define SELF_LIST_MAX 512	/* bytes of the names of what was left */

struct init;

/* Waits for the end of an exec that takes long. */
struct self_exec {
	struct source source;	/* first, so that it leads here */
	struct init  *init;
};

struct init {
	struct init_plan    *plan;
	struct loop          loop;
	struct source        signals;
	struct source        timer;	/* the service machine's deadline */
	struct local         local;
	struct signals_rules rules;
	struct lifecycle       lifecycle;
	struct launch        launch;
	struct monitor         monitor;
	pid_t    pid;		/* the service's; 0 once it has ended */
	uid_t    uid;		/* our own */
	pid_t    group;		/* its process group, for what it leaves */
	int      status;	/* its wait status */
	int      terminal_fd;	/* the service's controlling terminal, or -1 */
	int      stop_signal;	/* what the stop is sent as */
	bool     stop_sent;
	bool     leaving;
	bool     start_refused;	/* the machine refused the last start */
	bool     cleared;	/* it got SIGKILL as part of a restart */
	bool     told_clash;	/* that it may have wanted hale's port */
	bool     told_unreachable;	/* that it cannot be signalled */
	bool     stopped;	/* the service, as waitpid() reported it last */
	bool     renamed;	/* the service is called `name` now */
	int64_t  started_ms;
	struct last_end_alive alive;	/* of the service */
	uint64_t born_ms;	/* of the service, since the epoch */
	/* Large, so here: what a start touches lies close together above. */
	struct server server;
	struct signalfd_siginfo batch[SELF_SIGNAL_BATCH];
	int      stop_came;	/* the signal that was the (last) stop */
	struct signalfd_siginfo stop_from;	/* the stop's value, if queued */
	struct main_pid follow;
	uint64_t orphans, forwarded;
	uint64_t heard_ticks;	/* when a stop went to the group, or 0 */
	int      group_fd;	/* from tree_hold(), or 0 */
	bool     signals_paused;	/* reading them failed */
	bool     start_failed;	/* the last ACT_START, not yet told */
	bool     unreachable;	/* the last signal, not yet told: EPERM */
	bool     told_unfollowed;	/* a MAINPID that is nobody's, since the start */
	bool     upgrade_failed;	/* what took its place has ended badly */
	bool     told_traced;	/* one line for all that asked to be traced */
	bool     told_ctrl_z;	/* one line for every Ctrl-Z */
	bool     resumed;	/* by a SIGCONT that is still to be read */
	bool     key_stop;	/* the terminal has sent the stop signal */
	int64_t  died_ms;	/* of the last death; 0: there was none */
	long     peak_kb;	/* the most memory that the last one had */
	struct self_exec *exec;	/* its exec has not finished, or NULL */
	int      exec_err;	/* how it failed: the child is about to end */
	int      unstarted;	/* exit code of a first start that failed late */
	struct monitor_room room;
	struct usage_cache usage;
	int64_t  stop_ms;	/* when the stop signal was sent */
	int64_t  no_drain_ms;	/* a refused /drain is not logged before */
	char sick[SNAPSHOT_WHY_MAX];	/* why it is not live, or was stopped */
	char death[LAST_END_TEXT_MAX];	/* how the last one ended, or "" */
	char refused[SNAPSHOT_WHY_MAX];	/* why the machine refused a start, or "" */
	struct self_exec execs[2];	/* one may have ended in this very turn */
	char name[PROC_NAME_LEN + 1];	/* of what was followed, at that time */
	pid_t launched;		/* what hale started: may be the service again */
};

/* What the service is called: as it was started, or as what has taken its
 * place calls itself. */
static inline const char *
self_program(const struct init *in)
{
	return in->renamed ? in->name : in->plan->argv[0];
}

#endif
