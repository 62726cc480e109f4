/* SPDX-License-Identifier: MIT */
/* sup/endpoints.c - which answer a probe gets: status, view, effect */
#include "sup/endpoints.h"

#include "base/err.h"
#include "base/percent.h"
#include "net/h2_answer.h"
#include "sup/negotiate.h"
#include "sup/view_html.h"
#include "sup/view_json.h"
#include "sup/view_metrics.h"
#include "sup/view_text.h"
#include "sup/view_verdict.h"

#define TEXT_PLAIN "text/plain; charset=utf-8"
#define BODY_MAX   (SERVER_OUT_MAX - 1024)	/* leaves room for the head */

#define METHODS "GET, HEAD, OPTIONS"
#define ALLOW   "Allow: " METHODS "\r\n"
/* Nothing of the page may load or run anything. */
#define NO_SCRIPT "Content-Security-Policy: default-src 'none'; " \
	"style-src 'unsafe-inline'\r\n"

#define NO_CHECK SNAPSHOT_CHECKS_MAX

#define HEALTHZ (VERDICT_LIVE | VERDICT_READY)

/*
 * Balancers ask for health by OPTIONS too, and some always with "*" or "/"
 * (HAProxy's plain `option httpchk`, Apache's hcmethod=OPTIONS): there it is
 * healthz's verdict.
 */
enum options {
	OPTIONS_VERDICT,
	OPTIONS_EMPTY,		/* the Allow field says all */
};

static const struct endpoint {
	char     path[10];
	unsigned char verdicts;		/* that the status depends on, or 0 */
	bool     has_get;		/* GET and HEAD, with .. */
	enum endpoints_view view;	/* .. this body */
	enum options options;
} endpoints[] = {
	{ "/readyz", VERDICT_READY, true, ENDPOINTS_VERDICT, OPTIONS_VERDICT },
	{ "/livez", VERDICT_LIVE, true, ENDPOINTS_VERDICT, OPTIONS_VERDICT },
	{ "/startupz", VERDICT_STARTUP, true, ENDPOINTS_VERDICT,
	  OPTIONS_VERDICT },
	{ "/healthz", HEALTHZ, true, ENDPOINTS_VERDICT, OPTIONS_VERDICT },
	{ "/health", HEALTHZ, true, ENDPOINTS_VERDICT, OPTIONS_VERDICT },
	{ "/status", 0, true, ENDPOINTS_JSON, OPTIONS_EMPTY },
	{ "/metrics", 0, true, ENDPOINTS_METRICS, OPTIONS_EMPTY },
	/* For people; its status is for balancers that know no path. */
	{ "/", HEALTHZ, true, ENDPOINTS_HTML, OPTIONS_VERDICT },
	{ "*", HEALTHZ, false, ENDPOINTS_EMPTY, OPTIONS_VERDICT },
};

static bool
has_param(struct span query, const char *wanted)
{
	struct span name, value;

	while (http_next_param(&query, &name, &value))
		if (span_is(name, wanted))
			return true;
	return false;
}

/* --- the choice --- */

/* Otherwise reasons, names and figures are not for who sent the probe. */
static bool
shows_all(const struct server_ask *ask)
{
	return ask->kind != SERVER_PROBES;
}

static void
refuse(struct endpoints_choice *c, int status, const char *words)
{
	c->status = status;
	c->view = ENDPOINTS_WORDS;
	c->words = words;
}

static void
choose_unreadable(struct endpoints_choice *c, const struct server_ask *ask)
{
	c->view = ENDPOINTS_FAULT;
	switch (ask->err) {
	case ERR_TOOBIG:
		c->status = 431;
		break;
	case ERR_VERSION:
		c->status = 505;
		break;
	default:
		c->status = 400;
	}
}

/* POST /drain: only by who could as well send the signal. The kubelet takes any
 * answer to a preStop's httpGet for a success: the log has to say it. */
static void
choose_drain(struct endpoints_choice *c, const struct server_ask *ask,
             uid_t own_uid)
{
	if (ask->kind != SERVER_LOCAL) {
		c->effect = ENDPOINTS_NO_DRAIN;
		refuse(c, 403, shows_all(ask)
		       ? "not from here: run `hale drain` in the container"
		       : "not from here");
	} else if (!span_is(ask->req.method, "POST")) {
		c->fields = "Allow: POST\r\n";
		refuse(c, 405, "drain is a POST");
	} else if (ask->peer_uid != 0 && ask->peer_uid != own_uid) {
		refuse(c, 403, "only root and hale's own user may drain");
	} else {
		c->effect = ENDPOINTS_DRAIN;
		c->view = ENDPOINTS_DRAIN_TIME;
	}
}

