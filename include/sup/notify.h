/* SPDX-License-Identifier: MIT */
/*
 * sup/notify.h - what the service says of itself by sd_notify(3) (pure)
 *
 * Reads datagrams and keeps what they said; sup/notify_sock.h receives them.
 * Of the protocol's keys READY, STOPPING, STATUS, WATCHDOG, WATCHDOG_USEC,
 * EXTEND_TIMEOUT_USEC and MAINPID mean something here. Others are passed
 * over, as the protocol asks: RELOADING does not end readiness, and BARRIER
 * is done once its descriptor is closed, which the kernel does.
 */
#ifndef HALE_SUP_NOTIFY_H
#define HALE_SUP_NOTIFY_H

#include "base/span.h"

#include <stdint.h>
#include <sys/types.h>

#define NOTIFY_MSG_MAX    4096	/* bytes of a datagram */
#define NOTIFY_STATUS_MAX 256	/* bytes of STATUS that are kept */

struct notify_msg {
	bool ready;		/* READY=1 */
	bool stopping;		/* STOPPING=1 */
	bool fed;		/* WATCHDOG=1 */
	bool trigger;		/* WATCHDOG=trigger: act as if it was not fed */
	bool has_status;	/* STATUS= */
	bool has_watchdog;	/* WATCHDOG_USEC= */
	struct span status;	/* the datagram's bytes */
	int64_t watchdog_ms;	/* rounded up; 0: no watchdog */
	int64_t extend_ms;	/* EXTEND_TIMEOUT_USEC=, rounded up, or 0 */
	pid_t   main_pid;	/* MAINPID=, or 0 */
};

/*
 * Reads one datagram. A key whose value makes no sense is passed over.
 * Returns 0, or ERR_PARSE for a NUL byte that is not the last.
 */
int notify_read(struct notify_msg *msg, struct span bytes);

struct notify {
	/* set by the owner */
	bool    needs_ready;	/* not ready before READY=1 */
	int64_t watchdog_conf_ms;	/* --watchdog, or 0 */
	/* since the service's start */
	bool    is_on;		/* between start and stop */
	bool    ready, stopping;
	bool    starved;	/* the watchdog was not fed in time, or .. */
	bool    triggered;	/* .. it said WATCHDOG=trigger */
	bool    pardoned;	/* since it was fed */
	bool    was_fed;	/* once */
	int64_t watchdog_ms;	/* in force, or 0 */
	int64_t fed_by_ms;	/* when it must be fed again, or CLOCK_NEVER */
	pid_t   main_pid;	/* as the service says; 0: it said nothing */
	size_t  status_len;
	char    status[NOTIFY_STATUS_MAX];	/* as of buf_plain() */
};

/* The service was started: nothing was said yet. The watchdog runs from here
 * or, where READY=1 is needed, from there. */
void notify_start(struct notify *n, int64_t now_ms);

/* It has ended or is being stopped: no watchdog any more. */
void notify_stop(struct notify *n);

void notify_apply(struct notify *n, const struct notify_msg *msg,
                  int64_t now_ms);

/* hale itself did not run for a while, and so perhaps neither did the service:
 * the watchdog starts anew, once until it is fed. */
void notify_pardon(struct notify *n, int64_t now_ms);

/* Notices that fed_by_ms has come. Returns whether it is starved now and was
 * not before. */
bool notify_starves(struct notify *n, int64_t now_ms);

/* By what it said: is it to be given work? */
bool notify_is_ready(const struct notify *n);

#endif
