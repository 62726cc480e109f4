/* SPDX-License-Identifier: MIT */
/* tls/tls_shake12.c - the messages of TLS 1.2 (RFC 5246, 7.4; RFC 8422) */
#include "tls/tls_engine_state.h"

#include "tls/tls_chain.h"
#include "tls/wire.h"

#define CURVE_NAMED  3		/* ECCurveType (RFC 8422, 5.4) */
#define VERIFY_LEN   12		/* bytes of Finished */

static struct span
master_of(const struct tls_engine *e)
{
	return span_over(e->resumption, TLS_MASTER_LEN);
}

/* The key block (RFC 5246, 6.3): of each kind the client's part is first. */
static void
set_keys(struct tls_engine *e, struct tls_aead *a)
{
	const struct tls_suite *s = e->suite;
	size_t iv_len = s->cipher == TLS_AES_GCM ? TLS_AEAD_SALT : TLS_AEAD_IV;
	size_t key_len = s->key_len;
	size_t side = a == &e->reading;
	unsigned char block[2 * 32 + 2 * TLS_AEAD_IV];

	tls_secrets_prf(s->hash_len, master_of(e), "key expansion",
	                span_over(e->shake.server_random, TLS_RANDOM),
	                span_over(e->shake.client_random, TLS_RANDOM),
	                block, 2 * (key_len + iv_len));
	tls_aead_init(a, s, block + side * key_len,
	              block + 2 * key_len + side * iv_len);
	explicit_bzero(block, sizeof block);
}

static enum tls_fault
expect_ccs(struct tls_engine *e)
{
	e->state = e->shake.ticket ? TLS_AT_TICKET12 : TLS_AT_CCS12;
	return FAULT_NONE;
}

/* The server goes on with the session that our ticket or id is for. It was kept
 * with the extended master secret only (RFC 7627, 5.3). */
static enum tls_fault
resume(struct tls_engine *e, const struct tls_server_hello *hello)
{
	const struct tls_ticket *t = e->ticket;

	if (t == NULL || t->version != TLS_V12 || t->suite != hello->suite)
		return FAULT_SESSION;
	if (!hello->extended)
		return FAULT_SESSION_MASTER;
	e->resumed = true;
	memcpy(e->resumption, t->secret, TLS_MASTER_LEN);
	return expect_ccs(e);
}

/* see tls/tls_engine_state.h */
enum tls_fault
tls_shake12_take_hello(struct tls_engine *e,
                       const struct tls_server_hello *hello,
                       struct span message)
{
	struct tls_shake *s = &e->shake;

	s->extended = hello->extended;
	s->ticket = hello->ticket;
	memcpy(s->server_random, hello->random.p, TLS_RANDOM);
	tls_transcript_add(&s->transcript, message);
	if (tls_shake_is_our_session(e, hello->session_id))
		return resume(e, hello);
	if (e->ticket != NULL) {
		explicit_bzero(e->ticket, sizeof *e->ticket);
		memcpy(e->ticket->id, hello->session_id.p,
		       hello->session_id.len);
		e->ticket->id_len = (uint8_t)hello->session_id.len;
	}
	e->state = TLS_AT_CERTIFICATE12;
	return FAULT_NONE;
}

/* Does the kind of the server's key go with the suite? */
static bool
is_for_suite(const struct tls_engine *e)
{
	bool is_ec = e->shake.peer.key.kind >= X509_KEY_P256;

	return is_ec == (e->suite->auth == TLS_AUTH_ECDSA);
}

static enum tls_fault
take_certificate(struct tls_engine *e, struct span body)
{
	struct span list = wire_vector(&body, 3), certs[TLS_CHAIN_MAX + 1];
	enum tls_fault f;
	size_t n = 0;

	if (!wire_is_whole(&body))
		return FAULT_MALFORMED;
	while (list.len > 0) {
		struct span one = wire_vector(&list, 3);

		if (one.len == 0)
			return FAULT_MALFORMED;
		if (n <= TLS_CHAIN_MAX)
			certs[n++] = one;
	}
	e->state = TLS_AT_KEY12;
	f = tls_shake_judge(e, certs, n);
	return f == FAULT_NONE && !is_for_suite(e) ? FAULT_KEY_CIPHER : f;
}

/* Our side of the exchange has a new key: that of our hello was for 1.3. */
static enum tls_fault
take_share(struct tls_engine *e, unsigned group, struct span share)
{
	struct tls_shake *s = &e->shake;

	if (tls_group_make(&s->share, (enum tls_group)group, s->random,
	                   s->arg) < 0)
		return FAULT_OURS;
	s->shared_len = tls_group_share(&s->share, share, s->shared);
	return s->shared_len > 0 ? FAULT_NONE : FAULT_SECRET;
}

#define PARAMS_MAX (1 + 2 + 1 + 255)	/* type, curve, and a vector */

