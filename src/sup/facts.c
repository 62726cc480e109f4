/* SPDX-License-Identifier: MIT */
/* sup/facts.c - what the supervisor knows at one moment (pure) */
#include "sup/facts.h"

/* see sup/facts.h */
const struct facts_check *
facts_first_failure(const struct facts *facts, unsigned verdict)
{
	for (size_t i = 0; i < facts->n_checks; i++)
		if (facts_fails(&facts->checks[i], verdict))
			return &facts->checks[i];
	return NULL;
}

/* see sup/facts.h */
bool
facts_pass(const struct facts *facts, unsigned verdicts)
{
	return facts_first_failure(facts, verdicts) == NULL;
}
