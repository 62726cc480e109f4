/* SPDX-License-Identifier: MIT */
/* test_views.c - a snapshot as verdict, JSON, text, page and metrics */
#include "unit.h"

#include "views.h"

#include "net/server.h"
#include "sup/view_html.h"
#include "sup/view_json.h"
#include "sup/view_metrics.h"
#include "sup/view_text.h"
#include "sup/view_verdict.h"

#define ALL (VERDICT_STARTUP | VERDICT_READY | VERDICT_LIVE)
#define BODY_MAX (SERVER_OUT_MAX - 1024)	/* as sup/endpoints.c has it */

static struct snapshot
plain(void)
{
	return (struct snapshot){
		.version = "1.2.3", .state = "running", .program = "/app",
		.service_pid = 7, .self = 1, .uptime_ms = 61000,
		.next_start_ms = -1, .last_exit = "",
		.n_checks = 3,
		.checks = {
			{ .name = "service", .why = "",
			  .counts_for = VERDICT_READY | VERDICT_LIVE },
			{ .name = "web", .why = "200 OK",
			  .counts_for = VERDICT_READY | VERDICT_LIVE,
			  .state = "passing", .took_ms = 7, .age_ms = 1500,
			  .passed = 41, .failed = 1 },
			{ .name = "db", .why = "no result yet",
			  .counts_for = VERDICT_READY, .fails = VERDICT_READY,
			  .state = "starting", .took_ms = -1 },
		},
	};
}

/* Everything as long as it gets; text that every form must escape. */
static struct snapshot *
largest(void)
{
	static struct snapshot f;

	f = plain();
	f.n_checks = SNAPSHOT_CHECKS_MAX;
	f.has_usage = true;
	memset(&f.usage, 0x7f, sizeof f.usage);
	memset(f.last_exit, '"', sizeof f.last_exit - 1);
	memset(f.status, '&', sizeof f.status - 1);
	f.main_pid = f.self = f.service_pid = 4194304;
	f.restarts = f.last_code = INT32_MAX;
	f.uptime_ms = f.last_exit_ms = f.next_start_ms = f.drain_ms = INT64_MAX;
	f.orphans = f.signals = f.requests = UINT64_MAX;
	for (size_t i = 0; i < f.n_checks; i++) {
		struct snapshot_check *c = &f.checks[i];

		*c = (struct snapshot_check){
			.counts_for = VERDICT_READY, .fails = VERDICT_READY,
			.state = i < VERDICT_CHECKS_MAX ? "starting" : NULL,
			.flaps = true,
			.took_ms = INT64_MAX, .age_ms = INT64_MAX,
			.passed = UINT64_MAX, .failed = UINT64_MAX,
			.not_run = UINT64_MAX,
		};
		memset(c->name, 'x', sizeof c->name - 1);
		c->name[0] = (char)('a' + i);
		memset(c->why, '&', sizeof c->why - 1);
	}
	return &f;
}

/* One of everything: a service that drains, with a check of each kind. */
static struct snapshot
rich(void)
{
	return (struct snapshot){
		.version = "1.2.3", .state = "draining", .program = "/a<b>&c",
		.self = 1, .service_pid = 7, .uptime_ms = 125000,
		.drain_ms = 5000, .restarts = 2, .next_start_ms = 1500,
		.gave_up = true, .last_code = 137, .last_exit_ms = 61000,
		.main_pid = 9, .orphans = 3, .signals = 4, .requests = 5,
		.last_exit = "was \"killed\"\x1b", .status = "busy & well",
		.n_listen = 2, .listen = { "0.0.0.0:8080", "[::]:9,probes" },
		.n_checks = 6,
		.checks = {
			{ .name = "service", .counts_for = ALL, .took_ms = -1 },
			{ .name = "startup", .counts_for = VERDICT_STARTUP,
			  .took_ms = -1 },
			{ .name = "web", .why = "200 OK",
			  .counts_for = VERDICT_READY | VERDICT_LIVE,
			  .state = "passing", .took_ms = 7, .age_ms = 1500,
			  .passed = 41, .failed = 1, .flaps = true },
			{ .name = "db", .why = "refused \"x\" <y>",
			  .counts_for = VERDICT_READY, .fails = VERDICT_READY,
			  .state = "failing", .took_ms = 12, .age_ms = 0,
			  .passed = 1, .failed = 2, .not_run = 3 },
			{ .name = "loop", .why = "late",
			  .counts_for = VERDICT_LIVE, .state = "unknown",
			  .is_unknown = true, .flaps = true, .took_ms = -1 },
			{ .name = "drain", .why = "draining: SIGTERM came",
			  .is_phrase = true, .counts_for = VERDICT_READY,
			  .fails = VERDICT_READY, .took_ms = -1 },
		},
	};
}

