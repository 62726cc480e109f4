/* SPDX-License-Identifier: MIT */
/* test_report.c - which of hale's checks fail in which state, and why */
#include "unit.h"

#include <signal.h>

#include "base/clock.h"
#include "sup/snapshot_checks.h"

#define NOW 1000000
#define PID 7
#define TEXT_MAX 4096	/* bytes of all checks in words */

/* One moment; each row changes what it is about. */
static struct lifecycle service;
static struct monitor watch;
static struct monitor_check checks[VERDICT_CHECKS_MAX];
static struct speaker speaker;
static struct snapshot_from from;

static void
nothing_is_wrong(void)
{
}

static void
it_has_ended(void)
{
	service.state = SVC_LINGERING;
	service.unready_ms = NOW - 1000;
	from.pid = 0;
}

static void
it_is_mended(void)
{
	service.state = SVC_MENDING;
	from.sick = "check it: no";
}

static void
it_waits_for_a_restart(void)
{
	service.state = SVC_WAITING;
	service.start_ms = NOW + 3000;
	from.pid = 0;
	from.death = "exited with code 3";
}

static void
its_restart_is_overdue(void)
{
	it_waits_for_a_restart();
	service.start_ms = NOW - 3000;
}

static void
its_restart_was_refused(void)
{
	it_waits_for_a_restart();
	service.state = SVC_CLEARING;
	from.refused = "no process is left";
}

static void
hale_gave_up(void)
{
	service.gave_up = true;
	service.in_row = 3;
	from.sick = "check it: no";
}

static void
it_is_being_stopped(void)
{
	service.state = SVC_STOPPING;
	service.stops = 1;
	service.unready_ms = NOW - 1000;
	from.sick = "check it: no";	/* of an earlier time */
}

static void
it_is_being_stopped_as_sick(void)
{
	it_is_being_stopped();
	service.sickened = true;
}

static void
it_drains(void)
{
	service.state = SVC_DRAINING;
	service.stops = 1;
	service.unready_ms = NOW - 1000;
	service.deadline_ms = NOW + 4000;
}

static void
it_drains_after_a_check_that_failed_long_ago(void)
{
	it_drains();
	service.off_ms = NOW - 3000;
}

static void
it_was_drained_by_request(void)
{
	service.unready_ms = NOW - 5000;
}

static void
it_was_drained_and_waits_for_a_restart(void)
{
	it_waits_for_a_restart();
	service.unready_ms = NOW - 5000;
}

static void
it_says_nothing_yet(void)
{
	watch.notify.needs_ready = true;
}

static void
it_said_ready(void)
{
	it_says_nothing_yet();
	watch.notify.ready = watch.verdict.was_ready = true;
}

static void
it_was_ready_and_says_stopping(void)
{
	it_said_ready();
	watch.notify.stopping = true;
}

static void
it_has_a_check(void)
{
	watch.verdict.n = 1;
	watch.verdict.checks[0] = (struct verdict_check){
		.counts_for = VERDICT_READY | VERDICT_LIVE,
		.blind_ms = CLOCK_NEVER, .began_ms = CLOCK_NEVER,
	};
	checks[0] = (struct monitor_check){
		.name = "it", .why = "500 for GET /", .took_ms = -1,
	};
}

static void
a_check_passes(void)
{
	it_has_a_check();
	watch.verdict.was_ready = true;
	watch.verdict.checks[0].state = VERDICT_PASSING;
	checks[0].took_ms = 5;
}

static void
a_check_fails(void)
{
	a_check_passes();
	watch.verdict.checks[0].state = VERDICT_FAILING;
	memcpy(checks[0].first_why, checks[0].why, sizeof checks[0].why);
}

static void
a_ready_check_fails(void)
{
	a_check_fails();
	watch.verdict.checks[0].counts_for = VERDICT_READY;
}

static void
a_live_check_fails(void)
{
	a_check_fails();
	watch.verdict.checks[0].counts_for = VERDICT_LIVE;
}

static void
a_check_fails_while_it_is_stopped(void)
{
	a_check_fails();
	it_is_being_stopped();
}

static void
a_check_fails_while_it_drains(void)
{
	a_check_fails();
	it_drains();
}

