/* SPDX-License-Identifier: MIT */
/*
 * sup/keeper_signal.h - what the keeper sends: to the service, its group, all
 *
 * A part of sup/keeper.h. What returns bool says whether the service itself
 * may not be signalled (kill(2), EPERM); that is logged once in each of its
 * lives. A service that has ended gets nothing.
 */
#ifndef HALE_SUP_KEEPER_SIGNAL_H
#define HALE_SUP_KEEPER_SIGNAL_H

#include "sup/keeper.h"

/*
 * Sends sig to the service, or with to_group to its group: where that is hale's
 * own and so has others too (a shell's script, the other end of a pipe), to
 * what descends from it. Returns 0 or -EPERM.
 */
int keeper_signal(const struct keeper *k, bool to_group, int sig,
                  const struct signalfd_siginfo *info);

/* Takes note of what keeper_signal() returned. */
bool keeper_is_unreachable(struct keeper *k, int result);

/* Sends the stop signal, and wakes a service that is stopped by job control. */
bool keeper_send_stop(struct keeper *k);

/* SIGTERM to all that is left; SIGKILL to everything. */
void keeper_term_rest(const struct keeper *k);
bool keeper_kill_all(struct keeper *k);

/* Before a restart: sig to what it left, and to itself if it is SIGKILL. */
bool keeper_clear(struct keeper *k, int sig);

/* Holds on to k->group; the one before is let go. */
void keeper_hold_group(struct keeper *k);

#endif
