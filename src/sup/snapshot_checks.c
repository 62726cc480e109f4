/* SPDX-License-Identifier: MIT */
/* sup/snapshot_checks.c - the checks behind the verdicts */
#include "sup/snapshot_checks.h"

#include "base/clock.h"
#include "base/signame.h"

static struct snapshot_check *
add(struct snapshot *facts, const char *name, unsigned counts_for)
{
	struct snapshot_check *c = &facts->checks[facts->n_checks++];

	*c = (struct snapshot_check){
		.name = name, .why = "", .counts_for = counts_for,
		.took_ms = -1,
	};
	return c;
}

static void
fail(struct snapshot_check *c, unsigned verdicts, struct buf *why)
{
	c->fails |= verdicts & c->counts_for;
	c->why = buf_text(why);
}

static int64_t
left_ms(int64_t deadline_ms, int64_t now_ms)
{
	return deadline_ms > now_ms ? deadline_ms - now_ms : 0;
}

static void
write_restart(struct buf *b, const struct snapshot_from *from)
{
	const struct lifecycle *s = from->lifecycle;

	if (s->state == SVC_MENDING) {
		buf_fmt(b, "the service is being restarted: %s", from->sick);
		if (s->stuck)
			buf_str(b, "; it does not end, even by SIGKILL");
		return;
	}
	if (from->words == MONITOR_LATEST) {
		buf_str(b, "the service starts again in ");
		buf_ms(b, left_ms(s->start_ms, from->now_ms));
	} else {
		buf_str(b, "the service is being restarted");
	}
	if (*from->refused != '\0')
		buf_fmt(b, ": it could not be started: %s", from->refused);
	else
		buf_fmt(b, ": it %s", from->death);
}

static void
add_service(struct snapshot *facts, struct snapshot_room *room,
            const struct snapshot_from *from)
{
	const struct lifecycle *s = from->lifecycle;
	struct buf why = buf_over(room->service, sizeof room->service);
	struct snapshot_check *c = add(facts, "service",
		VERDICT_STARTUP | VERDICT_READY | VERDICT_LIVE);

	if (lifecycle_is_mending(s)) {
		write_restart(&why, from);
		fail(c, VERDICT_STARTUP | VERDICT_READY
		        | (s->stuck ? VERDICT_LIVE : 0), &why);
	} else if (from->pid == 0) {
		buf_str(&why, "the service has ended");
		fail(c, c->counts_for, &why);
	} else if (s->unheard) {
		buf_fmt(&why, "unhealthy, and it cannot be signalled: %s",
		        from->sick);
		fail(c, VERDICT_LIVE, &why);
	} else if (!lifecycle_is_live(s)) {
		buf_fmt(&why, "unhealthy after %d restart%s, given up: %s",
		        s->in_row, s->in_row == 1 ? "" : "s", from->sick);
		fail(c, VERDICT_LIVE, &why);
	} else if (from->is_loading) {
		buf_str(&why, "its program is still being loaded: exec has not "
		        "finished");
		fail(c, VERDICT_STARTUP | VERDICT_READY, &why);
	}
}

/* "draining: SIGTERM came", and with its moments "..., not ready for 408ms, 4s
 * left". */
static void
write_drain(struct buf *b, const struct snapshot_from *from)
{
	const struct lifecycle *s = from->lifecycle;

	buf_str(b, s->state > SVC_DRAINING ? "stopping: " : "draining: ");
	if (s->sickened) {
		buf_str(b, from->sick);
	} else if (s->stops == 0) {
		buf_str(b, "hale drain asked for it");
	} else {
		signame_write(b, from->stop_came);
		buf_str(b, " came");
	}
	if (from->words != MONITOR_LATEST)
		return;
	buf_str(b, ", not ready for ");
	buf_ms(b, from->now_ms - lifecycle_off_since(s));
	if (s->state == SVC_DRAINING) {
		buf_str(b, ", ");
		buf_ms(b, left_ms(s->deadline_ms, from->now_ms));
		buf_str(b, " left");
	}
}

