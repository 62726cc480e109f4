/* SPDX-License-Identifier: MIT */
/* cmd/tool_sh.c - hale called sh: -c LINE, for health checks */
#include "cmd/tool.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/sh_run.h"
#include "cmd/targets.h"

/* Takes -c, -e and both in one word; returns the index of the first word
 * behind them, or that of one that is refused, or of argv's NULL, with *has_c
 * false. */
static int
read_options(char **argv, bool *has_c, bool *has_e)
{
	int i = 1;

	*has_c = *has_e = false;
	for (; argv[i] != NULL && argv[i][0] == '-'; i++) {
		const char *p = argv[i] + 1;

		for (; *p == 'c' || *p == 'e'; p++)
			*(*p == 'c' ? has_c : has_e) = true;
		if (*p != '\0' || p == argv[i] + 1) {
			*has_c = false;
			break;
		}
	}
	return i;
}

/* see cmd/tool.h */
int
tool_sh(int argc, char **argv)
{
	struct sh_run *s = calloc(1, sizeof *s);
	const char *bad;
	bool has_c;
	int i, r;

	(void)argc;
	cmd_hold_streams();
	targets_refuse_programs();
	if (s == NULL) {
		log_error("%s", err_text(-ENOMEM));
		return CMD_USAGE;
	}
	i = read_options(argv, &has_c, &s->exits_early);
	bad = argv[i];
	r = has_c && bad != NULL
	  ? sh_line_read(&s->line, argv[i], sh_run_allows, &s->command, &bad)
	  : ERR_PARSE;
	if (r < 0) {
		sh_run_refuse(bad == NULL ? argv[0] : bad, r);
		r = CMD_USAGE;
	} else {
		s->vars.env = environ;
		s->vars.args = argv[i + 1] == NULL ? argv : argv + i + 1;
		r = sh_run(s);
	}
	free(s);
	return r;
}
