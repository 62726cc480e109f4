/* SPDX-License-Identifier: MIT */
/* test_date.c - days of the Gregorian calendar */
#include "unit.h"

#include "base/date.h"

static const struct day {
	const char *name;
	int year, month, day;
	int64_t days;	/* since 1970 */
} days[] = {
	{ "1970-01-01", 1970, 1, 1, 0 },
	{ "1969-12-31", 1969, 12, 31, -1 },
	{ "1950-01-01", 1950, 1, 1, -7305 },
	{ "1900-02-28", 1900, 2, 28, -25509 },
	{ "1900-03-01", 1900, 3, 1, -25508 },
	{ "2000-02-29", 2000, 2, 29, 11016 },
	{ "2000-03-01", 2000, 3, 1, 11017 },
	{ "2024-02-29", 2024, 2, 29, 19782 },
	{ "2024-12-31", 2024, 12, 31, 20088 },
	{ "2100-03-01", 2100, 3, 1, 47541 },
	{ "9999-12-31", 9999, 12, 31, 2932896 },
};

static void
a_day_has_a_number(void **state)
{
	const struct day *row = *state;

	assert_int_equal(row->days, date_days(row->year, row->month, row->day));
}

/* The first and the last second of the day. */
static void
every_second_of_a_day_is_written_as_it(void **state)
{
	const struct day *row = *state;

	for (int64_t second = 0; second < 86400; second += 86399) {
		struct buf b = guarded_buf(16);

		date_write(&b, row->days * 86400 + second);
		assert_string_equal(row->name, buf_text(&b));
	}
}

/* Every day of 800 years: the two ways agree, and months are as long as the
 * calendar has it. */
static void
days_follow_one_another(void **state)
{
	int64_t n = date_days(1600, 1, 1);

	(void)state;
	for (int year = 1600; year < 2400; year++)
		for (int month = 1; month <= 12; month++)
			for (int d = 1; d <= date_month_days(year, month); d++)
				assert_int_equal(n++,
				                 date_days(year, month, d));
	assert_int_equal(2 * 146097, n - date_days(1600, 1, 1));
}

static const struct month {
	const char *name;
	int year, month, days;
} months[] = {
	{ "January", 2023, 1, 31 },
	{ "February", 2023, 2, 28 },
	{ "February of a leap year", 2024, 2, 29 },
	{ "February of a century", 1900, 2, 28 },
	{ "February of the fourth century", 2000, 2, 29 },
	{ "April", 2024, 4, 30 },
	{ "December", 2024, 12, 31 },
	{ "no month 0", 2024, 0, 0 },
	{ "no month 13", 2024, 13, 0 },
	{ "no month before", 2024, -1, 0 },
};

static void
a_month_has_its_days(void **state)
{
	const struct month *row = *state;

	assert_int_equal(row->days, date_month_days(row->year, row->month));
}

int
main(void)
{
	UNIT_ROWS(a_day_has_a_number, days);
	UNIT_ROWS(every_second_of_a_day_is_written_as_it, days);
	UNIT_TEST(days_follow_one_another);
	UNIT_ROWS(a_month_has_its_days, months);
	return unit_run("base/date");
}
