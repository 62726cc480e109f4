/* SPDX-License-Identifier: MIT */
/* sup/view_text.c - what `hale status` prints: /status as text */
#include "sup/view_text.h"

#define NAME_WIDTH_MAX 40	/* columns; a longer name moves its own line */

/* What comes from outside: a service's words, a check's, names. */
static void
add_plain(struct buf *b, const char *text)
{
	buf_plain(b, span_of(text));
}

static void
text_state(struct buf *b, const struct snapshot *s)
{
	buf_fmt(b, "state     %s", s->state);
	if (s->next_start_ms >= 0) {
		buf_str(b, ", the next start is in ");
		buf_ms(b, s->next_start_ms);
	}
	if (s->restarts > 0)
		buf_fmt(b, ", %d restart%s", s->restarts,
		        s->restarts == 1 ? "" : "s");
	buf_str(b, s->gave_up ? ", given up\n" : "\n");
}

static void
text_service(struct buf *b, const struct snapshot *s)
{
	if (s->service_pid > 0) {
		buf_fmt(b, "service   pid %d, up ", (int)s->service_pid);
		buf_ms(b, s->uptime_ms);
		buf_str(b, "\n");
	}
	if (*s->status != '\0') {
		buf_str(b, "says      ");
		add_plain(b, s->status);
		buf_str(b, "\n");
	}
	if (*s->last_exit != '\0') {
		buf_str(b, "last end  ");
		add_plain(b, s->last_exit);
		buf_str(b, ", ");
		buf_ms(b, s->last_exit_ms);
		buf_str(b, " ago\n");
	}
}

/* "ready    no: draining, 4s left": the first failed check is the reason. */
static void
text_verdict(struct buf *b, const struct snapshot *s, const char *label,
             unsigned verdict)
{
	const struct snapshot_check *c = snapshot_first_failure(s, verdict);

	if (c == NULL) {
		buf_fmt(b, "%s yes\n", label);
		return;
	}
	buf_fmt(b, "%s no: %s", label, c->state != NULL ? "check " : "");
	add_plain(b, c->state != NULL ? c->name : c->why);
	buf_str(b, "\n");
}

static void
text_listen(struct buf *b, const struct snapshot *s)
{
	for (size_t i = 0; i < s->n_listen; i++) {
		buf_str(b, i == 0 ? "listening " : ", ");
		add_plain(b, s->listen[i]);
	}
	if (s->n_listen > 0)
		buf_str(b, "\n");
}

static void
pad(struct buf *b, size_t from, size_t width)
{
	while (b->len - from < width && !b->cut)
		buf_str(b, " ");
}

static const char *
verdicts_of(const struct snapshot_check *c)
{
	if (!snapshot_counts(c, VERDICT_LIVE))
		return "ready";
	return snapshot_counts(c, VERDICT_READY) ? "both" : "live";
}

static void
text_check(struct buf *b, const struct snapshot_check *c, size_t width)
{
	size_t from = b->len;

	add_plain(b, c->name);
	pad(b, from, width);
	from = b->len - width;	/* after a longer name all moves on */
	buf_fmt(b, "  %s", verdicts_of(c));
	pad(b, from, width + 9);
	buf_str(b, c->flaps && !c->is_unknown ? "flapping" : c->state);
	pad(b, from, width + 19);
	if (c->took_ms >= 0) {
		buf_ms(b, c->age_ms);
		buf_str(b, " ago");
		pad(b, from, width + 31);
		buf_ms(b, c->took_ms);
	} else {
		buf_str(b, "-");
		pad(b, from, width + 31);
		buf_str(b, "-");
	}
	pad(b, from, width + 39);
	add_plain(b, c->why);
	buf_str(b, "\n");
}

static void
text_checks(struct buf *b, const struct snapshot *s)
{
	size_t width = 5, from;
	bool any = false;

	for (size_t i = 0; i < s->n_checks; i++) {
		size_t len = strlen(s->checks[i].name);

		if (s->checks[i].state == NULL)
			continue;
		any = true;
		if (len > width)
			width = len < NAME_WIDTH_MAX ? len : NAME_WIDTH_MAX;
	}
	if (!any)
		return;
	from = b->len + 1;
	buf_str(b, "\nCHECK");
	pad(b, from, width);
	buf_str(b, "  FOR    STATE     LAST        TOOK    REASON\n");
	for (size_t i = 0; i < s->n_checks; i++)
		if (s->checks[i].state != NULL)
			text_check(b, &s->checks[i], width);
}

/* see sup/view_text.h */
void
view_text(struct buf *b, const struct snapshot *s)
{
	text_state(b, s);
	text_service(b, s);
	text_verdict(b, s, "startup  ", VERDICT_STARTUP);
	text_verdict(b, s, "ready    ", VERDICT_READY);
	text_verdict(b, s, "live     ", VERDICT_LIVE);
	buf_fmt(b, "orphans   %llu reaped\nsignals   %llu forwarded\n"
	        "probes    %llu answered\n", (unsigned long long)s->orphans,
	        (unsigned long long)s->signals,
	        (unsigned long long)s->requests);
	text_listen(b, s);
	text_checks(b, s);
}
