/* SPDX-License-Identifier: MIT */
/* test_parse.c - numbers, durations and truth values */
#include "unit.h"

#include <ctype.h>
#include <limits.h>

#include "base/err.h"
#include "base/parse.h"

#define UNTOUCHED 4242

static const struct uint_row {
	const char *name, *text;
	uint64_t    max;
	int         r;
	uint64_t    out;
} uints[] = {
	{ "zero", "0", 10, 0, 0 },
	{ "below the bound", "9", 10, 0, 9 },
	{ "at the bound", "10", 10, 0, 10 },
	{ "above the bound", "11", 10, ERR_RANGE, UNTOUCHED },
	{ "leading zeros", "0008", 10, 0, 8 },
	{ "the largest", "18446744073709551615", UINT64_MAX, 0, UINT64_MAX },
	{ "one more than the largest", "18446744073709551616", UINT64_MAX,
	  ERR_RANGE, UNTOUCHED },
	{ "ten times the largest", "184467440737095516150", UINT64_MAX,
	  ERR_RANGE, UNTOUCHED },
	{ "no digit", "", 10, ERR_PARSE, UNTOUCHED },
	{ "a sign", "+1", 10, ERR_PARSE, UNTOUCHED },
	{ "a minus", "-1", 10, ERR_PARSE, UNTOUCHED },
	{ "a blank before", " 1", 10, ERR_PARSE, UNTOUCHED },
	{ "a blank behind", "1 ", 10, ERR_PARSE, UNTOUCHED },
	{ "hexadecimal", "0x1", 10, ERR_PARSE, UNTOUCHED },
	{ "a point", "1.0", 10, ERR_PARSE, UNTOUCHED },
	{ "long and malformed is malformed", "99999999999999999999999x", 10,
	  ERR_PARSE, UNTOUCHED },
};

static void
reads_the_number(void **state)
{
	const struct uint_row *r = *state;
	uint64_t out = UNTOUCHED;

	assert_int_equal(parse_uint(guarded_text(r->text), r->max, &out), r->r);
	assert_true(out == r->out);
	out = UNTOUCHED;
	assert_int_equal(parse_uint_span(guarded_span(r->text), r->max, &out),
	                 r->r);
	assert_true(out == r->out);
}

