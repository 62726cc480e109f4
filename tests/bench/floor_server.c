// SPDX-License-Identifier: MIT
/*
 * floor_server - the least a probe server has to do
 *
 * floor_server PORT
 *
 * The floor under hale's probes: one epoll loop on 127.0.0.1, which answers
 * every head with the same bytes. A fresh connection takes five system calls
 * (epoll_wait, accept4, recv, send, close), a request on a kept one three.
 * A head is taken to come in one piece.
 */
#include "floor_loop.h"

#define HEAD_MAX 8192

static const char answer[] =
	"HTTP/1.1 200 OK\r\n"
	"Content-Type: text/plain; charset=utf-8\r\n"
	"X-Content-Type-Options: nosniff\r\n"
	"Content-Length: 2\r\n"
	"\r\n"
	"ok";

/* Returns 1 when the connection stays open. */
static int
answer_one(int fd)
{
	char head[HEAD_MAX + 1];
	ssize_t n = recv(fd, head, HEAD_MAX, 0);
	int last;

	if (n <= 0)
		return 0;
	head[n] = '\0';
	last = strstr(head, "Connection: close") != NULL;
	/* MSG_MORE holds the answer back until close() can add its FIN. */
	if (send(fd, answer, sizeof answer - 1,
	         MSG_NOSIGNAL | (last ? MSG_MORE : 0)) < 0)
		return 0;
	return !last;
}

int
main(int argc, char **argv)
{
	return serve(argc, argv);
}
