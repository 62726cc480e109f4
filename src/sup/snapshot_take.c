/* SPDX-License-Identifier: MIT */
/* sup/snapshot_take.c - takes the snapshot that an answer is written from */
#include "sup/snapshot_take.h"

#include "base/clock.h"
#include "base/signame.h"
#include "sup/child.h"
#include "sup/lifecycle_status.h"
#include "sup/reason.h"
#include "sup/usage.h"

_Static_assert(SNAPSHOT_NAME_MAX >= MONITOR_NAME_MAX
            && SNAPSHOT_EXIT_MAX >= LAST_END_TEXT_MAX
            && SNAPSHOT_STATUS_MAX > NOTIFY_STATUS_MAX
            && SNAPSHOT_PLACE_MAX >= LISTEN_TEXT_MAX
            && SNAPSHOT_LISTEN_MAX >= INIT_LISTEN_MAX, "all of a text fits");

/* One snapshot that is being taken. */
struct take {
	struct snapshot   *s;
	const struct init *in;
	enum reason_words  words;
	int64_t            now_ms;
};

static void
copy(char *into, size_t cap, struct span text)
{
	struct buf b = buf_over(into, cap);

	buf_add(&b, text);
	(void)buf_text(&b);	/* it fits */
}

static int64_t
left_ms(int64_t deadline_ms, int64_t now_ms)
{
	return deadline_ms > now_ms ? deadline_ms - now_ms : 0;
}

/* --- checks --- */

static struct snapshot_check *
add(struct snapshot *s, const char *name, unsigned counts_for)
{
	struct snapshot_check *c = &s->checks[s->n_checks++];

	copy(c->name, sizeof c->name, span_of(name));
	c->why[0] = '\0';
	c->is_phrase = c->is_unknown = c->flaps = false;
	c->counts_for = counts_for;
	c->fails = 0;
	c->state = NULL;
	c->took_ms = -1;
	c->age_ms = 0;
	c->passed = c->failed = c->not_run = 0;
	return c;
}

static struct buf
begin_why(struct snapshot_check *c)
{
	return buf_over(c->why, sizeof c->why);
}

static void
fail(struct snapshot_check *c, unsigned verdicts, struct buf *why)
{
	c->fails |= verdicts & c->counts_for;
	(void)buf_text(why);
}

static void
write_restart(struct buf *b, const struct take *t)
{
	const struct lifecycle *l = &t->in->keeper.lifecycle;

	if (l->state == SVC_MENDING) {
		buf_fmt(b, "the service is being restarted: %s",
		        t->in->keeper_room.sick);
		if (l->stuck)
			buf_str(b, "; it does not end, even by SIGKILL");
		return;
	}
	if (t->words == REASON_LATEST) {
		buf_str(b, "the service starts again in ");
		buf_ms(b, left_ms(l->start_ms, t->now_ms));
	} else {
		buf_str(b, "the service is being restarted");
	}
	if (*t->in->keeper_room.refused != '\0')
		buf_fmt(b, ": it could not be started: %s",
		        t->in->keeper_room.refused);
	else
		buf_fmt(b, ": it %s", t->in->keeper_room.last_end);
}

static void
add_service(const struct take *t)
{
	const struct lifecycle *l = &t->in->keeper.lifecycle;
	struct snapshot_check *c = add(t->s, "service",
		VERDICT_STARTUP | VERDICT_READY | VERDICT_LIVE);
	struct buf why = begin_why(c);

	if (lifecycle_is_mending(l)) {
		write_restart(&why, t);
		fail(c, VERDICT_STARTUP | VERDICT_READY
		        | (l->stuck ? VERDICT_LIVE : 0), &why);
	} else if (t->in->keeper.pid == 0) {
		buf_str(&why, "the service has ended");
		fail(c, c->counts_for, &why);
	} else if (l->unheard) {
		buf_fmt(&why, "unhealthy, and it cannot be signalled: %s",
		        t->in->keeper_room.sick);
		fail(c, VERDICT_LIVE, &why);
	} else if (!lifecycle_is_live(l)) {
		buf_fmt(&why, "unhealthy after %d restart%s, given up: %s",
		        l->backoff.in_row, l->backoff.in_row == 1 ? "" : "s",
		        t->in->keeper_room.sick);
		fail(c, VERDICT_LIVE, &why);
	} else if (t->in->keeper.loading != NULL) {
		buf_str(&why, "its program is still being loaded: exec has not "
		        "finished");
		fail(c, VERDICT_STARTUP | VERDICT_READY, &why);
	}
}

