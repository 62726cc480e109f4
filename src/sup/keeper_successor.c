/* SPDX-License-Identifier: MIT */
/* sup/keeper_successor.c - makes another process the service, and logs it */
#include "sup/keeper_successor.h"

#include <errno.h>

#include "base/err.h"
#include "base/log.h"
#include "sup/child.h"
#include "sup/keeper_signal.h"
#include "sup/tree.h"
#include "sup/usage.h"

static void
become(struct keeper *k, pid_t pid)
{
	struct keeper_room *room = k->room;

	if (!k->renamed)
		room->launched = k->pid;
	k->renamed = pid != room->launched && proc_name(pid, room->name) > 0;
	k->pid = pid;
	k->group = tree_group_of(pid);
	k->is_stopped = false;
	room->heard_ticks = 0;
	keeper_hold_group(k);
	k->born_ms = usage_epoch_ms();
	monitor_follow(k->with.monitor, pid);
}

static void
log_unfollowed(struct keeper_room *room, pid_t pid, int err)
{
	if (err != -ESRCH)
		log_info("MAINPID=%d is not followed yet: %s", (int)pid,
		         err_text(err));
	else if (!room->logged_unfollowed)	/* it may say so ever again */
		log_warn("MAINPID=%d is not followed: no living process of the "
		         "service's has that pid", (int)pid);
	room->logged_unfollowed |= err == -ESRCH;
}

/* see sup/keeper_successor.h */
void
keeper_successor_named(struct keeper *k, pid_t pid)
{
	char words[KEEPER_LIST_MAX];
	struct buf b = buf_over(words, sizeof words);
	int r;

	if (!lifecycle_is_serving(&k->lifecycle))
		return;		/* it is being stopped */
	r = tree_is_own(pid) ? -ESRCH	/* nobody's service */
	  : main_pid_take(&k->room->main_pid, k->pid, pid);
	if (r < 0) {
		log_unfollowed(k->room, pid, r);
		return;
	}
	proc_write(&b, pid);
	log_info("%s (pid %d) names %s: that is the service now",
	         keeper_program(k), (int)k->pid, buf_text(&b));
	k->room->upgrade_failed = false;
	become(k, pid);
}

/* Which process is the service, now that it has ended by itself? 0: none. */
static pid_t
find(struct keeper *k, int status)
{
	struct keeper_room *room = k->room;
	pid_t next;

	if (!lifecycle_is_serving(&k->lifecycle))
		return 0;	/* it was to end */
	next = main_pid_next(&room->main_pid);
	room->upgrade_failed |= next > 0 && status != 0;
	if (next == 0 && k->plan->follow_orphan && status == 0
	 && tree_children(&next) != 1)
		next = 0;
	return next;
}

/* see sup/keeper_successor.h */
bool
keeper_successor_found(struct keeper *k, int status)
{
	char words[KEEPER_LIST_MAX];
	struct buf b = buf_over(words, sizeof words);
	pid_t next = find(k, status);

	if (next == 0)
		return false;
	child_write_end(&b, status);
	buf_str(&b, ": ");
	proc_write(&b, next);
	log_warn("%s (pid %d) %s is the service now", keeper_program(k),
	         (int)k->pid, buf_text(&b));
	become(k, next);
	return true;
}

/* see sup/keeper_successor.h */
bool
keeper_successor_returned(struct keeper *k)
{
	char words[KEEPER_LIST_MAX];
	struct buf b = buf_over(words, sizeof words);
	pid_t next = main_pid_next(&k->room->main_pid);

	if (next == 0) {
		log_warn("%s (pid %d) has ended, another process got its exit "
		         "code: that counts as code 1", keeper_program(k),
		         (int)k->pid);
		return false;
	}
	proc_write(&b, next);
	log_warn("%s (pid %d) has ended: %s is the service again",
	         keeper_program(k), (int)k->pid, buf_text(&b));
	k->room->upgrade_failed = true;
	become(k, next);
	return true;
}
