/* SPDX-License-Identifier: MIT */
/* test_endpoints.c - which answer a probe gets */
#include "unit.h"

#include "base/err.h"
#include "net/h2_answer.h"
#include "sup/endpoints.h"

#define UID 500
#define ALLOW "Allow: GET, HEAD, OPTIONS\r\n"

#define ALL (VERDICT_STARTUP | VERDICT_READY | VERDICT_LIVE)

/* startup passes, ready fails by two checks, live fails by one. */
static const struct snapshot sick = {
	.version = "1.2.3", .state = "draining", .program = "/app", .self = 1,
	.service_pid = 7, .uptime_ms = 125000, .drain_ms = 5000,
	.next_start_ms = -1, .last_exit = "", .orphans = 3, .signals = 4,
	.requests = 5, .n_checks = 4,
	.checks = {
		{ .name = "service", .why = "", .counts_for = ALL },
		{ .name = "drain", .why = "draining: SIGTERM came",
		  .is_phrase = true,
		  .counts_for = VERDICT_READY, .fails = VERDICT_READY },
		{ .name = "db", .why = "refused \"x\"",
		  .counts_for = VERDICT_READY, .fails = VERDICT_READY },
		{ .name = "loop", .why = "late", .counts_for = VERDICT_LIVE,
		  .fails = VERDICT_LIVE },
	},
};

static const struct snapshot well = {
	.version = "1.2.3", .state = "running", .program = "/app", .self = 1,
	.service_pid = 7, .next_start_ms = -1, .last_exit = "",
	.n_checks = 2,
	.checks = {
		{ .name = "service", .why = "", .counts_for = ALL },
		{ .name = "drain", .why = "", .counts_for = VERDICT_READY },
	},
};

/* What was asked: "METHOD PATH?QUERY". */
static void
aim(struct server_ask *ask, const char *method, const char *target)
{
	ask->req.method = guarded_span(method);
	ask->req.query = guarded_span(target);
	ask->req.path = span_cut(&ask->req.query, '?');
	ask->req.minor = 1;
	ask->keep = true;
}

/* The whole answer. */
static const char *
write_answer(const struct snapshot *s, const struct server_ask *ask)
{
	const struct endpoints_choice choice = endpoints_choose(ask, UID);
	struct buf out = guarded_buf(SERVER_OUT_MAX);

	endpoints_write(&out, &choice, s, ask);
	assert_false(out.cut);
	return buf_text(&out);
}

static const char *
answer_to(const struct snapshot *s, struct server_ask *ask,
          const char *method, const char *target)
{
	aim(ask, method, target);
	return write_answer(s, ask);
}

static int
status_of(const char *answer)
{
	return atoi(answer + strlen("HTTP/1.1 "));
}

static const char *
body_of(const char *answer)
{
	const char *end = strstr(answer, "\r\n\r\n");

	assert_non_null(end);
	return end + 4;
}

