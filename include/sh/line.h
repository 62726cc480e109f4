/* SPDX-License-Identifier: MIT */
/*
 * sh/line.h - the commands of a shell's line and what joins them (pure)
 *
 * Understood: simple commands (sh/word.h), && || ! ; | and newlines, if, elif,
 * else, fi, { ...; }, ( ... ) and comments. Everything else of a shell is
 * refused: loops, functions, assignments, &, here-documents. Nothing is run
 * here, and nothing of a line is known to be good before all of it is.
 */
#ifndef HALE_SH_LINE_H
#define HALE_SH_LINE_H

#include "sh/word.h"

#define SH_LINE_MAX  4095	/* bytes */
#define SH_NODES_MAX 100	/* commands and what joins them; < SH_NONE */

enum sh_kind {
	SH_COMMAND,
	SH_SEQUENCE,	/* left, then right */
	SH_AND, SH_OR, SH_PIPE,
	SH_NOT,		/* left */
	SH_IF,		/* left; right is its SH_THEN */
	SH_THEN,	/* left, if the condition holds; right, SH_NONE if it
			 * has no else */
	SH_GROUP,	/* left, with the redirections at `at` */
	SH_SUBSHELL,	/* the same; an exit in it ends no more than it */
};

struct sh_node {
	unsigned char  kind;	/* enum sh_kind */
	unsigned char  left, right;	/* indices of nodes */
	unsigned short at;	/* where its words are in the line */
};

struct sh_line {
	const char    *text;	/* the caller's, NUL-terminated */
	unsigned       root;	/* SH_NONE: nothing is to be done */
	size_t         n;
	struct sh_node nodes[SH_NODES_MAX];
};

/* May this command be run, as far as its words before var_at show? */
typedef bool sh_allows(const struct sh_command *c);

/*
 * Reads text, with memory for one command. Returns 0; or ERR_PARSE (what is not
 * understood, or not allowed), ERR_QUOTE or ERR_TOOBIG (a bound here or of
 * sh/word.h), with *bad where in text that starts.
 */
int sh_line_read(struct sh_line *l, const char *text, sh_allows *allows,
                 struct sh_command *memory, const char **bad);

#endif
