// SPDX-License-Identifier: MIT
/*
 * pipeline - connections to 127.0.0.1:PORT that ask without end
 *
 * pipeline PORT CONNECTIONS PATH
 *
 * Each sends HEAD requests for PATH as fast as the server takes them, in rows
 * of ROW_REQUESTS, and reads what it answers; one that the server has closed is
 * opened again. Says "asking" on stdout once all are open, and at the end of
 * stdin, or after LIFE_S, "read N": the bytes that were answered.
 */
#include "bench.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#define CONNECTIONS_MAX 256
#define ROW_REQUESTS    270	/* in 10 KB, where PATH is short */
#define ROW_MAX         65536
#define LIFE_S          30

struct client {
	int    fd;
	size_t sent;	/* bytes of the row so far */
};

static char row[ROW_MAX];
static size_t row_len;

static void
write_row(const char *path)
{
	for (int i = 0; i < ROW_REQUESTS; i++) {
		int n = snprintf(row + row_len, sizeof row - row_len,
		                 "HEAD %s HTTP/1.1\r\nHost: x\r\n\r\n", path);

		if (n < 0 || (size_t)n >= sizeof row - row_len) {
			errno = E2BIG;
			die("row");
		}
		row_len += (size_t)n;
	}
}

static void
open_one(struct client *c, uint16_t port)
{
	const struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	c->sent = 0;
	c->fd = (int)must(socket(AF_INET, SOCK_STREAM, 0), "socket");
	must(connect(c->fd, (const struct sockaddr *)&at, sizeof at),
	     "connect");
	must(fcntl(c->fd, F_SETFL, O_NONBLOCK), "O_NONBLOCK");
}

/* Returns the bytes that were read, or -1: the server has closed. */
static ssize_t
move_on(struct client *c, short events)
{
	static char answers[65536];
	ssize_t n;

	if (events & POLLOUT) {
		n = send(c->fd, row + c->sent, row_len - c->sent, MSG_NOSIGNAL);
		if (n > 0)
			c->sent = (c->sent + (size_t)n) % row_len;
	}
	if ((events & ~POLLOUT) == 0)
		return 0;
	n = recv(c->fd, answers, sizeof answers, 0);
	if (n > 0)
		return n;
	return n < 0 && errno == EAGAIN ? 0 : -1;
}

int
main(int argc, char **argv)
{
	static struct client clients[CONNECTIONS_MAX];
	static struct pollfd fds[CONNECTIONS_MAX + 1];
	nfds_t n = argc == 4 ? (nfds_t)atol(argv[2]) : 0;
	uint16_t port = argc == 4 ? (uint16_t)atoi(argv[1]) : 0;
	int64_t end_ns = now_ns() + LIFE_S * BENCH_NSEC;
	long long got = 0;

	if (n == 0 || n > CONNECTIONS_MAX) {
		fprintf(stderr, "usage: pipeline PORT CONNECTIONS PATH\n");
		return 2;
	}
	write_row(argv[3]);
	for (nfds_t i = 0; i < n; i++)
		open_one(&clients[i], port);
	puts("asking");
	fflush(stdout);
	for (;;) {
		for (nfds_t i = 0; i < n; i++)
			fds[i] = (struct pollfd){ clients[i].fd,
			                          POLLIN | POLLOUT, 0 };
		fds[n] = (struct pollfd){ STDIN_FILENO, POLLIN, 0 };
		must(poll(fds, n + 1, 1000), "poll");
		if (fds[n].revents != 0 || now_ns() > end_ns)
			break;
		for (nfds_t i = 0; i < n; i++) {
			ssize_t r = move_on(&clients[i], fds[i].revents);

			if (r >= 0) {
				got += r;
				continue;
			}
			close(clients[i].fd);
			open_one(&clients[i], port);
		}
	}
	printf("read %lld\n", got);
	return 0;
}
