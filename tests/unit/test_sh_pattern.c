/* SPDX-License-Identifier: MIT */
/* test_sh_pattern.c - grep's patterns, also beside the libc's */
#include "unit.h"

#include <regex.h>

#include "base/err.h"
#include "sh/pattern.h"

static const struct row {
	const char *name, *pattern, *line;
	unsigned    flags;
	bool        want;
} rows[] = {
	{ "a word", "b", "abc", 0, true }, { "another", "d", "abc", 0, false },
	{ "nothing matches all", "", "abc", 0, true }, { "nothing, nothing", "", "", 0, true },
	{ "it overlaps", "aab", "aaab", 0, true }, { "at the end", "bc", "abc", 0, true },
	{ "a point", "a.c", "abc", 0, true }, { "a point needs a byte", "c.", "abc", 0, false },
	{ "the start", "^a", "abc", 0, true }, { "not the start", "^b", "abc", 0, false },
	{ "the end", "c$", "abc", 0, true }, { "not the end", "b$", "abc", 0, false },
	{ "all of it", "^abc$", "abc", 0, true }, { "an empty line", "^$", "", 0, true },
	{ "not empty", "^$", "a", 0, false }, { "a ^ within", "a^b", "a^b", 0, true },
	{ "a $ within", "a$b", "a$b", 0, true },
	{ "stars", "ab*c", "ac abbbc", 0, true }, { "none", "xb*c", "xc", 0, true },
	{ "any", "a.*z", "a...z", 0, true }, { "a star first", "*a", "*a", 0, true },
	{ "a star behind ^", "^*a", "*a", 0, true }, { "a + is a byte", "a+", "a+", 0, true },
	{ "a + is no more", "a+$", "aa", 0, false }, { "\\+", "ba\\+$", "baa", 0, true },
	{ "\\+ needs one", "ba\\+", "b", 0, false }, { "\\?", "^ab\\?c$", "ac", 0, true },
	{ "a set", "[xyz]", "ay", 0, true }, { "not a set", "[^abc]", "abc", 0, false },
	{ "a range", "[0-9]", "a5", 0, true }, { "out of it", "[0-9]", "ab", 0, false },
	{ "any case of a set that is not", "^[^a]", "A", SH_ANY_CASE, false },
	{ "another of such a set", "^[^a]", "B", SH_ANY_CASE, true },
	{ "an extended $ in braces", "a$|b", "b", SH_EXTENDED, true },
	{ "a ] first", "[]x]", "]", 0, true }, { "a - last", "[a-]", "-", 0, true },
	{ "not a ]", "[^]]", "]", 0, false }, { "a class", "a[[:space:]]*b", "a \tb", 0, true },
	{ "a class beside others", "[x[:space:]_-]y", "_y", 0, true },
	{ "a set that repeats", "^[a-c]*$", "abcba", 0, true },
	{ "a \\ in a set", "[\\]", "\\", 0, true },
	{ "or", "green\\|yellow", "yellow", 0, true }, { "neither", "a\\|b", "c", 0, false },
	{ "or at the start", "^a\\|^b", "b", 0, true }, { "lines", "x\nb", "abc", 0, true },
	{ "escaped", "\\.\\*\\[\\$", ".*[$", 0, true }, { "not any", "a\\.c", "abc", 0, false },
	{ "braces are bytes", "{\"a\":1}", "{\"a\":1}", 0, true },
	{ "extended or", "a|b", "b", SH_EXTENDED, true },
	{ "extended +", "^ab+c$", "abbc", SH_EXTENDED, true },
	{ "extended ?", "\"s\": ?\"UP\"", "\"s\":\"UP\"", SH_EXTENDED, true },
	{ "an escaped |", "a\\|b", "b", SH_EXTENDED, false },
	{ "fixed", "a.*[", "xa.*[y", SH_FIXED, true }, { "fixed only", "a.c", "abc", SH_FIXED, false },
	{ "fixed lines", "x\nb", "abc", SH_FIXED, true },
	{ "fixed is before extended", "a|b", "a|b", SH_FIXED | SH_EXTENDED, true },
	{ "any case", "HeLLo", "hEllO", SH_ANY_CASE, true },
	{ "any case of sets", "[A-C]x", "bX", SH_ANY_CASE, true },
	{ "only of letters", "@", "`", SH_ANY_CASE, false },
	{ "its own case", "a", "A", 0, false },
	{ "bytes above", "\xc3\xa4", "x\xc3\xa4", 0, true },
	{ "repeats of repeats", "^a**b$", "aab", 0, true },
};

static bool
matches(const char *pattern, const char *line, unsigned flags)
{
	static struct sh_pattern m;
	bool found = false;

	memset(&m, 'x', sizeof m);
	assert_int_equal(0, sh_pattern_read(&m, guarded_text(pattern),
	                                    flags));
	for (int turn = 0; turn < 2; turn++) {	/* a line leaves nothing */
		for (const char *p = line; *p != '\0'; p++)
			(void)sh_pattern_step(&m, *p);
		if (turn == 0)
			found = sh_pattern_step(&m, '\n');
		else
			assert_int_equal(found, sh_pattern_step(&m, '\n'));
	}
	return found;
}

