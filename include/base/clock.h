/* SPDX-License-Identifier: MIT */
/*
 * base/clock.h - moments and deadlines in monotonic milliseconds
 */
#ifndef HALE_BASE_CLOCK_H
#define HALE_BASE_CLOCK_H

#include <stdint.h>

#define CLOCK_NEVER INT64_MAX	/* a deadline that does not come */

/* Now, by CLOCK_MONOTONIC. Reads the vDSO: no system call. */
int64_t clock_ms(void);

/* The same clock in microseconds, for what is told to people. */
int64_t clock_us(void);

/* now_ms + timeout_ms; CLOCK_NEVER where the sum does not fit. */
int64_t clock_after(int64_t now_ms, int64_t timeout_ms);

/*
 * What epoll_wait and poll take to wait until deadline_ms: -1 for
 * CLOCK_NEVER, 0 when it has come, INT_MAX at most.
 */
int clock_wait_ms(int64_t deadline_ms);

#endif
