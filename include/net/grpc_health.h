/* SPDX-License-Identifier: MIT */
/*
 * net/grpc_health.h - the messages of grpc.health.v1.Health (pure)
 *
 * Protobuf of two messages, without their prefixes (net/grpc.h); fields that
 * are not known are passed over.
 */
#ifndef HALE_NET_GRPC_HEALTH_H
#define HALE_NET_GRPC_HEALTH_H

#include "base/buf.h"

#define GRPC_HEALTH_PATH "/grpc.health.v1.Health/"	/* and the method */

enum grpc_health {	/* HealthCheckResponse.ServingStatus */
	GRPC_HEALTH_UNKNOWN,
	GRPC_SERVING,
	GRPC_NOT_SERVING,
	GRPC_SERVICE_UNKNOWN,
};

/* "SERVING" and so on; NULL if it is not a status. Static. */
const char *grpc_health_text(uint32_t status);

/* Reads a HealthCheckRequest: the service that is asked for, a part of message,
 * or empty. Returns 0 or ERR_PARSE. */
int grpc_health_read_request(struct span message, struct span *service);

/* Appends a HealthCheckRequest. */
void grpc_health_write_request(struct buf *b, struct span service);

/* Reads a HealthCheckResponse; a status may be one that is not known here.
 * Returns 0 or ERR_PARSE. */
int grpc_health_read_answer(struct span message, uint32_t *status);

/* Appends a HealthCheckResponse: GRPC_HEALTH_ANSWER_LEN bytes at most. */
#define GRPC_HEALTH_ANSWER_LEN 2
void grpc_health_write_answer(struct buf *b, enum grpc_health status);

/* Appends one entry of a HealthListResponse. */
void grpc_health_write_entry(struct buf *b, struct span service,
                             enum grpc_health status);

#endif