static const struct row {
	const char *name;
	const struct snapshot *facts;
	const char *target;
	int         status;
	const char *body;
} rows[] = {
	{ "a live service", &well, "/livez", 200, "ok" },
	{ "a ready service", &well, "/readyz", 200, "ok" },
	{ "a started service", &well, "/startupz", 200, "ok" },
	{ "a healthy service", &well, "/healthz", 200, "ok" },
	{ "a healthy service by the short name", &well, "/health", 200, "ok" },
	{ "a parameter that nobody knows", &well, "/readyz?x=1", 200, "ok" },
	{ "verbose when all is well", &well, "/readyz?verbose", 200,
	  "[+]service ok\n[+]drain ok\nreadyz check passed\n" },
	{ "verbose with a value", &well, "/livez?verbose=1", 200,
	  "[+]service ok\nlivez check passed\n" },
	{ "a failure tells its reasons", &sick, "/readyz", 503,
	  "[+]service ok\n[-]draining: SIGTERM came\n"
	  "[-]db failed: refused \"x\"\nreadyz check failed\n" },
	{ "a failure counts only for its verdict", &sick, "/startupz", 200,
	  "ok" },
	{ "health is live and ready", &sick, "/healthz?verbose", 503,
	  "[+]service ok\n[-]draining: SIGTERM came\n"
	  "[-]db failed: refused \"x\"\n[-]loop failed: late\n"
	  "healthz check failed\n" },
	{ "an excluded failure is none", &sick, "/livez?exclude=loop", 200,
	  "ok" },
	{ "an excluded check is shown", &sick, "/livez?verbose&exclude=loop",
	  200, "[+]service ok\n[+]loop excluded: ok\nlivez check passed\n" },
	{ "one of two excluded still fails", &sick, "/readyz?exclude=db", 503,
	  "[+]service ok\n[-]draining: SIGTERM came\n[+]db excluded: ok\n"
	  "readyz check failed\n" },
	{ "two excluded", &sick, "/readyz?exclude=db&exclude=drain", 200,
	  "ok" },
	{ "an unknown exclusion is warned of", &sick,
	  "/livez?verbose&exclude=loop&exclude=a&exclude=b", 200,
	  "[+]service ok\n[+]loop excluded: ok\n"
	  "warn: some health checks cannot be excluded: no matches for "
	  "\"a\",\"b\"\nlivez check passed\n" },
	{ "another verdict's check cannot be excluded here", &well,
	  "/livez?verbose&exclude=drain", 200,
	  "[+]service ok\n"
	  "warn: some health checks cannot be excluded: no matches for "
	  "\"drain\"\nlivez check passed\n" },
	{ "part of a name excludes nothing", &sick, "/livez?exclude=loo", 503,
	  "[+]service ok\n[-]loop failed: late\n"
	  "warn: some health checks cannot be excluded: no matches for "
	  "\"loo\"\nlivez check failed\n" },
	{ "an excluded name may be encoded", &sick, "/livez?exclude=%6coo%70",
	  200, "ok" },
	{ "an encoded name that is unknown is told as it came", &sick,
	  "/livez?verbose&exclude=loop&exclude=lo%2Fop&exclude=loop%00", 200,
	  "[+]service ok\n[+]loop excluded: ok\n"
	  "warn: some health checks cannot be excluded: no matches for "
	  "\"lo%2Fop\",\"loop%00\"\nlivez check passed\n" },
	{ "an unknown path", &well, "/nope", 404, NULL },
	{ "a path in capitals", &well, "/READYZ", 404, NULL },
	{ "a longer path", &well, "/readyz/", 404, NULL },
	{ "an empty path", &well, "", 404, NULL },
	{ "a drain names the command that drains", &well, "/drain", 403,
	  "not from here: run `hale drain` in the container\n" },
	{ "the metrics", &well, "/metrics", 200, NULL },
	{ "the page", &well, "/", 200, NULL },
	{ "the page of a sick service, with healthz's status", &sick, "/", 503,
	  NULL },
	{ "an asterisk", &well, "*", 404, NULL },
	{ "bytes above ASCII in a path", &well, "/readyz\xc3\xa4", 404, NULL },
	{ "bytes above ASCII in a query", &well, "/readyz?\xc3\xa4=\xff", 200,
	  "ok" },
	{ "what is shown of a query is fit for a terminal", &sick,
	  "/livez?verbose&exclude=loop&exclude=\xc3\xa4\xc2\x9b" "31m\xff", 200,
	  "[+]service ok\n[+]loop excluded: ok\n"
	  "warn: some health checks cannot be excluded: no matches for "
	  "\"\xc3\xa4?31m?\"\nlivez check passed\n" },
	{ "the status as text", &sick, "/status?text", 200,
	  "state     draining\nservice   pid 7, up 2m5s\n"
	  "startup   yes\nready     no: draining: SIGTERM came\nlive      no: late\n"
	  "orphans   3 reaped\nsignals   4 forwarded\nprobes    5 answered\n" },
	{ "the status as JSON", &sick, "/status", 200,
	  "{\"hale\":\"1.2.3\",\"pid\":1,\"state\":\"draining\","
	  "\"service\":{\"pid\":7,\"uptime_ms\":125000,"
	  "\"program\":\"/app\",\"status\":\"\"},"
	  "\"verdicts\":{\"startup\":true,\"ready\":false,\"live\":false},"
	  "\"drain_ms\":5000,\"restarts\":0,\"gave_up\":false,"
	  "\"last_exit\":null,"
	  "\"orphans_reaped\":3,\"signals_forwarded\":4,\"requests\":5,"
	  "\"listen\":[],\"checks\":["
	  "{\"name\":\"service\",\"ok\":true,\"output\":\"\"},"
	  "{\"name\":\"drain\",\"ok\":false,\"output\":\"draining: SIGTERM came\"},"
	  "{\"name\":\"db\",\"ok\":false,\"output\":\"refused \\\"x\\\"\"},"
	  "{\"name\":\"loop\",\"ok\":false,\"output\":\"late\"}]}\n" },
};

