/* SPDX-License-Identifier: MIT */
/* net/grpc_health.c - the messages of grpc.health.v1.Health */
#include "net/grpc_health.h"

#include "base/err.h"

#define VARINT_MAX 10	/* bytes */
#define MORE       0x80	/* another byte of a varint follows */
#define WIRE_BITS  3	/* of a key; the others are the field's number */

enum wire {	/* how a field's value is written */
	WIRE_VARINT,
	WIRE_FIXED64,
	WIRE_BYTES,
	WIRE_FIXED32 = 5,
};

enum { FIELD_SERVICE = 1, FIELD_STATUS = 1, FIELD_ENTRY = 1, FIELD_KEY = 1,
       FIELD_VALUE = 2 };

struct field {
	uint64_t    number;
	enum wire   wire;
	uint64_t    varint;	/* WIRE_VARINT */
	struct span bytes;	/* WIRE_BYTES */
};

/* see net/grpc_health.h */
const char *
grpc_health_text(uint32_t status)
{
	static const char *const texts =
		"UNKNOWN\0SERVING\0NOT_SERVING\0SERVICE_UNKNOWN\0";

	return status <= GRPC_SERVICE_UNKNOWN
	       ? span_nth_text(texts, status) : NULL;
}

/* --- reading --- */

static int
read_varint(struct span *m, uint64_t *n)
{
	*n = 0;
	for (int i = 0; i < VARINT_MAX; i++) {
		unsigned byte;

		if (m->len == 0)
			return ERR_PARSE;
		byte = (unsigned char)m->p[0];
		*m = span_after(*m, 1);
		*n |= (uint64_t)(byte & (MORE - 1)) << 7 * i;
		if ((byte & MORE) == 0)
			return 0;
	}
	return ERR_PARSE;
}

/* Cuts so many bytes off the message. */
static int
cut(struct span *m, uint64_t len, struct span *bytes)
{
	if (len > m->len)
		return ERR_PARSE;
	*bytes = (struct span){ m->p, (size_t)len };
	*m = span_after(*m, bytes->len);
	return 0;
}

/* Cuts the next field off *m. Returns 1, 0 at the end, or ERR_PARSE. */
static int
next_field(struct span *m, struct field *f)
{
	uint64_t key, len = 0;
	int r;

	if (m->len == 0)
		return 0;
	r = read_varint(m, &key);
	if (r < 0)
		return r;
	f->number = key >> WIRE_BITS;
	f->wire = (enum wire)(key & ((1 << WIRE_BITS) - 1));
	switch (f->wire) {
	case WIRE_VARINT:
		r = read_varint(m, &f->varint);
		break;
	case WIRE_FIXED64:
		r = cut(m, 8, &f->bytes);
		break;
	case WIRE_FIXED32:
		r = cut(m, 4, &f->bytes);
		break;
	case WIRE_BYTES:
		r = read_varint(m, &len);
		r = r < 0 ? r : cut(m, len, &f->bytes);
		break;
	default:	/* groups have not been written for decades */
		r = ERR_PARSE;
	}
	return r < 0 || f->number == 0 ? ERR_PARSE : 1;
}

/* see net/grpc_health.h */
int
grpc_health_read_request(struct span message, struct span *service)
{
	struct field f;
	int r;

	*service = (struct span){ NULL, 0 };
	while ((r = next_field(&message, &f)) > 0)
		if (f.number == FIELD_SERVICE && f.wire == WIRE_BYTES)
			*service = f.bytes;	/* the last one counts */
	return r;
}

/* see net/grpc_health.h */
int
grpc_health_read_answer(struct span message, uint32_t *status)
{
	struct field f;
	int r;

	*status = GRPC_HEALTH_UNKNOWN;
	while ((r = next_field(&message, &f)) > 0)
		if (f.number == FIELD_STATUS && f.wire == WIRE_VARINT)
			*status = (uint32_t)f.varint;
	return r;
}

/* --- writing --- */

static void
write_varint(struct buf *b, size_t n)
{
	for (; n >= MORE; n >>= 7)
		buf_byte(b, MORE | (n & (MORE - 1)));
	buf_byte(b, n);
}

static void
write_key(struct buf *b, unsigned number, enum wire wire)
{
	write_varint(b, number << WIRE_BITS | wire);
}

static void
write_bytes(struct buf *b, unsigned number, struct span bytes)
{
	write_key(b, number, WIRE_BYTES);
	write_varint(b, bytes.len);
	buf_add(b, bytes);
}

/* see net/grpc_health.h */
void
grpc_health_write_request(struct buf *b, struct span service)
{
	if (service.len > 0)	/* "" is not written */
		write_bytes(b, FIELD_SERVICE, service);
}

/* see net/grpc_health.h */
void
grpc_health_write_answer(struct buf *b, enum grpc_health status)
{
	if (status == GRPC_HEALTH_UNKNOWN)	/* nor is 0 */
		return;
	write_key(b, FIELD_STATUS, WIRE_VARINT);
	write_varint(b, status);
}

/* The bytes of a varint. */
static size_t
varint_len(size_t n)
{
	size_t len = 1;

	while ((n >>= 7) > 0)
		len++;
	return len;
}

/* see net/grpc_health.h */
void
grpc_health_write_entry(struct buf *b, struct span service,
                        enum grpc_health status)
{
	char text[GRPC_HEALTH_ANSWER_LEN];
	struct buf answer = buf_over(text, sizeof text);

	grpc_health_write_answer(&answer, status);
	write_key(b, FIELD_ENTRY, WIRE_BYTES);
	write_varint(b, 2 + varint_len(service.len) + service.len
	                + varint_len(answer.len) + answer.len);
	write_bytes(b, FIELD_KEY, service);
	write_bytes(b, FIELD_VALUE, buf_span(&answer));
}
