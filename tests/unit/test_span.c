/* SPDX-License-Identifier: MIT */
/* test_span.c - borrowed bytes, the empty one without a pointer included */
#include "unit.h"

static const struct cut {
	const char *name, *text, *head, *rest;
} cuts[] = {
	{ "cuts before the first mark", "a,b,c", "a", "b,c" },
	{ "without a mark all is the head", "abc", "abc", "" },
	{ "a mark at the start leaves an empty head", ",b", "", "b" },
	{ "a mark at the end leaves nothing", "a,", "a", "" },
	{ "nothing cut from nothing", "", "", "" },
};

static void
cuts_at_the_mark(void **state)
{
	const struct cut *c = *state;
	struct span rest = guarded_span(c->text);
	struct span head = span_cut(&rest, ',');

	assert_span_equal(c->head, head);
	assert_span_equal(c->rest, rest);
}

static void
a_span_without_a_pointer_is_empty(void **state)
{
	struct span none = { NULL, 0 }, rest = none;

	(void)state;
	assert_true(span_is(none, ""));
	assert_false(span_is(none, "x"));
	assert_true(span_is_equal(none, span_of("")));
	assert_false(span_is_equal(none, span_of("x")));
	assert_true(span_has_prefix(none, ""));
	assert_false(span_has_prefix(none, "x"));
	assert_int_equal(span_after(none, 0).len, 0);
	assert_int_equal(span_after(none, 5).len, 0);
	assert_int_equal(span_cut(&rest, ',').len, 0);
	assert_int_equal(rest.len, 0);
}

static void
equality_needs_the_same_length(void **state)
{
	struct span s = guarded_span("abc");

	(void)state;
	assert_true(span_is(s, "abc"));
	assert_false(span_is(s, "ab"));
	assert_false(span_is(s, "abcd"));
	assert_false(span_is(s, "abd"));
	assert_true(span_is_equal(s, guarded_span("abc")));
	assert_false(span_is_equal(s, guarded_span("ab")));
	assert_false(span_is_equal(s, guarded_span("abC")));
}

static void
words_are_the_same_in_any_case(void **state)
{
	(void)state;
	assert_true(span_is_word(guarded_span("Host"), "hOST"));
	assert_false(span_is_word(guarded_span("Host"), "hos"));
	assert_false(span_is_word(guarded_span("Host"), "hosts"));
	assert_true(span_is_same(guarded_span("A-b"), guarded_span("a-B")));
	assert_false(span_is_same(guarded_span("A-b"), guarded_span("a-c")));
	assert_true(span_is_word((struct span){ NULL, 0 }, ""));
}

static void
control_bytes_are_found(void **state)
{
	static const char bytes[] = { 0, 1, '\t', '\n', '\r', 0x1f, 0x7f };
	char text[] = "a-b";

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++) {
		text[1] = bytes[i];
		assert_true(span_has_control((struct span){
			guarded(text, 2), 2 }, false));
		assert_true(span_has_control((struct span){
			guarded(text, 3), 3 }, true));
		assert_false(span_has_control((struct span){
			guarded(text, 1), 1 }, true));
	}
	assert_false(span_has_control(guarded_span("a \x80\xff~"), false));
	assert_true(span_has_control(guarded_span("a "), true));
	assert_false(span_has_control(guarded_span("a!\xff~"), true));
}

static void
a_prefix_may_be_all_but_not_more(void **state)
{
	struct span s = guarded_span("abc");

	(void)state;
	assert_true(span_has_prefix(s, ""));
	assert_true(span_has_prefix(s, "ab"));
	assert_true(span_has_prefix(s, "abc"));
	assert_false(span_has_prefix(s, "abcd"));
}

static void
skipping_stops_at_the_end(void **state)
{
	struct span s = guarded_span("abc");

	(void)state;
	assert_span_equal("abc", span_after(s, 0));
	assert_span_equal("c", span_after(s, 2));
	assert_span_equal("", span_after(s, 3));
	assert_span_equal("", span_after(s, 4));
	assert_span_equal("", span_after(s, SIZE_MAX));
}

static const struct trimmed {
	const char *name, *text, *left;
} trims[] = {
	{ "nothing", "", "" },
	{ "only blanks", " \t ", "" },
	{ "no blank", "ab", "ab" },
	{ "blanks at both ends go, one inside stays", "\t a b \t", "a b" },
	{ "another byte is none", "\na", "\na" },
};

static void
trims_what_is_named(void **state)
{
	const struct trimmed *t = *state;

	assert_span_equal(t->left, span_trim(guarded_span(t->text), " \t"));
}

static void
a_nul_is_no_blank(void **state)
{
	static const char nul[] = { '\0' };

	(void)state;
	assert_int_equal(span_trim((struct span){ nul, 1 }, " ").len, 1);
}

static void
a_text_is_found_at_its_first_place(void **state)
{
	struct span s = guarded_span("aabaab");

	(void)state;
	assert_ptr_equal(s.p, span_find_text(s, "aab"));
	assert_ptr_equal(s.p + 1, span_find_text(s, "ab"));
	assert_ptr_equal(s.p + 2, span_find_text(s, "baab"));
	assert_ptr_equal(s.p, span_find_text(s, "aabaab"));
	assert_ptr_equal(s.p, span_find_text(s, ""));
	assert_null(span_find_text(s, "aabaabx"));
	assert_null(span_find_text(s, "bb"));
	assert_null(span_find_text((struct span){ s.p, 5 }, "baab"));
	assert_null(span_find_text((struct span){ NULL, 0 }, "a"));
}

static void
the_first_of_the_marks_is_found(void **state)
{
	static const char text[] = { 'a', '\0', 'b', 'c' };

	(void)state;
	assert_int_equal(0, span_find(guarded_span("ab"), "ba"));
	assert_int_equal(1, span_find(guarded_span("xab"), "ba"));
	assert_int_equal(2, span_find(guarded_span("ab"), "c"));
	assert_int_equal(2, span_find(guarded_span("ab"), ""));
	assert_int_equal(0, span_find((struct span){ NULL, 0 }, "a"));
	assert_int_equal(3, span_find((struct span){ text, 4 }, "c"));
}

static void
texts_in_a_row_are_counted_from_0(void **state)
{
	static const char row[] = "a\0bc\0\0d";

	(void)state;
	assert_string_equal("a", span_nth_text(guarded(row, sizeof row), 0));
	assert_string_equal("bc", span_nth_text(guarded(row, sizeof row), 1));
	assert_string_equal("", span_nth_text(guarded(row, sizeof row), 2));
	assert_string_equal("d", span_nth_text(guarded(row, sizeof row), 3));
}

int
main(void)
{
	UNIT_TEST(the_first_of_the_marks_is_found);
	UNIT_ROWS(trims_what_is_named, trims);
	UNIT_TEST(a_nul_is_no_blank);
	UNIT_TEST(a_text_is_found_at_its_first_place);
	UNIT_ROWS(cuts_at_the_mark, cuts);
	UNIT_TEST(a_span_without_a_pointer_is_empty);
	UNIT_TEST(equality_needs_the_same_length);
	UNIT_TEST(words_are_the_same_in_any_case);
	UNIT_TEST(control_bytes_are_found);
	UNIT_TEST(a_prefix_may_be_all_but_not_more);
	UNIT_TEST(skipping_stops_at_the_end);
	UNIT_TEST(texts_in_a_row_are_counted_from_0);
	return unit_run("base/span");
}