static void
answers(void **state)
{
	const struct row *r = *state;
	struct server_ask ask = { .peer_uid = 0 };
	const char *a = answer_to(r->facts, &ask, "GET", r->target);

	assert_int_equal(status_of(a), r->status);
	if (r->body != NULL)
		assert_string_equal(body_of(a), r->body);
}

static void
a_head_is_the_same_without_its_body(void **state)
{
	const struct row *r = *state;
	struct server_ask ask = { .peer_uid = 0 };
	const char *get = answer_to(r->facts, &ask, "GET", r->target);
	const char *head = answer_to(r->facts, &ask, "HEAD", r->target);
	size_t len = (size_t)(body_of(get) - get);

	assert_int_equal(strlen(head), len);
	assert_memory_equal(head, get, len);
}

/* --- the choice --- */

#define LOCAL  SERVER_LOCAL, 9
#define PUBLIC SERVER_PUBLIC, 0
#define PROBES SERVER_PROBES, 0

#define OPEN "application/openmetrics-text"

static const struct chosen {
	const char *name, *method, *target;
	enum server_kind kind;
	pid_t       pid;
	uid_t       uid;	/* of the peer */
	int         status;	/* while no verdict fails */
	unsigned    verdicts;
	enum endpoints_view   view;
	enum endpoints_effect effect;
	enum snapshot_scope   scope;
	const char *fields;
	const char *accept;
} chosens[] = {
#define VERDICT(verdict, fields) \
	200, verdict, ENDPOINTS_VERDICT, ENDPOINTS_NOTHING, SNAPSHOT_REASONS, \
	fields
#define IN_FULL(verdict) \
	200, verdict, ENDPOINTS_VERDICT, ENDPOINTS_NOTHING, SNAPSHOT_DETAILS, ""
#define WORDS(status, effect, fields) \
	status, 0, ENDPOINTS_WORDS, effect, SNAPSHOT_REASONS, fields
#define EMPTY(fields) \
	200, 0, ENDPOINTS_EMPTY, ENDPOINTS_NOTHING, SNAPSHOT_REASONS, fields
#define VIEW(verdicts, view, scope, fields) \
	200, verdicts, view, ENDPOINTS_NOTHING, scope, fields
	{ "a readiness probe", "GET", "/readyz", PUBLIC, 0,
	  VERDICT(VERDICT_READY, ""), NULL },
	{ "a liveness probe", "GET", "/livez", PUBLIC, 0,
	  VERDICT(VERDICT_LIVE, ""), NULL },
	{ "a startup probe", "GET", "/startupz", PUBLIC, 0,
	  VERDICT(VERDICT_STARTUP, ""), NULL },
	{ "a health probe", "GET", "/healthz", PUBLIC, 0,
	  VERDICT(VERDICT_LIVE | VERDICT_READY, ""), NULL },
	{ "the same by its short name", "GET", "/health", PUBLIC, 0,
	  VERDICT(VERDICT_LIVE | VERDICT_READY, ""), NULL },
	{ "a verdict on the local socket", "GET", "/livez", LOCAL, 1234,
	  VERDICT(VERDICT_LIVE, ""), NULL },
	{ "a verdict for probes only", "GET", "/livez", PROBES, 0,
	  VERDICT(VERDICT_LIVE, ""), NULL },
	{ "HEAD of a verdict", "HEAD", "/readyz", PUBLIC, 0,
	  VERDICT(VERDICT_READY, ""), NULL },
	{ "OPTIONS of a verdict", "OPTIONS", "/readyz", PUBLIC, 0,
	  VERDICT(VERDICT_READY, ALLOW), NULL },
	{ "a verdict in full", "GET", "/readyz?verbose", PUBLIC, 0,
	  IN_FULL(VERDICT_READY), NULL },
	{ "in full after another parameter", "GET", "/livez?x=1&verbose=1",
	  PUBLIC, 0, IN_FULL(VERDICT_LIVE), NULL },
	{ "an exclusion is not in full", "GET", "/livez?exclude=verbose",
	  PUBLIC, 0, VERDICT(VERDICT_LIVE, ""), NULL },
	{ "the status", "GET", "/status", PUBLIC, 0,
	  VIEW(0, ENDPOINTS_JSON, SNAPSHOT_DETAILS, ""), NULL },
	{ "the status as text", "GET", "/status?text", PUBLIC, 0,
	  VIEW(0, ENDPOINTS_TEXT, SNAPSHOT_DETAILS, ""), NULL },
	{ "the status, verbose is nothing there", "GET", "/status?verbose",
	  LOCAL, 0, VIEW(0, ENDPOINTS_JSON, SNAPSHOT_DETAILS, ""), NULL },
	{ "the page has healthz's status", "GET", "/", PUBLIC, 0,
	  VIEW(VERDICT_LIVE | VERDICT_READY, ENDPOINTS_HTML, SNAPSHOT_DETAILS,
	       "Content-Security-Policy: default-src 'none'; "
	       "style-src 'unsafe-inline'\r\n"), NULL },
	{ "the metrics", "GET", "/metrics", PUBLIC, 0,
	  VIEW(0, ENDPOINTS_METRICS, SNAPSHOT_USAGE, ""), "text/plain" },
	{ "the metrics as OpenMetrics", "GET", "/metrics", PUBLIC, 0,
	  VIEW(0, ENDPOINTS_OPENMETRICS, SNAPSHOT_USAGE, ""), OPEN },
	{ "HEAD of the metrics", "HEAD", "/metrics", LOCAL, 0,
	  VIEW(0, ENDPOINTS_METRICS, SNAPSHOT_USAGE, ""), NULL },
	{ "only the metrics heed Accept", "GET", "/status", PUBLIC, 0,
	  VIEW(0, ENDPOINTS_JSON, SNAPSHOT_DETAILS, ""), OPEN },
	{ "OPTIONS of the status", "OPTIONS", "/status", PUBLIC, 0,
	  EMPTY(ALLOW), NULL },
	{ "OPTIONS of the metrics reads no usage", "OPTIONS", "/metrics",
	  PUBLIC, 0, EMPTY(ALLOW), NULL },
	{ "OPTIONS of the root is healthz's", "OPTIONS", "/", PUBLIC, 0,
	  VERDICT(VERDICT_LIVE | VERDICT_READY, ALLOW), NULL },
	{ "OPTIONS of the asterisk too", "OPTIONS", "*", PROBES, 0,
	  VERDICT(VERDICT_LIVE | VERDICT_READY, ALLOW), NULL },
	{ "the asterisk is for OPTIONS alone", "HEAD", "*", PUBLIC, 0,
	  WORDS(404, ENDPOINTS_NOTHING, ""), NULL },
	{ "an unknown path", "GET", "/nope", PUBLIC, 0,
	  WORDS(404, ENDPOINTS_NOTHING, ""), NULL },
	{ "OPTIONS of an unknown path", "OPTIONS", "/nope", PUBLIC, 0,
	  WORDS(404, ENDPOINTS_NOTHING, ""), NULL },
	{ "an unknown path comes before the method", "POST", "/nope", PUBLIC,
	  0, WORDS(404, ENDPOINTS_NOTHING, ""), NULL },
	{ "a POST of a verdict", "POST", "/livez", LOCAL, 0,
	  WORDS(405, ENDPOINTS_NOTHING, ALLOW), NULL },
	{ "a DELETE of the status", "DELETE", "/status", PUBLIC, 0,
	  WORDS(405, ENDPOINTS_NOTHING, ALLOW), NULL },
	{ "a method in lower case is another", "get", "/livez", PUBLIC, 0,
	  WORDS(405, ENDPOINTS_NOTHING, ALLOW), NULL },
	{ "the status for probes only", "GET", "/status", PROBES, 0,
	  WORDS(404, ENDPOINTS_NOTHING, ""), NULL },
	{ "OPTIONS of it", "OPTIONS", "/status", PROBES, 0,
	  WORDS(404, ENDPOINTS_NOTHING, ""), NULL },
	{ "the metrics for probes only", "GET", "/metrics", PROBES, 0,
	  WORDS(404, ENDPOINTS_NOTHING, ""), OPEN },
	{ "the page for probes only", "GET", "/", PROBES, 0,
	  WORDS(404, ENDPOINTS_NOTHING, ""), NULL },
	{ "OPTIONS of the root for probes only", "OPTIONS", "/", PROBES, 0,
	  VERDICT(VERDICT_LIVE | VERDICT_READY, ALLOW), NULL },
#define DRAINS 200, 0, ENDPOINTS_DRAIN_TIME, ENDPOINTS_DRAIN, \
	SNAPSHOT_REASONS, ""
	{ "root may drain", "POST", "/drain", LOCAL, 0, DRAINS, NULL },
	{ "hale's own user may drain", "POST", "/drain", LOCAL, UID, DRAINS,
	  NULL },
	{ "another user may not drain", "POST", "/drain", LOCAL, UID + 1,
	  WORDS(403, ENDPOINTS_NOTHING, ""), NULL },
	{ "a drain is not a GET", "GET", "/drain", LOCAL, 0,
	  WORDS(405, ENDPOINTS_NOTHING, "Allow: POST\r\n"), NULL },
	{ "OPTIONS of the drain", "OPTIONS", "/drain", LOCAL, 0,
	  WORDS(405, ENDPOINTS_NOTHING, "Allow: POST\r\n"), NULL },
	{ "a drain from outside is refused and logged", "GET", "/drain",
	  PUBLIC, 0, WORDS(403, ENDPOINTS_NO_DRAIN, ""), NULL },
	{ "by whatever method and user", "POST", "/drain", PUBLIC, UID,
	  WORDS(403, ENDPOINTS_NO_DRAIN, ""), NULL },
	{ "and for probes only", "POST", "/drain", PROBES, 0,
	  WORDS(403, ENDPOINTS_NO_DRAIN, ""), NULL },
};