/* "draining: SIGTERM came", and with its moments "..., not ready for 408ms, 4s
 * left". */
static void
write_drain(struct buf *b, const struct take *t)
{
	const struct lifecycle *l = &t->in->keeper.lifecycle;

	buf_str(b, l->state > SVC_DRAINING ? "stopping: " : "draining: ");
	if (l->sickened) {
		buf_str(b, t->in->keeper_room.sick);
	} else if (l->stops == 0) {
		buf_str(b, "hale drain asked for it");
	} else {
		signame_write(b, t->in->keeper_room.stop_came);
		buf_str(b, " came");
	}
	if (t->words != REASON_LATEST)
		return;
	buf_str(b, ", not ready for ");
	buf_ms(b, t->now_ms - lifecycle_off_since(l));
	if (l->state == SVC_DRAINING) {
		buf_str(b, ", ");
		buf_ms(b, left_ms(l->deadline_ms, t->now_ms));
		buf_str(b, " left");
	}
}

static void
add_drain(const struct take *t)
{
	const struct lifecycle *l = &t->in->keeper.lifecycle;
	struct snapshot_check *c = add(t->s, "drain", VERDICT_READY);
	struct buf why = begin_why(c);
	bool ended_itself = l->state > SVC_STOPPING && l->stops == 0
	                 && !l->sickened;

	if (l->unready_ms == CLOCK_NEVER || ended_itself)
		return;
	write_drain(&why, t);
	c->is_phrase = true;
	fail(c, VERDICT_READY, &why);
}

static void
add_startup(const struct take *t)
{
	struct snapshot_check *c = add(t->s, "startup", VERDICT_STARTUP);
	struct buf why = begin_why(c);

	if (monitor_was_ready(&t->in->monitor))
		return;
	buf_str(&why, "starting: ");
	reason_write_unready(&why, &t->in->monitor, t->words, t->now_ms);
	c->is_phrase = true;
	fail(c, VERDICT_STARTUP, &why);
}

static void
add_notify(const struct take *t)
{
	struct snapshot_check *c = add(t->s, "notify", VERDICT_READY);
	struct buf why = begin_why(c);

	if (notify_is_ready(&t->in->monitor.inbox.notify))
		return;
	reason_write_unready(&why, &t->in->monitor, t->words, t->now_ms);
	fail(c, VERDICT_READY, &why);
}

/* While it is mended or stopped, what the checks found is not a verdict. */
static bool
is_judged(const struct lifecycle *l)
{
	return l->state == SVC_RUNNING || l->state == SVC_DRAINING;
}

static void
add_watchdog(const struct take *t)
{
	const struct notify *n = &t->in->monitor.inbox.notify;
	struct snapshot_check *c;
	struct buf why;

	if (n->watchdog_ms == 0 && !n->starved)
		return;
	c = add(t->s, "watchdog", VERDICT_LIVE);
	if (!n->starved || !is_judged(&t->in->keeper.lifecycle))
		return;
	why = begin_why(c);
	reason_write_unlive(&why, &t->in->monitor);
	fail(c, VERDICT_LIVE, &why);
}