static void
is_matched(void **state)
{
	const struct row *r = *state;

	assert_int_equal(r->want, matches(r->pattern, r->line, r->flags));
}

static const struct bad {
	const char *name, *pattern, *bad;
	unsigned    flags;
} bads[] = {
	{ "a group", "a\\(b\\)", "\\(b\\)", 0 }, { "an extended one", "a(b)", "(b)", SH_EXTENDED },
	{ "an end of one", "a)", ")", SH_EXTENDED }, { "a bound", "a\\{2\\}", "\\{2\\}", 0 },
	{ "an extended one", "a{2}", "{2}", SH_EXTENDED }, { "a reference", "a\\1", "\\1", 0 },
	{ "a word", "\\w", "\\w", 0 }, { "its start", "\\<a", "\\<a", 0 },
	{ "a \\ at the end", "a\\", "\\", 0 }, { "an open set", "a[b", "[b", 0 },
	{ "an open empty one", "a[]", "[]", 0 }, { "another class", "[[:x:]]", "[[:x:]]", 0 },
	{ "a range that is upside down", "a[z-a]", "[z-a]", 0 },
	{ "equals", "[[=a=]]", "[[=a=]]", 0 }, { "a name", "[[.a.]]", "[[.a.]]", 0 },
	{ "a range to a name", "[a-[.z.]]", "[a-[.z.]]", 0 },
	{ "a set over two lines", "[a\nb]", "[a\nb]", 0 },
	{ "a + behind ^", "^\\+", "\\+", 0 }, { "a ? behind ^", "^\\?", "\\?", 0 },
	{ "a + first", "\\+a", "\\+a", 0 }, { "a ? behind or", "a\\|\\?", "\\?", 0 },
	{ "an extended * behind ^", "^*a", "*a", SH_EXTENDED },
	{ "an extended * behind or", "a|*b", "*b", SH_EXTENDED },
	{ "an extended * first", "*b", "*b", SH_EXTENDED },
	{ "an extended + first", "+b", "+b", SH_EXTENDED },
	{ "an extended ? behind ^", "^?b", "?b", SH_EXTENDED },
	{ "an extended * behind $", "a$*", "*", SH_EXTENDED },
	{ "a class that is open", "[[:space:]", "[[:space:]", 0 },
};

static void
is_refused(void **state)
{
	const struct bad *r = *state;
	static struct sh_pattern m;
	int err = sh_pattern_read(&m, guarded_text(r->pattern), r->flags);

	assert_int_equal(strcmp(r->bad, "[b") == 0 ? ERR_SHORT : ERR_PARSE,
	                 err);
	assert_string_equal(r->bad, m.p);
}

static int
read_long(size_t n)
{
	static struct sh_pattern m;
	char text[SH_PATTERN_MAX + 2];

	memset(text, '|', n);
	text[n] = '\0';
	return sh_pattern_read(&m, guarded_text(text), SH_EXTENDED);
}

static void
a_pattern_has_a_bound(void **state)
{
	(void)state;
	assert_int_equal(0, read_long(SH_PATTERN_MAX - 1));
	assert_int_equal(0, read_long(SH_PATTERN_MAX));
	assert_int_equal(ERR_TOOBIG, read_long(SH_PATTERN_MAX + 1));
}

/* Patterns of these, all of up to four, to lines of a, b and c. */
static void
it_matches_as_the_libc_does(void **state)
{
	static const char *const parts[] = {
		"a", "b", ".", "a*", "[ab]", "b+", "c?", "|", "[^a]", "b*",
	};
	static const char *const lines[] = {
		"", "a", "b", "ab", "ba", "aab", "abc", "cab", "bbbc", "cccc",
	};

	(void)state;
	for (unsigned n = 0; n < 10000; n++) {
		char text[32];
		struct buf b = buf_over(text, sizeof text);
		regex_t re;

		if (n % 2 == 0)
			buf_str(&b, "^");
		for (unsigned rest = n; rest > 0; rest /= 10)
			buf_str(&b, parts[rest % 10]);
		if (n % 3 == 0)
			buf_str(&b, "$");
		(void)buf_text(&b);
		if (regcomp(&re, text, REG_EXTENDED | REG_NOSUB) != 0)
			continue;	/* musl has no empty alternative */
		for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
			bool want = regexec(&re, lines[i], 0, NULL, 0) == 0;

			if (matches(text, lines[i], SH_EXTENDED) != want)
				fail_msg("%s of %s", text, lines[i]);
		}
		regfree(&re);
	}
}

int
main(void)
{
	UNIT_ROWS(is_matched, rows);
	UNIT_ROWS(is_refused, bads);
	UNIT_TEST(a_pattern_has_a_bound);
	UNIT_TEST(it_matches_as_the_libc_does);
	return unit_run("sh/pattern");
}