static void
is_chosen(void **state)
{
	const struct chosen *r = *state;
	struct server_ask ask = {
		.kind = r->kind, .peer_pid = r->pid, .peer_uid = r->uid,
	};
	struct endpoints_choice c;
	const char *a = answer_to(&well, &ask, r->method, r->target);

	ask.req.accept = guarded_span(r->accept != NULL ? r->accept : "");
	c = endpoints_choose(&ask, UID);
	assert_int_equal(r->status, c.status);
	assert_int_equal(r->status, status_of(a));
	assert_int_equal(r->verdicts, c.verdicts);
	assert_int_equal(r->view, c.view);
	assert_int_equal(r->effect, c.effect);
	assert_int_equal(r->scope, c.scope);
	assert_string_equal(r->fields, c.fields);
	assert_int_equal(*r->fields != '\0', *r->fields != '\0'
	                 && strstr(a, r->fields) != NULL);
	assert_int_equal(r->view == ENDPOINTS_WORDS, *c.words != '\0');
}

static void
the_drain_says_how_long_it_takes(void **state)
{
	struct server_ask ask = { .kind = SERVER_LOCAL, .peer_pid = 9 };

	(void)state;
	assert_string_equal("5000ms\n",
	                    body_of(answer_to(&sick, &ask, "POST", "/drain")));
}

