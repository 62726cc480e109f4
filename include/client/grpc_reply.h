/* SPDX-License-Identifier: MIT */
/*
 * client/grpc_reply.h - read what a server sends to one health check by gRPC
 * (pure)
 *
 * HTTP/2's frames (net/h2_frame.h) of a connection with one request, on stream
 * GRPC_REPLY_STREAM, from the server's first byte on. Nothing here touches a
 * socket, waits or allocates. What it means for health is not decided here.
 */
#ifndef HALE_CLIENT_GRPC_REPLY_H
#define HALE_CLIENT_GRPC_REPLY_H

#include "net/grpc.h"
#include "net/grpc_health.h"
#include "net/h2_frame.h"
#include "net/hpack.h"

#define GRPC_REPLY_STREAM     1
#define GRPC_REPLY_FRAME_MAX  (H2_HEAD_LEN + H2_PAYLOAD_MAX)	/* bytes */
#define GRPC_REPLY_FRAMES_MAX 128	/* until the answer is whole */
#define GRPC_REPLY_BLOCK_MAX  32768	/* bytes of header fields, coded */
#define GRPC_REPLY_DATA_MAX   1024	/* bytes of a message and its prefix */
#define GRPC_REPLY_TEXT_MAX   256	/* bytes of text that are kept */

/* Bytes that all frames which are answered can ask for: each is a PING. */
#define GRPC_REPLY_ACKS_MAX \
	(GRPC_REPLY_FRAMES_MAX * (H2_HEAD_LEN + H2_PING_LEN))

enum grpc_reply_end {
	GRPC_REPLY_NONE,	/* it has not ended yet */
	GRPC_REPLY_WHOLE,	/* the stream ended: see code and health */
	GRPC_REPLY_STRANGE,	/* HTTP/2 without gRPC: see status */
	GRPC_REPLY_RESET,	/* RST_STREAM: see error */
	GRPC_REPLY_GOAWAY,	/* no answer will come: see error */
};

struct grpc_reply {
	enum grpc_reply_end end;
	unsigned frames;	/* that came; 0: not even HTTP/2 is sure */
	int      status;	/* of HTTP; 0: it has not come */
	uint32_t error;		/* enum h2_error */
	bool     has_code;	/* grpc-status came .. */
	bool     has_health;	/* a message came that can be read .. */
	uint32_t code;		/* .. as this enum grpc_code */
	uint32_t health;	/* .. with this enum grpc_health */
	struct buf text;	/* grpc-message, decoded, as the server wrote it
				 * up to a control byte */
	/* What follows is grpc_reply.c's own. */
	bool     is_grpc;	/* by its Content-Type */
	bool     ends_stream;	/* with this block */
	struct buf block, data;
	char     texts[GRPC_REPLY_TEXT_MAX];
	char     datas[GRPC_REPLY_DATA_MAX];
	char     blocks[GRPC_REPLY_BLOCK_MAX];
	char     field[HPACK_MEMORY];
	struct hpack table;
};

void grpc_reply_init(struct grpc_reply *r);

/*
 * Cuts all whole frames off *bytes, what has come and was not cut off before,
 * as far as the end of the answer; what must be sent for them is appended to
 * acks. Returns 1 once it has ended, 0 if more must come (no frame is longer
 * than GRPC_REPLY_FRAME_MAX), or, after which only the fields may be read:
 *   ERR_VERSION  this is not HTTP/2; nothing was cut off
 *   ERR_PARSE    HTTP/2, HPACK or gRPC do not allow it
 *   ERR_TOOBIG   the message or the header fields do not fit
 *   ERR_FULL     there are too many frames
 */
int grpc_reply_take(struct grpc_reply *r, struct span *bytes, struct buf *acks);

#endif