static const struct ms_row {
	const char *name, *text;
	int         r;
	int64_t     out;
} durations[] = {
	{ "milliseconds", "250ms", 0, 250 },
	{ "seconds", "5s", 0, 5000 },
	{ "minutes", "2m", 0, 120000 },
	{ "hours", "1h", 0, 3600000 },
	{ "a bare number is seconds", "3", 0, 3000 },
	{ "nothing of a unit", "0h", 0, 0 },
	{ "half a second", "0.5s", 0, 500 },
	{ "a bare fraction is seconds", "1.25", 0, 1250 },
	{ "a fraction finer than milliseconds is cut", "0.0019s", 0, 1 },
	{ "a fraction of a millisecond is cut", "1.9ms", 0, 1 },
	{ "a fraction of an hour to the millisecond", "1.0001h", 0, 3600360 },
	{ "a long fraction of a minute", "0.33335m", 0, 20001 },
	{ "a very long fraction", "0.99999999999999999999999999s", 0, 999 },
	{ "days and no more", "240000h", 0, PARSE_MS_MAX },
	{ "a second less than the bound", "863999999s", 0,
	  PARSE_MS_MAX - 1000 },
	{ "a millisecond less than the bound", "863999999999ms", 0,
	  PARSE_MS_MAX - 1 },
	{ "the bound in milliseconds", "864000000000ms", 0, PARSE_MS_MAX },
	{ "a millisecond more than the bound", "864000000001ms", ERR_RANGE,
	  UNTOUCHED },
	{ "an hour more than the bound", "240001h", ERR_RANGE, UNTOUCHED },
	{ "a fraction above the bound", "864000000.001s", ERR_RANGE,
	  UNTOUCHED },
	{ "a number that no type holds", "99999999999999999999999s",
	  ERR_RANGE, UNTOUCHED },
	{ "a minute and a half as Docker writes it", "1m30s", 0, 90000 },
	{ "Go's own example", "1h2m3.5s", 0, 3723500 },
	{ "hours and minutes", "2h45m", 0, 9900000 },
	{ "a fraction of hours", "1.5h", 0, 5400000 },
	{ "hours that are no minutes", "1h0m0s", 0, 3600000 },
	{ "minutes and milliseconds", "1m300ms", 0, 60300 },
	{ "all units", "1h1m1s1ms1000us1000000ns", 0, 3661003 },
	{ "micro with its sign", "1500\xc2\xb5s", 0, 1 },
	{ "micro with the Greek letter", "3000\xce\xbcs", 0, 3 },
	{ "parts below a millisecond add up", "999us1000ns", 0, 1 },
	{ "a millisecond in nanoseconds", "1000000ns", 0, 1 },
	{ "a nanosecond less than a millisecond", "999999ns", ERR_RANGE,
	  UNTOUCHED },
	{ "less than a millisecond in seconds", "0.0001", ERR_RANGE, UNTOUCHED },
	{ "less than a nanosecond", "0.5ns", ERR_RANGE, UNTOUCHED },
	{ "less than a nanosecond in seconds", "0.0000000001", ERR_RANGE,
	  UNTOUCHED },
	{ "nothing in many digits", "0.00000000000s", 0, 0 },
	{ "nothing of the smallest unit", "0ns", 0, 0 },
	{ "the bound in nanoseconds", "864000000000000000ns", 0, PARSE_MS_MAX },
	{ "a nanosecond more than the bound", "864000000000000001ns", ERR_RANGE,
	  UNTOUCHED },
	{ "two parts that pass the bound", "240000h1ns", ERR_RANGE, UNTOUCHED },
	{ "parts at their bounds, which a sum could overflow",
	  "240000h14400000m864000000s864000000000ms864000000000000us"
	  "864000000000000000ns", ERR_RANGE, UNTOUCHED },
	{ "units in another order than people write", "1s2m", ERR_PARSE,
	  UNTOUCHED },
	{ "a unit twice", "1s1s", ERR_PARSE, UNTOUCHED },
	{ "both names of a unit", "1us1\xc2\xb5s", ERR_PARSE, UNTOUCHED },
	{ "a point without digits behind", "1.s", ERR_PARSE, UNTOUCHED },
	{ "a point without digits before", ".5s", ERR_PARSE, UNTOUCHED },
	{ "too long and then in range", "240001h1s", ERR_RANGE, UNTOUCHED },
	{ "too long and then malformed", "240001h1x", ERR_PARSE, UNTOUCHED },
	{ "a number without a unit behind one with it", "1m30", ERR_PARSE,
	  UNTOUCHED },
	{ "a unit without a number between", "1ms s", ERR_PARSE, UNTOUCHED },
	{ "two units for one number", "1hm", ERR_PARSE, UNTOUCHED },
	{ "half of the micro sign", "1\xc2s", ERR_PARSE, UNTOUCHED },
	{ "a minus in the middle", "1h-2m", ERR_PARSE, UNTOUCHED },
	{ "a point alone", ".", ERR_PARSE, UNTOUCHED },
	{ "a point and a unit", ".s", ERR_PARSE, UNTOUCHED },
	{ "nothing", "", ERR_PARSE, UNTOUCHED },
	{ "a unit alone", "s", ERR_PARSE, UNTOUCHED },
	{ "two points", "1.2.3s", ERR_PARSE, UNTOUCHED },
	{ "a unit that is none", "1d", ERR_PARSE, UNTOUCHED },
	{ "a unit in capitals", "1S", ERR_PARSE, UNTOUCHED },
	{ "a blank before the unit", "1 s", ERR_PARSE, UNTOUCHED },
	{ "a minus", "-1s", ERR_PARSE, UNTOUCHED },
	{ "a blank behind", "1s ", ERR_PARSE, UNTOUCHED },
	{ "an exponent", "1e3", ERR_PARSE, UNTOUCHED },
};

static void
reads_the_duration(void **state)
{
	const struct ms_row *r = *state;
	int64_t out = UNTOUCHED;

	assert_int_equal(parse_ms(guarded_text(r->text), &out), r->r);
	assert_true(out == r->out);
}

static const struct bool_row {
	const char *name, *text;
	int         r;
	bool        out;
} truths[] = {
	{ "one is true", "1", 0, true },
	{ "true is true", "true", 0, true },
	{ "YES in capitals is true", "YES", 0, true },
	{ "On is true", "On", 0, true },
	{ "zero is false", "0", 0, false },
	{ "False is false", "False", 0, false },
	{ "no is false", "no", 0, false },
	{ "OFF is false", "OFF", 0, false },
	{ "nothing is neither", "", ERR_PARSE, false },
	{ "two is neither", "2", ERR_PARSE, false },
	{ "a start of a word is neither", "tru", ERR_PARSE, false },
	{ "more than a word is neither", "true ", ERR_PARSE, false },
};

static void
reads_the_truth(void **state)
{
	const struct bool_row *r = *state;
	bool out = !r->out, was = out;

	assert_int_equal(parse_bool(guarded_text(r->text), &out), r->r);
	assert_int_equal(out, r->r == 0 ? r->out : was);
}

static void
hex_digits_are_those_of_ctype(void **state)
{
	static const char digits[] = "0123456789abcdef";

	(void)state;
	for (int c = 0; c <= UCHAR_MAX; c++) {
		const char *at = isxdigit(c) ? strchr(digits, tolower(c))
		                             : NULL;

		assert_int_equal(parse_hex_digit((char)c),
		                 at != NULL ? at - digits : -1);
	}
}

int
main(void)
{
	UNIT_TEST(hex_digits_are_those_of_ctype);
	UNIT_ROWS(reads_the_number, uints);
	UNIT_ROWS(reads_the_duration, durations);
	UNIT_ROWS(reads_the_truth, truths);
	return unit_run("base/parse");
}