static void
add_drain(struct snapshot *facts, struct snapshot_room *room,
          const struct snapshot_from *from)
{
	const struct lifecycle *s = from->lifecycle;
	struct buf b = buf_over(room->drain, sizeof room->drain);
	struct snapshot_check *c = add(facts, "drain", VERDICT_READY);
	bool ended_itself = s->state > SVC_STOPPING && s->stops == 0
	                 && !s->sickened;

	if (s->unready_ms == CLOCK_NEVER || ended_itself)
		return;
	write_drain(&b, from);
	c->is_phrase = true;
	fail(c, VERDICT_READY, &b);
}

static void
add_startup(struct snapshot *facts, struct snapshot_room *room,
            const struct snapshot_from *from)
{
	const struct monitor *w = from->monitor;
	struct buf b = buf_over(room->startup, sizeof room->startup);
	struct snapshot_check *c = add(facts, "startup", VERDICT_STARTUP);

	if (monitor_was_ready(w))
		return;
	buf_str(&b, "starting: ");
	monitor_write_unready(w, from->words, &b);
	c->is_phrase = true;
	fail(c, VERDICT_STARTUP, &b);
}

static void
add_notify(struct snapshot *facts, struct snapshot_room *room,
           const struct snapshot_from *from)
{
	const struct monitor *w = from->monitor;
	struct buf b = buf_over(room->notify, sizeof room->notify);
	struct snapshot_check *c = add(facts, "notify", VERDICT_READY);

	if (notify_is_ready(&w->notify))
		return;
	monitor_write_unready(w, from->words, &b);
	fail(c, VERDICT_READY, &b);
}

/* While it is mended or stopped, what the checks said last is no verdict. */
static bool
is_judged(const struct lifecycle *s)
{
	return s->state == SVC_RUNNING || s->state == SVC_DRAINING;
}

static void
add_watchdog(struct snapshot *facts, struct snapshot_room *room,
             const struct snapshot_from *from)
{
	const struct notify *n = &from->monitor->notify;
	struct buf b = buf_over(room->watchdog, sizeof room->watchdog);
	struct snapshot_check *c;

	if (n->watchdog_ms == 0 && !n->starved)
		return;
	c = add(facts, "watchdog", VERDICT_LIVE);
	if (!n->starved || !is_judged(from->lifecycle))
		return;
	monitor_write_unlive(from->monitor, &b);
	fail(c, VERDICT_LIVE, &b);
}

static void
add_asked(struct snapshot *facts, struct snapshot_room *room,
          const struct snapshot_from *from, size_t i)
{
	struct buf why = buf_over(room->asked[i], sizeof room->asked[i]);
	const struct monitor_check *asked = &from->monitor->checks[i];
	const struct verdict_check *h = &from->monitor->verdict.checks[i];
	struct snapshot_check *c = add(facts, asked->name, h->counts_for);

	monitor_write_check(from->monitor, i, from->words, &why);
	c->why = buf_end_text(&why);
	c->state = verdict_state_text(h);
	c->is_unknown = h->blind_ms != CLOCK_NEVER;
	c->flaps = h->flaps;
	c->took_ms = asked->took_ms;
	c->age_ms = from->now_ms - asked->ended_ms;
	c->passed = asked->passed;
	c->failed = asked->failed;
	c->not_run = asked->not_run;
	if (!verdict_check_passes(h, VERDICT_READY))
		c->fails |= VERDICT_READY;
	if (!verdict_check_passes(h, VERDICT_LIVE) && is_judged(from->lifecycle))
		c->fails |= VERDICT_LIVE;
}

/* see sup/snapshot_checks.h */
void
snapshot_checks(struct snapshot *facts, struct snapshot_room *room,
              const struct snapshot_from *from)
{
	facts->n_checks = 0;
	add_service(facts, room, from);
	/* What only a service with checks or notifications can lack. */
	if (from->monitor->verdict.n > 0 || from->monitor->notify.needs_ready)
		add_startup(facts, room, from);
	if (from->monitor->notify.needs_ready)
		add_notify(facts, room, from);
	add_watchdog(facts, room, from);
	for (size_t i = 0; i < from->monitor->verdict.n; i++)
		add_asked(facts, room, from, i);
	add_drain(facts, room, from);
}
