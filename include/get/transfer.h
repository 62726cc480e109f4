/* SPDX-License-Identifier: MIT */
/*
 * get/transfer.h - one URL of `hale get`, from its name to its file
 *
 * Prepares the URL and the output, has get/retry.h make the requests, then
 * completes the file and prints -w's text and the errors.
 *
 * The struct is what the parts of a transfer share: get/redirect, get/send,
 * get/receive, get/retry and what they print. Each of their functions that
 * returns an int returns GET_OK or another exit code (get/exit.h), with the
 * words in r.why; a transfer that failed is not continued.
 */
#ifndef HALE_GET_TRANSFER_H
#define HALE_GET_TRANSFER_H

#include "get/digest.h"
#include "get/options.h"
#include "get/result.h"
#include "get/route.h"
#include "get/sink.h"

#define TRANSFER_IN_MAX   65536	/* bytes of a head; of a body at a time */
#define TRANSFER_HEAD_MAX 65536	/* bytes of a request's head */

/* What kind of request it is; -X changes only its name. */
enum transfer_kind {
	TRANSFER_GET, TRANSFER_HEAD, TRANSFER_POST, TRANSFER_PUT,
};

/* On the heap, zeroed: many pages, most of them never touched. What is used
 * often comes first, where the code that reaches it is shorter. */
struct transfer {
	const struct options *o;
	enum transfer_kind kind;
	int             err;		/* what the last try's code came from */
	const char     *upload;	/* -T's file for this URL, or NULL */
	uint64_t        upload_len;
	int             upload_fd;	/* -1: none */
	bool            upload_sized;	/* a plain file; else read once */
	bool            upload_is_used;
	uint64_t        resume_from;
	int64_t         deadline_ms;	/* of this try */
	int64_t         shown_us;	/* the progress line's last; 0: none */
	struct digest  *digest;	/* NULL without --sha256 */
	struct result   r;
	struct sink     sink;
	struct exchange c;
	struct url      first, url;	/* as given; as requested now */
	struct route    route;
	char            first_text[RESULT_URL_MAX];
	char            in[TRANSFER_IN_MAX];
	char            request[TRANSFER_HEAD_MAX];
	size_t          request_len;
	char            moved[RESULT_URL_MAX];	/* where a Location leads */
	char            file[RESULT_URL_MAX];
};

/* Does all for the ith URL, its file, its messages and -w's text included.
 * Returns the exit code. */
int transfer_run(const struct options *o, size_t i);

#endif
