/* SPDX-License-Identifier: MIT */
/*
 * base/opt.h - option tables: command line and environment in
 *
 * One table gives the parser, the HALE_* names and the help text
 * (base/opt_words.h), in two dialects: hale's own, where "--name=value" is a
 * word and the environment may set what the command line does not; and curl's
 * for `hale get`. Nothing here prints: what was wrong is in struct opt_fail, in
 * the caller's words and pointers.
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
	/* curl's dialect only */
	OPT_SECRET,	/* an OPT_WORD whose value an error line must not show */
	OPT_OPERAND,	/* the same as OPT_WORD; what is not an option is one too */
	OPT_CALL,	/* no value; add() gets an empty one */
	OPT_PAST,	/* no value; passed over */
	OPT_PAST_VALUE,	/* the same, with a value */
	OPT_REFUSED,	/* no value; always OPT_ABSENT: help says why */
};

/*
 * Takes one value into field, which is args + at. Returns 0, ERR_FULL or another
 * error below zero. The bytes live as long as argv and the environment; those of
 * a list in the environment, which is one string, are not terminated.
 */
typedef int opt_add(void *field, struct span value);

struct opt {
	char          letter;
	unsigned char kind;	/* enum opt_kind */
	uint16_t      at;
	const char   *name;	/* and after its NUL the other texts */
	opt_add      *add;
};

/*
 * One row:
 *   letter    'x', or 0 for none
 *   name      long name without dashes
 *   kind, at  offset of the field in args; with add() 0 for args itself
 *   def       default as it would be written, or ""
 *   help      one line
 *   value     what its value is called; "": by kind
 *   add       for those that go to add(), else NULL
 *   expected  what its value must be; "": by kind, value
 * The texts are literals, laid out as one: a pointer to each would be five for
 * the start of every hale to relocate.
 */
#define OPT(letter, name, kind, at, def, help, value, add, expected) \
	{ letter, kind, at, \
	  name "\0" def "\0" help "\0" value "\0" expected, add }
#define OPT_END { .kind = OPT_NONE }
#define OPT_ENV_PREFIX "HALE_"
#define OPT_MAX 63	/* options in a table that the environment may set: one
			 * bit each says "was given" */

/* The texts of a row, in their order. */
enum opt_text { OPT_NAME, OPT_DEF, OPT_HELP, OPT_VALUE, OPT_EXPECTED };

enum opt_why {
	OPT_UNKNOWN,	/* no such option */
	OPT_MISSING,	/* it needs a value and none is left */
	OPT_UNWANTED,	/* it takes no value and has one */
	OPT_BAD,	/* the value is not what was expected */
	OPT_TOO_MANY,	/* a list has no room for this value */
	OPT_ABSENT,	/* an OPT_REFUSED */
};

struct opt_fail {
	enum opt_why      why;
	const struct opt *opt;		/* NULL for OPT_UNKNOWN */
	struct span       name;		/* as written: "--foo", "-x" */
	bool              from_env;	/* it came as HALE_<NAME>; name is empty */
	struct span       value;	/* empty where there is none */
	const char       *nearest;	/* OPT_UNKNOWN: a long name, or NULL; the
					 * name itself where "=value" followed it
					 * in curl's dialect */
	int               err;		/* OPT_BAD: the value's error */
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

/*
 * The same in curl's dialect: letters join, a long option's value is the next word,
 * "--no-" undoes a flag, words may stand anywhere, the table has an OPT_OPERAND
 * for them, and nothing comes from the environment. Returns 0 or ERR_PARSE.
 */
int opt_parse_curl(const struct opt *opts, void *args, int argc, char **argv,
                   struct opt_fail *fail);

/* One of a row's texts; "" if it has none. */
const char *opt_text(const struct opt *o, enum opt_text which);

bool opt_takes_value(const struct opt *o);

/* Is it one of the lists, each of which is repeatable? */
bool opt_is_list(const struct opt *o);

/* Can o be set from the environment? */
bool opt_has_env_name(const struct opt *o);

/* 'x' or '-' of a name as it stands in the environment: 'X' or '_'. */
char opt_env_char(char c);

/* Is var (NAME=value) the HALE_* of one of these options? */
bool opt_is_env(const struct opt *opts, const char *var);

/* "HALE_NAME=value": returns NAME (empty if it is not a HALE_*), and value. */
struct span opt_cut_env(const char *var, const char **value);

/* So many edits (base/edits.h) are not a slip of this name any more. */
unsigned opt_edits_max(struct span name);

/* The option whose long name is closest to name, by fewer than *edits, which it
 * then sets, or NULL; in_env: one that the environment can set, or this very
 * name. */
const struct opt *opt_nearest(const struct opt *opts, struct span name,
                              bool in_env, unsigned *edits);

#endif
