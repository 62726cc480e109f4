/* SPDX-License-Identifier: MIT */
/*
 * client/redact.h - a target as it may be shown: without its secrets (pure)
 *
 * A target is what a check or a transfer is pointed at, in every form that
 * client/check.h and client/url.h read, and in those that they refuse: an error
 * line shows these. Cut are a login, the query, the fragment, and of an exec:
 * all but the program. What is written is plain (base/buf.h).
 *
 * Where the text can be read as a target its authority says what the login
 * is. Where it cannot, all up to its last '@' is taken for one, since a
 * password may hold any byte; what then stands behind a blank (arguments?) or,
 * without an '@', where a port should be and is not one, becomes "...".
 */
#ifndef HALE_CLIENT_REDACT_H
#define HALE_CLIENT_REDACT_H

#include "base/buf.h"

#define REDACT_ROOM 512	/* bytes that redact_text() and the like take */

/* Appends target as it may be shown. */
void redact_write(struct buf *b, struct span target);

/* The same in room, terminated; what is too long ends in "...". */
const char *redact_text(char room[REDACT_ROOM], struct span target);

/* For a value that should be something else: the same where it looks like a
 * target, all of it where it does not. */
const char *redact_value(char room[REDACT_ROOM], struct span value);

#endif
