/* SPDX-License-Identifier: MIT */
/* sup/main_pid.c - knows which other process may be the service next */
#include "sup/main_pid.h"

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

/* see sup/main_pid.h */
bool
main_pid_is_ended_child(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0
	    && info.si_pid == pid;
}

static bool
is_below_us(pid_t pid)
{
	struct procstat st;

	return pid != getpid() && proc_stat(pid, &st) == 0
	    && procstat_lives(&st) && proc_descends(pid, getpid());
}

static void
drop(struct main_pid *f, struct main_pid_fd *p)
{
	loop_end(f->loop, &p->source);
	close(p->source.fd);
	p->of = NULL;
}

/* It stays readable: out of the loop with it, whoever reaps the process. */
static void
pidfd_ready(struct source *s, uint32_t events)
{
	struct main_pid_fd *p = (struct main_pid_fd *)s;
	struct main_pid *f = p->of;

	(void)events;
	drop(f, p);
	if (p->pid == f->former)
		f->former = 0;
	else
		f->gone(f->owner, p->pid);
}

static struct main_pid_fd *
find(struct main_pid *f, pid_t pid)
{
	for (size_t i = 0; i < sizeof f->held / sizeof f->held[0]; i++)
		if (f->held[i].of != NULL && f->held[i].pid == pid)
			return &f->held[i];
	return NULL;
}

static struct main_pid_fd *
find_unused(struct main_pid *f)
{
	for (size_t i = 0; i < sizeof f->held / sizeof f->held[0]; i++)
		if (f->held[i].of == NULL
		 && f->held[i].source.state == SOURCE_OUT)
			return &f->held[i];
	return NULL;
}

/* All but these two are of no interest any more. */
static void
drop_others(struct main_pid *f, pid_t one, pid_t two)
{
	for (size_t i = 0; i < sizeof f->held / sizeof f->held[0]; i++) {
		struct main_pid_fd *p = &f->held[i];

		if (p->of != NULL && p->pid != one && p->pid != two)
			drop(f, p);
	}
}

/* For one that another process is to reap. Returns 0 or an error number. */
static int
hold(struct main_pid *f, pid_t pid)
{
	struct main_pid_fd *p = find_unused(f);
	int fd, r;

	if (find(f, pid) != NULL)
		return 0;
	if (p == NULL)
		return -EBUSY;
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		return -errno;
	p->source = (struct source){
		.fd = fd, .deadline_ms = CLOCK_NEVER, .ready = pidfd_ready,
	};
	/* Its number may have gone to somebody else before it was held. */
	r = is_below_us(pid) ? loop_add(f->loop, &p->source, EPOLLIN) : -ESRCH;
	if (r < 0) {
		close(fd);
		return r;
	}
	p->of = f;
	p->pid = pid;
	return 0;
}

/* see sup/main_pid.h */
int
main_pid_take(struct main_pid *f, pid_t from, pid_t to)
{
	int r = 0;

	if (!is_our_child(to))
		r = is_below_us(to) ? hold(f, to) : -ESRCH;
	f->named = r < 0 && r != -ESRCH ? to : 0;
	if (r < 0)
		return r;
	if (f->first == 0 && is_our_child(from))
		f->first = from;
	f->former = is_our_child(from) || find(f, from) != NULL ? from : 0;
	if (f->first == to)
		f->first = 0;
	drop_others(f, to, f->former);
	return 0;
}

/* see sup/main_pid.h */
pid_t
main_pid_next(struct main_pid *f)
{
	pid_t next = 0, first = f->first;

	if (f->named > 0 && is_our_child(f->named))
		next = f->named;
	else if (f->former > 0
	      && (is_our_child(f->former) || find(f, f->former) != NULL))
		next = f->former;
	else if (first > 0 && is_our_child(first))
		next = first;
	drop_others(f, next, 0);
	f->former = f->named = 0;
	f->first = next == first ? 0 : first;
	return next;
}

/* see sup/main_pid.h */
void
main_pid_reaped(struct main_pid *f, pid_t pid)
{
	if (pid == f->former)
		f->former = 0;
	if (pid == f->first)
		f->first = 0;
	if (pid == f->named)
		f->named = 0;
}

/* see sup/main_pid.h */
void
main_pid_forget(struct main_pid *f)
{
	drop_others(f, 0, 0);
	f->former = f->first = f->named = 0;
}
