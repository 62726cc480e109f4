/* SPDX-License-Identifier: MIT */
/*
 * sup/lifecycle.h - decides when the service starts, stops, restarts (pure)
 *
 * The state machine of the one service that hale runs: drain, stop, grace time,
 * restart with back-off, and when hale itself leaves. It gets events and the
 * time, and returns what is to be done. It sends nothing, waits for nothing and
 * never fails: sup/keeper.h reports the events and carries the actions out.
 */
#ifndef HALE_SUP_LIFECYCLE_H
#define HALE_SUP_LIFECYCLE_H

#include "sup/backoff.h"

#define LIFECYCLE_KILL_AGAIN_MS  1000	/* between two SIGKILLs to everything */
#define LIFECYCLE_CLEAR_AGAIN_MS 100	/* .. and to what a dead one left */
#define LIFECYCLE_CLEAR_MAX_MS   10000	/* then the next is started anyway */
#define LIFECYCLE_DEATH_MAX_MS   10000	/* after its first SIGKILL: the kernel
					 * holds it, and hale waits no longer */
#define LIFECYCLE_HUNG_MS        10000	/* stop timeout, if none is set, of one
					 * that is not live when its stop
					 * begins: it may hear nothing */
#define LIFECYCLE_SLOW_MS        5000	/* a stop without a limit that takes
					 * longer is reported once */
#define LIFECYCLE_GOOD_MS        60000	/* so long healthy: back-off anew */

enum lifecycle_state {
	SVC_RUNNING,
	SVC_MENDING,	/* unhealthy: the stop signal is out, a start follows */
	SVC_CLEARING,	/* it has ended; what it left is being ended too */
	SVC_WAITING,	/* the back-off before the next start */
	SVC_DRAINING,	/* a stop came: readiness is off, it still serves */
	SVC_STOPPING,	/* the stop signal is out */
	SVC_LINGERING,	/* it has ended; the others may finish */
	SVC_KILLING,	/* the others got SIGKILL; they are being reaped */
	SVC_DOWN,	/* nothing is left to do */
};

enum lifecycle_event {
	EV_STOP,	/* a stop signal came */
	EV_DRAIN,	/* `hale drain`: readiness off, no stop yet */
	EV_EXITED,	/* the service has ended well */
	EV_FAILED,	/* it has ended badly */
	EV_NOT_STARTED,	/* right after ACT_START, or later if its exec took
			 * long: its program cannot be run */
	EV_REFUSED,	/* the same: the machine refused it, having no process,
			 * descriptor or memory left */
	EV_UNREACHABLE,	/* right after ACT_STOP, ACT_KILL or ACT_CLEAR: the
			 * service may not be signalled (kill(2), EPERM) */
	EV_ALONE,	/* no child is left */
	EV_READY,	/* all that readiness needs says yes (again) */
	EV_UNREADY,	/* something says no */
	EV_HEALTHY,	/* all live checks pass (again) */
	EV_UNHEALTHY,	/* one has failed, or the watchdog was not fed */
	EV_DEADLINE,	/* deadline_ms has come */
};

enum lifecycle_act {
	ACT_NONE,
	ACT_STOP,	/* send the stop signal to the service */
	ACT_TERM_REST,	/* send SIGTERM to all that is left */
	ACT_KILL,	/* send SIGKILL to everything */
	ACT_CLEAR_TERM,	/* send SIGTERM to hale's own descendants */
	ACT_CLEAR,	/* send SIGKILL to them: the service and what it left */
	ACT_START,	/* start the service again */
	ACT_STUCK,	/* SIGKILL has not ended it: say so */
	ACT_SLOW,	/* it has not ended and nothing limits that: say so */
	ACT_LEAVE,	/* exit with the service's code */
	ACT_BUG,	/* no such state; log it and go on */
};

enum lifecycle_restart { RESTART_NEVER, RESTART_ON_FAILURE, RESTART_ALWAYS };

enum lifecycle_unhealthy {
	UNHEALTHY_REPORT,	/* probes say so, nothing else */
	UNHEALTHY_RESTART,	/* by back-off and max_restarts, whatever
				 * `restart` says of an end by itself */
	UNHEALTHY_EXIT,		/* stop it and leave */
};

/* How it is to live; 0 turns each off. */
struct lifecycle_conf {
	int64_t drain_ms;
	int64_t stop_timeout_ms;
	int64_t linger_ms;
	enum lifecycle_restart   restart;
	enum lifecycle_unhealthy on_unhealthy;
	struct backoff_conf backoff;
};

struct lifecycle {
	const struct lifecycle_conf *conf;
	bool    leaving_kills;	/* hale is PID 1: the kernel ends all with it */
	enum lifecycle_state state;
	int64_t deadline_ms;	/* when EV_DEADLINE is due, or CLOCK_NEVER */
	int64_t unready_ms;	/* drained or stopped since, or CLOCK_NEVER */
	int64_t off_ms;		/* not ready since, for another reason (not yet,
				 * a check, the end before a restart), or
				 * CLOCK_NEVER */
	bool    killed;		/* SIGKILL has gone to everything */
	bool    gave_up;	/* for good: not live any more */
	bool    unheard;	/* .. since it may not be signalled */
	bool    is_patient;	/* STOPPING: without a limit, which deadline_ms
				 * is not: it is for ACT_SLOW */
	bool    stuck;		/* MENDING: not even SIGKILL has ended it yet */
	bool    pardoned;	/* this wait was begun anew after a freeze */
	int     stops;		/* EV_STOP so far */
	bool    sickened;	/* UNHEALTHY_EXIT is why it is being stopped */
	bool    is_gentle;	/* CLEARING: what it left may still finish */
	struct backoff backoff;
	int64_t start_ms;	/* CLEARING, WAITING: when it is due */
	int64_t wait_ms;	/* what was given to those who are to end */
	int64_t last_ms;	/* STOPPING, MENDING, CLEARING: when the wait
				 * for a death by SIGKILL is over; CLOCK_NEVER:
				 * none was sent (CLEARING: set from the
				 * start) */
	int64_t good_ms;	/* healthy since, or CLOCK_NEVER */
};

/* The service was started for the first time; conf lives as long as s. */
void lifecycle_started(struct lifecycle *s, const struct lifecycle_conf *conf,
                       bool leaving_kills, int64_t now_ms);

/*
 * After ACT_START the service counts as running: a start that failed comes as
 * EV_NOT_STARTED and, once no child is left, EV_ALONE. One that the machine
 * refused comes as EV_REFUSED: it is not a failure of the service, does not
 * count as a restart, and is tried for ever.
 *
 * No state waits for a death without end: SIGKILL is given
 * LIFECYCLE_DEATH_MAX_MS, and a service that may not be signalled is not waited
 * for where leaving ends it.
 */
enum lifecycle_act lifecycle_step(struct lifecycle *s, enum lifecycle_event ev,
                                  int64_t now_ms);

#endif
