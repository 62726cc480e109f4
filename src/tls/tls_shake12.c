/* SPDX-License-Identifier: MIT */
/* tls/tls_shake12.c - the messages of TLS 1.2 (RFC 5246, 7.4; RFC 8422) */
#include "tls/tls_engine_state.h"

#include "base/err.h"
#include "tls/tls_chain.h"
#include "tls/wire.h"

#define CURVE_NAMED  3		/* ECCurveType (RFC 8422, 5.4) */
#define VERIFY_LEN   12		/* bytes of Finished */

static struct span
bytes_of(const unsigned char *p, size_t len)
{
	return (struct span){ (const char *)p, len };
}

static struct span
master_of(const struct tls_engine *e)
{
	return bytes_of(e->resumption, TLS_MASTER_LEN);
}

/* The key block (RFC 5246, 6.3): of each kind the client's part is first. */
static void
set_keys(struct tls_engine *e, struct tls_aead *a)
{
	const struct tls_suite *s = e->suite;
	size_t iv_len = s->cipher == TLS_AES_GCM ? TLS_AEAD_SALT : TLS_AEAD_IV;
	size_t side = a == &e->reading;
	unsigned char block[2 * 32 + 2 * TLS_AEAD_IV];

	tls_secrets_prf(s->hash_len, master_of(e), "key expansion",
	                bytes_of(e->shake.server_random, TLS_RANDOM),
	                bytes_of(e->shake.client_random, TLS_RANDOM),
	                block, 2 * (s->key_len + iv_len));
	tls_aead_init(a, s, block + side * s->key_len,
	              block + 2 * s->key_len + side * iv_len);
	explicit_bzero(block, sizeof block);
	if (a == &e->reading)
		e->epoch++;
}

static int
expect_ccs(struct tls_engine *e)
{
	e->state = e->shake.ticket ? TLS_AT_TICKET12 : TLS_AT_CCS12;
	return 0;
}

/* The server goes on with the session that our ticket or id is for. It was kept
 * with the extended master secret only (RFC 7627, 5.3). */
static int
resume(struct tls_engine *e, const struct tls_server_hello *hello)
{
	const struct tls_ticket *t = e->ticket;

	if (t == NULL || t->version != TLS_V12 || t->suite != hello->suite)
		return tls_shake_fail(e, TLS_ALERT_ILLEGAL, "the server "
		                      "resumed another session");
	if (!hello->extended)
		return tls_shake_fail(e, TLS_ALERT_HANDSHAKE, "the server "
		                      "resumed a session without its extended "
		                      "master secret");
	e->resumed = true;
	memcpy(e->resumption, t->secret, TLS_MASTER_LEN);
	return expect_ccs(e);
}

/* see tls/tls_engine_state.h */
int
tls_shake12_take_hello(struct tls_engine *e,
                       const struct tls_server_hello *hello,
                       struct span message)
{
	struct tls_shake *s = &e->shake;

	if (e->state != TLS_AT_HELLO)	/* only 1.3 asks for a second hello */
		return tls_shake_refuse(e, TLS_ALERT_ILLEGAL);
	e->extended = hello->extended;
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
	return 0;
}

/* Does the kind of the server's key go with the suite? */
static bool
is_for_suite(const struct tls_engine *e)
{
	bool is_ec = e->shake.peer.key.kind >= X509_KEY_P256;

	return is_ec == (e->suite->auth == TLS_AUTH_ECDSA);
}

static int
take_certificate(struct tls_engine *e, struct span body)
{
	struct span certs[TLS_CHAIN_MAX + 1], list, one;
	size_t n = 0;

	if (!wire_take_vector(&body, 3, &list) || body.len > 0)
		return tls_shake_refuse(e, TLS_ALERT_DECODE);
	while (list.len > 0) {
		if (!wire_take_vector(&list, 3, &one) || one.len == 0)
			return tls_shake_refuse(e, TLS_ALERT_DECODE);
		if (n <= TLS_CHAIN_MAX)
			certs[n++] = one;
	}
	e->state = TLS_AT_KEY12;
	if (tls_shake_judge(e, certs, n) < 0)
		return ERR_TLS;
	if (!is_for_suite(e))
		return tls_shake_fail(e, TLS_ALERT_CERT_KIND, "the cipher does "
		                      "not go with the key of the server's "
		                      "certificate");
	return 0;
}

/* Our side of the exchange: the share of our hello if it is on that group. */
static int
take_share(struct tls_engine *e, unsigned group, struct span share)
{
	struct tls_shake *s = &e->shake;

	if (!tls_group_is_known(group))
		return tls_shake_fail(e, TLS_ALERT_ILLEGAL, "the server chose "
		                      "a curve that was not offered");
	if (share.len > sizeof s->peer_bytes)
		return tls_shake_refuse(e, TLS_ALERT_DECODE);
	memcpy(s->peer_bytes, share.p, share.len);
	s->peer_share = bytes_of(s->peer_bytes, share.len);
	if (group != s->share.group
	 && tls_group_make(&s->share, (enum tls_group)group, s->random,
	                   s->arg) < 0)
		return tls_shake_refuse(e, TLS_ALERT_INTERNAL);
	return 0;
}

