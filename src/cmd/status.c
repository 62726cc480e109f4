/* SPDX-License-Identifier: MIT */
/* cmd/status.c - status and drain, which the supervisor answers */
#include "cmd/cmd.h"

#include <errno.h>
#include <stddef.h>
#include <time.h>

#include "base/log.h"
#include "base/opt_words.h"
#include "base/parse.h"
#include "client/redact.h"
#include "cmd/supervisor.h"

#define BODY_MAX (32 * 1024)	/* bytes of a status */
#define WORD_MAX 32		/* bytes of the answer to a drain */

struct status_args {
	int64_t timeout_ms;
	bool    json, help;
};

#define AT(field) offsetof(struct status_args, field)
#define STATUS_OPTS(OPT) \
	OPT(0, "json", OPT_FLAG, AT(json), "", "as JSON, for programs", "", \
	    NULL, "")
#define BOTH_OPTS(OPT) \
	OPT('t', "timeout", OPT_MS, AT(timeout_ms), "2s", \
	    "give up asking after this long", "", NULL, "") \
	OPT('h', "help", OPT_ASK, AT(help), "", "print this", "", NULL, "")

OPT_NUMBER_ADDS(OPT_NO_ADDS);
static const struct opt_group opts[] = {
	OPT_GROUP(STATUS_OPTS, NULL),
	OPT_GROUP(BOTH_OPTS, NULL),
	OPT_END
};

/* An answer other than 200 is the supervisor's refusal in words. */
static int
log_refusal(struct span words)
{
	struct span line = span_cut(&words, '\n');

	log_error("the supervisor refuses: %.*s", (int)line.len, line.p);
	return CMD_FAILED;
}

/* Who answers might not be hale: nothing of it reaches a terminal raw. */
static int
print_answer(struct span body)
{
	char text[BODY_MAX];
	struct buf b = buf_over(text, sizeof text);

	buf_plain_lines(&b, body);
	return cmd_print(buf_span(&b));
}

static int
status_run(int argc, char **argv)
{
	struct status_args a = { 0 };
	char body[BODY_MAX];
	struct buf b = buf_over(body, sizeof body);
	int left = cmd_parse(&cmd_status, &a, argc, argv), status;

	if (left < 0)
		return -left;
	if (a.help)
		return cmd_print_help(&cmd_status);
	if (left < argc)
		return cmd_unwanted(&cmd_status, argv[left]);
	status = supervisor_answer("GET", a.json ? "/status" : "/status?text",
	                           a.timeout_ms, false, &b);
	if (status < 0)
		return CMD_FAILED;
	if (status != 200)
		return log_refusal(buf_span(&b));
	return print_answer(buf_span(&b));
}

static void
sleep_ms(int64_t ms)
{
	struct timespec t = {
		.tv_sec = (time_t)(ms / 1000),
		.tv_nsec = (long)(ms % 1000) * 1000000,
	};

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		continue;
}

/* What the supervisor answered: its own --drain, as "5000ms\n". */
static int64_t
own_drain_ms(struct span body)
{
	char word[WORD_MAX];
	struct buf b = buf_over(word, sizeof word);
	int64_t ms = 0;

	buf_add(&b, span_cut(&body, '\n'));
	(void)parse_ms(buf_text(&b), &ms);	/* else: no waiting */
	return ms;
}

static int
drain_run(int argc, char **argv)
{
	struct status_args a = { 0 };
	char body[BODY_MAX];
	struct buf b = buf_over(body, sizeof body);
	int left = cmd_parse(&cmd_drain, &a, argc, argv), status;
	struct opt timeout = { .group = cmd_drain.opts };
	char room[REDACT_ROOM];
	int64_t wait_ms = -1;

	if (left < 0)
		return -left;
	if (a.help)
		return cmd_print_help(&cmd_drain);
	if (left + 1 < argc)
		return cmd_unwanted(&cmd_drain, argv[left + 1]);
	if (left < argc && parse_ms(argv[left], &wait_ms) < 0) {
		(void)opt_next(&timeout);	/* its value is the same */
		log_error("drain \"%s\": expected %s",
		          redact_value(room, span_of(argv[left])),
		          opt_expected(&timeout));
		return CMD_USAGE;
	}
	status = supervisor_answer("POST", "/drain", a.timeout_ms, false, &b);
	if (status < 0)
		return CMD_FAILED;
	if (status != 200)
		return log_refusal(buf_span(&b));
	sleep_ms(wait_ms >= 0 ? wait_ms : own_drain_ms(buf_span(&b)));
	return CMD_OK;
}

const struct cmd cmd_status = {
	.name = "status",
	.usage = "[OPTIONS]",
	.about = "print what the supervisor of this container knows",
	.opts = opts,
	.run = status_run,
};

const struct cmd cmd_drain = {
	.name = "drain",
	.usage = "[OPTIONS] [DURATION]",
	.about = "turn readiness off now, return after DURATION (preStop)",
	.opts = opts + 1,
	.run = drain_run,
};
