/* SPDX-License-Identifier: MIT */
/* cmd/run.c - start and supervise a service */
#include "cmd/cmd.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/parse.h"
#include "cmd/names_install.h"
#include "cmd/run_checks.h"
#include "cmd/script.h"
#include "sup/exec_error.h"
#include "sup/init.h"

#define WORD_MAX 32	/* bytes of a signal's name or a duration */
#define FD_TOP   1023	/* highest descriptor by the usual soft limit */

struct run_args {
	struct init_plan plan;
	struct run_checks checks;
	bool verbose, quiet, no_env, help, version, license, install_names;
};

/* An array, near to the code: the linker would fold a literal into one of
 * another part's, a page more for a start to touch. */
static const char probes[] = ",probes";

/* A span as a terminated text for the parsers; ERR_PARSE if it is too long. */
static int
copy_word(char word[WORD_MAX], struct span value)
{
	if (value.len >= WORD_MAX)
		return ERR_PARSE;
	memcpy(word, value.p, value.len);
	word[value.len] = '\0';
	return 0;
}

/* Cuts ",probes" off the end of *value. */
static bool
cut_probes(struct span *value)
{
	const size_t len = sizeof probes - 1;

	if (value->len < len
	 || memcmp(value->p + value->len - len, probes, len) != 0)
		return false;
	value->len -= len;
	return true;
}

/* "ADDRESS" or "ADDRESS,probes"; the comma of HALE_LISTEN's list has parted
 * that already. */
static int
add_listen(void *args, struct span value)
{
	struct init_plan *plan = &((struct run_args *)args)->plan;
	struct listen_place *l = &plan->listen[plan->n_listen];

	if (span_is(value, probes + 1) && plan->n_listen > 0
	 && !l[-1].probes_only) {
		l[-1].probes_only = true;
		return 0;
	}
	if (plan->n_listen == INIT_LISTEN_MAX)
		return ERR_FULL;
	l->probes_only = cut_probes(&value);
	if (addr_bind_read(&l->at, value) < 0)
		return ERR_PARSE;
	plan->n_listen++;
	return 0;
}

static int
add_grpc_service(void *args, struct span value)
{
	struct init_plan *plan = &((struct run_args *)args)->plan;

	if (!services_is_name(value))
		return ERR_PARSE;
	if (plan->n_grpc == SERVICES_NAMES_MAX)
		return ERR_FULL;
	plan->grpc[plan->n_grpc++] = value;
	return 0;
}

static int
add_remap(void *args, struct span value)
{
	struct init_plan *plan = &((struct run_args *)args)->plan;
	uint64_t code;

	if (parse_uint_span(value, KEEPER_CODES - 1, &code) < 0)
		return ERR_PARSE;
	plan->service.is_success[code] = true;
	return 0;
}

static int
add_rewrite(void *args, struct span value)
{
	return signals_read_rewrite(((struct run_args *)args)->plan.rewrite,
	                            value);
}

static int
add_stop_on(void *args, struct span value)
{
	struct init_plan *plan = &((struct run_args *)args)->plan;
	int sig = signame_parse_span(value);

	if (sig <= 0 || sig == SIGKILL || sig == SIGSTOP || sig == SIGCHLD)
		return ERR_PARSE;
	plan->stops |= UINT64_C(1) << (sig - 1);
	return 0;
}

static int
add_check(void *args, struct span value)
{
	return run_checks_add(&((struct run_args *)args)->checks, value,
	                      VERDICT_READY | VERDICT_LIVE);
}

static int
add_ready_check(void *args, struct span value)
{
	return run_checks_add(&((struct run_args *)args)->checks, value,
	                      VERDICT_READY);
}

static int
add_live_check(void *args, struct span value)
{
	return run_checks_add(&((struct run_args *)args)->checks, value,
	                      VERDICT_LIVE);
}

/* The place of value among the n words, or ERR_PARSE. They are arrays, since
 * the loader would write to a page for pointers. */
#define CHOICE_MAX 12	/* bytes of "on-failure" and its like */
static int
find_word(struct span value, const char words[][CHOICE_MAX], int n)
{
	for (int i = 0; i < n; i++)
		if (span_is(value, words[i]))
			return i;
	return ERR_PARSE;
}

static int
add_restart(void *args, struct span value)
{
	static const char words[][CHOICE_MAX] = {
		[RESTART_NEVER] = "never",
		[RESTART_ON_FAILURE] = "on-failure",
		[RESTART_ALWAYS] = "always",
	};
	int i = find_word(value, words, RESTART_ALWAYS + 1);

	if (i >= 0)
		((struct run_args *)args)->plan.service.lifecycle.restart =
			(enum lifecycle_restart)i;
	return i < 0 ? i : 0;
}