static void
a_check_cannot_be_run(void)
{
	a_check_fails();
	watch.verdict.checks[0].counts_for = VERDICT_READY;
	watch.verdict.checks[0].blind_ms = NOW - 5000;
	memcpy(checks[0].not_run_first, "no process", sizeof "no process");
	memcpy(checks[0].not_run_why, "no memory", sizeof "no memory");
}

static void
a_check_that_never_passed_is_bad_anew(void)
{
	it_has_a_check();
	checks[0].took_ms = 5;
	memcpy(checks[0].first_why, "refused", sizeof "refused");
}

static void
a_check_fails_anew(void)
{
	a_check_fails();
	memcpy(checks[0].why, "timeout", sizeof "timeout");
}

static void
the_watchdog_is_fed(void)
{
	watch.notify.watchdog_ms = 2000;
	watch.notify.was_fed = true;
}

static void
the_watchdog_starves(void)
{
	the_watchdog_is_fed();
	watch.notify.starved = true;
}

static void
the_watchdog_starves_while_it_is_mended(void)
{
	the_watchdog_starves();
	it_is_mended();
}

static void
a_trigger_without_a_watchdog(void)
{
	watch.notify.starved = watch.notify.triggered = true;
}

/* NAME(what it counts for)[-what it fails][: why], a line each: Startup,
 * Ready, Live. */
static const struct row {
	const char *name;
	void      (*make)(void);
	const char *want;
} rows[] = {
	{ "nothing is wrong", nothing_is_wrong,
	  "service(SRL)\n"
	  "drain(R)\n" },
	{ "it has ended", it_has_ended,
	  "service(SRL)-SRL: the service has ended\n"
	  "drain(R)\n" },
	{ "it is mended", it_is_mended,
	  "service(SRL)-SR: the service is being restarted: check it: no\n"
	  "drain(R)\n" },
	{ "it waits for a restart", it_waits_for_a_restart,
	  "service(SRL)-SR: the service starts again in 3s: it exited with code 3\n"
	  "drain(R)\n" },
	{ "its restart is overdue", its_restart_is_overdue,
	  "service(SRL)-SR: the service starts again in 0ms: it exited with code 3\n"
	  "drain(R)\n" },
	{ "its restart was refused", its_restart_was_refused,
	  "service(SRL)-SR: the service starts again in 3s: it could not be started: no process is left\n"
	  "drain(R)\n" },
	{ "hale gave up", hale_gave_up,
	  "service(SRL)-L: unhealthy after 3 restarts, given up: check it: no\n"
	  "drain(R)\n" },
	{ "it is being stopped", it_is_being_stopped,
	  "service(SRL)\n"
	  "drain(R)-R: stopping: SIGTERM came, not ready for 1s\n" },
	{ "it is being stopped as sick", it_is_being_stopped_as_sick,
	  "service(SRL)\n"
	  "drain(R)-R: stopping: check it: no, not ready for 1s\n" },
	{ "it drains", it_drains,
	  "service(SRL)\n"
	  "drain(R)-R: draining: SIGTERM came, not ready for 1s, 4s left\n" },
	{ "it drains after a check that failed long ago",
	  it_drains_after_a_check_that_failed_long_ago,
	  "service(SRL)\n"
	  "drain(R)-R: draining: SIGTERM came, not ready for 3s, 4s left\n" },
	{ "it was drained by request", it_was_drained_by_request,
	  "service(SRL)\n"
	  "drain(R)-R: draining: hale drain asked for it, not ready for 5s\n" },
	{ "a restart does not forget a drain",
	  it_was_drained_and_waits_for_a_restart,
	  "service(SRL)-SR: the service starts again in 3s: it exited with code 3\n"
	  "drain(R)-R: draining: hale drain asked for it, not ready for 5s\n" },
	{ "it says nothing yet", it_says_nothing_yet,
	  "service(SRL)\n"
	  "startup(S)-S: starting: it has not said yet that it is ready\n"
	  "notify(R)-R: it has not said yet that it is ready\n"
	  "drain(R)\n" },
	{ "it said ready", it_said_ready,
	  "service(SRL)\n"
	  "startup(S)\n"
	  "notify(R)\n"
	  "drain(R)\n" },
	{ "it was ready and says that it stops",
	  it_was_ready_and_says_stopping,
	  "service(SRL)\n"
	  "startup(S)\n"
	  "notify(R)-R: it says that it is stopping\n"
	  "drain(R)\n" },
	{ "a check without a result", it_has_a_check,
	  "service(SRL)\n"
	  "startup(S)-S: starting: check it: no result yet\n"
	  "it(RL)-R: no result yet\n"
	  "drain(R)\n" },
	{ "a check passes", a_check_passes,
	  "service(SRL)\n"
	  "startup(S)\n"
	  "it(RL): 500 for GET /\n"
	  "drain(R)\n" },
	{ "a check fails", a_check_fails,
	  "service(SRL)\n"
	  "startup(S)\n"
	  "it(RL)-RL: 500 for GET /\n"
	  "drain(R)\n" },
	{ "a ready check fails", a_ready_check_fails,
	  "service(SRL)\n"
	  "startup(S)\n"
	  "it(R)-R: 500 for GET /\n"
	  "drain(R)\n" },
	{ "a live check fails", a_live_check_fails,
	  "service(SRL)\n"
	  "startup(S)\n"
	  "it(L)-L: 500 for GET /\n"
	  "drain(R)\n" },
	{ "what a check says of one that is stopped is no verdict on its life",
	  a_check_fails_while_it_is_stopped,
	  "service(SRL)\n"
	  "startup(S)\n"
	  "it(RL)-R: 500 for GET /\n"
	  "drain(R)-R: stopping: SIGTERM came, not ready for 1s\n" },
	{ "but of one that drains", a_check_fails_while_it_drains,
	  "service(SRL)\n"
	  "startup(S)\n"
	  "it(RL)-RL: 500 for GET /\n"
	  "drain(R)-R: draining: SIGTERM came, not ready for 1s, 4s left\n" },
	{ "the watchdog is fed", the_watchdog_is_fed,
	  "service(SRL)\n"
	  "watchdog(L)\n"
	  "drain(R)\n" },
	{ "the watchdog starves", the_watchdog_starves,
	  "service(SRL)\n"
	  "watchdog(L)-L: watchdog: not fed for 2s\n"
	  "drain(R)\n" },
	{ "the watchdog of one that is mended",
	  the_watchdog_starves_while_it_is_mended,
	  "service(SRL)-SR: the service is being restarted: check it: no\n"
	  "watchdog(L)\n"
	  "drain(R)\n" },
	{ "a trigger without a watchdog", a_trigger_without_a_watchdog,
	  "service(SRL)\n"
	  "watchdog(L)-L: watchdog: triggered by the service itself\n"
	  "drain(R)\n" },
};

