/* SPDX-License-Identifier: MIT */
/* base/date.c - days of the Gregorian calendar */
/*
 * A year is taken to begin in March, so that the leap day is its last; 719468
 * days lie between 1 March of the year 0 and 1 January 1970.
 */
#include "base/date.h"

#define DAYS_TO_1970 719468
#define ERA_DAYS     146097	/* of 400 years */
#define DAY_SECONDS  86400

/* see base/date.h */
int64_t
date_days(int year, int month, int day)
{
	int y = month <= 2 ? year - 1 : year;
	int from_march = (month + 9) % 12;

	return (int64_t)y * 365 + y / 4 - y / 100 + y / 400
	     + (from_march * 153 + 2) / 5 + day - 1 - DAYS_TO_1970;
}

/* see base/date.h */
int
date_month_days(int year, int month)
{
	static const unsigned char days[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
	};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (month < 1 || month > 12)
		return 0;
	return days[month - 1] + (month == 2 && leap);
}

static void
write_two(struct buf *b, int64_t n)
{
	buf_fmt(b, n < 10 ? "0%d" : "%d", (int)n);
}

/* see base/date.h */
void
date_write(struct buf *b, int64_t seconds)
{
	int64_t days = seconds / DAY_SECONDS - (seconds % DAY_SECONDS < 0)
	             + DAYS_TO_1970;
	int64_t era = days / ERA_DAYS, day = days % ERA_DAYS;
	int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	int64_t left = day - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * left + 2) / 153;	/* from March */

	buf_int(b, era * 400 + year + (month >= 10));
	buf_str(b, "-");
	write_two(b, month < 10 ? month + 3 : month - 9);
	buf_str(b, "-");
	write_two(b, left - (153 * month + 2) / 5 + 1);
}
