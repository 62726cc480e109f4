/* SPDX-License-Identifier: MIT */
/*
 * cmd/tool_init.h - what hale does alike by every init's name
 *
 * One letter means one thing in all of them; which there are, each says itself.
 * HALE_* is not read and is passed on like all else, and no local socket is
 * opened: a hale in the image must not find this one.
 */
#ifndef HALE_CMD_TOOL_INIT_H
#define HALE_CMD_TOOL_INIT_H

#include "base/log.h"
#include "cmd/letter.h"
#include "sup/init.h"

#define TOOL_INIT_GO_ON (-1)	/* not an exit code */

struct tool_init {
	struct letter letter;
	const char *usage;
	const char *version;	/* "%s" for hale's own, "%s" for its commit */
	int    out_fd;		/* for these two */
	int    verbosity;	/* a -v adds one */
	bool   pauses;		/* runs no program */
	struct init_plan plan;
};

/*
 * Blocks signals, sets how lines start, and reads the options of argv into
 * t->plan; t is set but for the letter's argv. Returns TOOL_INIT_GO_ON, or an
 * exit code if all is done or an option is wrong, which is logged.
 */
int tool_init_read(struct tool_init *t, char **argv, log_start *start);

/* Starts the program that follows the options, as t->plan says, and is its
 * init. Returns the exit code. */
int tool_init_run(struct tool_init *t);

#endif
