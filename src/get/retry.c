/* SPDX-License-Identifier: MIT */
/* get/retry.c - one URL: requests, redirects, tries */
#include "get/job.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/parse.h"
#include "client/redact.h"
#include "client/request.h"

#define RETRY_MIN_MS  1000	/* curl's back-off: 1, 2, 4 ... */
#define RETRY_MAX_MS  600000

/* Is there a place to go on to? It is put into j->moved. */
static bool
has_redirect(struct get_job *j)
{
	struct span location = reply_field(&j->c.reply, "Location");
	struct buf b = buf_over(j->moved, sizeof j->moved);

	if (j->r.status / 100 != 3 || location.len == 0)
		return false;
	url_resolve(&b, &j->url, location);
	(void)buf_text(&b);
	if (b.cut)
		j->moved[0] = '\0';	/* no URL: half of one leads elsewhere */
	return true;
}

/* "bytes 100-199/1000": 100; 0 for what says nothing of this kind. */
static uint64_t
range_start(const struct get_job *j)
{
	struct span value = reply_field(&j->c.reply, "Content-Range");
	uint64_t start = 0;

	if (!span_has_prefix(value, "bytes "))
		return 0;
	value = span_after(value, 6);
	(void)parse_uint_span(span_cut(&value, '-'), INT64_MAX, &start);
	return start;
}

/* Has the file all of it already, by the server's word or by the length? */
static bool
has_all(const struct get_job *j)
{
	if (j->resume_from == 0)
		return false;
	return j->r.status == 416
	    || (j->r.status == 200 && j->c.body == BODY_LENGTH
	        && j->c.left == j->resume_from);
}

/* The answer to a wish to continue: from where we are, or not at all. An
 * error's page is no part of the file either. */
static int
judge_range(struct get_job *j)
{
	if (j->resume_from == 0 || has_all(j) || j->c.body == BODY_NONE
	 || (j->c.body == BODY_LENGTH && j->c.left == 0)
	 || (j->r.status == 206 && range_start(j) == j->resume_from))
		return GET_OK;
	return job_fail(j, GET_RANGE,
	                "HTTP server doesn't seem to support byte ranges. "
	                "Cannot resume.");
}

/* What is asked next, by curl's rules (RFC 9110, 15.4). */
static void
change_kind(struct get_job *j)
{
	const struct get *g = j->g;
	bool is_post = j->kind == ASK_POST;

	switch (j->r.status) {
	case 301:
		if (is_post && !g->post301)
			j->kind = ASK_GET;
		break;
	case 302:
		if (is_post && !g->post302)
			j->kind = ASK_GET;
		break;
	case 303:
		if (j->kind == ASK_PUT || (is_post && !g->post303))
			j->kind = ASK_GET;
		break;
	}
}

static bool
is_allowed(const struct get *g, bool is_https)
{
	struct span rest;

	if (g->protocols == NULL)
		return true;
	rest = span_of(g->protocols);
	if (span_has_prefix(rest, "="))
		rest = span_after(rest, 1);
	while (rest.len > 0)
		if (span_is(span_cut(&rest, ','), is_https ? "https" : "http"))
			return true;
	return false;
}

/* see get/job.h */
int
job_set_url(struct get_job *j, const char *text)
{
	struct span s = span_of(text);
	char room[REDACT_ROOM];
	int r = url_read(&j->url, s);

	if (r == ERR_SCHEME)
		return job_fail(j, GET_PROTOCOL, "Protocol \"%.*s\" not supported",
		                (int)strcspn(text, ":"), text);
	if (r < 0)
		return job_fail(j, GET_URL, "URL using bad/illegal format or "
		                "missing URL: \"%s\": expected %s",
		                redact_text(room, s), url_expected(s));
	if (!is_allowed(j->g, j->url.is_https))
		return job_fail(j, GET_PROTOCOL,
		                "Protocol \"%s\" not allowed by --proto",
		                j->url.is_https ? "https" : "http");
	j->r.is_https = j->url.is_https;
	return GET_OK;
}

