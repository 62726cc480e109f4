/* SPDX-License-Identifier: MIT */
/* cmd/get.c - transfer URLs with curl's command line */
#include "cmd/get.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/parse.h"
#include "cmd/cmd.h"

#define IN_MAX        65536	/* bytes of a head; of a body at a time */
#define REQUEST_MAX   65536	/* bytes of a request's head */
#define BODY_STEP     16384	/* bytes of an upload read at a time */
#define RETRY_MIN_MS  1000	/* curl's back-off: 1, 2, 4 ... */
#define RETRY_MAX_MS  600000
#define RETRY_ASKED_MAX_S 86400	/* a longer Retry-After is not kept to */
#define PROGRESS_US   200000	/* between two looks of the progress line */
#define CONNECT_MS    300000	/* curl's, where --connect-timeout is not given */
#define CHUNK_HEAD    16	/* bytes of "3fff\r\n" and of the end */

/* What kind of request it is; -X changes only its name. */
enum kind { ASK_GET, ASK_HEAD, ASK_POST, ASK_PUT };

/* One URL's work. On the heap: a few pages, most of them never touched. */
struct job {
	const struct get  *g;
	struct get_result  r;
	struct get_sink    sink;
	struct get_digest *digest;	/* NULL without --sha256 */
	struct get_route   route;
	struct client      c;
	struct url         first, url;	/* as given; as asked now */
	char               first_text[GET_URL_MAX];
	enum kind          kind;
	uint64_t           resume_from;
	int                upload_fd;	/* -1: none */
	uint64_t           upload_len;
	bool               upload_sized;	/* a plain file; else read once */
	bool               upload_is_used;
	int64_t            deadline_ms;	/* of this try */
	int64_t            shown_us;	/* the progress line's last look */
	int                err;		/* what the last try's code came from */
	bool               dumped;	/* -D's file is begun */
	char               in[IN_MAX];
	char               request[REQUEST_MAX];
	char               moved[GET_URL_MAX];
	char               file[GET_URL_MAX];
};

