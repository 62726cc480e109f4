/* SPDX-License-Identifier: MIT */
/* test_clock.c - deadlines in monotonic milliseconds */
#include "unit.h"

#include "base/clock.h"

#include <limits.h>

static const struct row {
	const char *name;
	int64_t     now_ms, timeout_ms, sum_ms;
} rows[] = {
	{ "adds", 1000, 5, 1005 },
	{ "adds nothing", 1000, 0, 1000 },
	{ "the last moment but one", 1000, CLOCK_NEVER - 1001,
	  CLOCK_NEVER - 1 },
	{ "the last moment", 1000, CLOCK_NEVER - 1000, CLOCK_NEVER },
	{ "one past the last moment", 1000, CLOCK_NEVER - 999, CLOCK_NEVER },
	{ "never", 1000, CLOCK_NEVER, CLOCK_NEVER },
};

static void
the_deadline_is(void **state)
{
	const struct row *r = *state;

	assert_true(clock_after(r->now_ms, r->timeout_ms) == r->sum_ms);
}

static void
never_is_waited_for_without_end(void **state)
{
	(void)state;
	assert_int_equal(clock_wait_ms(CLOCK_NEVER), -1);
}

static void
the_past_is_not_waited_for(void **state)
{
	(void)state;
	assert_int_equal(clock_wait_ms(0), 0);
	assert_int_equal(clock_wait_ms(clock_ms()), 0);
	assert_int_equal(clock_wait_ms(INT64_MIN / 2), 0);
}

static void
a_far_deadline_is_cut_to_what_poll_takes(void **state)
{
	(void)state;
	assert_int_equal(clock_wait_ms(clock_ms() + INT64_C(2) * INT_MAX),
	                 INT_MAX);
	assert_int_equal(clock_wait_ms(CLOCK_NEVER - 1), INT_MAX);
}

static void
a_near_deadline_is_waited_for_no_longer_than_it_lasts(void **state)
{
	int wait_ms = clock_wait_ms(clock_ms() + 3600000);

	(void)state;
	assert_in_range(wait_ms, 1, 3600000);
}

static void
time_does_not_go_back(void **state)
{
	int64_t before = clock_ms();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		int64_t now = clock_ms();

		assert_true(now >= before);
		before = now;
	}
}

int
main(void)
{
	UNIT_ROWS(the_deadline_is, rows);
	UNIT_TEST(never_is_waited_for_without_end);
	UNIT_TEST(the_past_is_not_waited_for);
	UNIT_TEST(a_far_deadline_is_cut_to_what_poll_takes);
	UNIT_TEST(a_near_deadline_is_waited_for_no_longer_than_it_lasts);
	UNIT_TEST(time_does_not_go_back);
	return unit_run("base/clock");
}