static void
add_url(const struct take *t, size_t i)
{
	const struct monitor_check *m = &t->in->monitor.checks[i];
	const struct verdict_check *v = &t->in->monitor.verdict.checks[i];
	struct snapshot_check *c = add(t->s, m->name, v->counts_for);
	struct buf why = begin_why(c);

	reason_write_check(&why, &t->in->monitor, i, t->words, t->now_ms);
	(void)buf_end_text(&why);
	c->state = verdict_state_text(v);
	c->is_unknown = v->blind_ms != CLOCK_NEVER;
	c->flaps = v->flaps;
	c->took_ms = m->took_ms;
	c->age_ms = t->now_ms - m->ended_ms;
	c->passed = m->passed;
	c->failed = m->failed;
	c->not_run = m->not_run;
	if (!verdict_check_passes(v, VERDICT_READY))
		c->fails |= VERDICT_READY;
	if (!verdict_check_passes(v, VERDICT_LIVE)
	 && is_judged(&t->in->keeper.lifecycle))
		c->fails |= VERDICT_LIVE;
}

static void
take_checks(const struct take *t)
{
	const struct monitor *m = &t->in->monitor;

	t->s->n_checks = 0;
	add_service(t);
	/* What only a service with checks or notifications can lack. */
	if (m->verdict.n > 0 || m->inbox.notify.needs_ready)
		add_startup(t);
	if (m->inbox.notify.needs_ready)
		add_notify(t);
	add_watchdog(t);
	for (size_t i = 0; i < m->verdict.n; i++)
		add_url(t, i);
	add_drain(t);
}

/* --- the rest --- */

static void
take_service(const struct take *t)
{
	const struct init *in = t->in;
	const struct lifecycle *l = &in->keeper.lifecycle;
	const struct notify *n = &in->monitor.inbox.notify;
	struct snapshot *s = t->s;
	bool waits = l->state == SVC_CLEARING || l->state == SVC_WAITING;

	s->state = in->keeper.loading != NULL && l->state == SVC_RUNNING
	         ? "starting" : lifecycle_state_text(l);
	s->program = keeper_program(&in->keeper);
	s->service_pid = in->keeper.pid;
	s->main_pid = n->main_pid;
	s->uptime_ms = t->now_ms - in->keeper.started_ms;
	s->restarts = l->backoff.restarts;
	s->next_start_ms = waits ? left_ms(l->start_ms, t->now_ms) : -1;
	s->gave_up = l->gave_up;
	s->last_code = child_code(in->keeper.status);
	s->last_exit_ms = t->now_ms - in->keeper_room.died_ms;
	copy(s->last_exit, sizeof s->last_exit,
	     span_of(in->keeper_room.last_end));
	copy(s->status, sizeof s->status,
	     (struct span){ n->status, n->status_len });
}

static void
take_places(struct snapshot *s, const struct init_plan *plan)
{
	for (; s->n_listen < plan->n_listen; s->n_listen++) {
		struct buf b = buf_over(s->listen[s->n_listen],
		                        SNAPSHOT_PLACE_MAX);

		listen_write(&b, &plan->listen[s->n_listen]);
		(void)buf_text(&b);
	}
}

/* see sup/snapshot_take.h */
void
snapshot_take(struct snapshot *s, struct init *in, enum snapshot_scope scope,
              int64_t now_ms)
{
	const struct take t = {
		.s = s, .in = in, .now_ms = now_ms,
		.words = scope == SNAPSHOT_REASONS ? REASON_SAME
		                                   : REASON_LATEST,
	};

	s->version = in->plan->version;
	s->self = in->rules.self;
	s->drain_ms = in->plan->service.lifecycle.drain_ms;
	s->orphans = in->reaper.orphans;
	s->signals = in->keeper_room.forwarded;
	s->requests = in->server.requests;
	s->n_listen = 0;
	s->has_usage = scope == SNAPSHOT_USAGE;
	take_service(&t);
	take_checks(&t);
	if (scope != SNAPSHOT_REASONS)
		take_places(s, in->plan);
	if (s->has_usage)
		s->usage = *usage_recent(&in->usage, in->keeper.pid,
		                         in->keeper.born_ms, now_ms);
}
