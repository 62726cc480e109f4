/* SPDX-License-Identifier: MIT */
/*
 * sup/local.h - the supervisor's local socket, both ends
 *
 * An abstract stream socket that speaks the same HTTP as the listeners. It
 * needs no file system, and its name holds the inode of the PID namespace, so
 * that containers which share a network namespace do not meet. Where that is
 * taken too (containers that share both), the mount namespace is added.
 */
#ifndef HALE_SUP_LOCAL_H
#define HALE_SUP_LOCAL_H

#include "base/buf.h"

#include <stdint.h>

/* Returns a listening, non-blocking, close-on-exec descriptor or -errno. */
int local_listen(void);

/*
 * Asks the supervisor of our PID namespace "METHOD PATH" and appends the
 * answer's body to `body`. The supervisor must run as root or as our own
 * user, unless we are root.
 * Returns the HTTP status, or -errno (-ECONNREFUSED: no supervisor here),
 * ERR_PEER, ERR_PARSE or ERR_TIMEOUT.
 */
int local_ask(const char *method, const char *path, int64_t deadline_ms,
              struct buf *body);

#endif
