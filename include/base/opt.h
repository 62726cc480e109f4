/* SPDX-License-Identifier: MIT */
/*
 * base/opt.h - option tables: command line and environment in, help out
 *
 * One table gives the parser, the HALE_* names and the help text. Nothing
 * here prints: what was wrong is told in struct opt_fail, in the caller's
 * words and pointers.
 */
#ifndef HALE_BASE_OPT_H
#define HALE_BASE_OPT_H

#include "base/buf.h"

#include <stdint.h>

enum opt_kind {
	OPT_NONE,	/* ends a table */
	OPT_FLAG,	/* bool, true when given */
	OPT_UNFLAG,	/* bool, false when given; not from the environment */
	OPT_ASK,	/* bool, true when given; not from the environment */
	OPT_NO_ENV,	/* the same; where it is true, given or set by the caller
			 * before, the environment is not read at all */
	OPT_INT,	/* int, 0..INT_MAX */
	OPT_COUNT,	/* int, 1..INT_MAX */
	OPT_MS,		/* int64_t, a duration in milliseconds */
	OPT_SOME_MS,	/* the same, above 0 */
	OPT_STR,	/* const char *, borrowed from argv or the environment */
	OPT_SIG,	/* int, a signal number */
	OPT_WORD,	/* goes to add(), default and all; the last one counts */
	OPT_LIST,	/* goes to add(); repeatable, by commas in HALE_* */
	OPT_URLS,	/* the same, of checks; an error line may show a value
			 * in part */
	OPT_SECRETS,	/* the same; an error line must not show a value */
};

/*
 * Takes one value of a word or a list into args. Returns 0, ERR_FULL or another error
 * below zero. The bytes live as long as argv and the environment, but are
 * not terminated: a list in the environment is one string.
 */
typedef int opt_add(void *args, struct span value);

struct opt {
	char          letter;
	unsigned char kind;	/* enum opt_kind */
	uint16_t      at;
	const char   *name;	/* and behind its NUL the other texts */
	opt_add      *add;
};

/*
 * One row:
 *   letter    'x', or 0 for none
 *   name      long name without dashes
 *   kind, at  offset of the field in args, 0 with add()
 *   def       default as it would be written, or ""
 *   help      one line
 *   value     what its value is called; "": by kind
 *   add       OPT_WORD and the lists only, else NULL
 *   expected  what its value must be; "": by kind, value
 * The texts are literals, laid out as one: a pointer to each would be five for
 * the start of every hale to relocate.
 */
#define OPT(letter, name, kind, at, def, help, value, add, expected) \
	{ letter, kind, at, \
	  name "\0" def "\0" help "\0" value "\0" expected, add }
#define OPT_END { .kind = OPT_NONE }
#define OPT_MAX 63	/* options in a table: one bit each says "was given" */

enum opt_why {
	OPT_UNKNOWN,	/* no such option */
	OPT_MISSING,	/* it needs a value and none is left */
	OPT_UNWANTED,	/* it takes no value and has one */
	OPT_BAD,	/* the value is not what was expected */
	OPT_TOO_MANY,	/* a list has no room for this value */
};

struct opt_fail {
	enum opt_why      why;
	const struct opt *opt;		/* NULL for OPT_UNKNOWN */
	struct span       name;		/* as written: "--foo", "-x" */
	bool              from_env;	/* it came as HALE_<NAME>; name is empty */
	struct span       value;	/* empty where there is none */
	const char       *nearest;	/* OPT_UNKNOWN: a long name, or NULL */
};

/*
 * Fills args: the defaults first, then argv[1..], which wins, then HALE_* of
 * env for what argv did not give. Stops at "--" (passed over) or at the first
 * word that is no option.
 * Returns the index of the first word left (argc at most), or ERR_PARSE with
 * *fail filled; args is then of no use.
 */
int opt_parse(const struct opt *opts, void *args, int argc, char **argv,
              char **env, struct opt_fail *fail);

/*
 * The same for a command whose options may stand behind its words: "--" ends
 * them. No environment. argv is changed: the words left stand at its end.
 */
int opt_parse_mixed(const struct opt *opts, void *args, int argc, char **argv,
                    struct opt_fail *fail);

/* Is var (NAME=value) the HALE_* of one of these options? */
bool opt_is_env(const struct opt *opts, const char *var);

/* What the value of o must look like, for "expected ...". */
const char *opt_expected(const struct opt *o);

/* Can o be set from the environment? */
bool opt_has_env_name(const struct opt *o);

/* Appends o's name in the environment: HALE_STOP_TIMEOUT. */
void opt_write_env_name(struct buf *b, const struct opt *o);

/* Appends a help text, one line an option. */
void opt_write_help(struct buf *b, const struct opt *opts);

/*
 * Is var (NAME=value) a HALE_* that none of the tables (a NULL-terminated
 * list) knows? On true *nearest is the closest option that has such a name, or
 * one without (--help) if it is exactly that, or NULL if none is near.
 */
bool opt_is_unknown_env(const struct opt *const *tables, const char *var,
                        const struct opt **nearest);

#endif
