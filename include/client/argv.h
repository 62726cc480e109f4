/* SPDX-License-Identifier: MIT */
/*
 * client/argv.h - a command line in one text to its words (pure)
 */
#ifndef HALE_CLIENT_ARGV_H
#define HALE_CLIENT_ARGV_H

#include "base/buf.h"

#define ARGV_MAX      32	/* words */
#define ARGV_TEXT_MAX 4096	/* bytes of the words, their NULs included */

/*
 * Splits text at blanks into argv, which ends with NULL; the words are appended
 * to room, a NUL after each: text.len + 1 bytes hold any. "..." and '...' hold
 * blanks together, \ takes the next byte as it is (not within '...'); nothing
 * is expanded. Returns 0, ERR_QUOTE (a quote left open, or a \ at the end),
 * ERR_PARSE (no word, an empty first one, a NUL) or ERR_TOOBIG (more than
 * ARGV_MAX words or ARGV_TEXT_MAX bytes, or no room).
 */
int argv_split(char *argv[ARGV_MAX + 1], struct buf *room, struct span text);

#endif
