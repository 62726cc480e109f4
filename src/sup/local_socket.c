/* SPDX-License-Identifier: MIT */
/* sup/local_socket.c - the supervisor's local socket */
#include "sup/local_socket.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "net/sock.h"
#include "sup/nonce.h"

#define RANDOM_LEN 8	/* characters: 48 bits that a neighbour cannot guess */

/* Twelve bits of the mount namespace's number: containers that share their
 * PIDs are told apart by these; the kernel numbers them one after the other. */
static void
write_place(struct buf *b)
{
	static const char *const set =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz-_";
	struct stat st;
	uint64_t n = stat("/proc/self/ns/mnt", &st) == 0 ? st.st_ino : 0;

	buf_byte(b, (unsigned char)set[n >> 6 & 63]);
	buf_byte(b, (unsigned char)set[n & 63]);
}

/* see sup/local_socket.h */
void
local_socket_write_prefix(struct buf *b)
{
	buf_str(b, "hale.");
	write_place(b);
}

/* name with its @ */
static int
listen_as(struct span name)
{
	struct addr_bind to = { .every = false };
	int r = addr_set_unix(&to.addr, name);

	return r < 0 ? r : sock_listen(&to);
}

/* Returns a listening descriptor or -errno. */
static int
open_socket(void)
{
	char name[1 + LOCAL_NAME_LEN + 1];
	struct buf b = buf_over(name, sizeof name);
	int fd, r;

	if (!proc_is_ours())
		return listen_as(span_of("@" LOCAL_FIXED));
	buf_str(&b, "@");
	local_socket_write_prefix(&b);
	r = nonce_write(&b, RANDOM_LEN);
	if (r < 0)
		return r;
	fd = listen_as(buf_span(&b));
	/* Cannot fail: the name fits (prctl(2)). */
	if (fd >= 0)
		(void)prctl(PR_SET_NAME, buf_text(&b) + 1);
	return fd;
}

static int
try_once(struct local_socket *l)
{
	int fd = open_socket(), r;

	if (fd < 0)
		return fd;
	r = server_listen(l->server, fd, SERVER_LOCAL);
	if (r < 0)
		close(fd);
	return r;
}

/* Can a later try go better? */
static bool
may_pass(int err)
{
	switch (-err) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
	case EAGAIN:	/* no random bytes yet */
		return true;
	}
	return false;
}

static void
log_failure(int err)
{
	if (err == -EADDRINUSE)
		log_warn("no local socket, so no `hale check` here: another "
		         "process has its name");
	else
		log_warn("no local socket, so no `hale check` here%s: %s",
		         may_pass(err) ? " for now" : "", err_text(err));
}

static void
try_again_later(struct local_socket *l)
{
	l->pause_ms *= 2;
	if (l->pause_ms == 0)
		l->pause_ms = LOCAL_AGAIN_MIN_MS;
	if (l->pause_ms > LOCAL_AGAIN_MAX_MS)
		l->pause_ms = LOCAL_AGAIN_MAX_MS;
	l->again.deadline_ms = clock_ms() + l->pause_ms;
}

static void
open_now(struct local_socket *l)
{
	int r = try_once(l);

	if (r == 0 && l->pause_ms > 0)
		log_warn("the local socket is open: `hale check` works");
	else if (r < 0 && l->pause_ms == 0)
		log_failure(r);
	if (r < 0 && may_pass(r))
		try_again_later(l);
}

static void
again_expired(struct source *source)
{
	/* its first member */
	struct local_socket *l = (struct local_socket *)source;

	source->deadline_ms = CLOCK_NEVER;
	open_now(l);
}

/* see sup/local_socket.h */
void
local_socket_open(struct local_socket *l, struct loop *loop,
                  struct server *server)
{
	int r;

	l->server = server;
	l->again = (struct source){
		.fd = -1, .deadline_ms = CLOCK_NEVER, .expired = again_expired,
	};
	open_now(l);
	if (l->pause_ms == 0)
		return;
	r = loop_add(loop, &l->again, 0);
	if (r < 0)	/* not known to happen: there is room for it */
		log_error("cannot try again: %s", err_text(r));
}
