/* SPDX-License-Identifier: MIT */
/*
 * base/opt.h - command line and environment, by a table of options (pure)
 *
 * One parser for three dialects: hale's own, where "--name=value" is a word
 * and the environment may set what the command line does not; curl's for `hale
 * get`; and Go's. Nothing here prints: what was wrong is in struct opt_fail, in
 * the caller's pointers.
 */
#ifndef HALE_BASE_OPT_H
#define HALE_BASE_OPT_H

#include "base/opt_table.h"

#define OPT_ENV_PREFIX "HALE_"
#define OPT_MAX 63	/* options in a table that the environment may set: one
			 * bit each says "was given" */

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
	struct opt        opt;		/* of no use for OPT_UNKNOWN */
	struct span       name;		/* as written: "--foo", "-x" */
	bool              from_env;	/* as HALE_<NAME>; name is empty */
	struct span       value;	/* empty where there is none */
	const char       *nearest;	/* OPT_UNKNOWN: a long name, or NULL */
	int               err;		/* OPT_BAD: the value's error */
};

/*
 * Fills args: the defaults first, then argv[1..], which wins, then HALE_* of
 * env for what argv did not give. Stops at "--" (passed over) or at the first
 * word that is no option.
 * Returns the index of the first word left (argc at most), or ERR_PARSE with
 * *fail filled; args is then of no use.
 */
int opt_parse(const struct opt_group *opts, void *args, int argc,
              char **argv, char **env, struct opt_fail *fail);

/*
 * The same for a command whose options may follow its words: "--" ends
 * them. No environment. argv is changed: the words left stand at its end.
 */
int opt_parse_mixed(const struct opt_group *opts, void *args,
                    int argc, char **argv, struct opt_fail *fail);

/*
 * The same in curl's dialect: "--no-" undoes a flag, words may stand anywhere,
 * the table has an OPT_OPERAND for them, and nothing comes from the
 * environment. Returns 0 or ERR_PARSE.
 */
int opt_parse_curl(const struct opt_group *opts, void *args,
                   int argc, char **argv, struct opt_fail *fail);

/*
 * The same in the dialect of Go's package flag: "-name" is "--name", and a flag
 * may have "=false" behind it. Options end at "--" or the first other word, and
 * nothing comes from the environment. Returns as opt_parse().
 */
int opt_parse_go(const struct opt_group *opts, void *args,
                 int argc, char **argv, struct opt_fail *fail);

/* 'x' or '-' of a name as it stands in the environment: 'X' or '_'. */
char opt_env_char(char c);

/* Is var (NAME=value) the HALE_* of one of these options? */
bool opt_is_env(const struct opt_group *opts, const char *var);

/* "HALE_NAME=value": returns NAME (empty if it is not a HALE_*), and value. */
struct span opt_cut_env(const char *var, const char **value);

/* So many edits (base/edits.h) are not a slip of this name any more. */
unsigned opt_edits_max(struct span name);

/* Makes *best the option whose long name is closest to name, by fewer than
 * edits, or its name NULL if there is none; in_env: one that the environment
 * can set, or this very name. */
void opt_nearest(const struct opt_group *opts, struct span name, bool in_env,
                 unsigned edits, struct opt *best);

#endif
