/* SPDX-License-Identifier: MIT */
/*
 * sup/probe_answer.h - answers a probe: joins server, snapshot and endpoints
 *
 * A part of PID 1 (sup/init_state.h).
 */
#ifndef HALE_SUP_PROBE_ANSWER_H
#define HALE_SUP_PROBE_ANSWER_H

#include "sup/init_state.h"

/* server_init()'s answer; the owner is a struct init. */
void probe_answer(void *in, const struct server_ask *ask, struct buf *out);

#endif
