/* SPDX-License-Identifier: MIT */
/*
 * net/loop.c - epoll, sources, deadlines
 *
 * A timeout given to epoll_wait() sets up and takes down a kernel timer each
 * time, though most often the wait ends by a probe and the deadlines have only
 * moved on. So one timer stays set to the earliest deadline that was ever
 * seen: it may ring early, once, and is then set anew.
 */
#include "net/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"

static int
open_timer(struct loop *l)
{
	/* Edge-triggered: it rings once and need not be read. */
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };

	l->armed_ms = CLOCK_NEVER;
	l->timer_fd = timerfd_create(CLOCK_MONOTONIC,
	                             TFD_NONBLOCK | TFD_CLOEXEC);
	if (l->timer_fd < 0)
		return -errno;
	if (epoll_ctl(l->fd, EPOLL_CTL_ADD, l->timer_fd, &ev) < 0)
		return -errno;
	return 0;
}

/* see net/loop.h */
int
loop_init(struct loop *l)
{
	l->n = l->n_again = 0;
	l->turns = 0;
	l->fd = epoll_create1(EPOLL_CLOEXEC);
	return l->fd < 0 ? -errno : open_timer(l);
}

/* see net/loop.h */
int
loop_add(struct loop *l, struct source *s, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = s };

	if (l->n == LOOP_SOURCES_MAX)
		return ERR_FULL;
	if (s->fd >= 0 && epoll_ctl(l->fd, EPOLL_CTL_ADD, s->fd, &ev) < 0)
		return -errno;
	s->state = SOURCE_IN;
	l->sources[l->n++] = s;
	return 0;
}

/* see net/loop.h */
int
loop_change(struct loop *l, struct source *s, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = s };

	if (epoll_ctl(l->fd, EPOLL_CTL_MOD, s->fd, &ev) < 0)
		return -errno;
	return 0;
}

/* see net/loop.h */
void
loop_again(struct loop *l, struct source *s)
{
	if (s->again || s->state != SOURCE_IN)
		return;
	s->again = true;
	l->n_again++;
}

static void
forget_again(struct loop *l, struct source *s)
{
	l->n_again -= s->again;
	s->again = false;
}

/* see net/loop.h */
void
loop_end(struct loop *l, struct source *s)
{
	if (s->state != SOURCE_IN)
		return;
	s->state = SOURCE_ENDED;
	forget_again(l, s);
	/* Fails only where the set never held it; closing would do as well,
	 * but not for a descriptor that the service holds too. */
	if (s->fd >= 0)
		(void)epoll_ctl(l->fd, EPOLL_CTL_DEL, s->fd, NULL);
}

static int64_t
next_deadline(const struct loop *l)
{
	int64_t next = CLOCK_NEVER;

	for (size_t i = 0; i < l->n; i++)
		if (l->sources[i]->deadline_ms < next)
			next = l->sources[i]->deadline_ms;
	return next;
}

/* An earlier deadline moves the timer; without any it is taken down. */
static void
arm(struct loop *l)
{
	int64_t next_ms = next_deadline(l);
	struct itimerspec at = { .it_value.tv_nsec = 0 };	/* off */

	if (next_ms == l->armed_ms
	 || (next_ms > l->armed_ms && next_ms != CLOCK_NEVER))
		return;
	if (next_ms != CLOCK_NEVER) {
		at.it_value.tv_sec = (time_t)(next_ms / 1000);
		/* At that millisecond's end: its start may have been counted
		 * whole, and who waits is to wait long enough. */
		at.it_value.tv_nsec = (long)(next_ms % 1000) * 1000000 + 999999;
	}
	/* Cannot fail: the descriptor and the time are right. */
	(void)timerfd_settime(l->timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
	l->armed_ms = next_ms;
}

static void
fire_deadlines(struct loop *l)
{
	int64_t now_ms = clock_ms();

	l->armed_ms = CLOCK_NEVER;
	for (size_t i = 0; i < l->n; i++) {
		struct source *s = l->sources[i];

		if (s->state == SOURCE_IN && s->deadline_ms <= now_ms)
			s->expired(s);
	}
}

/* Who asks once more when called has its next turn in the next pass. */
static void
resume(struct loop *l)
{
	size_t n = l->n_again > 0 ? l->n : 0;

	for (size_t i = 0; i < n; i++) {
		struct source *s = l->sources[i];

		if (!s->again)
			continue;
		forget_again(l, s);
		s->resumed = l->turns;
		s->resume(s);
	}
}

static void
bury(struct loop *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct source *s = l->sources[i];

		if (s->state == SOURCE_ENDED)
			s->state = SOURCE_OUT;
		else
			l->sources[kept++] = s;
	}
	l->n = kept;
}

/* see net/loop.h */
int
loop_turn(struct loop *l)
{
	struct epoll_event got[LOOP_BATCH];
	bool rang = false;
	int n;

	arm(l);
	l->turns++;
	n = epoll_wait(l->fd, got, LOOP_BATCH, l->n_again > 0 ? 0 : -1);
	if (n < 0)	/* EINTR: stopped and continued */
		return errno == EINTR ? 0 : -errno;
	resume(l);
	for (int i = 0; i < n; i++) {
		struct source *s = got[i].data.ptr;

		if (s == NULL)	/* the timer */
			rang = true;
		/* An earlier one in this batch may have ended it; one that
		 * was resumed has had its turn and is told again. */
		else if (s->state == SOURCE_IN && s->resumed != l->turns)
			s->ready(s, got[i].events);
	}
	if (rang)
		fire_deadlines(l);
	bury(l);
	return 0;
}
