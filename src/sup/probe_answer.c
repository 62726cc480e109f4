/* SPDX-License-Identifier: MIT */
/* sup/probe_answer.c - answers each HTTP request that PID 1 gets */
#include "sup/probe_answer.h"

#include "base/clock.h"
#include "base/log.h"
#include "sup/endpoints.h"
#include "sup/services.h"
#include "sup/snapshot_take.h"

#define NO_DRAIN_AGAIN_MS 60000	/* a refused /drain is logged no more often */

static void
log_unreadable(const struct http_fault *fault)
{
	char text[LOG_LINE_MAX];
	struct buf b = buf_over(text, sizeof text);

	http_write_fault(&b, fault);
	log_info("a probe cannot be read: %s", buf_text(&b));
}

/* Whoever reaches a listener may send it. */
static void
log_no_drain(struct init *in, int64_t now_ms)
{
	if (now_ms < in->no_drain_ms)
		return;
	in->no_drain_ms = now_ms + NO_DRAIN_AGAIN_MS;
	log_warn("refused /drain on a listener: run `hale drain` in the "
	         "container, in Kubernetes as an exec preStop hook");
}

/* see sup/probe_answer.h */
void
probe_answer(void *owner, const struct server_ask *ask, struct buf *out)
{
	struct init *in = owner;
	const struct endpoints_choice choice = endpoints_choose(ask, in->uid);
	int64_t now_ms = clock_ms();
	struct snapshot s;

	if (ask->err < 0)
		log_unreadable(&ask->fault);
	snapshot_take(&s, in, choice.scope, now_ms);
	endpoints_write(out, &choice, &s, ask);
	switch (choice.effect) {
	case ENDPOINTS_NOTHING:
		break;
	case ENDPOINTS_DRAIN:
		keeper_drain(&in->keeper);
		break;
	case ENDPOINTS_NO_DRAIN:
		log_no_drain(in, now_ms);
		break;
	}
	keeper_lives(&in->keeper);
}

/* see sup/probe_answer.h */
void
probe_services(void *owner, struct server_services *into)
{
	struct init *in = owner;
	struct snapshot s;
	size_t n = 0;

	snapshot_take(&s, in, SNAPSHOT_REASONS, clock_ms());
	services_fill(into, &s, in->plan->grpc, in->plan->n_grpc);
	for (size_t i = 0; i < s.n_checks; i++)	/* those of URLs, in order */
		if (s.checks[i].state != NULL)
			services_add_check(into, span_of(in->monitor
			                   .checks[n++].name), &s.checks[i]);
	keeper_lives(&in->keeper);
}
