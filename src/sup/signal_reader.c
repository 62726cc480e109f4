/* SPDX-License-Identifier: MIT */
/* sup/signal_reader.c - reads hale's signals and passes each to its owner */
#include "sup/signal_reader.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "sup/keeper_log.h"
#include "sup/proc.h"

#define READ_FAILED_MS 1000	/* pause after a read that cannot fail failed */

static void
forward(struct signal_reader *r, int sig, const struct signalfd_siginfo *info)
{
	struct keeper *k = r->keeper;
	bool to_group = k->plan->group;

	if (k->pid == 0)
		return;
	if (sig == SIGCONT && k->with.terminal_fd >= 0) {
		if (job_control_continued(r->jobs))
			return;
		to_group = true;	/* Ctrl-Z had stopped all of it */
	}
	keeper_forward(k, to_group, sig, info);
}

/* A key's signal, ignored by us when started: a shell without job control does
 * so for what it starts with `&`, and the keys are not meant for that. */
static bool
was_given_ignored(int sig)
{
	struct sigaction given;

	return sigaction(sig, NULL, &given) == 0
	    && given.sa_handler == SIG_IGN;
}

static bool
is_in_our_group(const struct signal_reader *r)
{
	return r->rules->shares_group && r->keeper->pid > 0
	    && getpgid(r->keeper->pid) == getpgrp();
}

/* `kill 0` in a script is meant for its own group, in which hale happens to be.
 * It cannot be distinguished from a signal to hale alone: so that is logged. */
static bool
is_for_its_group(const struct signal_reader *r,
                 const struct signalfd_siginfo *info)
{
	pid_t from = (pid_t)info->ssi_pid;

	if (!r->rules->shares_group || info->ssi_code > 0
	 || info->ssi_signo == SIGCHLD
	 || from <= 0	/* from outside of our PID namespace */
	 || !is_in_our_group(r) || !proc_descends(from, r->keeper->pid))
		return false;
	keeper_log_signal(r->keeper, "the service itself, which shares hale's "
	                  "process group, sent", (int)info->ssi_signo);
	return true;
}

/* A stop by a key: the service has got it too, unless it has left the group. */
static void
stop_sent(struct signal_reader *r, int sig,
          const struct signalfd_siginfo *info)
{
	if (!is_in_our_group(r) && r->keeper->pid > 0)
		keeper_stop(r->keeper, sig, info);
	else if (!was_given_ignored(sig))
		keeper_stop_by_key(r->keeper, sig);
}

static void
give(struct signal_reader *r, struct signals_route to,
     const struct signalfd_siginfo *info)
{
	switch (to.kind) {
	case SIGNALS_IGNORE:
	case SIGNALS_REAP:	/* when all are read */
		break;
	case SIGNALS_FORWARD:
		forward(r, to.sig, info);
		break;
	case SIGNALS_STOP:
		keeper_stop(r->keeper, to.sig, info);
		break;
	case SIGNALS_STOP_SENT:
		stop_sent(r, to.sig, info);
		break;
	}
}

/* Returns whether children are to be reaped. */
static bool
hand_out(struct signal_reader *r, const struct signalfd_siginfo *info)
{
	struct signals_route to = signals_decide(r->rules, info);

	if (is_for_its_group(r, info))
		return false;
	if (info->ssi_signo == SIGTSTP)
		job_control_suspended(r->jobs);
	give(r, to, info);
	/* Blocked signals stay unread until a SIGCONT lets hale go on. */
	if (r->rules->suspends && signals_is_tty_stop((int)info->ssi_signo))
		(void)kill(r->rules->self, SIGSTOP);
	return to.kind == SIGNALS_REAP;
}

/* A hot loop would be worse than late signals. */
static void
pause_reading(struct signal_reader *r, int err)
{
	log_error("cannot read signals for a second: %s", err_text(err));
	(void)loop_change(r->loop, &r->source, 0);
	r->source.deadline_ms = clock_ms() + READ_FAILED_MS;
}

/* see sup/signal_reader.h */
void
signal_reader_expired(struct source *source)
{
	struct signal_reader *r = (struct signal_reader *)source;

	source->deadline_ms = CLOCK_NEVER;
	if (loop_change(r->loop, source, EPOLLIN) < 0)
		source->deadline_ms = clock_ms() + READ_FAILED_MS;
	reaper_reap(r->reaper);
}

/* see sup/signal_reader.h */
void
signal_reader_ready(struct source *source, uint32_t events)
{
	struct signal_reader *r = (struct signal_reader *)source;
	struct signalfd_siginfo *batch = r->room->batch;
	ssize_t n = read(source->fd, batch, sizeof r->room->batch);
	bool children = false;

	(void)events;
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		pause_reading(r, -errno);
	for (ssize_t i = 0; i < n / (ssize_t)sizeof *batch; i++)
		children |= hand_out(r, &batch[i]);
	if (children && !r->keeper->is_over)
		reaper_reap(r->reaper);
}
