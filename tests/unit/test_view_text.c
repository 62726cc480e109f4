/* SPDX-License-Identifier: MIT */
/* test_status.c - the facts as JSON, text, page and metrics, at their largest */
#include "unit.h"

#include "net/server.h"
#include "sup/view_metrics.h"
#include "sup/snapshot_checks.h"
#include "sup/view_text.h"

#define BODY_MAX (SERVER_OUT_MAX - 1024)	/* as sup/endpoints.c has it */
#define NAME_LEN 95
#define WHY_LEN  (SNAPSHOT_WHY_MAX - 1)

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
static struct snapshot
largest(struct snapshot_usage *usage)
{
	static char names[SNAPSHOT_CHECKS_MAX][NAME_LEN + 1], why[WHY_LEN + 1];
	static char death[320];
	struct snapshot f = plain();

	memset(why, '&', WHY_LEN);
	memset(death, '"', sizeof death - 1);
	memset(usage, 0x7f, sizeof *usage);
	f.n_checks = SNAPSHOT_CHECKS_MAX;
	f.usage = usage;
	f.last_exit = death;
	f.status = (struct span){ why, WHY_LEN };
	f.main_pid = f.self = f.service_pid = 4194304;
	f.restarts = f.last_code = INT32_MAX;
	f.uptime_ms = f.last_exit_ms = f.next_start_ms = f.drain_ms = INT64_MAX;
	f.orphans = f.signals = f.requests = UINT64_MAX;
	for (size_t i = 0; i < f.n_checks; i++) {
		memset(names[i], 'x', NAME_LEN);
		names[i][0] = (char)('a' + i);
		f.checks[i] = (struct snapshot_check){
			.name = names[i], .why = why, .counts_for = VERDICT_READY,
			.fails = VERDICT_READY,
			.state = i < VERDICT_CHECKS_MAX ? "starting" : NULL,
			.flaps = true, .took_ms = INT64_MAX, .age_ms = INT64_MAX,
			.passed = UINT64_MAX, .failed = UINT64_MAX,
			.not_run = UINT64_MAX,
		};
	}
	return f;
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

static void
fits_at_its_largest(void **state)
{
	const struct form *form = *state;
	struct snapshot_usage usage;
	struct snapshot f = largest(&usage);
	struct buf b = guarded_buf(BODY_MAX);
	size_t end = strlen(form->end);

	form->write(&b, &f);
	assert_false(b.cut);
	assert_memory_equal(form->end, b.p + b.len - end, end);
}

static void
is_cut_and_not_overrun(void **state)
{
	const struct form *form = *state;
	struct snapshot_usage usage;
	struct snapshot f = largest(&usage);

	for (size_t cap = 0; cap < 600; cap++) {
		struct buf b = guarded_buf(cap);

		form->write(&b, &f);
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
	f.checks[1].why = why;
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
	f.checks[1].name = name;
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
		f.status = (struct span){ says + from, 200 };
		view_html(&b, &f);
		assert_true(has(&b, "\xc3\xa4<dt>"));
	}
}

static void
counters_are_named_by_each_format(void **state)
{
	struct snapshot f = plain();
	struct snapshot_usage usage = { .cpu_ms = 1050,
	                             .cpu_throttled_us = 2000001 };
	struct buf b = guarded_buf(BODY_MAX);

	(void)state;
	f.usage = &usage;
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
	assert_true(has(&b, "# TYPE hale info\nhale_info{version=\"1.2.3\"} 1\n"));
}

static void
what_is_unknown_is_left_out(void **state)
{
	struct snapshot f = plain();
	struct snapshot_usage usage;
	struct buf b = guarded_buf(BODY_MAX);

	(void)state;
	memset(&usage, 0xff, sizeof usage);
	f.usage = &usage;
	view_metrics(&b, &f, false);
	assert_false(has(&b, "process_") || has(&b, "cgroup"));
	assert_false(has(&b, "last_exit_code"));
	assert_false(has(&b, "duration_seconds{check=\"db\"}"));
}

int
main(void)
{
	UNIT_ROWS(fits_at_its_largest, forms);
	UNIT_ROWS(is_cut_and_not_overrun, forms);
	UNIT_TEST(the_table_has_a_line_for_each_check);
	UNIT_TEST(what_cannot_be_run_is_unknown_in_every_form);
	UNIT_TEST(a_long_name_moves_its_own_line_only);
	UNIT_TEST(the_page_cuts_no_character_in_two);
	UNIT_TEST(counters_are_named_by_each_format);
	UNIT_TEST(what_is_unknown_is_left_out);
	return unit_run("sup/view_text, sup/view_metrics");
}
