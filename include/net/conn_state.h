/* SPDX-License-Identifier: MIT */
/*
 * net/conn_state.h - what a connection waits for, and for how long
 *
 * For net/conn.h alone; nothing is read or sent here.
 */
#ifndef HALE_NET_CONN_STATE_H
#define HALE_NET_CONN_STATE_H

#include "net/server.h"

/* It is in that state from now on, for so long at most, or CLOCK_NEVER. */
void conn_enter(struct conn *c, enum conn_state state, int64_t timeout_ms);

/*
 * Chooses the state by what is left to read, to answer and to send. same_head:
 * its bytes are the start of what was waited for already, whose deadline runs
 * on.
 */
void conn_choose_state(struct conn *c, bool same_head);

#endif
