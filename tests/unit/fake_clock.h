/* SPDX-License-Identifier: MIT */
/*
 * fake_clock.h - time that a test moves; the loop never sleeps
 *
 * For tests that are linked with --wrap=clock_ms and --wrap=clock_wait_ms.
 */
#ifndef HALE_TESTS_FAKE_CLOCK_H
#define HALE_TESTS_FAKE_CLOCK_H

#include "base/clock.h"

static int64_t fake_now_ms = 1000;
static int64_t fake_waited_for_ms;	/* the last deadline that was asked for */

int64_t __wrap_clock_ms(void);
int __wrap_clock_wait_ms(int64_t deadline_ms);

int64_t
__wrap_clock_ms(void)
{
	return fake_now_ms;
}

int
__wrap_clock_wait_ms(int64_t deadline_ms)
{
	fake_waited_for_ms = deadline_ms;
	return 0;
}

#endif
