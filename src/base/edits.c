/* SPDX-License-Identifier: MIT */
/* base/edits.c - how far a word is from another */
#include "base/edits.h"

#include <limits.h>

/* see base/edits.h */
unsigned
edits_between(struct span a, struct span b)
{
	/* Of the matrix this row, the one before it and the one before that. */
	unsigned char rows[3][EDITS_WORD_MAX + 1];

	if (a.len > EDITS_WORD_MAX || b.len > EDITS_WORD_MAX)
		return UINT_MAX;
	for (size_t i = 0; i <= a.len; i++) {
		unsigned char *row = rows[i % 3];
		const unsigned char *above = rows[(i + 2) % 3];

		for (size_t j = 0; j <= b.len; j++) {
			size_t best = i + j;	/* where one of them is 0 */

			if (i > 0 && j > 0) {
				best = above[j - 1]
				     + (size_t)(a.p[i - 1] != b.p[j - 1]);
				if (above[j] + 1u < best)
					best = above[j] + 1u;
				if (row[j - 1] + 1u < best)
					best = row[j - 1] + 1u;
			}
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2]
			 && a.p[i - 2] == b.p[j - 1]
			 && rows[(i + 1) % 3][j - 2] + 1u < best)
				best = rows[(i + 1) % 3][j - 2] + 1u;
			row[j] = (unsigned char)best;
		}
	}
	return rows[a.len % 3][b.len];
}