#define PARAMS_MAX (4 + TLS_GROUP_PUBLIC_MAX)

/* The server signs both randoms and its part of the exchange. */
static int
take_key(struct tls_engine *e, struct span body)
{
	char memory[2 * TLS_RANDOM + PARAMS_MAX];
	struct buf b = buf_over(memory, sizeof memory);
	struct tls_shake *s = &e->shake;
	struct span params = body, share;
	unsigned type, group;

	if (!wire_take(&body, 1, &type) || !wire_take(&body, 2, &group)
	 || !wire_take_vector(&body, 1, &share))
		return tls_shake_refuse(e, TLS_ALERT_DECODE);
	if (type != CURVE_NAMED)
		return tls_shake_refuse(e, TLS_ALERT_ILLEGAL);
	if (take_share(e, group, share) < 0)
		return ERR_TLS;
	params.len -= body.len;
	buf_add(&b, bytes_of(s->client_random, TLS_RANDOM));
	buf_add(&b, bytes_of(s->server_random, TLS_RANDOM));
	buf_add(&b, params);
	e->state = TLS_AT_REQUEST12;
	return tls_shake_verify(e, body, buf_span(&b));
}

static int
take_request(struct tls_engine *e, struct span body)
{
	struct span kinds, schemes, names;

	if (!wire_take_vector(&body, 1, &kinds)
	 || !wire_take_vector(&body, 2, &schemes)
	 || !wire_take_vector(&body, 2, &names) || body.len > 0
	 || schemes.len % 2 != 0)
		return tls_shake_refuse(e, TLS_ALERT_DECODE);
	e->state = TLS_AT_DONE12;
	return tls_shake_choose(e, schemes);
}

static int
send_key(struct tls_engine *e)
{
	unsigned char public[TLS_GROUP_PUBLIC_MAX];
	char memory[4 + 1 + TLS_GROUP_PUBLIC_MAX];
	struct buf b = buf_over(memory, sizeof memory);
	size_t len = tls_group_public(&e->shake.share, public), at, in;

	at = tls_shake_open(&b, TLS_CLIENT_KEY);
	in = wire_open(&b, 1);
	buf_add(&b, bytes_of(public, len));
	wire_close(&b, 1, in);
	wire_close(&b, 3, at);
	return tls_shake_send(e, buf_span(&b));
}

/* The extended master secret is bound to all messages until now, the other one
 * to the randoms only. */
static void
make_master(struct tls_engine *e, struct span shared)
{
	struct tls_shake *s = &e->shake;
	unsigned char hash[TLS_HASH_MAX];
	size_t hash_len = e->suite->hash_len;

	tls_transcript_hash(&s->transcript, hash_len, hash);
	if (e->extended)
		tls_secrets_prf(hash_len, shared, "extended master secret",
		                bytes_of(hash, hash_len), bytes_of(NULL, 0),
		                e->resumption, TLS_MASTER_LEN);
	else
		tls_secrets_prf(hash_len, shared, "master secret",
		                bytes_of(s->client_random, TLS_RANDOM),
		                bytes_of(s->server_random, TLS_RANDOM),
		                e->resumption, TLS_MASTER_LEN);
}

/* Signs all messages until now, of which only the running hashes are left:
 * tls_scheme_choose() knows that there is no other. */
static int
send_verify(struct tls_engine *e)
{
	unsigned char digest[TLS_HASH_MAX];

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
	                bytes_of(hash, hash_len), bytes_of(NULL, 0), out,
	                VERIFY_LEN);
}

static int
send_finished(struct tls_engine *e)
{
	unsigned char verify[VERIFY_LEN];
	char memory[4 + VERIFY_LEN];
	struct buf b = buf_over(memory, sizeof memory);
	size_t at = tls_shake_open(&b, TLS_FINISHED);

	if (tls_shake_send_ccs(e) < 0)
		return ERR_TLS;
	set_keys(e, &e->writing);
	write_finished(e, "client finished", verify);
	buf_add(&b, bytes_of(verify, sizeof verify));
	wire_close(&b, 3, at);
	if (tls_shake_send(e, buf_span(&b)) < 0)
		return ERR_TLS;
	tls_shake_flush(e);
	return 0;
}

static int
send_exchange(struct tls_engine *e, struct span shared)
{
	if ((e->shake.asked && tls_shake_send_certificate(e) < 0)
	 || send_key(e) < 0)
		return ERR_TLS;
	make_master(e, shared);
	return 0;
}

