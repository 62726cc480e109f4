/* SPDX-License-Identifier: MIT */
/*
 * base/date.h - days of the Gregorian calendar (pure)
 *
 * For years 1 to 9999; no time zones, no leap seconds.
 */
#ifndef HALE_BASE_DATE_H
#define HALE_BASE_DATE_H

#include "base/buf.h"

/* Days from 1970-01-01 to that day, which may be before; month and day are
 * from 1 on. */
int64_t date_days(int year, int month, int day);

/* Days of that month, from 1 on; 0 for a number that is not a month's. */
int date_month_days(int year, int month);

/* Appends the day that those seconds since 1970 (UTC) are in: "2026-11-20". */
void date_write(struct buf *b, int64_t seconds);

#endif
