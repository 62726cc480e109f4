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

/* see cmd/tool.h */
int
tool_sh(int argc, char **argv)
{
	static struct sh_line line;	/* is large */
	int r;

	cmd_hold_streams();
	sh_run_log();
	targets_refuse_programs();
	(void)signal(SIGCHLD, SIG_DFL);	/* ignored, it would hide the ends */
	line.edge = &sh_run_edge;
	line.command.env = environ;
	argv += argc > 0;
	line.bad = *argv == NULL ? "sh" : *argv;
	if (*argv != NULL && strcmp(*argv, "-c") != 0)
		r = ERR_PARSE;
	else if (*argv == NULL || argv[1] == NULL)
		r = ERR_SHORT;
	else
		r = sh_line_run(&line, argv[1]);
	if (r >= 0)
		return r;
	sh_run_tell(line.bad, r);
	return CMD_USAGE;
}
