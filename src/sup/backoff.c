/* SPDX-License-Identifier: MIT */
/* sup/backoff.c - how long the next start waits */
#include "sup/backoff.h"

/* Returns *wait_ms, which doubles for the next time, up to max_ms. */
static int64_t
take(int64_t *wait_ms, int64_t max_ms)
{
	int64_t now_ms = *wait_ms;

	*wait_ms = 2 * now_ms > max_ms ? max_ms : 2 * now_ms;
	return now_ms;
}

/* see sup/backoff.h */
void
backoff_reset(struct backoff *b, const struct backoff_conf *conf)
{
	b->in_row = 0;
	b->next_ms = conf->min_ms;
	b->refused_ms = BACKOFF_REFUSED_MS;
}

/* see sup/backoff.h */
bool
backoff_is_left(const struct backoff *b, const struct backoff_conf *conf)
{
	return conf->max_restarts == 0 || b->in_row < conf->max_restarts;
}

/* see sup/backoff.h */
int64_t
backoff_restart(struct backoff *b, const struct backoff_conf *conf)
{
	b->restarts++;
	b->in_row++;
	b->refused_ms = BACKOFF_REFUSED_MS;
	return take(&b->next_ms, conf->max_ms);
}

/* see sup/backoff.h */
int64_t
backoff_refused(struct backoff *b, const struct backoff_conf *conf)
{
	return take(&b->refused_ms, conf->max_ms > BACKOFF_REFUSED_MS
	                            ? conf->max_ms : BACKOFF_REFUSED_MS);
}
