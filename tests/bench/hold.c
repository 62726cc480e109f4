// SPDX-License-Identifier: MIT
/*
 * hold - keep idle and slow connections open to 127.0.0.1:PORT
 *
 * hold PORT IDLE SLOW
 *
 * Every second idle number 0, 2, 4... has sent nothing yet, the others one
 * request, kept alive; a slow one sends one more byte of a head that never
 * ends. A connection the server has closed is opened again within the second.
 * Says "holding" on stdout once all were opened, and at the end of stdin
 * "opened N": how many connections it took.
 */
#include "bench.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define HELD_MAX 8192
#define TICK_MS  1000

enum kind { KIND_SILENT, KIND_KEPT, KIND_SLOW };

struct held {
	int       fd;	/* -1: not open */
	enum kind kind;
	size_t    sent;	/* bytes of the head so far */
};

static const char request[] =
	"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
static const char slow_head[] = "GET /readyz HTTP/1.1\r\nX-Slow: ";

static void
open_one(struct held *h, uint16_t port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	h->fd = (int)must(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0),
	                  "socket");
	h->sent = 0;
	if (connect(h->fd, (struct sockaddr *)&at, sizeof at) == 0
	    || errno == EINPROGRESS)
		return;
	close(h->fd);
	h->fd = -1;
}

static void
send_more(struct held *h)
{
	char next = 'x';

	switch (h->kind) {
	case KIND_SILENT:
		return;
	case KIND_KEPT:
		if (h->sent == 0
		    && send(h->fd, request, sizeof request - 1,
		            MSG_NOSIGNAL) > 0)
			h->sent = sizeof request - 1;
		return;
	case KIND_SLOW:
		if (h->sent < sizeof slow_head - 1)
			next = slow_head[h->sent];
		if (send(h->fd, &next, 1, MSG_NOSIGNAL) == 1)
			h->sent++;
		return;
	}
}

/* Reads what came; returns 1 when the server has closed. */
static int
is_closed(struct held *h)
{
	char buf[1024];
	ssize_t n;

	do
		n = recv(h->fd, buf, sizeof buf, 0);
	while (n > 0);
	return n == 0 || (errno != EAGAIN && errno != ENOTCONN);
}

/* One second's work; returns the connections it opened. */
static long
tick(struct held *held, size_t n, uint16_t port)
{
	long opened = 0;

	for (size_t i = 0; i < n; i++) {
		struct held *h = &held[i];

		if (h->fd >= 0 && is_closed(h)) {
			close(h->fd);
			h->fd = -1;
		}
		if (h->fd < 0) {
			open_one(h, port);
			opened += h->fd >= 0;
		}
		if (h->fd >= 0)
			send_more(h);
	}
	return opened;
}

static void
allow_descriptors(rlim_t n)
{
	struct rlimit limit = { n, n };

	must(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
}

int
main(int argc, char **argv)
{
	static struct held held[HELD_MAX];
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	size_t idle = argc == 4 ? (size_t)atol(argv[2]) : HELD_MAX;
	size_t slow = argc == 4 ? (size_t)atol(argv[3]) : HELD_MAX;
	int64_t due_ns = now_ns();
	long opened = 0;

	if (idle + slow > HELD_MAX) {
		fprintf(stderr, "usage: hold PORT IDLE SLOW\n");
		return 2;
	}
	allow_descriptors(idle + slow + 64);
	for (size_t i = 0; i < idle + slow; i++)
		held[i] = (struct held){
			.fd = -1,
			.kind = i >= idle ? KIND_SLOW
			        : i % 2 != 0 ? KIND_KEPT : KIND_SILENT,
		};
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int first = 1; ; first = 0) {
		int64_t left_ms;

		opened += tick(held, idle + slow, (uint16_t)atoi(argv[1]));
		if (first)
			puts("holding");
		due_ns += TICK_MS * 1000000LL;
		left_ms = (due_ns - now_ns()) / 1000000;
		if (poll(&in, 1, left_ms > 0 ? (int)left_ms : 0) > 0)
			break;
	}
	printf("opened %ld\n", opened);
	return 0;
}
