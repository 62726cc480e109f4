/* SPDX-License-Identifier: MIT */
/*
 * sh/pattern.h - grep's patterns, matched to a line byte by byte (pure)
 *
 * Of grep's basic and extended regular expressions: literals . ^ $ [...] with
 * ranges and [:space:], * + ? behind one of these, alternatives, \ before
 * punctuation (basic: \+ \? \|). A newline parts alternatives, too. Groups,
 * {2,3}, back references, \w and the like are refused, and what repeats an
 * anchor or nothing, but for the * that is a byte in basic ones.
 *
 * All places of the pattern that a line may have come to are followed side by
 * side: a byte takes no longer than the pattern is long, and no line is kept.
 */
#ifndef HALE_SH_PATTERN_H
#define HALE_SH_PATTERN_H

#include <stdbool.h>

#define SH_PATTERN_MAX 250	/* bytes */

enum sh_pattern_flag {
	SH_EXTENDED = 1,	/* -E */
	SH_FIXED    = 2,	/* -F: all is literal */
	SH_ANY_CASE = 4,	/* -i; of ASCII letters */
};

struct sh_pattern {
	const char *text;	/* the caller's, NUL-terminated */
	unsigned    flags;
	unsigned    n;
	bool        has_matched;	/* this line, so far */
	bool        is_in;	/* the set that was read last */
	const char *p;		/* what is read next of text */
	struct sh_item {
		unsigned char kind;
		unsigned char byte;	/* or where the set is in text */
		bool repeats, is_optional;
		bool is_here;	/* a line may have come to it */
	} items[SH_PATTERN_MAX + 1];
};

/* Reads a pattern, and is at a line's start. Returns 0, or ERR_PARSE (refused),
 * ERR_SHORT (a [ without a ]) or ERR_TOOBIG, with p where that starts in text.
 */
int sh_pattern_read(struct sh_pattern *m, const char *text, unsigned flags);

/* Takes the line's next byte; a newline is its end. Returns whether the line
 * matches, which only its end says of some; then it is at the next one's start.
 */
bool sh_pattern_step(struct sh_pattern *m, char c);

#endif
