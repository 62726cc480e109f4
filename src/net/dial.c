/* SPDX-License-Identifier: MIT */
/* net/dial.c - look up names, connect to the first address that answers */
#include "net/dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"

#define GROUPS   8	/* of an IPv6 address */
#define HOST_MAX 256	/* bytes of a name (RFC 1035, 2.3.4) with its NUL */

/* How the child that looks up a name can end. */
enum {
	LOOKED_UP, NO_SUCH_NAME, NO_RECORD, NO_ANSWER, NO_MEMORY,
	NO_DESCRIPTOR,
};

static int
add(struct dial_set *set, const void *at, socklen_t len)
{
	struct dial_addr *to;

	if (set->n == DIAL_ADDRS_MAX)
		return ERR_FULL;
	to = &set->at[set->n];
	if (len > sizeof to->room)
		return ERR_TOOBIG;
	memcpy(to->room, at, len);
	to->len = len;
	set->n++;
	return 0;
}

static int
add_v4(struct dial_set *set, struct in_addr host, uint16_t port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = host,
	};

	return add(set, &at, sizeof at);
}

static int
add_v6(struct dial_set *set, const struct in6_addr *host, uint16_t port)
{
	struct sockaddr_in6 at = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_addr = *host,
	};

	return add(set, &at, sizeof at);
}

/* "localhost", "app.localhost", each with or without a final dot. */
static bool
is_localhost(struct span host)
{
	static const char name[] = "localhost";
	const size_t n = sizeof name - 1;

	if (host.len > 0 && host.p[host.len - 1] == '.')
		host.len--;
	if (host.len < n || strncasecmp(host.p + host.len - n, name, n) != 0)
		return false;
	return host.len == n || host.p[host.len - n - 1] == '.';
}

/* Adds what needs no look-up. Returns 1, 0 where one is needed, an error. */
static int
add_known(struct dial_set *set, struct span host, const char *name,
          uint16_t port, int family)
{
	struct in_addr v4 = { htonl(INADDR_LOOPBACK) };
	struct in6_addr v6 = IN6ADDR_LOOPBACK_INIT;
	bool is_local = is_localhost(host);
	bool is_v4 = is_local || inet_pton(AF_INET, name, &v4) == 1;
	bool is_v6 = is_local || (!is_v4 && inet_pton(AF_INET6, name, &v6) == 1);
	int r = 0;

	if (!is_v4 && !is_v6)
		return 0;
	if (is_v4 && family != AF_INET6)
		r = add_v4(set, v4, port);
	else if (!is_v6 || family == AF_INET)
		return ERR_RESOLVE;	/* a literal of the other family */
	if (r == 0 && is_v6 && family != AF_INET)
		r = add_v6(set, &v6, port);
	return r < 0 ? r : 1;
}

/* What getaddrinfo() says, or how the machine kept it from asking. musl's
 * EAI_AGAIN is silence, SERVFAIL and REFUSED alike. */
static int
lookup_failure(int said)
{
	switch (said) {
	case EAI_AGAIN:
		return NO_ANSWER;
	case EAI_MEMORY:
		return NO_MEMORY;
	case EAI_NONAME:
		return NO_SUCH_NAME;
	case EAI_SYSTEM:
		return err_is_shortage(-errno) ? NO_DESCRIPTOR : NO_RECORD;
	default:
		return NO_RECORD;
	}
}

/* The child: the found addresses go up the pipe, each as one write of its
 * fixed size, which is below PIPE_BUF. */
static _Noreturn void
look_up(const char *name, uint16_t port, int family, int up)
{
	struct addrinfo hints = {
		.ai_family = family,
		.ai_socktype = SOCK_STREAM,
	}, *found = NULL;
	int r = getaddrinfo(name, NULL, &hints, &found);

	if (r != 0)
		_exit(lookup_failure(r));
	for (; found != NULL; found = found->ai_next) {
		struct dial_set one = { 0 };

		if (add(&one, found->ai_addr, found->ai_addrlen) < 0)
			continue;
		if (one.at[0].any.sa_family == AF_INET6)
			((struct sockaddr_in6 *)one.at[0].room)->sin6_port
				= htons(port);
		else
			((struct sockaddr_in *)one.at[0].room)->sin_port
				= htons(port);
		if (write(up, &one.at[0], sizeof one.at[0]) < 0)
			break;	/* nobody reads: the parent is gone */
	}
	_exit(LOOKED_UP);
}

/* Reads addresses until the child closes its end. */
static int
collect(struct dial_set *set, int fd, int64_t deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t before = set->n;
	struct dial_addr got;
	ssize_t n;

	for (;;) {
		int r = poll(&p, 1, clock_wait_ms(deadline_ms));

		if (r < 0 && errno != EINTR)
			return -errno;
		if (r == 0)
			return ERR_TIMEOUT;
		if (r < 0)
			continue;
		n = read(fd, &got, sizeof got);
		if (n != (ssize_t)sizeof got)
			break;	/* its end, or a child that went wrong */
		(void)add(set, got.room, got.len);	/* full: left out */
	}
	return set->n > before ? 0 : ERR_RESOLVE;
}

