/* SPDX-License-Identifier: MIT */
/* tls/tls_shake.c - what handshakes of TLS 1.3 and 1.2 have in common */
#include "tls/tls_engine_state.h"

#include <stdlib.h>

#include "tls/wire.h"

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Is there room for a record of that content? */
static bool
has_room(const struct tls_engine *e, size_t len)
{
	return sizeof e->out - e->out_len >= tls_aead_before(&e->writing) + len
	                                     + tls_aead_after(&e->writing);
}

/* Old servers want the oldest version at the head of a first hello (RFC 8446,
 * 5.1). */
static void
seal(struct tls_engine *e, enum tls_record_type type, size_t len)
{
	bool is_first = e->state == TLS_AT_HELLO && type == TLS_REC_HANDSHAKE;

	e->out_len += tls_aead_seal(&e->writing, e->out + e->out_len, type,
	                            is_first ? 0x0301 : TLS_V12, len);
}

/* see tls/tls_engine_state.h */
void
tls_shake_flush(struct tls_engine *e)
{
	if (e->begun > 0)
		seal(e, TLS_REC_HANDSHAKE, e->begun);
	e->begun = 0;
}

/* see tls/tls_engine_state.h */
enum tls_fault
tls_shake_put(struct tls_engine *e, enum tls_record_type type,
              struct span content)
{
	tls_shake_flush(e);
	if (!has_room(e, content.len))
		return FAULT_OURS;
	memcpy(e->out + e->out_len + tls_aead_before(&e->writing), content.p,
	       content.len);
	seal(e, type, content.len);
	return FAULT_NONE;
}

/* see tls/tls_engine_state.h */
enum tls_fault
tls_shake_send(struct tls_engine *e, struct span message)
{
	tls_transcript_add(&e->shake.transcript, message);
	while (message.len > 0) {
		size_t n = least(message.len, TLS_AEAD_CONTENT - e->begun);

		if (!has_room(e, e->begun + n))
			return FAULT_OURS;
		memcpy(e->out + e->out_len + tls_aead_before(&e->writing)
		       + e->begun, message.p, n);
		e->begun += n;
		message = span_after(message, n);
		if (e->begun == TLS_AEAD_CONTENT)
			tls_shake_flush(e);
	}
	return FAULT_NONE;
}

/* see tls/tls_engine_state.h */
bool
tls_shake_is_our_session(const struct tls_engine *e, struct span id)
{
	return id.len == e->shake.session_id_len
	    && memcmp(id.p, e->shake.session_id, id.len) == 0;
}

/* see tls/tls_engine_state.h */
enum tls_fault
tls_shake_send_ccs(struct tls_engine *e)
{
	static const char record[] = { TLS_REC_CCS, 3, 3, 0, 1, 1 };

	if (e->ccs_sent || (tls_engine_is_v13(e)
	                    && e->shake.session_id_len == 0))
		return FAULT_NONE;
	tls_shake_flush(e);
	if (sizeof e->out - e->out_len < sizeof record)
		return FAULT_OURS;
	memcpy(e->out + e->out_len, record, sizeof record);
	e->out_len += sizeof record;
	e->ccs_sent = true;
	return FAULT_NONE;
}

/* Moves the bytes of *s to where there is room for them. */
static char *
keep(char *at, struct span *s)
{
	if (s->len > 0)	/* else it may be NULL */
		memcpy(at, s->p, s->len);
	s->p = at;
	return at + s->len;
}

/* A key that does not fit is not of a kind that is verified with. */
static bool
keep_key(struct tls_peer_key *peer, const struct x509_key *key)
{
	char *at = peer->bytes;

	if (key->n.len + key->e.len + key->q.len > sizeof peer->bytes)
		return false;
	peer->key = *key;
	at = keep(at, &peer->key.n);
	at = keep(at, &peer->key.e);
	(void)keep(at, &peer->key.q);
	return true;
}

/* see tls/tls_engine_state.h */
enum tls_fault
tls_shake_judge(struct tls_engine *e, const struct span *certs, size_t n)
{
	enum tls_alert alert = TLS_ALERT_INTERNAL;
	struct x509_key key;

	if (n == 0)
		return FAULT_NO_CERT;
	if (e->shake.judge(e->shake.arg, certs, n, &key, &alert) < 0) {
		e->failure.alert = alert;
		return FAULT_JUDGED;
	}
	if (key.kind < X509_KEY_RSA || !keep_key(&e->shake.peer, &key))
		return FAULT_KEY;
	return FAULT_NONE;
}

