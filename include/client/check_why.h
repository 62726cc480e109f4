/* SPDX-License-Identifier: MIT */
/*
 * client/check_why.h - why a check got no answer, in words
 */
#ifndef HALE_CLIENT_CHECK_WHY_H
#define HALE_CLIENT_CHECK_WHY_H

#include "client/exchange.h"
#include "client/target.h"

/* Appends "db: ", for before the address that was tried for that host; nothing
 * if host is that address. */
void check_why_name(const char *host, const struct addr *at,
                    struct buf *why);

/* Appends why the exchange c with t failed with err, and what may have been
 * meant: "; is https:// meant?". */
void check_why_failed(const struct exchange *c, const struct target *t, int err,
                      struct buf *why);

#endif