/* Puts the words of a failure into the result; the first ones count. */
static int fail(struct job *j, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int
fail(struct job *j, int code, const char *fmt, ...)
{
	struct buf b = buf_over(j->r.why, sizeof j->r.why);
	va_list ap;

	if (j->r.why[0] != '\0')
		return code;
	va_start(ap, fmt);
	buf_vfmt(&b, fmt, ap);
	va_end(ap);
	(void)buf_text(&b);
	return code;
}

static void
tell(const char *mark, struct span line)
{
	char memory[LOG_LINE_MAX];
	struct buf b = buf_over(memory, sizeof memory - 1);

	while (line.len > 0 && (line.p[line.len - 1] == '\n'
	                     || line.p[line.len - 1] == '\r'))
		line.len--;
	buf_str(&b, mark);
	buf_add(&b, line);
	b.cap++;
	buf_str(&b, "\n");
	(void)!write(STDERR_FILENO, b.p, b.len);	/* only words for people */
}

/* -v: a head, line by line. */
static void
tell_head(const struct job *j, const char *mark, struct span head)
{
	while (j->g->verbose && head.len > 0)
		tell(mark, span_cut(&head, '\n'));
}

static void
tell_connection(const struct job *j)
{
	char memory[512];
	struct buf b = buf_over(memory, sizeof memory);

	if (!j->g->verbose)
		return;
	buf_fmt(&b, "Connected to %s (%s) port %u", j->route.host,
	        j->r.remote, j->r.remote_port);
	tell("* ", buf_span(&b));
	if (j->c.tls == NULL)
		return;
	b.len = 0;
	tls_write_info(j->c.tls, &b);
	tell("* ", buf_span(&b));
}

static const char *
timeout_words(const struct job *j)
{
	switch (j->c.step) {
	case CLIENT_LOOKUP:
		return "Resolving timed out";
	case CLIENT_CONNECT:
		return "Connection timed out";
	case CLIENT_TLS:
		return "SSL connection timeout";
	case CLIENT_TUNNEL:
	case CLIENT_SEND:
	case CLIENT_HEAD:
	case CLIENT_BODY:
		break;
	}
	return "Operation timed out";
}

static int
fail_timeout(struct job *j)
{
	long long ms = (clock_us() - j->r.try_us) / 1000;

	if (j->c.step < CLIENT_SEND)
		return fail(j, GET_TIMEOUT, "%s after %lld milliseconds",
		            timeout_words(j), ms);
	return fail(j, GET_TIMEOUT,
	            "%s after %lld milliseconds with %llu bytes received",
	            timeout_words(j), ms,
	            (unsigned long long)j->r.body_bytes);
}

static int
fail_body(struct job *j, int code, int err, struct buf *words)
{
	if (err != ERR_SHORT)
		return fail(j, code, err == ERR_PARSE || err == ERR_TOOBIG
		            ? "chunked-encoding: %s" : "Recv failure: %s",
		            buf_text(words));
	if (j->c.body == BODY_LENGTH)
		return fail(j, code,
		            "transfer closed with %llu bytes remaining to read",
		            (unsigned long long)j->c.left);
	return fail(j, code,
	            "transfer closed with outstanding read data remaining");
}

/* The exchange failed: curl's code, in curl's words where people look. */
static int
fail_exchange(struct job *j, int err)
{
	char memory[TLS_WHY_MAX + 128];
	struct buf words = buf_over(memory, sizeof memory);
	int code = get_code(&j->c, err, j->route.via_proxy);
	struct span host = j->route.to.host;

	j->err = err;
	client_text(&j->c, err, &words);
	switch (code) {
	case GET_TIMEOUT:
		return fail_timeout(j);
	case GET_LOOKUP:
	case GET_PROXY_LOOKUP:
		return fail(j, code, "Could not resolve %s: %.*s",
		            code == GET_LOOKUP ? "host" : "proxy",
		            (int)host.len, host.p);
	case GET_CONNECT:
		return fail(j, code, "Failed to connect to %.*s port %u after "
		            "%lld ms: %s", (int)host.len, host.p,
		            j->route.to.port,
		            (long long)(clock_us() - j->r.try_us) / 1000,
		            buf_text(&words));
	case GET_PROTOCOL:
		return fail(j, code, "Received HTTP/0.9 when not allowed");
	case GET_WEIRD:
		return fail(j, code, "Weird server reply: %s",
		            buf_text(&words));
	case GET_EMPTY:
		return fail(j, code, "Empty reply from server");
	case GET_CERT:
		return fail(j, code, "SSL certificate problem: %s",
		            buf_text(&words));
	case GET_SEND:
		return fail(j, code, "Send failure: %s", buf_text(&words));
	}
	if (j->c.step == CLIENT_BODY)
		return fail_body(j, code, err, &words);
	if (j->c.step == CLIENT_TUNNEL && err == ERR_REFUSED)
		return fail(j, code, "CONNECT tunnel failed, response %d",
		            j->c.tunnel_status);
	return fail(j, code, code == GET_RECV ? "Recv failure: %s" : "%s",
	            buf_text(&words));
}

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
note_connection(struct job *j)
{
	struct dial_addr own = { .len = sizeof own.room };

	j->r.lookup_us = j->c.looked_up_us;
	j->r.connect_us = j->c.connected_us;
	j->r.tls_us = j->c.secured_us;
	if (j->c.fd < 0)
		return;
	j->r.connects++;
	note_address(&j->c.peer, j->r.remote, sizeof j->r.remote,
	             &j->r.remote_port);
	if (getsockname(j->c.fd, &own.any, &own.len) == 0)
		note_address(&own, j->r.local, sizeof j->r.local,
		             &j->r.local_port);
}

static int
open_connection(struct job *j)
{
	const struct get *g = j->g;
	char host[TLS_HOST_MAX + 1];
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

	(void)url_decode(&name, j->url.host);
	(void)buf_text(&name);
	j->route.to.tls = j->url.is_https ? &tls : NULL;
	if (end_ms > j->deadline_ms)
		end_ms = j->deadline_ms;
	r = client_open(&j->c, &j->route.to, j->in, sizeof j->in, end_ms);
	j->route.to.tls = NULL;
	note_connection(j);
	if (r < 0)
		return fail_exchange(j, r);
	j->c.deadline_ms = j->deadline_ms;
	tell_connection(j);
	return GET_OK;
}

static const char *
method_of(const struct job *j)
{
	static const char *const names[] = {
		[ASK_GET] = "GET", [ASK_HEAD] = "HEAD", [ASK_POST] = "POST",
		[ASK_PUT] = "PUT",
	};

	return j->g->method != NULL ? j->g->method : names[j->kind];
}

/* Sends, and stops without an error where the server answers already. */
static int
send_bytes(struct job *j, struct span bytes, bool *answered)
{
	size_t sent;
	int r = client_send(&j->c, bytes, &sent);

	if (r < 0)
		return fail_exchange(j, r);
	*answered = r > 0;
	return GET_OK;
}

/* The next piece of an upload behind room for a chunk's size. Returns its
 * length, 0 at the end, -errno. */
static ssize_t
read_upload(struct job *j, char *into)
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

	memcpy(p + n, "\r\n", 2);
	p -= 2;
	memcpy(p, "\r\n", 2);
	do {
		*--p = hex[left & 15];
		left >>= 4;
	} while (left > 0);
	return (struct span){ p, (size_t)(bytes + CHUNK_HEAD + n + 2 - p) };
}

