/* SPDX-License-Identifier: MIT */
/* get/send.c - connect, write the request and its body */
#include "get/job.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/percent.h"

#define BODY_STEP     16384	/* bytes of an upload read at a time */
#define CONNECT_MS    300000	/* curl's, where --connect-timeout is not given */
#define CHUNK_HEAD    16	/* bytes of "3fff\r\n" and of the end */

static void
note_address(const struct dial_addr *at, char *text, size_t cap,
             uint16_t *port)
{
	struct buf b = buf_over(text, cap);

	if (at->any.sa_family != AF_UNIX)
		*port = dial_write_host(&b, at);
	(void)buf_text(&b);
}

static void
note_connection(struct get_job *j)
{
	struct dial_addr own = { .len = sizeof own.un };

	j->r.lookup_us = j->c.looked_up_us;
	j->r.connect_us = j->c.connected_us;
	j->r.tls_us = j->c.secured_us;
	j->r.connect_status = j->c.tunnel_status;
	if (j->c.fd < 0)
		return;
	j->r.connects++;
	note_address(&j->c.peer, j->r.remote, sizeof j->r.remote,
	             &j->r.remote_port);
	if (getsockname(j->c.fd, &own.any, &own.len) == 0)
		note_address(&own, j->r.local, sizeof j->r.local,
		             &j->r.local_port);
}

/* see get/job.h */
int
job_connect(struct get_job *j)
{
	const struct get *g = j->g;
	char host[GET_HOST_MAX];	/* the route's may be the proxy's */
	struct buf name = buf_over(host, sizeof host);
	struct tls_conf tls = {
		.host = host,
		.cafile = g->cafile,
		.certfile = g->certfile,
		.keyfile = g->keyfile,
		.insecure = g->insecure,
		.session = g->session,
	};
	int64_t connect_ms = g->connect_ms > 0 ? g->connect_ms : CONNECT_MS;
	int64_t end_ms = clock_after(clock_ms(), connect_ms);
	int r;

	(void)percent_decode(&name, j->url.host);
	(void)buf_text(&name);	/* it fits: see get_find_route() */
	if (j->url.is_v6)
		host[strcspn(host, "%")] = '\0';	/* no zone for the peer */
	j->route.to.tls = j->url.is_https ? &tls : NULL;
	if (end_ms > j->deadline_ms)
		end_ms = j->deadline_ms;
	r = exchange_open(&j->c, &j->route.to, j->in, sizeof j->in, end_ms);
	j->route.to.tls = NULL;
	note_connection(j);
	job_tell_addresses(j);
	if (r < 0)
		return job_fail_exchange(j, r);
	j->c.deadline_ms = j->deadline_ms;
	job_tell_connection(j);
	return GET_OK;
}

/* see get/job.h */
const char *
job_method(const struct get_job *j)
{
	static const char *const names[] = {
		[ASK_GET] = "GET", [ASK_HEAD] = "HEAD", [ASK_POST] = "POST",
		[ASK_PUT] = "PUT",
	};

	return j->g->method != NULL ? j->g->method : names[j->kind];
}

/* Sends, and stops without an error where the server answers already. */
static int
send_bytes(struct get_job *j, struct span bytes, bool *answered)
{
	size_t sent;
	int r = exchange_send(&j->c, bytes, &sent);

	if (r < 0)
		return job_fail_exchange(j, r);
	*answered = r > 0;
	return GET_OK;
}

/* The next piece of an upload behind room for a chunk's size. Returns its
 * length, 0 at the end, -errno. */
static ssize_t
read_upload(struct get_job *j, char *into)
{
	for (;;) {
		ssize_t n = read(j->upload_fd, into, BODY_STEP);

		if (n >= 0)
			return n;
		if (errno != EINTR)
			return -errno;
	}
}

/* Frames n bytes at bytes + CHUNK_HEAD as a chunk; n 0 is the last. */
static struct span
as_chunk(char *bytes, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	char *p = bytes + CHUNK_HEAD;
	size_t left = n;

	p[n] = '\r';
	p[n + 1] = '\n';
	*--p = '\n';
	*--p = '\r';
	do {
		*--p = hex[left & 15];
		left >>= 4;
	} while (left > 0);
	return (struct span){ p, (size_t)(bytes + CHUNK_HEAD + n + 2 - p) };
}

static int
send_upload(struct get_job *j)
{
	char bytes[BODY_STEP + 2 * CHUNK_HEAD];
	bool answered = false;
	uint64_t sent = 0;
	ssize_t n = 1;
	int code = GET_OK;

	while (n > 0 && code == GET_OK && !answered) {
		struct span piece;

		n = read_upload(j, bytes + CHUNK_HEAD);
		if (n < 0)
			return job_fail(j, GET_READ, "cannot read %s: %s",
			                j->upload, err_text((int)n));
		piece = (struct span){ bytes + CHUNK_HEAD, (size_t)n };
		if (j->upload_sized && n == 0)
			break;
		if (!j->upload_sized)
			piece = as_chunk(bytes, (size_t)n);
		code = send_bytes(j, piece, &answered);
		sent += (uint64_t)n;
	}
	j->r.uploaded_bytes += sent;
	if (code == GET_OK && !answered && j->upload_sized
	 && sent != j->upload_len)
		return job_fail(j, GET_PARTIAL, "%s changed while it was sent",
		                j->upload);
	return code;
}

/* see get/job.h */
int
job_write_head(struct get_job *j)
{
	const struct get *g = j->g;
	bool posts = j->kind == ASK_POST, puts = j->kind == ASK_PUT;
	struct get_ask ask = {
		.url = &j->url,
		.first = &j->first,
		.route = &j->route,
		.method = job_method(j),
		.moved = j->r.redirects > 0,
		.trusted = g->location_trusted
		        || url_is_same_origin(&j->url, &j->first),
		.same_host = url_is_same_host(&j->url, &j->first),
		.posts = posts,
		.puts = puts,
		.chunked = puts && !j->upload_sized,
		.length = posts ? g->data.len : puts ? j->upload_len : 0,
		.resume_from = j->resume_from,
	};
	struct buf b = buf_over(j->request, sizeof j->request);
	struct buf why = buf_over(j->r.why, sizeof j->r.why - 1);
	int code = get_write_head(&b, g, &ask, &why);

	(void)buf_text(&why);
	j->request_len = b.len;
	return code;
}

/* see get/job.h */
int
job_send(struct get_job *j)
{
	const struct get *g = j->g;
	bool is_post = j->kind == ASK_POST;
	struct buf b = buf_over(j->request, sizeof j->request);
	struct span body = { g->data.p, is_post ? g->data.len : 0 };
	bool answered = false;
	int code;

	b.len = j->request_len;
	job_tell_head(j, "> ", buf_span(&b));
	j->r.sent_bytes += b.len + body.len;
	if (body.len > 0 && body.len <= b.cap - b.len) {
		buf_add(&b, body);
		body.len = 0;
	}
	code = send_bytes(j, buf_span(&b), &answered);
	if (is_post)
		j->r.uploaded_bytes += g->data.len;
	if (code == GET_OK && !answered && body.len > 0)
		code = send_bytes(j, body, &answered);
	if (code == GET_OK && !answered && j->kind == ASK_PUT)
		code = send_upload(j);
	j->r.sent_us = clock_us();
	return code;
}
