// SPDX-License-Identifier: MIT
/*
 * app - the service of the Kubernetes and Swarm tests; knows nothing of hale
 *
 * Answers GET on every address, each connection in a process of its own. On
 * SIGTERM it does what most servers do: it closes its port at once, finishes
 * the requests it has and exits. SIGUSR1 turns 200 into 500 and back.
 * The environment sets it up; times are milliseconds. (Not APP_PORT: that is
 * what Kubernetes sets for a Service called app.)
 *
 *   DO_PORT=8000      where it listens
 *   DO_LISTEN_AFTER=0 when it begins to listen
 *   DO_ANSWER_AFTER=0 how long an answer takes
 *   DO_DEAF=1         ignore SIGTERM
 *   DO_EAT=0          take this many MiB of memory, then end
 *   DO_EXIT=0         exit code
 *   DO_SAY=TEXT       print this first
 *
 * `app pause` is the process of a pod's sandbox: it reaps and waits. `app ping`
 * says that the service is well, as a worker without a port may have it.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t stopped;
static volatile sig_atomic_t broken;

static void
on_term(int sig)
{
	(void)sig;
	stopped = 1;
}

static void
on_usr1(int sig)
{
	(void)sig;
	broken = !broken;
}

static int
setting(const char *name, int otherwise)
{
	const char *text = getenv(name);

	return text ? atoi(text) : otherwise;
}

static void
handle(int sig, void (*with)(int))
{
	struct sigaction act = { .sa_handler = with };	/* no SA_RESTART */

	sigaction(sig, &act, NULL);
}

/* Sleep on through signals that do not stop us. */
static void
pause_ms(int ms)
{
	while (ms > 0 && !stopped) {
		poll(NULL, 0, ms < 10 ? ms : 10);
		ms -= 10;
	}
}

static void
answer(int fd, int after_ms)
{
	char head[4096], text[256];
	int len;

	if (read(fd, head, sizeof head) <= 0)
		return;
	poll(NULL, 0, after_ms);
	len = snprintf(text, sizeof text, "HTTP/1.1 %s\r\n"
	               "Content-Length: 3\r\nConnection: close\r\n\r\n%s",
	               broken ? "500 Broken" : "200 OK",
	               broken ? "no\n" : "ok\n");
	if (write(fd, text, (size_t)len) < 0)
		return;
	shutdown(fd, SHUT_WR);
	(void)!read(fd, head, sizeof head);	/* wait for the client's end */
}

static int
listen_at(int port)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6 };
	struct sockaddr_in at4 = { .sin_family = AF_INET };
	int on = 1, fd = socket(AF_INET6, SOCK_STREAM, 0);

	at.sin6_port = at4.sin_port = htons((unsigned short)port);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0) {
		close(fd);
		fd = socket(AF_INET, SOCK_STREAM, 0);
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
		if (bind(fd, (struct sockaddr *)&at4, sizeof at4) < 0) {
			perror("app: bind");
			exit(1);
		}
	}
	listen(fd, 128);
	return fd;
}

/* Each piece leads to the one before, so that all are kept. */
static void
eat(int mib)
{
	static void *kept;

	for (int i = 0; i < mib; i++) {
		void **more = malloc(1 << 20);

		if (more == NULL)
			return;
		memset(more, i + 1, 1 << 20);
		*more = kept;
		kept = more;
	}
}

static int
sandbox(void)
{
	handle(SIGINT, on_term);
	handle(SIGTERM, on_term);
	signal(SIGCHLD, SIG_IGN);	/* the kernel reaps */
	while (!stopped)
		poll(NULL, 0, -1);
	return 0;
}

static void
serve(int port, int after_ms)
{
	int fd = listen_at(port);

	puts("app: listening");
	while (!stopped) {
		int client = accept(fd, NULL, NULL);

		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (client < 0)
			continue;
		if (fork() == 0) {
			close(fd);
			answer(client, after_ms);
			_exit(0);
		}
		close(client);
	}
	close(fd);
}

int
main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1 && strcmp(argv[1], "pause") == 0)
		return sandbox();
	if (argc > 1 && strcmp(argv[1], "ping") == 0)
		return 0;
	if (getenv("DO_SAY"))
		puts(getenv("DO_SAY"));
	handle(SIGTERM, getenv("DO_DEAF") ? SIG_IGN : on_term);
	handle(SIGINT, on_term);
	handle(SIGUSR1, on_usr1);
	pause_ms(setting("DO_LISTEN_AFTER", 0));
	if (setting("DO_EAT", 0) > 0)
		eat(setting("DO_EAT", 0));
	else if (!stopped && !getenv("DO_EXIT"))
		serve(setting("DO_PORT", 8000), setting("DO_ANSWER_AFTER", 0));
	while (wait(NULL) > 0 || errno == EINTR)
		;
	puts("app: bye");
	return setting("DO_EXIT", 0);
}