/* Follows to j->moved. */
static int
move_on(struct get_job *j)
{
	struct buf b = buf_over(j->r.url, sizeof j->r.url);
	const struct get *g = j->g;
	int code;

	if (g->max_redirs >= 0 && j->r.redirects >= g->max_redirs)
		return job_fail(j, GET_REDIRECTS, "Maximum (%lld) redirects followed",
		                (long long)g->max_redirs);
	if (j->moved[0] == '\0')
		return job_fail(j, GET_URL, "Location leads to a URL of more "
		                "than " BUF_DIGITS(URL_MAX) " bytes");
	j->r.redirects++;
	j->r.more.len = 0;
	change_kind(j);
	buf_str(&b, j->moved);
	(void)buf_text(&b);
	code = job_set_url(j, j->r.url);
	/* A Location is no command line: "mailto:x" names no host. */
	if (code == GET_OK && !j->url.has_scheme)
		code = job_fail(j, GET_PROTOCOL,
		                "Protocol \"%.*s\" not supported",
		                (int)strcspn(j->r.url, ":"), j->r.url);
	return code;
}

/* One request and its answer. *moved: the answer sends us on. */
static int
exchange(struct get_job *j, bool *moved)
{
	struct buf why = buf_over(j->r.why, sizeof j->r.why - 1);
	int code = get_find_route(j->g, &j->url, &j->route, &why);

	*moved = false;
	(void)buf_text(&why);
	j->r.try_us = clock_us();
	j->r.method = job_method(j);
	if (code == GET_OK)
		code = job_write_head(j);
	if (code == GET_OK)
		code = job_connect(j);
	if (code == GET_OK)
		code = job_send(j);
	if (code == GET_OK)
		code = job_read_head(j);
	if (code != GET_OK)
		return code;
	if (has_redirect(j)) {
		if (j->g->location || j->g->location_trusted) {
			*moved = true;
			return GET_OK;
		}
		job_copy_text(j->r.redirect, sizeof j->r.redirect,
		              span_of(j->moved));
	}
	if (job_has_failed(j)) {
		if (j->g->fail_with_body)
			code = job_read_body(j);
		return code != GET_OK ? code
		       : job_fail(j, GET_HTTP_ERROR,
		                  "The requested URL returned error: %d",
		                  j->r.status);
	}
	code = judge_range(j);
	if (code != GET_OK || has_all(j))
		return code;
	return job_read_body(j);
}

/* Where the upload comes from; it starts anew with each request. */
static int
open_upload(struct get_job *j)
{
	const struct request_lines lines = { j->g->headers, j->g->n_headers };
	const char *name = j->upload;
	struct span unused;
	struct stat st;

	if (j->upload_is_used && !j->upload_sized)
		return job_fail(j, GET_REWIND, "%s cannot be read again: necessary "
		                "data rewind wasn't possible", name);
	j->upload_fd = STDIN_FILENO;
	j->upload_sized = false;
	j->upload_is_used = true;
	if (strcmp(name, "-") == 0 || strcmp(name, ".") == 0)
		return GET_OK;
	j->upload_fd = open(name, O_RDONLY | O_CLOEXEC);
	if (j->upload_fd < 0 || fstat(j->upload_fd, &st) < 0)
		return job_fail(j, GET_READ, "Can't open '%s': %s", name,
		                err_text(-errno));
	j->upload_sized = S_ISREG(st.st_mode)
	               && request_count(&lines, "Transfer-Encoding", &unused) <= 0;
	j->upload_len = j->upload_sized ? (uint64_t)st.st_size : 0;
	return GET_OK;
}

static void
close_upload(struct get_job *j)
{
	if (j->upload_fd > STDIN_FILENO)
		close(j->upload_fd);
	j->upload_fd = -1;
}

static enum get_kind
first_kind(const struct get_job *j)
{
	const struct get *g = j->g;

	if (j->upload != NULL)
		return ASK_PUT;
	if (g->head)
		return ASK_HEAD;
	return g->data.is_set && !g->get ? ASK_POST : ASK_GET;
}

