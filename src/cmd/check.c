/* SPDX-License-Identifier: MIT */
/* cmd/check.c - ask once, exit with the answer */
#include "cmd/cmd.h"

#include <stddef.h>

#include "base/log.h"
#include "cmd/ask.h"

#define BODY_MAX 4096	/* bytes of a verdict's text; more is not looked at */

struct check_args {
	int64_t timeout_ms;
	bool    live, ready, startup, quiet, help;
};

#define AT(field) offsetof(struct check_args, field)
static const struct opt opts[] = {
	{ 0, "live", OPT_FLAG, AT(live), NULL,
	  "ask only whether the service is live", NULL, NULL, NULL },
	{ 0, "ready", OPT_FLAG, AT(ready), NULL,
	  "ask only whether it is ready", NULL, NULL, NULL },
	{ 0, "startup", OPT_FLAG, AT(startup), NULL,
	  "ask only whether it has started", NULL, NULL, NULL },
	{ 't', "timeout", OPT_MS, AT(timeout_ms), "2s",
	  "give up after this long", NULL, NULL, NULL },
	{ 'q', "quiet", OPT_FLAG, AT(quiet), NULL,
	  "print nothing, only exit", NULL, NULL, NULL },
	{ 'h', "help", OPT_ASK, AT(help), NULL, "print this", NULL, NULL, NULL },
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
tell_verdict(const struct check_args *a, int status, struct span body)
{
	char text[BODY_MAX];
	struct buf b = buf_over(text, sizeof text);
	struct span why = status == 200 ? body : first_failure(body);

	buf_fmt(&b, "%.*s\n", (int)why.len, why.p);
	if (!a->quiet && cmd_print(buf_span(&b)) != CMD_OK)
		return CMD_FAILED;
	return status == 200 ? CMD_OK : CMD_FAILED;
}

static int
check_run(int argc, char **argv)
{
	struct check_args a = { 0 };
	char body[BODY_MAX];
	struct buf b = buf_over(body, sizeof body);
	int left = cmd_parse(&cmd_check, &a, argc, argv), status;

	if (left < 0)
		return -left;
	if (a.help)
		return cmd_print_help(&cmd_check);
	if (left < argc)
		return cmd_unwanted(&cmd_check, argv[left]);
	if (a.live + a.ready + a.startup > 1) {
		log_error("check: --live, --ready and --startup exclude each "
		          "other");
		return CMD_USAGE;
	}
	status = ask_supervisor("GET", endpoint(&a), a.timeout_ms, a.quiet, &b);
	if (status < 0)
		return CMD_FAILED;
	return tell_verdict(&a, status, buf_span(&b));
}

const struct cmd cmd_check = {
	.name = "check",
	.usage = "[OPTIONS]",
	.about = "ask the supervisor of this container for its verdict",
	.opts = opts,
	.run = check_run,
};
