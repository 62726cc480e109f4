/* SPDX-License-Identifier: MIT */
/* cmd/run.c - start and supervise a service */
#include "cmd/cmd.h"

#include <signal.h>
#include <stddef.h>

#include "base/err.h"
#include "base/log.h"
#include "base/parse.h"
#include "sup/init.h"

#define WORD_MAX 32	/* bytes of a signal's name or an exit code */

struct run_args {
	struct init_plan plan;
	bool verbose, quiet, help, version, license;
};

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

static int
add_listen(void *args, struct span value)
{
	struct init_plan *plan = &((struct run_args *)args)->plan;

	if (plan->n_listen == INIT_LISTEN_MAX)
		return ERR_FULL;
	if (sock_parse(&plan->listen[plan->n_listen], value) < 0)
		return ERR_PARSE;
	plan->n_listen++;
	return 0;
}

static int
add_remap(void *args, struct span value)
{
	struct init_plan *plan = &((struct run_args *)args)->plan;
	uint64_t code;

	if (parse_uint_span(value, INIT_CODES - 1, &code) < 0)
		return ERR_PARSE;
	plan->is_success[code] = true;
	return 0;
}

static int
parse_signal_span(struct span text)
{
	char word[WORD_MAX];

	return copy_word(word, text) < 0 ? ERR_PARSE : signame_parse(word);
}

static int
add_rewrite(void *args, struct span value)
{
	struct init_plan *plan = &((struct run_args *)args)->plan;
	int from = parse_signal_span(span_cut(&value, ':'));
	int to = span_is(value, "0") ? SIGNALS_DROP : parse_signal_span(value);

	if (from < 0 || (to < 0 && to != SIGNALS_DROP))
		return ERR_PARSE;
	if (from == SIGKILL || from == SIGSTOP || from == SIGCHLD)
		return ERR_PARSE;
	plan->rewrite[from] = (signed char)to;
	return 0;
}

#define AT(field) offsetof(struct run_args, field)
static const struct opt opts[] = {
	{ 0, "listen", OPT_LIST, 0, NULL,
	  "answer probes at PORT, ADDR:PORT, [V6]:PORT or unix:/PATH",
	  "ADDRESS", add_listen,
	  "PORT, ADDR:PORT, [V6]:PORT, unix:/PATH or unix:@NAME of 107 bytes at "
	  "most, with ADDR a number such as 127.0.0.1" },
	{ 0, "drain", OPT_MS, AT(plan.drain_ms), NULL,
	  "on SIGTERM: readiness off, serve on for this long, then stop",
	  NULL, NULL, NULL },
	{ 0, "stop-signal", OPT_SIG, AT(plan.stop_signal), NULL,
	  "what the service gets for SIGTERM", NULL, NULL, NULL },
	{ 0, "stop-timeout", OPT_MS, AT(plan.stop_timeout_ms), NULL,
	  "this long after the stop signal kill everything; 0: never",
	  NULL, NULL, NULL },
	{ 0, "linger", OPT_MS, AT(plan.linger_ms), NULL,
	  "when the service has ended: SIGTERM to the rest, and this long",
	  NULL, NULL, NULL },
	{ 'g', "group", OPT_FLAG, AT(plan.group), NULL,
	  "signals go to the service's whole process group", NULL, NULL, NULL },
	{ 'c', "single-child", OPT_UNFLAG, AT(plan.group), NULL,
	  "signals go to the service alone (the default)", NULL, NULL, NULL },
	{ 'r', "rewrite", OPT_LIST, 0, NULL,
	  "forward TO where FROM comes; TO 0 drops it",
	  "FROM:TO", add_rewrite,
	  "FROM:TO, two signals such as TERM:QUIT, or TO 0; KILL, STOP and "
	  "CHLD cannot be rewritten" },
	{ 'e', "remap-exit", OPT_LIST, 0, NULL,
	  "exit 0 where the service exits with this code",
	  "CODE", add_remap, "an exit code, 0 to 255" },
	{ 0, "stopped-ok", OPT_FLAG, AT(plan.stopped_ok), NULL,
	  "exit 0 where the service ends by the stop signal", NULL, NULL, NULL },
	{ 's', "subreaper", OPT_FLAG, AT(plan.subreaper), NULL,
	  "adopt orphans when not PID 1", NULL, NULL, NULL },
	{ 'p', "parent-death-signal", OPT_SIG, AT(plan.parent_signal), NULL,
	  "get this signal when the parent dies", NULL, NULL, NULL },
	{ 'w', "warn-on-reap", OPT_FLAG, AT(plan.warn_on_reap), NULL,
	  "log every orphan that is reaped", NULL, NULL, NULL },
	{ 'v', "verbose", OPT_FLAG, AT(verbose), NULL,
	  "log what is done", NULL, NULL, NULL },
	{ 'q', "quiet", OPT_FLAG, AT(quiet), NULL,
	  "log errors only", NULL, NULL, NULL },
	{ 'h', "help", OPT_ASK, AT(help), NULL,
	  "print this", NULL, NULL, NULL },
	{ 'V', "version", OPT_ASK, AT(version), NULL,
	  "print the versions of hale, musl and BearSSL", NULL, NULL, NULL },
	{ 'l', "license", OPT_ASK, AT(license), NULL,
	  "print the license", NULL, NULL, NULL },
	OPT_END
};

static enum log_level
level_of(const struct run_args *a)
{
	if (a->quiet)
		return LOG_ERROR;
	return a->verbose ? LOG_INFO : LOG_WARN;
}

static int
print_license(void)
{
	return cmd_print(span_of(
		"hale is under the MIT license, as are musl and BearSSL, "
		"which it contains.\n"
		"It comes without any warranty.\n"));
}

static int
run_run(int argc, char **argv)
{
	static struct run_args a;	/* large, and read until the end */
	int left;

	signals_block(&a.plan.given);
	left = cmd_parse(&cmd_run, &a, argc, argv);
	if (left < 0)
		return -left;
	if (a.help)
		return cmd_print_help(&cmd_run);
	if (a.version)
		return cmd_print(span_of(cmd_version_line()));
	if (a.license)
		return print_license();
	if (left == argc) {
		log_error("no program to start (see: hale help)");
		return CMD_USAGE;
	}
	log_level(level_of(&a));
	cmd_warn_of_env();
	a.plan.argv = argv + left;
	a.plan.version = cmd_version();
	return init_run(&a.plan);
}

const struct cmd cmd_run = {
	.name = "run",
	.usage = "[OPTIONS] [--] PROGRAM [ARG...]",
	.about = "start PROGRAM, be its init and answer probes for it",
	.opts = opts,
	.run = run_run,
};
