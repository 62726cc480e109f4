/* SPDX-License-Identifier: MIT */
/* fuzz_control.c - control messages of the notify socket, of any content */
#include "fuzz.h"

#include "sup/notify_sender.h"
#include "sup/notify_sock.h"

#include <errno.h>
#include <string.h>

#define LENGTH 7	/* of the datagram, which is not looked at */

/* Is there a credentials message with just these values? */
static int
has(const uint8_t *list, size_t len, const struct ucred *from)
{
	const struct cmsghdr wanted = {
		.cmsg_len = CMSG_LEN(sizeof *from),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_CREDENTIALS,
	};
	struct cmsghdr c;

	for (size_t at = 0; at + CMSG_LEN(sizeof *from) <= len;
	     at += CMSG_ALIGN(1)) {
		memcpy(&c, list + at, sizeof c);
		if (c.cmsg_len == wanted.cmsg_len
		 && c.cmsg_level == wanted.cmsg_level
		 && c.cmsg_type == wanted.cmsg_type
		 && memcmp(list + at + CMSG_LEN(0), from, sizeof *from) == 0)
			return 1;
	}
	return 0;
}

/* The first byte is the flags, the others are the list. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct msghdr msg = { 0 };
	struct ucred from;
	uint8_t *list;
	ssize_t n;

	if (size == 0)
		return 0;
	/* Of just its size, so that a sanitizer sees the first byte too far. */
	list = malloc(size > 1 ? size - 1 : 1);
	fuzz_must(list != NULL);
	memcpy(list, data + 1, size - 1);
	msg.msg_flags = data[0];	/* MSG_CTRUNC, MSG_TRUNC too */
	msg.msg_control = size > 1 ? list : NULL;
	msg.msg_controllen = size - 1;
	n = notify_sender_read(&msg, LENGTH, &from);
	fuzz_must(n == (data[0] & MSG_TRUNC ? -EMSGSIZE : LENGTH));
	if (from.pid == 0 && from.uid == (uid_t)-1 && from.gid == (gid_t)-1)
		fuzz_must(!notify_sock_trusts(&from, 1));
	else
		fuzz_must(has(list, size - 1, &from));
	free(list);
	return 0;
}