static void
choose_verdict(struct endpoints_choice *c, const struct server_ask *ask,
               const struct endpoint *e)
{
	c->view = ENDPOINTS_VERDICT;
	c->verdicts = e->verdicts;
	c->is_terse = !shows_all(ask);
	c->is_verbose = has_param(ask->req.query, "verbose");
	c->scope = c->is_verbose ? SNAPSHOT_DETAILS : SNAPSHOT_REASONS;
}

static void
choose_view(struct endpoints_choice *c, const struct server_ask *ask,
            const struct endpoint *e)
{
	if (e->view == ENDPOINTS_VERDICT) {
		choose_verdict(c, ask, e);
		return;
	}
	c->view = e->view;
	c->verdicts = e->verdicts;
	c->scope = SNAPSHOT_DETAILS;
	if (e->view == ENDPOINTS_HTML)
		c->fields = NO_SCRIPT;
	if (e->view == ENDPOINTS_JSON && has_param(ask->req.query, "text"))
		c->view = ENDPOINTS_TEXT;
	if (e->view == ENDPOINTS_METRICS) {
		c->scope = SNAPSHOT_USAGE;
		if (negotiate_openmetrics(ask->req.accept))
			c->view = ENDPOINTS_OPENMETRICS;
	}
}

static void
choose_by_method(struct endpoints_choice *c, const struct server_ask *ask,
                 const struct endpoint *e)
{
	struct span method = ask->req.method;

	if (span_is(method, "GET") || span_is(method, "HEAD")) {
		choose_view(c, ask, e);
		return;
	}
	c->fields = ALLOW;
	if (!span_is(method, "OPTIONS"))
		refuse(c, 405, "only " METHODS " are answered here");
	else if (e->options == OPTIONS_VERDICT)
		choose_verdict(c, ask, e);
}

/* Is it there for this method and listener? */
static bool
is_served(const struct server_ask *ask, const struct endpoint *e)
{
	if (span_is(ask->req.method, "OPTIONS"))
		return shows_all(ask) || e->options == OPTIONS_VERDICT;
	return e->has_get
	    && (shows_all(ask) || e->view == ENDPOINTS_VERDICT);
}

static const struct endpoint *
find_endpoint(const struct server_ask *ask)
{
	for (size_t i = 0; i < sizeof endpoints / sizeof endpoints[0]; i++)
		if (span_is(ask->req.path, endpoints[i].path)
		 && is_served(ask, &endpoints[i]))
			return &endpoints[i];
	return NULL;
}

/* see sup/endpoints.h */
struct endpoints_choice
endpoints_choose(const struct server_ask *ask, uid_t own_uid)
{
	struct endpoints_choice c = {
		.status = 200, .view = ENDPOINTS_EMPTY,
		.effect = ENDPOINTS_NOTHING, .scope = SNAPSHOT_REASONS,
		.fields = "", .words = "",
	};
	const struct endpoint *e;

	if (ask->err < 0) {
		choose_unreadable(&c, ask);
		return c;
	}
	e = find_endpoint(ask);
	if (span_is(ask->req.path, "/drain"))
		choose_drain(&c, ask, own_uid);
	else if (e != NULL)
		choose_by_method(&c, ask, e);
	else
		refuse(&c, 404, shows_all(ask)
		       ? "no such endpoint: try /readyz /livez /startupz "
		         "/healthz /status /metrics"
		       : "no such endpoint: try /readyz /livez /startupz "
		         "/healthz");
	return c;
}

/* --- ?exclude= --- */

/* What a query excludes: a bit for each check, and values that name none. */
struct exclusion {
	unsigned   checks;
	struct buf unmatched;	/* "\"a\",\"b\"" */
};

/*
 * The check of the verdicts that a value of ?exclude= names; NO_CHECK if none
 * has that name. Names have ':' and '/' where they are URLs: many clients
 * encode these.
 */
static size_t
find_check(const struct snapshot *s, unsigned verdicts, struct span value)
{
	char name[SNAPSHOT_NAME_MAX];
	struct buf b = buf_over(name, sizeof name);

	if (percent_decode(&b, value) < 0 || b.cut)
		return NO_CHECK;
	for (size_t i = 0; i < s->n_checks; i++)
		if (snapshot_counts(&s->checks[i], verdicts)
		 && span_is(buf_span(&b), s->checks[i].name))
			return i;
	return NO_CHECK;
}

