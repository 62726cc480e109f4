/* SPDX-License-Identifier: MIT */
/* tls/tls_engine.c - a TLS client without a socket: its records */
/*
 * What came stands in `in`: content that was not taken (content), then records
 * (from in_at). Records are opened where they stand, one in each step; nothing
 * is moved while there is content. What goes out is sealed where it stands in
 * `out`.
 *
 * A handshake message goes to the file of its version: in one record it is read
 * where it stands, in several it is put together in `message`.
 */
#include "tls/tls_engine_state.h"

#include <stdlib.h>

#include "base/err.h"

#define MAJOR    3	/* first byte of every version of TLS */
#define HEAD     4	/* bytes of a message's head */
#define RESERVE  96	/* bytes of `out` that content leaves for what may have
			 * to be sent next: two key updates and an alert */

/* see tls/tls_engine.h */
struct tls_engine *
tls_engine_new(const struct tls_engine_conf *conf)
{
	struct tls_engine *e = calloc(1, sizeof *e);

	if (e == NULL)
		return NULL;
	e->ticket = conf->ticket;
	e->since_ms = conf->now_ms;
	e->content = e->in;	/* not NULL, of which no bytes may be taken */
	e->shake.name = conf->name;
	e->shake.v13_only = conf->v13_only;
	e->shake.http2 = conf->http2;
	e->shake.cpu_has_aes = conf->cpu_has_aes;
	e->shake.random = conf->random;
	e->shake.judge = conf->judge;
	e->shake.arg = conf->arg;
	e->shake.hellos[0] = conf->hellos[0];
	e->shake.hellos[1] = conf->hellos[1];
	if (conf->id != NULL)
		e->shake.id = *conf->id;
	if (tls_start(e) != FAULT_NONE) {
		tls_engine_free(e);
		return NULL;
	}
	return e;
}

/* see tls/tls_engine.h */
void
tls_engine_free(struct tls_engine *e)
{
	if (e == NULL)
		return;
	free(e->message);
	explicit_bzero(e, offsetof(struct tls_engine, in));
	free(e);
}

/* see tls/tls_engine.h */
unsigned char *
tls_engine_room(struct tls_engine *e, size_t *len)
{
	/* The front is warm: it is used again as soon as it is free, but a part
	 * of a record is moved only if its end would have no room. */
	if (e->content_len == 0
	 && (e->in_len == 0
	  || sizeof e->in - e->in_at < TLS_ENGINE_RECORD)) {
		memmove(e->in, e->in + e->in_at, e->in_len);
		e->in_at = 0;
	}
	*len = sizeof e->in - e->in_at - e->in_len;
	return e->in + e->in_at + e->in_len;
}

/* see tls/tls_engine.h */
void
tls_engine_received(struct tls_engine *e, size_t len)
{
	e->in_len += len;
}

/* see tls/tls_engine.h */
struct span
tls_engine_output(const struct tls_engine *e)
{
	return span_over(e->out + e->out_at, e->out_len - e->out_at);
}

/* see tls/tls_engine.h */
void
tls_engine_sent(struct tls_engine *e, size_t len)
{
	e->out_at += len;
	if (e->out_at < e->out_len)
		return;
	e->out_at = e->out_len = 0;
	e->updating = false;
}

/* see tls/tls_engine.h */
struct span
tls_engine_content(const struct tls_engine *e)
{
	return span_over(e->content, e->content_len);
}

/* see tls/tls_engine.h */
void
tls_engine_taken(struct tls_engine *e, size_t len)
{
	e->content += len;
	e->content_len -= len;
}

/* Alerts of level warning end nothing in TLS 1.2, and before a version is known
 * (an old server has no such name, and goes on). In 1.3 the level says nothing
 * (RFC 8446, 6). */
static bool
is_passed_over(const struct tls_engine *e, unsigned level, unsigned alert)
{
	return tls_engine_is_v13(e) ? alert == TLS_ALERT_CANCELED
	                            : level == TLS_ALERT_WARNING;
}

static enum tls_fault
take_alert(struct tls_engine *e, const unsigned char *p, size_t len)
{
	if (len != 2)
		return FAULT_MALFORMED;
	if (p[1] == TLS_ALERT_CLOSE) {
		e->ended = true;
		return FAULT_NONE;
	}
	if (is_passed_over(e, p[0], p[1]))
		return FAULT_NONE;
	e->failure.heard = p[1];
	return FAULT_HEARD;
}

static enum tls_fault
take_message(struct tls_engine *e, struct span message)
{
	enum tls_message type = (enum tls_message)(unsigned char)message.p[0];

	if (e->state == TLS_AT_HELLO || e->state == TLS_AT_SECOND_HELLO)
		return type == TLS_SERVER_HELLO
			? tls_start_take_hello(e, message)
			: FAULT_TURN;
	return tls_engine_is_v13(e) ? tls_shake13_take(e, type, message)
	                            : tls_shake12_take(e, type, message);
}

/* Bytes of the message that begins there, head included; 0 while that is not
 * known. */
