/* SPDX-License-Identifier: MIT */
/*
 * client/redact.h - a target without its secrets, as people see it (pure)
 *
 * redact_target() alone writes what a probe, a metric, a log or an error line
 * may show of a target. Cut are a login, the query, the fragment, a path's
 * parameters (from ';' or '&' on), of a path with another login in it the rest,
 * and of an exec: all but the program. What is written is plain (base/buf.h).
 *
 * Of a text that could not be read all up to its last '@' is taken for a login,
 * since a password may hold any byte; what then stands after a blank
 * (arguments?) or another mark that no host has, or, without an '@', where a
 * port should be and is not one, becomes "...".
 */
#ifndef HALE_CLIENT_REDACT_H
#define HALE_CLIENT_REDACT_H

#include "client/target.h"

#define REDACT_ROOM 512	/* bytes that redact_text() and the like take */
#define REDACT_MORE 3	/* bytes that may be shown beyond those of the text */

/* Appends what may be seen of t, read (client/target.h) or not. */
void redact_target(struct buf *b, const struct target *t);

/* The same of a text that nobody holds as a target, in room, terminated; what
 * is too long ends in "...". */
const char *redact_text(char room[REDACT_ROOM], struct span text);

/* For a value that should be something else: the same where it looks like a
 * target, all of it where it does not. */
const char *redact_value(char room[REDACT_ROOM], struct span value);

#endif