static int
send_upload(struct job *j)
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
			return fail(j, GET_READ, "cannot read %s: %s",
			            j->g->upload, err_text((int)n));
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
		return fail(j, GET_PARTIAL, "%s changed while it was sent",
		            j->g->upload);
	return code;
}

static bool
has_body(const struct job *j)
{
	return j->kind == ASK_POST || j->kind == ASK_PUT;
}

/* Head and body; where both are short, in one write. */
static int
send_request(struct job *j)
{
	const struct get *g = j->g;
	bool is_post = j->kind == ASK_POST;
	struct get_ask ask = {
		.url = &j->url,
		.route = &j->route,
		.method = method_of(j),
		.trusted = g->location_trusted
		        || url_is_same_origin(&j->url, &j->first),
		.same_host = url_is_same_host(&j->url, &j->first),
		.has_body = has_body(j),
		.chunked = j->kind == ASK_PUT && !j->upload_sized,
		.length = is_post ? g->data.len
		        : j->kind == ASK_PUT ? j->upload_len : 0,
		.resume_from = j->resume_from,
	};
	struct buf b = buf_over(j->request, sizeof j->request);
	struct buf why = buf_over(j->r.why, sizeof j->r.why - 1);
	struct span body = { g->data.p, is_post ? g->data.len : 0 };
	bool answered = false;
	int code = get_write_head(&b, g, &ask, &why);

	(void)buf_text(&why);
	if (code != GET_OK)
		return code;
	tell_head(j, "> ", buf_span(&b));
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

static int
write_body(struct job *j, struct span bytes)
{
	int r = sink_write(&j->sink, bytes);

	if (r == 0)
		return GET_OK;
	return fail(j, GET_WRITE, "Failure writing output to %s: %s",
	            j->sink.name == NULL ? "stdout" : j->sink.name,
	            err_text(r));
}

/* -D: "-" is stdout, a file is made anew by the first head of the command. */
static int
dump_head(struct job *j, struct span head)
{
	static bool begun;	/* over all URLs of this command */
	const char *name = j->g->dump_header;
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND, r = 0, fd;

	if (name == NULL)
		return GET_OK;
	if (strcmp(name, "-") == 0)
		return cmd_print(head) == CMD_OK ? GET_OK : GET_WRITE;
	fd = open(name, flags | (begun ? 0 : O_TRUNC), 0666);
	begun = true;
	if (fd < 0 || write(fd, head.p, head.len) != (ssize_t)head.len)
		r = -errno;
	if (fd >= 0)
		close(fd);
	return r == 0 ? GET_OK
	              : fail(j, GET_WRITE, "cannot write %s: %s", name,
	                     err_text(r));
}

static int
count_fields(const struct reply *reply)
{
	struct span rest = reply->fields, name, value;
	int n = 0;

	while (reply_next_field(&rest, &name, &value))
		n++;
	return n;
}

static void
copy_text(char *to, size_t cap, struct span from)
{
	struct buf b = buf_over(to, cap);

	buf_add(&b, from);
	(void)buf_text(&b);
}

/* Keeps what -w can ask for: the head goes when the body is read. */
static void
note_head(struct job *j)
{
	const struct reply *reply = &j->c.reply;
	char *copy;

	j->r.status = reply->status;
	j->r.minor = reply->minor;
	j->r.head_bytes += reply->head.len;
	j->r.fields = count_fields(reply);
	copy_text(j->r.type, sizeof j->r.type,
	          reply_field(reply, "Content-Type"));
	copy = malloc(reply->fields.len + 1);
	free((void *)(uintptr_t)j->r.head);
	j->r.head = copy;
	j->r.head_len = copy == NULL ? 0 : reply->fields.len;
	if (copy != NULL)
		memcpy(copy, reply->fields.p, reply->fields.len);
}

static bool
has_failed(const struct job *j)
{
	if (j->r.status < 400 || !(j->g->fail || j->g->fail_with_body))
		return false;
	return !(j->r.status == 416 && j->resume_from > 0);
}

/* Is there a place to go on to? It is put into j->moved. */
static bool
has_redirect(struct job *j)
{
	struct span location = reply_field(&j->c.reply, "Location");
	struct buf b = buf_over(j->moved, sizeof j->moved);

	if (j->r.status / 100 != 3 || location.p == NULL)
		return false;
	url_resolve(&b, &j->url, location);
	(void)buf_text(&b);
	if (b.cut)
		j->moved[0] = '\0';	/* no URL: half of one leads elsewhere */
	return true;
}

static int
show_head(struct job *j, struct span head)
{
	int code = dump_head(j, head);

	if (code == GET_OK && (j->g->include || j->g->head))
		code = write_body(j, head);
	return code;
}

/* Reads heads up to the one that counts. */
static int
read_answer(struct job *j)
{
	int code = GET_OK, r;

	j->c.is_head = j->kind == ASK_HEAD
	            || (j->g->method != NULL
	                && strcasecmp(j->g->method, "HEAD") == 0);
	do {
		r = client_read_head(&j->c);
		if (r < 0 && r != ERR_CODING)
			return fail_exchange(j, r);
		if (j->r.first_us == 0)
			j->r.first_us = clock_us();
		note_head(j);
		tell_head(j, "< ", j->c.reply.head);
		code = show_head(j, j->c.reply.head);
		if (code == GET_OK && r < 0)
			code = fail_exchange(j, r);
	} while (code == GET_OK && j->r.status / 100 == 1);
	return code;
}

static void
show_progress(struct job *j, bool last)
{
	char memory[256];
	struct buf b = buf_over(memory, sizeof memory);
	uint64_t all = j->c.reply.has_length ? j->c.reply.length : 0;
	int64_t now_us = clock_us(), us = now_us - j->r.try_us;
	static const uint64_t mib = 1 << 20;
	uint64_t done = j->r.body_bytes;

	if (j->shown_us == 0 || (!last && now_us - j->shown_us < PROGRESS_US))
		return;
	j->shown_us = now_us;
	if (all > 0)
		buf_fmt(&b, "\r%llu %%, ",
		        (unsigned long long)(done * 100 / all));
	else
		buf_str(&b, "\r");
	buf_fmt(&b, "%llu.%llu MiB", (unsigned long long)(done / mib),
	        (unsigned long long)(done % mib * 10 / mib));
	if (all > 0)
		buf_fmt(&b, " of %llu.%llu", (unsigned long long)(all / mib),
		        (unsigned long long)(all % mib * 10 / mib));
	if (us > 0)
		buf_fmt(&b, ", %llu KiB/s", (unsigned long long)
		        (done / 1024 * 1000000 / (uint64_t)us));
	buf_str(&b, last ? "    \n" : "    ");
	(void)!write(STDERR_FILENO, b.p, b.len);	/* only for people */
}

static bool
is_binary(struct span bytes)
{
	return bytes.len > 0 && memchr(bytes.p, '\0', bytes.len) != NULL;
}

static int
take_piece(struct job *j, struct span piece)
{
	if (j->r.body_bytes == 0 && j->sink.name == NULL && is_binary(piece)
	 && isatty(STDOUT_FILENO) && j->g->n_outputs == 0)
		return fail(j, GET_WRITE, "Binary output can mess up your "
		            "terminal. Use \"-o -\" to get it all the same");
	j->r.body_bytes += piece.len;
	if (j->g->max_filesize > 0
	 && j->r.body_bytes > (uint64_t)j->g->max_filesize)
		return fail(j, GET_TOO_LARGE, "Maximum file size exceeded");
	if (j->digest != NULL)
		digest_add(j->digest, piece);
	return write_body(j, piece);
}

static int
read_body(struct job *j)
{
	struct span piece;
	int code = GET_OK, r = 0;

	if (j->g->max_filesize > 0 && j->c.body == BODY_LENGTH
	 && j->c.left > (uint64_t)j->g->max_filesize)
		return fail(j, GET_TOO_LARGE, "Maximum file size exceeded");
	while (code == GET_OK && (r = client_read_body(&j->c, &piece)) > 0) {
		code = take_piece(j, piece);
		show_progress(j, false);
	}
	show_progress(j, true);
	return code == GET_OK && r < 0 ? fail_exchange(j, r) : code;
}

/* The answer to a wish to continue: from where we are, or not at all. */
static int
judge_range(struct job *j)
{
	if (j->resume_from == 0 || j->r.status == 206
	 || j->r.status / 100 != 2)
		return GET_OK;
	return fail(j, GET_RANGE,
	            "HTTP server doesn't seem to support byte ranges. "
	            "Cannot resume.");
}

/* What is asked next, by curl's rules (RFC 9110, 15.4). */
static void
change_kind(struct job *j)
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

/* Reads text, which stays, as the URL to ask now. */
static int
set_url(struct job *j, const char *text)
{
	struct span s = span_of(text);
	int r = url_read(&j->url, s);

	if (r == ERR_SCHEME)
		return fail(j, GET_PROTOCOL, "Protocol \"%.*s\" not supported",
		            (int)strcspn(text, ":"), text);
	if (r < 0)
		return fail(j, GET_URL,
		            "URL using bad/illegal format or missing URL");
	if (!is_allowed(j->g, j->url.is_https))
		return fail(j, GET_PROTOCOL,
		            "Protocol \"%s\" not allowed by --proto",
		            j->url.is_https ? "https" : "http");
	j->r.is_https = j->url.is_https;
	return GET_OK;
}

/* Follows to j->moved. */
static int
move_on(struct job *j)
{
	struct buf b = buf_over(j->r.url, sizeof j->r.url);
	const struct get *g = j->g;

	if (g->max_redirs >= 0 && j->r.redirects >= g->max_redirs)
		return fail(j, GET_REDIRECTS, "Maximum (%lld) redirects followed",
		            (long long)g->max_redirs);
	j->r.redirects++;
	change_kind(j);
	buf_str(&b, j->moved);
	(void)buf_text(&b);
	return set_url(j, j->r.url);
}

/* One request and its answer. *moved: the answer sends us on. */
static int
exchange(struct job *j, bool *moved)
{
	struct buf why = buf_over(j->r.why, sizeof j->r.why - 1);
	int code = get_find_route(j->g, &j->url, &j->route, &why);

	*moved = false;
	(void)buf_text(&why);
	j->r.try_us = clock_us();
	copy_text(j->r.method, sizeof j->r.method, span_of(method_of(j)));
	if (code != GET_OK)
		return code;
	code = open_connection(j);
	if (code == GET_OK)
		code = send_request(j);
	if (code == GET_OK)
		code = read_answer(j);
	if (code != GET_OK)
		return code;
	if (has_redirect(j)) {
		if (j->g->location || j->g->location_trusted) {
			*moved = true;
			return GET_OK;
		}
		copy_text(j->r.redirect, sizeof j->r.redirect,
		          span_of(j->moved));
	}
	if (has_failed(j)) {
		if (j->g->fail_with_body)
			code = read_body(j);
		return code != GET_OK ? code
		       : fail(j, GET_HTTP_ERROR,
		              "The requested URL returned error: %d",
		              j->r.status);
	}
	code = judge_range(j);
	if (code != GET_OK || (j->r.status == 416 && j->resume_from > 0))
		return code;
	return read_body(j);
}

/* Where the upload comes from; it starts anew with each request. */
static int
open_upload(struct job *j)
{
	const char *name = j->g->upload;
	struct stat st;

	if (j->upload_is_used && !j->upload_sized)
		return fail(j, GET_REWIND, "%s cannot be read again: necessary "
		            "data rewind wasn't possible", name);
	j->upload_fd = STDIN_FILENO;
	j->upload_sized = false;
	j->upload_is_used = true;
	if (strcmp(name, "-") == 0 || strcmp(name, ".") == 0)
		return GET_OK;
	j->upload_fd = open(name, O_RDONLY | O_CLOEXEC);
	if (j->upload_fd < 0 || fstat(j->upload_fd, &st) < 0)
		return fail(j, GET_READ, "Can't open '%s': %s", name,
		            err_text(-errno));
	j->upload_sized = S_ISREG(st.st_mode);
	j->upload_len = j->upload_sized ? (uint64_t)st.st_size : 0;
	return GET_OK;
}

static void
close_upload(struct job *j)
{
	if (j->upload_fd > STDIN_FILENO)
		close(j->upload_fd);
	j->upload_fd = -1;
}

static enum kind
first_kind(const struct get *g)
{
	if (g->upload != NULL)
		return ASK_PUT;
	if (g->head)
		return ASK_HEAD;
	return g->data.is_set && !g->get ? ASK_POST : ASK_GET;
}

/* What a new try forgets of the one before. */
static void
begin_try(struct job *j)
{
	struct get_result *r = &j->r;
	const struct get *g = j->g;

	r->code = GET_OK;
	r->status = r->redirects = 0;
	r->body_bytes = r->head_bytes = r->sent_bytes = r->uploaded_bytes = 0;
	r->lookup_us = r->connect_us = r->tls_us = r->sent_us = r->first_us = 0;
	r->why[0] = r->redirect[0] = r->type[0] = '\0';
	j->url = j->first;
	j->kind = first_kind(g);
	j->err = 0;
	j->deadline_ms = g->max_time_ms > 0
	        ? clock_after(clock_ms(), g->max_time_ms) : CLOCK_NEVER;
	if (j->digest != NULL)
		digest_reset(j->digest);
	copy_text(r->url, sizeof r->url, span_of(j->first_text));
}

static int
try_once(struct job *j)
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
		client_close(&j->c);
		close_upload(j);
		if (code == GET_OK && moved)
			code = move_on(j);
	}
	if (code == GET_OK && j->digest != NULL
	 && !digest_is(j->digest, j->g->sha256))
		code = fail(j, GET_DIGEST, "the content does not match --sha256");
	return code;
}

