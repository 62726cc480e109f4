/* SPDX-License-Identifier: MIT */
/*
 * sup/service.h - the life of the service, as a pure machine
 *
 * Takes events and the time, returns what is to be done. It sends nothing,
 * waits for nothing and never fails: init.c carries the actions out.
 */
#ifndef HALE_SUP_SERVICE_H
#define HALE_SUP_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#define SERVICE_KILL_AGAIN_MS 1000	/* between two SIGKILLs to everything */

enum service_state {
	SVC_RUNNING,
	SVC_DRAINING,	/* asked to stop: readiness is off, it still serves */
	SVC_STOPPING,	/* the stop signal is out */
	SVC_LINGERING,	/* it has ended; the others may finish */
	SVC_KILLING,	/* the others got SIGKILL; they are being reaped */
	SVC_DOWN,	/* nothing is left to do */
};

enum service_event {
	EV_STOP,	/* SIGTERM came */
	EV_DRAIN,	/* `hale drain`: readiness off, no stop yet */
	EV_EXITED,	/* the service has ended */
	EV_ALONE,	/* no child is left */
	EV_DEADLINE,	/* deadline_ms has come */
};

enum service_act {
	ACT_NONE,
	ACT_STOP,	/* send the stop signal to the service */
	ACT_TERM_REST,	/* send SIGTERM to all that is left */
	ACT_KILL,	/* send SIGKILL to everything */
	ACT_LEAVE,	/* exit with the service's code */
	ACT_BUG,	/* no such state; log it and go on */
};

struct service {
	enum service_state state;
	int64_t deadline_ms;	/* when EV_DEADLINE is due, or CLOCK_NEVER */
	int64_t unready_ms;	/* since when readiness is off, or CLOCK_NEVER */
	bool    killed;		/* SIGKILL has gone to everything */
	/* set by the owner before the first step; 0 turns each off */
	int64_t drain_ms;
	int64_t stop_timeout_ms;
	int64_t linger_ms;
};

/* The service was started; the three times are kept. */
void service_started(struct service *s);

enum service_act service_step(struct service *s, enum service_event ev,
                              int64_t now_ms);

/* Does the service's process exist? */
bool service_is_live(const struct service *s);

/* Is it to be given work: running, and not draining? */
bool service_is_ready(const struct service *s);

/* "running", "draining", "stopping", "lingering"; static. */
const char *service_state_text(const struct service *s);

#endif
