/* SPDX-License-Identifier: MIT */
/*
 * sup/init.h - start a service, be its init until it ends
 */
#ifndef HALE_SUP_INIT_H
#define HALE_SUP_INIT_H

#include "net/server.h"
#include "sup/lifecycle.h"
#include "sup/listen.h"
#include "sup/monitor.h"

#define INIT_LISTEN_MAX (SERVER_LISTEN_MAX - 1)	/* one is the local socket */
#define INIT_CODES      256			/* exit codes there are */
#define INIT_UNHEALTHY  1	/* exit code: on_unhealthy said so */
#define INIT_FAILED     1	/* exit code: not started, a listener failed */

struct init_plan {
	char  **argv;		/* the service's, NULL-terminated */
	const char *version;
	const struct opt_group *settings;	/* HALE_* of these is not passed on to the
					 * service; NULL: all is */
	/* Appends what may have been meant by a program that is not there; or
	 * NULL. */
	void  (*write_hint)(struct buf *b, const char *program);
	struct signals_given given;
	bool    subreaper;
	bool    group;		/* signals go to the whole process group */
	bool    stopped_ok;	/* 128 + our stop signal is success */
	bool    warn_on_reap;
	int     parent_signal;	/* 0: none */
	int     stop_signal;	/* 0: what SIGTERM is rewritten to */
	uint64_t stops;		/* as in signals_rules */
	bool    follow_orphan;	/* the one process that it left is the service */
	int64_t stop_timeout_ms, drain_ms, linger_ms;	/* 0: off */
	enum lifecycle_restart   restart;
	enum lifecycle_unhealthy on_unhealthy;
	int64_t backoff_min_ms, backoff_max_ms;
	int     max_restarts;	/* in a row; 0: no limit */
	struct monitor_plan monitor;
	signed char rewrite[SIGNAME_MAX + 1];	/* as in signals_rules */
	bool    is_success[INIT_CODES];	/* exit codes that become 0 */
	size_t  n_listen;
	struct listen_place listen[INIT_LISTEN_MAX];
};

/*
 * Runs the service to its end. signals_block() must have been called. What
 * fails before the service runs is one log line and INIT_FAILED or
 * EXPLAIN_*; afterwards nothing ends hale but the service's end.
 * Returns the exit code. To be called once: its memory is static.
 */
int init_run(struct init_plan *plan);

#endif
