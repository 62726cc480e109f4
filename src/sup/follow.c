/* SPDX-License-Identifier: MIT */
/* sup/follow.c - which process is the service, where that changes */
#include "sup/follow.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "sup/proc.h"

/* Does it live, and are we the ones to reap it? Without /proc. */
static bool
is_our_child(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0
	    && info.si_pid == 0;
}

static bool
is_below_us(pid_t pid)
{
	return pid != getpid() && proc_descends(pid, getpid());
}

static void
pidfd_ready(struct source *s, uint32_t events)
{
	const struct follow *f = ((struct follow_pidfd *)s)->of;

	(void)events;
	f->gone(f->owner);
}

static bool
is_used(const struct follow_pidfd *p)
{
	return p->of != NULL;
}

static void
drop_pidfds(struct follow *f, const struct follow_pidfd *but)
{
	for (int i = 0; i < 2; i++) {
		struct follow_pidfd *p = &f->held[i];

		if (p == but || !is_used(p))
			continue;
		loop_end(f->loop, &p->source);
		close(p->source.fd);
		p->of = NULL;
	}
}

/* For one that another process is to reap. Returns 0 or an error number. */
static int
hold(struct follow *f, struct follow_pidfd *p, pid_t pid)
{
	int fd, r;

	if (is_used(p) || p->source.state != SOURCE_OUT)
		return -EBUSY;
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		return -errno;
	p->source = (struct source){
		.fd = fd, .deadline_ms = CLOCK_NEVER, .ready = pidfd_ready,
	};
	/* Its number may have gone to somebody else before it was held. */
	r = is_below_us(pid) ? loop_add(f->loop, &p->source, EPOLLIN) : -ESRCH;
	if (r < 0)
		close(fd);
	else
		p->of = f;
	return r;
}

/* see sup/follow.h */
int
follow_take(struct follow *f, pid_t from, pid_t to)
{
	struct follow_pidfd *held = NULL;
	int r = 0;

	if (!is_our_child(to)) {
		if (!is_below_us(to))
			return -ESRCH;
		held = &f->held[is_used(&f->held[0])
		             || f->held[0].source.state != SOURCE_OUT];
		r = hold(f, held, to);
	}
	f->named = r < 0 && r != -ESRCH ? to : 0;
	if (r < 0)
		return r;
	drop_pidfds(f, held);
	if (is_our_child(from))
		f->former = from;
	if (f->former == to)
		f->former = 0;
	return 0;
}

/* see sup/follow.h */
pid_t
follow_next(struct follow *f)
{
	pid_t next = 0;

	if (f->named > 0 && is_our_child(f->named))
		next = f->named;
	else if (f->former > 0 && is_our_child(f->former))
		next = f->former;
	follow_forget(f);
	return next;
}

/* see sup/follow.h */
void
follow_reaped(struct follow *f, pid_t pid)
{
	if (pid == f->former)
		f->former = 0;
	if (pid == f->named)
		f->named = 0;
}

/* see sup/follow.h */
void
follow_forget(struct follow *f)
{
	drop_pidfds(f, NULL);
	f->former = f->named = 0;
}
