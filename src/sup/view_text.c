/* SPDX-License-Identifier: MIT */
/* sup/view_text.c - all that the supervisor knows, as JSON and as text (pure) */
#include "sup/view_text.h"

#define NAME_WIDTH_MAX 40	/* columns; a longer name moves its own line */

static const char *
truth(bool yes)
{
	return yes ? "true" : "false";
}

/* --- JSON --- */

static void
json_text(struct buf *b, const char *name, struct span value)
{
	buf_fmt(b, "\"%s\":\"", name);
	buf_json(b, value);
	buf_str(b, "\"");
}

static void
json_listen(struct buf *b, const struct snapshot *f)
{
	char name[SOCK_NAME_MAX];

	buf_str(b, "\"listen\":[");
	for (size_t i = 0; i < f->n_listen; i++) {
		struct buf at = buf_over(name, sizeof name);

		snapshot_write_listen(&at, &f->listen[i]);
		buf_str(b, i > 0 ? ",\"" : "\"");
		buf_json(b, buf_span(&at));
		buf_str(b, "\"");
	}
	buf_str(b, "],");
}

/* What only a check that asks a URL has. */
static void
json_asked(struct buf *b, const struct snapshot_check *c)
{
	buf_fmt(b, ",\"state\":\"%s\",\"flapping\":%s,\"passed\":%llu,"
	        "\"failed\":%llu,\"not_run\":%llu", c->state, truth(c->flaps),
	        (unsigned long long)c->passed, (unsigned long long)c->failed,
	        (unsigned long long)c->not_run);
	if (c->took_ms >= 0)
		buf_fmt(b, ",\"took_ms\":%lld,\"age_ms\":%lld",
		        (long long)c->took_ms, (long long)c->age_ms);
}

static void
json_check(struct buf *b, const struct snapshot_check *c)
{
	buf_str(b, "{");
	json_text(b, "name", span_of(c->name));
	buf_fmt(b, ",\"ok\":%s,", truth(c->fails == 0));
	json_text(b, "output", span_of(c->fails != 0 || c->state != NULL
	                               ? c->why : ""));
	if (c->state != NULL)
		json_asked(b, c);
	buf_str(b, "}");
}

static void
json_checks(struct buf *b, const struct snapshot *f)
{
	buf_str(b, "\"checks\":[");
	for (size_t i = 0; i < f->n_checks; i++) {
		buf_str(b, i > 0 ? "," : "");
		json_check(b, &f->checks[i]);
	}
	buf_str(b, "]");
}

static void
json_service(struct buf *b, const struct snapshot *f)
{
	buf_fmt(b, "\"service\":{\"pid\":%d,\"uptime_ms\":%lld,",
	        (int)f->service_pid, (long long)f->uptime_ms);
	json_text(b, "program", span_of(f->program));
	buf_str(b, ",");
	json_text(b, "status", f->status);
	if (f->main_pid > 0)
		buf_fmt(b, ",\"main_pid\":%d", (int)f->main_pid);
	buf_str(b, "},");
}

static void
json_restarts(struct buf *b, const struct snapshot *f)
{
	buf_fmt(b, "\"restarts\":%d,\"gave_up\":%s,", f->restarts,
	        truth(f->gave_up));
	if (f->next_start_ms >= 0)
		buf_fmt(b, "\"next_start_ms\":%lld,",
		        (long long)f->next_start_ms);
	if (*f->last_exit == '\0') {
		buf_str(b, "\"last_exit\":null,");
		return;
	}
	buf_fmt(b, "\"last_exit\":{\"code\":%d,\"age_ms\":%lld,", f->last_code,
	        (long long)f->last_exit_ms);
	json_text(b, "reason", span_of(f->last_exit));
	buf_str(b, "},");
}

