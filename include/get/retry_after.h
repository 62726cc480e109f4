/* SPDX-License-Identifier: MIT */
/*
 * get/retry_after.h - how long a server asks to wait (pure)
 */
#ifndef HALE_GET_RETRY_AFTER_H
#define HALE_GET_RETRY_AFTER_H

#include "base/span.h"

#include <stdint.h>

/* How long the Retry-After among these fields (of an answer) asks to wait at
 * now_s (from 1970 on), in milliseconds: a day at most, 0 if there is none that
 * can be read. */
int64_t retry_after_ms(struct span fields, int64_t now_s);

#endif
