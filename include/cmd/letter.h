/* SPDX-License-Identifier: MIT */
/*
 * cmd/letter.h - options as getopt(3) reads them, for other tools' names (pure)
 *
 * Letters may stand together ("-gv"), a value in the same word or the next, and
 * a long name may be cut short while it is clear. Options end at the first word
 * that is not one, or after "--".
 */
#ifndef HALE_CMD_LETTER_H
#define HALE_CMD_LETTER_H

#define LETTER_END 0
#define LETTER_BAD (-1)	/* unknown, unclear, or without its value */

struct letter {
	/* Terminated texts, the last of them empty: a letter, ':' if it takes
	 * a value, and its long name if it has one: "h" "r:rewrite". */
	const char *known;
	char      **argv;	/* the next word; at last the first operand */
	const char *word;	/* the last that was an option, as it stands */
	const char *value;	/* of the last letter that takes one */
	const char *more;	/* letters that are left of word, or NULL */
};

/* Returns the next letter, LETTER_END or LETTER_BAD. Before the first call
 * known and argv are set, all else is zero. */
int letter_next(struct letter *l);

#endif
