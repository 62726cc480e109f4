/* SPDX-License-Identifier: MIT */
/*
 * sup/local_client.h - asks this container's hale over its local socket
 *
 * One HTTP exchange, from finding the supervisor to the answer's body. It
 * prints nothing: cmd/supervisor.h words the errors for commands. Blocking;
 * never for PID 1's loop. Supervisors are found by the names of processes
 * (sup/local_socket.h); of several in our container the youngest is asked,
 * which is the inner one of `hale hale PROGRAM`.
 *
 * Not everybody is believed: only PID 1 of our PID namespace, root, and our
 * own user unless we are root. A process of another PID namespace never is,
 * nor one that we can see to have other mounts.
 */
#ifndef HALE_SUP_LOCAL_CLIENT_H
#define HALE_SUP_LOCAL_CLIENT_H

#include "base/buf.h"

#include <stdint.h>

#define LOCAL_CLIENT_TRIES 16	/* supervisors of a container that are tried */

/*
 * Sends "METHOD PATH" and appends the answer's body to `body`. Who finds many
 * others waiting there waits as well. Returns the HTTP status, or -errno
 * (-ECONNREFUSED: no supervisor here), ERR_PEER (none that is believed),
 * ERR_TIMEOUT, or what client/exchange.h has for an answer that is broken;
 * ERR_TOOBIG is also one of more than 33 KiB.
 */
int local_client_request(const char *method, const char *path,
                         int64_t deadline_ms, struct buf *body);

#endif
