/* SPDX-License-Identifier: MIT */
/* test_answer.c - what the supervisor knows, as an answer to a probe */
#include "unit.h"

#include "base/err.h"
#include "sup/endpoints.h"

#define UID 500
#define ALLOW "Allow: GET, HEAD, OPTIONS\r\n"

#define ALL (VERDICT_STARTUP | VERDICT_READY | VERDICT_LIVE)

/* startup passes, ready fails by two checks, live fails by one. */
static const struct snapshot sick = {
	.version = "1.2.3", .state = "draining", .program = "/app", .self = 1,
	.service_pid = 7, .uid = UID, .uptime_ms = 125000, .drain_ms = 5000,
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
	.service_pid = 7, .uid = UID, .next_start_ms = -1, .last_exit = "",
	.n_checks = 2,
	.checks = {
		{ .name = "service", .why = "", .counts_for = ALL },
		{ .name = "drain", .why = "", .counts_for = VERDICT_READY },
	},
};

/* The answer to "METHOD PATH?QUERY"; its body starts behind the head. */
static const char *
answer_to(const struct snapshot *f, struct server_ask *ask,
          const char *method, const char *target, enum endpoints_effect *effect)
{
	struct buf out = guarded_buf(SERVER_OUT_MAX);

	ask->req.method = guarded_span(method);
	ask->req.query = guarded_span(target);
	ask->req.path = span_cut(&ask->req.query, '?');
	ask->req.minor = 1;
	ask->keep = true;
	*effect = endpoints_write(&out, f, ask);
	assert_false(out.cut);
	return buf_text(&out);
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
	enum endpoints_effect effect;
	const char *a = answer_to(r->facts, &ask, "GET", r->target, &effect);

	assert_int_not_equal(effect, ENDPOINTS_DRAIN);
	assert_int_equal(status_of(a), r->status);
	if (r->body != NULL)
		assert_string_equal(body_of(a), r->body);
}

static void
a_head_is_the_same_without_its_body(void **state)
{
	const struct row *r = *state;
	struct server_ask ask = { .peer_uid = 0 };
	enum endpoints_effect effect;
	const char *get = answer_to(r->facts, &ask, "GET", r->target, &effect);
	const char *head = answer_to(r->facts, &ask, "HEAD", r->target,
	                             &effect);
	size_t len = (size_t)(body_of(get) - get);

	assert_int_equal(strlen(head), len);
	assert_memory_equal(head, get, len);
}

static const struct asked {
	const char *name, *method, *target;
	bool        is_local;
	pid_t       pid;
	uid_t       uid;
	int         status;
	const char *allow;
	enum endpoints_effect effect;
} askeds[] = {
	{ "root may drain", "POST", "/drain", true, 9, 0, 200, NULL,
	  ENDPOINTS_DRAIN },
	{ "hale's own user may drain", "POST", "/drain", true, 9, UID, 200,
	  NULL, ENDPOINTS_DRAIN },
	{ "another user may not drain", "POST", "/drain", true, 9, UID + 1,
	  403, NULL, ENDPOINTS_TOLD },
	{ "a drain is no GET", "GET", "/drain", true, 9, 0, 405,
	  "Allow: POST\r\n", ENDPOINTS_TOLD },
	{ "a drain from outside is refused and logged", "GET", "/drain", false,
	  9, 0, 403, NULL, ENDPOINTS_NO_DRAIN },
	{ "by whatever method", "POST", "/drain", false, 9, 0, 403, NULL,
	  ENDPOINTS_NO_DRAIN },
	{ "a POST elsewhere is not allowed", "POST", "/livez", true, 9, 0, 405,
	  ALLOW, ENDPOINTS_TOLD },
	{ "a DELETE is not allowed", "DELETE", "/status", false, 9, 0, 405,
	  ALLOW, ENDPOINTS_TOLD },
	{ "a method in lower case is another", "get", "/livez", false, 9, 0,
	  405, ALLOW, ENDPOINTS_TOLD },
	{ "an asterisk is for OPTIONS alone", "HEAD", "*", false, 9, 0, 404,
	  NULL, ENDPOINTS_TOLD },
	{ "OPTIONS of an unknown path", "OPTIONS", "/nope", false, 9, 0, 404,
	  NULL, ENDPOINTS_TOLD },
	{ "OPTIONS of the drain", "OPTIONS", "/drain", true, 9, 0, 405,
	  "Allow: POST\r\n", ENDPOINTS_TOLD },
	{ "an unknown path is told before the method", "POST", "/nope", false,
	  9, 0, 404, NULL, ENDPOINTS_TOLD },
};

