/* SPDX-License-Identifier: MIT */
/*
 * fake_clock.h - time that a test moves; the loop never sleeps
 *
 * For tests of one loop at a time that are linked with --wrap=clock_ms,
 * --wrap=timerfd_create, --wrap=timerfd_settime and --wrap=epoll_wait. The
 * loop's timer rings in the turn in which its moment has come.
 */
#ifndef HALE_TESTS_FAKE_CLOCK_H
#define HALE_TESTS_FAKE_CLOCK_H

#include <poll.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "base/clock.h"

static int64_t fake_now_ms = 1000;
static int64_t fake_waited_for_ms;	/* what the loop's timer is set to */
static int     fake_timer_fd;

int64_t __wrap_clock_ms(void);
int __real_timerfd_create(int clock, int flags);
int __wrap_timerfd_create(int clock, int flags);
int __real_timerfd_settime(int fd, int flags, const struct itimerspec *at,
                           struct itimerspec *old);
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *at,
                           struct itimerspec *old);
int __real_epoll_wait(int fd, struct epoll_event *got, int max, int wait_ms);
int __wrap_epoll_wait(int fd, struct epoll_event *got, int max, int wait_ms);

int64_t
__wrap_clock_ms(void)
{
	return fake_now_ms;
}

int
__wrap_timerfd_create(int clock, int flags)
{
	fake_waited_for_ms = CLOCK_NEVER;
	fake_timer_fd = __real_timerfd_create(clock, flags);
	return fake_timer_fd;
}

int
__wrap_timerfd_settime(int fd, int flags, const struct itimerspec *at,
                       struct itimerspec *old)
{
	bool off = at->it_value.tv_sec == 0 && at->it_value.tv_nsec == 0;

	(void)fd;
	(void)flags;
	(void)old;
	fake_waited_for_ms = off ? CLOCK_NEVER
	                         : at->it_value.tv_sec * INT64_C(1000)
	                           + at->it_value.tv_nsec / 1000000;
	return 0;
}

int
__wrap_epoll_wait(int fd, struct epoll_event *got, int max, int wait_ms)
{
	const struct itimerspec past = { .it_value.tv_nsec = 1 };
	struct pollfd rung = { .fd = fake_timer_fd, .events = POLLIN };

	(void)wait_ms;
	if (fake_waited_for_ms <= fake_now_ms) {
		fake_waited_for_ms = CLOCK_NEVER;
		__real_timerfd_settime(fake_timer_fd, TFD_TIMER_ABSTIME,
		                       &past, NULL);
		poll(&rung, 1, -1);
	}
	return __real_epoll_wait(fd, got, max, 0);
}

#endif