/* see sup/view_text.h */
void
view_json(struct buf *b, const struct snapshot *f)
{
	buf_fmt(b, "{\"hale\":\"%s\",\"pid\":%d,\"state\":\"%s\",", f->version,
	        (int)f->self, f->state);
	json_service(b, f);
	buf_fmt(b, "\"verdicts\":{\"startup\":%s,\"ready\":%s,\"live\":%s},"
	        "\"drain_ms\":%lld,", truth(snapshot_pass(f, VERDICT_STARTUP)),
	        truth(snapshot_pass(f, VERDICT_READY)),
	        truth(snapshot_pass(f, VERDICT_LIVE)), (long long)f->drain_ms);
	json_restarts(b, f);
	buf_fmt(b, "\"orphans_reaped\":%llu,\"signals_forwarded\":%llu,"
	        "\"requests\":%llu,", (unsigned long long)f->orphans,
	        (unsigned long long)f->signals,
	        (unsigned long long)f->requests);
	json_listen(b, f);
	json_checks(b, f);
	buf_str(b, "}\n");
}

/* --- text --- */

/* What comes from outside: a service's words, a check's, names. */
static void
add_plain(struct buf *b, const char *text)
{
	buf_plain(b, span_of(text));
}

static void
text_state(struct buf *b, const struct snapshot *f)
{
	buf_fmt(b, "state     %s", f->state);
	if (f->next_start_ms >= 0) {
		buf_str(b, ", the next start is in ");
		buf_ms(b, f->next_start_ms);
	}
	if (f->restarts > 0)
		buf_fmt(b, ", %d restart%s", f->restarts,
		        f->restarts == 1 ? "" : "s");
	buf_str(b, f->gave_up ? ", given up\n" : "\n");
}

static void
text_service(struct buf *b, const struct snapshot *f)
{
	if (f->service_pid > 0) {
		buf_fmt(b, "service   pid %d, up ", (int)f->service_pid);
		buf_ms(b, f->uptime_ms);
		buf_str(b, "\n");
	}
	if (f->status.len > 0) {
		buf_str(b, "says      ");
		buf_plain(b, f->status);
		buf_str(b, "\n");
	}
	if (*f->last_exit != '\0') {
		buf_str(b, "last end  ");
		add_plain(b, f->last_exit);
		buf_str(b, ", ");
		buf_ms(b, f->last_exit_ms);
		buf_str(b, " ago\n");
	}
}

/* "ready    no: draining, 4s left": the first failed check is the reason. */
static void
text_verdict(struct buf *b, const struct snapshot *f, const char *label,
             unsigned verdict)
{
	const struct snapshot_check *c = snapshot_first_failure(f, verdict);

	if (c == NULL) {
		buf_fmt(b, "%s yes\n", label);
		return;
	}
	buf_fmt(b, "%s no: %s", label, c->state != NULL ? "check " : "");
	add_plain(b, c->state != NULL ? c->name : c->why);
	buf_str(b, "\n");
}

static void
text_listen(struct buf *b, const struct snapshot *f)
{
	char name[SOCK_NAME_MAX];

	for (size_t i = 0; i < f->n_listen; i++) {
		struct buf at = buf_over(name, sizeof name);

		snapshot_write_listen(&at, &f->listen[i]);
		buf_str(b, i == 0 ? "listening " : ", ");
		buf_plain(b, buf_span(&at));
	}
	if (f->n_listen > 0)
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
	from = b->len - width;	/* behind a longer name all moves on */
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
text_checks(struct buf *b, const struct snapshot *f)
{
	size_t width = 5, from;
	bool any = false;

	for (size_t i = 0; i < f->n_checks; i++) {
		size_t len = strlen(f->checks[i].name);

		if (f->checks[i].state == NULL)
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
	for (size_t i = 0; i < f->n_checks; i++)
		if (f->checks[i].state != NULL)
			text_check(b, &f->checks[i], width);
}

/* see sup/view_text.h */
void
view_text(struct buf *b, const struct snapshot *f)
{
	text_state(b, f);
	text_service(b, f);
	text_verdict(b, f, "startup  ", VERDICT_STARTUP);
	text_verdict(b, f, "ready    ", VERDICT_READY);
	text_verdict(b, f, "live     ", VERDICT_LIVE);
	buf_fmt(b, "orphans   %llu reaped\nsignals   %llu forwarded\n"
	        "probes    %llu answered\n", (unsigned long long)f->orphans,
	        (unsigned long long)f->signals,
	        (unsigned long long)f->requests);
	text_listen(b, f);
	text_checks(b, f);
}
