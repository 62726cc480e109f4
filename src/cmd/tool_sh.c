/* SPDX-License-Identifier: MIT */
/* cmd/tool_sh.c - hale called sh: -c LINE, for health checks */
#include "cmd/tool.h"

#include <signal.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/sh_run.h"
#include "cmd/targets.h"

/* Takes -c, -e and both in one word off *argv; false if that is not all there
 * is to take, or there is no -c. */
static bool
read_options(char ***argv, bool *has_e)
{
	bool has_c = false;

	while (**argv != NULL && ***argv == '-') {
		const char *p = **argv;

		while (*++p == 'c' || *p == 'e')
			*(*p == 'c' ? &has_c : has_e) = true;
		if (*p != '\0')
			return false;
		++*argv;
	}
	return has_c && **argv != NULL;
}

/* see cmd/tool.h */
int
tool_sh(int argc, char **argv)
{
	static struct sh_line line;	/* is large */
	int r = ERR_PARSE;

	cmd_hold_streams();
	sh_run_log();
	targets_refuse_programs();
	(void)signal(SIGCHLD, SIG_DFL);	/* ignored, it would hide the ends */
	line.edge = &sh_run_edge;
	line.command.env = environ;
	argv += argc > 0;
	if (read_options(&argv, &line.exits_early))
		r = sh_line_run(&line, *argv);
	else
		line.bad = *argv == NULL ? "" : *argv;
	if (r >= 0)
		return r;
	sh_run_tell(line.bad, r);
	return CMD_USAGE;
}
