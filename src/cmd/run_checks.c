/* SPDX-License-Identifier: MIT */
/* cmd/run_checks.c - hale run's checks, read from flags and HALE_CHECK */
#include "cmd/run_checks.h"

#include <errno.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"
#include "base/opt_words.h"
#include "client/checkopt.h"
#include "cmd/cmd.h"
#include "cmd/targets.h"

#define WHAT_MAX (REDACT_ROOM + 128)	/* bytes of an option and its check */

/* Is a quote of an exec:, or of the options behind a URL, still open? */
static bool
is_open(struct span word)
{
	static const char exec[] = "exec:";
	struct span url = check_word_url(word);
	char *unused[ARGV_MAX + 1], memory[ARGV_TEXT_MAX];
	struct buf room = buf_over(memory, sizeof memory);

	if (span_has_prefix(word, exec))
		url.len = sizeof exec - 1;
	return argv_split(unused, &room, span_after(word, url.len))
	       == ERR_QUOTE;
}

/* "204" or "200-299 -4": behind options no URL. */
static bool
is_status(struct span word, struct span value)
{
	value = check_word_url(value);
	for (size_t i = 0; i < value.len; i++)
		if (!span_has(span_of("0123456789-"), value.p[i]))
			return false;
	return check_word_url(word).len < word.len;
}

/* Does value, behind a comma of the environment's list, belong to last? */
static bool
is_parted(struct span last, struct span value)
{
	if (value.p != last.p + last.len + 1 || value.p[-1] != ',')
		return false;
	(void)check_cut_name(&last);
	return is_open(last) || is_status(last, value);
}

/* see cmd/run_checks.h */
int
run_checks_add(struct run_checks *c, struct span value, unsigned counts_for)
{
	struct span *last = c->n > 0 ? &c->of[c->n - 1].word : NULL;

	if (last != NULL && is_parted(*last, value)) {
		last->len += 1 + value.len;
		return 0;
	}
	if (c->n == VERDICT_CHECKS_MAX)
		return ERR_FULL;
	c->of[c->n++] = (struct run_check){
		span_trim(value, " "),	/* "HALE_CHECK=URL, URL" */
		counts_for,
	};
	return 0;
}

/* --check "web=http://a/" or HALE_CHECK "web=http://a/". */
static void
write_check(struct buf *b, unsigned counts_for, struct span name,
            struct span word, int argc, char **argv)
{
	const struct opt o = {
		.name = counts_for == VERDICT_READY ? "ready-check"
		      : counts_for == VERDICT_LIVE ? "live-check" : "check",
	};
	bool is_flag = false;

	for (int i = 1; i < argc; i++)	/* the text lies where it was read */
		is_flag |= word.p >= argv[i]
		        && word.p <= argv[i] + strlen(argv[i]);
	if (is_flag)
		buf_fmt(b, "--%s", o.name);
	else
		opt_write_env_name(b, &o);
	buf_str(b, " \"");
	cmd_write_check(b, name, word);
	buf_str(b, "\"");
	(void)buf_text(b);
}

static void
log_refused(const char *what, const char *expected, const struct opt_fail *fail)
{
	char within[WHAT_MAX + 2];
	struct buf b = buf_over(within, sizeof within);

	buf_fmt(&b, "%s: ", what);
	if (expected == NULL)
		cmd_tell_fail(&cmd_check, buf_text(&b), fail);
	else
		log_error("%s: expected %s", what, expected);
}

static int
read_word(struct check_word *w, const char *what, struct span name,
          struct span word, struct buf *memory)
{
	const char *expected, *misfit;
	struct opt_fail fail;
	char *kept;	/* as long as hale runs, like the words */
	int r;

	if (targets_expand(what, &word, &kept) != CMD_OK)
		return CMD_USAGE;
	r = check_word_read(w, name, word, memory, &fail, &expected);
	if (r == ERR_SCHEME)
		expected = "URL or NAME=URL, with http:, https:, grpc:, "
		           "grpcs:, tcp:, unix:, http+unix: or exec:";
	if (r < 0) {
		log_refused(what, expected, &fail);
		return CMD_USAGE;
	}
	misfit = check_misfit(&w->conf, &w->target);
	if (misfit != NULL) {
		log_error("%s: %s does not apply to it", what, misfit);
		return CMD_USAGE;
	}
	if (w->conf.insecure)
		log_warn("%s: --insecure: certificates are NOT verified", what);
	return CMD_OK;
}

/* see cmd/run_checks.h */
int
run_checks_read(struct run_checks *c, struct monitor_plan *plan, int argc,
                char **argv)
{
	/* The words side by side, then their texts: what is not used of these
	 * is never touched. */
	struct check_word *w = malloc(c->n * (sizeof *w + CHECK_WORD_ROOM));
	struct buf memory;

	c->words = w;
	if (w == NULL) {
		log_error("%s", err_text(-ENOMEM));
		return CMD_FAILED;
	}
	memory = buf_over((char *)(w + c->n), c->n * CHECK_WORD_ROOM);
	for (size_t i = 0; i < c->n; i++, w++) {
		struct span word = c->of[i].word, name = check_cut_name(&word);
		unsigned counts_for = c->of[i].counts_for;
		char what[WHAT_MAX];
		struct buf b = buf_over(what, sizeof what);
		int r;

		write_check(&b, counts_for, name, word, argc, argv);
		r = read_word(w, what, name, word, &memory);
		if (r != CMD_OK)
			return r;
		plan->checks[i] = (struct monitor_check_plan){
			w->name, w, counts_for,
		};
	}
	plan->n_checks = c->n;
	return CMD_OK;
}