static void
write_verdicts(struct buf *b, unsigned verdicts)
{
	if (verdicts & VERDICT_STARTUP)
		buf_str(b, "S");
	if (verdicts & VERDICT_READY)
		buf_str(b, "R");
	if (verdicts & VERDICT_LIVE)
		buf_str(b, "L");
}

static void
begin_moment(void)
{
	memset(&service, 0, sizeof service);
	memset(&watch, 0, sizeof watch);
	service.unready_ms = service.off_ms = CLOCK_NEVER;
	watch.checks = checks;
	watch.speaker = &speaker;
	watch.pid = PID;
	from = (struct snapshot_from){
		.lifecycle = &service, .monitor = &watch, .pid = PID,
		.sick = "", .death = "", .refused = "", .now_ms = NOW,
		.stop_came = SIGTERM, .words = MONITOR_LATEST,
	};
}

static void
report_says(void **state)
{
	static struct snapshot_room room;
	static struct snapshot facts;
	const struct row *r = *state;
	char text[TEXT_MAX];
	struct buf b = buf_over(text, sizeof text);

	begin_moment();
	r->make();
	snapshot_checks(&facts, &room, &from);
	for (size_t i = 0; i < facts.n_checks; i++) {
		const struct snapshot_check *c = &facts.checks[i];

		buf_fmt(&b, "%s(", c->name);
		write_verdicts(&b, c->counts_for);
		buf_str(&b, c->fails != 0 ? ")-" : ")");
		write_verdicts(&b, c->fails);
		buf_fmt(&b, "%s%s\n", *c->why != '\0' ? ": " : "", c->why);
	}
	assert_string_equal(r->want, buf_text(&b));
}