static int
add_on_unhealthy(void *args, struct span value)
{
	static const char words[][CHOICE_MAX] = {
		[UNHEALTHY_REPORT] = "report",
		[UNHEALTHY_RESTART] = "restart",
		[UNHEALTHY_EXIT] = "exit",
	};
	int i = find_word(value, words, UNHEALTHY_EXIT + 1);

	if (i >= 0)
		((struct run_args *)args)->plan.service.lifecycle.on_unhealthy =
			(enum lifecycle_unhealthy)i;
	return i < 0 ? i : 0;
}

static int
add_notify_fd(void *args, struct span value)
{
	uint64_t fd;

	if (parse_uint_span(value, FD_TOP, &fd) < 0 || fd <= STDERR_FILENO)
		return ERR_PARSE;
	((struct run_args *)args)->plan.service.monitor.notify_fd = (int)fd;
	return 0;
}

/* "100ms..30s"; one duration alone is both. */
static int
add_backoff(void *args, struct span value)
{
	struct init_plan *plan = &((struct run_args *)args)->plan;
	const char *dots = span_find_text(value, "..");
	struct span first = value, last = value;
	char low[WORD_MAX], high[WORD_MAX];
	int64_t min_ms, max_ms;

	if (dots != NULL) {
		first.len = (size_t)(dots - value.p);
		last = span_after(value, first.len + 2);
	}
	if (copy_word(low, first) < 0 || copy_word(high, last) < 0
	 || parse_ms(low, &min_ms) < 0 || parse_ms(high, &max_ms) < 0
	 || min_ms > max_ms)
		return ERR_PARSE;
	plan->service.lifecycle.backoff.min_ms = min_ms;
	plan->service.lifecycle.backoff.max_ms = max_ms;
	return 0;
}

