/* SPDX-License-Identifier: MIT */
/* sup/keeper_signal.c - what the keeper sends, and to whom */
#include "sup/keeper_signal.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "sup/child_stop.h"
#include "sup/keeper_log.h"
#include "sup/tree.h"

/* see sup/keeper_signal.h */
int
keeper_signal(const struct keeper *k, bool to_group, int sig,
              const struct signalfd_siginfo *info)
{
	if (k->pid <= 0)	/* to kill(2) that is a group, or everybody */
		return 0;
	if (to_group && k->with.rules->shares_group
	 && getpgid(k->pid) == getpgrp()) {
		tree_signal_below(k->pid, sig);
		return 0;	/* SIGKILL, if it comes to that, shows it */
	}
	return tree_signal(k->pid, to_group, sig, info);
}

/* see sup/keeper_signal.h */
bool
keeper_is_unreachable(struct keeper *k, int result)
{
	if (result != -EPERM)
		return false;
	if (!k->logged_unreachable)
		keeper_log_unreachable(k, result);
	k->logged_unreachable = true;
	return true;
}

/* A service that forgot its watchdog gets SIGABRT, as from systemd: what it
 * was doing is then in its dump. */
static int
choose_stop(const struct keeper *k)
{
	if (k->loading != NULL)	/* nothing of it runs that could hear */
		return SIGKILL;
	return lifecycle_is_sick_end(&k->lifecycle)
	    && k->with.monitor->inbox.notify.starved ? SIGABRT
	                                             : k->stop_signal;
}

/* A stopped service could not act on the stop signal. */
static void
wake_stopped(struct keeper *k)
{
	if (!child_stop_is_on(k->pid, k->is_stopped))
		return;
	keeper_log_signal(k, "it is stopped: sending", SIGCONT);
	k->is_stopped = false;
	(void)keeper_signal(k, true, SIGCONT, NULL);	/* the stop shows it */
}

/* see sup/keeper_signal.h */
bool
keeper_send_stop(struct keeper *k)
{
	struct keeper_room *room = k->room;
	int sig = choose_stop(k);
	bool unreachable;

	if (!k->stop_sent)
		room->stop_ms = clock_ms();
	k->stop_sent = true;
	if (room->is_key_stop || k->pid == 0)
		return false;
	keeper_log_signal(k, "sending", sig);
	room->forwarded++;
	room->heard_ticks = k->plan->group ? tree_ticks() : 0;
	unreachable = keeper_is_unreachable(k,
		keeper_signal(k, k->plan->group, sig, &room->stop_from));
	wake_stopped(k);
	return unreachable;
}

static struct tree_group
group_of(const struct keeper *k)
{
	return (struct tree_group){
		.id = k->group,
		.member = k->pid,
		.held_fd = k->room->group_fd > 0 ? k->room->group_fd : -1,
		.heard_ticks = k->room->heard_ticks,
	};
}

/* By itself: whether it can be reached decides what follows. And last, since
 * what it has started goes to another parent with its end. */
static bool
kill_service(struct keeper *k)
{
	return k->pid > 0
	    && keeper_is_unreachable(k, tree_signal(k->pid, false, SIGKILL,
	                                            NULL));
}

/* see sup/keeper_signal.h */
void
keeper_term_rest(const struct keeper *k)
{
	const struct tree_group group = group_of(k);

	(void)tree_signal_all(&group, SIGTERM);	/* so many as hale may */
}

/* see sup/keeper_signal.h */
bool
keeper_kill_all(struct keeper *k)
{
	const struct tree_group group = group_of(k);

	keeper_log_killing(k);
	(void)tree_signal_all(&group, SIGKILL);	/* so many as hale may */
	return kill_service(k);
}

/* see sup/keeper_signal.h */
bool
keeper_clear(struct keeper *k, int sig)
{
	const struct tree_group group = group_of(k);

	keeper_log_clearing(k, sig);
	k->cleared = sig == SIGKILL;
	(void)tree_signal_own(&group, sig);	/* so many as hale may */
	return sig == SIGKILL && kill_service(k);
}

/* see sup/keeper_signal.h */
void
keeper_hold_group(struct keeper *k)
{
	int fd = k->with.rules->self != 1 ? tree_hold(k->group) : -1;

	if (k->room->group_fd > 0)
		close(k->room->group_fd);
	if (fd > 0 || k->room->group_fd > 0)	/* else no page is touched */
		k->room->group_fd = fd > 0 ? fd : 0;
}
