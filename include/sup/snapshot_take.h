/* SPDX-License-Identifier: MIT */
/*
 * sup/snapshot_take.h - takes the snapshot that an answer is written from
 *
 * The only place where an answer's figures and reasons come from PID 1's state.
 * hale's own checks are "service", and if they apply "startup", "notify" and
 * "watchdog"; then come those of a URL, and last "drain": what failed before
 * it is still the first reason.
 */
#ifndef HALE_SUP_SNAPSHOT_TAKE_H
#define HALE_SUP_SNAPSHOT_TAKE_H

#include "sup/init_state.h"
#include "sup/snapshot.h"

/* Fills all of s that the scope asks for. Of `in` it changes only the figures
 * of the kernel's that are kept for a moment. */
void snapshot_take(struct snapshot *s, struct init *in,
                   enum snapshot_scope scope, int64_t now_ms);

#endif