/* As little as there can be: no check of a URL, nothing has ended, no place. */
static struct snapshot
bare(void)
{
	return (struct snapshot){
		.version = "1.2.3", .state = "running", .program = "/app",
		.self = 1, .next_start_ms = -1, .restarts = 1,
		.n_checks = 2,
		.checks = {
			{ .name = "service", .counts_for = ALL, .took_ms = -1 },
			{ .name = "drain", .counts_for = VERDICT_READY,
			  .took_ms = -1 },
		},
	};
}

static void
metrics_text(struct buf *b, const struct snapshot *f)
{
	view_metrics(b, f, false);
}

static void
metrics_open(struct buf *b, const struct snapshot *f)
{
	view_metrics(b, f, true);
}

static const struct form {
	const char *name;
	void      (*write)(struct buf *b, const struct snapshot *f);
	const char *end;
} forms[] = {
	{ "JSON", view_json, "]}\n" },
	{ "text", view_text, "\n" },
	{ "page", view_html, "</small>\n" },
	{ "metrics", metrics_text, "\n" },
	{ "OpenMetrics", metrics_open, "# EOF\n" },
};

/* --- byte for byte --- */

#define STYLE_END "</style>"

static void
must_write(void (*write)(struct buf *b, const struct snapshot *f),
           const struct snapshot *f, const char *want)
{
	struct buf b = guarded_buf(BODY_MAX);
	const char *got;

	write(&b, f);
	got = buf_text(&b);
	if (write == view_html)
		got = strstr(got, STYLE_END) + strlen(STYLE_END);
	assert_string_equal(want, got);
}

static void
every_form_is_as_it_is_written_down(void **state)
{
	const struct snapshot most = rich(), least = bare();

	(void)state;
	must_write(view_json, &most, rich_json);
	must_write(view_text, &most, rich_text);
	must_write(view_html, &most, rich_html);
	must_write(view_json, &least, bare_json);
	must_write(view_text, &least, bare_text);
	must_write(view_html, &least, bare_html);
}

/* What rich_metrics stands for in a format. */
static const char *
expand(const char *before, const char *marked, const char *suffix,
       const char *after)
{
	static char memory[BODY_MAX];
	struct buf b = buf_over(memory, sizeof memory);
	struct span rest = span_of(marked);

	buf_str(&b, before);
	while (rest.len > 0) {
		bool is_last = !span_has(rest, '@');

		buf_add(&b, span_cut(&rest, '@'));
		buf_str(&b, is_last ? "" : suffix);
	}
	buf_str(&b, after);
	return buf_text(&b);
}

static void
the_metrics_are_in_both_formats(void **state)
{
	static const char text[] =
		"# HELP hale_info The version of hale.\n"
		"# TYPE hale_info gauge\nhale_info{version=\"1.2.3\"} 1\n";
	static const char open[] =
		"# HELP hale The version of hale.\n"
		"# TYPE hale info\nhale_info{version=\"1.2.3\"} 1\n";
	const struct snapshot least = bare();
	struct snapshot most = rich();

	(void)state;
	most.has_usage = true;
	most.usage = (struct snapshot_usage){
		.cpu_ms = 1050, .resident_bytes = 4096, .virtual_bytes = 8192,
		.threads = 3, .open_fds = 11, .max_fds = SNAPSHOT_UNKNOWN,
		.start_ms = 1700000000123, .memory_bytes = 1,
		.memory_limit_bytes = 2, .cpu_periods = 4, .cpu_throttled = 5,
		.cpu_throttled_us = 2000001,
	};
	must_write(metrics_text, &most, expand(text, rich_metrics, "_total",
	                                       ""));
	must_write(metrics_open, &most, expand(open, rich_metrics, "",
	                                       "# EOF\n"));
	must_write(metrics_text, &least, expand(text, bare_metrics, "", ""));
}

#define DB    (1u << 3)	/* rich()'s checks */
#define LOOP  (1u << 4)
#define DRAIN (1u << 5)

