/* SPDX-License-Identifier: MIT */
/* get/retry.c - the requests for one URL: redirects, and --retry */
#include "get/retry.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/parse.h"
#include "client/request.h"
#include "get/exit.h"
#include "get/failure.h"
#include "get/receive.h"
#include "get/redirect.h"
#include "get/retry_after.h"
#include "get/send.h"

#define RETRY_MIN_MS  1000	/* curl's back-off: 1, 2, 4 ... */
#define RETRY_MAX_MS  600000

/* "bytes 100-199/1000": 100; 0 for what says nothing of this kind. */
static uint64_t
range_start(const struct transfer *t)
{
	struct span value = reply_field(t->c.reply.fields,
	                                span_of("Content-Range"));
	uint64_t start = 0;

	if (!span_has_prefix(value, "bytes "))
		return 0;
	value = span_after(value, 6);
	(void)parse_uint_span(span_cut(&value, '-'), INT64_MAX, &start);
	return start;
}

/* Has the file all of it already, by the server's word or by the length? */
static bool
has_all(const struct transfer *t)
{
	if (t->resume_from == 0)
		return false;
	return t->r.status == 416
	    || (t->r.status == 200 && t->c.body == BODY_LENGTH
	        && t->c.left == t->resume_from);
}

/* The answer to a wish to continue: from where we are, or not at all. An
 * error's page is not a part of the file, nor is an answer without bytes. */
static int
judge_range(struct transfer *t)
{
	if (t->resume_from == 0 || has_all(t) || t->c.is_head
	 || (t->r.status == 206 && range_start(t) == t->resume_from))
		return GET_OK;
	if (t->o->wget && t->r.status == 200) {	/* it begins anew */
		t->resume_from = 0;
		t->sink.append = false;
		t->sink.start = 0;
		if (sink_reset(&t->sink) == 0)
			return GET_OK;
	}
	return failure_set(t, GET_RANGE,
	                   "HTTP server does not seem to support byte ranges. "
	                   "Cannot resume.");
}

static int
fail_status(struct transfer *t)
{
	struct span reason = t->c.reply.reason;

	if (!t->o->wget)
		return failure_set(t, GET_HTTP_ERROR,
		                   "The requested URL returned error: %d",
		                   t->r.status);
	if (t->o->fail_with_body)
		reason.len = 0;	/* the body has come over it */
	return failure_set(t, t->r.status == 401 ? GET_LOGIN : GET_HTTP_ERROR,
	                   "server returned error: HTTP/1.%d %d %.*s",
	                   t->r.minor, t->r.status, (int)reason.len, reason.p);
}

/* One request and its answer. *moved: the answer sends us on. */
static int
request_and_answer(struct transfer *t, bool *moved)
{
	struct buf why = buf_over(t->r.why, sizeof t->r.why - 1);
	int code = route_find(t->o, &t->url, &t->route, &why);

	*moved = false;
	(void)buf_text(&why);
	t->r.try_us = clock_us();
	t->r.method = send_method(t);
	if (code == GET_OK)
		code = send_write_head(t);
	if (code == GET_OK)
		code = send_connect(t);
	if (code == GET_OK)
		code = send_request(t);
	if (code == GET_OK)
		code = receive_head(t);
	if (code != GET_OK)
		return code;
	if (redirect_read(t)) {
		if (t->o->location || t->o->location_trusted) {
			*moved = true;
			return GET_OK;
		}
		redirect_show(t);
	}
	if (receive_has_failed(t)) {
		if (t->o->fail_with_body)
			code = receive_body(t);
		return code != GET_OK ? code : fail_status(t);
	}
	code = judge_range(t);
	if (code != GET_OK || has_all(t))
		return code;
	return receive_body(t);
}

/* Where the upload comes from; it starts anew with each request. */
static int
open_upload(struct transfer *t)
{
	const struct request_lines lines = { t->o->headers, t->o->n_headers };
	const char *name = t->upload;
	struct span unused;
	struct stat st;

	if (t->upload_is_used && !t->upload_sized)
		return failure_set(t, GET_REWIND,
		                   "%s cannot be read again: necessary "
		                   "data rewind wasn't possible", name);
	t->upload_fd = STDIN_FILENO;
	t->upload_sized = false;
	t->upload_is_used = true;
	if (strcmp(name, "-") == 0 || strcmp(name, ".") == 0)
		return GET_OK;
	t->upload_fd = open(name, O_RDONLY | O_CLOEXEC);
	if (t->upload_fd < 0 || fstat(t->upload_fd, &st) < 0)
		return failure_set(t, GET_READ, "Can't open '%s': %s", name,
		                   err_text(-errno));
	t->upload_sized = S_ISREG(st.st_mode)
	               && request_count(&lines, "Transfer-Encoding",
	                                &unused) <= 0;
	t->upload_len = t->upload_sized ? (uint64_t)st.st_size : 0;
	return GET_OK;
}

static void
close_upload(struct transfer *t)
{
	if (t->upload_fd > STDIN_FILENO)
		close(t->upload_fd);
	t->upload_fd = -1;
}

static enum transfer_kind
first_kind(const struct transfer *t)
{
	const struct options *o = t->o;

	if (t->upload != NULL)
		return TRANSFER_PUT;
	if (o->head)
		return TRANSFER_HEAD;
	return o->data.is_set && !o->get ? TRANSFER_POST : TRANSFER_GET;
}

