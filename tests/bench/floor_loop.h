/* SPDX-License-Identifier: MIT */
/*
 * floor_loop.h - what the floors of servers have in common: one epoll loop
 *
 * No part of hale. A connection is read when something has come for it.
 */
#ifndef HALE_TESTS_FLOOR_LOOP_H
#define HALE_TESTS_FLOOR_LOOP_H

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Reads what has come and answers it. Returns 1 if the connection stays. */
static int answer_one(int fd);

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
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
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

static int
serve(int argc, char **argv)
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

#endif