/* A query may be almost as long as a head: each value is looked up once, not
 * once for each check. */
static void
read_exclusion(struct exclusion *x, struct span query, unsigned verdicts,
               const struct snapshot *s)
{
	struct span name, value;

	while (http_next_param(&query, &name, &value)) {
		size_t i;

		if (!span_is(name, "exclude"))
			continue;
		i = find_check(s, verdicts, value);
		if (i != NO_CHECK) {
			x->checks |= 1u << i;
			continue;
		}
		buf_str(&x->unmatched, x->unmatched.len > 0 ? ",\"" : "\"");
		buf_plain(&x->unmatched, value);
		buf_str(&x->unmatched, "\"");
	}
}

/* --- the answer --- */

static const char *
type_of(enum endpoints_view view)
{
	switch (view) {
	case ENDPOINTS_JSON:
		return "application/json";
	case ENDPOINTS_HTML:
		return "text/html; charset=utf-8";
	case ENDPOINTS_METRICS:
		return METRICS_TYPE_TEXT;
	case ENDPOINTS_OPENMETRICS:
		return METRICS_TYPE_OPEN;
	case ENDPOINTS_EMPTY:
	case ENDPOINTS_WORDS:
	case ENDPOINTS_FAULT:
	case ENDPOINTS_DRAIN_TIME:
	case ENDPOINTS_VERDICT:
	case ENDPOINTS_TEXT:
		break;
	}
	return TEXT_PLAIN;
}

static void
write_verdict(struct buf *body, const struct endpoints_choice *c,
              const struct snapshot *s, const struct exclusion *x,
              bool passes)
{
	const struct view_verdict v = {
		.verdicts = c->verdicts,
		.excluded = x->checks,
		.unmatched = buf_span(&x->unmatched),
		.in_full = !c->is_terse && (c->is_verbose || !passes),
	};

	view_verdict(body, s, &v);
}

static void
write_body(struct buf *body, const struct endpoints_choice *c,
           const struct snapshot *s, const struct server_ask *ask)
{
	switch (c->view) {
	case ENDPOINTS_WORDS:
		buf_fmt(body, "%s\n", c->words);
		break;
	case ENDPOINTS_FAULT:
		http_write_fault(body, &ask->fault);
		buf_str(body, "\n");
		break;
	case ENDPOINTS_DRAIN_TIME:
		buf_fmt(body, "%lldms\n", (long long)s->drain_ms);
		break;
	case ENDPOINTS_JSON:
		view_json(body, s);
		break;
	case ENDPOINTS_TEXT:
		view_text(body, s);
		break;
	case ENDPOINTS_HTML:
		view_html(body, s);
		break;
	case ENDPOINTS_METRICS:
	case ENDPOINTS_OPENMETRICS:
		view_metrics(body, s, c->view == ENDPOINTS_OPENMETRICS);
		break;
	case ENDPOINTS_VERDICT:	/* write_verdict() */
	case ENDPOINTS_EMPTY:
		break;
	}
}

/* see sup/endpoints.h */
void
endpoints_write(struct buf *out, const struct endpoints_choice *c,
                const struct snapshot *s, const struct server_ask *ask)
{
	char body[BODY_MAX], unmatched[HTTP_HEAD_MAX];
	struct buf b = buf_over(body, sizeof body);
	struct exclusion x = { 0, buf_over(unmatched, sizeof unmatched) };
	struct http_answer http = {
		.type = type_of(c->view), .extra = c->fields,
		.keep = ask->keep,
		.minor = ask->err == 0 ? ask->req.minor : 1,
		.is_head = span_is(ask->req.method, "HEAD"),
	};
	bool passes;

	if (c->view == ENDPOINTS_VERDICT)
		read_exclusion(&x, ask->req.query, c->verdicts, s);
	passes = snapshot_passes_without(s, c->verdicts, x.checks);
	http.status = passes ? c->status : 503;
	if (c->view == ENDPOINTS_VERDICT)
		write_verdict(&b, c, s, &x, passes);
	else
		write_body(&b, c, s, ask);
	http.body = buf_span(&b);
	(ask->is_h2 ? h2_answer_write : http_write_answer)(out, &http);
}
