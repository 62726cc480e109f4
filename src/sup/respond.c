/* SPDX-License-Identifier: MIT */
/* sup/respond.c - answers a probe from what PID 1 knows at that moment */
#include "sup/respond.h"

#include "base/clock.h"
#include "base/log.h"
#include "sup/endpoints.h"
#include "sup/child.h"
#include "sup/keeper.h"
#include "sup/reaper.h"
#include "sup/usage.h"

#define NO_DRAIN_AGAIN_MS 60000	/* a refused /drain is logged no more often */
#define USAGE_FRESH_MS 100	/* figures of the kernel's are read no more often */

static void
fill_facts(const struct init *in, struct snapshot *facts, int64_t now_ms)
{
	const struct lifecycle *s = &in->lifecycle;
	bool waits = s->state == SVC_CLEARING || s->state == SVC_WAITING;

	*facts = (struct snapshot){
		.version = in->plan->version,
		.state = in->exec != NULL && s->state == SVC_RUNNING
		       ? "starting" : lifecycle_state_text(s),
		.program = self_program(in),
		.self = in->rules.self,
		.service_pid = in->pid,
		.uid = in->uid,
		.uptime_ms = now_ms - in->started_ms,
		.drain_ms = in->plan->drain_ms,
		.restarts = s->restarts,
		.next_start_ms = -1,
		.gave_up = s->gave_up,
		.last_exit = in->death,
		.last_code = child_code(in->status),
		.last_exit_ms = now_ms - in->died_ms,
		.status = { in->monitor.notify.status,
		            in->monitor.notify.status_len },
		.main_pid = in->monitor.notify.main_pid,
		.orphans = in->orphans,
		.signals = in->forwarded,
		.requests = in->server.requests,
		.n_listen = in->plan->n_listen,
		.listen = in->plan->listen,
	};
	if (waits)
		facts->next_start_ms = s->start_ms > now_ms
		                     ? s->start_ms - now_ms : 0;
}

/* A flood of requests for them must not become a flood of system calls. */
static const struct snapshot_usage *
fresh_usage(struct init *in, int64_t now_ms)
{
	bool is_fresh = in->usage_pid == in->pid && in->usage_ms != 0
	             && now_ms - in->usage_ms < USAGE_FRESH_MS;

	if (!is_fresh) {
		usage_read(&in->usage, in->pid, in->born_ms);
		in->usage_pid = in->pid;
		in->usage_ms = now_ms;
	}
	return &in->usage;
}

static void
log_refusal(const struct http_fault *fault)
{
	char text[LOG_LINE_MAX];
	struct buf b = buf_over(text, sizeof text);

	http_write_fault(&b, fault);
	log_info("a probe cannot be read: %s", buf_text(&b));
}

/* Whoever reaches a listener may ask for it. */
static void
tell_no_drain(struct init *in, int64_t now_ms)
{
	if (now_ms < in->no_drain_ms)
		return;
	in->no_drain_ms = now_ms + NO_DRAIN_AGAIN_MS;
	log_warn("refused /drain on a listener: run `hale drain` in the "
	         "container, in Kubernetes as an exec preStop hook");
}

/* see sup/respond.h */
void
respond_to_probe(void *owner, const struct server_ask *ask, struct buf *out)
{
	struct init *in = owner;
	struct snapshot facts;
	struct snapshot_room room;
	const struct snapshot_from from = {
		.lifecycle = &in->lifecycle,
		.monitor = &in->monitor,
		.pid = in->pid,
		.stop_came = in->stop_came,
		.words = ask->err == 0 && endpoints_is_plain(ask)
		       ? MONITOR_REASON : MONITOR_LATEST,
		.sick = in->sick,
		.death = in->death,
		.refused = in->refused,
		.is_loading = in->exec != NULL,
		.now_ms = clock_ms(),
	};

	if (ask->err < 0)
		log_refusal(&ask->fault);
	fill_facts(in, &facts, from.now_ms);
	snapshot_checks(&facts, &room, &from);
	if (endpoints_needs_usage(ask))
		facts.usage = fresh_usage(in, from.now_ms);
	switch (endpoints_write(out, &facts, ask)) {
	case ENDPOINTS_TOLD:
		break;
	case ENDPOINTS_DRAIN:
		keeper_step(in, EV_DRAIN);
		break;
	case ENDPOINTS_NO_DRAIN:
		tell_no_drain(in, from.now_ms);
		break;
	}
	reaper_lives(in);	/* it has not been reaped */
}
