/* SPDX-License-Identifier: MIT */
/*
 * cmd/ask.h - ask the supervisor of this container, for several commands
 */
#ifndef HALE_CMD_ASK_H
#define HALE_CMD_ASK_H

#include "base/buf.h"

/*
 * Sends "METHOD PATH" to the supervisor and appends the answer's body.
 * Returns the HTTP status, or -1 after saying in one line on stderr, unless
 * quiet, why there is no answer.
 */
int ask_supervisor(const char *method, const char *path, int64_t timeout_ms,
                   bool quiet, struct buf *body);

#endif
