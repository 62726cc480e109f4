/* SPDX-License-Identifier: MIT */
/* test_snapshot_take.c - what a snapshot says of PID 1's state */
#include "unit.h"

#include <signal.h>

#include "base/clock.h"
#include "sup/snapshot_take.h"

#define NOW 1000000
#define PID 7
#define TEXT_MAX 4096	/* bytes of all checks in words */

#define SET(array, text) memcpy(array, text, sizeof (text))

/* One moment; each row changes what it is about. */
static struct init in;
static struct init_plan plan;
static struct lifecycle *const service = &in.keeper.lifecycle;
static struct monitor *const monitor = &in.monitor;
static struct monitor_check *const checks = in.monitor_room.checks;

static void
nothing_is_wrong(void)
{
}

static void
it_has_ended(void)
{
	service->state = SVC_LINGERING;
	service->unready_ms = NOW - 1000;
	in.keeper.pid = 0;
}

static void
it_is_mended(void)
{
	service->state = SVC_MENDING;
	SET(in.keeper_room.sick, "check it: no");
}

static void
it_is_mended_and_does_not_end(void)
{
	it_is_mended();
	service->stuck = true;
}

static void
it_cannot_be_signalled(void)
{
	service->unheard = true;
	SET(in.keeper_room.sick, "check it: no");
}

static void
it_is_being_loaded(void)
{
	in.keeper.loading = &in.keeper_room.loadings[0];
}

static void
it_waits_for_a_restart(void)
{
	service->state = SVC_WAITING;
	service->start_ms = NOW + 3000;
	in.keeper.pid = 0;
	SET(in.keeper_room.last_end, "exited with code 3");
}

static void
its_restart_is_overdue(void)
{
	it_waits_for_a_restart();
	service->start_ms = NOW - 3000;
}

static void
its_restart_was_refused(void)
{
	it_waits_for_a_restart();
	service->state = SVC_CLEARING;
	SET(in.keeper_room.refused, "no process is left");
}

static void
hale_gave_up(void)
{
	service->gave_up = true;
	service->backoff.in_row = 3;
	SET(in.keeper_room.sick, "check it: no");
}

static void
hale_gave_up_after_one(void)
{
	hale_gave_up();
	service->backoff.in_row = 1;
}

static void
it_is_being_stopped(void)
{
	service->state = SVC_STOPPING;
	service->stops = 1;
	service->unready_ms = NOW - 1000;
	SET(in.keeper_room.sick, "check it: no");	/* of an earlier time */
}

static void
it_is_being_stopped_as_sick(void)
{
	it_is_being_stopped();
	service->sickened = true;
}

static void
it_has_ended_after_a_stop(void)
{
	it_is_being_stopped();
	service->state = SVC_LINGERING;
	in.keeper.pid = 0;
}

static void
it_has_ended_after_a_stop_as_sick(void)
{
	it_has_ended_after_a_stop();
	service->stops = 0;
	service->sickened = true;
}

static void
it_drains(void)
{
	service->state = SVC_DRAINING;
	service->stops = 1;
	service->unready_ms = NOW - 1000;
	service->deadline_ms = NOW + 4000;
}

static void
it_drains_after_a_check_that_failed_long_ago(void)
{
	it_drains();
	service->off_ms = NOW - 3000;
}

static void
it_was_drained_by_request(void)
{
	service->unready_ms = NOW - 5000;
}

static void
it_was_drained_and_waits_for_a_restart(void)
{
	it_waits_for_a_restart();
	service->unready_ms = NOW - 5000;
}

static void
it_says_nothing_yet(void)
{
	monitor->inbox.notify.needs_ready = true;
}

static void
it_said_ready(void)
{
	it_says_nothing_yet();
	monitor->inbox.notify.ready = monitor->verdict.was_ready = true;
}

static void
it_was_ready_and_says_stopping(void)
{
	it_said_ready();
	monitor->inbox.notify.stopping = true;
}

