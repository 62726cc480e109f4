/* SPDX-License-Identifier: MIT */
/*
 * sup/probe_answer.h - answers each HTTP request that PID 1 gets
 *
 * The server's callback, for probes and for hale's own commands: takes a
 * snapshot, has sup/endpoints.h choose and write the answer, and carries out a
 * drain. A part of PID 1 (sup/init_state.h).
 */
#ifndef HALE_SUP_PROBE_ANSWER_H
#define HALE_SUP_PROBE_ANSWER_H

#include "sup/init_state.h"

/* server_init()'s answer and services; the owner is a struct init. */
void probe_answer(void *in, const struct server_ask *ask, struct buf *out);
void probe_services(void *in, struct server_services *into);

#endif
