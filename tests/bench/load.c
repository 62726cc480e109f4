// SPDX-License-Identifier: MIT
/*
 * load - probe 127.0.0.1:PORT as the kubelet does, one request at a time
 *
 * load fresh PORT COUNT [GAP_US [PATH]]	a new connection for each
 * load keep PORT COUNT [GAP_US [PATH]]	one connection for all requests
 *
 * One line: "SENT ANSWERED P50 P99 MAX", in ns from before the connect (fresh)
 * or the send (keep) to the whole answer. A request counts as answered when
 * its whole 200 came within the kubelet's default of one second. The path is
 * /readyz if none is given.
 */
#include "bench.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#define ANSWER_MAX 8192
#define COUNT_MAX  1000000
#define PATH_MAX_LEN 64

static int
connect_to(uint16_t port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct timeval limit = { .tv_sec = 1 };
	int one = 1, fd = (int)must(socket(AF_INET, SOCK_STREAM, 0), "socket");

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(fd, (struct sockaddr *)&at, sizeof at) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Returns the bytes the answer takes, or 0 while it is not whole. */
static size_t
answer_size(const char *answer, size_t len)
{
	const char *end = strstr(answer, "\r\n\r\n");
	const char *length = strcasestr(answer, "\r\nContent-Length:");
	size_t size;

	if (end == NULL || length == NULL || length > end)
		return 0;
	size = (size_t)(end - answer) + 4
	       + strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
	return len >= size ? size : 0;
}

/*
 * Sends the request and reads the answer; to the end of the stream with
 * to_end. Returns 1 for a whole 200, 0 for anything else.
 */
static int
ask(int fd, const char *request, size_t len, int to_end)
{
	char answer[ANSWER_MAX + 1];
	size_t got = 0, size = 0;

	if (send(fd, request, len, MSG_NOSIGNAL) != (ssize_t)len)
		return 0;
	while (size == 0 || to_end) {
		ssize_t n = recv(fd, answer + got, ANSWER_MAX - got, 0);

		if (n < 0 || (n == 0 && size == 0))
			return 0;
		if (n == 0)
			break;
		got += (size_t)n;
		answer[got] = '\0';
		size = answer_size(answer, got);
	}
	return strncmp(answer, "HTTP/1.1 200", 12) == 0;
}

static void
wait_until(int64_t at_ns)
{
	struct timespec ts = { at_ns / BENCH_NSEC, at_ns % BENCH_NSEC };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

/* Returns how many were answered; their times are in took_ns. */
static size_t
ask_all(uint16_t port, int fresh, long count, int64_t gap_ns, const char *path,
        int64_t *took_ns)
{
	int64_t next_ns = now_ns();
	size_t answered = 0, len;
	char request[256];
	int fd = -1;

	len = (size_t)snprintf(request, sizeof request,
	                       "GET %s HTTP/1.1\r\n"
	                       "Host: 127.0.0.1:%d\r\n"
	                       "User-Agent: kube-probe/1.31\r\n"
	                       "Accept: */*\r\n"
	                       "%s\r\n", path, port,
	                       fresh ? "Connection: close\r\n" : "");
	for (long i = 0; i < count; i++, next_ns += gap_ns) {
		int64_t begun_ns;
		int good;

		if (gap_ns > 0)
			wait_until(next_ns);
		begun_ns = now_ns();
		if (fd < 0)
			fd = connect_to(port);
		good = fd >= 0 && ask(fd, request, len, fresh);
		if (good)
			took_ns[answered++] = now_ns() - begun_ns;
		if (fd >= 0 && (fresh || !good)) {
			close(fd);
			fd = -1;
		}
	}
	return answered;
}

int
main(int argc, char **argv)
{
	static int64_t took_ns[COUNT_MAX];
	long count = argc > 3 ? atol(argv[3]) : 0;
	int64_t gap_ns = argc > 4 ? atoll(argv[4]) * 1000 : 0;
	const char *path = argc > 5 ? argv[5] : "/readyz";
	size_t n;

	if (count <= 0 || count > COUNT_MAX || strlen(path) > PATH_MAX_LEN) {
		fprintf(stderr,
		        "usage: load fresh|keep PORT COUNT [GAP_US [PATH]]\n");
		return 2;
	}
	n = ask_all((uint16_t)atoi(argv[2]), strcmp(argv[1], "fresh") == 0,
	            count, gap_ns, path, took_ns);
	qsort(took_ns, n, sizeof *took_ns, by_size);
	printf("%ld %zu %lld %lld %lld\n", count, n,
	       (long long)percentile(took_ns, n, 50),
	       (long long)percentile(took_ns, n, 99),
	       (long long)percentile(took_ns, n, 100));
	return 0;
}