/* A share that gives no secret is found before anything is said. */
static int
send_flight(struct tls_engine *e)
{
	const struct tls_shake *s = &e->shake;
	unsigned char shared[TLS_GROUP_SECRET_MAX];
	size_t len = tls_group_share(&s->share, s->peer_share, shared);
	int r;

	if (len == 0)
		return tls_shake_fail(e, TLS_ALERT_ILLEGAL, "the server's key "
		                      "share gives no secret");
	r = send_exchange(e, bytes_of(shared, len));
	explicit_bzero(shared, sizeof shared);
	if (r < 0 || (s->asked && s->id.n > 0 && send_verify(e) < 0))
		return ERR_TLS;
	return send_finished(e);
}

static int
take_done(struct tls_engine *e, struct span body)
{
	if (body.len > 0)
		return tls_shake_refuse(e, TLS_ALERT_DECODE);
	return expect_ccs(e);
}

/* A new ticket takes the place of the one before; an empty one says that there
 * is none (RFC 5077, 3.3). */
static int
take_ticket(struct tls_engine *e, struct span body)
{
	struct tls_ticket *t = e->ticket;
	struct span ticket;
	unsigned lifetime;

	if (!wire_take(&body, 4, &lifetime)
	 || !wire_take_vector(&body, 2, &ticket) || body.len > 0)
		return tls_shake_refuse(e, TLS_ALERT_DECODE);
	if (t != NULL && ticket.len <= sizeof t->bytes) {
		memcpy(t->bytes, ticket.p, ticket.len);
		t->len = (uint16_t)ticket.len;
	}
	e->state = TLS_AT_CCS12;
	return 0;
}

/* see tls/tls_engine_state.h */
int
tls_shake12_take_ccs(struct tls_engine *e)
{
	if (e->state != TLS_AT_CCS12)
		return tls_shake_refuse(e, TLS_ALERT_UNEXPECTED);
	set_keys(e, &e->reading);
	e->state = TLS_AT_FINISHED12;
	return 0;
}

/* A session without the extended master secret is not for resumption, and one
 * without ticket and id cannot be. */
static void
keep_session(struct tls_engine *e)
{
	struct tls_ticket *t = e->ticket;

	if (t == NULL)
		return;
	if (!e->extended || (t->len == 0 && t->id_len == 0)) {
		explicit_bzero(t, sizeof *t);
		return;
	}
	t->suite = e->suite->number;
	t->version = TLS_V12;
	memcpy(t->secret, e->resumption, TLS_MASTER_LEN);
}

static int
take_finished(struct tls_engine *e, struct span message)
{
	struct span body = span_after(message, 4);
	unsigned char verify[VERIFY_LEN];

	write_finished(e, "server finished", verify);
	if (body.len != VERIFY_LEN)
		return tls_shake_refuse(e, TLS_ALERT_DECODE);
	if (!tls_secrets_equal(body.p, verify, VERIFY_LEN))
		return tls_shake_fail(e, TLS_ALERT_DECRYPT, "the handshake was "
		                      "tampered with (Finished differs)");
	tls_transcript_add(&e->shake.transcript, message);
	if (e->resumed && send_finished(e) < 0)
		return ERR_TLS;
	keep_session(e);
	tls_shake_end(e);
	return 0;
}

/* A server may live with a refusal; one that asks again does not. */
static int
refuse_renegotiation(struct tls_engine *e)
{
	static const char alert[2] = { 1, TLS_ALERT_RENEGOTIATION };

	if (e->refused)
		return tls_shake_fail(e, TLS_ALERT_UNEXPECTED, "the server "
		                      "asks to renegotiate again and again, "
		                      "which hale does not do");
	e->refused = true;
	if (tls_shake_put(e, TLS_REC_ALERT, (struct span){ alert, 2 }) < 0)
		return tls_shake_refuse(e, TLS_ALERT_INTERNAL);
	return 0;
}

/* Messages that only the transcript sees once they are taken. */
static int
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
	return tls_shake_refuse(e, TLS_ALERT_UNEXPECTED);
}

/* see tls/tls_engine_state.h */
int
tls_shake12_take(struct tls_engine *e, enum tls_message type,
                 struct span message)
{
	struct span body = span_after(message, 4);

	if (e->state == TLS_AT_FINISHED12 && type == TLS_FINISHED)
		return take_finished(e, message);
	if (e->state == TLS_AT_CONTENT && type == TLS_HELLO_REQUEST
	 && body.len == 0)
		return refuse_renegotiation(e);
	if (take_next(e, type, body) < 0)
		return ERR_TLS;
	tls_transcript_add(&e->shake.transcript, message);
	if (type == TLS_SERVER_DONE)
		return send_flight(e);
	return 0;
}
