/* SPDX-License-Identifier: MIT */
/* sup/reason.c - why the service is not ready or not live, in words */
#include "sup/reason.h"

#include "base/clock.h"

/* see sup/reason.h */
void
reason_write_check(struct buf *b, const struct monitor *m, size_t i,
                   enum reason_words words, int64_t now_ms)
{
	const struct monitor_check *c = &m->checks[i];
	const struct verdict_check *v = &m->verdict.checks[i];
	bool is_latest = words == REASON_LATEST;
	const char *why = is_latest || c->first_why[0] == '\0' ? c->why
	                                                       : c->first_why;

	if (v->blind_ms == CLOCK_NEVER) {
		buf_str(b, c->took_ms < 0 ? "no result yet" : why);
		return;
	}
	buf_str(b, "could not be run");
	if (is_latest) {
		buf_str(b, " for ");
		buf_ms(b, now_ms - v->blind_ms);
	}
	buf_fmt(b, ": %s", is_latest ? c->not_run_why : c->not_run_first);
	if (c->took_ms >= 0)
		buf_fmt(b, "; the last result: %s", why);
}

/* The first check that this verdict lacks. */
static void
write_lacking(struct buf *b, const struct monitor *m, enum verdict verdict,
              enum reason_words words, int64_t now_ms)
{
	for (size_t i = 0; i < m->verdict.n; i++) {
		if (verdict_check_passes(&m->verdict.checks[i], verdict))
			continue;
		buf_fmt(b, "check %s: ", m->checks[i].name);
		reason_write_check(b, m, i, words, now_ms);
		return;
	}
}

/* see sup/reason.h */
void
reason_write_unready(struct buf *b, const struct monitor *m,
                     enum reason_words words, int64_t now_ms)
{
	if (m->inbox.notify.stopping) {
		buf_str(b, "it says that it is stopping");
	} else if (!notify_is_ready(&m->inbox.notify)) {
		buf_str(b, "it has not said yet that it is ready");
		notify_speaker_write_unheard(m->inbox.speaker, b);
	} else {
		write_lacking(b, m, VERDICT_READY, words, now_ms);
	}
}

/* see sup/reason.h */
void
reason_write_unlive(struct buf *b, const struct monitor *m)
{
	if (m->inbox.notify.starved && m->inbox.notify.triggered) {
		buf_str(b, "watchdog: triggered by the service itself");
	} else if (m->inbox.notify.starved) {
		buf_str(b, m->inbox.notify.was_fed ? "watchdog: not fed for "
		                             : "watchdog: never fed in ");
		buf_ms(b, m->inbox.notify.watchdog_ms);
	} else {	/* REASON_SAME has no moment that a time is for */
		write_lacking(b, m, VERDICT_LIVE, REASON_SAME, 0);
	}
}
