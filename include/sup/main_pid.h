/* SPDX-License-Identifier: MIT */
/*
 * sup/main_pid.h - knows which other process may be the service next
 *
 * A hot upgrade starts a new main process beside the old one and names it
 * (MAINPID of sd_notify(3)), a daemon leaves itself behind as an orphan. Only a
 * process that hale can wait for is taken: its own child, or one below it that
 * a pidfd stands for until the old one ends and hale adopts it. Pids and pidfds
 * only: sup/keeper_successor.h makes the change.
 */
#ifndef HALE_SUP_MAIN_PID_H
#define HALE_SUP_MAIN_PID_H

#include "net/loop.h"

#include <sys/types.h>

struct main_pid_fd {
	struct source source;	/* first, so that it leads here */
	struct main_pid *of;	/* NULL: unused */
	pid_t pid;
};

/* Zeroed, the service is a child of ours and nobody was it before. */
struct main_pid {
	struct loop *loop;
	void  (*gone)(void *owner, pid_t pid);
	void   *owner;
	pid_t former;	/* who was the service before and still lives, or 0 */
	pid_t first;	/* our child that was it before any change, or 0 */
	pid_t named;	/* to be taken once it is our child, or 0 */
	/* Pidfds of the service and of the one before it, while somebody else
	 * is their parent; and one more, since a source that has left the loop
	 * is not to be used again in that turn. */
	struct main_pid_fd held[3];
};

/*
 * `to` becomes the service instead of `from`, which stays known as the former
 * one. f->loop, gone and owner must be set: gone(owner, pid) is called once
 * when one that was not our child has ended. Returns 0; -ESRCH if `to` does not
 * live or does not descend from us; another error number if it cannot be waited
 * for (no pidfd_open(2), no descriptor): it is then taken when main_pid_next()
 * finds it to be our child.
 */
int main_pid_take(struct main_pid *f, pid_t from, pid_t to);

/*
 * The service has ended, and was reaped or is out of reach: who is it now? The
 * process that was named, the one that was the service before, or the first; 0
 * if none of them lives.
 */
pid_t main_pid_next(struct main_pid *f);

/* Has it ended, and is it a child of ours, to be reaped by us? */
bool main_pid_is_ended_child(pid_t pid);

/* pid was reaped. */
void main_pid_reaped(struct main_pid *f, pid_t pid);

/* There is no service, and no earlier one is remembered. */
void main_pid_forget(struct main_pid *f);

#endif
