/* SPDX-License-Identifier: MIT */
/* test_sh_test.c - test and [ */
#include "unit.h"

#include "base/err.h"
#include "sh/test.h"

#define WORDS_MAX 12

/* A file is what its name has the letter of. */
static bool
file_is(char kind, const char *path)
{
	return strchr(path, kind) != NULL;
}

static const struct row {
	const char *name;
	int         want;
	const char *words[WORDS_MAX];
	const char *bad;
} rows[] = {
	{ "nothing", 0, { NULL }, NULL }, { "a string", 1, { "a" }, NULL },
	{ "an empty string", 0, { "" }, NULL },
	{ "an operator alone is a string", 1, { "-n" }, NULL },
	{ "-n", 1, { "-n", "a" }, NULL }, { "-n of nothing", 0, { "-n", "" }, NULL },
	{ "-z", 0, { "-z", "a" }, NULL }, { "-z of nothing", 1, { "-z", "" }, NULL },
	{ "equal", 1, { "a", "=", "a" }, NULL }, { "not equal", 0, { "a", "=", "b" }, NULL },
	{ "two signs", 1, { "a", "==", "a" }, NULL },
	{ "unequal", 1, { "a", "!=", "b" }, NULL }, { "the same", 0, { "a", "!=", "a" }, NULL },
	{ "operators as strings", 1, { "-n", "=", "-n" }, NULL },
	{ "a ! as a string", 1, { "!", "=", "!" }, NULL },
	{ "-eq", 1, { "07", "-eq", "+7" }, NULL }, { "-ne", 1, { "1", "-ne", "2" }, NULL },
	{ "-lt", 1, { "-5", "-lt", "3" }, NULL }, { "-lt, same", 0, { "3", "-lt", "3" }, NULL },
	{ "-le", 1, { "3", "-le", "3" }, NULL }, { "-le, more", 0, { "4", "-le", "3" }, NULL },
	{ "-gt", 1, { "10", "-gt", "9" }, NULL }, { "-gt, same", 0, { "9", "-gt", "9" }, NULL },
	{ "-ge", 1, { "9", "-ge", "9" }, NULL }, { "-ge, less", 0, { "8", "-ge", "9" }, NULL },
	{ "the largest", 1, { "9223372036854775807", "-gt", "0" }, NULL },
	{ "a file", 1, { "-f", "f" }, NULL }, { "no file", 0, { "-d", "f" }, NULL },
	{ "not", 0, { "!", "a" }, NULL }, { "not nothing", 1, { "!", "" }, NULL },
	{ "not not", 1, { "!", "!", "a" }, NULL },
	{ "not a file", 1, { "!", "-f", "x" }, NULL },
	{ "not equal by !", 1, { "!", "a", "=", "b" }, NULL },
	{ "a ! alone", 1, { "!" }, NULL },
	{ "and", 1, { "a", "-a", "-f", "f" }, NULL },
	{ "and not", 0, { "a", "-a", "-d", "f" }, NULL },
	{ "or", 1, { "", "-o", "b" }, NULL }, { "neither", 0, { "", "-o", "" }, NULL },
	{ "and binds", 1, { "a", "-o", "b", "-a", "" }, NULL },
	{ "and binds on the left", 0, { "", "-a", "b", "-o", "" }, NULL },
	{ "the smallest", 1, { "-9223372036854775807", "-lt", "0" }, NULL },
	{ "blanks before a number", ERR_PARSE, { " 1", "-eq", "1" }, " 1" },
	{ "blanks behind a number", ERR_PARSE, { "1", "-eq", "1\t" }, "1\t" },
	{ "an unknown one alone is a string", 1, { "-k" }, NULL },
	{ "a bracket alone is a string", 1, { "(" }, NULL },
	{ "an unknown one as a string", 1, { "-k", "=", "-k" }, NULL },
	{ "a file's mode", ERR_PARSE, { "-k", "f" }, "-k" },
	{ "not a file's mode", ERR_PARSE, { "!", "-k", "f" }, "-k" },
	{ "a file's mode behind an or", ERR_PARSE, { "a", "-o", "-t", "0" }, "-t" },
	{ "a ! that is one or the other", ERR_PARSE, { "!", "=", "=", "b" }, "!" },
	{ "an order of operators", ERR_PARSE, { "-f", ">", "(" }, ">" },
	{ "an age of operators", ERR_PARSE, { "-z", "-nt", "a", "-o", "b" }, "-nt" },
	{ "a bash one", ERR_PARSE, { "-a", "f" }, "-a" },
	{ "an order", ERR_PARSE, { "a", "<", "b" }, "<" },
	{ "an empty word too many", ERR_RANGE, { "a", "" }, "" },
	{ "an empty variable", ERR_RANGE, { "=", "a" }, "a" },
	{ "an empty number's place", ERR_RANGE, { "-eq", "1" }, "1" },
	{ "a sign alone", ERR_RANGE, { "-", "-eq", "1" }, "-" },
	{ "two signs before a number", ERR_PARSE, { "-+1", "-eq", "1" }, "-+1" },
	{ "too small a number", ERR_PARSE, { "-9223372036854775809", "-eq", "1" },
	  "-9223372036854775809" },
	{ "no number", ERR_RANGE, { "a", "-eq", "1" }, "a" },
	{ "no number on the right", ERR_RANGE, { "1", "-eq", "x" }, "x" },
	{ "too large a number", ERR_PARSE, { "1", "-eq", "9223372036854775808" },
	  "9223372036854775808" },
	{ "an empty number", ERR_RANGE, { "", "-eq", "1" }, "" },
	{ "no second word", ERR_RANGE, { "a", "=" }, "=" },
	{ "too many words", ERR_RANGE, { "a", "=", "b", "c" }, "c" },
	{ "nothing behind -a", ERR_RANGE, { "a", "=", "a", "-a" }, NULL },
	{ "nothing behind -o", ERR_RANGE, { "a", "=", "a", "-o" }, NULL },
	{ "age", ERR_PARSE, { "a", "-nt", "b" }, "-nt" },
	{ "brackets", ERR_PARSE, { "(", "a", ")" }, "(" },
};

static void
is_judged(void **state)
{
	const struct row *r = *state;
	char *argv[WORDS_MAX + 1] = { NULL };
	struct sh_test t = { .at = argv, .file_is = file_is };

	for (int i = 0; r->words[i] != NULL; i++)
		argv[i] = guarded_text(r->words[i]);
	assert_int_equal(r->want, sh_test(&t));
	if (r->want < 0 && r->bad == NULL)
		assert_null(*t.at);
	else if (r->want < 0)
		assert_string_equal(r->bad, *t.at);
}

int
main(void)
{
	UNIT_ROWS(is_judged, rows);
	return unit_run("sh/test");
}
