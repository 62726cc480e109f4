/* SPDX-License-Identifier: MIT */
/*
 * get/writeout.h - the text of -w (pure)
 */
#ifndef HALE_GET_WRITEOUT_H
#define HALE_GET_WRITEOUT_H

#include "base/buf.h"
#include "get/result.h"

/* Is called for each variable that there is not. */
typedef void writeout_unknown(struct span name);

/* Bytes that the text takes at most. */
size_t writeout_max(const char *format, const struct result *r);

/* Appends the text. */
void writeout_write(struct buf *b, const char *format, const struct result *r,
                    writeout_unknown *unknown);

#endif
