/* SPDX-License-Identifier: MIT */
/* cmd/wait.c - repeat checks until all pass */
#include "cmd/cmd.h"

#include <errno.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "client/redact.h"
#include "cmd/targets.h"
#include "tls/tls.h"

#define PAUSE_MIN_MS 100	/* between the first two tries; it doubles */
#define PAUSE_MAX_MS 2000

struct wait_args {
	struct targets_args shared;	/* first: see cmd/targets.h */
	int64_t timeout_ms, try_ms;
	bool    quiet, help;
	struct targets_one *targets;
	int64_t since_ms, deadline_ms;
};

#define AT(field) offsetof(struct wait_args, field)
#define TIMES(OPT) \
	OPT('t', "timeout", OPT_SOME_MS, AT(timeout_ms), "60s", \
	    "give up after this long", "", NULL, "") \
	OPT(0, "try-timeout", OPT_SOME_MS, AT(try_ms), "5s", \
	    "one try takes this long at most", "", NULL, "")
#define OTHERS(OPT) \
	OPT('q', "quiet", OPT_FLAG, AT(quiet), "", "print nothing, only exit", \
	    "", NULL, "") \
	OPT('h', "help", OPT_ASK, AT(help), "", "print this", "", NULL, "")

OPT_NUMBER_ADDS(OPT_NO_ADDS);
static const struct opt_group opts[] = {
	OPT_GROUP(TIMES, NULL),
	CHECK_GROUP,
	OPT_GROUP(OTHERS, NULL),
	OPT_END
};

/* "tcp://db:5432: Connection refused\n" */
static void
say(const struct wait_args *a, const struct target *t, const char *mark,
    struct span text)
{
	char memory[TARGET_MAX + CHECK_WHY_MAX];
	struct buf line = buf_over(memory, sizeof memory);

	if (a->quiet)
		return;
	redact_target(&line, t);
	buf_fmt(&line, ": %s%.*s\n", mark, (int)text.len, text.p);
	(void)cmd_print(buf_span(&line));	/* who waits needs no reader */
}

static void
say_first(const struct wait_args *a, const struct target *t)
{
	char memory[64];
	struct buf for_ms = buf_over(memory, sizeof memory);

	buf_ms(&for_ms, a->timeout_ms);
	say(a, t, "waiting, at most ", buf_span(&for_ms));
}

/* Sleeps for ms, at most to the deadline; false where that has come. */
static bool
pause_for(int64_t ms, int64_t deadline_ms)
{
	int64_t left_ms = deadline_ms - clock_ms();
	struct timespec t;

	if (left_ms <= 0)
		return false;
	if (ms > left_ms)
		ms = left_ms;
	t = (struct timespec){ .tv_sec = (time_t)(ms / 1000),
	                       .tv_nsec = (long)(ms % 1000) * 1000000 };
	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		continue;
	return clock_ms() < deadline_ms;
}

static int
give_up(const struct wait_args *a, const struct target *t, struct span why)
{
	char memory[64], room[REDACT_ROOM];
	struct buf after = buf_over(memory, sizeof memory);
	struct buf shown = buf_over(room, sizeof room);

	buf_ms(&after, clock_ms() - a->since_ms);
	redact_target(&shown, t);
	if (!a->quiet)
		log_error("%s: not there after %s: %.*s",
		          buf_end_text(&shown), buf_text(&after),
		          (int)why.len, why.p);
	return CMD_FAILED;
}

/*
 * What a failure is, without the reason that a bad answer gives, which may
 * differ at each try: "503 Service Unavailable", "exit 1". Of the others the
 * error number tells the kind, whatever address was tried.
 */
struct outcome {
	int         err;
	struct span kind;
};

static struct outcome
outcome_of(int err, struct span why)
{
	const char *reason = span_find_text(why, ": ");

	if (err != ERR_UNHEALTHY)
		why.len = 0;
	else if (reason != NULL)
		why.len = (size_t)(reason - why.p);
	return (struct outcome){ err, why };
}

static bool
is_same(const struct outcome *a, const struct outcome *b)
{
	return a->err == b->err && a->kind.len == b->kind.len
	    && memcmp(a->kind.p, b->kind.p, a->kind.len) == 0;
}

static int
wait_till_good(const struct wait_args *a, const struct target *t,
               struct tls_session *session)
{
	struct check_conf conf = a->shared.conf;
	char text[2][CHECK_WHY_MAX];
	struct outcome last = { 0, { text[1], 0 } }, now;
	int64_t pause_ms = PAUSE_MIN_MS;

	conf.session = session;
	say_first(a, t);
	for (size_t turn = 0;; turn++) {
		struct buf why = buf_over(text[turn % 2], CHECK_WHY_MAX);
		int64_t end_ms = clock_after(clock_ms(), a->try_ms);
		int r;

		if (end_ms > a->deadline_ms)
			end_ms = a->deadline_ms;
		r = targets_check(&conf, t, end_ms, &why);
		now = outcome_of(r, buf_span(&why));
		if (r == 0 || !is_same(&now, &last))
			say(a, t, "", buf_span(&why));
		if (r == 0)
			return CMD_OK;
		last = now;
		if (!pause_for(pause_ms, a->deadline_ms))
			return give_up(a, t, buf_span(&why));
		if (pause_ms < PAUSE_MAX_MS)
			pause_ms *= 2;
	}
}

static int
wait_one(void *arg, size_t i)
{
	const struct wait_args *a = arg;
	struct tls_session session = { 0 };
	int code = wait_till_good(a, &a->targets[i].target, &session);

	explicit_bzero(&session, sizeof session);
	return code;
}

static int
wait_run(int argc, char **argv)
{
	struct wait_args a = { 0 };
	int left = cmd_parse(&cmd_wait, &a, argc, argv), r;

	if (left < 0)
		return -left;
	if (a.help)
		return cmd_print_help(&cmd_wait);
	if (left == argc) {
		log_error("wait needs a URL (see: hale help wait)");
		return CMD_USAGE;
	}
	cmd_hold_streams();
	r = targets_read("wait", &a.shared.conf, argc - left, argv + left,
	                 &a.targets);
	if (r == CMD_OK) {
		a.since_ms = clock_ms();
		a.deadline_ms = clock_after(a.since_ms, a.timeout_ms);
		r = targets_each((size_t)(argc - left), wait_one, &a);
	}
	targets_free(a.targets, argc - left);
	return r;
}

const struct cmd cmd_wait = {
	.name = "wait",
	.usage = "[OPTIONS] URL...",
	.about = "repeat checks until all pass, or time is up",
	.opts = opts,
	.more = targets_help,
	.run = wait_run,
};
