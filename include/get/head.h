/* SPDX-License-Identifier: MIT */
/*
 * get/head.h - the head of a request, in curl's order (pure)
 */
#ifndef HALE_GET_HEAD_H
#define HALE_GET_HEAD_H

#include "get/options.h"
#include "get/route.h"

/* One request's own facts, beside the command line's. */
struct head {
	const struct url *url;
	const struct route *route;
	const char  *method;
	struct span *lines;	/* room for as many as the options' headers */
	struct span  token;	/* --bearer-file's, if head_needs_token() */
	bool         moved;	/* by a redirect: -G's data was sent */
	bool         trusted;	/* the login and its like may be sent here */
	bool         same_host;	/* the user's Host field is meant for it */
	bool         posts, puts;	/* a body follows: -d's, -T's */
	bool         chunked;	/* its length is not known */
	uint64_t     length;	/* 0: none */
	uint64_t     resume_from;
};

/* Does this request log in by the token of --bearer-file? */
bool head_needs_token(const struct options *o, const struct head *h);

/*
 * Appends the request's head. Returns GET_OK, or another exit code (get/exit.h)
 * after appending why: a part is too long, or the user's lines contradict the
 * body.
 */
int head_write(struct buf *b, const struct options *o, const struct head *h,
               struct buf *why);

#endif
