/* SPDX-License-Identifier: MIT */
/*
 * sup/keeper.h - starts, signals, stops and restarts the service
 *
 * Carries out what service.c decides. A part of PID 1 (sup/self.h).
 */
#ifndef HALE_SUP_KEEPER_H
#define HALE_SUP_KEEPER_H

#include "sup/self.h"

/* Starts the service, for the first time or `again`. Returns 0, or the exit code
 * that stands for the failure, which was logged. */
int keeper_start(struct init *in, bool again);

/* What follows a start, and must not delay the service. A kill in its first
 * moment is among those counted here: it is then told as a plain SIGKILL. */
void keeper_started(struct init *in);

/* An event for the machine: what it decides is done. */
void keeper_step(struct init *in, enum lifecycle_event ev);

/* The machine's deadline has come: a source's expired(). */
void keeper_expired(struct source *timer);

/* Sends sig to the service, or with to_group to its group: where that is hale's
 * own and so has others too (a shell's script, the other end of a pipe), to
 * what descends from it. Returns 0 or -EPERM. */
int keeper_signal(const struct init *in, bool to_group, int sig,
                  const struct signalfd_siginfo *info);

/* Root without CAP_KILL may not signal another user's process (kill(2)): says so
 * once, and keeper_step() hears of it. */
void keeper_note_reach(struct init *in, int result);

/* Sends the stop signal. */
void keeper_stop(struct init *in);

/* Logs "DONE SIGTERM to app (pid 7)" at info. */
void keeper_tell_signal(const struct init *in, const char *done, int sig);

/* Holds on to in->group, the old one is let go. */
void keeper_hold_group(struct init *in);

/* Is the service to be in hale's own process group? */
void keeper_choose_group(struct init *in);

/* An exec that took long has ended; result < 0 is its error number, and then the
 * child, reaped like any other, goes to keeper_failed_late(). */
void keeper_exec_ended(struct init *in, int result);
void keeper_failed_late(struct init *in);

/* Checks go on while it may serve: they end with the stop signal. */
bool keeper_is_watched(const struct lifecycle *s);

/* The service's own exit code, remapped. */
int keeper_code(const struct init *in);

#endif
