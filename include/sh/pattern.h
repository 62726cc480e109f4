/* SPDX-License-Identifier: MIT */
/*
 * sh/pattern.h - grep's patterns, matched to a line byte by byte (pure)
 *
 * Basic and extended regular expressions as grep has them: literals . ^ $ *
 * [...] with ranges and [:space:] [:digit:] [:alpha:] [:alnum:], groups, | + ?
 * (in basic ones \( \) \| \+ \?), \ before punctuation. Bounds ({2,3}), back
 * references and \w and the like are refused. A newline parts alternatives.
 *
 * The pattern becomes a program whose states are followed side by side: no
 * pattern takes longer than its length for a byte, and no line is kept.
 */
#ifndef HALE_SH_PATTERN_H
#define HALE_SH_PATTERN_H

#include <stdbool.h>

#define SH_PATTERN_MAX 250	/* bytes */
#define SH_STEPS_MAX   512	/* of a program: two a byte, and the end */
#define SH_GROUPS_MAX  8	/* in each other */

enum sh_pattern_flag {
	SH_EXTENDED = 1,	/* -E */
	SH_FIXED    = 2,	/* -F: all is literal */
	SH_ANY_CASE = 4,	/* -i; of ASCII letters */
	SH_LINE     = 8,	/* -x: the whole line */
	SH_WORD     = 16,	/* -w: between bytes that are not of a word */
};

struct sh_step {
	unsigned char op, byte;
	short         to;	/* a jump, relative; a set's place in text */
};

struct sh_pattern {
	const char    *text;	/* the caller's, NUL-terminated */
	unsigned       flags;
	short          n;
	struct sh_step steps[SH_STEPS_MAX];
	unsigned char  now[SH_STEPS_MAX / 8], next[SH_STEPS_MAX / 8];
	int            before;	/* the last byte of the line, -1: none yet */
	bool           has_matched;	/* this line, so far */
};

/* Reads a pattern, and is at a line's start. Returns 0, or ERR_PARSE (refused,
 * or not closed) or ERR_TOOBIG, with *bad where in text. */
int sh_pattern_read(struct sh_pattern *m, const char *text, unsigned flags,
                    const char **bad);

/* Takes the line's next byte: not a newline. */
void sh_pattern_byte(struct sh_pattern *m, unsigned char byte);

/* The line is over: did it match? Then is at a line's start again. */
bool sh_pattern_end(struct sh_pattern *m);

#endif
