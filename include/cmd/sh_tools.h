/* SPDX-License-Identifier: MIT */
/*
 * cmd/sh_tools.h - what a shell's line can call beside hale's clients
 *
 * They read stdin, look at files and write to stdout, and open nothing.
 */
#ifndef HALE_CMD_SH_TOOLS_H
#define HALE_CMD_SH_TOOLS_H

#include "sh/word.h"

#define SH_GREP_LINE_MAX 65536	/* bytes of a line that grep prints; one that
				 * is only matched may have any length */

/* Returns the exit code. */
int sh_tool_echo(int argc, char **argv);	/* -n */

/*
 * Each returns its exit code, 2 after saying in one line what is wrong. What a
 * real one may take and this does not is an error, which ends the whole line,
 * since a status could be turned into 0: ERR_PARSE, ERR_TOOBIG or ERR_SHORT
 * (something is missing behind it), with c->p at what is to blame, or as it was
 * if that is the whole command. If c only looks, only such an error is looked
 * for, in the words before var_at; the result is 0 or more if there is none.
 */
int sh_tool_test(struct sh_command *c);	/* also as [ */
int sh_tool_grep(struct sh_command *c);	/* -EFiqsv, of stdin */

#endif