#define AT(field) offsetof(struct run_args, field)
#define OPTS(OPT) \
	OPT(0, "listen", OPT_LIST, 0, "", \
	    "answer probes at PORT, IP:PORT, [IPV6]:PORT or unix:/PATH; with " \
	    "\",probes\": verdicts only", \
	    "ADDRESS", add_listen, \
	    "PORT, IP:PORT, [IPV6]:PORT, unix:/PATH or unix:@NAME of at most " \
	    "107 bytes, each with \",probes\" after it to show verdicts only") \
	OPT(0, "grpc-service", OPT_LIST, 0, "", \
	    "answer gRPC health probes for this service too, as for \"\"", \
	    "NAME", add_grpc_service, \
	    "1 to 255 bytes of UTF-8 without spaces and control characters; " \
	    "live, ready and startup are hale's own") \
	OPT(0, "drain", OPT_MS, AT(plan.service.lifecycle.drain_ms), "", \
	    "on a stop: readiness off, serve on for this long, then stop", "", \
	    NULL, "") \
	OPT(0, "stop-on", OPT_LIST, 0, "", \
	    "this signal is a stop too, as SIGTERM and SIGINT are", "SIGNAL", \
	    add_stop_on, \
	    "one signal such as QUIT; KILL, STOP and CHLD cannot be a stop") \
	OPT(0, "stop-signal", OPT_SIG, AT(plan.stop_signal), "", \
	    "what the service gets for SIGTERM", "", NULL, "") \
	OPT(0, "stop-timeout", OPT_MS, AT(plan.service.lifecycle.stop_timeout_ms), "", \
	    "kill everything this long after the stop signal; 0: never", "", \
	    NULL, "") \
	OPT(0, "linger", OPT_MS, AT(plan.service.lifecycle.linger_ms), "", \
	    "once the service has ended, send SIGTERM to the rest and wait this long", \
	    "", NULL, "") \
	OPT(0, "check", OPT_URLS, 0, "", \
	    "check this URL, for readiness and liveness; or \"URL OPTION...\"", \
	    "URL", add_check, "") \
	OPT(0, "ready-check", OPT_URLS, 0, "", \
	    "check this URL, for readiness only", "URL", add_ready_check, "") \
	OPT(0, "live-check", OPT_URLS, 0, "", \
	    "check this URL, for liveness only", "URL", add_live_check, "") \
	OPT(0, "interval", OPT_SOME_MS, AT(plan.service.monitor.verdict.interval_ms), \
	    "10s", "time from the start of one check to the start of the next", \
	    "", NULL, "") \
	OPT(0, "timeout", OPT_SOME_MS, AT(plan.service.monitor.verdict.timeout_ms), "1s", \
	    "a check that takes longer fails", "", NULL, "") \
	OPT(0, "retries", OPT_COUNT, AT(plan.service.monitor.verdict.retries), "3", \
	    "failures in a row that make a verdict fail", "", NULL, "") \
	OPT(0, "start-period", OPT_MS, AT(plan.service.monitor.verdict.start_period_ms), \
	    "0", "ignore failures for this long, or until the service has been " \
	    "ready once", "", NULL, "") \
	OPT(0, "start-interval", OPT_SOME_MS, \
	    AT(plan.service.monitor.verdict.start_interval_ms), "5s", \
	    "longest pause between checks in the start period", "", NULL, "") \
	OPT(0, "on-unhealthy", OPT_WORD, 0, "report", \
	    "when not live: report, restart the service, or exit with 1", \
	    "ACTION", add_on_unhealthy, "report, restart or exit") \
	OPT(0, "notify", OPT_FLAG, AT(plan.service.monitor.notify), "", \
	    "ready once the service sends READY=1 to $NOTIFY_SOCKET", "", NULL, \
	    "") \
	OPT(0, "notify-fd", OPT_WORD, 0, "", \
	    "ready once the service writes a newline to this descriptor", "N", \
	    add_notify_fd, "a descriptor from 3 to 1023") \
	OPT(0, "watchdog", OPT_MS, AT(plan.service.monitor.watchdog_ms), "", \
	    "the service must send WATCHDOG=1 to $NOTIFY_SOCKET this often", "", \
	    NULL, "") \
	OPT(0, "restart", OPT_WORD, 0, "never", \
	    "restart the service when it ends: never, on-failure or always", \
	    "POLICY", \
	    add_restart, "never, on-failure or always") \
	OPT(0, "backoff", OPT_WORD, 0, "100ms..30s", \
	    "wait before a restart; doubles until a healthy minute resets it", \
	    "MIN..MAX", add_backoff, \
	    "two durations such as 100ms..30s, the first no longer than the " \
	    "second") \
	OPT(0, "max-restarts", OPT_INT, AT(plan.service.lifecycle.backoff.max_restarts), "", \
	    "give up after N restarts without a healthy minute between; 0: never", \
	    "", NULL, "") \
	OPT(0, "follow-orphan", OPT_FLAG, AT(plan.service.follow_orphan), "", \
	    "if the service exits with 0 and leaves one process, follow that one", \
	    "", NULL, "") \
	OPT('g', "group", OPT_FLAG, AT(plan.service.group), "", \
	    "send signals to the service's whole process group", "", NULL, "") \
	OPT('c', "single-child", OPT_UNFLAG, AT(plan.service.group), "", \
	    "send signals to the service alone (the default)", "", NULL, "") \
	OPT('r', "rewrite", OPT_LIST, 0, "", \
	    "forward TO in place of FROM; TO 0 drops it", "FROM:TO", \
	    add_rewrite, \
	    "FROM:TO, two signals such as TERM:QUIT, or 0 as TO; KILL, STOP and " \
	    "CHLD cannot be rewritten") \
	OPT('e', "remap-exit", OPT_LIST, 0, "", \
	    "exit with 0 if the service exits with this code", "CODE", add_remap, \
	    "an exit code, 0 to 255") \
	OPT(0, "stopped-ok", OPT_FLAG, AT(plan.service.stopped_ok), "", \
	    "exit with 0 if the stop signal ends the service", "", NULL, "") \
	OPT('s', "subreaper", OPT_FLAG, AT(plan.subreaper), "", \
	    "adopt orphans when not PID 1", "", NULL, "") \
	OPT('p', "parent-death-signal", OPT_SIG, AT(plan.parent_signal), "", \
	    "get this signal when the parent dies", "", NULL, "") \
	OPT('w', "warn-on-reap", OPT_FLAG, AT(plan.warn_on_reap), "", \
	    "log every orphan that is reaped", "", NULL, "") \
	OPT('v', "verbose", OPT_FLAG, AT(verbose), "", "log what is done", "", \
	    NULL, "") \
	OPT('q', "quiet", OPT_FLAG, AT(quiet), "", "log errors only", "", NULL, \
	    "") \
	OPT(0, "no-env", OPT_NO_ENV, AT(no_env), "", \
	    "ignore HALE_* and pass them on, for a hale inside this one", "", \
	    NULL, "") \
	OPT('h', "help", OPT_ASK, AT(help), "", "print this", "", NULL, "") \
	OPT('V', "version", OPT_ASK, AT(version), "", \
	    "print the versions of hale, musl and BearSSL", "", NULL, "") \
	OPT('l', "license", OPT_ASK, AT(license), "", \
	    "print the licenses of hale, musl and BearSSL", "", NULL, "") \
	OPT(0, "install-names", OPT_ASK, AT(install_names), "", \
	    "make links [DIR [NAME...]] to hale (see: hale help names)", "", \
	    NULL, "")