/* see tls/tls_engine_state.h */
enum tls_fault
tls_shake_verify(struct tls_engine *e, struct span in, struct span signed_)
{
	const struct x509_key *key = &e->shake.peer.key;
	unsigned version = e->suite->version, scheme = wire_number(&in, 2);
	struct span sig = wire_vector(&in, 2);

	if (!wire_is_whole(&in))
		return FAULT_MALFORMED;
	if (!tls_scheme_fits(scheme, version, key))
		return FAULT_SCHEME;
	if (!tls_scheme_verify(scheme, version, key, signed_, sig))
		return FAULT_SIGNATURE;
	return FAULT_NONE;
}

/* see tls/tls_engine_state.h */
void
tls_shake_choose(struct tls_engine *e, struct span schemes)
{
	struct tls_shake *s = &e->shake;

	e->lacks = TLS_LACKS_CERT;
	s->asked = true;
	if (s->id.n == 0)
		return;
	s->scheme = tls_scheme_choose(e->suite->version, &s->id.key, schemes);
	e->lacks = s->scheme != 0 ? TLS_LACKS_NOTHING : TLS_LACKS_SCHEME;
	if (s->scheme == 0)
		s->id.n = 0;
}

/* see tls/tls_engine_state.h */
size_t
tls_shake_open(struct buf *b, enum tls_message type)
{
	wire_put(b, 1, type);
	return wire_open(b, 3);
}

/* In TLS 1.3 with an empty context, and no extensions (RFC 8446, 4.4.2). */
static void
write_certificate(const struct tls_engine *e, struct buf *b)
{
	const struct tls_client_cert *id = &e->shake.id;
	size_t at = tls_shake_open(b, TLS_CERTIFICATE), list, one;

	if (tls_engine_is_v13(e))
		wire_put(b, 1, 0);
	list = wire_open(b, 3);
	for (size_t i = 0; i < id->n; i++) {
		one = wire_open(b, 3);
		buf_add(b, id->certs[i]);
		wire_close(b, 3, one);
		if (tls_engine_is_v13(e))
			wire_put(b, 2, 0);
	}
	wire_close(b, 3, list);
	wire_close(b, 3, at);
}

/* see tls/tls_engine_state.h */
enum tls_fault
tls_shake_send_certificate(struct tls_engine *e)
{
	const struct tls_client_cert *id = &e->shake.id;
	size_t cap = 16;	/* of the lists around the certificates */
	enum tls_fault f;
	struct buf b;

	for (size_t i = 0; i < id->n; i++)
		cap += id->certs[i].len + 3 + 2;
	b = buf_over(malloc(cap), cap);
	if (b.p == NULL)
		return FAULT_OURS;
	write_certificate(e, &b);
	f = tls_shake_send(e, buf_span(&b));
	free(b.p);
	return f;
}

/* see tls/tls_engine_state.h */
enum tls_fault
tls_shake_send_verify(struct tls_engine *e, const unsigned char *digest)
{
	unsigned char salt[TLS_SCHEME_SALT_MAX], sig[TLS_SCHEME_SIG_MAX];
	char memory[4 + 2 + 2 + TLS_SCHEME_SIG_MAX];
	struct buf b = buf_over(memory, sizeof memory);
	struct tls_shake *s = &e->shake;
	size_t at = tls_shake_open(&b, TLS_CERT_VERIFY), in, len = 0;

	if (s->random(s->arg, salt, sizeof salt) >= 0)
		len = tls_scheme_sign(sig, s->scheme, &s->id.key, digest, salt);
	if (len == 0)
		return FAULT_OURS;
	wire_put(&b, 2, s->scheme);
	in = wire_open(&b, 2);
	buf_add(&b, span_over(sig, len));
	wire_close(&b, 2, in);
	wire_close(&b, 3, at);
	return tls_shake_send(e, buf_span(&b));
}

/* see tls/tls_engine_state.h */
void
tls_shake_end(struct tls_engine *e)
{
	explicit_bzero(&e->shake, sizeof e->shake);
	e->state = TLS_AT_CONTENT;
}
