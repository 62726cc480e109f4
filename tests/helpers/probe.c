// SPDX-License-Identifier: MIT
/*
 * probe - what a kubelet's probe sees
 *
 * probe PORT PATH STATUS: asks 127.0.0.1:PORT for PATH, again and again until
 * the answer has STATUS, for 10 seconds at most. Prints the last status and
 * body; exit 0 only if STATUS came.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TRIES  1000
#define WAIT_MS  10

/* The whole answer, terminated; empty where there is none. */
static void
ask(int port, const char *path, char *answer, size_t cap)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_port = htons((unsigned short)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	size_t len = 0;
	ssize_t n = 1;

	if (connect(fd, (struct sockaddr *)&at, sizeof at) == 0) {
		dprintf(fd, "GET %s HTTP/1.1\r\nHost: pod\r\n"
		        "User-Agent: kube-probe/1.31\r\nAccept: */*\r\n"
		        "Connection: close\r\n\r\n", path);
		while (n > 0 && len < cap - 1) {
			n = read(fd, answer + len, cap - 1 - len);
			len += n > 0 ? (size_t)n : 0;
		}
	}
	close(fd);
	answer[len] = '\0';
}

int
main(int argc, char **argv)
{
	static char answer[16384];
	const char *body;
	int status = 0;

	if (argc != 4)
		return 2;
	for (int i = 0; i < TRIES && status != atoi(argv[3]); i++) {
		if (i > 0)
			poll(NULL, 0, WAIT_MS);
		ask(atoi(argv[1]), argv[2], answer, sizeof answer);
		status = strlen(answer) > 9 ? atoi(answer + 9) : 0;
	}
	body = strstr(answer, "\r\n\r\n");
	printf("%d %s\n", status, body != NULL ? body + 4 : "no answer");
	return status == atoi(argv[3]) ? 0 : 1;
}
