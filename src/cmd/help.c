/* SPDX-License-Identifier: MIT */
/* cmd/help.c - the commands and their options, and what a typo meant */
#include "cmd/cmd.h"

#include "base/edits.h"
#include "base/log.h"
#include "base/opt_words.h"
#include "client/redact.h"
#include "cmd/names.h"
#include "cmd/names_install.h"

#define HELP_MAX 8192	/* bytes of one help text */
#define HINT_LEN 48	/* of what may have been meant */

static void
write_usage(struct buf *b, const struct cmd *c)
{
	if (c == &cmd_run)
		buf_fmt(b, "hale [run] %s\n", c->usage);
	else
		buf_fmt(b, "hale %s %s\n", c->name, c->usage);
}

/* see cmd/cmd.h */
int
cmd_print_help(const struct cmd *c)
{
	char text[HELP_MAX];
	struct buf b = buf_over(text, sizeof text);

	buf_str(&b, "Usage: ");
	write_usage(&b, c);
	buf_fmt(&b, "%s.\n\n", c->about);
	if (c->write_help != NULL)
		c->write_help(&b);
	else
		opt_write_help(&b, c->opts, OPT_HELP_COLUMN);
	if (c->more != NULL)
		buf_str(&b, c->more);
	return cmd_print(buf_span(&b));
}

/* see cmd/cmd.h */
void
cmd_write_hint(struct buf *b, const char *word)
{
	struct span name = span_of(word);
	const struct cmd *best = NULL;
	unsigned edits = strchr(word, '/') == NULL ? EDITS_TOO_MANY : 0;

	for (size_t i = 0; cmd_all[i] != NULL; i++) {
		unsigned n = edits_between(name, span_of(cmd_all[i]->name));

		if (n < edits && n <= name.len / 3) {
			edits = n;
			best = cmd_all[i];
		}
	}
	if (best != NULL)
		buf_fmt(b, "; did you mean `hale %s`?", best->name);
}

/* see cmd/cmd.h */
int
cmd_print_overview(void)
{
	char text[HELP_MAX];
	struct buf b = buf_over(text, sizeof text);

	cmd_write_version(&b);
	buf_str(&b, "The init, probe server and health check of an image that "
	        "has nothing else.\n\n");
	for (size_t i = 0; cmd_all[i] != NULL; i++) {
		buf_str(&b, i == 0 ? "Usage: " : "       ");
		write_usage(&b, cmd_all[i]);
		buf_fmt(&b, "           %s\n", cmd_all[i]->about);
	}
	buf_str(&b, "\nOptions of run, also as HALE_<NAME> in the "
	        "environment (the flag wins):\n");
	opt_write_help(&b, cmd_run.opts, OPT_HELP_COLUMN);
	return cmd_print(buf_span(&b));
}

static int
help_run(int argc, char **argv)
{
	char room[REDACT_ROOM], text[HINT_LEN];
	struct buf hint = buf_over(text, sizeof text);
	const struct cmd *c;
	bool unused;
	int left = cmd_parse(&cmd_help, &unused, argc, argv);

	if (left < 0)
		return -left;
	if (left == argc)
		return cmd_print_overview();
	if (left + 1 < argc)
		return cmd_unwanted(&cmd_help, argv[left + 1]);
	if (strcmp(argv[left], "names") == 0
	 || names_find(argv[left]) != NAMES_NONE)
		return names_print();
	c = cmd_find(argv[left]);
	if (c != NULL)
		return cmd_print_help(c);
	cmd_write_hint(&hint, argv[left]);
	log_error("help: unknown command \"%s\"%s",
	          redact_value(room, span_of(argv[left])),
	          hint.len > 0 ? buf_text(&hint) : " (see: hale help)");
	return CMD_USAGE;
}

static const struct opt_group no_opts[] = { OPT_END };

const struct cmd cmd_help = {
	.name = "help",
	.usage = "[COMMAND|names]",
	.about = "list the commands, the options of one, or the names "
	         "of other tools",
	.opts = no_opts,
	.run = help_run,
};
