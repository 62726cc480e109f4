/* SPDX-License-Identifier: MIT */
/*
 * net/h2_frame.h - the frames of HTTP/2: their heads, types and codes (pure)
 *
 * RFC 9113, for the server of the probes and for the client of checks. What a
 * frame means is up to its reader.
 */
#ifndef HALE_NET_H2_FRAME_H
#define HALE_NET_H2_FRAME_H

#include "base/buf.h"

#define H2_PREFACE     "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"	/* 3.4 */
#define H2_PREFACE_LEN (sizeof H2_PREFACE - 1)
#define H2_HEAD_LEN    9	/* bytes of a frame's head */
#define H2_STREAM_AT   5	/* where in it the stream's number stands */
#define H2_PRIORITY_LEN 5	/* bytes of PRIORITY, and of that in HEADERS */
#define H2_PING_LEN    8	/* .. of PING */
#define H2_GOAWAY_LEN  8	/* .. of GOAWAY, at least */
#define H2_PAYLOAD_MAX 16384	/* bytes behind it: the least that an end may
				 * announce (6.5.2), and what ours does */
#define H2_WINDOW      65535	/* bytes, of a window at first (6.9.2) */
#define H2_WINDOW_MAX  0x7fffffff

enum h2_type {	/* 6 */
	H2_DATA,
	H2_HEADERS,
	H2_PRIORITY,
	H2_RST_STREAM,
	H2_SETTINGS,
	H2_PUSH_PROMISE,
	H2_PING,
	H2_GOAWAY,
	H2_WINDOW_UPDATE,
	H2_CONTINUATION,
};

enum {	/* flags */
	H2_END_STREAM    = 0x1,
	H2_ACK           = 0x1,	/* of SETTINGS and PING */
	H2_END_HEADERS   = 0x4,
	H2_PADDED        = 0x8,
	H2_HAS_PRIORITY  = 0x20,
};

enum {	/* settings, 6.5.2 */
	H2_HEADER_TABLE_SIZE = 1,
	H2_ENABLE_PUSH,
	H2_MAX_CONCURRENT_STREAMS,
	H2_INITIAL_WINDOW_SIZE,
	H2_MAX_FRAME_SIZE,
	H2_MAX_HEADER_LIST_SIZE,
};

enum h2_error {	/* 7 */
	H2_NO_ERROR,
	H2_PROTOCOL_ERROR,
	H2_INTERNAL_ERROR,
	H2_FLOW_CONTROL_ERROR,
	H2_SETTINGS_TIMEOUT,
	H2_STREAM_CLOSED,
	H2_FRAME_SIZE_ERROR,
	H2_REFUSED_STREAM,
	H2_CANCEL,
	H2_COMPRESSION_ERROR,
	H2_CONNECT_ERROR,
	H2_ENHANCE_YOUR_CALM,
	H2_INADEQUATE_SECURITY,
	H2_HTTP_1_1_REQUIRED,
};

struct h2_frame {
	uint32_t len;		/* bytes of its payload */
	uint8_t  type;		/* enum h2_type, or one that is not known */
	uint8_t  flags;
	uint32_t stream;	/* 0: the connection itself */
};

/* Reads the H2_HEAD_LEN bytes at head. */
struct h2_frame h2_frame_read(const char *head);

/* Appends a frame's head. */
void h2_frame_write(struct buf *b, struct h2_frame f);

/* The big-endian number in the four bytes at p; and appends one. */
uint32_t h2_u32(const char *p);
void h2_add_u32(struct buf *b, uint32_t n);

/* Appends a frame whose payload is one such number: WINDOW_UPDATE,
 * RST_STREAM. */
void h2_write_number(struct buf *b, enum h2_type type, uint32_t stream,
                     uint32_t n);

/* Appends one setting of a SETTINGS frame: 6 bytes. */
void h2_write_setting(struct buf *b, unsigned id, uint32_t value);

/* Appends a GOAWAY: the last stream that was or will be answered, and why. */
void h2_write_goaway(struct buf *b, uint32_t last, enum h2_error why);

/*
 * Takes the padding of DATA and HEADERS (6.1), and the priority of HEADERS, off
 * the payload. Returns 0, or ERR_PARSE if it is shorter than these.
 */
int h2_unpad(const struct h2_frame *f, struct span *payload);

/* "PROTOCOL_ERROR" for 1, and so on; "an unknown error". Static. */
const char *h2_error_text(uint32_t error);

#endif
