/* SPDX-License-Identifier: MIT */
/*
 * sup/keeper_start.h - the keeper's part of a start, first or again
 *
 * A part of sup/keeper.h: makes its state ready, has sup/launch.h start the
 * process, records and logs what came of it. When to start is
 * sup/lifecycle.h's. An exec that takes long goes on after the start:
 * k->loading stands for it, and how it ended is known when its child is reaped.
 */
#ifndef HALE_SUP_KEEPER_START_H
#define HALE_SUP_KEEPER_START_H

#include "sup/keeper.h"

/* Is the service to be in hale's own process group? Sets the rules' part. */
void keeper_choose_group(struct keeper *k);

/* Starts it. Returns 0, or an error number for keeper_start_failed(). */
int keeper_start_now(struct keeper *k);

/*
 * Keeps and logs why a start failed, at once or by an exec that took long.
 * Returns what that is to the machine, EV_REFUSED or EV_NOT_STARTED; the first
 * start's failure is hale's end, whatever the machine would make of it.
 */
enum lifecycle_event keeper_start_failed(struct keeper *k, int err);

/* Makes all ready for another start and does it. Returns whether it began; else
 * *failure is what that is to the machine. */
bool keeper_start_again(struct keeper *k, enum lifecycle_event *failure);

/* The service has been reaped. Returns 0, or an error number if it has not been
 * the service, since its exec failed. */
int keeper_end_loading(struct keeper *k);

#endif
