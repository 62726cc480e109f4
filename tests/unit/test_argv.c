/* SPDX-License-Identifier: MIT */
/* a command line in one text to its words */
#include "unit.h"

#include "base/err.h"
#include "client/argv.h"

#define ROOM 64

static const struct row {
	const char *name, *text, *want[4];
} rows[] = {
	{ "blanks part words", "a b  c", { "a", "b", "c" } },
	{ "blanks around", " \ta\n", { "a" } },
	{ "tab and newline part", "a\tb\nc", { "a", "b", "c" } },
	{ "other controls do not", "a\vb\rc", { "a\vb\rc" } },
	{ "single quotes", "a 'b  c'", { "a", "b  c" } },
	{ "double quotes hold single ones", "a \"b 'c\"", { "a", "b 'c" } },
	{ "single quotes hold double ones", "a 'b \"c'", { "a", "b \"c" } },
	{ "no escape in single quotes", "a 'b\\c'", { "a", "b\\c" } },
	{ "an escape in double quotes", "a \"b\\\"c\"", { "a", "b\"c" } },
	{ "an escaped blank", "a\\ b c", { "a b", "c" } },
	{ "an escaped backslash", "a\\\\ b", { "a\\", "b" } },
	{ "pieces join", "a b'c'\"d\"e", { "a", "bcde" } },
	{ "an empty word", "a ''", { "a", "" } },
	{ "nothing is expanded", "a $HOME * |", { "a", "$HOME", "*", "|" } },
};

static void
is_split(void **state)
{
	const struct row *r = *state;
	struct buf room = guarded_buf(strlen(r->text) + 1);
	char *argv[ARGV_MAX + 1];
	size_t i = 0;

	assert_int_equal(0, argv_split(argv, &room, guarded_span(r->text)));
	for (; i < 4 && r->want[i] != NULL; i++)
		assert_string_equal(r->want[i], argv[i]);
	assert_null(argv[i]);
}

static const struct bad {
	const char *name, *text;
	int         err;
} bads[] = {
	{ "nothing", "", ERR_PARSE }, { "only blanks", " \t\n", ERR_PARSE },
	{ "an empty program", "'' a", ERR_PARSE },
	{ "an open double quote", "a \"b", ERR_QUOTE },
	{ "an open single quote", "a 'b", ERR_QUOTE },
	{ "a quote closed by the other kind", "a 'b\"", ERR_QUOTE },
	{ "a backslash at the end", "a\\", ERR_QUOTE },
	{ "a backslash at the end of a quote", "\"a\\", ERR_QUOTE },
};

static void
is_refused(void **state)
{
	const struct bad *r = *state;
	struct buf room = guarded_buf(ROOM);
	char *argv[ARGV_MAX + 1];

	assert_int_equal(r->err,
	                 argv_split(argv, &room, guarded_span(r->text)));
}

static void
a_nul_is_refused(void **state)
{
	struct buf room = guarded_buf(ROOM);
	char *argv[ARGV_MAX + 1];

	(void)state;
	assert_int_equal(ERR_PARSE, argv_split(argv, &room, (struct span){
		guarded("a\0b", 3), 3 }));
}

/* n words of one byte. */
static int
split_many(size_t n)
{
	static char text[2 * (ARGV_MAX + 1)];
	struct buf room = guarded_buf(sizeof text);
	char *argv[ARGV_MAX + 1];

	memset(text, ' ', sizeof text);
	for (size_t i = 0; i < n; i++)
		text[2 * i] = 'a';
	return argv_split(argv, &room, (struct span){ text, 2 * n });
}

static void
there_may_be_argv_max_words(void **state)
{
	(void)state;
	assert_int_equal(0, split_many(ARGV_MAX - 1));
	assert_int_equal(0, split_many(ARGV_MAX));
	assert_int_equal(ERR_TOOBIG, split_many(ARGV_MAX + 1));
}

/* A word of len bytes, where the room holds `cap` beside what it has. */
static int
split_long(size_t len, size_t cap)
{
	static char text[ARGV_TEXT_MAX + 1];
	struct buf room = guarded_buf(cap + 3);
	char *argv[ARGV_MAX + 1];
	int r;

	memset(text, 'a', sizeof text);
	buf_str(&room, "abc");
	r = argv_split(argv, &room, (struct span){ text, len });
	if (r == 0)
		assert_int_equal(len, strlen(argv[0]));
	return r;
}

static void
words_may_have_argv_text_max_bytes(void **state)
{
	(void)state;
	assert_int_equal(0, split_long(ARGV_TEXT_MAX - 2, 8000));
	assert_int_equal(0, split_long(ARGV_TEXT_MAX - 1, 8000));
	assert_int_equal(ERR_TOOBIG, split_long(ARGV_TEXT_MAX, 8000));
}

static void
words_must_fit_their_room(void **state)
{
	(void)state;
	assert_int_equal(0, split_long(9, 11));
	assert_int_equal(0, split_long(9, 10));
	assert_int_equal(ERR_TOOBIG, split_long(9, 9));
}

int
main(void)
{
	UNIT_ROWS(is_split, rows);
	UNIT_ROWS(is_refused, bads);
	UNIT_TEST(a_nul_is_refused);
	UNIT_TEST(there_may_be_argv_max_words);
	UNIT_TEST(words_may_have_argv_text_max_bytes);
	UNIT_TEST(words_must_fit_their_room);
	return unit_run("client/argv");
}
