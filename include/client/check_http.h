/* SPDX-License-Identifier: MIT */
/*
 * client/check_http.h - a check (client/check.h) by HTTP
 */
#ifndef HALE_CLIENT_CHECK_HTTP_H
#define HALE_CLIENT_CHECK_HTTP_H

#include "client/check.h"

/*
 * t is a TARGET_HTTP or a TARGET_HTTP_UNIX. The result and why are those of
 * check_target(), why as its peer wrote it.
 */
int check_http(const struct check_conf *conf, const struct target *t,
               int64_t deadline_ms, struct buf *why);

#endif
