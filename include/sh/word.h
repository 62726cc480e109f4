/* SPDX-License-Identifier: MIT */
/*
 * sh/word.h - a simple command of a shell's line: its words, expanded (pure)
 *
 * Quotes, backslashes and $NAME, ${NAME}, ${NAME-x}, ${NAME:-x}, ${NAME+x},
 * ${NAME:+x} and $? mean what POSIX says (XCU 2.2, 2.5, 2.6), and an unquoted
 * expansion is split at blanks. Nothing is a pattern for file names: * ? [ stay
 * as they are. What starts a program ($(...), `...`), asks for $1 and the like,
 * or names another file than /dev/null, is refused.
 */
#ifndef HALE_SH_WORD_H
#define HALE_SH_WORD_H

#include "base/buf.h"

#define SH_WORDS_MAX  64	/* words of one command, when expanded */
#define SH_TEXT_MAX   8192	/* bytes of those, with a NUL after each */
#define SH_REDIRS_MAX 8		/* redirections of one command */
#define SH_QUOTES_MAX 8		/* quotes and ${NAME-...} in each other */
#define SH_NULL       3		/* /dev/null, as where a redirection goes */

/* [fd]> /dev/null, [fd]>&from and the like: fd and from are 0 to 2. */
struct sh_redir {
	unsigned char fd, from;	/* from: or SH_NULL */
};

struct sh_command {
	const char *p;		/* the next byte of the line, which is the
				 * caller's and NUL-terminated */
	char      **env;	/* NAME=VALUE, ended by NULL */
	unsigned    n;		/* words */
	unsigned    n_redirs;
	unsigned    var_at;	/* the first word with a variable in it; else
				 * more than n */
	int         status;	/* $? */
	/* The reader's own. */
	unsigned    state;
	bool        is_open, only_looks;
	struct buf  text;
	/* Behind what is small, which is then addressed by a byte. */
	char       *argv[SH_WORDS_MAX + 1];	/* ended by NULL, in memory */
	struct sh_redir redirs[SH_REDIRS_MAX];
	char        memory[SH_TEXT_MAX];
};

/* Does a word end before this byte? */
bool sh_ends_word(char c);

/* Bytes of a variable's name here, which may be one more digit: 0 for none. */
size_t sh_name_len(const char *p);

/* Passes over blanks, \ at a line's end, and a comment. */
void sh_skip_blanks(struct sh_command *c);

/*
 * Reads the simple command at p, up to an operator, a newline or the end, where
 * p is then. If it only looks, each variable is empty. Returns 0; or ERR_PARSE
 * (what is refused), ERR_QUOTE (a quote or brace is open) or ERR_TOOBIG (one of
 * the bounds above), with p where that starts.
 */
int sh_command_read(struct sh_command *c, bool only_looks);

#endif