static void
it_has_a_check(void)
{
	monitor->verdict.n = 1;
	monitor->verdict.checks[0] = (struct verdict_check){
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
	monitor->verdict.was_ready = true;
	monitor->verdict.checks[0].state = VERDICT_PASSING;
	checks[0].took_ms = 5;
}

static void
a_check_fails(void)
{
	a_check_passes();
	monitor->verdict.checks[0].state = VERDICT_FAILING;
	memcpy(checks[0].first_why, checks[0].why, sizeof checks[0].why);
}

static void
a_ready_check_fails(void)
{
	a_check_fails();
	monitor->verdict.checks[0].counts_for = VERDICT_READY;
}

static void
a_live_check_fails(void)
{
	a_check_fails();
	monitor->verdict.checks[0].counts_for = VERDICT_LIVE;
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
	monitor->verdict.checks[0].counts_for = VERDICT_READY;
	monitor->verdict.checks[0].blind_ms = NOW - 5000;
	SET(checks[0].not_run_first, "no process");
	SET(checks[0].not_run_why, "no memory");
}

static void
a_check_that_never_passed_is_bad_anew(void)
{
	it_has_a_check();
	checks[0].took_ms = 5;
	SET(checks[0].first_why, "refused");
}

static void
a_check_fails_anew(void)
{
	a_check_fails();
	SET(checks[0].why, "timeout");
}

static void
the_watchdog_is_fed(void)
{
	monitor->inbox.notify.watchdog_ms = 2000;
	monitor->inbox.notify.was_fed = true;
}

static void
the_watchdog_starves(void)
{
	the_watchdog_is_fed();
	monitor->inbox.notify.starved = true;
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
	monitor->inbox.notify.starved = monitor->inbox.notify.triggered = true;
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
	{ "it is mended and does not end", it_is_mended_and_does_not_end,
	  "service(SRL)-SRL: the service is being restarted: check it: no; it does not end, even by SIGKILL\n"
	  "drain(R)\n" },
	{ "it cannot be signalled", it_cannot_be_signalled,
	  "service(SRL)-L: unhealthy, and it cannot be signalled: check it: no\n"
	  "drain(R)\n" },
	{ "it is being loaded", it_is_being_loaded,
	  "service(SRL)-SR: its program is still being loaded: exec has not finished\n"
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
	{ "hale gave up after one restart", hale_gave_up_after_one,
	  "service(SRL)-L: unhealthy after 1 restart, given up: check it: no\n"
	  "drain(R)\n" },
	{ "it is being stopped", it_is_being_stopped,
	  "service(SRL)\n"
	  "drain(R)-R: stopping: SIGTERM came, not ready for 1s\n" },
	{ "it is being stopped as sick", it_is_being_stopped_as_sick,
	  "service(SRL)\n"
	  "drain(R)-R: stopping: check it: no, not ready for 1s\n" },
	{ "it has ended after a stop", it_has_ended_after_a_stop,
	  "service(SRL)-SRL: the service has ended\n"
	  "drain(R)-R: stopping: SIGTERM came, not ready for 1s\n" },
	{ "it has ended after a stop as sick",
	  it_has_ended_after_a_stop_as_sick,
	  "service(SRL)-SRL: the service has ended\n"
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
	static char program[] = "/app";
	static char *argv[] = { program, NULL };

	memset(&in, 0, sizeof in);
	memset(&plan, 0, sizeof plan);
	plan.service.argv = argv;
	plan.version = "1.2.3";
	in.plan = &plan;
	in.keeper.plan = &plan.service;
	in.keeper.room = &in.keeper_room;
	in.keeper.pid = PID;
	in.keeper_room.stop_came = SIGTERM;
	service->unready_ms = service->off_ms = CLOCK_NEVER;
	monitor->checks = checks;
	monitor->inbox.speaker = &in.monitor_room.inbox.speaker;
	monitor->inbox.pid = PID;
}

static void
a_snapshot_says(void **state)
{
	static struct snapshot s;
	const struct row *r = *state;
	char text[TEXT_MAX];
	struct buf b = buf_over(text, sizeof text);

	begin_moment();
	r->make();
	snapshot_take(&s, &in, SNAPSHOT_DETAILS, NOW);
	for (size_t i = 0; i < s.n_checks; i++) {
		const struct snapshot_check *c = &s.checks[i];

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
	static struct snapshot s;
	const struct same *r = *state;

	begin_moment();
	r->make();
	for (int i = 0; i < 3; i++) {
		snapshot_take(&s, &in, SNAPSHOT_REASONS, NOW + i * 1234);
		assert_string_equal(r->why, snapshot_first_failure(&s,
		                    VERDICT_READY | VERDICT_LIVE)->why);
	}
}

static void
a_checks_figures_are_there(void **state)
{
	static struct snapshot s;
	const struct snapshot_check *c = &s.checks[2];

	(void)state;
	begin_moment();
	a_check_passes();
	checks[0].ended_ms = NOW - 1500;
	checks[0].passed = 11;
	checks[0].failed = 12;
	checks[0].not_run = 13;
	monitor->verdict.checks[0].flaps = true;
	snapshot_take(&s, &in, SNAPSHOT_DETAILS, NOW);
	assert_string_equal("passing", c->state);
	assert_int_equal(5, c->took_ms);
	assert_int_equal(1500, c->age_ms);
	assert_true(c->passed == 11 && c->failed == 12 && c->not_run == 13);
	assert_true(c->flaps && !c->is_unknown);
	monitor->verdict.checks[0].blind_ms = NOW;
	snapshot_take(&s, &in, SNAPSHOT_DETAILS, NOW);
	assert_string_equal("unknown", c->state);
	assert_true(c->is_unknown);
	assert_string_equal("service", s.checks[0].name);
	assert_true(s.checks[0].state == NULL);
	assert_int_equal(-1, s.checks[0].took_ms);
}

static void
too_long_a_reason_ends_in_dots(void **state)
{
	static struct snapshot s;
	const char *why;

	(void)state;
	begin_moment();
	a_check_passes();
	memset(checks[0].why, 'x', CHECKER_LINE_MAX - 1);
	memset(checks[0].not_run_why, 'y', CHECKER_LINE_MAX - 1);
	snapshot_take(&s, &in, SNAPSHOT_DETAILS, NOW);
	assert_string_equal(checks[0].why, s.checks[2].why);
	monitor->verdict.checks[0].blind_ms = NOW;
	snapshot_take(&s, &in, SNAPSHOT_DETAILS, NOW);
	why = s.checks[2].why;
	assert_int_equal(SNAPSHOT_WHY_MAX - 1, strlen(why));
	assert_string_equal("xxx...", why + SNAPSHOT_WHY_MAX - 1 - 6);
}

static void
the_figures_are_those_of_the_moment(void **state)
{
	static struct snapshot s;

	(void)state;
	begin_moment();
	plan.service.lifecycle.drain_ms = 5000;
	in.rules.self = 1;
	in.keeper.started_ms = NOW - 61000;
	in.keeper_room.died_ms = NOW - 70000;
	in.keeper.status = 3 << 8;
	SET(in.keeper_room.last_end, "exited with code 3");
	in.reaper.orphans = 11;
	in.keeper_room.forwarded = 12;
	in.server.requests = 13;
	service->backoff.restarts = 14;
	service->gave_up = true;
	monitor->inbox.notify.main_pid = 15;
	SET(monitor->inbox.notify.status, "busyX");
	monitor->inbox.notify.status_len = 4;
	snapshot_take(&s, &in, SNAPSHOT_REASONS, NOW);
	assert_string_equal("1.2.3", s.version);
	assert_string_equal("running", s.state);
	assert_string_equal("/app", s.program);
	assert_string_equal("exited with code 3", s.last_exit);
	assert_string_equal("busy", s.status);
	assert_int_equal(1, s.self);
	assert_int_equal(PID, s.service_pid);
	assert_int_equal(15, s.main_pid);
	assert_int_equal(61000, s.uptime_ms);
	assert_int_equal(5000, s.drain_ms);
	assert_int_equal(14, s.restarts);
	assert_int_equal(-1, s.next_start_ms);
	assert_int_equal(3, s.last_code);
	assert_int_equal(70000, s.last_exit_ms);
	assert_true(s.gave_up && s.orphans == 11 && s.signals == 12
	            && s.requests == 13);
}

static void
it_is_stopped_while_it_is_loaded(void)
{
	it_is_being_loaded();
	it_is_being_stopped();
}

static const struct moment {
	const char *name;
	void      (*make)(void);
	const char *state;
	int64_t     next_start_ms;
} moments[] = {
	{ "running", nothing_is_wrong, "running", -1 },
	{ "being loaded", it_is_being_loaded, "starting", -1 },
	{ "mended", it_is_mended, "restarting", -1 },
	{ "waiting for a restart", it_waits_for_a_restart, "restarting", 3000 },
	{ "an overdue restart", its_restart_is_overdue, "restarting", 0 },
	{ "a refused restart", its_restart_was_refused, "restarting", 3000 },
	{ "draining", it_drains, "draining", -1 },
	{ "stopping", it_is_being_stopped, "stopping", -1 },
	{ "stopping while loaded", it_is_stopped_while_it_is_loaded,
	  "stopping", -1 },
};

static void
has_its_state_and_next_start(void **state)
{
	static struct snapshot s;
	const struct moment *r = *state;

	begin_moment();
	r->make();
	snapshot_take(&s, &in, SNAPSHOT_REASONS, NOW);
	assert_string_equal(r->state, s.state);
	assert_int_equal(r->next_start_ms, s.next_start_ms);
}

static void
what_took_the_place_of_the_service_has_its_own_name(void **state)
{
	static struct snapshot s;

	(void)state;
	begin_moment();
	in.keeper.renamed = true;
	SET(in.keeper_room.name, "successor");
	snapshot_take(&s, &in, SNAPSHOT_REASONS, NOW);
	assert_string_equal("successor", s.program);
}

static void
places_and_usage_are_there_only_if_asked_for(void **state)
{
	static struct snapshot s;
	const char *path = "unix:/run/hale.sock";

	(void)state;
	begin_moment();
	assert_int_equal(0, addr_bind_read(&plan.listen[0].at, span_of(path)));
	plan.listen[1] = plan.listen[0];
	plan.listen[1].probes_only = true;
	plan.n_listen = 2;
	snapshot_take(&s, &in, SNAPSHOT_REASONS, NOW);
	assert_true(s.n_listen == 0 && !s.has_usage);
	snapshot_take(&s, &in, SNAPSHOT_DETAILS, NOW);
	assert_true(s.n_listen == 2 && !s.has_usage);
	assert_string_equal("unix:/run/hale.sock", s.listen[0]);
	assert_string_equal("unix:/run/hale.sock,probes", s.listen[1]);
	assert_int_equal(0, in.usage.read_ms);	/* /proc was not read */
	snapshot_take(&s, &in, SNAPSHOT_USAGE, NOW);
	assert_true(s.n_listen == 2 && s.has_usage);
}

static void
usage_is_read_once_in_a_while_for_each_process(void **state)
{
	static struct snapshot s;
	static const struct step {
		int64_t  at_ms;
		pid_t    pid;
		uint64_t start_ms;	/* what the read has seen */
	} steps[] = {
		{ NOW, 1, 1 }, { NOW + USAGE_RECENT_MS - 1, 1, 1 },
		{ NOW + USAGE_RECENT_MS, 1, 3 },
		{ NOW + USAGE_RECENT_MS, 2, 4 },
		{ NOW + USAGE_RECENT_MS, 0, SNAPSHOT_UNKNOWN },
	};

	(void)state;
	begin_moment();
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		in.keeper.born_ms = i + 1;
		in.keeper.pid = steps[i].pid;
		snapshot_take(&s, &in, SNAPSHOT_USAGE, steps[i].at_ms);
		assert_true(s.usage.start_ms == steps[i].start_ms);
	}
}

/* All that a text may hold is in the snapshot. */
static void
the_longest_texts_are_whole(void **state)
{
	static struct snapshot s;

	(void)state;
	begin_moment();
	it_has_a_check();
	memset(checks[0].name, 'n', MONITOR_NAME_MAX - 1);
	memset(in.keeper_room.last_end, 'd', LAST_END_TEXT_MAX - 1);
	memset(monitor->inbox.notify.status, 's', NOTIFY_STATUS_MAX);
	monitor->inbox.notify.status_len = NOTIFY_STATUS_MAX;
	snapshot_take(&s, &in, SNAPSHOT_REASONS, NOW);
	assert_string_equal(checks[0].name, s.checks[2].name);
	assert_string_equal(in.keeper_room.last_end, s.last_exit);
	assert_int_equal(NOTIFY_STATUS_MAX, strlen(s.status));
}

int
main(void)
{
	UNIT_ROWS(a_snapshot_says, rows);
	UNIT_ROWS(a_reason_is_the_same_at_every_moment_of_a_verdict, sames);
	UNIT_TEST(a_checks_figures_are_there);
	UNIT_TEST(too_long_a_reason_ends_in_dots);
	UNIT_TEST(the_figures_are_those_of_the_moment);
	UNIT_ROWS(has_its_state_and_next_start, moments);
	UNIT_TEST(what_took_the_place_of_the_service_has_its_own_name);
	UNIT_TEST(places_and_usage_are_there_only_if_asked_for);
	UNIT_TEST(usage_is_read_once_in_a_while_for_each_process);
	UNIT_TEST(the_longest_texts_are_whole);
	return unit_run("sup/snapshot_take");
}
