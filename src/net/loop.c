/* SPDX-License-Identifier: MIT */
/* net/loop.c - epoll, sources, deadlines */
#include "net/loop.h"

#include <errno.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/err.h"

/* see net/loop.h */
int
loop_init(struct loop *l)
{
	l->n = 0;
	l->fd = epoll_create1(EPOLL_CLOEXEC);
	return l->fd < 0 ? -errno : 0;
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
loop_end(struct loop *l, struct source *s)
{
	if (s->state != SOURCE_IN)
		return;
	s->state = SOURCE_ENDED;
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

static void
fire_deadlines(struct loop *l)
{
	int64_t now_ms;

	if (next_deadline(l) == CLOCK_NEVER)
		return;
	now_ms = clock_ms();
	for (size_t i = 0; i < l->n; i++) {
		struct source *s = l->sources[i];

		if (s->state == SOURCE_IN && s->deadline_ms <= now_ms)
			s->expired(s);
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
	int n = epoll_wait(l->fd, got, LOOP_BATCH,
	                   clock_wait_ms(next_deadline(l)));

	if (n < 0)	/* EINTR: stopped and continued */
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		struct source *s = got[i].data.ptr;

		/* An earlier one in this batch may have ended it. */
		if (s->state == SOURCE_IN)
			s->ready(s, got[i].events);
	}
	fire_deadlines(l);
	bury(l);
	return 0;
}