static size_t
message_len(struct span s)
{
	const unsigned char *p = (const unsigned char *)s.p;

	if (s.len < HEAD)
		return 0;
	return HEAD + ((size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3]);
}

/* Takes up to that many bytes of *in to what is there of a message. */
static enum tls_fault
collect(struct tls_engine *e, struct span *in, size_t until)
{
	size_t n = until - e->message_len;
	unsigned char *more = e->message;

	if (n > in->len)
		n = in->len;
	if (until > e->message_cap) {
		more = realloc(more, until);
		if (more == NULL)
			return FAULT_MEMORY;
		e->message = more;
		e->message_cap = until;
	}
	memcpy(more + e->message_len, in->p, n);
	e->message_len += n;
	*in = span_after(*in, n);
	return FAULT_NONE;
}

/* Takes the next message off *in; it is left empty if there is only a part of
 * it, which is collected then. */
static enum tls_fault
next_message(struct tls_engine *e, struct span *in, struct span *message)
{
	struct span begun = span_over(e->message, e->message_len);
	size_t len = message_len(begun.len > 0 ? begun : *in);
	enum tls_fault f;

	*message = (struct span){ NULL, 0 };
	if (len > TLS_FAULT_MESSAGE_MAX)
		return FAULT_MESSAGE_LONG;
	if (begun.len == 0 && len > 0 && len <= in->len) {
		*message = (struct span){ in->p, len };
		*in = span_after(*in, len);
		return FAULT_NONE;
	}
	f = collect(e, in, len > 0 ? len : HEAD);
	if (f == FAULT_NONE && len == 0 && e->message_len == HEAD)
		return next_message(e, in, message);	/* now it is known */
	if (len > 0 && e->message_len == len)
		*message = span_over(e->message, len);
	return f;
}

static void
drop_message(struct tls_engine *e)
{
	free(e->message);
	e->message = NULL;
	e->message_len = e->message_cap = 0;
}

/* A message after which another key is read with must end its record (RFC 8446,
 * 5.1). */
static enum tls_fault
take_handshake(struct tls_engine *e, struct span in)
{
	unsigned epoch = e->epoch;
	enum tls_fault f = FAULT_NONE;
	struct span message;

	while (in.len > 0 && f == FAULT_NONE) {
		if (e->epoch != epoch)
			return FAULT_TURN;
		f = next_message(e, &in, &message);
		if (f != FAULT_NONE || message.len == 0)
			break;
		f = take_message(e, message);
		if (e->message_len > 0)
			drop_message(e);
	}
	return f;
}

/* In TLS 1.3 it means nothing, and may come until the server's Finished (RFC
 * 8446, 5). */
static enum tls_fault
take_ccs(struct tls_engine *e, const unsigned char *p, size_t len)
{
	if (len != 1 || p[0] != 1 || e->state == TLS_AT_CONTENT)
		return FAULT_TURN;
	return e->suite == NULL || tls_engine_is_v13(e)
		? FAULT_NONE : tls_shake12_take_ccs(e);
}

static enum tls_fault
take_data(struct tls_engine *e, unsigned char *p, size_t len)
{
	if (e->state != TLS_AT_CONTENT)
		return FAULT_TURN;
	e->content = p;
	e->content_len = len;
	return FAULT_NONE;
}

/* Only content may be empty, and nothing but an alert may come in the middle of
 * a message. */
static enum tls_fault
take_record(struct tls_engine *e, unsigned type, unsigned char *p, size_t len)
{
	if ((len == 0 && type != TLS_REC_DATA)
	 || (e->message_len > 0 && type != TLS_REC_HANDSHAKE
	  && type != TLS_REC_ALERT))
		return FAULT_TURN;
	switch (type) {
	case TLS_REC_CCS:
		return take_ccs(e, p, len);
	case TLS_REC_ALERT:
		return take_alert(e, p, len);
	case TLS_REC_HANDSHAKE:
		return take_handshake(e, span_over(p, len));
	case TLS_REC_DATA:
		return take_data(e, p, len);
	default:
		return FAULT_TURN;
	}
}

static enum tls_fault
open_record(struct tls_engine *e, unsigned char *record, size_t len)
{
	unsigned type = record[0];
	unsigned char *content;
	ssize_t n;

	/* A ChangeCipherSpec of TLS 1.3 is never sealed... */
	if (type == TLS_REC_CCS && tls_engine_is_v13(e))
		return take_record(e, type, record + TLS_AEAD_HEAD,
		                   len - TLS_AEAD_HEAD);
	if (e->reading.suite != NULL && tls_engine_is_v13(e)
	 && type != TLS_REC_DATA)
		return FAULT_TURN;
	n = tls_aead_open(&e->reading, record, len, &content, &type);
	if (n == ERR_TOOBIG)
		return FAULT_LENGTH;
	if (n == ERR_TRUNCATED)
		return FAULT_TURN;
	if (n < 0)
		return FAULT_MAC;
	/* ...and one that is sealed is refused (RFC 8446, 5). */
	if (type == TLS_REC_CCS && tls_engine_is_v13(e))
		return FAULT_TURN;
	return take_record(e, type, content, (size_t)n);
}

