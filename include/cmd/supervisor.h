/* SPDX-License-Identifier: MIT */
/*
 * cmd/supervisor.h - asks this container's hale, for commands
 *
 * What status, drain and check share: sup/local_client.h makes the exchange
 * with the local socket, and here its errors become a line on stderr.
 */
#ifndef HALE_CMD_SUPERVISOR_H
#define HALE_CMD_SUPERVISOR_H

#include "base/buf.h"

/*
 * Sends "METHOD PATH" to the supervisor and appends the answer's body.
 * Returns the HTTP status, or -1 after saying in one line on stderr, unless
 * quiet, why there is no answer.
 */
int supervisor_answer(const char *method, const char *path, int64_t timeout_ms,
                      bool quiet, struct buf *body);

#endif
