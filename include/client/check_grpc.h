/* SPDX-License-Identifier: MIT */
/*
 * client/check_grpc.h - a check (client/check.h) by gRPC's health service
 */
#ifndef HALE_CLIENT_CHECK_GRPC_H
#define HALE_CLIENT_CHECK_GRPC_H

#include "client/check.h"

/*
 * One call of grpc.health.v1.Health/Check. t is a TARGET_GRPC. The result and
 * why are those of check_target(), why as its peer wrote it.
 */
int check_grpc(const struct check_conf *conf, const struct target *t,
               int64_t deadline_ms, struct buf *why);

#endif