static const struct same {
	const char *name;
	void      (*make)(void);
	const char *why;	/* of the first failed check */
} sames[] = {
	{ "a drain before the stop", it_drains, "draining: SIGTERM came" },
	{ "a drain by request", it_was_drained_by_request,
	  "draining: hale drain asked for it" },
	{ "a stop", it_is_being_stopped, "stopping: SIGTERM came" },
	{ "a wait for a restart", it_waits_for_a_restart,
	  "the service is being restarted: it exited with code 3" },
	{ "a restart that was refused", its_restart_was_refused,
	  "the service is being restarted: it could not be started: no process "
	  "is left" },
	{ "a check that cannot be run", a_check_cannot_be_run,
	  "could not be run: no process; the last result: 500 for GET /" },
	{ "a check whose last result is another one", a_check_fails_anew,
	  "500 for GET /" },
	{ "a check that never passed, and whose last result is another one",
	  a_check_that_never_passed_is_bad_anew, "refused" },
	{ "a check that failed before the drain",
	  a_check_fails_while_it_drains, "500 for GET /" },
};

static void
a_reason_is_the_same_at_every_moment_of_a_verdict(void **state)
{
	static struct snapshot_room room;
	static struct snapshot facts;
	const struct same *r = *state;

	begin_moment();
	r->make();
	from.words = MONITOR_REASON;
	for (int i = 0; i < 3; i++) {
		snapshot_checks(&facts, &room, &from);
		assert_string_equal(r->why, snapshot_first_failure(&facts,
		                    VERDICT_READY | VERDICT_LIVE)->why);
		from.now_ms += 1234;
	}
}

static void
a_checks_figures_are_told(void **state)
{
	static struct snapshot_room room;
	static struct snapshot facts;
	const struct snapshot_check *c = &facts.checks[2];

	(void)state;
	begin_moment();
	a_check_passes();
	checks[0].ended_ms = NOW - 1500;
	checks[0].passed = 11;
	checks[0].failed = 12;
	checks[0].not_run = 13;
	watch.verdict.checks[0].flaps = true;
	snapshot_checks(&facts, &room, &from);
	assert_string_equal("passing", c->state);
	assert_int_equal(5, c->took_ms);
	assert_int_equal(1500, c->age_ms);
	assert_true(c->passed == 11 && c->failed == 12 && c->not_run == 13);
	assert_true(c->flaps && !c->is_unknown);
	watch.verdict.checks[0].blind_ms = NOW;
	snapshot_checks(&facts, &room, &from);
	assert_string_equal("unknown", c->state);
	assert_true(c->is_unknown);
	assert_string_equal("service", facts.checks[0].name);
	assert_true(facts.checks[0].state == NULL);
	assert_int_equal(-1, facts.checks[0].took_ms);
}

static void
too_long_a_reason_ends_in_dots(void **state)
{
	static struct snapshot_room room;
	static struct snapshot facts;
	const char *why;

	(void)state;
	begin_moment();
	a_check_passes();
	memset(checks[0].why, 'x', CHECKER_LINE_MAX - 1);
	memset(checks[0].not_run_why, 'y', CHECKER_LINE_MAX - 1);
	snapshot_checks(&facts, &room, &from);
	assert_string_equal(checks[0].why, facts.checks[2].why);
	watch.verdict.checks[0].blind_ms = NOW;
	snapshot_checks(&facts, &room, &from);
	why = facts.checks[2].why;
	assert_int_equal(SNAPSHOT_WHY_MAX - 1, strlen(why));
	assert_string_equal("xxx...", why + SNAPSHOT_WHY_MAX - 1 - 6);
}

int
main(void)
{
	UNIT_ROWS(report_says, rows);
	UNIT_ROWS(a_reason_is_the_same_at_every_moment_of_a_verdict, sames);
	UNIT_TEST(a_checks_figures_are_told);
	UNIT_TEST(too_long_a_reason_ends_in_dots);
	return unit_run("sup/snapshot_checks");
}