/* What a new try forgets of the one before. */
static void
begin_try(struct get_job *j)
{
	struct get_result *r = &j->r;
	const struct get *g = j->g;

	r->code = GET_OK;
	r->status = r->redirects = 0;
	r->body_bytes = r->head_bytes = r->sent_bytes = r->uploaded_bytes = 0;
	r->lookup_us = r->connect_us = r->tls_us = r->sent_us = r->first_us = 0;
	r->why[0] = r->redirect[0] = '\0';
	r->head_len = 0;
	r->more = (struct span){ g->data.p, g->get ? g->data.len : 0 };
	r->as_is = g->path_as_is;
	j->url = j->first;
	j->kind = first_kind(j);
	j->err = 0;
	j->deadline_ms = g->max_time_ms > 0
	        ? clock_after(clock_ms(), g->max_time_ms) : CLOCK_NEVER;
	if (j->digest != NULL)
		digest_reset(j->digest);
	job_copy_text(r->url, sizeof r->url, span_of(j->first_text));
}

static int
try_once(struct get_job *j)
{
	bool moved = true;
	int code = GET_OK;

	begin_try(j);
	j->c.fd = -1;
	j->c.tls = NULL;
	while (code == GET_OK && moved) {
		if (j->kind == ASK_PUT)
			code = open_upload(j);
		if (code == GET_OK)
			code = exchange(j, &moved);
		exchange_close(&j->c);
		close_upload(j);
		if (code == GET_OK && moved)
			code = move_on(j);
	}
	if (code == GET_OK && j->digest != NULL
	 && !digest_is(j->digest, j->g->sha256))
		code = job_fail(j, GET_DIGEST, "the content does not match --sha256");
	return code;
}

/* What lies with us, and is no other at the next try. */
static bool
is_ours(int code)
{
	switch (code) {
	case GET_USAGE: case GET_URL: case GET_WRITE: case GET_READ:
	case GET_MEMORY: case GET_RESUME: case GET_OWN_CERT: case GET_CA_FILE:
	case GET_REWIND:
		return true;
	}
	return false;
}

static bool
is_transient(const struct get_job *j, int code)
{
	if (is_ours(code))
		return false;
	if (code == GET_TIMEOUT || code == GET_LOOKUP
	 || code == GET_PROXY_LOOKUP)
		return true;
	if (j->g->retry_refused && code == GET_CONNECT
	 && j->err == -ECONNREFUSED)
		return true;
	if (code != GET_OK && code != GET_HTTP_ERROR)
		return j->g->retry_all;
	switch (j->r.status) {
	case 408: case 429: case 500: case 502: case 503: case 504:
	case 522: case 524:
		return true;
	}
	return code != GET_OK && j->g->retry_all;
}

static void
sleep_ms(int64_t ms)
{
	struct timespec t = { .tv_sec = (time_t)(ms / 1000),
	                      .tv_nsec = (long)(ms % 1000) * 1000000 };

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		continue;
}

/* see get/job.h */
int
job_try_all(struct get_job *j)
{
	const struct get *g = j->g;
	int64_t pause_ms = g->retry_delay_ms > 0 ? g->retry_delay_ms
	                                         : RETRY_MIN_MS;
	int64_t start_ms = clock_ms();

	for (int64_t left = g->retry;; left--) {
		int code = try_once(j);
		int64_t wait_ms = pause_ms, asked_ms;

		if (left <= 0 || !is_transient(j, code))
			return code;
		asked_ms = code == GET_OK || code == GET_HTTP_ERROR
		         ? get_retry_after_ms(&j->r, time(NULL)) : 0;
		if (asked_ms > wait_ms)
			wait_ms = asked_ms;
		if (g->retry_max_ms > 0
		 && clock_ms() - start_ms + wait_ms > g->retry_max_ms)
			return code;
		if (!get_is_quiet(g))
			log_warn("get: Problem: %s. Will retry in %lld ms. "
			         "%lld retries left.",
			         j->r.why[0] != '\0' ? j->r.why : "HTTP error",
			         (long long)wait_ms, (long long)left);
		if (sink_reset(&j->sink) < 0) {
			j->r.why[0] = '\0';
			return job_fail(j, GET_WRITE, "cannot write %s again",
			                j->sink.name);
		}
		sleep_ms(wait_ms);
		if (g->retry_delay_ms == 0 && pause_ms < RETRY_MAX_MS)
			pause_ms *= 2;
	}
}