static const struct type_row {
	const char *name, *target, *accept, *type;
} types[] = {
	{ "a verdict", "/readyz", "", "text/plain; charset=utf-8" },
	{ "an unknown path", "/nope", "", "text/plain; charset=utf-8" },
	{ "the status as text", "/status?text", "",
	  "text/plain; charset=utf-8" },
	{ "the status", "/status", "", "application/json" },
	{ "the page", "/", "", "text/html; charset=utf-8" },
	{ "the metrics", "/metrics", "",
	  "text/plain; version=0.0.4; charset=utf-8" },
	{ "OpenMetrics", "/metrics", OPEN,
	  OPEN "; version=1.0.0; charset=utf-8" },
};

static void
has_its_type(void **state)
{
	const struct type_row *r = *state;
	struct server_ask ask = { .peer_uid = 0 };
	char field[128];
	struct buf b = buf_over(field, sizeof field);
	const char *answer;

	buf_fmt(&b, "\r\nContent-Type: %s\r\n", r->type);
	aim(&ask, "GET", r->target);
	ask.req.accept = guarded_span(r->accept);
	answer = write_answer(&well, &ask);
	assert_non_null(strstr(answer, buf_text(&b)));
	/* And the body is of that type: only OpenMetrics has an end. */
	assert_int_equal(strcmp(r->accept, OPEN) == 0,
	                 strstr(body_of(answer), "# EOF\n") != NULL);
}

/* --- the answers --- */

