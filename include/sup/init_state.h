/* SPDX-License-Identifier: MIT */
/*
 * sup/init_state.h - PID 1's state: its parts, each of which has a module
 *
 * init.c owns it and joins the parts; snapshot_take reads it for answers, and
 * probe_answer writes them. No other file includes this.
 */
#ifndef HALE_SUP_INIT_STATE_H
#define HALE_SUP_INIT_STATE_H

#include "sup/init.h"
#include "sup/local_socket.h"
#include "sup/signal_reader.h"
#include "sup/usage.h"

struct init {
	struct init_plan    *plan;
	struct loop          loop;
	struct signal_reader signals;
	struct signals_rules rules;
	struct reaper        reaper;
	struct job_control   jobs;
	struct local_socket         local;
	struct keeper        keeper;
	struct monitor       monitor;
	uid_t                uid;	/* our own */
	/* Large, so here: what a start touches lies close together above. */
	struct server        server;
	struct signal_reader_room signals_room;
	struct keeper_room   keeper_room;
	struct monitor_room  monitor_room;
	struct usage_cache   usage;
	int64_t              no_drain_ms;	/* a refused /drain is not
						 * logged before */
};

#endif
