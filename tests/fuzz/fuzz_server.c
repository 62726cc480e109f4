/* SPDX-License-Identifier: MIT */
/*
 * fuzz_server.c - however two clients' bytes fall into pieces, each is asked
 * what its own bytes say
 *
 * The input is a row of pieces: a byte whose lowest bit is the client and the
 * rest of it the piece's length, then the piece. What the server makes of each
 * client's bytes must be what the parsers make of them in one go.
 */
#include "fuzz.h"

#include "net/proxy_header.h"
#include "net/server.h"
#include "net/sock.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS    2
#define STREAM_MAX 24000	/* bytes of a client */
#define ASKS_MAX   1024		/* requests of a client: 24 bytes each */
#define TURNS_MAX  2000		/* that one piece may keep the server busy */

struct asked {
	int    err;
	bool   keep;
	struct span method, path, query;	/* lengths alone are compared */
};

struct heard {
	size_t       n;
	struct asked list[ASKS_MAX];
};

/* Client 0 comes by a public listener, 1 by one for probes only. */
static const enum server_kind kinds[CLIENTS] = { SERVER_PUBLIC, SERVER_PROBES };
static struct addr_bind at[CLIENTS];
static struct server server;
static struct server_room room;
static struct loop loop;
static struct heard got[CLIENTS], want[CLIENTS];
static char streams[CLIENTS][STREAM_MAX];
static size_t stream_len[CLIENTS];

static void
note(struct heard *h, const struct server_ask *ask)
{
	fuzz_must(h->n < ASKS_MAX);
	h->list[h->n++] = (struct asked){
		.err = ask->err, .keep = ask->keep, .method = ask->req.method,
		.path = ask->req.path, .query = ask->req.query,
	};
}

static void
answer(void *owner, const struct server_ask *ask, struct buf *out)
{
	(void)owner;
	note(&got[ask->kind == kinds[1]], ask);
	buf_str(out, "x");
}

/* Frames are fuzz_h2.c's: none is read to its end here. */
static void
fill_services(void *owner, struct server_services *into)
{
	(void)owner;
	into->n = into->n_probes = 0;
}

static void
open_server(void)
{
	char name[64];

	fuzz_must(loop_init(&loop) == 0);
	server_init(&server, &loop, answer, fill_services, NULL);
	server.room = &room;
	for (int i = 0; i < CLIENTS; i++) {
		struct buf b = buf_over(name, sizeof name);
		int fd;

		buf_fmt(&b, "unix:@hale-fuzz-server-%d-%d", (int)getpid(), i);
		fuzz_must(addr_bind_read(&at[i], buf_span(&b)) == 0);
		fd = sock_listen(&at[i]);
		fuzz_must(fd >= 0 && server_listen(&server, fd, kinds[i]) == 0);
	}
}

/* Turns until nobody has anything to do. */
static void
settle(void)
{
	struct pollfd p = { .fd = loop.fd, .events = POLLIN };

	for (int i = 0; loop_is_busy(&loop) || poll(&p, 1, 0) == 1; i++) {
		fuzz_must(i < TURNS_MAX);
		fuzz_must(loop_turn(&loop) == 0);
	}
}

static int
connect_to(int i)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	fuzz_must(fd >= 0 && connect(fd, &at[i].addr.any, at[i].addr.len) == 0);
	settle();
	return fd;
}

/* Sends a piece; a client that was refused has said all that counts. */
static void
say(int fd, int i, const uint8_t *piece, size_t len)
{
	char answers[4096];

	if (stream_len[i] + len > STREAM_MAX)
		return;
	if (send(fd, piece, len, MSG_NOSIGNAL) == (ssize_t)len) {
		memcpy(streams[i] + stream_len[i], piece, len);
		stream_len[i] += len;
	}
	settle();
	while (recv(fd, answers, sizeof answers, 0) > 0)
		continue;
}

/* What the client's bytes are in one go. */
static void
read_stream(int i)
{
	struct span rest = { streams[i], stream_len[i] };

	while (rest.len > 0) {
		struct server_ask ask = { .err = 0 };
		int n = 0;

		if (want[i].n == 0 && proxy_header_is(rest.p, rest.len)) {
			n = proxy_header_read(&ask.fault, rest.p, rest.len);
			if (n == 0)
				return;
		}
		if (n >= 0) {
			rest = span_after(rest, (size_t)n);
			n = http_read_req(&ask.req, &ask.fault, rest.p,
			                  rest.len);
		}
		if (n == 0)
			return;
		ask.err = n < 0 ? n : 0;
		ask.keep = n > 0 && !ask.req.close && !ask.req.has_body;
		note(&want[i], &ask);
		if (!ask.keep)
			return;
		rest = span_after(rest, (size_t)n);
	}
}

static bool
is_same(struct span a, struct span b)
{
	return a.len == b.len;
}

static void
compare(int i)
{
	fuzz_must(got[i].n == want[i].n);
	for (size_t k = 0; k < got[i].n; k++) {
		const struct asked *a = &got[i].list[k], *b = &want[i].list[k];

		fuzz_must(a->err == b->err && a->keep == b->keep);
		fuzz_must(is_same(a->method, b->method)
		          && is_same(a->path, b->path)
		          && is_same(a->query, b->query));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fds[CLIENTS];

	if (server.n_listeners == 0)
		open_server();
	server.known_len = 0;	/* the same from each input */
	for (int i = 0; i < CLIENTS; i++) {
		got[i].n = want[i].n = stream_len[i] = 0;
		fds[i] = connect_to(i);
	}
	while (size > 1) {
		int i = data[0] & 1;
		size_t len = (size_t)(data[0] >> 1) + 1;

		len = len < size ? len : size - 1;
		say(fds[i], i, data + 1, len);
		data += 1 + len;
		size -= 1 + len;
	}
	for (int i = 0; i < CLIENTS; i++)
		close(fds[i]);
	settle();
	for (int i = 0; i < CLIENTS; i++) {
		fuzz_must(server.listeners[i].n_conns == 0);
		read_stream(i);
		compare(i);
	}
	return 0;
}