static const struct option_row {
	const char *name;
	const struct snapshot *facts;
	const char *target;
	int         status;
	const char *body;
} options[] = {
	{ "OPTIONS of a verdict that passes", &well, "/readyz", 200, "ok" },
	{ "OPTIONS of a verdict that fails", &sick, "/livez", 503,
	  "[+]service ok\n[-]loop failed: late\nlivez check failed\n" },
	{ "OPTIONS of a verdict with a query", &sick,
	  "/livez?verbose&exclude=loop", 200,
	  "[+]service ok\n[+]loop excluded: ok\nlivez check passed\n" },
	{ "OPTIONS of the started verdict", &sick, "/startupz", 200, "ok" },
	{ "OPTIONS of healthz by its short name", &well, "/health", 200,
	  "ok" },
	{ "OPTIONS of the root is healthz's", &well, "/", 200, "ok" },
	{ "OPTIONS of the root of a sick service", &sick, "/", 503,
	  "[+]service ok\n[-]draining: SIGTERM came\n"
	  "[-]db failed: refused \"x\"\n[-]loop failed: late\n"
	  "healthz check failed\n" },
	{ "OPTIONS of the asterisk is healthz's", &well, "*", 200, "ok" },
	{ "OPTIONS of the asterisk of a sick service", &sick, "*", 503, NULL },
	{ "OPTIONS of the status is empty", &sick, "/status", 200, "" },
	{ "OPTIONS of the metrics is empty", &sick, "/metrics", 200, "" },
};

static void
says_its_methods(void **state)
{
	const struct option_row *r = *state;
	struct server_ask ask = { .peer_uid = 0 };
	const char *a = answer_to(r->facts, &ask, "OPTIONS", r->target);

	assert_int_equal(status_of(a), r->status);
	assert_non_null(strstr(a, ALLOW));
	if (r->body != NULL)
		assert_string_equal(body_of(a), r->body);
}

/* What a listener "ADDRESS,probes" answers: nothing but a word. */
static const struct probes_row {
	const char *name, *method, *target;
	const struct snapshot *facts;
	int         status;
	const char *body;	/* NULL: not looked at */
} probes_rows[] = {
	{ "a verdict that passes", "GET", "/readyz", &well, 200, "ok" },
	{ "a verdict that fails without its reasons", "GET", "/readyz", &sick,
	  503, "failed" },
	{ "verbose is not heeded", "GET", "/livez?verbose", &well, 200, "ok" },
	{ "verbose of a failed verdict", "GET", "/readyz?verbose", &sick, 503,
	  "failed" },
	{ "what is excluded still is", "GET", "/livez?exclude=loop", &sick,
	  200, "ok" },
	{ "an unknown exclusion is not echoed", "GET", "/livez?exclude=x",
	  &sick, 503, "failed" },
	{ "health", "GET", "/health", &sick, 503, "failed" },
	{ "OPTIONS of a verdict", "OPTIONS", "/readyz", &sick, 503, "failed" },
	{ "OPTIONS of /", "OPTIONS", "/", &sick, 503, "failed" },
	{ "OPTIONS of *", "OPTIONS", "*", &well, 200, "ok" },
	{ "HEAD of a verdict", "HEAD", "/readyz", &sick, 503, "" },
	{ "POST of a verdict", "POST", "/readyz", &sick, 405, NULL },
	{ "the status", "GET", "/status", &sick, 404, NULL },
	{ "the status as text", "GET", "/status?text", &sick, 404, NULL },
	{ "OPTIONS of the status", "OPTIONS", "/status", &sick, 404, NULL },
	{ "the metrics", "GET", "/metrics", &sick, 404, NULL },
	{ "HEAD of the metrics", "HEAD", "/metrics", &sick, 404, NULL },
	{ "the page", "GET", "/", &sick, 404, NULL },
	{ "a drain", "GET", "/drain", &sick, 403, "not from here\n" },
};

static void
is_all_that_probes_only_shows(void **state)
{
	const struct probes_row *r = *state;
	struct server_ask ask = { .kind = SERVER_PROBES };
	const char *a = answer_to(r->facts, &ask, r->method, r->target);

	assert_int_equal(status_of(a), r->status);
	if (r->body != NULL)
		assert_string_equal(body_of(a), r->body);
	assert_null(strstr(a, "drain"));
	assert_null(strstr(a, "/status"));
	assert_null(strstr(a, "/metrics"));
	assert_null(strstr(a, "1.2.3"));
}