static const struct verdict_row {
	const char *name;
	unsigned    verdicts, excluded;
	const char *unmatched;
	bool        in_full;
	const char *body;
} verdicts[] = {
	{ "one word that is good", VERDICT_STARTUP, 0, "", false, "ok" },
	{ "one word that is bad", VERDICT_READY, 0, "", false, "failed" },
	{ "of what is left after an exclusion", VERDICT_LIVE, LOOP, "\"x\"",
	  false, "ok" },
	{ "of several, one of which fails", VERDICT_LIVE | VERDICT_READY,
	  DB | DRAIN, "", false, "failed" },
	{ "startup in full", VERDICT_STARTUP, 0, "", true,
	  "[+]service ok\n[+]startup ok\nstartupz check passed\n" },
	{ "readiness in full", VERDICT_READY, 0, "", true,
	  "[+]service ok\n[+]web ok\n[-]db failed: refused \"x\" <y>\n"
	  "[-]draining: SIGTERM came\nreadyz check failed\n" },
	{ "liveness in full", VERDICT_LIVE, 0, "", true,
	  "[+]service ok\n[+]web ok\n[-]loop failed: late\n"
	  "livez check failed\n" },
	{ "health in full", VERDICT_LIVE | VERDICT_READY, 0, "", true,
	  "[+]service ok\n[+]web ok\n[-]db failed: refused \"x\" <y>\n"
	  "[-]loop failed: late\n[-]draining: SIGTERM came\n"
	  "healthz check failed\n" },
	{ "an excluded check and names that match nothing", VERDICT_READY,
	  DB | 1, "\"a\",\"b\"", true,
	  "[+]service excluded: ok\n[+]web ok\n[+]db excluded: ok\n"
	  "[-]draining: SIGTERM came\n"
	  "warn: some health checks cannot be excluded: no matches for "
	  "\"a\",\"b\"\nreadyz check failed\n" },
	{ "an excluded phrase has its name", VERDICT_READY, DB | DRAIN, "",
	  true,
	  "[+]service ok\n[+]web ok\n[+]db excluded: ok\n"
	  "[+]drain excluded: ok\nreadyz check passed\n" },
};

static void
a_verdict_is(void **state)
{
	const struct verdict_row *r = *state;
	struct snapshot f = rich();
	const struct view_verdict v = {
		.verdicts = r->verdicts, .excluded = r->excluded,
		.unmatched = guarded_span(r->unmatched), .in_full = r->in_full,
	};
	struct buf b = guarded_buf(BODY_MAX);

	f.checks[4].fails = VERDICT_LIVE;
	view_verdict(&b, &f, &v);
	assert_string_equal(r->body, buf_text(&b));
}

/* --- bounds, and what each form must not do --- */

static void
fits_at_its_largest(void **state)
{
	const struct form *form = *state;
	struct buf b = guarded_buf(BODY_MAX);
	size_t end = strlen(form->end);

	form->write(&b, largest());
	assert_false(b.cut);
	assert_memory_equal(form->end, b.p + b.len - end, end);
}

static void
is_cut_and_not_overrun(void **state)
{
	const struct form *form = *state;
	const struct snapshot *f = largest();

	for (size_t cap = 0; cap < 600; cap++) {
		struct buf b = guarded_buf(cap);

		form->write(&b, f);
		assert_true(b.cut && b.len == cap);
	}
}

static bool
has(const struct buf *b, const char *text)
{
	return memmem(b->p, b->len, text, strlen(text)) != NULL;
}

static void
the_table_has_a_line_for_each_check(void **state)
{
	struct snapshot f = plain();
	struct buf b = guarded_buf(BODY_MAX);

	(void)state;
	view_text(&b, &f);
	assert_true(has(&b, "service   pid 7, up 1m1s\n"));
	assert_true(has(&b, "ready     no: check db\n"));
	assert_true(has(&b, "live      yes\n"));
	assert_true(has(&b,
"CHECK  FOR    STATE     LAST        TOOK    REASON\n"
"web    both   passing   1.5s ago    7ms     200 OK\n"
"db     ready  starting  -           -       no result yet\n"));
}

