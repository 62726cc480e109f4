/* SPDX-License-Identifier: MIT */
/*
 * client/check_open.h - what the checks that send a request have in common
 */
#ifndef HALE_CLIENT_CHECK_OPEN_H
#define HALE_CLIENT_CHECK_OPEN_H

#include "client/check.h"
#include "client/exchange.h"

#define CHECK_REQUEST_MAX 8192	/* bytes of a request */
#define CHECK_HOST_MAX    1024	/* bytes of url_write_host()'s for a target,
				 * each %XX of three */

/* exchange_open() for t, an HTTP, HTTP_UNIX or GRPC target, which is offered
 * HTTP/2 by ALPN. */
int check_open(struct exchange *c, const struct check_conf *conf,
               const struct target *t, char *in, size_t in_cap,
               int64_t deadline_ms);

/* check_target()'s result for that of an exchange: ERR_NOT_RUN where err comes
 * of what the machine lacks, else err. */
int check_end(const struct exchange *c, int err);

#endif
