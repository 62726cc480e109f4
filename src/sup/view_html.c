/* SPDX-License-Identifier: MIT */
/* sup/view_html.c - the body of /: a page for people */
#include "sup/view_html.h"

#define SHOWN_MAX 160	/* bytes of a reason: the page must fit an answer */

/* Colours follow the reader's; no script, no font, nothing from elsewhere. */
static const char *const top =
	"<!doctype html><html lang=en><meta charset=utf-8>"
	"<meta name=viewport content='width=device-width,initial-scale=1'>"
	"<meta http-equiv=refresh content=10>"
	"<style>"
	":root{color-scheme:light dark}"
	"body{font:16px/1.5 system-ui,sans-serif;margin:1rem auto;"
	"max-width:48rem;padding:0 1rem;overflow-wrap:anywhere}"
	"h1{font-size:1.3rem;margin:.5rem 0}"
	".v{display:flex;gap:.5rem;margin:1rem 0}"
	".v b{flex:1;padding:.5rem;border-radius:.5rem;color:#fff;"
	"text-align:center}"
	".y{background:#176f2c}.n{background:#b3261e}"
	"dl{display:grid;grid-template-columns:7rem 1fr;gap:.2rem 1rem}"
	"dt{opacity:.7}dd{margin:0}"
	"ul{list-style:none;padding:0}"
	"li{border-left:.4rem solid;padding:.2rem .8rem;margin:.6rem 0}"
	"li.p{border-color:#176f2c}li.f{border-color:#b3261e}"
	"li.s{border-color:#8a6d00}li.u{border-color:#6750a4}small{opacity:.7}"
	"</style>";

/* What comes from outside. */
static void
add_html(struct buf *b, struct span raw)
{
	char memory[SHOWN_MAX];
	struct buf plain = buf_over(memory, sizeof memory);
	struct span text;

	buf_plain(&plain, raw);
	text = buf_span(&plain);
	for (size_t i = 0; i < text.len; i++) {
		switch (text.p[i]) {
		case '<':
			buf_str(b, "&lt;");
			break;
		case '&':
			buf_str(b, "&amp;");
			break;
		default:
			buf_byte(b, (unsigned char)text.p[i]);
			break;
		}
	}
}

static void
page_verdict(struct buf *b, const struct snapshot *s, const char *name,
             unsigned verdict)
{
	bool yes = snapshot_passes(s, verdict);

	buf_fmt(b, "<b class=%c>%s%s</b>", yes ? 'y' : 'n',
	        yes ? "" : "not ", name);
}

static void
row(struct buf *b, const char *name, struct span value)
{
	buf_fmt(b, "<dt>%s<dd>", name);
	add_html(b, value);
}

/* Why a verdict is no: the first reason. */
static void
page_reason(struct buf *b, const struct snapshot *s)
{
	const struct snapshot_check *c = snapshot_first_failure(s,
		VERDICT_STARTUP | VERDICT_READY | VERDICT_LIVE);

	if (c != NULL)
		row(b, "Reason", span_of(c->why));
}

static void
page_service(struct buf *b, const struct snapshot *s)
{
	buf_str(b, "<dl>");
	row(b, "State", span_of(s->gave_up ? "given up" : s->state));
	page_reason(b, s);
	if (s->service_pid > 0) {
		buf_fmt(b, "<dt>Process<dd>pid %d, up ", (int)s->service_pid);
		buf_ms(b, s->uptime_ms);
	}
	if (*s->status != '\0')
		row(b, "It says", span_of(s->status));
	if (s->next_start_ms >= 0) {
		buf_str(b, "<dt>Next start<dd>in ");
		buf_ms(b, s->next_start_ms);
	}
	buf_fmt(b, "<dt>Restarts<dd>%d", s->restarts);
	if (*s->last_exit != '\0') {
		row(b, "Last end", span_of(s->last_exit));
		buf_str(b, " <small>");
		buf_ms(b, s->last_exit_ms);
		buf_str(b, " ago</small>");
	}
	buf_fmt(b, "<dt>Orphans<dd>%llu reaped<dt>Signals<dd>%llu forwarded"
	        "<dt>Probes<dd>%llu answered</dl>",
	        (unsigned long long)s->orphans, (unsigned long long)s->signals,
	        (unsigned long long)s->requests);
}

static void
page_check(struct buf *b, const struct snapshot_check *c)
{
	/* passing, failing, starting, unknown */
	buf_fmt(b, "<li class=%c>", c->state[0]);
	add_html(b, span_of(c->name));
	buf_fmt(b, " <b>%s%s</b><br><small>", c->state,
	        c->flaps && !c->is_unknown ? ", flapping" : "");
	if (c->took_ms >= 0) {
		buf_ms(b, c->age_ms);
		buf_str(b, " ago in ");
		buf_ms(b, c->took_ms);
		buf_str(b, ": ");
	}
	add_html(b, span_of(c->why));
	buf_str(b, "</small>");
}

/* see sup/view_html.h */
void
view_html(struct buf *b, const struct snapshot *s)
{
	buf_str(b, top);
	buf_str(b, "<title>");
	add_html(b, span_of(s->program));
	buf_str(b, "</title><h1>");
	add_html(b, span_of(s->program));
	buf_str(b, "</h1><div class=v>");
	page_verdict(b, s, "started", VERDICT_STARTUP);
	page_verdict(b, s, "ready", VERDICT_READY);
	page_verdict(b, s, "live", VERDICT_LIVE);
	buf_str(b, "</div>");
	page_service(b, s);
	buf_str(b, "<ul>");
	for (size_t i = 0; i < s->n_checks; i++)
		if (s->checks[i].state != NULL)
			page_check(b, &s->checks[i]);
	buf_fmt(b, "</ul><small>hale %s &middot; <a href=status>JSON</a> "
	        "&middot; <a href=metrics>metrics</a></small>\n", s->version);
}
