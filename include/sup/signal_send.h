/* SPDX-License-Identifier: MIT */
/*
 * sup/signal_send.h - send a signal, as the receiver's user where it must be
 *
 * Root without CAP_KILL may not signal a process of another user: kill(2)
 * gives EPERM. If hale may become that user (CAP_SETUID) and /proc names it, a
 * child of hale's does so and sends the signal. Nothing here logs.
 */
#ifndef HALE_SUP_SIGNAL_SEND_H
#define HALE_SUP_SIGNAL_SEND_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <sys/types.h>

#define SIGNAL_SEND_WAIT_MS 200	/* a child that sends has this long to end .. */
#define SIGNAL_SEND_REST_MS 1000	/* .. else it is killed, and no other is
					 * started for so long */
#define SIGNAL_SEND_MAX     256	/* refusals kept before they are sent */

/* Has hale CAP_KILL? Then only a security module refuses anything. */
bool signal_send_has_cap(void);

/*
 * Sends sig to the process pid. A queued value that info carries (sigqueue(3))
 * is passed on; info may be NULL. Returns 0, also if it has ended, or -errno:
 * -EPERM if it may not be signalled in any way; another, such as -EAGAIN or
 * -ETIMEDOUT, if there was no child for it or the child was held: try later.
 */
int signal_send(pid_t pid, int sig, const struct signalfd_siginfo *info);

/*
 * The same for many, with one child for each user. Start with { .sig = SIG };
 * after signal_send_end() it is to be set anew.
 */
struct signal_send_batch {
	int    sig;
	int    err;	/* 0, or signal_send()'s; -EPERM comes first */
	size_t n;
	pid_t  pids[SIGNAL_SEND_MAX];	/* refused, to be sent as .. */
	uid_t  uids[SIGNAL_SEND_MAX];	/* .. this user */
};

void signal_send_to(struct signal_send_batch *b, pid_t pid);

/* Only if it refuses ours: for one that a call to many did not reach. */
void signal_send_if_refused(struct signal_send_batch *b, pid_t pid);

/* Takes in a result that others had. */
void signal_send_note(struct signal_send_batch *b, int result);

/* Returns 0, or as signal_send() does if somebody who is there was not
 * signalled. */
int signal_send_end(struct signal_send_batch *b);

#endif
