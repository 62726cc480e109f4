/* SPDX-License-Identifier: MIT */
/*
 * cmd/sh_tools.h - what a shell's line can call beside hale's clients
 *
 * They read stdin, look at files and write to stdout, and open nothing.
 */
#ifndef HALE_CMD_SH_TOOLS_H
#define HALE_CMD_SH_TOOLS_H

#define SH_GREP_LINE_MAX 65536	/* bytes of a line that grep prints; one that
				 * is only matched may have any length */

/* Each gets its command line and returns its exit code, 2 after saying in one
 * line what is wrong. */
int sh_tool_test(int argc, char **argv);	/* also as [ */
int sh_tool_echo(int argc, char **argv);	/* -n */
int sh_tool_grep(int argc, char **argv);	/* -EFiqsv, of stdin */

#endif
