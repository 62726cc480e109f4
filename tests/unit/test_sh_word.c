/* SPDX-License-Identifier: MIT */
/* test_sh_word.c - the words of a simple command */
#include "unit.h"

#include "base/err.h"
#include "sh/word.h"

static char *env[] = {
	"A=one", "B=two  words", "E=", "Q='q\" $A", "AB=x", NULL,
};

static void
prepare(struct sh_command *c, const char *line)
{
	memset(c, 'x', sizeof *c);
	c->env = env;
	c->status = 107;
	c->p = guarded_text(line);
}

static const struct row {
	const char *name, *line, *words;	/* words: a | behind each */
} rows[] = {
	{ "plain words", "a b\tc", "a|b|c|" },
	{ "nothing", "", "" }, { "blanks", " \t ", "" },
	{ "a comment", "a # b", "a|" }, { "no comment", "a#b", "a#b|" },
	{ "single quotes", "'a b' 'c\\d$A`'", "a b|c\\d$A`|" },
	{ "double quotes", "\"a b\"'c'", "a bc|" },
	{ "empty quotes", "'' \"\"", "||" },
	{ "a quoted newline", "'a\nb'", "a\nb|" },
	{ "backslashes", "a\\ b \\' \\$A", "a b|'|$A|" },
	{ "backslashes in quotes", "\"\\$ \\\" \\\\ \\a\"", "$ \" \\ \\a|" },
	{ "a line goes on", "a\\\nb \\\n c", "ab|c|" },
	{ "patterns stay", "* a? [b]", "*|a?|[b]|" },
	{ "a variable", "$A ${A} \"$A\"", "one|one|one|" },
	{ "the longest name", "$AB ${A}B", "x|oneB|" },
	{ "a variable is split", "$B", "two|words|" },
	{ "and joins its ends", "1${B}2", "1two|words2|" },
	{ "within quotes it is not", "\"$B\"", "two  words|" },
	{ "an empty one vanishes", "$E $NONE a", "a|" },
	{ "but not in quotes", "\"$E\" a", "|a|" },
	{ "quotes from a variable are bytes", "$Q", "'q\"|$A|" },
	{ "the status", "$? ${?}1 \"$?\"", "107|1071|107|" },
	{ "a status that is not needed", "${A:-$?}", "one|" },
	{ "a $ alone", "$ a$ \"$\" $/", "$|a$|$|$/|" },
	{ "a default", "${NONE-d} ${NONE:-d} ${A-d}", "d|d|one|" },
	{ "a default for what is empty", "x${E-d} ${E:-d}", "x|d|" },
	{ "a default in words", "${NONE:-a b}", "a|b|" },
	{ "a default in quotes", "${NONE:-\"a b\"} \"${NONE:-c d}\"", "a b|c d|" },
	{ "single quotes in a default", "${NONE:-'a}b'}", "a}b|" },
	{ "a default in a default", "${NONE:-${NONE-$A}x}", "onex|" },
	{ "a value for what is set", "${A+v} x${NONE+v} x${E:+v}", "v|x|x|" },
	{ "what is not needed has no words", "${A:-b c '' \"d\"}", "one|" },
	{ "braces alone", "{a,b} {} }", "{a,b}|{}|}|" },
	{ "redirections are not words", "a >/dev/null b 2>&1", "a|b|" },
	{ "a number that is one", "a 2 >/dev/null", "a|2|" },
	{ "a number that is part of one", "a2>/dev/null", "a2|" },
	{ "other languages", "\xc3\xa4 \xff", "\xc3\xa4|\xff|" },
};

static void
is_read(void **state)
{
	const struct row *r = *state;
	static struct sh_command c;
	char text[256];
	struct buf b = buf_over(text, sizeof text);

	prepare(&c, r->line);
	assert_int_equal(0, sh_command_read(&c, false));
	for (unsigned i = 0; i < c.n; i++)
		buf_fmt(&b, "%s|", c.argv[i]);
	assert_string_equal(r->words, buf_text(&b));
	assert_null(c.argv[c.n]);
	assert_int_equal('\0', *c.p);
}

static const struct end {
	const char *name, *line, *rest;
} ends[] = {
	{ "at a ;", "a b;c", ";c" }, { "at a pipe", "a|b", "|b" },
	{ "at an ampersand", "a&&b", "&&b" }, { "at a newline", "a\nb", "\nb" },
	{ "at a brace", "a(b", "(b" }, { "at its start", ")a", ")a" },
	{ "not within quotes", "'a;b';", ";" },
	{ "not within braces", "${A:-;}|", "|" },
};

static void
ends_there(void **state)
{
	const struct end *r = *state;
	static struct sh_command c;

	prepare(&c, r->line);
	assert_int_equal(0, sh_command_read(&c, true));
	assert_string_equal(r->rest, c.p);
}