static bool
is_transient(const struct job *j, int code)
{
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

static int
month_of(struct span name)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12; i++)
		if (name.len == 3 && memcmp(name.p, months + 3 * i, 3) == 0)
			return i;
	return -1;
}

static int
number_of(struct span digits)
{
	uint64_t n;

	return parse_uint_span(digits, 9999, &n) == 0 ? (int)n : -1;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7) in seconds from now; 0
 * for what is no such date. */
static int64_t
seconds_until(struct span date)
{
	int day, month, year, hour, minute, second;
	int64_t days;

	(void)span_cut(&date, ' ');	/* the day's name says nothing new */
	day = number_of(span_cut(&date, ' '));
	month = month_of(span_cut(&date, ' '));
	year = number_of(span_cut(&date, ' '));
	hour = number_of(span_cut(&date, ':'));
	minute = number_of(span_cut(&date, ':'));
	second = number_of(span_cut(&date, ' '));
	if (day < 1 || month < 0 || year < 1970 || hour < 0 || minute < 0
	 || second < 0 || !span_is(date, "GMT"))
		return 0;
	/* Years from March on, so that the leap day is a year's last; 719468
	 * days lie between 1 March of the year 0 and 1 January 1970. */
	year -= month < 2;
	month = (month + 10) % 12;
	days = year * INT64_C(365) + year / 4 - year / 100 + year / 400
	     + (153 * month + 2) / 5 + day - 1 - 719468;
	return days * 86400 + hour * 3600 + minute * 60 + second - time(NULL);
}

