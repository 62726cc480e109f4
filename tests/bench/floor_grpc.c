// SPDX-License-Identifier: MIT
/*
 * floor_grpc - the least a gRPC health server has to do
 *
 * floor_grpc PORT
 *
 * The floor under hale's gRPC Checks: one epoll loop on 127.0.0.1, which sends
 * SETTINGS to whoever opens HTTP/2, SERVING to each stream that has ended, and
 * the acknowledgement of each PING. Header blocks are not read, and frames are
 * taken to come whole.
 */
#include "floor_loop.h"

#define IN_MAX      16384
#define OUT_MAX     65536
#define HEAD_LEN    9
#define PREFACE_LEN 24
#define STREAM_AT   5	/* of a frame's head */

enum { DATA, HEADERS, SETTINGS = 4, PING = 6 };	/* types */
enum { END_STREAM = 1, ACK = 1 };	/* flags */

static const char settings[] = {
	0, 0, 0, SETTINGS, 0, 0, 0, 0, 0,
	0, 0, 0, SETTINGS, ACK, 0, 0, 0, 0,
};
#define GRPC_TYPE "\x0f\x10\x10" "application/grpc"
static const char answer_head[] = "\0\0\x14\1\4\0\0\0\0\x88" GRPC_TYPE;
static const char answer_data[] = "\0\0\7\0\0\0\0\0\0\0\0\0\0\2\10\1";
static const char answer_end[] = "\0\0\x0f\1\5\0\0\0\0\0\x0bgrpc-status\0010";

/* Appends a frame, on that stream if there is one. */
static size_t
add(char *out, size_t len, const char *frame, size_t frame_len,
    const char *stream)
{
	memcpy(out + len, frame, frame_len);
	if (stream != NULL)
		memcpy(out + len + STREAM_AT, stream, 4);
	return len + frame_len;
}

/* Appends what the frame is answered with, if with anything. */
static size_t
answer_frame(char *out, size_t len, const char *frame, size_t frame_len)
{
	const char *stream = frame + STREAM_AT;

	if (frame[3] == PING && frame[4] == 0) {
		len = add(out, len, frame, frame_len, NULL);
		out[len - frame_len + 4] = ACK;
	} else if ((frame[3] == DATA || frame[3] == HEADERS)
	        && (frame[4] & END_STREAM) != 0) {
		len = add(out, len, answer_head, sizeof answer_head - 1,
		          stream);
		len = add(out, len, answer_data, sizeof answer_data - 1,
		          stream);
		len = add(out, len, answer_end, sizeof answer_end - 1, stream);
	}
	return len;
}

/* Returns 1 when the connection stays open. */
static int
answer_one(int fd)
{
	char in[IN_MAX], out[OUT_MAX];
	ssize_t got = recv(fd, in, IN_MAX, 0);
	size_t at = 0, len = 0, n = got > 0 ? (size_t)got : 0;

	if (n == 0)
		return 0;
	if (n >= PREFACE_LEN && memcmp(in, "PRI ", 4) == 0) {
		at = PREFACE_LEN;
		len = add(out, len, settings, sizeof settings, NULL);
	}
	while (n - at >= HEAD_LEN) {
		const unsigned char *head = (unsigned char *)in + at;
		size_t whole = HEAD_LEN + (size_t)(head[1] << 8 | head[2]);

		/* What one frame is answered with fits into IN_MAX bytes. */
		if (whole > n - at || len > OUT_MAX - IN_MAX)
			return 0;
		len = answer_frame(out, len, in + at, whole);
		at += whole;
	}
	return len == 0 || send(fd, out, len, MSG_NOSIGNAL) == (ssize_t)len;
}

int
main(int argc, char **argv)
{
	return serve(argc, argv);
}