static const struct bad {
	const char *name, *line, *rest;
	int         err;
} bads[] = {
	{ "an open single quote", "a 'b", "'b", ERR_QUOTE },
	{ "an open double quote", "a \"b", "\"b", ERR_QUOTE },
	{ "an open brace", "a ${A:-b", "${A:-b", ERR_QUOTE },
	{ "a \\ at the end", "a \\", "\\", ERR_QUOTE },
	{ "a substitution", "a $(b)", "$(b)", ERR_PARSE },
	{ "in quotes", "a \"$(b)\"", "\"$(b)\"", ERR_PARSE },
	{ "in a default", "${A-$(b)}", "${A-$(b)}", ERR_PARSE },
	{ "backquotes", "a `b`", "`b`", ERR_PARSE },
	{ "an assignment", "${A=b}", "${A=b}", ERR_PARSE },
	{ "a length", "${#A}", "${#A}", ERR_PARSE },
	{ "a suffix", "${A%b}", "${A%b}", ERR_PARSE },
	{ "a default for the status", "a ${?-1}", "${?-1}", ERR_PARSE },
	{ "no name", "${}", "${}", ERR_PARSE },
	{ "no name, no end", "${", "${", ERR_PARSE },
	{ "an argument", "$1", "$1", ERR_PARSE },
	{ "all arguments", "\"$@\"", "\"$@\"", ERR_PARSE },
	{ "a process", "$$", "$$", ERR_PARSE },
	{ "a home", "a ~", "~", ERR_PARSE },
	{ "a control byte", "a b\x01", "\x01", ERR_PARSE },
	{ "a file", "a >b", "b", ERR_PARSE },
	{ "a file behind blanks", "a > b", "b", ERR_PARSE },
	{ "no file", "a >", "", ERR_PARSE },
	{ "another of /dev", "a >/dev/nulls", ">/dev/nulls", ERR_PARSE },
	{ "another descriptor", "a 3>/dev/null", "3>/dev/null", ERR_PARSE },
	{ "two digits", "a 12>/dev/null", "12>/dev/null", ERR_PARSE },
	{ "from another", "a 2>&3", "2>&3", ERR_PARSE },
	{ "from nowhere", "a 2>&", "2>&", ERR_PARSE },
	{ "closed", "a 2>&-", "2>&-", ERR_PARSE },
	{ "from two digits", "a 2>&11", "2>&11", ERR_PARSE },
	{ "a document", "a <<b", "<<b", ERR_PARSE },
	{ "both ways", "a <>/dev/null", "<>/dev/null", ERR_PARSE },
};

static void
is_refused(void **state)
{
	const struct bad *r = *state;
	static struct sh_command c;

	prepare(&c, r->line);
	assert_int_equal(r->err, sh_command_read(&c, false));
	assert_string_equal(r->rest, c.p);
}

static void
redirections_are_kept_in_order(void **state)
{
	static const struct sh_redir want[] = {
		{ 1, SH_NULL }, { 2, 1 }, { 0, SH_NULL }, { 1, 2 }, { 2, SH_NULL },
	};
	static struct sh_command c;

	(void)state;
	prepare(&c, ">/dev/null 2>&1 a </dev/null >&2 2>> /dev/null");
	assert_int_equal(0, sh_command_read(&c, false));
	assert_int_equal(5, c.n_redirs);
	assert_memory_equal(want, c.redirs, sizeof want);
}

static void
the_first_word_with_a_variable_is_known(void **state)
{
	static const struct { const char *line; unsigned at; } cases[] = {
		{ "a b", SH_WORDS_MAX + 1 }, { "$A", 0 }, { "a$A b", 0 },
		{ "a $A", 1 }, { "'a' b\"$A\" $A", 1 }, { "\"$A\"", 0 },
	};
	static struct sh_command c;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		prepare(&c, cases[i].line);
		assert_int_equal(0, sh_command_read(&c, true));
		assert_int_equal(cases[i].at, c.var_at);
	}
}

static void
the_first_word_that_could_find_files_is_known(void **state)
{
	static const struct { const char *line; unsigned at; } cases[] = {
		{ "a b", SH_WORDS_MAX + 1 }, { "[ b ]", SH_WORDS_MAX + 1 },
		{ "a '*' \"?\" \\[", SH_WORDS_MAX + 1 }, { "a b*", 1 },
		{ "a b ?", 2 }, { "a ''[x] *", 1 }, { "[ [ ]", 1 },
		{ "a ${NONE:-*}", 1 }, { "a \"${NONE:-*}\"", SH_WORDS_MAX + 1 },
		{ "* b", SH_WORDS_MAX + 1 },
	};
	static struct sh_command c;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		prepare(&c, cases[i].line);
		assert_int_equal(0, sh_command_read(&c, false));
		assert_int_equal(cases[i].at, c.glob_at);
	}
}

static int
read_many(const char *piece, size_t n)
{
	static struct sh_command c;
	static char line[2 * SH_TEXT_MAX];
	struct buf b = buf_over(line, sizeof line);

	for (size_t i = 0; i < n; i++)
		buf_str(&b, piece);
	prepare(&c, buf_text(&b));
	return sh_command_read(&c, false);
}

static void
a_command_has_bounds(void **state)
{
	(void)state;
	assert_int_equal(0, read_many(" a", SH_WORDS_MAX - 1));
	assert_int_equal(0, read_many(" a", SH_WORDS_MAX));
	assert_int_equal(ERR_TOOBIG, read_many(" a", SH_WORDS_MAX + 1));
	assert_int_equal(0, read_many("a", SH_TEXT_MAX - 2));
	assert_int_equal(0, read_many("a", SH_TEXT_MAX - 1));
	assert_int_equal(ERR_TOOBIG, read_many("a", SH_TEXT_MAX));
	assert_int_equal(0, read_many(">&2 ", SH_REDIRS_MAX));
	assert_int_equal(ERR_TOOBIG, read_many(">&2 ", SH_REDIRS_MAX + 1));
	assert_int_equal(ERR_QUOTE, read_many("${NONE-", SH_QUOTES_MAX));
	assert_int_equal(ERR_FULL, read_many("${NONE-", SH_QUOTES_MAX + 1));
}

int
main(void)
{
	UNIT_ROWS(is_read, rows);
	UNIT_ROWS(ends_there, ends);
	UNIT_ROWS(is_refused, bads);
	UNIT_TEST(redirections_are_kept_in_order);
	UNIT_TEST(the_first_word_with_a_variable_is_known);
	UNIT_TEST(the_first_word_that_could_find_files_is_known);
	UNIT_TEST(a_command_has_bounds);
	return unit_run("sh/word");
}
