/* SPDX-License-Identifier: MIT */
/* net/sock.c - addresses and listening sockets */
#include "net/sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/parse.h"
#include "net/ip.h"

#define DEFER_S    1	/* seconds a silent client waits to be accepted */
#define FILE_UMASK 0111	/* a prober may have any uid, and learns little */

static struct sockaddr_in *
as_in(struct sock_addr *a)
{
	return (struct sockaddr_in *)&a->room;
}

static struct sockaddr_in6 *
as_in6(struct sock_addr *a)
{
	return (struct sockaddr_in6 *)&a->room;
}

static void
set_v4(struct sock_addr *a, struct in_addr host, uint16_t port)
{
	memset(a, 0, sizeof *a);
	*as_in(a) = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = host,
	};
	a->len = sizeof(struct sockaddr_in);
}

static void
set_v6(struct sock_addr *a, const struct in6_addr *host, uint16_t port)
{
	memset(a, 0, sizeof *a);
	*as_in6(a) = (struct sockaddr_in6){
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_addr = *host,
	};
	a->len = sizeof(struct sockaddr_in6);
}

static int
parse_unix(struct sock_addr *out, struct span path)
{
	if (path.len < 2 || path.len >= sizeof out->un.sun_path
	 || memchr(path.p, '\0', path.len) != NULL)
		return ERR_PARSE;
	if (path.p[0] == '@') {
		sock_abstract(out, span_after(path, 1));
		return 0;
	}
	if (path.p[0] != '/')	/* the file is removed from another directory */
		return ERR_PARSE;
	memset(out, 0, sizeof *out);
	out->un.sun_family = AF_UNIX;
	memcpy(out->un.sun_path, path.p, path.len);
	out->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path)
	                       + path.len + 1);
	return 0;
}

/* Cuts ":PORT" off the end of *text. */
static int
cut_port(struct span *text, uint16_t *port)
{
	const char *colon = text->len ? memrchr(text->p, ':', text->len) : NULL;
	struct span digits = *text;
	uint64_t n;

	text->len = 0;
	if (colon != NULL) {
		text->len = (size_t)(colon - text->p);
		digits = span_after(digits, text->len + 1);
	}
	if (parse_uint_span(digits, UINT16_MAX, &n) < 0 || n == 0)
		return ERR_PARSE;
	*port = (uint16_t)n;
	return 0;
}

/* The host of a TCP address: none, "[v6]" or "v4". */
static int
parse_host(struct sock_addr *out, struct span host, uint16_t port)
{
	bool is_v6 = host.len > 2 && host.p[0] == '['
	          && host.p[host.len - 1] == ']';
	struct in6_addr v6;
	struct in_addr v4;
	struct ip ip;

	if (host.len == 0) {
		set_v6(out, &in6addr_any, port);
		out->every = true;
		return 0;
	}
	if (is_v6)
		host = (struct span){ host.p + 1, host.len - 2 };
	if (ip_read(&ip, NULL, host) < 0 || ip.is_v6 != is_v6)
		return ERR_PARSE;
	memcpy(&v6, ip.b, sizeof v6);
	memcpy(&v4, ip.b, sizeof v4);
	if (is_v6)
		set_v6(out, &v6, port);
	else
		set_v4(out, v4, port);
	return 0;
}

/* see net/sock.h */
int
sock_parse(struct sock_addr *out, struct span text)
{
	struct span host = text;
	uint16_t port;
	int r;

	if (span_has_prefix(text, "unix:"))
		r = parse_unix(out, span_after(text, 5));
	else if (cut_port(&host, &port) < 0)
		r = ERR_PARSE;
	else
		r = parse_host(out, host, port);
	if (r == 0)
		out->text = text;
	return r;
}

/* see net/sock.h */
void
sock_abstract(struct sock_addr *out, struct span name)
{
	size_t room = sizeof out->un.sun_path - 1;

	if (name.len > room)
		name.len = room;
	memset(out, 0, sizeof *out);
	out->un.sun_family = AF_UNIX;
	memcpy(out->un.sun_path + 1, name.p, name.len);
	out->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1
	                       + name.len);
}

/* see net/sock.h */
void
sock_write(struct buf *b, const struct sock_addr *at)
{
	const struct sockaddr_in6 *v6 = (const void *)&at->room;
	const struct sockaddr_in *v4 = (const void *)&at->room;

	if (!at->every)
		buf_add(b, at->text);
	else if (at->any.sa_family == AF_INET6)
		buf_fmt(b, "[::]:%u", ntohs(v6->sin6_port));
	else
		buf_fmt(b, "0.0.0.0:%u", ntohs(v4->sin_port));
}

/* see net/sock.h */
unsigned
sock_port(const struct sock_addr *at)
{
	const struct sockaddr_in6 *v6 = (const void *)&at->room;
	const struct sockaddr_in *v4 = (const void *)&at->room;

	switch (at->any.sa_family) {
	case AF_INET6:
		return ntohs(v6->sin6_port);
	case AF_INET:
		return ntohs(v4->sin_port);
	}
	return 0;
}

/* Is a socket in the way, and nobody listens behind it? */
static bool
is_stale(const struct sock_addr *at)
{
	struct stat st;
	bool stale;
	int fd;

	/* connect() refuses a plain file in the same way. */
	if (lstat(at->un.sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	stale = connect(fd, &at->any, at->len) < 0 && errno == ECONNREFUSED;
	close(fd);
	return stale;
}

/* The file has its mode from the first: chmod() by name could meet a link
 * that somebody has put there meanwhile. */
static int
bind_open(int fd, const struct sock_addr *at)
{
	mode_t old = umask(FILE_UMASK);
	int r = bind(fd, &at->any, at->len) < 0 ? -errno : 0;

	(void)umask(old);	/* cannot fail */
	return r;
}

static int
bind_unix(int fd, const struct sock_addr *at)
{
	int r;

	if (at->un.sun_path[0] == '\0')	/* abstract: no file, no mode */
		return bind(fd, &at->any, at->len) < 0 ? -errno : 0;
	r = bind_open(fd, at);
	if (r != -EADDRINUSE || !is_stale(at))
		return r;
	sock_unlink(at);
	return bind_open(fd, at);
}

static int
bind_tcp(int fd, const struct sock_addr *at)
{
	static const int on = 1, off = 0, defer = DEFER_S;

	/* A kernel that knows none of these three serves all the same. */
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &defer,
	                 sizeof defer);
	if (at->every && at->any.sa_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off,
		                 sizeof off);
	return bind(fd, &at->any, at->len) < 0 ? -errno : 0;
}

static int
open_listener(const struct sock_addr *at)
{
	int family = at->any.sa_family, r;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	r = family == AF_UNIX ? bind_unix(fd, at) : bind_tcp(fd, at);
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
sock_listen(struct sock_addr *at)
{
	static const struct in_addr every_v4 = { INADDR_ANY };
	int fd = open_listener(at);

	if (at->every && (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL)) {
		struct span text = at->text;

		set_v4(at, every_v4, ntohs(as_in6(at)->sin6_port));
		at->every = true;
		at->text = text;
		fd = open_listener(at);
	}
	return fd;
}

/* see net/sock.h */
void
sock_unlink(const struct sock_addr *at)
{
	if (at->any.sa_family == AF_UNIX && at->un.sun_path[0] != '\0')
		(void)unlink(at->un.sun_path);	/* gone is as good */
}