/* What the server asked for, in milliseconds; 0 without. */
static int64_t
retry_after_ms(const struct job *j)
{
	struct reply last = {
		.fields = { j->r.head, j->r.head_len },
	};
	struct span value = { NULL, 0 };
	uint64_t s;

	if (j->r.head != NULL)
		value = reply_field(&last, "Retry-After");
	if (value.p == NULL)
		return 0;
	if (parse_uint_span(value, RETRY_ASKED_MAX_S, &s) == 0)
		return (int64_t)s * 1000;
	return seconds_until(value) > 0 ? seconds_until(value) * 1000 : 0;
}

static void
sleep_ms(int64_t ms)
{
	struct timespec t = { .tv_sec = (time_t)(ms / 1000),
	                      .tv_nsec = (long)(ms % 1000) * 1000000 };

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		continue;
}

static bool
is_quiet(const struct get *g)
{
	return g->silent && !g->show_error;
}

/* Tries until it is good, for good bad, or enough. */
static int
try_all(struct job *j)
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
		         ? retry_after_ms(j) : 0;
		if (asked_ms > wait_ms)
			wait_ms = asked_ms;
		if (g->retry_max_ms > 0
		 && clock_ms() - start_ms + wait_ms > g->retry_max_ms)
			return code;
		if (!is_quiet(g))
			log_warn("get: Problem: %s. Will retry in %lld ms. "
			         "%lld retries left.",
			         j->r.why[0] != '\0' ? j->r.why : "HTTP error",
			         (long long)wait_ms, (long long)left);
		if (sink_reset(&j->sink) < 0)
			return GET_WRITE;
		sleep_ms(wait_ms);
		if (g->retry_delay_ms == 0 && pause_ms < RETRY_MAX_MS)
			pause_ms *= 2;
	}
}