/* What a new try forgets of the one before. */
static void
begin_try(struct transfer *t)
{
	struct result *r = &t->r;
	const struct options *o = t->o;

	memset(r, 0, offsetof(struct result, connects));
	r->why[0] = r->redirect[0] = '\0';
	r->head_len = 0;
	r->more = (struct span){ o->data.p, o->get ? o->data.len : 0 };
	r->as_is = o->path_as_is;
	t->url = t->first;
	t->kind = first_kind(t);
	t->err = 0;
	t->deadline_ms = o->max_time_ms > 0
	        ? clock_after(clock_ms(), o->max_time_ms) : CLOCK_NEVER;
	if (t->digest != NULL)
		digest_reset(t->digest);
	bytes_copy_text(r->url, sizeof r->url, span_of(t->first_text));
}

static int
try_once(struct transfer *t)
{
	bool moved = true;
	int code = GET_OK;

	begin_try(t);
	t->c.fd = -1;
	t->c.tls = NULL;
	while (code == GET_OK && moved) {
		if (t->kind == TRANSFER_PUT)
			code = open_upload(t);
		if (code == GET_OK)
			code = request_and_answer(t, &moved);
		exchange_close(&t->c);
		close_upload(t);
		if (code == GET_OK && moved)
			code = redirect_follow(t);
	}
	if (code == GET_OK && t->digest != NULL
	 && !digest_is(t->digest, t->o->sha256))
		code = failure_set(t, GET_DIGEST,
		                   "the content does not match --sha256");
	return code;
}

/* What lies with us, and is the same at the next try. */
static bool
is_ours(int code)
{
	switch (code) {
	case GET_USAGE: case GET_URL: case GET_WRITE: case GET_READ:
	case GET_MEMORY: case GET_KEY: case GET_OWN_CERT: case GET_CA_FILE:
	case GET_REWIND:
		return true;
	}
	return false;
}

/* Has a part of the body gone where it cannot be taken back? */
static bool
is_gone(const struct sink *s)
{
	return s->written > 0 && s->start < 0;
}

static bool
is_transient(const struct transfer *t, int code)
{
	if (is_ours(code) || (t->o->wget && is_gone(&t->sink)))
		return false;
	if (code == GET_TIMEOUT
	 || (!t->o->wget && (code == GET_LOOKUP || code == GET_PROXY_LOOKUP)))
		return true;
	if (t->o->retry_refused && code == GET_CONNECT
	 && t->err == -ECONNREFUSED)
		return true;
	if (t->o->wget)	/* what broke off, but no answer */
		return code == GET_PARTIAL || code == GET_RECV
		    || code == GET_SEND || code == GET_EMPTY;
	if (code != GET_OK && code != GET_HTTP_ERROR)
		return t->o->retry_all;
	switch (t->r.status) {
	case 408: case 429: case 500: case 502: case 503: case 504:
	case 522: case 524:
		return true;
	}
	return code != GET_OK && t->o->retry_all;
}

/* For another try: with "-C -" it goes on where the file ends by now, unless
 * heads or the page of an error are in there. Else what was written is taken
 * back. */
static int
go_back(struct transfer *t)
{
	if (t->resume_from == 0 || strcmp(t->o->resume, "-") != 0
	 || t->o->include || t->o->head || receive_has_failed(t))
		return sink_reset(&t->sink);
	t->resume_from += t->sink.written;
	sink_keep(&t->sink);
	return 0;
}

static void
sleep_ms(int64_t ms)
{
	struct timespec t = { .tv_sec = (time_t)(ms / 1000),
	                      .tv_nsec = (long)(ms % 1000) * 1000000 };

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		continue;
}

/* see get/retry.h */
int
retry_run(struct transfer *t)
{
	const struct options *o = t->o;
	int64_t pause_ms = o->retry_delay_ms > 0 ? o->retry_delay_ms
	                                         : RETRY_MIN_MS;
	int64_t start_ms = clock_ms();

	for (int64_t left = o->retry;; left--) {
		int code = try_once(t);
		int64_t wait_ms = pause_ms, server_ms;

		if (left <= 0 || !is_transient(t, code))
			return code;
		server_ms = code == GET_OK || code == GET_HTTP_ERROR
		         ? retry_after_ms(result_head(&t->r), time(NULL)) : 0;
		if (server_ms > wait_ms)
			wait_ms = server_ms;
		if (o->retry_max_ms > 0
		 && clock_ms() - start_ms + wait_ms > o->retry_max_ms)
			return code;
		if (!options_are_quiet(o))
			log_warn("Problem: %s. Will retry in %lld ms. "
			         "%lld retries left.",
			         t->r.why[0] != '\0' ? t->r.why : "HTTP error",
			         (long long)wait_ms, (long long)left);
		if (go_back(t) < 0) {
			t->r.why[0] = '\0';
			return failure_set(t, GET_WRITE,
			                   "cannot write %s again",
			                   t->sink.name);
		}
		sleep_ms(wait_ms);
		if (o->retry_delay_ms == 0 && pause_ms < RETRY_MAX_MS)
			pause_ms *= 2;
	}
}