static void
what_cannot_be_run_is_unknown_in_every_form(void **state)
{
	static const char why[] = "could not be run for 12s: no process";
	struct snapshot f = plain();
	struct buf b = guarded_buf(BODY_MAX);

	(void)state;
	f.checks[1].state = "unknown";
	memcpy(f.checks[1].why, why, sizeof why);
	f.checks[1].is_unknown = f.checks[1].flaps = true;
	f.checks[1].not_run = 3;
	view_text(&b, &f);
	assert_true(has(&b,
"web    both   unknown   1.5s ago    7ms     could not be run for 12s: "));
	b.len = 0;
	view_json(&b, &f);
	assert_true(has(&b, "\"name\":\"web\",\"ok\":true,\"output\":\"could "
	                    "not be run for 12s: no process\","
	                    "\"state\":\"unknown\","));
	assert_true(has(&b, "\"not_run\":3,"));
	b.len = 0;
	view_html(&b, &f);
	assert_true(has(&b, "<li class=u>web <b>unknown</b>"));
	assert_true(has(&b, "li.u{"));
	b.len = 0;
	view_metrics(&b, &f, false);
	assert_true(has(&b, "# TYPE hale_check_not_run_total counter\n"
	                    "hale_check_not_run_total{check=\"web\"} 3\n"
	                    "hale_check_not_run_total{check=\"db\"} 0\n"));
}

static void
a_long_name_moves_its_own_line_only(void **state)
{
	static const char name[] = "https://a-very-long-host-name.example:8443"
	                           "/path";
	struct snapshot f = plain();
	struct buf b = guarded_buf(BODY_MAX);

	(void)state;
	memcpy(f.checks[1].name, name, sizeof name);
	view_text(&b, &f);
	assert_true(has(&b,
"https://a-very-long-host-name.example:8443/path"
"  both   passing   1.5s ago    7ms     200 OK\n"
"db                                      "
"  ready  starting  -           -       no result yet\n"));
}

static void
the_page_cuts_no_character_in_two(void **state)
{
	char says[256];

	(void)state;
	for (size_t i = 0; i < sizeof says; i++)
		says[i] = i % 2 ? '\xa4' : '\xc3';
	for (size_t from = 0; from < 2; from++) {
		struct snapshot f = plain();
		struct buf b = guarded_buf(BODY_MAX);

		says[1] = from == 1 ? 'x' : says[1];
		memcpy(f.status, says + from, 200);
		view_html(&b, &f);
		assert_true(has(&b, "\xc3\xa4<dt>"));
	}
}

static void
counters_are_named_by_each_format(void **state)
{
	struct snapshot f = plain();
	struct buf b = guarded_buf(BODY_MAX);

	(void)state;
	f.has_usage = true;
	f.usage.cpu_ms = 1050;
	f.usage.cpu_throttled_us = 2000001;
	view_metrics(&b, &f, false);
	assert_true(has(&b, "# TYPE process_cpu_seconds_total counter\n"
	                    "process_cpu_seconds_total 1.050\n"));
	assert_true(has(&b, "throttled_seconds_total 2.000001\n"));
	assert_true(has(&b, "hale_check_passed_total{check=\"web\"} 41\n"));
	assert_true(has(&b, "# TYPE hale_info gauge\n"));
	assert_false(has(&b, "# EOF"));
	b = guarded_buf(BODY_MAX);
	view_metrics(&b, &f, true);
	assert_true(has(&b, "# TYPE process_cpu_seconds counter\n"
	                    "process_cpu_seconds_total 1.050\n"));
	assert_true(has(&b, "# TYPE hale info\n"
	                    "hale_info{version=\"1.2.3\"} 1\n"));
}

static void
what_is_unknown_is_left_out(void **state)
{
	struct snapshot f = plain();
	struct buf b = guarded_buf(BODY_MAX);

	(void)state;
	f.has_usage = true;
	memset(&f.usage, 0xff, sizeof f.usage);
	view_metrics(&b, &f, false);
	assert_false(has(&b, "process_") || has(&b, "cgroup"));
	assert_false(has(&b, "last_exit_code"));
	assert_false(has(&b, "duration_seconds{check=\"db\"}"));
}

int
main(void)
{
	UNIT_TEST(every_form_is_as_it_is_written_down);
	UNIT_TEST(the_metrics_are_in_both_formats);
	UNIT_ROWS(a_verdict_is, verdicts);
	UNIT_ROWS(fits_at_its_largest, forms);
	UNIT_ROWS(is_cut_and_not_overrun, forms);
	UNIT_TEST(the_table_has_a_line_for_each_check);
	UNIT_TEST(what_cannot_be_run_is_unknown_in_every_form);
	UNIT_TEST(a_long_name_moves_its_own_line_only);
	UNIT_TEST(the_page_cuts_no_character_in_two);
	UNIT_TEST(counters_are_named_by_each_format);
	UNIT_TEST(what_is_unknown_is_left_out);
	return unit_run("sup/view_*");
}
