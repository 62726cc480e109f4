/* SPDX-License-Identifier: MIT */
/* base/clock.c - moments and deadlines in monotonic milliseconds */
#include "base/clock.h"

#include <limits.h>
#include <time.h>

/* see base/clock.h */
int64_t
clock_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);	/* cannot fail */
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* see base/clock.h */
int64_t
clock_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);	/* cannot fail */
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* see base/clock.h */
int64_t
clock_after(int64_t now_ms, int64_t timeout_ms)
{
	if (timeout_ms > CLOCK_NEVER - now_ms)
		return CLOCK_NEVER;
	return now_ms + timeout_ms;
}

/* see base/clock.h */
int
clock_wait_ms(int64_t deadline_ms)
{
	int64_t left;

	if (deadline_ms == CLOCK_NEVER)
		return -1;
	left = deadline_ms - clock_ms();
	if (left <= 0)
		return 0;
	return left < INT_MAX ? (int)left : INT_MAX;
}
