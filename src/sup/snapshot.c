/* SPDX-License-Identifier: MIT */
/* sup/snapshot.c - what a snapshot's checks say of the verdicts */
#include "sup/snapshot.h"

_Static_assert(SNAPSHOT_CHECKS_MAX <= 32, "a set of checks is an unsigned");

/* see sup/snapshot.h */
const struct snapshot_check *
snapshot_first_failure(const struct snapshot *s, unsigned verdicts)
{
	for (size_t i = 0; i < s->n_checks; i++)
		if (snapshot_fails(&s->checks[i], verdicts))
			return &s->checks[i];
	return NULL;
}

/* see sup/snapshot.h */
bool
snapshot_passes(const struct snapshot *s, unsigned verdicts)
{
	return snapshot_passes_without(s, verdicts, 0);
}

/* see sup/snapshot.h */
bool
snapshot_passes_without(const struct snapshot *s, unsigned verdicts,
                        unsigned excluded)
{
	for (size_t i = 0; i < s->n_checks; i++)
		if ((excluded & 1u << i) == 0
		 && snapshot_fails(&s->checks[i], verdicts))
			return false;
	return true;
}
