/* SPDX-License-Identifier: MIT */
/* get/send.c - connect, write the request and its body */
#include "get/send.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/percent.h"
#include "get/bytes.h"
#include "get/exit.h"
#include "get/failure.h"
#include "get/head.h"
#include "get/verbose.h"

#define BODY_STEP     16384	/* bytes of an upload read at a time */
#define CONNECT_MS    300000	/* curl's, without --connect-timeout */
#define CHUNK_HEAD    16	/* bytes of "3fff\r\n" and of the end */

static void
note_connection(struct transfer *t)
{
	struct buf remote = buf_over(t->r.remote, sizeof t->r.remote);
	struct buf local = buf_over(t->r.local, sizeof t->r.local);

	t->r.lookup_us = t->c.looked_up_us;
	t->r.connect_us = t->c.connected_us;
	t->r.tls_us = t->c.secured_us;
	t->r.connect_status = t->c.tunnel_status;
	if (t->c.fd < 0)
		return;
	t->r.connects++;
	t->r.remote_port = exchange_write_peer(&t->c, &remote);
	(void)buf_text(&remote);
	t->r.local_port = exchange_write_own(&t->c, &local);
	(void)buf_text(&local);
}

/* see get/send.h */
int
send_connect(struct transfer *t)
{
	const struct options *o = t->o;
	char host[ROUTE_HOST_MAX];	/* the route's may be the proxy's */
	struct buf name = buf_over(host, sizeof host);
	struct tls_conf tls = {
		.host = host,
		.cafile = o->cafile,
		.certfile = o->certfile,
		.keyfile = o->keyfile,
		.v13_only = o->v13_only,
		.insecure = o->insecure,
		.session = o->session,
	};
	int64_t connect_ms = o->connect_ms > 0 ? o->connect_ms : CONNECT_MS;
	int64_t end_ms = clock_after(clock_ms(), connect_ms);
	int r;

	(void)percent_decode(&name, t->url.host);
	(void)buf_text(&name);	/* it fits: see route_find() */
	if (t->url.is_v6)
		host[strcspn(host, "%")] = '\0';	/* its zone is ours */
	t->route.to.tls = t->url.is_https ? &tls : NULL;
	if (end_ms > t->deadline_ms)
		end_ms = t->deadline_ms;
	r = exchange_open(&t->c, &t->route.to, t->in, sizeof t->in, end_ms);
	t->route.to.tls = NULL;
	note_connection(t);
	verbose_addresses(t);
	if (r < 0)
		return failure_of_exchange(t, r);
	t->c.deadline_ms = o->idle_ms > 0 ? clock_after(clock_ms(), o->idle_ms)
	                                  : t->deadline_ms;
	verbose_connection(t);
	return GET_OK;
}

/* see get/send.h */
const char *
send_method(const struct transfer *t)
{
	static const char *const names[] = {
		[TRANSFER_GET] = "GET", [TRANSFER_HEAD] = "HEAD",
		[TRANSFER_POST] = "POST", [TRANSFER_PUT] = "PUT",
	};

	return t->o->method != NULL ? t->o->method : names[t->kind];
}

/* Sends, and stops without an error where the server answers already. */
static int
send_bytes(struct transfer *t, struct span bytes, bool *answered)
{
	size_t sent;
	int r = exchange_send(&t->c, bytes, &sent);

	if (r < 0)
		return failure_of_exchange(t, r);
	*answered = r > 0;
	return GET_OK;
}

/* The next piece of an upload after room for a chunk's size. Returns its
 * length, 0 at the end, -errno. */