/* The server signs both randoms and its part of the exchange. */
static enum tls_fault
take_key(struct tls_engine *e, struct span body)
{
	char memory[2 * TLS_RANDOM + PARAMS_MAX];
	struct buf b = buf_over(memory, sizeof memory);
	struct tls_shake *s = &e->shake;
	struct span params = body, share;
	enum tls_fault f;
	unsigned type = wire_number(&body, 1), group = wire_number(&body, 2);

	share = wire_vector(&body, 1);
	if (body.p == NULL)
		return FAULT_MALFORMED;
	if (type != CURVE_NAMED)
		return FAULT_VALUE;
	if (!tls_group_is_known(group))
		return FAULT_GROUP;
	params.len -= body.len;
	buf_add(&b, span_over(s->client_random, TLS_RANDOM));
	buf_add(&b, span_over(s->server_random, TLS_RANDOM));
	buf_add(&b, params);
	e->state = TLS_AT_REQUEST12;
	f = tls_shake_verify(e, body, buf_span(&b));
	return f == FAULT_NONE ? take_share(e, group, share) : f;
}

static enum tls_fault
take_request(struct tls_engine *e, struct span body)
{
	struct span schemes;

	(void)wire_vector(&body, 1);	/* kinds of keys, as the schemes say */
	schemes = wire_vector(&body, 2);
	(void)wire_vector(&body, 2);	/* names of CAs: we have one chain */
	if (!wire_is_whole(&body) || schemes.len % 2 != 0)
		return FAULT_MALFORMED;
	e->state = TLS_AT_DONE12;
	tls_shake_choose(e, schemes);
	return FAULT_NONE;
}

static enum tls_fault
send_key(struct tls_engine *e)
{
	unsigned char public[TLS_GROUP_PUBLIC_MAX];
	char memory[4 + 1 + TLS_GROUP_PUBLIC_MAX];
	struct buf b = buf_over(memory, sizeof memory);
	size_t len = tls_group_public(&e->shake.share, public), at, in;

	at = tls_shake_open(&b, TLS_CLIENT_KEY);
	in = wire_open(&b, 1);
	buf_add(&b, span_over(public, len));
	wire_close(&b, 1, in);
	wire_close(&b, 3, at);
	return tls_shake_send(e, buf_span(&b));
}

/* The extended master secret is bound to all messages until now, the other one
 * to the randoms only. */
static void
make_master(struct tls_engine *e)
{
	struct tls_shake *s = &e->shake;
	struct span shared = span_over(s->shared, s->shared_len);
	unsigned char hash[TLS_HASH_MAX];
	size_t hash_len = e->suite->hash_len;

	tls_transcript_hash(&s->transcript, hash_len, hash);
	if (e->shake.extended)
		tls_secrets_prf(hash_len, shared, "extended master secret",
		                span_over(hash, hash_len), span_over(NULL, 0),
		                e->resumption, TLS_MASTER_LEN);
	else
		tls_secrets_prf(hash_len, shared, "master secret",
		                span_over(s->client_random, TLS_RANDOM),
		                span_over(s->server_random, TLS_RANDOM),
		                e->resumption, TLS_MASTER_LEN);
}

/* Signs all messages until now, of which only the running hashes are left. */
static enum tls_fault
send_verify(struct tls_engine *e)
{
	unsigned char digest[TLS_SCHEME_DIGEST_MAX];

	tls_transcript_hash(&e->shake.transcript,
	                    tls_scheme_digest_len(e->shake.scheme), digest);
	return tls_shake_send_verify(e, digest);
}

/* What Finished holds, of either side. */
static void
write_finished(const struct tls_engine *e, const char *label,
               unsigned char *out)
{
	size_t hash_len = e->suite->hash_len;
	unsigned char hash[TLS_HASH_MAX];

	tls_transcript_hash(&e->shake.transcript, hash_len, hash);
	tls_secrets_prf(hash_len, master_of(e), label,
	                span_over(hash, hash_len), span_over(NULL, 0), out,
	                VERIFY_LEN);
}

static enum tls_fault
send_finished(struct tls_engine *e)
{
	unsigned char verify[VERIFY_LEN];
	char memory[4 + VERIFY_LEN];
	struct buf b = buf_over(memory, sizeof memory);
	size_t at = tls_shake_open(&b, TLS_FINISHED);
	enum tls_fault f;

	f = tls_shake_send_ccs(e);
	if (f != FAULT_NONE)
		return f;
	set_keys(e, &e->writing);
	write_finished(e, "client finished", verify);
	buf_add(&b, span_over(verify, sizeof verify));
	wire_close(&b, 3, at);
	f = tls_shake_send(e, buf_span(&b));
	tls_shake_flush(e);
	return f;
}

static enum tls_fault
send_flight(struct tls_engine *e)
{
	const struct tls_shake *s = &e->shake;
	enum tls_fault f = FAULT_NONE;

	if (s->asked)
		f = tls_shake_send_certificate(e);
	if (f == FAULT_NONE)
		f = send_key(e);
	make_master(e);
	if (f == FAULT_NONE && s->asked && s->id.n > 0)
		f = send_verify(e);
	return f == FAULT_NONE ? send_finished(e) : f;
}

