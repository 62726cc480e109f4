/* SPDX-License-Identifier: MIT */
/* test_buf.c - appends stay inside, and say so when they were cut */
#include "unit.h"

#include <limits.h>
#include <stdio.h>

#define ROOM 64

/* Every capacity from none to two bytes too many. */
static void
every_capacity_keeps_a_prefix_and_says_cut(void **state)
{
	static const char text[] = "hale: %s is 42% of \\\"x\\\"\n";
	const size_t whole = sizeof text - 1;

	(void)state;
	for (size_t cap = 0; cap <= whole + 2; cap++) {
		struct buf b = guarded_buf(cap);

		buf_str(&b, text);
		assert_int_equal(b.len, cap < whole ? cap : whole);
		assert_memory_equal(b.p, text, b.len);
		assert_int_equal(b.cut, cap < whole);
	}
}

static void
cut_stays_set_and_nothing_follows(void **state)
{
	struct buf b = guarded_buf(3);

	(void)state;
	buf_str(&b, "abcd");
	buf_str(&b, "");
	buf_add(&b, (struct span){ NULL, 0 });
	buf_str(&b, "e");
	assert_true(b.cut);
	assert_span_equal("abc", buf_span(&b));
}

static void
an_exact_fit_is_not_cut(void **state)
{
	struct buf b = guarded_buf(3);

	(void)state;
	buf_str(&b, "abc");
	assert_false(b.cut);
	buf_add(&b, (struct span){ NULL, 0 });
	assert_false(b.cut);
}

static void
text_of_a_full_buffer_loses_its_last_byte(void **state)
{
	struct buf b = guarded_buf(3);

	(void)state;
	buf_str(&b, "abc");
	assert_string_equal(buf_text(&b), "ab");
	assert_true(b.cut);
	assert_int_equal(b.len, 2);
}

static void
text_ends_what_fits_and_may_be_asked_twice(void **state)
{
	struct buf b = guarded_buf(4);

	(void)state;
	buf_str(&b, "abc");
	assert_string_equal(buf_text(&b), "abc");
	assert_string_equal(buf_text(&b), "abc");
	assert_false(b.cut);
}

static void
text_of_a_single_byte_is_empty(void **state)
{
	struct buf b = guarded_buf(1);

	(void)state;
	assert_string_equal(buf_text(&b), "");
	assert_false(b.cut);
}

static const struct number {
	const char *name;
	int64_t     n;
	const char *text;
} numbers[] = {
	{ "zero", 0, "0" },
	{ "one digit", 9, "9" },
	{ "two digits", 10, "10" },
	{ "minus one", -1, "-1" },
	{ "the largest", INT64_MAX, "9223372036854775807" },
	{ "the smallest", INT64_MIN, "-9223372036854775808" },
};

static void
writes_the_number(void **state)
{
	const struct number *r = *state;
	struct buf b = guarded_buf(ROOM);

	buf_int(&b, r->n);
	assert_span_equal(r->text, buf_span(&b));
}

static const struct number times[] = {
	{ "no time", 0, "0ms" },
	{ "below a second", 999, "999ms" },
	{ "one second", 1000, "1s" },
	{ "less than a tenth of a second more", 1099, "1s" },
	{ "seconds and a tenth", 1100, "1.1s" },
	{ "hundredths are left off", 1999, "1.9s" },
	{ "below ten seconds", 9999, "9.9s" },
	{ "from ten seconds on no tenths", 10900, "10s" },
	{ "below a minute", 59999, "59s" },
	{ "one minute", 60000, "1m" },
	{ "minutes and seconds", 125000, "2m5s" },
	{ "below an hour", 3599999, "59m59s" },
	{ "one hour", 3600000, "1h" },
	{ "an hour and seconds only", 3605000, "1h" },
	{ "hours and minutes", 3 * 3600000 + 120000, "3h2m" },
	{ "one day", 86400000, "1d" },
	{ "days and hours", INT64_C(99) * 3600000, "4d3h" },
	{ "ten thousand days", INT64_C(10000) * 86400000, "10000d" },
	{ "a time that lies behind", -5, "-5ms" },
};

static void
writes_the_time(void **state)
{
	const struct number *r = *state;
	struct buf b = guarded_buf(ROOM);

	buf_ms(&b, r->n);
	assert_span_equal(r->text, buf_span(&b));
}

