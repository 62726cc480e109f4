/* SPDX-License-Identifier: MIT */
/*
 * fuzz_exchange.c - all that a server says to `hale get`, redirects included
 *
 * The first byte chooses options; the rest is cut at each 0x1e, and the nth
 * connection gets the nth part, then its end. A thread is the server, behind
 * an abstract unix socket.
 */
#include "fuzz.h"

#include <pthread.h>
#include <semaphore.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "get/exit.h"
#include "get/redirect.h"
#include "get/retry.h"

#define PARTS_END '\x1e'	/* between two connections' bytes */
#define LIMIT_MS  4000		/* a hang, where everything is there at once */
#define HOPS_MAX  4

enum { TUNNEL = 1, FAIL = 2, HEAD = 4, POST = 8, RANGE = 16, WITH_BODY = 32,
       INCLUDE = 64, SMALL = 128 };

static char name[64];		/* of the socket, without its first NUL */
static int listener = -1;
static struct span parts;	/* what the connections to come get */
static sem_t served;		/* connections that the server has left */

/* Sends a part, ends, and reads what is said until the client has gone. */
static void *
serve(void *unused)
{
	char bin[4096];

	(void)unused;
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		struct span part = span_cut(&parts, PARTS_END);

		fuzz_must(fd >= 0);
		while (part.len > 0) {
			ssize_t n = send(fd, part.p, part.len, MSG_NOSIGNAL);

			if (n <= 0)
				break;
			part = span_after(part, (size_t)n);
		}
		(void)shutdown(fd, SHUT_WR);
		while (read(fd, bin, sizeof bin) > 0)
			continue;
		close(fd);
		(void)sem_post(&served);
	}
	return NULL;
}

/* The server still reads the input until it has left all connections. */
static void
wait_for_server(int connections)
{
	while (connections > 0)
		if (sem_wait(&served) == 0)
			connections--;
}

static void
start_server(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct buf b = buf_over(name, sizeof name);
	pthread_t thread;

	buf_fmt(&b, "hale-fuzz-%ld", (long)getpid());
	(void)buf_text(&b);
	memcpy(at.sun_path + 1, name, b.len);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	fuzz_must(listener >= 0 && bind(listener, (struct sockaddr *)&at,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + b.len))
		== 0);
	fuzz_must(listen(listener, 8) == 0 && sem_init(&served, 0, 0) == 0);
	fuzz_must(pthread_create(&thread, NULL, serve, NULL) == 0);
}

/* What holds for every story that ended. */
static void
must_add_up(const struct transfer *t, int code, size_t size)
{
	const struct result *r = &t->r;

	fuzz_must(code != GET_TIMEOUT);
	fuzz_must((code == GET_OK) == (r->why[0] == '\0'));
	fuzz_must(r->status == 0 || (r->status >= 100 && r->status <= 999));
	fuzz_must(r->redirects <= HOPS_MAX);
	fuzz_must(r->body_bytes + r->head_bytes <= size);
	fuzz_must(memchr(r->url, '\0', sizeof r->url) != NULL);
	fuzz_must(memchr(r->redirect, '\0', sizeof r->redirect) != NULL);
	if (code != GET_OK)
		return;
	fuzz_must(r->status >= 200 || r->status == 101);
	fuzz_must(!t->o->fail || r->status < 400 || r->status == 416);
	if (t->c.body == BODY_LENGTH && t->resume_from == 0)
		fuzz_must(r->body_bytes == t->c.reply.length);
	if (t->c.body == BODY_NONE && !t->c.reply.chunked)
		fuzz_must(r->body_bytes == 0);
}

static void
fetch(unsigned options, size_t size)
{
	static char data[] = "a=b";
	const char *url = "http://h.test/d/e?q";
	struct options o = {
		.agent = "hale", .http_proxy = "", .https_proxy = "",
		.no_proxy = "", .unix_socket = name,
		.protocols = "=http",
		.silent = true, .location = true, .max_redirs = HOPS_MAX,
		.max_time_ms = LIMIT_MS,
		.fail = options & FAIL, .head = options & HEAD,
		.fail_with_body = options & WITH_BODY,
		.include = options & INCLUDE,
		.max_filesize = options & SMALL ? 100 : 0,
	};
	struct transfer *t = calloc(1, sizeof *t);
	int code;

	fuzz_must(t != NULL);
	if (options & POST && !o.head)
		o.data = (struct bytes){ data, sizeof data - 1, true };
	t->o = &o;
	t->upload_fd = -1;
	t->resume_from = options & RANGE ? 5 : 0;
	t->r.given = url;
	t->r.file = t->r.method = "";
	bytes_copy_text(t->first_text, sizeof t->first_text, span_of(url));
	sink_init(&t->sink, "/dev/null", false, false);
	code = redirect_set_url(t, t->first_text);
	t->first = t->url;
	fuzz_must(code == GET_OK);
	code = retry_run(t);
	wait_for_server(t->r.connects);
	must_add_up(t, code, size);
	sink_drop(&t->sink);
	free(t->r.head);
	free(t);
}

/* A proxy that is asked for a tunnel, and what comes through it. */
static void
tunnel(size_t size)
{
	static char in[4096];
	struct exchange_to to = { .host = span_of("proxy"),
	                          .tunnel_to = "h.test:80",
	                          .tunnel_fields = "" };
	struct exchange c;
	char memory[512], path[80];
	struct buf why = buf_over(memory, sizeof memory);
	struct buf at = buf_over(path, sizeof path);
	struct span piece;
	size_t sent, bytes = 0;
	int r;

	buf_fmt(&at, "@%s", name);
	to.unix_path = buf_span(&at);
	r = exchange_open(&c, &to, in, sizeof in,
	                  clock_after(clock_ms(), LIMIT_MS));
	fuzz_must(c.fd >= 0 && r != ERR_TIMEOUT);
	fuzz_must(r != 0 || c.tunnel_status / 100 == 2);
	if (r == 0)
		r = exchange_send(&c, span_of("GET / HTTP/1.1\r\n\r\n"), &sent);
	if (r >= 0)
		r = exchange_read_head(&c);
	while (r >= 0 && (r = exchange_read_body(&c, &piece)) > 0)
		bytes += piece.len;
	fuzz_must(bytes <= size && r != ERR_TIMEOUT);
	if (r < 0) {
		exchange_text(&c, r, &why);
		fuzz_must(why.len > 0);
	}
	exchange_close(&c);
	wait_for_server(1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (listener < 0)
		start_server();
	if (size == 0)
		return 0;
	log_level(LOG_ERROR);
	parts = (struct span){ (const char *)data + 1, size - 1 };
	if (data[0] & TUNNEL)
		tunnel(size);
	else
		fetch(data[0], size);
	return 0;
}