/* Why the child that was not killed by us told no address. */
static int
child_failure(int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return -ENOMEM;	/* the kernel's, for memory */
	if (!WIFEXITED(status))
		return ERR_RESOLVE;
	switch (WEXITSTATUS(status)) {
	case NO_SUCH_NAME:
		return ERR_NONAME;
	case NO_ANSWER:
		return ERR_NAMESERVER;
	case NO_MEMORY:
		return -ENOMEM;
	case NO_DESCRIPTOR:
		return -EMFILE;
	default:
		return ERR_RESOLVE;
	}
}

static int
ask_child(struct dial_set *set, const char *name, uint16_t port, int family,
          int64_t deadline_ms)
{
	int fds[2], status = 0, r;
	pid_t child, parent = getpid();

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	child = fork();
	if (child == 0) {
		close(fds[0]);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent)	/* else it died before */
			look_up(name, port, family, fds[1]);
		_exit(NO_ANSWER);
	}
	r = child < 0 ? -errno : 0;
	close(fds[1]);
	if (r == 0) {
		r = collect(set, fds[0], deadline_ms);
		if (r < 0)	/* one that is exiting keeps its status */
			(void)kill(child, SIGKILL);
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			continue;
		if (r == ERR_RESOLVE)
			r = child_failure(status);
	}
	close(fds[0]);
	return r;
}

/* see net/dial.h */
int
dial_lookup(struct dial_set *set, struct span host, uint16_t port, int family,
            int64_t deadline_ms)
{
	char name[HOST_MAX];
	struct buf b = buf_over(name, sizeof name);
	int r;

	buf_add(&b, host);
	(void)buf_text(&b);
	if (b.cut || host.len == 0)
		return ERR_RESOLVE;
	r = add_known(set, host, name, port, family);
	if (r != 0)
		return r < 0 ? r : 0;
	return ask_child(set, name, port, family, deadline_ms);
}

/* see net/dial.h */
const char *
dial_lookup_text(int err)
{
	/* Nor does libc tell a failure that was answered from silence. */
	return err == ERR_TIMEOUT ? "no name server gave a usable answer in time"
	                          : err_text(err);
}

/* see net/dial.h */
int
dial_add_unix(struct dial_set *set, struct span path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t len = path.len;

	if (len == 0 || len >= sizeof un.sun_path)
		return ERR_TOOBIG;
	memcpy(un.sun_path, path.p, len);
	if (path.p[0] == '@')
		un.sun_path[0] = '\0';	/* abstract: counted, no final NUL */
	else
		len++;
	return add(set, &un, (socklen_t)(offsetof(struct sockaddr_un, sun_path)
	                                 + len));
}

/* A unix socket's connect never is in progress: it waits for room in the
 * listener's backlog, here until the deadline (unix(7), SO_SNDTIMEO). */
static int
connect_unix(const struct dial_addr *at, int64_t deadline_ms)
{
	int wait_ms = clock_wait_ms(deadline_ms), r;
	struct timeval wait = { .tv_sec = wait_ms / 1000,
	                        .tv_usec = wait_ms % 1000 * 1000L };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (wait_ms == 0)
		wait.tv_usec = 1;	/* all zero would be: no limit */
	if (wait_ms > 0)	/* a kernel without it waits without limit */
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait,
		                 sizeof wait);
	if (connect(fd, &at->any, at->len) == 0
	 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
		return fd;
	r = errno == EAGAIN ? ERR_TIMEOUT : -errno;
	close(fd);
	return r;
}

/* Begins to connect. Returns the descriptor (*done: it is connected), or an
 * error. */
