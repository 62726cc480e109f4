/* SPDX-License-Identifier: MIT */
/*
 * sh/line.h - the commands of a shell's line and what joins them (pure)
 *
 * Understood: simple commands (sh/word.h), && || ! ; | and newlines, if, elif,
 * else, fi, { ...; }, ( ... ) and comments. Everything else of a shell is
 * refused: loops, functions, assignments, &, here-documents, redirections of
 * a group.
 *
 * The line is walked twice: first nothing is run, and what is not understood is
 * found; then what is to be run is, by the caller's functions.
 */
#ifndef HALE_SH_LINE_H
#define HALE_SH_LINE_H

#include "sh/word.h"

#define SH_LINE_MAX  4095	/* bytes */
#define SH_DEPTH_MAX 10		/* groups, if and pipes within each other */
#define SH_EXITED    0x1000u	/* in skips */

struct sh_line {
	const struct sh_edge *edge;
	const char *bad;	/* where an error starts */
	int         r;		/* the first error, or 0 */
	int         status;	/* the last command's exit code */
	unsigned    skips;	/* above 0: what is read does not run */
	unsigned    depth;
	struct sh_command command;	/* the one that is read, or runs */
};

struct sh_saved {	/* the edge's, while something is redirected */
	int fds[3];
	int child;
};

/* What acts. The result 0 is good; an error ends the line as a whole, with the
 * command's p at what is to blame. */
struct sh_edge {
	/* Whether a command may run, judged by its words before var_at; it may
	 * drop the others if it is only looked at. */
	int  (*check)(struct sh_command *c);
	/* Redirects, runs the command and sets the status; an exit sets skips
	 * to SH_EXITED. */
	int  (*run)(struct sh_line *l);
	/* Makes a pipe and a process. Returns 1 in that, which writes into it
	 * and must leave(), and 0 where it is read; join() waits for it. */
	int  (*split)(struct sh_line *l, struct sh_saved *saved);
	void (*leave)(struct sh_line *l);
	int  (*join)(struct sh_saved *saved);
};

/*
 * Runs text, which is NUL-terminated; of l are set: edge and the command's env,
 * and all else is zero. Returns the exit code; or ERR_PARSE (what is not
 * understood), ERR_QUOTE, ERR_TOOBIG (a bound here or of sh/word.h), ERR_FULL
 * (nested too deep) or the edge's error, with bad set.
 */
int sh_line_run(struct sh_line *l, const char *text);

#endif
