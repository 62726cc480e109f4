/* SPDX-License-Identifier: MIT */
/*
 * sup/init.h - start a service, be its init until it ends
 */
#ifndef HALE_SUP_INIT_H
#define HALE_SUP_INIT_H

#include "net/server.h"
#include "sup/keeper.h"
#include "sup/services.h"

#define INIT_LISTEN_MAX (SERVER_LISTEN_MAX - 1)	/* one is the local socket */
#define INIT_FAILED     1	/* exit code: not started, a listener failed */

struct init_plan {
	const char *version;
	bool    subreaper;
	bool    warn_on_reap;
	bool    no_local;	/* open no local socket; without an address in
				 * `listen` no server is set up either */
	bool    suspends;	/* as in signals_rules, but not as PID 1 */
	int     unstarted_code;	/* exit code if the program cannot be run; 0:
				 * EXEC_ERROR_* */
	int     end_signal;	/* for the service's group at its end, if above
				 * zero */
	int     parent_signal;	/* 0: none */
	int     stop_signal;	/* 0: what SIGTERM is rewritten to */
	uint64_t stops;		/* as in signals_rules */
	/* Behind what is small, which is then addressed by a byte. */
	struct keeper_plan service;
	signed char rewrite[SIGNAME_MAX + 1];	/* the same */
	size_t  n_listen;
	struct listen_place listen[INIT_LISTEN_MAX];
	size_t  n_grpc;
	struct span grpc[SERVICES_NAMES_MAX];	/* --grpc-service */
};

/*
 * Runs the service to its end. signals_block() must have been called. What
 * fails before the service runs is one log line and INIT_FAILED or
 * EXEC_ERROR_*; afterwards nothing ends hale but the service's end.
 * Returns the exit code. To be called once: its memory is static. An
 * address in plan->listen becomes what is listened on (net/sock.h).
 */
int init_run(struct init_plan *plan);

#endif
