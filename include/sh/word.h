/* SPDX-License-Identifier: MIT */
/*
 * sh/word.h - a simple command of a shell's line: its words, expanded (pure)
 *
 * Quotes, backslashes and $NAME, ${NAME}, ${NAME-x}, ${NAME:-x}, ${NAME+x},
 * ${NAME:+x}, $?, $0 to $9 mean what POSIX says (XCU 2.2, 2.5, 2.6), and an
 * unquoted expansion is split at blanks. Nothing is a pattern for file names:
 * * ? [ stay as they are. What starts a program ($(...), `...`), sets a
 * variable or names another file than /dev/null is refused.
 */
#ifndef HALE_SH_WORD_H
#define HALE_SH_WORD_H

#include "base/buf.h"

#define SH_WORDS_MAX  64	/* words of one command, when expanded */
#define SH_TEXT_MAX   8192	/* bytes of those, with a NUL after each */
#define SH_REDIRS_MAX 8		/* redirections of one command */
#define SH_DEPTH_MAX  8		/* quotes and braces, or groups, in each other */
#define SH_NONE       255	/* no word, no descriptor, no node */

/* What a line can ask for. The texts are the caller's, NUL-terminated. */
struct sh_vars {
	char **env;	/* NAME=VALUE, ended by NULL */
	char **args;	/* $0 and what follows, ended by NULL */
	char   status[4];	/* $? */
};

/* [fd]> /dev/null, [fd]>&from and the like. */
struct sh_redir {
	unsigned char fd;	/* 0 to 2 */
	unsigned char from;	/* 0 to 2, or SH_NONE: /dev/null */
};

struct sh_command {
	char  *argv[SH_WORDS_MAX + 1];	/* ended by NULL; they are in text */
	size_t n;		/* words */
	size_t var_at;		/* the first word with a variable in it, or
				 * SH_NONE */
	struct sh_redir redir[SH_REDIRS_MAX];
	size_t n_redirs;
	/* The reader's own. */
	const struct sh_vars *vars;
	bool   is_open, is_muted;
	struct buf text;
	char   memory[SH_TEXT_MAX];
};

/* Does a word end before this byte? */
bool sh_ends_word(char c);

/* The byte behind blanks, \ at a line's end, and a comment. */
const char *sh_skip_blanks(const char *p);

/*
 * Reads the simple command at *p, up to an operator, a newline or the end,
 * where *p is then. Without vars it only looks: each variable is empty. Returns
 * 0; or ERR_PARSE (what is refused), ERR_QUOTE (a quote or brace is open) or
 * ERR_TOOBIG (one of the bounds above), with *p where that starts.
 */
int sh_command_read(struct sh_command *c, const char **p,
                    const struct sh_vars *vars);

#endif
