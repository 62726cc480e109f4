/* SPDX-License-Identifier: MIT */
/*
 * get/job.h - one URL's work, for the files of `hale get` that share it
 *
 * get.c makes a job of a URL and an output, get_try.c repeats and redirects
 * it, get_send.c and get_recv.c do one request and its answer, get_tell.c has
 * the words. Each function returns GET_OK or the exit code, with words in
 * r.why; what failed is not gone on with.
 */
#ifndef HALE_GET_JOB_H
#define HALE_GET_JOB_H

#include "get/get.h"

#define GET_IN_MAX      65536	/* bytes of a head; of a body at a time */
#define GET_REQUEST_MAX 65536	/* bytes of a request's head */

/* What kind of request it is; -X changes only its name. */
enum get_kind { ASK_GET, ASK_HEAD, ASK_POST, ASK_PUT };

/* On the heap, zeroed: many pages, most of them never touched. */
struct get_job {
	const struct get  *g;
	const char        *upload;	/* -T's file for this URL, or NULL */
	struct get_result  r;
	struct get_sink    sink;
	struct get_digest *digest;	/* NULL without --sha256 */
	struct get_route   route;
	struct exchange      c;
	struct url         first, url;	/* as given; as asked now */
	char               first_text[GET_URL_MAX];
	enum get_kind      kind;
	uint64_t           resume_from;
	int                upload_fd;	/* -1: none */
	uint64_t           upload_len;
	bool               upload_sized;	/* a plain file; else read once */
	bool               upload_is_used;
	int64_t            deadline_ms;	/* of this try */
	int64_t            shown_us;	/* the progress line's last look; 0: none */
	int                err;		/* what the last try's code came from */
	char               in[GET_IN_MAX];
	char               request[GET_REQUEST_MAX];
	size_t             request_len;
	char               moved[GET_URL_MAX];	/* where a Location leads */
	char               file[GET_URL_MAX];
};

/* get_try.c: reads text, which stays, as the URL to ask now. */
int job_set_url(struct get_job *j, const char *text);

/* get_try.c: all of the URL's requests, until it is good, for good bad, or
 * enough. */
int job_try_all(struct get_job *j);

/* get_send.c: writes the request's head, connects to j->route and sends;
 * exchange_close(&j->c) is due after the second. */
int job_write_head(struct get_job *j);
int job_connect(struct get_job *j);
int job_send(struct get_job *j);
const char *job_method(const struct get_job *j);

/* get_recv.c: heads up to the one that counts, which is noted and shown. */
int job_read_head(struct get_job *j);
int job_read_body(struct get_job *j);

/* get_recv.c: is the answer's status a failure, by -f? */
bool job_has_failed(const struct get_job *j);

/* get_tell.c: puts the words of a failure into the result, where the first
 * ones count. Returns code. */
int job_fail(struct get_job *j, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* get_tell.c: the exchange failed with err: curl's code, in curl's words
 * where people look for them. */
int job_fail_exchange(struct get_job *j, int err);

/* get_tell.c: -v: a head, line by line; the host's addresses; who we are connected
 * to. */
void job_tell_head(const struct get_job *j, const char *mark,
                   struct span head);
void job_tell_addresses(struct get_job *j);
void job_tell_connection(const struct get_job *j);

/* get_tell.c: the progress line, now and then; last: for good. */
void job_progress(struct get_job *j, bool last);

/* get_tell.c: no messages are wanted. */
bool get_is_quiet(const struct get *g);

/* get_tell.c: from, terminated, as far as it fits. */
void job_copy_text(char *to, size_t cap, struct span from);

#endif
