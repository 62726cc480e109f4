/* SPDX-License-Identifier: MIT */
/* net/sock.c - sockets that listen and that connect, and whose they are */
#include "net/sock.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFER_S    1	/* seconds a silent client waits to be accepted */
#define KEEP_IDLE_S  60	/* a connection without traffic is asked then .. */
#define KEEP_AGAIN_S 10	/* .. and so often .. */
#define KEEP_DEAD_MS 30000	/* .. until no answer came for so long */
#define FILE_UMASK 0111	/* a prober may have any uid, and learns little */

/* see net/sock.h */
int
sock_start(const struct addr *to, int type, bool *is_done)
{
	int fd = socket(to->any.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC,
	                0);
	int r;

	if (fd < 0)
		return -errno;
	*is_done = connect(fd, &to->any, to->len) == 0;
	if (*is_done || errno == EINPROGRESS)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

/* see net/sock.h */
void
sock_unlink(const struct addr *at)
{
	if (addr_has_file(at))
		(void)unlink(at->un.sun_path);	/* gone is as good */
}

/* Is a socket in the way that nobody listens at any more? */
static bool
is_stale(const struct addr *at)
{
	struct stat st;
	bool unused;
	int fd;

	/* connect() refuses a plain file in the same way. */
	if (lstat(at->un.sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return false;
	fd = sock_start(at, SOCK_STREAM, &unused);
	if (fd >= 0)
		close(fd);
	return fd == -ECONNREFUSED;
}

/* The file has its mode from the first: chmod() by name could meet a link
 * that somebody has put there meanwhile. */
static int
bind_open(int fd, const struct addr *at)
{
	mode_t old = umask(FILE_UMASK);
	int r = bind(fd, &at->any, at->len) < 0 ? -errno : 0;

	(void)umask(old);	/* cannot fail */
	return r;
}

static int
bind_unix(int fd, const struct addr *at)
{
	int r;

	if (!addr_has_file(at))	/* abstract: no mode either */
		return bind(fd, &at->any, at->len) < 0 ? -errno : 0;
	r = bind_open(fd, at);
	if (r != -EADDRINUSE || !is_stale(at))
		return r;
	sock_unlink(at);
	return bind_open(fd, at);
}

static int
bind_tcp(int fd, const struct addr *at, bool every)
{
	/* A kernel that knows none of these serves all the same. What is
	 * accepted inherits those that come second: */
	static const struct { int level, name, value; } options[] = {
		{ SOL_SOCKET, SO_REUSEADDR, 1 },
		{ IPPROTO_TCP, TCP_DEFER_ACCEPT, DEFER_S },
		/* HTTP/2's answers to one client follow each other: the next
		 * must not wait until it acknowledges the last. */
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		/* A Watch may be silent for days, and its client vanish with
		 * its machine: the kernel looks, which does not wake us. */
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, KEEP_IDLE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, KEEP_AGAIN_S },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, KEEP_DEAD_MS },
	};
	static const int off = 0;

	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		(void)setsockopt(fd, options[i].level, options[i].name,
		                 &options[i].value, sizeof options[i].value);
	if (every && at->any.sa_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off,
		                 sizeof off);
	return bind(fd, &at->any, at->len) < 0 ? -errno : 0;
}

static int
open_listener(const struct addr *at, bool every)
{
	int family = at->any.sa_family, r;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	r = family == AF_UNIX ? bind_unix(fd, at) : bind_tcp(fd, at, every);
	if (r < 0)
		goto fail;
	if (listen(fd, SOCK_BACKLOG) < 0) {
		r = -errno;
		goto fail;
	}
	return fd;
fail:
	close(fd);
	return r;
}

/* see net/sock.h */
int
sock_listen(struct addr_bind *to)
{
	int fd = open_listener(&to->addr, to->every);

	if (to->every && (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL)) {
		addr_bind_v4(to);
		fd = open_listener(&to->addr, to->every);
	}
	return fd;
}

/* see net/sock.h */
bool
sock_peer(int fd, struct ucred *who)
{
	socklen_t len = sizeof *who;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, who, &len) == 0
	    && who->pid > 0;
}
