/* SPDX-License-Identifier: MIT */
/* sup/view_json.c - the body of /status: all of a snapshot as JSON */
#include "sup/view_json.h"

static const char *
truth(bool yes)
{
	return yes ? "true" : "false";
}

static void
json_text(struct buf *b, const char *name, struct span value)
{
	buf_fmt(b, "\"%s\":\"", name);
	buf_json(b, value);
	buf_str(b, "\"");
}

static void
json_listen(struct buf *b, const struct snapshot *s)
{
	buf_str(b, "\"listen\":[");
	for (size_t i = 0; i < s->n_listen; i++) {
		buf_str(b, i > 0 ? ",\"" : "\"");
		buf_json(b, span_of(s->listen[i]));
		buf_str(b, "\"");
	}
	buf_str(b, "],");
}

/* What only a check of a URL has. */
static void
json_url(struct buf *b, const struct snapshot_check *c)
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
		json_url(b, c);
	buf_str(b, "}");
}

static void
json_checks(struct buf *b, const struct snapshot *s)
{
	buf_str(b, "\"checks\":[");
	for (size_t i = 0; i < s->n_checks; i++) {
		buf_str(b, i > 0 ? "," : "");
		json_check(b, &s->checks[i]);
	}
	buf_str(b, "]");
}

static void
json_service(struct buf *b, const struct snapshot *s)
{
	buf_fmt(b, "\"service\":{\"pid\":%d,\"uptime_ms\":%lld,",
	        (int)s->service_pid, (long long)s->uptime_ms);
	json_text(b, "program", span_of(s->program));
	buf_str(b, ",");
	json_text(b, "status", span_of(s->status));
	if (s->main_pid > 0)
		buf_fmt(b, ",\"main_pid\":%d", (int)s->main_pid);
	buf_str(b, "},");
}

static void
json_restarts(struct buf *b, const struct snapshot *s)
{
	buf_fmt(b, "\"restarts\":%d,\"gave_up\":%s,", s->restarts,
	        truth(s->gave_up));
	if (s->next_start_ms >= 0)
		buf_fmt(b, "\"next_start_ms\":%lld,",
		        (long long)s->next_start_ms);
	if (*s->last_exit == '\0') {
		buf_str(b, "\"last_exit\":null,");
		return;
	}
	buf_fmt(b, "\"last_exit\":{\"code\":%d,\"age_ms\":%lld,", s->last_code,
	        (long long)s->last_exit_ms);
	json_text(b, "reason", span_of(s->last_exit));
	buf_str(b, "},");
}

/* see sup/view_json.h */
void
view_json(struct buf *b, const struct snapshot *s)
{
	buf_fmt(b, "{\"hale\":\"%s\",\"pid\":%d,\"state\":\"%s\",", s->version,
	        (int)s->self, s->state);
	json_service(b, s);
	buf_fmt(b, "\"verdicts\":{\"startup\":%s,\"ready\":%s,\"live\":%s},"
	        "\"drain_ms\":%lld,",
	        truth(snapshot_passes(s, VERDICT_STARTUP)),
	        truth(snapshot_passes(s, VERDICT_READY)),
	        truth(snapshot_passes(s, VERDICT_LIVE)),
	        (long long)s->drain_ms);
	json_restarts(b, s);
	buf_fmt(b, "\"orphans_reaped\":%llu,\"signals_forwarded\":%llu,"
	        "\"requests\":%llu,", (unsigned long long)s->orphans,
	        (unsigned long long)s->signals,
	        (unsigned long long)s->requests);
	json_listen(b, s);
	json_checks(b, s);
	buf_str(b, "}\n");
}
