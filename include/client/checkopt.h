/* SPDX-License-Identifier: MIT */
/*
 * client/checkopt.h - the options of a check, and a check as one word
 *
 * The commands check and wait put CHECK_OPTS into their tables; a check of run's
 * has them behind its URL, in one word:
 *
 *   https://localhost:8443/ -H "Host: app" --cacert /ca.pem --status 200-299
 *
 * They start at the first blank with a '-' behind it and are split as an exec:'s
 * words are (client/program.h). An exec: has none: all is the program's. Nothing here
 * prints, and only check_expand() reads the environment.
 */
#ifndef HALE_CLIENT_CHECKOPT_H
#define HALE_CLIENT_CHECKOPT_H

#include "base/opt.h"
#include "client/check.h"

/* Rows of a table whose args start with a struct check_conf. The texts are arrays:
 * literals would be there once for each table. */
extern const char check_text_status[], check_text_contains[],
                  check_text_header[], check_text_cacert[], check_text_cert[],
                  check_text_key[], check_text_v4[], check_text_v6[],
                  check_text_insecure[];
opt_add check_opt_status, check_opt_header;

#define CHECK_AT(field) offsetof(struct check_conf, field)
#define CHECK_OPTS \
	{ 0, OPT_LIST, 0, check_text_status, check_opt_status }, \
	{ 0, OPT_STR, CHECK_AT(contains), check_text_contains, NULL }, \
	{ 'H', OPT_SECRETS, 0, check_text_header, check_opt_header }, \
	{ 0, OPT_STR, CHECK_AT(cafile), check_text_cacert, NULL }, \
	{ 0, OPT_STR, CHECK_AT(certfile), check_text_cert, NULL }, \
	{ 0, OPT_STR, CHECK_AT(keyfile), check_text_key, NULL }, \
	{ '4', OPT_FLAG, CHECK_AT(v4), check_text_v4, NULL }, \
	{ '6', OPT_FLAG, CHECK_AT(v6), check_text_v6, NULL }, \
	{ 0, OPT_FLAG, CHECK_AT(insecure), check_text_insecure, NULL }

/* A check's word and what it says; conf points into words. */
struct check_word {
	struct check_conf conf;
	struct span       url;
	struct program    words;
};

/* The URL that a check's word starts with. */
struct span check_word_url(struct span word);

/*
 * Reads a check's word; the URL itself is check_verify()'s. Returns 0, or an error
 * with *expected set to what should be there, or to NULL if *fail tells which
 * option is wrong.
 */
int check_word_read(struct check_word *w, struct span word,
                    struct opt_fail *fail, const char **expected);

/* The option of conf that does not apply to such a URL, as in "--status", or NULL.
 * Those for TLS apply to http://, too: it may be sent on to https://. */
const char *check_misfit(const struct check_conf *conf, struct span url);

/*
 * Appends url with each ${NAME} and ${NAME:-DEFAULT} replaced by that of the
 * environment; DEFAULT stands for an unset or empty one. An exec: stays as it is.
 * Returns 0, ERR_PARSE (a "${" that is not closed, or is not one of these two),
 * ERR_RESOLVE (the variable *name is unset or empty) or ERR_TOOBIG.
 */
int check_expand(struct buf *b, struct span url, struct span *name);

#endif