/* -O: the path's last part, not decoded. */
static int
remote_name(struct job *j, struct buf *name)
{
	struct span path = j->url.path, last;

	path = span_cut(&path, '?');
	last = path;
	while (path.len > 0)
		last = span_cut(&path, '/');
	if (last.len == 0 || j->url.path.len == 0
	 || last.p + last.len != j->url.path.p + strcspn(j->url.path.p, "?#")
	 || span_is(last, ".") || span_is(last, ".."))
		return fail(j, GET_WRITE, "Remote file name has no length!");
	buf_add(name, last);
	return GET_OK;
}

/* -C: where the file ends, or the number that was given. */
static int
set_resume(struct job *j)
{
	const char *text = j->g->resume;
	struct stat st;

	j->resume_from = 0;
	if (text == NULL)
		return GET_OK;
	if (strcmp(text, "-") != 0) {
		if (parse_uint(text, INT64_MAX, &j->resume_from) == 0)
			return GET_OK;
		return fail(j, GET_USAGE, "-C \"%s\": expected a number or -",
		            text);
	}
	if (j->file[0] != '\0' && stat(j->file, &st) == 0
	 && S_ISREG(st.st_mode))
		j->resume_from = (uint64_t)st.st_size;
	return GET_OK;
}

static int
set_output(struct job *j, const struct get_output *out)
{
	const struct get *g = j->g;
	struct buf name = buf_over(j->file, sizeof j->file);
	int code = GET_OK;

	if (out->kind != OUT_STDOUT && g->output_dir != NULL)
		buf_fmt(&name, "%s/", g->output_dir);
	if (out->kind == OUT_FILE)
		buf_str(&name, out->name);
	else if (out->kind == OUT_REMOTE)
		code = remote_name(j, &name);
	(void)buf_text(&name);
	if (code == GET_OK && name.cut)
		code = fail(j, GET_WRITE, "the file's name is too long");
	if (code == GET_OK)
		code = set_resume(j);
	sink_init(&j->sink, out->kind == OUT_STDOUT ? NULL : j->file,
	          g->resume != NULL, g->create_dirs);
	j->r.file = j->file;
	if (out->kind != OUT_STDOUT && !g->silent && !g->progress_off
	 && isatty(STDERR_FILENO))
		j->shown_us = 1;
	return code;
}

