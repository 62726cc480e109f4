/* SPDX-License-Identifier: MIT */
/* sup/notify_sender.c - who sent a datagram, from its control messages */
#include "sup/notify_sender.h"

#include <errno.h>
#include <string.h>

/*
 * CMSG_NXTHDR() and its like trust lengths that the kernel wrote, and compute
 * with pointers; this counts what is left instead. A cut list (MSG_CTRUNC) is
 * common, since descriptors come after the credentials and find no room.
 */
static void
find_sender(const char *list, size_t left, struct ucred *from)
{
	struct cmsghdr c;
	size_t step;

	for (; left >= sizeof c; list += step, left -= step) {
		memcpy(&c, list, sizeof c);
		if (c.cmsg_len < sizeof c || c.cmsg_len > left)
			return;
		if (c.cmsg_level == SOL_SOCKET
		 && c.cmsg_type == SCM_CREDENTIALS
		 && c.cmsg_len == CMSG_LEN(sizeof *from)) {
			memcpy(from, list + CMSG_LEN(0), sizeof *from);
			return;
		}
		step = CMSG_ALIGN(c.cmsg_len);
		if (step > left)
			return;
	}
}

/* see sup/notify_sender.h */
ssize_t
notify_sender_read(const struct msghdr *msg, ssize_t n, struct ucred *from)
{
	*from = (struct ucred){ .pid = 0, .uid = (uid_t)-1, .gid = (gid_t)-1 };
	if (msg->msg_control != NULL)
		find_sender(msg->msg_control, msg->msg_controllen, from);
	return msg->msg_flags & MSG_TRUNC ? -EMSGSIZE : n;
}
