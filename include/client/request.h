/* SPDX-License-Identifier: MIT */
/*
 * client/request.h - write a request's fields, the user's among them (pure)
 *
 * A user's line is curl's -H: "Name: value" replaces our field of that name,
 * "Name:" leaves ours out, "Name;" sends the field with no value. Names are
 * compared in any case. Nothing here keeps state.
 */
#ifndef HALE_CLIENT_REQUEST_H
#define HALE_CLIENT_REQUEST_H

#include "client/url.h"

#define REQUEST_LOGIN_MAX 16384	/* bytes of "user:password": tokens are long */

struct request_lines {
	const struct span *at;	/* verified lines */
	size_t             n;
};

/* Returns 0, or ERR_PARSE for a line without a name or with a control byte
 * that would end the field for the server. */
int request_verify_line(struct span line);

/* Is this line of this name? */
bool request_is_named(struct span line, const char *name);

/* Sets the name, and the value, trimmed, of a line that sends something.
 * Returns false for one that only leaves ours out. */
bool request_sends(struct span line, struct span *name, struct span *value);

/* Has the user a line of this name? */
bool request_has(const struct request_lines *lines, const char *name);

/* How many of the user's lines of this name send something, with the last one's
 * value, trimmed; -1 where they only leave ours out. */
int request_count(const struct request_lines *lines, const char *name,
                  struct span *value);

/*
 * Do the user's lines say otherwise how the body ends: a length that is not
 * this one, or given twice, chunks where there are none, or nothing at all?
 * length is 0 without a body. Returns the field at fault, static, or NULL.
 */
const char *request_contradiction(const struct request_lines *lines,
                                  bool chunked, uint64_t length);

/* Appends "Name: value" with CRLF unless the user has a line of this name. */
void request_add(struct buf *b, const struct request_lines *lines,
                 const char *name, const char *value);

/* Appends the user's lines that send something, but of several Host fields
 * with a value only the first: a request has one. */
void request_add_lines(struct buf *b, const struct request_lines *lines);

/*
 * Appends "Authorization: Basic ..." with CRLF, after prefix ("Proxy-" or ""),
 * for user ("user:password", or without the colon), or else for u's login.
 * Returns 0, ERR_PARSE for a control byte in u's, or ERR_TOOBIG.
 */
int request_add_login(struct buf *b, const char *prefix, const char *user,
                      const struct url *u);

#endif
