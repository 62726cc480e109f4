/* SPDX-License-Identifier: MIT */
/*
 * sup/snapshot.h - answers a probe from what PID 1 knows at that moment
 *
 * A part of PID 1 (sup/self.h).
 */
#ifndef HALE_SUP_SNAPSHOT_H
#define HALE_SUP_SNAPSHOT_H

#include "sup/self.h"

/* server_init()'s answer; the owner is a struct init. */
void snapshot_answer(void *in, const struct server_ask *ask, struct buf *out);

#endif
