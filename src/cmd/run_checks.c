/* SPDX-License-Identifier: MIT */
/* cmd/run_checks.c - what the checks of run are, before anything is started */
#include "cmd/run_checks.h"

#include "base/err.h"
#include "base/log.h"
#include "base/opt_words.h"
#include "cmd/cmd.h"
#include "cmd/probe.h"
#include "client/redact.h"

#define WHAT_MAX (REDACT_ROOM + 128)	/* bytes of an option and its check */

/* Is a quote of an exec:, or of the options behind a URL, still open? */
static bool
is_open(struct span word)
{
	static const char exec[] = "exec:";
	struct span url = check_word_url(word);
	struct program p;

	if (span_has_prefix(word, exec))
		url.len = sizeof exec - 1;
	return program_split(&p, span_after(word, url.len)) == ERR_QUOTE;
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

/* see cmd/run_checks.h */
bool
run_checks_join(struct span *last, struct span value)
{
	if (value.p != last->p + last->len + 1 || value.p[-1] != ','
	 || (!is_open(*last) && !is_status(*last, value)))
		return false;
	last->len += 1 + value.len;
	return true;
}

/* --check "web=http://a/" or HALE_CHECK "web=http://a/". */
static void
write_check(struct buf *b, const struct monitor_check_plan *c, int argc,
            char **argv)
{
	const struct opt o = {
		.name = c->counts_for == VERDICT_READY ? "ready-check"
		      : c->counts_for == VERDICT_LIVE ? "live-check" : "check",
	};
	bool is_flag = false;

	for (int i = 1; i < argc; i++)	/* the text lies where it was read */
		is_flag |= c->url.p >= argv[i]
		        && c->url.p <= argv[i] + strlen(argv[i]);
	if (is_flag)
		buf_fmt(b, "--%s", o.name);
	else
		opt_write_env_name(b, &o);
	buf_str(b, " \"");
	cmd_write_check(b, c->name, c->url);
	buf_str(b, "\"");
	(void)buf_text(b);
}

/* A checker reads the word again, which is without an error then: PID 1 keeps
 * nothing but the text. */
static int
verify_check(const char *what, const struct monitor_check_plan *c)
{
	const char *expected, *misfit;
	char within[WHAT_MAX + 2];
	struct buf b = buf_over(within, sizeof within);
	struct check_word w;
	struct opt_fail fail;
	int r = check_verify(check_word_url(c->url), &expected);

	if (r == ERR_SCHEME)
		expected = "URL or NAME=URL, with http:, https:, tcp:, unix:, "
		           "http+unix: or exec:";
	if (r == 0)
		r = check_word_read(&w, c->url, &fail, &expected);
	misfit = r == 0 ? check_misfit(&w.conf, w.url) : NULL;
	if (misfit != NULL) {
		log_error("%s: %s does not apply to it", what, misfit);
		return CMD_USAGE;
	}
	if (r == 0 && w.conf.insecure)
		log_warn("%s: --insecure: certificates are NOT verified", what);
	if (r == 0)
		return CMD_OK;
	buf_fmt(&b, "%s: ", what);
	if (expected == NULL)
		cmd_tell_fail(&cmd_check, buf_text(&b), &fail);
	else
		log_error("%s: expected %s", what, expected);
	return CMD_USAGE;
}

/* see cmd/run_checks.h */
int
run_checks_prepare(struct monitor_plan *w, int argc, char **argv)
{
	for (size_t i = 0; i < w->n_checks; i++) {
		char what[WHAT_MAX];
		struct buf b = buf_over(what, sizeof what);
		int r;

		write_check(&b, &w->checks[i], argc, argv);
		r = probe_expand(what, &w->checks[i].url);
		if (r == CMD_OK)
			r = verify_check(what, &w->checks[i]);
		if (r != CMD_OK)
			return r;
	}
	return CMD_OK;
}
