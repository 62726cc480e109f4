// SPDX-License-Identifier: MIT
/*
 * floor_init - the least an init with a probe port has to do
 *
 * floor_init PORT PROGRAM [ARG...]
 *
 * The floor under hale's start time and memory: it opens the descriptors that
 * hale opens (signalfd, epoll, a timer, a TCP listener on 127.0.0.1, the
 * abstract local socket), starts PROGRAM as hale does, forwards and reaps. It
 * takes no options, answers no probe and explains nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KERNEL_SIGSET 8	/* bytes */

static void
fail(void)
{
	_exit(1);
}

static void
watch(int epoll_fd, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0)
		fail();
}

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
	    || listen(fd, 128) < 0)
		fail();
	return fd;
}

static int
listen_local(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct stat st;
	socklen_t len;
	int fd;

	if (stat("/proc/self/ns/pid", &st) < 0)
		fail();
	len = (socklen_t)snprintf(at.sun_path + 1, sizeof at.sun_path - 1,
	                          "floor/%lu", (unsigned long)st.st_ino);
	len += (socklen_t)offsetof(struct sockaddr_un, sun_path) + 1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (bind(fd, (struct sockaddr *)&at, len) < 0 || listen(fd, 128) < 0)
		fail();
	return fd;
}

static pid_t
start(char **argv, uint64_t mask)
{
	pid_t pid = vfork();	/* as hale does. NOLINT */

	if (pid != 0)
		return pid;
	setsid();	/* NOLINT: no memory is touched */
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, KERNEL_SIGSET);
	execv(argv[0], argv);
	_exit(127);
}

/* Returns the service's status once it has ended, else -1. */
static int
reap(pid_t service)
{
	int status, ended = -1;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == service)
			ended = status;
	return ended;
}

static int
handle_signal(int signal_fd, pid_t service)
{
	struct signalfd_siginfo si;

	if (read(signal_fd, &si, sizeof si) != sizeof si)
		return -1;
	if (si.ssi_signo == SIGCHLD)
		return reap(service);
	kill(service, (int)si.ssi_signo);
	return -1;
}

int
main(int argc, char **argv)
{
	uint64_t all = ~0ULL, given;
	int signal_fd, epoll_fd, status = -1;
	struct epoll_event ev;
	int inherited = fcntl(3, F_GETFD);
	pid_t service;

	if (argc < 3)
		return 2;
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &given, KERNEL_SIGSET);
	signal_fd = (int)syscall(SYS_signalfd4, -1, &all, KERNEL_SIGSET,
	                         SFD_NONBLOCK | SFD_CLOEXEC);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	watch(epoll_fd, signal_fd);
	watch(epoll_fd, timerfd_create(CLOCK_MONOTONIC,
	                               TFD_NONBLOCK | TFD_CLOEXEC));
	watch(epoll_fd, listen_tcp((uint16_t)atoi(argv[1])));
	watch(epoll_fd, listen_local());
	service = start(argv + 2, given);
	if (inherited >= 0)
		close(3);
	if (chdir("/") < 0)
		fail();
	while (status < 0)
		if (epoll_wait(epoll_fd, &ev, 1, -1) == 1)
			status = handle_signal(signal_fd, service);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
	                           : WEXITSTATUS(status);
}
