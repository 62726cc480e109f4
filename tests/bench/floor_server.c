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
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_MAX 8192

static const char answer[] =
	"HTTP/1.1 200 OK\r\n"
	"Content-Type: text/plain; charset=utf-8\r\n"
	"X-Content-Type-Options: nosniff\r\n"
	"Content-Length: 2\r\n"
	"\r\n"
	"ok";

static int
listen_tcp(uint16_t port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int one = 1, fd = socket(AF_INET,
	                         SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0
	    || listen(fd, 1024) < 0)
		exit(1);
	return fd;
}

static void
watch(int epoll_fd, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0)
		exit(1);
}

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

static void
take(int epoll_fd, int listen_fd)
{
	int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (answer_one(fd))
		watch(epoll_fd, fd);
	else
		close(fd);
}

int
main(int argc, char **argv)
{
	struct epoll_event got[16];
	int epoll_fd, listen_fd;

	if (argc != 2)
		return 2;
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	listen_fd = listen_tcp((uint16_t)atoi(argv[1]));
	watch(epoll_fd, listen_fd);
	for (;;) {
		int n = epoll_wait(epoll_fd, got, 16, -1);

		for (int i = 0; i < n; i++) {
			if (got[i].data.fd == listen_fd)
				take(epoll_fd, listen_fd);
			else if (!answer_one(got[i].data.fd))
				close(got[i].data.fd);
		}
	}
}
