/* SPDX-License-Identifier: MIT */
/*
 * base/edits.h - how far apart two words are, to tell what a typo meant (pure)
 */
#ifndef HALE_BASE_EDITS_H
#define HALE_BASE_EDITS_H

#include "base/span.h"

#define EDITS_WORD_MAX 40	/* bytes of a word that is compared */
#define EDITS_TOO_MANY 3	/* so many make it another word, not a typo */

/*
 * How many edits part a from b: of one byte, or of two neighbours that change
 * places. UINT_MAX if one of them has more than EDITS_WORD_MAX bytes.
 */
unsigned edits_between(struct span a, struct span b);

#endif