static const struct error_row {
	const char *name;
	int         err;
	struct http_fault fault;
	int         status;
	const char *body;
} errors[] = {
	{ "a head that breaks the grammar", ERR_PARSE,
	  { "Host is missing", { NULL, 0 } }, 400, "Host is missing\n" },
	{ "a head with a place that is at fault", ERR_PARSE,
	  { "a folded line", { "a\x1b[m", 4 } }, 400,
	  "a folded line: \"a?[m\"\n" },
	{ "a head that is too long", ERR_TOOBIG, { "too long", { NULL, 0 } },
	  431, "too long\n" },
	{ "a version that is not spoken", ERR_VERSION,
	  { "not spoken", { NULL, 0 } }, 505, "not spoken\n" },
};

static void
refuses(void **state)
{
	const struct error_row *r = *state;
	struct server_ask ask = { .err = r->err, .fault = r->fault };
	struct buf out = guarded_buf(SERVER_OUT_MAX);
	struct endpoints_choice choice;
	const char *text;

	choice = endpoints_choose(&ask, UID);
	endpoints_write(&out, &choice, &well, &ask);
	assert_int_equal(choice.effect, ENDPOINTS_NOTHING);
	text = buf_text(&out);
	assert_int_equal(status_of(text), r->status);
	assert_non_null(strstr(text, "Connection: close\r\n"));
	assert_string_equal(body_of(text), r->body);
}

/* What HTTP/2 gets: a frame whose stream is still to be named, and the body. */
static struct span
by_http2(const struct snapshot *s, struct server_ask *ask, struct span *block)
{
	const struct endpoints_choice choice = endpoints_choose(ask, UID);
	struct buf out = guarded_buf(SERVER_OUT_MAX);
	struct span rest;
	struct h2_frame head;

	ask->is_h2 = true;
	endpoints_write(&out, &choice, s, ask);
	assert_false(out.cut);
	head = h2_frame_read(out.p);
	assert_int_equal(head.type, H2_HEADERS);
	assert_int_equal(head.stream, 0);
	rest = span_after(buf_span(&out), H2_HEAD_LEN);
	*block = (struct span){ rest.p, head.len };
	rest = span_after(rest, head.len);
	assert_int_equal(head.flags, H2_END_HEADERS
	                 | (rest.len == 0 ? H2_END_STREAM : 0));
	return rest;
}

/* The field's value, or NULL. */
static const char *
field_of(struct span block, const char *name)
{
	static char value[1024];
	char text[HPACK_MEMORY];
	struct buf memory = buf_over(text, sizeof text);
	struct hpack table;
	struct hpack_field f;

	hpack_init(&table);
	hpack_begin(&table);
	while (hpack_next(&table, &block, &f, &memory) > 0) {
		struct buf b = buf_over(value, sizeof value);

		buf_add(&b, f.value);
		if (span_is(f.name, name))
			return buf_text(&b);
	}
	return NULL;
}

/* .. as a number, -1 if it is not there. */
static int
number_of(struct span block, const char *name)
{
	const char *text = field_of(block, name);

	return text != NULL ? atoi(text) : -1;
}

static void
is_the_same_by_http2(void **state)
{
	const struct row *r = *state;
	struct server_ask ask = { .peer_uid = 0 };
	struct span block, body;
	int len;

	aim(&ask, "GET", r->target);
	body = by_http2(r->facts, &ask, &block);
	assert_int_equal(r->status, number_of(block, ":status"));
	if (r->body != NULL)
		assert_span_equal(r->body, body);
	len = (int)body.len;
	assert_int_equal(len, number_of(block, "content-length"));
	assert_null(field_of(block, "connection"));
	aim(&ask, "HEAD", r->target);
	assert_int_equal(by_http2(r->facts, &ask, &block).len, 0);
	assert_int_equal(len, number_of(block, "content-length"));
}

static void
http2_has_the_fields_of_http1_in_small_letters(void **state)
{
	struct server_ask ask = { .peer_uid = 0 };
	struct span block;

	(void)state;
	aim(&ask, "PUT", "/livez");
	by_http2(&well, &ask, &block);
	assert_string_equal(field_of(block, ":status"), "405");
	assert_string_equal(field_of(block, "allow"), "GET, HEAD, OPTIONS");
	assert_string_equal(field_of(block, "cache-control"), "no-store");
}

