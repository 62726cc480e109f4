/* SPDX-License-Identifier: MIT */
/* get/retry_after.c - how long a server asks to wait */
#include "get/retry_after.h"

#include "base/parse.h"
#include "client/reply.h"

#define RETRY_AFTER_MAX_S 86400	/* a longer one is cut to this */

static int
month_of(struct span name)
{
	static const char *const months =
		"JanFebMarAprMayJunJulAugSepOctNovDec";

	for (size_t i = 0; i < 12; i++)
		if (name.len == 3 && memcmp(name.p, months + 3 * i, 3) == 0)
			return (int)i;
	return -1;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7) in seconds from 1970 on,
 * below 0 before; 0 if it is not such a date. */
static int64_t
date_of(struct span date)
{
	enum { DAY, YEAR, HOUR, MINUTE, SECOND, PARTS };
	static const struct { uint16_t max; char end; } parts[PARTS] = {
		{ 31, ' ' }, { 9999, ' ' }, { 23, ':' }, { 59, ':' },
		{ 60, ' ' },
	};
	uint64_t n[PARTS];
	int64_t year, month = 0;

	(void)span_cut(&date, ' ');	/* the day's name says nothing new */
	for (size_t i = 0; i < PARTS; i++) {
		if (i == YEAR)
			month = month_of(span_cut(&date, ' '));
		if (parse_uint_span(span_cut(&date, parts[i].end),
		                    parts[i].max, &n[i]) < 0)
			return 0;
	}
	if (month < 0 || !span_is(date, "GMT"))
		return 0;
	/* Years from March on, so that the leap day is a year's last; 719468
	 * days lie between 1 March of the year 0 and 1 January 1970. */
	year = (int64_t)n[YEAR] - (month < 2);
	month = (month + 10) % 12;
	return (year * 365 + year / 4 - year / 100 + year / 400
	        + (153 * month + 2) / 5 + (int64_t)n[DAY] - 1 - 719468) * 86400
	     + (int64_t)(n[HOUR] * 3600 + n[MINUTE] * 60 + n[SECOND]);
}

/* see get/retry_after.h */
int64_t
retry_after_ms(struct span fields, int64_t now_s)
{
	struct span value = reply_field(fields, span_of("Retry-After"));
	int64_t wait_s;
	uint64_t s;

	if (value.p == NULL)
		return 0;
	if (parse_uint_span(value, INT64_MAX, &s) == 0)
		wait_s = (int64_t)s;
	else
		wait_s = date_of(value) - now_s;
	if (wait_s > RETRY_AFTER_MAX_S)
		wait_s = RETRY_AFTER_MAX_S;
	return wait_s > 0 ? wait_s * 1000 : 0;
}
