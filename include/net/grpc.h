/* SPDX-License-Identifier: MIT */
/*
 * net/grpc.h - gRPC over HTTP/2: its codes, messages and times (pure)
 *
 * As gRPC's PROTOCOL-HTTP2 has them, for the server of the probes and for the
 * client of checks.
 */
#ifndef HALE_NET_GRPC_H
#define HALE_NET_GRPC_H

#include "base/buf.h"

#define GRPC_PREFIX_LEN 5	/* bytes ahead of a message: is it compressed,
				 * and its length */
#define GRPC_TYPE "application/grpc"

enum grpc_code {	/* gRPC's statuscodes */
	GRPC_OK,
	GRPC_CANCELLED,
	GRPC_UNKNOWN,
	GRPC_INVALID_ARGUMENT,
	GRPC_DEADLINE_EXCEEDED,
	GRPC_NOT_FOUND,
	GRPC_ALREADY_EXISTS,
	GRPC_PERMISSION_DENIED,
	GRPC_RESOURCE_EXHAUSTED,
	GRPC_FAILED_PRECONDITION,
	GRPC_ABORTED,
	GRPC_OUT_OF_RANGE,
	GRPC_UNIMPLEMENTED,
	GRPC_INTERNAL,
	GRPC_UNAVAILABLE,
	GRPC_DATA_LOSS,
	GRPC_UNAUTHENTICATED,
};

/* "UNIMPLEMENTED" for 12, and so on; NULL if it is not a code. Static. */
const char *grpc_code_text(uint32_t code);

/* Is it gRPC's Content-Type: "application/grpc", "application/grpc+proto"? */
bool grpc_is_type(struct span type);

/* Reads a grpc-timeout field, "3S" or "79023646n": 1 to 8 digits and a unit.
 * Returns 0 or ERR_PARSE; parts of a millisecond count as one. */
int grpc_read_timeout(struct span text, int64_t *ms);

/*
 * Reads the prefix that data starts with, and points message at the bytes
 * behind it. Returns 1, 0 (it is not whole yet), ERR_CODING (it is
 * compressed) or ERR_TOOBIG (longer than max); message is set for 1 only.
 */
int grpc_read_message(struct span data, size_t max, struct span *message);

/* Appends the prefix of an uncompressed message of so many bytes. */
void grpc_write_prefix(struct buf *b, size_t len);

/* Appends text as a grpc-message field has it: percent-encoded. */
void grpc_write_text(struct buf *b, struct span text);

#endif