/* The most of everything: it must fit without being cut. */
static void
the_longest_answers_fit(void **state)
{
	static struct snapshot most;
	static char query[H2_LIST_MAX];
	struct buf q = buf_over(query, HTTP_HEAD_MAX);
	struct server_ask ask = { .peer_uid = 0 };
	struct span block;

	(void)state;
	most = sick;
	most.n_listen = SNAPSHOT_LISTEN_MAX;
	for (size_t i = 0; i < most.n_listen; i++)	/* unix:/... */
		memset(most.listen[i], '\x01', 107);
	most.n_checks = SNAPSHOT_CHECKS_MAX;
	for (size_t i = 0; i < SNAPSHOT_CHECKS_MAX; i++) {
		struct snapshot_check *c = &most.checks[i];

		*c = (struct snapshot_check){
			.counts_for = VERDICT_READY, .fails = VERDICT_READY,
			.state = "starting",
		};
		memset(c->name, 'x', sizeof c->name - 1);
		memset(c->why, '"', 320);
	}
	memset(most.last_exit, '"', sizeof most.last_exit - 1);
	memset(most.status, '"', sizeof most.status - 1);
	answer_to(&most, &ask, "GET", "/status");
	answer_to(&most, &ask, "GET", "/status?text");
	answer_to(&most, &ask, "GET", "/metrics");
	answer_to(&most, &ask, "GET", "/");
	answer_to(&most, &ask, "GET", "/readyz?verbose");
	buf_str(&q, "/readyz?");
	while (q.len + 20 < q.cap)
		buf_str(&q, "exclude=a&");
	answer_to(&most, &ask, "GET", buf_text(&q));
	q.cap = sizeof query;	/* by HTTP/2 it may be longer */
	while (q.len + 20 < q.cap)
		buf_str(&q, "exclude=a&");
	aim(&ask, "GET", buf_text(&q));
	by_http2(&most, &ask, &block);
	aim(&ask, "GET", "/status");
	by_http2(&most, &ask, &block);
}

static const struct kept_row {
	const char *name;
	int         minor;
	bool        keep;
	const char *field;	/* Connection's, or NULL: none */
} kept_rows[] = {
	{ "HTTP/1.1 that stays open", 1, true, NULL },
	{ "HTTP/1.1 that is closed", 1, false, "Connection: close\r\n" },
	{ "HTTP/1.0 that stays open", 0, true, "Connection: keep-alive\r\n" },
	{ "HTTP/1.0 that is closed", 0, false, "Connection: close\r\n" },
};

static void
says_whether_it_stays_open(void **state)
{
	const struct kept_row *r = *state;
	struct server_ask ask = { .peer_uid = 0 };
	const char *a;

	aim(&ask, "GET", "/livez");
	ask.req.minor = r->minor;
	ask.keep = r->keep;
	a = write_answer(&well, &ask);
	if (r->field != NULL)
		assert_non_null(strstr(a, r->field));
	else
		assert_null(strstr(a, "Connection:"));
}

/* What is said of its length is what is sent. */
static void
the_length_is_the_bodys(void **state)
{
	const struct row *r = *state;
	struct server_ask ask = { .peer_uid = 0 };
	const char *a = answer_to(r->facts, &ask, "GET", r->target);
	const char *field = strstr(a, "Content-Length: ");

	assert_non_null(field);
	assert_int_equal(atoi(field + 16), strlen(body_of(a)));
}

int
main(void)
{
	UNIT_ROWS(answers, rows);
	/* Each row is looked at in three ways, under the same name. */
	UNIT_ROWS(a_head_is_the_same_without_its_body, rows);
	UNIT_ROWS(the_length_is_the_bodys, rows);
	UNIT_ROWS(is_all_that_probes_only_shows, probes_rows);
	UNIT_ROWS(is_chosen, chosens);
	UNIT_ROWS(has_its_type, types);
	UNIT_TEST(the_drain_says_how_long_it_takes);
	UNIT_ROWS(says_its_methods, options);
	UNIT_ROWS(refuses, errors);
	UNIT_ROWS(says_whether_it_stays_open, kept_rows);
	UNIT_ROWS(is_the_same_by_http2, rows);
	UNIT_TEST(http2_has_the_fields_of_http1_in_small_letters);
	UNIT_TEST(the_longest_answers_fit);
	return unit_run("sup/endpoints");
}
