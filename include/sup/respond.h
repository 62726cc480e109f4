/* SPDX-License-Identifier: MIT */
/*
 * sup/respond.h - answers a probe: joins server, snapshot and endpoints
 *
 * A part of PID 1 (sup/init_state.h).
 */
#ifndef HALE_SUP_RESPOND_H
#define HALE_SUP_RESPOND_H

#include "sup/init_state.h"

/* server_init()'s answer; the owner is a struct init. */
void respond_to_probe(void *in, const struct server_ask *ask, struct buf *out);

#endif
