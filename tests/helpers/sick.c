/* SPDX-License-Identifier: MIT */
/* sick - an HTTP service that falls ill on command */
/*
 * sick PORT FIFO [MODE] answers on 127.0.0.1:PORT. A line in FIFO, which is
 * made if it is missing, changes the mode; "mode NAME" on standard output says
 * that it is in force. Modes:
 *
 *     NUMBER      that status, at once (the first mode is 200)
 *     silent      accepts, reads, never answers
 *     deaf        does not even accept
 *     late MS     200, so much later
 *     endless     a head without end
 *     flood       200 and a body without end
 *     refuse      no listener
 *
 * SIGTERM ends it with its default action.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CONNS     64
#define CHUNK     1024
#define NEVER     INT64_MAX

struct conn {
	int     fd;		/* -1: none */
	int64_t due_ms;		/* when it is answered */
	int     begun;		/* endless, flood: the first line is out */
};

static struct conn conns[CONNS];
static char mode[64] = "200";
static int listener = -1;

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
say(const char *what)
{
	dprintf(1, "%s\n", what);
}

static void
open_listener(int port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int yes = 1;

	if (listener >= 0)
		return;
	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0
	 || listen(listener, CONNS) < 0) {
		perror("sick: listen");
		exit(99);
	}
}

static void
hang_up(struct conn *c)
{
	close(c->fd);
	c->fd = -1;
}

static void
set_mode(char *line, int port)
{
	char said[80];

	snprintf(mode, sizeof mode, "%s", line);
	if (strcmp(mode, "refuse") == 0) {
		close(listener);
		listener = -1;
	} else {
		open_listener(port);
	}
	snprintf(said, sizeof said, "mode %s", mode);
	say(said);
}

static void
take_conn(void)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);

	for (int i = 0; i < CONNS && fd >= 0; i++) {
		if (conns[i].fd >= 0)
			continue;
		conns[i] = (struct conn){ .fd = fd, .due_ms = now_ms() };
		if (strncmp(mode, "late ", 5) == 0)
			conns[i].due_ms += atoi(mode + 5);
		if (strcmp(mode, "silent") == 0)
			conns[i].due_ms = NEVER;
		return;
	}
	if (fd >= 0)
		close(fd);
}

static void
answer(struct conn *c)
{
	char bytes[CHUNK];
	int status = atoi(mode), n;

	if (strcmp(mode, "endless") == 0 || strcmp(mode, "flood") == 0) {
		memset(bytes, 'x', sizeof bytes);
		n = snprintf(bytes, sizeof bytes, "%s", c->begun ? ""
		             : *mode == 'f' ? "HTTP/1.1 200 OK\r\n\r\n"
		                            : "HTTP/1.1 200 OK\r\nX: ");
		bytes[n] = 'x';
		c->begun = 1;
		if (send(c->fd, bytes, sizeof bytes, MSG_NOSIGNAL) < 0
		 && errno != EAGAIN)
			hang_up(c);
		return;
	}
	n = snprintf(bytes, sizeof bytes, "HTTP/1.1 %d Sick\r\n"
	             "Content-Length: 2\r\nConnection: close\r\n\r\nhi",
	             status ? status : 200);
	(void)!recv(c->fd, bytes + n, sizeof bytes - (size_t)n, 0);
	(void)!send(c->fd, bytes, (size_t)n, MSG_NOSIGNAL);
	hang_up(c);
}

static void
turn(int fifo, int port)
{
	struct pollfd p[CONNS + 2] = {
		{ .fd = fifo, .events = POLLIN },
		{ .fd = strcmp(mode, "deaf") == 0 ? -1 : listener,
		  .events = POLLIN },
	};
	int64_t now = now_ms(), wait = 1000000;
	char line[sizeof mode];
	ssize_t n;

	for (int i = 0; i < CONNS; i++) {
		p[i + 2].fd = conns[i].due_ms <= now ? conns[i].fd : -1;
		p[i + 2].events = POLLOUT;
		if (conns[i].fd >= 0 && conns[i].due_ms > now
		 && conns[i].due_ms - now < wait)
			wait = conns[i].due_ms - now;
	}
	if (poll(p, CONNS + 2, (int)wait) < 0)
		return;
	if (p[0].revents & POLLIN) {
		n = read(fifo, line, sizeof line - 1);
		line[n > 0 ? n : 0] = '\0';
		line[strcspn(line, "\n")] = '\0';
		set_mode(line, port);
	}
	if (p[1].revents & POLLIN)
		take_conn();
	for (int i = 0; i < CONNS; i++)
		if (conns[i].fd >= 0 && p[i + 2].revents)
			answer(&conns[i]);
}

int
main(int argc, char **argv)
{
	int port, fifo;

	if (argc < 3) {
		fprintf(stderr, "usage: sick PORT FIFO [MODE]\n");
		return 2;
	}
	port = atoi(argv[1]);
	(void)mkfifo(argv[2], 0600);
	fifo = open(argv[2], O_RDWR | O_NONBLOCK);
	for (int i = 0; i < CONNS; i++)
		conns[i].fd = -1;
	if (argc > 3)
		snprintf(mode, sizeof mode, "%s", argv[3]);
	if (strcmp(mode, "refuse") != 0)
		open_listener(port);
	dprintf(1, "up %d\n", (int)getpid());
	for (;;)
		turn(fifo, port);
}
