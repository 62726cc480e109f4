/* SPDX-License-Identifier: MIT */
/*
 * base/opt_table.h - the rows of an option table and their kinds (pure)
 *
 * One table gives the parser, the HALE_* names (base/opt.h) and the help text
 * (base/opt_words.h).
 */
#ifndef HALE_BASE_OPT_TABLE_H
#define HALE_BASE_OPT_TABLE_H

#include "base/buf.h"

#include <stdint.h>

enum opt_kind {
	OPT_NONE,	/* ends a table */
	OPT_FLAG,	/* bool, true when given; with an add(), in curl's
			 * dialect, that gets "1", or "" for "--no-" */
	OPT_UNFLAG,	/* bool, false when given; not from the environment */
	OPT_ASK,	/* bool, true when given; not from the environment */
	OPT_NO_ENV,	/* the same; if it is true, given or set by the caller
			 * before, the environment is not read at all */
	OPT_INT,	/* int, 0..INT_MAX */
	OPT_COUNT,	/* int, 1..INT_MAX */
	OPT_MS,		/* int64_t, a duration in milliseconds */
	OPT_SOME_MS,	/* the same, above 0 */
	OPT_STR,	/* const char *, of argv or the environment */
	OPT_SIG,	/* int, a signal number */
	OPT_WORD,	/* goes to add(), its default too; the last counts */
	OPT_LIST,	/* goes to add(); repeatable, by commas in HALE_* */
	OPT_URLS,	/* the same, of checks; an error line may show a value
			 * in part */
	OPT_SECRETS,	/* the same; an error line must not show a value */
	/* only in tables whose options are not in the environment */
	OPT_SECRET,	/* an OPT_WORD; an error line must not show it */
	OPT_OPERAND,	/* an OPT_WORD; in curl's dialect each word that is not
			 * an option */
	OPT_CALL,	/* no value, no "--no-"; add() gets "1" */
	OPT_PAST,	/* no value; passed over */
	OPT_PAST_VALUE,	/* the same, with a value */
	OPT_REFUSED,	/* no value; always OPT_ABSENT: help says why; an empty
			 * one stands for that of the next row which has one */
};

/*
 * Takes one value into field, which is args + at. Returns 0, ERR_FULL or
 * another error below zero. The bytes live as long as argv and the environment;
 * those of a list in the environment, which is one string, are not terminated.
 */
typedef int opt_add(void *field, struct span value);

struct opt_row {
	uint16_t      at;
	char          letter;
	unsigned char kind;	/* enum opt_kind */
	unsigned char add;	/* the nth of the group's adds, or 0 */
	bool          is_bare;	/* its name is its only text */
};

/*
 * A table is an array of groups of rows, ended by OPT_END. The rows have no
 * pointers, which the start of every hale would have to relocate.
 */
struct opt_group {
	const struct opt_row *rows;	/* ended by OPT_NONE; not empty */
	const char           *texts;	/* of all rows, one after the other */
	opt_add *const       *adds;	/* NULL if no row has one */
};

/*
 * A group's rows are a list, "#define ROWS(OPT) OPT(...) OPT(...)". One row:
 *   letter    'x', or 0 for none
 *   name      long name without dashes
 *   kind, at  offset of the field in args; with add() 0 for args itself
 *   def       default as it would be written, or ""; only of a value
 *   help      one line
 *   value     what its value is called; "": by kind
 *   add       for those that go to add(), else NULL
 *   expected  what its value must be; "": by kind, value
 */
#define OPT_GROUP(list, adds) { OPT_ROWS(list), list(OPT_TEXTS_OF), adds }
#define OPT_END { NULL, NULL, NULL }
#define OPT_ROWS(list) (const struct opt_row[]){ list(OPT_ROW_OF) { .at = 0 } }
#define OPT_ROW_OF(letter, name, kind, at, def, help, value, add, expected) \
	{ at, letter, kind, OPT_ADD_##add, false },
#define OPT_TEXTS_OF(letter, name, kind, at, def, help, value, add, expected) \
	name "\0" help "\0" kind##_HAS(def "\0" value "\0" expected "\0")

/* The same for rows whose name is their only text:
 * OPT(letter, name, kind, at, add). */
#define OPT_BARE_GROUP(list, adds) \
	{ (const struct opt_row[]){ list(OPT_BARE_ROW) { .at = 0 } }, \
	  list(OPT_BARE_NAME), adds }
#define OPT_BARE_ROW(letter, name, kind, at, add) \
	{ at, letter, kind, OPT_ADD_##add, true },
#define OPT_BARE_NAME(letter, name, kind, at, add) name "\0"

/* Without a value, a row has no texts about one. */
#define OPT_FLAG_HAS(texts)
#define OPT_UNFLAG_HAS(texts)
#define OPT_ASK_HAS(texts)
#define OPT_NO_ENV_HAS(texts)
#define OPT_CALL_HAS(texts)
#define OPT_PAST_HAS(texts)
#define OPT_REFUSED_HAS(texts)
#define OPT_INT_HAS(texts) texts
#define OPT_COUNT_HAS(texts) texts
#define OPT_MS_HAS(texts) texts
#define OPT_SOME_MS_HAS(texts) texts
#define OPT_STR_HAS(texts) texts
#define OPT_SIG_HAS(texts) texts
#define OPT_WORD_HAS(texts) texts
#define OPT_LIST_HAS(texts) texts
#define OPT_URLS_HAS(texts) texts
#define OPT_SECRETS_HAS(texts) texts
#define OPT_SECRET_HAS(texts) texts
#define OPT_OPERAND_HAS(texts) texts
#define OPT_PAST_VALUE_HAS(texts) texts

/* The functions that a file's rows name, "#define ADDS(ADD) ADD(f) ADD(g)",
 * get numbers, once in a file; OPT_ADDS() is an array of them. */
#define OPT_NUMBER_ADDS(list) enum { OPT_ADD_NULL, list(OPT_ADD_NUMBER) }
#define OPT_NO_ADDS(ADD)	/* a file without any */
#define OPT_ADD_NUMBER(f) OPT_ADD_##f,
#define OPT_ADDS(list) { list(OPT_ADD_ITSELF) }
#define OPT_ADD_ITSELF(f) f,

/* A row, as opt_next() unpacks it. */
struct opt {
	const struct opt_group *group;
	const struct opt_row   *row;
	const char   *name;	/* and after its NUL the other texts */
	opt_add      *add;
	unsigned      number;	/* of a table's rows the nth, from 1 */
	uint16_t      at;
	char          letter;
	unsigned char kind;
};

/*
 * Makes *o the next row of its table, or the first if it is only
 * { .group = TABLE }. Returns false, and *o is of no use, if there is none.
 */
bool opt_next(struct opt *o);

/* The texts of a row, in their order. */
enum opt_text {
	OPT_NAME,
	OPT_HELP,	/* unless the row is bare */
	OPT_DEF, OPT_VALUE, OPT_EXPECTED,	/* and takes a value */
	OPT_TEXTS
};

/* One of a row's texts; "" if it has none. */
const char *opt_text(const struct opt *o, enum opt_text which);

bool opt_takes_value(const struct opt *o);

/* Is it one of the lists, each of which is repeatable? */
bool opt_is_list(const struct opt *o);

/* Can o be set from the environment? */
bool opt_has_env_name(const struct opt *o);

/* Puts a value into o's field of args, or gives it to add(). Returns 0,
 * ERR_PARSE, ERR_RANGE or add()'s error. */
int opt_set(const struct opt *o, void *args, const char *text);

#endif