static enum tls_fault
take_done(struct tls_engine *e, struct span body)
{
	if (body.len > 0)
		return FAULT_MALFORMED;
	return expect_ccs(e);
}

/* A new ticket takes the place of the one before; an empty one says that there
 * is none (RFC 5077, 3.3). */
static enum tls_fault
take_ticket(struct tls_engine *e, struct span body)
{
	struct tls_ticket *t = e->ticket;
	struct span ticket;

	(void)wire_number(&body, 4);	/* a lifetime; a server may end it, and
					 * then does not resume */
	ticket = wire_vector(&body, 2);
	if (!wire_is_whole(&body))
		return FAULT_MALFORMED;
	if (t != NULL && ticket.len <= sizeof t->bytes) {
		memcpy(t->bytes, ticket.p, ticket.len);
		t->len = (uint16_t)ticket.len;
	}
	e->state = TLS_AT_CCS12;
	return FAULT_NONE;
}

/* see tls/tls_engine_state.h */
enum tls_fault
tls_shake12_take_ccs(struct tls_engine *e)
{
	if (e->state != TLS_AT_CCS12)
		return FAULT_TURN;
	set_keys(e, &e->reading);
	e->state = TLS_AT_FINISHED12;
	return FAULT_NONE;
}

/* A session without the extended master secret is not for resumption, and one
 * without ticket and id cannot be. */
static void
keep_session(struct tls_engine *e)
{
	struct tls_ticket *t = e->ticket;

	if (t == NULL)
		return;
	if (!e->shake.extended || (t->len == 0 && t->id_len == 0)) {
		explicit_bzero(t, sizeof *t);
		return;
	}
	t->suite = e->suite->number;
	t->version = TLS_V12;
	memcpy(t->secret, e->resumption, TLS_MASTER_LEN);
}

static enum tls_fault
take_finished(struct tls_engine *e, struct span message)
{
	struct span body = span_after(message, 4);
	unsigned char verify[VERIFY_LEN];
	enum tls_fault f = FAULT_NONE;

	write_finished(e, "server finished", verify);
	if (body.len != VERIFY_LEN)
		return FAULT_MALFORMED;
	if (!tls_secrets_equal(body.p, verify, VERIFY_LEN))
		return FAULT_FINISHED;
	tls_transcript_add(&e->shake.transcript, message);
	if (e->resumed)
		f = send_finished(e);
	if (f != FAULT_NONE)
		return f;
	keep_session(e);
	tls_shake_end(e);
	return FAULT_NONE;
}

/* A server may live with a refusal; one that asks again does not. */
static enum tls_fault
refuse_renegotiation(struct tls_engine *e)
{
	static const char alert[2] = {
		TLS_ALERT_WARNING, TLS_ALERT_RENEGOTIATION,
	};

	if (e->refused)
		return FAULT_RENEGOTIATES;
	e->refused = true;
	return tls_shake_put(e, TLS_REC_ALERT, (struct span){ alert, 2 });
}

/* Messages that only the transcript sees once they are taken. */
static enum tls_fault
take_next(struct tls_engine *e, enum tls_message type, struct span body)
{
	if (e->state == TLS_AT_CERTIFICATE12 && type == TLS_CERTIFICATE)
		return take_certificate(e, body);
	if (e->state == TLS_AT_KEY12 && type == TLS_SERVER_KEY)
		return take_key(e, body);
	if (e->state == TLS_AT_REQUEST12 && type == TLS_CERT_REQUEST)
		return take_request(e, body);
	if ((e->state == TLS_AT_REQUEST12 || e->state == TLS_AT_DONE12)
	 && type == TLS_SERVER_DONE)
		return take_done(e, body);
	if (e->state == TLS_AT_TICKET12 && type == TLS_NEW_TICKET)
		return take_ticket(e, body);
	return FAULT_TURN;
}

/* see tls/tls_engine_state.h */
enum tls_fault
tls_shake12_take(struct tls_engine *e, enum tls_message type,
                 struct span message)
{
	struct span body = span_after(message, 4);
	enum tls_fault f;

	if (e->state == TLS_AT_FINISHED12 && type == TLS_FINISHED)
		return take_finished(e, message);
	/* In the middle of a handshake it is ignored (RFC 5246, 7.4). */
	if (type == TLS_HELLO_REQUEST && body.len == 0)
		return e->state == TLS_AT_CONTENT ? refuse_renegotiation(e)
		                                  : FAULT_NONE;
	f = take_next(e, type, body);
	if (f == FAULT_NONE)
		tls_transcript_add(&e->shake.transcript, message);
	if (f == FAULT_NONE && type == TLS_SERVER_DONE)
		return send_flight(e);
	return f;
}
