/* SPDX-License-Identifier: MIT */
/*
 * cmd/supervisor.h - one request to this container's supervisor
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
