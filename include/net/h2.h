/* SPDX-License-Identifier: MIT */
/*
 * net/h2.h - one HTTP/2 connection to the server, in memory (pure)
 *
 * RFC 9113 with prior knowledge: reads frames, has each request answered by
 * net/h2_answer.h and appends the frames of the answers. It has neither push
 * nor priority, nor, as net/http.h has none, an upgrade from HTTP/1.1. The
 * bytes of an answer that the client's windows do not take now are kept, and go
 * out when they do. It never reads a clock: the caller's turn has the time.
 *
 * What a client can make us do is bounded. It gets GOAWAY, with
 * ENHANCE_YOUR_CALM, for a header block longer than H2_BLOCK_MAX, one whose
 * fields are longer than H2_LIST_WORST, and for more than H2_NOISE_MAX frames
 * in H2_NOISE_MS that ask for nothing: empty DATA and CONTINUATION, SETTINGS
 * (and each setting), PING, PRIORITY, GOAWAY, WINDOW_UPDATE that no answer
 * waits for, RST_STREAM, frames of streams that we have reset, and unknown
 * ones. Each stream that we reset for an error counts as another. A request
 * that is answered makes up for H2_NOISE_WORTH of these, since gRPC clients
 * ping at each answer, unless its client resets it or its fields are too long.
 */
#ifndef HALE_NET_H2_H
#define HALE_NET_H2_H

#include "net/ask.h"
#include "net/h2_frame.h"
#include "net/h2_request.h"

#define H2_STREAMS_MAX 100	/* open streams; more are REFUSED_STREAM */
#define H2_BLOCK_MAX   32768	/* bytes of a header block in several frames */
#define H2_LIST_WORST  65536	/* bytes of its fields */
#define H2_TEXT_MAX    512	/* bytes of a gRPC request with its prefix */
#define H2_HELD_MAX    SERVER_OUT_MAX	/* bytes of one larger answer, kept */
#define H2_TURN_REQS   4	/* requests of a connection in a turn .. */
#define H2_TURN_COST   64	/* .. and frames; each H2_COST_LEN bytes of one
				 * count as another */
#define H2_COST_LEN    256
#define H2_NOISE_MAX   256
#define H2_NOISE_MS    1000
#define H2_NOISE_WORTH 8
#define H2_WAIT_MS     5000	/* for the rest of a request or block, or for
				 * the client to make room for an answer */

enum h2_state {
	H2_WAITS,	/* for the rest of its request */
	H2_WATCHES,	/* a gRPC Watch: told of each change */
	H2_SENDS,	/* its answer has not gone out whole */
	H2_ANSWERED,	/* the rest of its short content is passed over: some
			 * clients take a reset before they have sent it for an
			 * error (curl 7.88) */
};

struct h2_stream {
	uint32_t id;
	enum h2_state state;
	int32_t  window;	/* bytes that we may send */
	bool     is_ended;	/* the client has sent all */
	bool     has_trailers;	/* SENDS: an OK of gRPC ends the answer */
	bool     is_coded;	/* its messages may be compressed */
	uint8_t  method;	/* of gRPC, net/h2_answer.h */
	uint8_t  service;	/* WATCHES: its index */
	uint8_t  told;		/* WATCHES: the last status, enum grpc_health */
	uint16_t text_at, text_len;	/* text[] is used from .. to */
	int64_t  length;	/* bytes that its content still has; -1: any */
	int64_t  deadline_ms;	/* CLOCK_NEVER: none */
	int64_t  times_out_ms;	/* by the client's grpc-timeout */
	char     text[H2_TEXT_MAX];	/* the request's content; then what of
					 * the answer's is not out */
};

struct h2 {
	bool     has_preface;	/* the client's, and our SETTINGS are out */
	bool     has_settings;	/* the client's first frame has come */
	bool     is_over;	/* GOAWAY is out: nothing is read any more */
	enum h2_error why;	/* .. what it says */
	uint32_t last;		/* its highest stream */
	uint64_t opened;	/* bit i: stream last - 2 * i was opened */
	uint64_t reset;		/* and we have reset it: the client may not
				 * know yet */
	int32_t  window;	/* bytes that we may send, on all streams */
	int32_t  first_window;	/* on a new one */
	uint32_t owed;		/* bytes got that no WINDOW_UPDATE returned */
	unsigned noise;		/* frames .. */
	int64_t  noise_ms;	/* .. since then */
	uint32_t block_id;	/* whose header block is not whole, or 0 */
	uint8_t  block_flags;	/* of its HEADERS */
	size_t   block_len;
	int64_t  block_ms;	/* it has to be whole by then */
	uint32_t held_id;	/* whose answer is in held[], or 0 */
	size_t   held_at, held_len;
	size_t   n;		/* streams */
	size_t   n_watches;	/* of them */
	struct h2_stream streams[H2_STREAMS_MAX];
	struct hpack fields;
	char     block[H2_BLOCK_MAX];
	char     held[H2_HELD_MAX];
};

/* Memory that lasts for one turn. */
struct h2_scratch {
	char memory[HPACK_MEMORY];
	char text[H2_LIST_MAX];
	char answer[SERVER_OUT_MAX];
	struct server_services services;
};

/* One turn of a connection. */
struct h2_turn {
	struct buf  *out;	/* frames to send are appended */
	int64_t      now_ms;
	server_answer   *answer;
	server_services *services;
	void        *owner;
	struct server_ask ask;	/* kind and peer are set */
	bool         may_watch;	/* it may be one of those with a Watch */
	struct h2_scratch *scratch;
	/* The rest is h2's. */
	bool         has_services;	/* the scratch's are those of now */
	unsigned     requests, cost;
	bool         is_full;	/* out takes no more of an answer */
};

/* Do the bytes open HTTP/2 with prior knowledge (RFC 9113, 3.4)? The first
 * line tells, which is also where http_read_req() stops. */
bool h2_is_preface(const char *buf, size_t len);

/* Appends what tells a client to come back with HTTP/1.1: empty SETTINGS, and
 * GOAWAY with HTTP_1_1_REQUIRED. */
void h2_write_refusal(struct buf *b);

/* Makes h a new connection, whatever it was. */
void h2_init(struct h2 *h);

/*
 * Reads whole frames from the len bytes at buf, the client's preface first: as
 * many as a turn may take, and as out, which holds SERVER_OUT_MAX, has room for
 * their answers. Returns how many bytes were read. *again is set if another
 * turn can go on without further bytes: with frames that are here, or with an
 * answer that out had no room for. If h->is_over is set the connection must be
 * closed.
 */
size_t h2_read(struct h2 *h, struct h2_turn *t, const char *buf, size_t len,
               bool *again);

/* Appends what has changed to the streams that watch. One whose last message is
 * not out hears of it later: a further call tells it. */
void h2_tell(struct h2 *h, struct h2_turn *t);

/* When h2_expire() has something to do, or CLOCK_NEVER. */
int64_t h2_deadline(const struct h2 *h);

/* Ends the streams whose time is up, or the connection if that of a header
 * block is. */
void h2_expire(struct h2 *h, struct h2_turn *t);

/* hale leaves, or the place is needed: ends each call with UNAVAILABLE, and
 * GOAWAY says that no other will be answered. */
void h2_leave(struct h2 *h, struct h2_turn *t);

#endif
