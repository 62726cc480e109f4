/* SPDX-License-Identifier: MIT */
/*
 * client/check_connect.h - a check (client/check.h) by a mere connection
 */
#ifndef HALE_CLIENT_CHECK_CONNECT_H
#define HALE_CLIENT_CHECK_CONNECT_H

#include "client/check.h"

/*
 * Does somebody accept it? t is a TARGET_TCP or a TARGET_UNIX. The result and
 * why are those of check_target().
 */
int check_connect(const struct check_conf *conf, const struct target *t,
                 int64_t deadline_ms, struct buf *why);

#endif