/* -T and a URL that ends in '/': the file's name is put behind it. */
static void
write_first_text(struct job *j, const char *asked)
{
	struct buf b = buf_over(j->first_text, sizeof j->first_text);
	const char *upload = j->g->upload, *slash;

	buf_str(&b, asked);
	if (upload != NULL && strcmp(upload, "-") != 0 && b.len > 0
	 && b.p[b.len - 1] == '/' && strchr(asked, '?') == NULL) {
		slash = strrchr(upload, '/');
		buf_str(&b, slash != NULL ? slash + 1 : upload);
	}
	(void)buf_text(&b);
}

/* curl expands {a,b} and [1-3]; hale does not, and says so. */
static bool
has_glob(const char *text)
{
	const char *bracket = strchr(text, '[');

	return strchr(text, '{') != NULL
	    || (bracket != NULL && strchr(bracket, '-') != NULL
	        && strchr(bracket, ':') == NULL);
}

static int
run_job(struct job *j, const struct get_output *out)
{
	int code, r;

	write_first_text(j, j->r.asked);
	copy_text(j->r.url, sizeof j->r.url, span_of(j->first_text));
	if (has_glob(j->r.asked))
		return fail(j, GET_URL, "URL has a pattern ({} or []), which is "
		            "not expanded here");
	code = set_url(j, j->first_text);
	if (code != GET_OK)
		return code;
	j->first = j->url;
	if (j->g->sha256 != NULL && (j->digest = digest_open()) == NULL)
		return fail(j, GET_MEMORY, "%s", err_text(-ENOMEM));
	code = set_output(j, out);
	if (code != GET_OK)
		return code;
	code = try_all(j);
	/* --fail-with-body: the error's page is what was asked for. */
	if (code != GET_OK && !(code == GET_HTTP_ERROR && j->g->fail_with_body))
		return code;
	r = sink_commit(&j->sink);
	if (r < 0)
		return fail(j, GET_WRITE, "Failure writing output to %s: %s",
		            j->sink.name, err_text(r));
	return code;
}

