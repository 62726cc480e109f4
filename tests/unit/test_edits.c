/* SPDX-License-Identifier: MIT */
/* test_edits.c - how far a word is from another */
#include "base/edits.h"

#include <limits.h>

#include "unit.h"

static const struct row {
	const char *name;
	const char *a, *b;
	unsigned    edits;
} rows[] = {
	{ "two empty words", "", "", 0 },
	{ "all is missing", "", "abc", 3 },
	{ "all is too much", "abc", "", 3 },
	{ "the same", "abc", "abc", 0 },
	{ "another byte", "abc", "abd", 1 },
	{ "one is missing", "abc", "ab", 1 },
	{ "one is too much", "abc", "abcd", 1 },
	{ "the first two swapped", "ba", "ab", 1 },
	{ "the last two swapped", "chekc", "check", 1 },
	{ "two swapped in the middle", "outptu", "output", 1 },
	{ "swapped with one between", "cba", "abc", 2 },
	{ "moved by two", "bca", "abc", 2 },
	{ "a little of all", "kitten", "sitting", 3 },
};

static void
are_so_many_edits(void **state)
{
	const struct row *r = *state;
	struct span a = span_of(guarded_text(r->a));
	struct span b = span_of(guarded_text(r->b));

	assert_int_equal(edits_between(a, b), r->edits);
	assert_int_equal(edits_between(b, a), r->edits);
}

static void
a_word_may_have_so_many_bytes(void **state)
{
	static const char xs[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
	const struct span longest = { xs, EDITS_WORD_MAX };
	const struct span shorter = { xs, EDITS_WORD_MAX - 1 };
	const struct span longer = { xs, EDITS_WORD_MAX + 1 };

	(void)state;
	assert_int_equal(edits_between(longest, shorter), 1);
	assert_int_equal(edits_between(longest, longest), 0);
	assert_int_equal(edits_between(longest, longer), UINT_MAX);
	assert_int_equal(edits_between(longer, longest), UINT_MAX);
}

int
main(void)
{
	UNIT_ROWS(are_so_many_edits, rows);
	UNIT_TEST(a_word_may_have_so_many_bytes);
	return unit_run("base/edits");
}
