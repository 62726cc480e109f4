/* SPDX-License-Identifier: MIT */
/* sup/notify_sock.c - the socket that sd_notify writes to */
#include "sup/notify_sock.h"

#include <errno.h>
#include <unistd.h>

#include "base/err.h"
#include "net/addr.h"
#include "sup/nonce.h"
#include "sup/notify_sender.h"
#include "sup/proc.h"

#define RANDOM_LEN 16	/* characters of the name that nobody can guess */

/* The kernel would choose a name by itself (unix(7), "Autobind feature"), but
 * one of a million, all of which a neighbour could take. */
static int
name_it(int fd, struct buf *name)
{
	size_t from = name->len;
	struct addr at;
	int yes = 1, r;

	buf_str(name, "@hale-notify.");
	r = nonce_write(name, RANDOM_LEN);
	if (r < 0)
		return r;
	if (name->cut)
		return ERR_TOOBIG;
	r = addr_set_unix(&at, span_after(buf_span(name), from));
	if (r < 0)
		return r;
	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) < 0
	 || bind(fd, &at.any, at.len) < 0)
		return -errno;
	return 0;
}

/* see sup/notify_sock.h */
int
notify_sock_open(struct buf *name)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return -errno;
	r = name_it(fd, name);
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

/* see sup/notify_sock.h */
ssize_t
notify_sock_read(int fd, char *into, size_t cap, struct ucred *from)
{
	/* Room for who sent it and nothing else: the kernel closes what
	 * descriptors it cannot hand over. */
	union {
		struct cmsghdr align;
		char           room[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec io = { into, cap };
	struct msghdr msg = {
		.msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof control.room,
	};
	ssize_t n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	return n < 0 ? -errno : notify_sender_read(&msg, n, from);
}

/* see sup/notify_sock.h */
bool
notify_sock_trusts(const struct ucred *from, pid_t service)
{
	uid_t uid;

	if (from->pid == 0 || service == 0)
		return false;
	if (from->pid == service || from->uid == 0 || from->uid == geteuid())
		return true;
	return proc_uid(service, &uid) == 0 && uid == from->uid;
}
