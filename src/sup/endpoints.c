/* SPDX-License-Identifier: MIT */
/* sup/endpoints.c - verdict to probe response (pure) */
#include "sup/endpoints.h"

#include "base/err.h"
#include "base/percent.h"
#include "sup/view_metrics.h"
#include "sup/view_text.h"
#include "sup/monitor.h"

#define TEXT_PLAIN "text/plain; charset=utf-8"
#define BODY_MAX   (SERVER_OUT_MAX - 1024)	/* leaves room for the head */

#define METHODS "GET, HEAD, OPTIONS"
#define ALLOW   "Allow: " METHODS "\r\n"

#define NO_CHECK ((size_t)-1)
_Static_assert(SNAPSHOT_CHECKS_MAX <= 32, "a set of checks is an unsigned");

#define HEALTHZ (SNAPSHOT_LIVE | SNAPSHOT_READY)

/* One answer in the making. */
struct reply {
	const struct snapshot *facts;
	const struct server_ask *ask;
	struct http_answer  http;
	struct buf          body;
	enum endpoints_effect  effect;
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

/*
 * The check of the verdicts that a value of ?exclude= names; NO_CHECK where
 * none has that name. Names have ':' and '/' where they are URLs: many
 * clients encode these.
 */
static size_t
find_check(const struct snapshot *f, unsigned verdicts, struct span value)
{
	char name[MONITOR_NAME_MAX];
	struct buf b = buf_over(name, sizeof name);

	if (percent_decode(&b, value) < 0 || b.cut)
		return NO_CHECK;
	for (size_t i = 0; i < f->n_checks; i++)
		if (snapshot_counts(&f->checks[i], verdicts)
		 && span_is(buf_span(&b), f->checks[i].name))
			return i;
	return NO_CHECK;
}

/*
 * The checks that the query excludes, a bit for each. A query may be almost
 * as long as a head: each value is looked up once, not once for each check.
 */
static unsigned
read_excluded(const struct reply *r, unsigned verdicts)
{
	struct span query = r->ask->req.query, name, value;
	unsigned excluded = 0;

	while (http_next_param(&query, &name, &value)) {
		size_t i = span_is(name, "exclude")
		         ? find_check(r->facts, verdicts, value) : NO_CHECK;

		if (i != NO_CHECK)
			excluded |= 1u << i;
	}
	return excluded;
}

/* Kubernetes warns of names in ?exclude= that match nothing. */
static void
warn_of_unknown(struct reply *r, unsigned verdicts)
{
	struct span query = r->ask->req.query, name, value;
	const char *before = "warn: some health checks cannot be excluded: "
	                     "no matches for ";

	while (http_next_param(&query, &name, &value)) {
		if (!span_is(name, "exclude")
		 || find_check(r->facts, verdicts, value) != NO_CHECK)
			continue;
		buf_fmt(&r->body, "%s\"", before);
		buf_plain(&r->body, value);
		buf_str(&r->body, "\"");
		before = ",";
	}
	if (*before == ',')
		buf_str(&r->body, "\n");
}

static void
write_check(struct reply *r, const struct snapshot_check *c, bool fails,
            bool excluded)
{
	bool is_bad = fails && !excluded;

	buf_str(&r->body, is_bad ? "[-]" : "[+]");
	if (!is_bad || !c->is_phrase) {
		buf_plain(&r->body, span_of(c->name));
		buf_str(&r->body, excluded ? " excluded: ok"
		                  : fails ? " failed: " : " ok");
	}
	if (is_bad)
		buf_plain(&r->body, span_of(c->why));
	buf_str(&r->body, "\n");
}

/* Else reasons, names and figures are not for whoever asks there. */
static bool
shows_all(const struct reply *r)
{
	return r->ask->kind != SERVER_PROBES;
}

/* Fills the body with every check; returns whether the verdict passes. */
static bool
write_checks(struct reply *r, const char *endpoint, unsigned verdicts)
{
	unsigned excluded = read_excluded(r, verdicts);
	bool passes = true;

	for (size_t i = 0; i < r->facts->n_checks; i++) {
		const struct snapshot_check *c = &r->facts->checks[i];
		bool fails = snapshot_fails(c, verdicts);
		bool is_excluded = (excluded & 1u << i) != 0;

		if (!snapshot_counts(c, verdicts))
			continue;
		write_check(r, c, fails, is_excluded);
		if (fails && !is_excluded)
			passes = false;
	}
	warn_of_unknown(r, verdicts);
	buf_fmt(&r->body, "%s check %s\n", endpoint,
	        passes ? "passed" : "failed");
	return passes;
}

static void
write_verdict(struct reply *r, const char *endpoint, unsigned verdicts)
{
	bool verbose = r->ask->req.query.len > 0
	            && has_param(r->ask->req.query, "verbose");
	bool passes;

	if (r->ask->req.query.len == 0
	 && snapshot_pass(r->facts, verdicts)) {	/* the common probe */
		buf_str(&r->body, "ok");
		return;
	}
	passes = write_checks(r, endpoint, verdicts);
	if (!passes)
		r->http.status = 503;
	if (shows_all(r) && (verbose || !passes))
		return;
	r->body.len = 0;
	buf_str(&r->body, passes ? "ok" : "failed");
}

static void
write_livez(struct reply *r)
{
	write_verdict(r, "livez", SNAPSHOT_LIVE);
}

static void
write_readyz(struct reply *r)
{
	write_verdict(r, "readyz", SNAPSHOT_READY);
}

static void
write_startupz(struct reply *r)
{
	write_verdict(r, "startupz", SNAPSHOT_STARTUP);
}

static void
write_healthz(struct reply *r)
{
	write_verdict(r, "healthz", HEALTHZ);
}

static void
write_status(struct reply *r)
{
	if (has_param(r->ask->req.query, "text")) {
		view_text(&r->body, r->facts);
	} else {
		r->http.type = "application/json";
		view_json(&r->body, r->facts);
	}
}

/* The page is for people, its status for balancers that know no path. */
static void
write_page(struct reply *r)
{
	if (!snapshot_pass(r->facts, HEALTHZ))
		r->http.status = 503;
	r->http.type = "text/html; charset=utf-8";
	/* Nothing of it may load or run anything. */
	r->http.extra = "Content-Security-Policy: default-src 'none'; "
	                "style-src 'unsafe-inline'\r\n";
	view_html(&r->body, r->facts);
}

/* OpenMetrics is for those who name it; others get what all can read. */
static void
write_metrics(struct reply *r)
{
	bool open = metrics_is_open(r->ask->req.accept);

	r->http.type = open ? METRICS_TYPE_OPEN : METRICS_TYPE_TEXT;
	view_metrics(&r->body, r->facts, open);
}

/*
 * Balancers ask for health by OPTIONS too, and some always with "*" or "/"
 * (HAProxy's plain `option httpchk`, Apache's hcmethod=OPTIONS): there it is
 * healthz's verdict.
 */
enum options {
	OPTIONS_SAME,		/* a verdict: as GET */
	OPTIONS_HEALTHZ,
	OPTIONS_NOTHING,	/* the Allow field says all */
};

static const struct endpoint {
	char  path[12];
	enum options options;
	void (*write)(struct reply *r);		/* GET, HEAD; NULL: 404 */
} endpoints[] = {
	{ "/readyz", OPTIONS_SAME, write_readyz },
	{ "/livez", OPTIONS_SAME, write_livez },
	{ "/startupz", OPTIONS_SAME, write_startupz },
	{ "/healthz", OPTIONS_SAME, write_healthz },
	{ "/health", OPTIONS_SAME, write_healthz },
	{ "/status", OPTIONS_NOTHING, write_status },
	{ METRICS_PATH, OPTIONS_NOTHING, write_metrics },
	{ "/", OPTIONS_HEALTHZ, write_page },
	{ "*", OPTIONS_HEALTHZ, NULL },
};

static void
refuse(struct reply *r, int status, const char *why)
{
	r->http.status = status;
	buf_fmt(&r->body, "%s\n", why);
}

/* POST /drain: only by who could as well send the signal. The kubelet takes any
 * answer to a preStop's httpGet for a success: the log has to say it. */
static void
write_drain(struct reply *r)
{
	const struct server_ask *ask = r->ask;

	if (ask->kind != SERVER_LOCAL) {
		r->effect = ENDPOINTS_NO_DRAIN;
		refuse(r, 403, shows_all(r)
		       ? "not from here: run `hale drain` in the container"
		       : "not from here");
	} else if (!span_is(ask->req.method, "POST")) {
		r->http.extra = "Allow: POST\r\n";
		refuse(r, 405, "drain is a POST");
	} else if (ask->peer_uid != 0 && ask->peer_uid != r->facts->uid) {
		refuse(r, 403, "only root and hale's own user may drain");
	} else {
		r->effect = ENDPOINTS_DRAIN;
		buf_fmt(&r->body, "%lldms\n", (long long)r->facts->drain_ms);
	}
}

static void
write_unreadable(struct reply *r)
{
	switch (r->ask->err) {
	case ERR_TOOBIG:
		r->http.status = 431;
		break;
	case ERR_VERSION:
		r->http.status = 505;
		break;
	default:
		r->http.status = 400;
	}
	http_write_fault(&r->body, &r->ask->fault);
	buf_str(&r->body, "\n");
}

static void
write_options(struct reply *r, const struct endpoint *e)
{
	switch (e->options) {
	case OPTIONS_SAME:
		e->write(r);
		break;
	case OPTIONS_HEALTHZ:
		write_healthz(r);
		break;
	case OPTIONS_NOTHING:
		break;
	}
}

static void
write_by_method(struct reply *r, const struct endpoint *e)
{
	struct span method = r->ask->req.method;

	if (span_is(method, "OPTIONS")) {
		r->http.extra = ALLOW;
		write_options(r, e);
	} else if (span_is(method, "GET") || r->http.is_head) {
		e->write(r);
	} else {
		r->http.extra = ALLOW;
		refuse(r, 405, "only " METHODS " are answered here");
	}
}

/* Is it there for this method and listener? */
static bool
is_served(const struct reply *r, const struct endpoint *e)
{
	if (span_is(r->ask->req.method, "OPTIONS"))
		return shows_all(r) || e->options != OPTIONS_NOTHING;
	return e->write != NULL
	    && (shows_all(r) || e->options == OPTIONS_SAME);
}

static const struct endpoint *
find_endpoint(const struct reply *r)
{
	for (size_t i = 0; i < sizeof endpoints / sizeof endpoints[0]; i++)
		if (span_is(r->ask->req.path, endpoints[i].path)
		 && is_served(r, &endpoints[i]))
			return &endpoints[i];
	return NULL;
}

static void
write_endpoint(struct reply *r)
{
	const struct endpoint *e = find_endpoint(r);

	if (span_is(r->ask->req.path, "/drain"))
		write_drain(r);
	else if (e != NULL)
		write_by_method(r, e);
	else if (shows_all(r))
		refuse(r, 404, "no such endpoint: try /readyz /livez "
		       "/startupz /healthz /status /metrics");
	else
		refuse(r, 404, "no such endpoint: try /readyz /livez "
		       "/startupz /healthz");
}

/* see sup/endpoints.h */
bool
endpoints_needs_usage(const struct server_ask *ask)
{
	return ask->err == 0 && span_is(ask->req.path, METRICS_PATH)
	    && !span_is(ask->req.method, "OPTIONS");
}

/* see sup/endpoints.h */
bool
endpoints_is_plain(const struct server_ask *ask)
{
	for (size_t i = 0; i < sizeof endpoints / sizeof endpoints[0]; i++)
		if (span_is(ask->req.path, endpoints[i].path))
			return endpoints[i].options == OPTIONS_SAME
			    && !has_param(ask->req.query, "verbose");
	return false;
}

/* see sup/endpoints.h */
enum endpoints_effect
endpoints_write(struct buf *out, const struct snapshot *facts,
             const struct server_ask *ask)
{
	char body[BODY_MAX];
	struct reply r = {
		.facts = facts,
		.ask = ask,
		.http = {
			.status = 200,
			.type = TEXT_PLAIN,
			.extra = "",
			.keep = ask->keep,
			.minor = ask->err == 0 ? ask->req.minor : 1,
			.is_head = span_is(ask->req.method, "HEAD"),
		},
		.body = buf_over(body, sizeof body),
		.effect = ENDPOINTS_TOLD,
	};

	if (ask->is_h2) {
		http_write_h2_refusal(out);
		return ENDPOINTS_TOLD;
	}
	if (ask->err < 0)
		write_unreadable(&r);
	else
		write_endpoint(&r);
	r.http.body = buf_span(&r.body);
	http_write_answer(out, &r.http);
	return r.effect;
}