#define ADDS(ADD) \
	ADD(add_listen) ADD(add_grpc_service) ADD(add_stop_on) ADD(add_check) \
	ADD(add_ready_check) ADD(add_live_check) ADD(add_on_unhealthy) \
	ADD(add_notify_fd) ADD(add_restart) ADD(add_backoff) ADD(add_rewrite) \
	ADD(add_remap)
OPT_NUMBER_ADDS(ADDS);
static opt_add *const adds[] = OPT_ADDS(ADDS);
static const struct opt_group opts[] = { OPT_GROUP(OPTS, adds), OPT_END };

static enum log_level
level_of(const struct run_args *a)
{
	if (a->quiet)
		return LOG_ERROR;
	return a->verbose ? LOG_INFO : LOG_WARN;
}

/* An action without anything that could set it off is most likely a slip. */
static void
warn_of_idle_action(const struct keeper_plan *plan)
{
	const struct monitor_plan *m = &plan->monitor;
	const struct lifecycle_conf *life = &plan->lifecycle;
	unsigned counts_for = 0;

	for (size_t i = 0; i < m->n_checks; i++)
		counts_for |= m->checks[i].counts_for;
	if (life->on_unhealthy != UNHEALTHY_REPORT
	 && m->watchdog_ms == 0 && !m->notify
	 && (counts_for & VERDICT_LIVE) == 0)
		log_warn("--on-unhealthy: nothing can make it unhealthy "
		         "without --check, --live-check or --watchdog");
	if (life->backoff.max_restarts > 0 && !lifecycle_restarts(life))
		log_warn("--max-restarts: nothing restarts the service");
}

/* Nor does a signal of --stop-on stop anything if it is dropped, unless another
 * one is rewritten to it. */
static void
warn_of_dropped_stops(const struct init_plan *plan)
{
	char name[WORD_MAX];

	for (int sig = 1; sig <= SIGNAME_MAX; sig++) {
		struct buf b = buf_over(name, sizeof name);

		if ((plan->stops & UINT64_C(1) << (sig - 1)) == 0
		 || plan->rewrite[sig] != SIGNALS_DROP
		 || memchr(plan->rewrite, sig, sizeof plan->rewrite) != NULL)
			continue;
		signame_write(&b, sig);
		log_warn("--stop-on %s: no stop, since --rewrite drops it",
		         buf_text(&b));
	}
}

static int
run_run(int argc, char **argv)
{
	struct run_args a = { 0 };	/* here: no page more to touch */
	int left, code;

	signals_block(&a.plan.service.given);
	left = cmd_parse(&cmd_run, &a, argc, argv);
	if (left < 0)
		return -left;
	if (a.help)
		return strcmp(argv[0], cmd_run.name) == 0
		       ? cmd_print_help(&cmd_run) : cmd_print_overview();
	if (a.version)
		return cmd_print_version();
	if (a.license)
		return cmd_print(span_of(cmd_license));
	if (a.install_names)
		return names_install(argc - left, argv + left);
	/* Asked here: it lies apart and has a large frame, pages to touch. */
	code = a.checks.n == 0 ? CMD_OK
	     : run_checks_read(&a.checks, &a.plan.service.monitor, left, argv);
	if (code != CMD_OK)
		return code;
	if (left == argc) {
		log_error("no program to start (see: hale help)");
		return CMD_USAGE;
	}
	if (script_starts_itself(argv[0], argv[left]))
		return EXEC_ERROR_CANNOT_RUN;
	log_level(level_of(&a));
	if (!a.no_env)
		cmd_warn_of_env();
	warn_of_idle_action(&a.plan.service);
	warn_of_dropped_stops(&a.plan);
	a.plan.service.argv = argv + left;
	a.plan.service.settings = a.no_env ? NULL : opts;
	a.plan.version = cmd_version();
	a.plan.service.write_hint = cmd_write_hint;
	return init_run(&a.plan);
}

const struct cmd cmd_run = {
	.name = "run",
	.usage = "[OPTIONS] [--] PROGRAM [ARG...]",
	.about = "start PROGRAM, be its init and answer probes for it",
	.opts = opts,
	.run = run_run,
};
