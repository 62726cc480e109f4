/* SPDX-License-Identifier: MIT */
/*
 * sup/notify_sender.h - who sent a datagram, from its control messages (pure)
 */
#ifndef HALE_SUP_NOTIFY_SENDER_H
#define HALE_SUP_NOTIFY_SENDER_H

#include <sys/socket.h>
#include <sys/types.h>

/*
 * Takes a message that recvmsg(2) filled in with n bytes. *from becomes who
 * sent it, from the first whole SCM_CREDENTIALS among the control messages, or
 * pid 0 and no user if there is none. Lengths that lie end the list: nothing is
 * read outside msg_controllen bytes at msg_control. Returns n, or -EMSGSIZE for
 * a message that was cut.
 */
ssize_t notify_sender_read(const struct msghdr *msg, ssize_t n,
                           struct ucred *from);

#endif
