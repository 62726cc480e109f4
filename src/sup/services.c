/* SPDX-License-Identifier: MIT */
/* sup/services.c - the services that gRPC health probes can name */
#include "sup/services.h"

#define NAME_LEN 8
#define ITSELF   0	/* "" */

static const struct {
	char          name[NAME_LEN];
	unsigned char verdicts;
} own[] = {
	[ITSELF] = { "", VERDICT_LIVE | VERDICT_READY },
	{ "live", VERDICT_LIVE },
	{ "ready", VERDICT_READY },
	{ "startup", VERDICT_STARTUP },
};
#define OWN (sizeof own / sizeof own[0])

_Static_assert(SERVER_SERVICES_MAX >= OWN + SERVICES_NAMES_MAX
               + VERDICT_CHECKS_MAX, "all services fit");

_Static_assert(SERVER_SERVICES_MAX * (SERVICES_NAME_MAX + 16)
               <= SERVER_OUT_MAX, "a List of the longest names fits");

/* May it be one of gRPC's strings, without control characters? These are UTF-8:
 * clients refuse all of a List in which one is not. */
static bool
is_text(struct span name)
{
	char text[SERVICES_NAME_MAX];
	struct buf plain = buf_over(text, sizeof text);

	buf_plain(&plain, name);
	return !plain.cut && span_is_equal(buf_span(&plain), name);
}

/* see sup/services.h */
bool
services_is_name(struct span name)
{
	for (size_t i = 0; i < OWN; i++)
		if (span_is(name, own[i].name))
			return false;
	return is_text(name) && !span_has(name, ' ');
}

/* A name that is there keeps its meaning: a client finds the first. */
static void
add(struct server_services *into, struct span name, bool is_serving)
{
	for (size_t i = 0; i < into->n; i++)
		if (span_is_equal(name, into->of[i].name))
			return;
	into->of[into->n++] = (struct server_service){ name, is_serving };
}

/* see sup/services.h */
void
services_fill(struct server_services *into, const struct snapshot *s,
              const struct span names[], size_t n_names)
{
	into->n = 0;
	for (size_t i = 0; i < OWN; i++)
		add(into, span_of(own[i].name),
		    snapshot_passes(s, own[i].verdicts));
	for (size_t i = 0; i < n_names; i++)
		add(into, names[i], into->of[ITSELF].is_serving);
	into->n_probes = into->n;
}

/* see sup/services.h */
void
services_add_check(struct server_services *into, struct span name,
                   const struct snapshot_check *c)
{
	add(into, name, !snapshot_fails(c, c->counts_for));
}