static void
lets(void **state)
{
	const struct asked *r = *state;
	struct server_ask ask = {
		.kind = r->is_local ? SERVER_LOCAL : SERVER_PUBLIC,
		.peer_pid = r->pid, .peer_uid = r->uid,
	};
	enum endpoints_effect effect;
	const char *a = answer_to(&well, &ask, r->method, r->target, &effect);

	assert_int_equal(effect, r->effect);
	assert_int_equal(status_of(a), r->status);
	if (r->allow != NULL)
		assert_non_null(strstr(a, r->allow));
	else
		assert_null(strstr(a, "Allow:"));
}

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
tells_its_methods(void **state)
{
	const struct option_row *r = *state;
	struct server_ask ask = { .peer_uid = 0 };
	enum endpoints_effect effect;
	const char *a = answer_to(r->facts, &ask, "OPTIONS", r->target,
	                          &effect);

	assert_int_equal(effect, ENDPOINTS_TOLD);
	assert_int_equal(status_of(a), r->status);
	assert_non_null(strstr(a, ALLOW));
	if (r->body != NULL)
		assert_string_equal(body_of(a), r->body);
	assert_false(endpoints_needs_usage(&ask));
}

static const struct plain_row {
	const char *name, *target;
	bool        is_plain;
} plains[] = {
	{ "a verdict", "/readyz", true },
	{ "a verdict with an exclusion", "/livez?exclude=it", true },
	{ "a verdict in full", "/readyz?verbose", false },
	{ "the status", "/status", false },
	{ "the status as text", "/status?text", false },
	{ "the page", "/", false },
	{ "the metrics", "/metrics", false },
	{ "an unknown path", "/nope", false },
};

static void
has_reasons_without_moments(void **state)
{
	const struct plain_row *r = *state;
	struct server_ask ask = { 0 };

	ask.req.query = guarded_span(r->target);
	ask.req.path = span_cut(&ask.req.query, '?');
	assert_int_equal(r->is_plain, endpoints_is_plain(&ask));
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
is_all_that_probes_only_tells(void **state)
{
	const struct probes_row *r = *state;
	struct server_ask ask = { .kind = SERVER_PROBES };
	enum endpoints_effect effect;
	const char *a = answer_to(r->facts, &ask, r->method, r->target,
	                          &effect);

	assert_int_not_equal(effect, ENDPOINTS_DRAIN);
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
	const char *text;

	assert_int_equal(endpoints_write(&out, &well, &ask), ENDPOINTS_TOLD);
	text = buf_text(&out);
	assert_int_equal(status_of(text), r->status);
	assert_non_null(strstr(text, "Connection: close\r\n"));
	assert_string_equal(body_of(text), r->body);
}

static void
http2_is_answered_in_its_own_frames(void **state)
{
	struct server_ask ask = { .err = ERR_VERSION, .is_h2 = true };
	struct buf out = guarded_buf(SERVER_OUT_MAX);

	(void)state;
	assert_int_equal(endpoints_write(&out, &well, &ask), ENDPOINTS_TOLD);
	assert_int_equal(out.len, 26);
	assert_int_equal(out.p[3], 4);	/* SETTINGS */
}

/* The most of everything: it must fit without being cut. */
static void
the_longest_answers_fit(void **state)
{
	static struct snapshot_listen listen[15];
	static char path[101], query[HTTP_HEAD_MAX], why[321], name[96];
	struct snapshot most = sick;
	struct buf q = buf_over(query, sizeof query);
	struct server_ask ask = { .peer_uid = 0 };
	enum endpoints_effect effect;

	(void)state;
	memset(why, '"', sizeof why - 1);
	memset(name, 'x', sizeof name - 1);
	memset(path, '\x01', sizeof path - 1);
	memcpy(path, "unix:/", 6);
	for (size_t i = 0; i < 15; i++)
		assert_int_equal(sock_parse(&listen[i].at, span_of(path)), 0);
	most.listen = listen;
	most.n_listen = 15;
	most.n_checks = SNAPSHOT_CHECKS_MAX;
	for (size_t i = 0; i < SNAPSHOT_CHECKS_MAX; i++)
		most.checks[i] = (struct snapshot_check){
			.name = name, .why = why, .counts_for = VERDICT_READY,
			.fails = VERDICT_READY, .state = "starting",
		};
	most.last_exit = why;
	most.status = (struct span){ why, sizeof why - 1 };
	answer_to(&most, &ask, "GET", "/status", &effect);
	answer_to(&most, &ask, "GET", "/status?text", &effect);
	answer_to(&most, &ask, "GET", "/metrics", &effect);
	answer_to(&most, &ask, "GET", "/", &effect);
	answer_to(&most, &ask, "GET", "/readyz?verbose", &effect);
	buf_str(&q, "/readyz?");
	while (q.len + 20 < q.cap)
		buf_str(&q, "exclude=a&");
	answer_to(&most, &ask, "GET", buf_text(&q), &effect);
}

/* What is said of its length is what is sent. */
static void
the_length_is_the_bodys(void **state)
{
	const struct row *r = *state;
	struct server_ask ask = { .peer_uid = 0 };
	enum endpoints_effect effect;
	const char *a = answer_to(r->facts, &ask, "GET", r->target, &effect);
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
	UNIT_ROWS(has_reasons_without_moments, plains);
	UNIT_ROWS(is_all_that_probes_only_tells, probes_rows);
	UNIT_ROWS(lets, askeds);
	UNIT_ROWS(tells_its_methods, options);
	UNIT_ROWS(refuses, errors);
	UNIT_TEST(http2_is_answered_in_its_own_frames);
	UNIT_TEST(the_longest_answers_fit);
	return unit_run("sup/endpoints");
}
