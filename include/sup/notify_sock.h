/* SPDX-License-Identifier: MIT */
/*
 * sup/notify_sock.h - the socket that sd_notify(3) writes to
 *
 * An abstract one, so that a read-only root will do. Abstract names are the
 * network namespace's: a neighbour in a pod cannot take it, since it is
 * random, but can write to it, so every datagram comes with who sent it.
 */
#ifndef HALE_SUP_NOTIFY_SOCK_H
#define HALE_SUP_NOTIFY_SOCK_H

#include "base/buf.h"

#include <sys/socket.h>
#include <sys/types.h>

#define NOTIFY_SOCK_NAME_MAX 32	/* bytes of "@hale-notify.XXXXXXXXXXXXXXXX" */

/* Returns a non-blocking, close-on-exec descriptor with its name, as
 * $NOTIFY_SOCKET has it, appended; or -errno. */
int notify_sock_open(struct buf *name);

/*
 * Receives one datagram into the cap bytes at into; *from is who sent it, by
 * the kernel's word (pid 0: from outside our PID namespace). Descriptors that
 * came with it are closed, which is what a BARRIER waits for.
 * Returns its bytes, or -errno (-EAGAIN: there is none; -EMSGSIZE: it had more
 * than cap and is dropped, since its last value may be half of one).
 */
ssize_t notify_sock_read(int fd, char *into, size_t cap, struct ucred *from);

/*
 * May `from` speak for the service (a pid) for what it is? Whoever is in our
 * PID namespace and is the service itself, root, our own user, or the user
 * that the service has become. sup/notify_speaker.h adds what descends from
 * hale.
 */
bool notify_sock_trusts(const struct ucred *from, pid_t service);

#endif
