/* SPDX-License-Identifier: MIT */
/*
 * cmd/sh_run.h - runs a line that was read (sh/line.h), starting no program
 *
 * Commands run within this process, one after the other; what stands left of
 * a pipe in a forked one, which is waited for and dies with us.
 */
#ifndef HALE_CMD_SH_RUN_H
#define HALE_CMD_SH_RUN_H

#include "sh/line.h"

#define SH_LOG_MAX 80	/* bytes of a word that an error line shows */

struct sh_run {
	struct sh_line    line;
	struct sh_command command;	/* the one that runs */
	struct sh_vars    vars;
	int               status;	/* the last command's exit code */
	bool              exits_early;	/* -e */
	bool              is_over;	/* by exit, -e, or what was refused */
	bool              is_refused;	/* the line has failed as a whole */
};

/* Is it a command that can be run here? What a variable hides is allowed: it
 * is looked at again when it runs. */
bool sh_run_allows(const struct sh_command *c);

/* Says in one line that this word, up to a blank, is refused; err is
 * sh_line_read()'s. */
void sh_run_refuse(const char *word, int err);

/* Runs the line, whose text and vars are set. Returns its exit code. */
int sh_run(struct sh_run *s);

#endif
