/* SPDX-License-Identifier: MIT */
/* net/conn_state.c - what a connection waits for, and for how long */
#include "net/conn_state.h"

#include "base/clock.h"

/* see net/conn_state.h */
void
conn_enter(struct conn *c, enum conn_state state, int64_t timeout_ms)
{
	c->state = state;
	c->since = c->server->changes++;
	c->source.deadline_ms = c->until_ms = timeout_ms == CLOCK_NEVER
	                      ? CLOCK_NEVER : clock_ms() + timeout_ms;
}

/* A row of answers has one deadline, whoever it waits for. */
static void
enter_row(struct conn *c, enum conn_state state)
{
	if (c->state == CONN_BUSY || c->state == CONN_WRITE)
		c->state = state;
	else
		conn_enter(c, state, SERVER_HEAD_MS);
}

/* A deadline runs on while a head or a row of answers moves byte by byte. */
static void
choose(struct conn *c, bool same_head)
{
	if (c->out_len > 0)
		enter_row(c, CONN_WRITE);
	else if (c->in_len == 0)
		conn_enter(c, CONN_IDLE, SERVER_IDLE_MS);
	else if (c->wants_turn)
		enter_row(c, CONN_BUSY);
	else if (!same_head)
		conn_enter(c, CONN_HEAD, SERVER_HEAD_MS);
}

/* The same by HTTP/2, whose streams have deadlines of their own. */
static void
choose_h2(struct conn *c, bool same_head)
{
	int64_t first_ms = h2_deadline(c->h2);

	if (c->out_len > 0 || c->wants_turn)
		enter_row(c, c->out_len > 0 ? CONN_WRITE : CONN_BUSY);
	else if (c->h2->n_watches > 0 && c->in_len == 0)
		conn_enter(c, CONN_WATCH, CLOCK_NEVER);
	else if (c->in_len == 0 && c->h2->n == 0 && c->h2->has_settings)
		conn_enter(c, CONN_IDLE, SERVER_IDLE_MS);
	else if (!same_head)
		conn_enter(c, CONN_HEAD, SERVER_HEAD_MS);
	/* While an answer waits, nothing can be said to a stream. */
	c->source.deadline_ms = first_ms < c->until_ms && c->out_len == 0
	                      ? first_ms : c->until_ms;
}

/* see net/conn_state.h */
void
conn_choose_state(struct conn *c, bool same_head)
{
	(c->h2 != NULL ? choose_h2 : choose)(c, same_head);
}
