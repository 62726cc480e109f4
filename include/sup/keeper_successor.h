/* SPDX-License-Identifier: MIT */
/*
 * sup/keeper_successor.h - makes another process the service, and logs it
 *
 * A part of sup/keeper.h, for a hot upgrade or a daemon that forks:
 * sup/main_pid.h says which process it can be, and here the keeper's pid, group
 * and monitor become that one's. Nothing is signalled or started here.
 */
#ifndef HALE_SUP_KEEPER_SUCCESSOR_H
#define HALE_SUP_KEEPER_SUCCESSOR_H

#include "sup/keeper.h"

/* The service names pid as its main process from now on (MAINPID). It is taken
 * if it is one of the service's and no stop is under way; else that is logged,
 * and nothing changes. */
void keeper_successor_named(struct keeper *k, pid_t pid);

/*
 * The service, which hale has reaped, ended by itself: does another process
 * take its place (one that was named, the former one, the one orphan with
 * --follow-orphan)? Then k is about that one, and this returns true.
 */
bool keeper_successor_found(struct keeper *k, int status);

/*
 * The service has ended and another process got its exit code: most likely the
 * one that was the service before, whose upgrade has failed. Does that one take
 * its place again?
 */
bool keeper_successor_returned(struct keeper *k);

#endif
