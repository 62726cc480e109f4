/* SPDX-License-Identifier: MIT */
/*
 * client/check_grpc.h - a check (client/check.h) by gRPC's health service
 */
#ifndef HALE_CLIENT_CHECK_GRPC_H
#define HALE_CLIENT_CHECK_GRPC_H

#include "client/check.h"
#include "client/grpc_reply.h"

/*
 * One call of grpc.health.v1.Health/Check. t is a TARGET_GRPC, or without TLS a
 * TARGET_HTTP_UNIX with the service. Without url.has_scheme no other kind of
 * URL is recommended. Once the server has spoken HTTP/2 the call has rpc_ms
 * more; 0: deadline_ms covers the call as well. The result and why are those
 * of check_target(), why as its peer wrote it; reply is what has come, as far
 * as it came.
 */
int check_grpc_call(const struct check_conf *conf, const struct target *t,
                    int64_t deadline_ms, int64_t rpc_ms, struct buf *why,
                    struct grpc_reply *reply);

/* The same with one deadline for all, for a TARGET_GRPC. */
int check_grpc(const struct check_conf *conf, const struct target *t,
               int64_t deadline_ms, struct buf *why);

#endif