static ssize_t
read_upload(struct transfer *t, char *into)
{
	for (;;) {
		ssize_t n = read(t->upload_fd, into, BODY_STEP);

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
	static const char *const hex = "0123456789abcdef";
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
send_upload(struct transfer *t)
{
	char bytes[BODY_STEP + 2 * CHUNK_HEAD];
	bool answered = false;
	uint64_t sent = 0;
	ssize_t n = 1;
	int code = GET_OK;

	while (n > 0 && code == GET_OK && !answered) {
		struct span piece;

		n = read_upload(t, bytes + CHUNK_HEAD);
		if (n < 0)
			return failure_set(t, GET_READ, "cannot read %s: %s",
			                   t->upload, err_text((int)n));
		piece = (struct span){ bytes + CHUNK_HEAD, (size_t)n };
		if (t->upload_sized && n == 0)
			break;
		if (!t->upload_sized)
			piece = as_chunk(bytes, (size_t)n);
		code = send_bytes(t, piece, &answered);
		sent += (uint64_t)n;
	}
	t->r.uploaded_bytes += sent;
	if (code == GET_OK && !answered && t->upload_sized
	 && sent != t->upload_len)
		return failure_set(t, GET_PARTIAL,
		                   "%s changed while it was sent", t->upload);
	return code;
}

/* The token of --bearer-file, read anew each time: it may have changed. */
static int
read_token(struct transfer *t, struct bytes *file, struct span *token)
{
	const char *name = t->o->bearer;
	int r = bytes_add_file(file, name);

	*token = span_trim((struct span){ file->p, file->len }, " \t\r\n");
	if (r == 0 && (token->len == 0 || span_has_control(*token, true)))
		r = ERR_PARSE;
	return r == 0 ? GET_OK
	              : failure_set(t, GET_READ,
	                            "cannot use --bearer-file %s: %s", name,
	                            err_text(r));
}

/* Writes the head with what its token and the user's lines need of memory. */
static int
write_head(struct transfer *t, struct head *h)
{
	struct buf b = buf_over(t->request, sizeof t->request);
	struct buf why = buf_over(t->r.why, sizeof t->r.why - 1);
	struct bytes file = { 0 };
	int code = GET_OK;

	h->lines = calloc(t->o->n_headers + 1, sizeof *h->lines);
	if (h->lines == NULL)
		return failure_set(t, GET_MEMORY, "%s", err_text(-ENOMEM));
	if (head_needs_token(t->o, h))
		code = read_token(t, &file, &h->token);
	if (code == GET_OK) {
		code = head_write(&b, t->o, h, &why);
		(void)buf_text(&why);
	}
	t->request_len = b.len;
	free(file.p);
	free(h->lines);
	return code;
}

/* see get/send.h */
int
send_write_head(struct transfer *t)
{
	const struct options *o = t->o;
	bool posts = t->kind == TRANSFER_POST, puts = t->kind == TRANSFER_PUT;
	struct head h = {
		.url = &t->url,
		.route = &t->route,
		.method = send_method(t),
		.moved = t->r.redirects > 0,
		.trusted = o->location_trusted
		        || url_is_same_origin(&t->url, &t->first),
		.same_host = url_is_same_host(&t->url, &t->first),
		.posts = posts,
		.puts = puts,
		.chunked = puts && !t->upload_sized,
		.length = posts ? o->data.len : puts ? t->upload_len : 0,
		.resume_from = t->resume_from,
	};

	return write_head(t, &h);
}

/* see get/send.h */
int
send_request(struct transfer *t)
{
	const struct options *o = t->o;
	bool is_post = t->kind == TRANSFER_POST;
	struct buf b = buf_over(t->request, sizeof t->request);
	struct span body = { o->data.p, is_post ? o->data.len : 0 };
	bool answered = false;
	int code;

	b.len = t->request_len;
	if (o->verbose)
		verbose_head("> ", buf_span(&b));
	t->r.sent_bytes += b.len + body.len;
	if (body.len > 0 && body.len <= b.cap - b.len) {
		buf_add(&b, body);
		body.len = 0;
	}
	code = send_bytes(t, buf_span(&b), &answered);
	if (is_post)
		t->r.uploaded_bytes += o->data.len;
	if (code == GET_OK && !answered && body.len > 0)
		code = send_bytes(t, body, &answered);
	if (code == GET_OK && !answered && t->kind == TRANSFER_PUT)
		code = send_upload(t);
	t->r.sent_us = clock_us();
	return code;
}
