/* SPDX-License-Identifier: MIT */
/* sup/snapshot.c - what the supervisor knows at one moment (pure) */
#include "sup/snapshot.h"

/* see sup/snapshot.h */
const struct snapshot_check *
snapshot_first_failure(const struct snapshot *facts, unsigned verdict)
{
	for (size_t i = 0; i < facts->n_checks; i++)
		if (snapshot_fails(&facts->checks[i], verdict))
			return &facts->checks[i];
	return NULL;
}

/* see sup/snapshot.h */
bool
snapshot_pass(const struct snapshot *facts, unsigned verdicts)
{
	return snapshot_first_failure(facts, verdicts) == NULL;
}
