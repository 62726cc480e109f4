/* SPDX-License-Identifier: MIT */
/* sup/answer.c - verdict to probe response (pure) */
#include "sup/answer.h"

#include "base/err.h"
#include "net/url.h"
#include "sup/metrics.h"
#include "sup/status.h"
#include "sup/watch.h"

#define TEXT_PLAIN "text/plain; charset=utf-8"
#define BODY_MAX   (SERVER_OUT_MAX - 1024)	/* leaves room for the head */

/* One answer in the making. */
struct reply {
	const struct facts *facts;
	const struct server_ask *ask;
	struct http_answer  http;
	struct buf          body;
	enum answer_effect  effect;
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

/* Names have ':' and '/' where they are URLs: many clients encode these. */
static bool
means(struct span value, const char *check)
{
	char name[WATCH_NAME_MAX];
	struct buf b = buf_over(name, sizeof name);

	return url_decode(&b, value) == 0 && !b.cut
	    && span_is(buf_span(&b), check);
}

static bool
is_excluded(struct span query, const char *check)
{
	struct span name, value;

	while (http_next_param(&query, &name, &value))
		if (span_is(name, "exclude") && means(value, check))
			return true;
	return false;
}

static bool
is_known(const struct reply *r, unsigned verdicts, struct span check)
{
	for (size_t i = 0; i < r->facts->n_checks; i++)
		if (facts_counts(&r->facts->checks[i], verdicts)
		 && means(check, r->facts->checks[i].name))
			return true;
	return false;
}

/* Kubernetes warns of names in ?exclude= that match nothing. */
static void
warn_of_unknown(struct reply *r, unsigned verdicts)
{
	struct span query = r->ask->req.query, name, value;
	const char *before = "warn: some health checks cannot be excluded: "
	                     "no matches for ";

	while (http_next_param(&query, &name, &value)) {
		if (!span_is(name, "exclude") || is_known(r, verdicts, value))
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
write_check(struct reply *r, const struct facts_check *c, bool fails,
            bool excluded)
{
	buf_str(&r->body, fails && !excluded ? "[-]" : "[+]");
	buf_plain(&r->body, span_of(c->name));
	buf_str(&r->body, excluded ? " excluded: ok"
	                  : fails ? " failed: " : " ok");
	if (fails && !excluded)
		buf_plain(&r->body, span_of(c->why));
	buf_str(&r->body, "\n");
}

/* Fills the body with every check; returns whether the verdict passes. */
static bool
write_checks(struct reply *r, const char *endpoint, unsigned verdicts)
{
	bool passes = true;

	for (size_t i = 0; i < r->facts->n_checks; i++) {
		const struct facts_check *c = &r->facts->checks[i];
		bool fails = facts_fails(c, verdicts), excluded;

		if (!facts_counts(c, verdicts))
			continue;
		excluded = is_excluded(r->ask->req.query, c->name);
		write_check(r, c, fails, excluded);
		if (fails && !excluded)
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

	if (r->ask->req.query.len == 0
	 && facts_pass(r->facts, verdicts)) {	/* the common probe */
		buf_str(&r->body, "ok");
		return;
	}
	if (!write_checks(r, endpoint, verdicts)) {
		r->http.status = 503;
	} else if (!verbose) {
		r->body.len = 0;
		buf_str(&r->body, "ok");
	}
}

static void
write_livez(struct reply *r)
{
	write_verdict(r, "livez", FACTS_LIVE);
}

static void
write_readyz(struct reply *r)
{
	write_verdict(r, "readyz", FACTS_READY);
}

static void
write_startupz(struct reply *r)
{
	write_verdict(r, "startupz", FACTS_STARTUP);
}

static void
write_healthz(struct reply *r)
{
	write_verdict(r, "healthz", FACTS_LIVE | FACTS_READY);
}

static void
write_status(struct reply *r)
{
	if (has_param(r->ask->req.query, "text")) {
		status_write_text(&r->body, r->facts);
	} else {
		r->http.type = "application/json";
		status_write_json(&r->body, r->facts);
	}
}

static void
write_page(struct reply *r)
{
	r->http.type = "text/html; charset=utf-8";
	/* Nothing of it may load or run anything. */
	r->http.extra = "Content-Security-Policy: default-src 'none'; "
	                "style-src 'unsafe-inline'\r\n";
	status_write_html(&r->body, r->facts);
}

/* OpenMetrics is for those who name it; others get what all can read. */
static void
write_metrics(struct reply *r)
{
	bool open = metrics_is_open(r->ask->req.accept);

	r->http.type = open ? METRICS_TYPE_OPEN : METRICS_TYPE_TEXT;
	metrics_write(&r->body, r->facts, open);
}

static const struct {
	char  path[12];
	void (*write)(struct reply *r);
} endpoints[] = {
	{ "/readyz", write_readyz },
	{ "/livez", write_livez },
	{ "/startupz", write_startupz },
	{ "/healthz", write_healthz },
	{ "/health", write_healthz },
	{ "/status", write_status },
	{ METRICS_PATH, write_metrics },
	{ "/", write_page },
};

static void
refuse(struct reply *r, int status, const char *why)
{
	r->http.status = status;
	buf_fmt(&r->body, "%s\n", why);
}

/* POST /drain: only by who could as well send the signal. */
static void
write_drain(struct reply *r)
{
	const struct server_ask *ask = r->ask;

	if (!span_is(ask->req.method, "POST")) {
		r->http.extra = "Allow: POST\r\n";
		refuse(r, 405, "drain is a POST");
	} else if (ask->peer_uid != 0 && ask->peer_uid != r->facts->uid) {
		refuse(r, 403, "only root and hale's own user may drain");
	} else {
		r->effect = ANSWER_DRAIN;
		buf_fmt(&r->body, "%lldms\n", (long long)r->facts->drain_ms);
	}
}

static void
write_unreadable(struct reply *r)
{
	switch (r->ask->err) {
	case ERR_TOOBIG:
		refuse(r, 431, "the request's head is longer than 8192 bytes");
		break;
	case ERR_VERSION:
		refuse(r, 505, "HTTP/1.1 is spoken here");
		break;
	default:
		refuse(r, 400, "this is no HTTP/1.1 request");
	}
}

static void
write_endpoint(struct reply *r)
{
	const struct http_req *req = &r->ask->req;

	if (r->ask->is_local && span_is(req->path, "/drain")) {
		write_drain(r);
		return;
	}
	for (size_t i = 0; i < sizeof endpoints / sizeof endpoints[0]; i++) {
		if (!span_is(req->path, endpoints[i].path))
			continue;
		if (span_is(req->method, "GET") || r->http.is_head) {
			endpoints[i].write(r);
		} else {
			r->http.extra = "Allow: GET, HEAD\r\n";
			refuse(r, 405, "only GET and HEAD are answered here");
		}
		return;
	}
	refuse(r, 404, "no such endpoint: try /readyz /livez /startupz "
	       "/healthz /status /metrics");
}

/* see sup/answer.h */
bool
answer_needs_usage(const struct server_ask *ask)
{
	return ask->err == 0 && span_is(ask->req.path, METRICS_PATH);
}

/* see sup/answer.h */
enum answer_effect
answer_write(struct buf *out, const struct facts *facts,
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
		.effect = ANSWER_TOLD,
	};

	if (ask->is_h2) {
		http_write_h2_refusal(out);
		return ANSWER_TOLD;
	}
	if (ask->err < 0)
		write_unreadable(&r);
	else if (ask->is_local && ask->peer_pid == 0)
		refuse(&r, 403, "you live in another PID namespace");
	else
		write_endpoint(&r);
	r.http.body = buf_span(&r.body);
	http_write_answer(out, &r.http);
	return r.effect;
}
