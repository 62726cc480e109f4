/* SPDX-License-Identifier: MIT */
/* cmd/check.c - ask once, exit with the answer */
#include "cmd/cmd.h"

#include <stddef.h>

#include "base/clock.h"
#include "base/log.h"
#include "client/redact.h"
#include "cmd/supervisor.h"
#include "cmd/targets.h"

#define BODY_MAX 4096	/* bytes of a verdict's text; more is not looked at */
#define CHECK_MS 2000	/* for URLs, unless --timeout is given */
#define ASK_MS   900	/* for the supervisor: the kubelet waits one second
			 * (timeoutSeconds), then it has no text */
#define EXIT_MAX 255	/* what an exit code can be */

struct check_args {
	struct targets_args shared;	/* first: see cmd/targets.h */
	int64_t timeout_ms;
	int     failed_exit;
	bool    live, ready, startup, quiet, help;
	/* Of the checks of URLs. */
	struct targets_one *targets;
	int64_t deadline_ms;
	bool    several;
};

#define AT(field) offsetof(struct check_args, field)
#define ASKED(OPT) \
	OPT(0, "live", OPT_FLAG, AT(live), "", \
	    "ask only whether the service is live", "", NULL, "") \
	OPT(0, "ready", OPT_FLAG, AT(ready), "", "ask only whether it is ready", \
	    "", NULL, "") \
	OPT(0, "startup", OPT_FLAG, AT(startup), "", \
	    "ask only whether it has started", "", NULL, "")
#define OTHERS(OPT) \
	OPT(0, "critical-exit", OPT_INT, AT(failed_exit), "1", \
	    "exit with this when it fails; 2 for Consul, Nomad", "", NULL, "") \
	OPT('t', "timeout", OPT_SOME_MS, AT(timeout_ms), "", \
	    "give up after this long (default 2s, without URL 900ms)", "", \
	    NULL, "") \
	OPT('q', "quiet", OPT_FLAG, AT(quiet), "", "print nothing, only exit", \
	    "", NULL, "") \
	OPT('h', "help", OPT_ASK, AT(help), "", "print this", "", NULL, "")

OPT_NUMBER_ADDS(OPT_NO_ADDS);
static const struct opt_group opts[] = {
	OPT_GROUP(ASKED, NULL),
	CHECK_GROUP,
	OPT_GROUP(OTHERS, NULL),
	OPT_END
};

static const char *
endpoint(const struct check_args *a)
{
	if (a->live)
		return "/livez";
	if (a->ready)
		return "/readyz";
	return a->startup ? "/startupz" : "/healthz";
}

/* The first failed check of a verdict's text, without its mark. */
static struct span
first_failure(struct span text)
{
	while (text.len > 0) {
		struct span line = span_cut(&text, '\n');

		if (span_has_prefix(line, "[-]"))
			return span_after(line, 3);
	}
	return span_of("failed");
}

static int
print_verdict(const struct check_args *a, int status, struct span body)
{
	char text[BODY_MAX];
	struct buf b = buf_over(text, sizeof text);

	/* Who answers might not be hale. */
	buf_plain_lines(&b, status == 200 ? body : first_failure(body));
	buf_str(&b, "\n");
	if (!a->quiet && cmd_print(buf_span(&b)) != CMD_OK)
		return CMD_FAILED;
	return status == 200 ? CMD_OK : CMD_FAILED;
}

static int
check_one(void *arg, size_t i)
{
	const struct check_args *a = arg;
	char text[CHECK_WHY_MAX + TARGET_MAX];
	struct buf why = buf_over(text, sizeof text - 1);
	const struct target *t = &a->targets[i].target;
	size_t start;
	int r;

	if (a->several) {
		buf_str(&why, "[+]");
		redact_target(&why, t);
		buf_str(&why, " ");
	}
	start = why.len;
	r = targets_check(&a->shared.conf, t, a->deadline_ms, &why);
	if (r < 0 && a->several && start > 0)
		text[1] = '-';
	why.cap++;	/* kept for the line's end */
	buf_str(&why, "\n");
	if (!a->quiet && cmd_print(buf_span(&why)) != CMD_OK)
		return CMD_FAILED;
	return r < 0 ? CMD_FAILED : CMD_OK;
}

static int
check_urls(struct check_args *a, int n, char **urls)
{
	int r = targets_read("check", &a->shared.conf, n, urls, &a->targets);

	if (r == CMD_OK) {
		cmd_hold_streams();
		a->several = n > 1;
		a->deadline_ms = clock_after(clock_ms(), a->timeout_ms);
		if (targets_each((size_t)n, check_one, a) != CMD_OK)
			r = a->failed_exit;
	}
	targets_free(a->targets, n);
	return r;
}

static int
check_verdict(const struct check_args *a)
{
	char body[BODY_MAX];
	struct buf b = buf_over(body, sizeof body);
	int status = supervisor_answer("GET", endpoint(a), a->timeout_ms,
	                               a->quiet, &b);

	if (status < 0 || print_verdict(a, status, buf_span(&b)) != CMD_OK)
		return a->failed_exit;
	return CMD_OK;
}

static int
check_run(int argc, char **argv)
{
	struct check_args a = { .timeout_ms = -1 };
	int left = cmd_parse(&cmd_check, &a, argc, argv);

	if (left < 0)
		return -left;
	if (a.help)
		return cmd_print_help(&cmd_check);
	if (a.failed_exit < 1 || a.failed_exit > EXIT_MAX) {
		log_error("--critical-exit \"%d\": expected 1 to 255",
		          a.failed_exit);
		return CMD_USAGE;
	}
	if (a.live + a.ready + a.startup > (left == argc)) {
		log_error("check: --live, --ready, --startup and URLs exclude "
		          "each other");
		return CMD_USAGE;
	}
	if (a.timeout_ms < 0)	/* not given */
		a.timeout_ms = left == argc ? ASK_MS : CHECK_MS;
	if (left < argc)
		return check_urls(&a, argc - left, argv + left);
	return check_verdict(&a);
}

const struct cmd cmd_check = {
	.name = "check",
	.usage = "[OPTIONS] [URL...]",
	.about = "check URLs; without one ask this container's supervisor",
	.opts = opts,
	.more = targets_help,
	.run = check_run,
};