/* Bytes of the record that begins there, head included; 0 while that is not
 * known. */
static enum tls_fault
record_len(const struct tls_engine *e, size_t *len)
{
	const unsigned char *p = e->in + e->in_at;
	size_t most = TLS_AEAD_CONTENT;

	*len = 0;
	if (e->in_len < TLS_AEAD_HEAD)
		return FAULT_NONE;
	if (p[1] != MAJOR)
		return FAULT_VERSION_CHANGED;
	*len = (size_t)p[3] << 8 | p[4];
	if (e->reading.suite != NULL)
		most += TLS_AEAD_SLACK;
	if (*len > most)
		return FAULT_LENGTH;
	*len += TLS_AEAD_HEAD;
	return FAULT_NONE;
}

/* The peer gets an alert, unless it was the first to send one. If there is no
 * room for it, it is lost, as it is when the peer is gone. */
static int
fail(struct tls_engine *e, enum tls_fault f)
{
	char alert[2] = { TLS_ALERT_FATAL };

	e->failed = true;
	if (f == FAULT_HEARD)
		return ERR_TLS;
	if (f != FAULT_JUDGED) {
		e->failure.alert = tls_fault_alert(f);
		e->failure.text = tls_fault_text(f);
	}
	if (e->reading.suite != NULL && tls_engine_is_v13(e))
		(void)tls_shake_send_ccs(e);
	alert[1] = (char)e->failure.alert;
	(void)tls_shake_put(e, TLS_REC_ALERT, (struct span){ alert, 2 });
	return ERR_TLS;
}

/* see tls/tls_engine.h */
int
tls_engine_step(struct tls_engine *e)
{
	unsigned char *record = e->in + e->in_at;
	enum tls_fault f;
	size_t len;

	if (e->failed)
		return ERR_TLS;
	if (e->content_len > 0 || e->ended)
		return 0;
	f = record_len(e, &len);
	if (f == FAULT_NONE && (len == 0 || e->in_len < len))
		return 0;
	if (f == FAULT_NONE) {
		e->in_at += len;
		e->in_len -= len;
		f = open_record(e, record, len);
	}
	return f == FAULT_NONE ? 1 : fail(e, f);
}

/* How much content the next record of `bytes` takes; 0 if it is to wait until
 * there is room for more. */
static size_t
fit(const struct tls_engine *e, struct span bytes)
{
	size_t n = bytes.len < TLS_AEAD_CONTENT ? bytes.len : TLS_AEAD_CONTENT;

	return sizeof e->out - e->out_len
	       < n + TLS_AEAD_BEFORE + TLS_AEAD_AFTER + RESERVE ? 0 : n;
}

/* see tls/tls_engine.h */
size_t
tls_engine_write(struct tls_engine *e, struct span bytes)
{
	size_t all = bytes.len, n;

	if (e->state != TLS_AT_CONTENT || e->failed || e->closed)
		return 0;
	while (bytes.len > 0 && (n = fit(e, bytes)) > 0) {
		if (tls_engine_is_v13(e) && e->writing.seq >= TLS_ENGINE_REKEY
		 && tls_shake13_update(e) != FAULT_NONE)
			break;
		if (tls_shake_put(e, TLS_REC_DATA,
		                  (struct span){ bytes.p, n }) != FAULT_NONE)
			break;
		e->updating = false;
		bytes = span_after(bytes, n);
	}
	return all - bytes.len;
}

/* see tls/tls_engine.h */
void
tls_engine_close(struct tls_engine *e)
{
	static const char alert[2] = { TLS_ALERT_WARNING, TLS_ALERT_CLOSE };

	if (e->state != TLS_AT_CONTENT || e->failed || e->closed)
		return;
	e->closed = tls_shake_put(e, TLS_REC_ALERT,
	                          (struct span){ alert, 2 }) == FAULT_NONE;
}

/* see tls/tls_engine.h */
bool
tls_engine_is_open(const struct tls_engine *e)
{
	return e->state == TLS_AT_CONTENT;
}

/* see tls/tls_engine.h */
bool
tls_engine_is_ended(const struct tls_engine *e)
{
	return e->ended;
}

/* see tls/tls_engine.h */
bool
tls_engine_is_resumed(const struct tls_engine *e)
{
	return e->resumed;
}

/* see tls/tls_engine.h */
bool
tls_engine_has_protocol(const struct tls_engine *e)
{
	return e->has_protocol;
}

/* see tls/tls_engine.h */
enum tls_lack
tls_engine_lacks(const struct tls_engine *e)
{
	return e->lacks;
}

/* see tls/tls_engine.h */
const struct tls_failure *
tls_engine_failure(const struct tls_engine *e)
{
	return &e->failure;
}

/* see tls/tls_engine.h */
void
tls_engine_write_info(const struct tls_engine *e, struct buf *b)
{
	buf_str(b, tls_engine_is_v13(e) ? "TLS 1.3, " : "TLS 1.2, ");
	tls_suite_write_name(b, e->suite);
}