static const struct json {
	const char *name, *text, *out;
} jsons[] = {
	{ "plain text stays", "ab /~", "ab /~" },
	{ "quotes and backslashes", "\"\\", "\\\"\\\\" },
	{ "controls", "\n\t\x01\x1f", "\\u000a\\u0009\\u0001\\u001f" },
	{ "DEL", "\x7f", "\\u007f" },
	{ "two bytes", "\xc3\xa4", "\xc3\xa4" },
	{ "the 8-bit controls, as UTF-8 has them", "\xc2\x80\xc2\x9b" "m\xc2\x9f",
	  "\\u0080\\u009bm\\u009f" },
	{ "the first of two bytes that is none", "\xc2\xa0", "\xc2\xa0" },
	{ "three bytes", "\xe2\x82\xac", "\xe2\x82\xac" },
	{ "the first of three bytes", "\xe0\xa0\x80", "\xe0\xa0\x80" },
	{ "just below the surrogates", "\xed\x9f\xbf", "\xed\x9f\xbf" },
	{ "just above the surrogates", "\xee\x80\x80", "\xee\x80\x80" },
	{ "four bytes", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
	{ "the last code point", "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" },
	{ "above the last", "\xf4\x90\x80\x80",
	  "\\ufffd\\ufffd\\ufffd\\ufffd" },
	{ "two bytes for one", "\xc0\xaf", "\\ufffd\\ufffd" },
	{ "two bytes for DEL", "\xc1\xbf", "\\ufffd\\ufffd" },
	{ "three bytes for two", "\xe0\x9f\xbf", "\\ufffd\\ufffd\\ufffd" },
	{ "four bytes for three", "\xf0\x8f\xbf\xbf",
	  "\\ufffd\\ufffd\\ufffd\\ufffd" },
	{ "a surrogate", "\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd" },
	{ "a lone continuation", "a\x80z", "a\\ufffdz" },
	{ "cut after one of two", "a\xc3", "a\\ufffd" },
	{ "cut after two of three", "\xe2\x82", "\\ufffd\\ufffd" },
	{ "cut after three of four", "\xf0\x9f\x98",
	  "\\ufffd\\ufffd\\ufffd" },
	{ "a quote inside a sequence", "\xe2\x82\"",
	  "\\ufffd\\ufffd\\\"" },
	{ "a byte that never occurs", "\xff\xfe", "\\ufffd\\ufffd" },
};

static void
escapes_for_json(void **state)
{
	const struct json *r = *state;
	struct buf b = guarded_buf(ROOM);

	buf_json(&b, guarded_span(r->text));
	assert_span_equal(r->out, buf_span(&b));
}

static void
a_NUL_is_escaped_for_json(void **state)
{
	struct buf b = guarded_buf(ROOM);

	(void)state;
	buf_json(&b, (struct span){ guarded("a\0b", 3), 3 });
	assert_span_equal("a\\u0000b", buf_span(&b));
}

static void
every_json_capacity_stays_inside(void **state)
{
	static const char text[] = "\"\\\n\xff\xc3\xa4\x80 x";
	static const char out[] = "\\\"\\\\\\u000a\\ufffd\xc3\xa4\\ufffd x";

	(void)state;
	for (size_t cap = 0; cap <= sizeof out; cap++) {
		struct buf b = guarded_buf(cap);

		buf_json(&b, guarded_span(text));
		assert_true(b.len <= cap);
		assert_int_equal(b.cut, cap < sizeof out - 1);
	}
}

static const struct json plains[] = {
	{ "plain text stays", "ab \"<\\~", "ab \"<\\~" },
	{ "controls", "\x1b[31m\n\t\x7f", "?[31m???" },
	{ "the 8-bit controls, as UTF-8 has them", "\xc2\x80\xc2\x9b" "31m\xc2\x9f",
	  "??31m?" },
	{ "the first that is none", "\xc2\xa0", "\xc2\xa0" },
	{ "the 8-bit controls as they are", "\x9b" "31m", "?31m" },
	{ "two, three and four bytes", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
	  "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" },
	{ "no UTF-8", "a\xff\xc0\xafz", "a???z" },
	{ "cut after one of two", "a\xc2", "a?" },
};

static void
is_made_plain(void **state)
{
	const struct json *r = *state;
	struct buf b = guarded_buf(ROOM);

	buf_plain(&b, guarded_span(r->text));
	assert_span_equal(r->out, buf_span(&b));
	assert_false(b.cut);
}

static void
plain_text_is_cut_between_its_sequences(void **state)
{
	static const char text[] = "x\xe2\x82\xac\xc3\xa4";
	static const size_t len_at[] = { 0, 1, 1, 1, 4, 4, 6 };

	(void)state;
	for (size_t cap = 0; cap < sizeof text; cap++) {
		struct buf b = guarded_buf(cap);

		buf_plain(&b, guarded_span(text));
		assert_int_equal(b.len, len_at[cap]);
		assert_int_equal(b.cut, cap < sizeof text - 1);
	}
}

static const struct json lined[] = {
	{ "nothing", "", "" },
	{ "one line without its end", "a\x1b", "a?" },
	{ "one line", "a\x9b\n", "a?\n" },
	{ "newlines stay and nothing else", "a\r\n\n\tb\n\xc3", "a?\n\n?b\n?" },
	{ "a sequence that a newline parts", "\xc3\n\xa4\n", "?\n?\n" },
};

static void
is_made_plain_by_lines(void **state)
{
	const struct json *r = *state;
	struct buf b = guarded_buf(ROOM);

	buf_plain_lines(&b, guarded_span(r->text));
	assert_span_equal(r->out, buf_span(&b));
	assert_false(b.cut);
}

static const struct ended {
	const char *name, *text;
	size_t      cap;
	const char *out;
} endeds[] = {
	{ "what fits stays", "abcdef", 6, "abcdef" },
	{ "one byte too many", "abcdefg", 6, "abc..." },
	{ "a sequence is taken whole", "ab\xe2\x82\xac" "de", 6, "ab..." },
	{ "a sequence that ends in time stays", "a\xc3\xa4" "defg", 6,
	  "a\xc3\xa4..." },
	{ "a sequence that did not fit", "abcd\xe2\x82\xac", 6, "abc..." },
	{ "the mark alone", "abcd", 3, "..." },
	{ "no room for the mark", "abc", 2, "ab" },
	{ "no room at all", "a", 0, "" },
};

static void
ends_by_its_mark(void **state)
{
	const struct ended *r = *state;
	struct buf b = guarded_buf(r->cap);

	buf_plain(&b, guarded_span(r->text));
	buf_end_cut(&b);
	assert_span_equal(r->out, buf_span(&b));
}

static void
formats_what_its_header_names(void **state)
{
	struct buf b = guarded_buf(256);
	char longs[64];

	(void)state;
	buf_fmt(&b, "%s|%d|%u|%c|%%|%lld|%llu|%.*s|", "s", -1, 2U, 'c',
	        LLONG_MIN, ULLONG_MAX, 2, guarded("xy", 2));
	assert_span_equal("s|-1|2|c|%|-9223372036854775808|"
	                  "18446744073709551615|xy|", buf_span(&b));
	b = guarded_buf(sizeof longs);
	buf_fmt(&b, "%ld|%lu|%d", LONG_MIN, ULONG_MAX, 7);
	snprintf(longs, sizeof longs, "%ld|%lu|%d", LONG_MIN, ULONG_MAX, 7);
	assert_span_equal(longs, buf_span(&b));
}

static void
formats_the_ends_of_an_int(void **state)
{
	struct buf b = guarded_buf(ROOM);

	(void)state;
	buf_fmt(&b, "%d %d %u", INT_MIN, INT_MAX, UINT_MAX);
	assert_span_equal("-2147483648 2147483647 4294967295", buf_span(&b));
}

static void
an_empty_span_may_lack_a_pointer(void **state)
{
	const char *volatile none = NULL;	/* unseen by the compiler */
	struct buf b = guarded_buf(ROOM);

	(void)state;
	buf_fmt(&b, "a%.*sb", 0, none);
	assert_span_equal("ab", buf_span(&b));
}

static void
a_byte_is_added_if_there_is_room(void **state)
{
	struct buf b = guarded_buf(2);

	(void)state;
	buf_byte(&b, 'a');
	buf_byte(&b, 0xffff);
	assert_false(b.cut);
	assert_memory_equal("a\xff", b.p, 2);
	buf_byte(&b, 'c');
	assert_true(b.cut);
	assert_int_equal(2, b.len);
	b = guarded_buf(0);
	buf_byte(&b, 0);
	assert_true(b.cut);
	assert_int_equal(0, b.len);
}

int
main(void)
{
	UNIT_TEST(every_capacity_keeps_a_prefix_and_says_cut);
	UNIT_TEST(cut_stays_set_and_nothing_follows);
	UNIT_TEST(an_exact_fit_is_not_cut);
	UNIT_TEST(text_of_a_full_buffer_loses_its_last_byte);
	UNIT_TEST(text_ends_what_fits_and_may_be_asked_twice);
	UNIT_TEST(text_of_a_single_byte_is_empty);
	UNIT_ROWS(writes_the_number, numbers);
	UNIT_ROWS(writes_the_time, times);
	UNIT_ROWS(escapes_for_json, jsons);
	UNIT_TEST(a_NUL_is_escaped_for_json);
	UNIT_TEST(every_json_capacity_stays_inside);
	UNIT_ROWS(is_made_plain, plains);
	UNIT_TEST(plain_text_is_cut_between_its_sequences);
	UNIT_ROWS(is_made_plain_by_lines, lined);
	UNIT_ROWS(ends_by_its_mark, endeds);
	UNIT_TEST(formats_what_its_header_names);
	UNIT_TEST(formats_the_ends_of_an_int);
	UNIT_TEST(an_empty_span_may_lack_a_pointer);
	UNIT_TEST(a_byte_is_added_if_there_is_room);
	return unit_run("base/buf");
}
