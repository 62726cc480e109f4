/* SPDX-License-Identifier: MIT */
/* sup/answer.c - verdict to probe response (pure) */
#include "sup/answer.h"

#include "base/err.h"

#define TEXT_PLAIN "text/plain; charset=utf-8"
#define BODY_MAX   (SERVER_OUT_MAX - 1024)	/* leaves room for the head */

/* One answer in the making. */
struct reply {
	const struct answer_facts *facts;
	const struct server_ask   *ask;
	struct http_answer         http;
	struct buf                 body;
	enum answer_effect         effect;
};

static bool
counts(const struct answer_check *c, unsigned verdicts)
{
	return (c->counts_for & verdicts) != 0;
}

/* see sup/answer.h */
bool
answer_passes(const struct answer_facts *facts, unsigned verdicts)
{
	for (size_t i = 0; i < facts->n_checks; i++)
		if (!facts->checks[i].ok && counts(&facts->checks[i], verdicts))
			return false;
	return true;
}

static bool
has_param(struct span query, const char *wanted)
{
	struct span name, value;

	while (http_next_param(&query, &name, &value))
		if (span_is(name, wanted))
			return true;
	return false;
}

static bool
is_excluded(struct span query, const char *check)
{
	struct span name, value;

	while (http_next_param(&query, &name, &value))
		if (span_is(name, "exclude") && span_is(value, check))
			return true;
	return false;
}

static bool
is_known(const struct reply *r, unsigned verdicts, struct span check)
{
	for (size_t i = 0; i < r->facts->n_checks; i++)
		if (counts(&r->facts->checks[i], verdicts)
		 && span_is(check, r->facts->checks[i].name))
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
		buf_fmt(&r->body, "%s\"%.*s\"", before, (int)value.len,
		        value.p);
		before = ",";
	}
	if (*before == ',')
		buf_str(&r->body, "\n");
}

static void
write_check(struct reply *r, const struct answer_check *c, bool excluded)
{
	if (excluded)
		buf_fmt(&r->body, "[+]%s excluded: ok\n", c->name);
	else if (c->ok)
		buf_fmt(&r->body, "[+]%s ok\n", c->name);
	else
		buf_fmt(&r->body, "[-]%s failed: %s\n", c->name, c->why);
}

/* Fills the body with every check; returns whether the verdict passes. */
static bool
write_checks(struct reply *r, const char *endpoint, unsigned verdicts)
{
	bool passes = true;

	for (size_t i = 0; i < r->facts->n_checks; i++) {
		const struct answer_check *c = &r->facts->checks[i];
		bool excluded;

		if (!counts(c, verdicts))
			continue;
		excluded = is_excluded(r->ask->req.query, c->name);
		write_check(r, c, excluded);
		if (!c->ok && !excluded)
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
	 && answer_passes(r->facts, verdicts)) {	/* the common probe */
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
	write_verdict(r, "livez", ANSWER_LIVE);
}

static void
write_readyz(struct reply *r)
{
	write_verdict(r, "readyz", ANSWER_READY);
}

static void
write_startupz(struct reply *r)
{
	write_verdict(r, "startupz", ANSWER_STARTUP);
}

static void
write_healthz(struct reply *r)
{
	write_verdict(r, "healthz", ANSWER_LIVE | ANSWER_READY);
}

static const char *
truth(bool yes)
{
	return yes ? "true" : "false";
}

static void
json_listen(struct reply *r)
{
	char name[SOCK_NAME_MAX];

	for (size_t i = 0; i < r->facts->n_listen; i++) {
		struct buf b = buf_over(name, sizeof name);

		sock_write(&b, &r->facts->listen[i]);
		buf_str(&r->body, i > 0 ? ",\"" : "\"");
		buf_json(&r->body, buf_span(&b));
		buf_str(&r->body, "\"");
	}
}

static void
json_checks(struct reply *r)
{
	for (size_t i = 0; i < r->facts->n_checks; i++) {
		const struct answer_check *c = &r->facts->checks[i];

		buf_fmt(&r->body, "%s{\"name\":\"%s\",\"ok\":%s,\"output\":\"",
		        i > 0 ? "," : "", c->name, truth(c->ok));
		buf_json(&r->body, span_of(c->ok ? "" : c->why));
		buf_str(&r->body, "\"}");
	}
}

static void
write_json(struct reply *r)
{
	const struct answer_facts *f = r->facts;

	r->http.type = "application/json";
	buf_fmt(&r->body, "{\"hale\":\"%s\",\"pid\":%d,\"state\":\"%s\","
	        "\"service\":{\"pid\":%d,\"uptime_ms\":%lld},",
	        f->version, (int)f->self, f->state, (int)f->service_pid,
	        (long long)f->uptime_ms);
	buf_fmt(&r->body, "\"verdicts\":{\"startup\":%s,\"ready\":%s,"
	        "\"live\":%s},\"drain_ms\":%lld,\"restarts\":0,"
	        "\"last_exit\":null,\"orphans_reaped\":%llu,",
	        truth(answer_passes(f, ANSWER_STARTUP)),
	        truth(answer_passes(f, ANSWER_READY)),
	        truth(answer_passes(f, ANSWER_LIVE)), (long long)f->drain_ms,
	        (unsigned long long)f->orphans);
	buf_fmt(&r->body, "\"signals_forwarded\":%llu,\"requests\":%llu,"
	        "\"listen\":[", (unsigned long long)f->signals,
	        (unsigned long long)f->requests);
	json_listen(r);
	buf_str(&r->body, "],\"checks\":[");
	json_checks(r);
	buf_str(&r->body, "]}\n");
}

/* "ready    no: draining, 4s left": the first failed check is the reason. */
static void
text_verdict(struct reply *r, const char *label, unsigned verdict)
{
	for (size_t i = 0; i < r->facts->n_checks; i++) {
		const struct answer_check *c = &r->facts->checks[i];

		if (counts(c, verdict) && !c->ok) {
			buf_fmt(&r->body, "%s no: %s\n", label, c->why);
			return;
		}
	}
	buf_fmt(&r->body, "%s yes\n", label);
}

static void
write_text(struct reply *r)
{
	const struct answer_facts *f = r->facts;

	buf_fmt(&r->body, "state     %s\n", f->state);
	if (f->service_pid > 0) {
		buf_fmt(&r->body, "service   pid %d, up ", (int)f->service_pid);
		buf_ms(&r->body, f->uptime_ms);
		buf_str(&r->body, "\n");
	}
	text_verdict(r, "startup  ", ANSWER_STARTUP);
	text_verdict(r, "ready    ", ANSWER_READY);
	text_verdict(r, "live     ", ANSWER_LIVE);
	buf_fmt(&r->body, "orphans   %llu reaped\nsignals   %llu forwarded\n"
	        "probes    %llu answered\n", (unsigned long long)f->orphans,
	        (unsigned long long)f->signals,
	        (unsigned long long)f->requests);
	for (size_t i = 0; i < f->n_listen; i++) {
		buf_str(&r->body, i == 0 ? "listening " : ", ");
		sock_write(&r->body, &f->listen[i]);
	}
	if (f->n_listen > 0)
		buf_str(&r->body, "\n");
}

static void
write_status(struct reply *r)
{
	if (has_param(r->ask->req.query, "text"))
		write_text(r);
	else
		write_json(r);
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
	       "/healthz /status");
}

/* see sup/answer.h */
enum answer_effect
answer_write(struct buf *out, const struct answer_facts *facts,
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
