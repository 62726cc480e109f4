/* SPDX-License-Identifier: MIT */
/*
 * sup/keeper_mourn.h - records and logs the service's end, with likely causes
 *
 * A part of sup/keeper.h: what it does once the service has been reaped or
 * could not be started. sup/last_end.h has the words; whether another start
 * follows is for sup/lifecycle.h to decide.
 */
#ifndef HALE_SUP_KEEPER_MOURN_H
#define HALE_SUP_KEEPER_MOURN_H

#include "sup/keeper.h"

/*
 * It has ended with this wait status, had peak_kb of memory at most, and no
 * other process takes its place. Keeps and logs how, with what may help: a
 * clash over hale's port, a daemon that left itself behind.
 */
void keeper_mourn(struct keeper *k, int status, long peak_kb);

/* The same for one whose program could not be started: an error number, and the
 * reason in words. */
void keeper_mourn_unstarted(struct keeper *k, int err, const char *reason);

#endif
