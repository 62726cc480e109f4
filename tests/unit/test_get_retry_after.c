/* SPDX-License-Identifier: MIT */
/* test_get_retry_after.c - how long a server asks to wait */
#include "unit.h"

#include <stdio.h>

#include "get/retry_after.h"

#define NOW 784111777	/* Sun, 06 Nov 1994 08:49:37 GMT */
static const struct after_row {
	const char *name, *fields;
	int64_t     ms;
} after_rows[] = {
	{ "none", "A: 1\r\n", 0 },
	{ "no field at all", "", 0 },
	{ "seconds", "A: 1\r\nretry-after: 3\r\n", 3000 },
	{ "no second", "Retry-After: 0\r\n", 0 },
	{ "below 0", "Retry-After: -3\r\n", 0 },
	{ "a day", "Retry-After: 86400\r\n", 86400000 },
	{ "more than a day", "Retry-After: 86401\r\n", 86400000 },
	{ "more than can be counted", "Retry-After: 99999999999999999999\r\n",
	  0 },
	{ "now", "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 0 },
	{ "a second later", "Retry-After: Sun, 06 Nov 1994 08:49:38 GMT\r\n",
	  1000 },
	{ "a second ago", "Retry-After: Sun, 06 Nov 1994 08:49:36 GMT\r\n",
	  0 },
	{ "an hour and a minute later",
	  "Retry-After: Sun, 06 Nov 1994 09:50:37 GMT\r\n", 3660000 },
	{ "within the day", "Retry-After: Mon, 07 Nov 1994 08:49:36 GMT\r\n",
	  86399000 },
	{ "years later", "Retry-After: Sun, 06 Nov 2094 08:49:37 GMT\r\n",
	  86400000 },
	{ "another zone", "Retry-After: Sun, 06 Nov 1994 08:49:38 CET\r\n",
	  0 },
	{ "no such month", "Retry-After: Sun, 06 Nox 1994 08:49:38 GMT\r\n",
	  0 },
	{ "no such hour", "Retry-After: Sun, 06 Nov 1994 24:49:38 GMT\r\n",
	  0 },
	{ "a word", "Retry-After: soon\r\n", 0 },
};

static void
waits(void **state)
{
	const struct after_row *r = *state;

	assert_int_equal(retry_after_ms(guarded_span(r->fields), NOW), r->ms);
}

static const struct date_row {
	const char *name, *date;
	int64_t     s;
} date_rows[] = {
	{ "the first second", "Thu, 01 Jan 1970 00:00:01 GMT", 1 },
	{ "before a leap day", "Mon, 28 Feb 2000 23:59:59 GMT", 951782399 },
	{ "a leap day", "Tue, 29 Feb 2000 00:00:00 GMT", 951782400 },
	{ "after a leap day", "Wed, 01 Mar 2000 00:00:00 GMT", 951868800 },
	{ "a year's last day", "Wed, 31 Dec 2025 00:00:00 GMT", 1767139200 },
	{ "a year's first day", "Thu, 01 Jan 2026 00:00:00 GMT", 1767225600 },
	{ "no leap day in 2100", "Mon, 01 Mar 2100 00:00:00 GMT", 4107542400 },
};

static void
reads_the_date(void **state)
{
	const struct date_row *r = *state;
	char fields[128];

	(void)snprintf(fields, sizeof fields, "Retry-After: %s\r\n", r->date);
	assert_int_equal(retry_after_ms(span_of(fields), r->s - 1), 1000);
	assert_int_equal(retry_after_ms(span_of(fields), r->s), 0);
}

int
main(void)
{
	UNIT_ROWS(waits, after_rows);
	UNIT_ROWS(reads_the_date, date_rows);
	return unit_run("get/retry_after");
}