/* A URL as curl tells it with -w: with its path at least. */
static void
complete_url(struct get_result *r)
{
	char text[GET_URL_MAX];
	struct buf b = buf_over(text, sizeof text);
	struct url u;

	if (url_read(&u, span_of(r->url)) < 0 || u.user.p != NULL
	 || (u.path.len > 0 && u.has_scheme))
		return;
	url_write(&b, &u);
	copy_text(r->url, sizeof r->url, buf_span(&b));
}

static int
write_out(const struct get *g, const struct get_result *r)
{
	struct get_bytes file = { 0 };
	const char *format = g->write_out;
	int code = GET_OK;

	if (format == NULL)
		return GET_OK;
	if (format[0] == '@') {
		if (get_read_file(&file, format + 1) < 0 || file.p == NULL) {
			log_error("get: cannot read -w's \"%s\"", format + 1);
			return GET_READ;
		}
		get_drop_line_ends(&file, 0);
		file.p[file.len] = '\0';
		format = file.p;
	}
	code = get_write_out(format, r);
	free(file.p);
	return code;
}

static int
get_one(const struct get *g, size_t i)
{
	static const struct get_output to_stdout = { OUT_STDOUT, NULL };
	struct job *j = calloc(1, sizeof *j);
	int code;

	if (j == NULL) {
		log_error("get: %s", err_text(-ENOMEM));
		return GET_MEMORY;
	}
	j->g = g;
	j->upload_fd = -1;
	sink_init(&j->sink, NULL, false, false);
	j->r.asked = g->urls.at[i];
	j->r.url_index = i;
	j->r.file = "";
	j->r.start_us = j->r.try_us = clock_us();
	code = run_job(j, i < g->n_outputs ? &g->outputs[i] : &to_stdout);
	j->r.end_us = clock_us();
	j->r.code = code;
	sink_drop(&j->sink);
	complete_url(&j->r);
	if (code != GET_OK && !is_quiet(g))
		log_error("get: (%d) %s", code, j->r.why);
	if (write_out(g, &j->r) != GET_OK && code == GET_OK)
		code = GET_WRITE;
	digest_close(j->digest);
	free((void *)(uintptr_t)j->r.head);
	free(j);
	return code;
}

static int
get_run(int argc, char **argv)
{
	struct tls_session session = { 0 };
	struct get g = { .session = &session };
	int code = get_parse(&g, argc, argv);

	if (code == GET_OK && g.help) {
		get_free(&g);
		return cmd_print_help(&cmd_get);
	}
	cmd_hold_streams();
	(void)signal(SIGPIPE, SIG_IGN);	/* a closed stdout is exit 23 */
	if (code == GET_OK && g.insecure && !is_quiet(&g))
		log_warn("get: --insecure: certificates are NOT verified");
	if (code == GET_OK)
		for (size_t i = 0; i < g.urls.n; i++) {
			code = get_one(&g, i);
			if (code != GET_OK && g.fail_early)
				break;
		}
	get_free(&g);
	return code;
}

static const struct opt no_opts[] = { OPT_END };

const struct cmd cmd_get = {
	.name = "get",
	.usage = "[OPTIONS] URL...",
	.about = "transfer URLs with curl's options and exit codes",
	.opts = no_opts,
	.write_help = get_write_help,
	.run = get_run,
};
