// SPDX-License-Identifier: MIT
/*
 * service - a small HTTP service that knows nothing of hale, for `make demo`
 *
 * service PORT CODE: answers every request on 127.0.0.1:PORT with its pid; at
 * SIGTERM it finishes what it is doing and exits with CODE.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static volatile sig_atomic_t stop;

static void
on_term(int sig)
{
	(void)sig;
	stop = 1;
}

static void
answer(int fd)
{
	char head[4096], text[256];
	char body[64];
	int len = snprintf(body, sizeof body, "hello from pid %d\n", getpid());

	if (read(fd, head, sizeof head) > 0) {
		len = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\n"
		               "Content-Length: %d\r\nConnection: close\r\n\r\n%s",
		               len, body);
		(void)!write(fd, text, (size_t)len);
	}
	close(fd);
}

int
main(int argc, char **argv)
{
	struct sigaction on = { .sa_handler = on_term };	/* interrupts */
	struct sockaddr_in at = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (argc != 3)
		return 2;
	at.sin_port = htons((unsigned short)atoi(argv[1]));
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sigaction(SIGTERM, &on, NULL);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0
	 || listen(fd, 64) < 0) {
		perror("service");
		return 1;
	}
	puts("service: serving");
	fflush(stdout);
	while (!stop) {
		int client = accept(fd, NULL, NULL);

		if (client >= 0)
			answer(client);
		else if (errno != EINTR)
			return 1;
	}
	puts("service: got SIGTERM, bye");
	return atoi(argv[2]);
}
