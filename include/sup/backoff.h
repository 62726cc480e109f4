/* SPDX-License-Identifier: MIT */
/*
 * sup/backoff.h - how long the next start waits, if there is one (pure)
 *
 * Knows no time of day and no state of the service: sup/lifecycle.h says when
 * one has failed.
 */
#ifndef HALE_SUP_BACKOFF_H
#define HALE_SUP_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#define BACKOFF_REFUSED_MS 1000	/* first pause after a start that the machine
				 * refused; it doubles */

struct backoff_conf {
	int64_t min_ms, max_ms;	/* it doubles, up to max_ms */
	int     max_restarts;	/* in a row; 0: no limit */
};

/* Zeroed, and reset once. */
struct backoff {
	int     restarts;	/* all of them, and those .. */
	int     in_row;		/* .. since the last reset */
	int64_t next_ms;	/* what the next restart waits */
	int64_t refused_ms;	/* what the next try of a refused start waits */
};

/* It has been well for long: the next failure is as if it were the first. */
void backoff_reset(struct backoff *b, const struct backoff_conf *conf);

/* May it be restarted once more? */
bool backoff_is_left(const struct backoff *b, const struct backoff_conf *conf);

/* It is restarted: counts that. Returns the milliseconds to wait before. */
int64_t backoff_restart(struct backoff *b, const struct backoff_conf *conf);

/* The machine refused a start, which is not the service's failure: nothing is
 * counted. Returns the milliseconds to wait, which are never 0. */
int64_t backoff_refused(struct backoff *b, const struct backoff_conf *conf);

#endif