static int
begin(const struct dial_addr *at, int64_t deadline_ms, bool *done)
{
	static const int on = 1;
	int r, fd;

	if (at->any.sa_family == AF_UNIX) {
		*done = true;
		return connect_unix(at, deadline_ms);
	}
	fd = socket(at->any.sa_family,
	            SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* Without it each of a handshake's small writes waits for an ACK. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	*done = connect(fd, &at->any, at->len) == 0;
	if (*done || errno == EINPROGRESS)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

/* The attempts that are under way, in the set's order. */
struct race {
	const struct dial_set *set;
	struct pollfd fds[DIAL_ADDRS_MAX];	/* fd -1: failed */
	size_t begun;
	size_t running;
	int    first_err;
	size_t first;		/* whose it was */
};

static void
note_failure(struct race *r, size_t i, int err)
{
	r->fds[i].fd = -1;
	if (r->first_err == 0 || i < r->first) {
		r->first_err = err;
		r->first = i;
	}
}

/* Starts the next address. Returns its descriptor where that is already
 * connected, else -1. */
static int
start_next(struct race *r, int64_t deadline_ms)
{
	size_t i = r->begun++;
	bool done = false;
	int fd = begin(&r->set->at[i], deadline_ms, &done);

	r->fds[i] = (struct pollfd){ .fd = fd, .events = POLLOUT };
	if (fd < 0) {
		note_failure(r, i, fd);
		return -1;
	}
	r->running++;
	return done ? fd : -1;
}

/* Looks at what poll said. Returns a connected descriptor or -1. */
static int
settle(struct race *r, size_t *which)
{
	for (size_t i = 0; i < r->begun; i++) {
		struct pollfd *p = &r->fds[i];
		socklen_t len = sizeof(int);
		int err = 0;

		if (p->fd < 0 || p->revents == 0)
			continue;
		if (getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
			err = errno;
		if (err == 0) {
			*which = i;
			return p->fd;
		}
		close(p->fd);
		note_failure(r, i, -err);
		r->running--;
	}
	return -1;
}

static int
run_race(struct race *r, int64_t deadline_ms, size_t *which)
{
	int64_t next_ms;
	int fd;

	for (;;) {
		bool more = r->begun < r->set->n;

		if (r->running == 0 && !more) {
			*which = r->first;
			return r->first_err;
		}
		if (more) {
			*which = r->begun;
			fd = start_next(r, deadline_ms);
			if (fd >= 0)
				return fd;
			if (r->running == 0)
				continue;
		}
		next_ms = clock_after(clock_ms(), DIAL_STAGGER_MS);
		if (r->begun == r->set->n || next_ms > deadline_ms)
			next_ms = deadline_ms;
		if (poll(r->fds, (nfds_t)r->begun, clock_wait_ms(next_ms)) < 0
		 && errno != EINTR)
			return -errno;
		fd = settle(r, which);
		if (fd >= 0)
			return fd;
		if (clock_wait_ms(deadline_ms) == 0)
			return ERR_TIMEOUT;
	}
}

/* see net/dial.h */
int
dial_connect(const struct dial_set *set, int64_t deadline_ms, size_t *which)
{
	struct race r;
	int fd;

	r.set = set;
	r.begun = r.running = r.first = 0;
	r.first_err = 0;
	*which = 0;
	if (set->n == 0)
		return ERR_RESOLVE;
	fd = run_race(&r, deadline_ms, which);
	for (size_t i = 0; i < r.begun; i++)
		if (r.fds[i].fd >= 0 && r.fds[i].fd != fd)
			close(r.fds[i].fd);
	return fd;
}

static void
write_hex(struct buf *b, unsigned group)
{
	static const char hex[] = "0123456789abcdef";
	int shift = 12;

	while (shift > 0 && group >> shift == 0)
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		buf_add(b, (struct span){ &hex[group >> shift & 15], 1 });
}

/* RFC 5952, 4; libc's inet_ntop() would bring all of printf with it. */
static void
write_v6(struct buf *b, const unsigned char *a)
{
	size_t longest = GROUPS, longest_len = 1;

	for (size_t i = 0, len; i < GROUPS; i += len > 0 ? len : 1) {
		len = 0;
		while (i + len < GROUPS && a[2 * (i + len)] == 0
		    && a[2 * (i + len) + 1] == 0)
			len++;
		if (len > longest_len) {
			longest = i;
			longest_len = len;
		}
	}
	for (size_t i = 0; i < GROUPS; i++) {
		if (i == longest) {
			buf_str(b, "::");
			i += longest_len - 1;
			continue;
		}
		if (i > 0 && i != longest + longest_len)
			buf_str(b, ":");
		write_hex(b, (unsigned)a[2 * i] << 8 | a[2 * i + 1]);
	}
}

static void
write_v4(struct buf *b, const unsigned char *a)
{
	buf_fmt(b, "%u.%u.%u.%u", a[0], a[1], a[2], a[3]);
}

/* see net/dial.h */
uint16_t
dial_write_host(struct buf *b, const struct dial_addr *at)
{
	const struct sockaddr_in6 *v6 = (const void *)at->room;
	const struct sockaddr_in *v4 = (const void *)at->room;
	size_t len;

	switch (at->any.sa_family) {
	case AF_INET:
		write_v4(b, (const unsigned char *)&v4->sin_addr);
		return ntohs(v4->sin_port);
	case AF_INET6:
		if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
			buf_str(b, "::ffff:");
			write_v4(b, v6->sin6_addr.s6_addr + 12);
		} else {
			write_v6(b, v6->sin6_addr.s6_addr);
		}
		return ntohs(v6->sin6_port);
	}
	len = at->len - offsetof(struct sockaddr_un, sun_path);
	if (at->un.sun_path[0] == '\0') {
		buf_str(b, "@");
		buf_add(b, (struct span){ at->un.sun_path + 1, len - 1 });
	} else {
		buf_str(b, at->un.sun_path);
	}
	return 0;
}

/* see net/dial.h */
void
dial_write(struct buf *b, const struct dial_addr *at)
{
	uint16_t port = dial_write_host(b, at);

	if (at->any.sa_family != AF_UNIX)
		buf_fmt(b, " port %u", port);
}
