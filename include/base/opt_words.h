/* SPDX-License-Identifier: MIT */
/*
 * base/opt_words.h - what an option table says to people (pure)
 *
 * The help text, what a value should be, and whose variable an unknown HALE_*
 * nearly is.
 */
#ifndef HALE_BASE_OPT_WORDS_H
#define HALE_BASE_OPT_WORDS_H

#include "base/opt.h"

#define OPT_HELP_COLUMN 34	/* where the explanations start, by default */

/* What the value of o must look like, to follow "expected". */
const char *opt_expected(const struct opt *o);

/* Appends o's name in the environment: HALE_STOP_TIMEOUT. */
void opt_write_env_name(struct buf *b, const struct opt *o);

/* Appends a help text, one line an option; the explanations start in this
 * column. One that has none is left out, as is what is refused. */
void opt_write_help(struct buf *b, const struct opt_group *opts, size_t column);

/*
 * Is var (NAME=value) a HALE_* that the table does not know? On true *nearest
 * is the closest option that has such a name, or one without (--help) if it is
 * exactly that; its name is NULL if none is near.
 */
bool opt_is_unknown_env(const struct opt_group *opts, const char *var,
                        struct opt *nearest);

#endif
