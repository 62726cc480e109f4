/* SPDX-License-Identifier: MIT */
/*
 * client/checkopt.h - the options of a check, and a check as one word
 *
 * The commands check and wait put CHECK_GROUP into their tables; a check of
 * run's has them behind its URL, in one word:
 *
 *   https://localhost:8443/ -H "Host: app" --cacert /ca.pem --status 200-299
 *
 * They start at the first blank with a '-' behind it and are split as an
 * exec:'s words are (client/argv.h). An exec: has none: all is the program's.
 * Nothing here prints, and only check_expand() reads the environment.
 */
#ifndef HALE_CLIENT_CHECKOPT_H
#define HALE_CLIENT_CHECKOPT_H

#include "base/opt.h"
#include "client/check.h"
#include "client/redact.h"

/*
 * The group of a table whose args start with a struct check_conf. Its
 * functions, --status first, then --header, take that and a text that lives as
 * long: "200", "200-299" or a comma list of these; one header line, "Name:
 * value" (client/request.h). They return 0, ERR_PARSE (also for a header that
 * announces a body), ERR_RANGE (a status that is not 100..599) or ERR_FULL.
 */
extern const struct opt_row check_opt_rows[];
extern const char check_opt_texts[];
extern opt_add *const check_opt_adds[];
#define CHECK_GROUP { check_opt_rows, check_opt_texts, check_opt_adds }

/* A check of run as it is held: it points into its word and its memory. */
struct check_word {
	struct span       name;	/* for whoever may probe: "db", or what
				 * client/redact.h shows of the URL, with '?'
				 * for bytes that need quoting somewhere */
	struct target     target;
	struct check_conf conf;
};

/* Bytes of memory that are enough for any word; for one of len bytes 2 * len +
 * CHECK_WORD_MORE are. */
#define CHECK_WORD_ROOM (2 * TARGET_MAX + ARGV_TEXT_MAX + CHECK_WORD_MORE)
#define CHECK_WORD_MORE (REDACT_MORE + 2)

/* Cuts "NAME=" off *word and returns NAME (letters, digits, '-', '_', '.');
 * empty, and nothing is cut, if there is none. */
struct span check_cut_name(struct span *word);

/* The URL that a word without its name starts with. */
struct span check_word_url(struct span word);

/*
 * Reads a word without its name, which may be empty: then one is made. Returns
 * 0, or an error with *expected set to what should be there (client/target.h),
 * or to NULL if *fail tells which option is wrong.
 */
int check_word_read(struct check_word *w, struct span name, struct span word,
                    struct buf *memory, struct opt_fail *fail,
                    const char **expected);

/* The option of conf that does not apply to t, as in "--status", or NULL. Those
 * for TLS apply to http://, too: it may be sent on to https://. */
const char *check_misfit(const struct check_conf *conf, const struct target *t);

/*
 * Appends url with each ${NAME} and ${NAME:-DEFAULT} replaced by that of the
 * environment; DEFAULT stands for an unset or empty one. An exec: is not for
 * this. Returns 0, ERR_PARSE (a "${" that is not closed, or is not one of these
 * two), ERR_RESOLVE (the variable *name is unset or empty) or ERR_TOOBIG.
 */
int check_expand(struct buf *b, struct span url, struct span *name);

#endif
