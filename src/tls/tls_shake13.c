/* SPDX-License-Identifier: MIT */
/* tls/tls_shake13.c - the messages of TLS 1.3 (RFC 8446, 4) */
#include "tls/tls_engine_state.h"

#include "tls/tls_chain.h"
#include "tls/wire.h"

#define TICKET_LIFETIME_MAX_S (7 * 86400)	/* RFC 8446, 4.6.1 */

/* Starts one direction with the keys of a traffic secret (RFC 8446, 7.3). */
static void
set_keys(struct tls_engine *e, struct tls_aead *a, const unsigned char *secret)
{
	const struct tls_suite *s = e->suite;
	unsigned char key[32], iv[TLS_AEAD_IV];

	tls_secrets_expand(s->hash_len, secret, "key", span_over(NULL, 0),
	                   key, s->key_len);
	tls_secrets_expand(s->hash_len, secret, "iv", span_over(NULL, 0),
	                   iv, sizeof iv);
	tls_aead_init(a, s, key, iv);
	explicit_bzero(key, sizeof key);
	if (a == &e->reading)
		e->epoch++;
}

static void
hash_now(const struct tls_engine *e, unsigned char *out)
{
	tls_transcript_hash(&e->shake.transcript, e->suite->hash_len, out);
}

/* The shared secret goes in, the handshake's keys come out. */
static enum tls_fault
make_keys(struct tls_engine *e, const struct tls_server_hello *hello)
{
	struct tls_shake *s = &e->shake;
	unsigned char shared[TLS_GROUP_SECRET_MAX], hash[TLS_HASH_MAX];
	size_t hash_len = e->suite->hash_len;
	size_t len = tls_group_share(&s->share, hello->share, shared);

	if (len == 0)
		return FAULT_SECRET;
	tls_secrets_start(&s->secrets, hash_len, e->resumed
		? span_over(e->ticket->secret, hash_len)
		: span_over(NULL, 0));
	tls_secrets_next(&s->secrets, span_over(shared, len));
	explicit_bzero(shared, sizeof shared);
	hash_now(e, hash);
	tls_secrets_derive(&s->secrets, "c hs traffic", hash, s->client_secret);
	tls_secrets_derive(&s->secrets, "s hs traffic", hash, s->server_secret);
	set_keys(e, &e->reading, s->server_secret);
	set_keys(e, &e->writing, s->client_secret);
	return FAULT_NONE;
}

/* see tls/tls_engine_state.h */
enum tls_fault
tls_shake13_take_hello(struct tls_engine *e,
                       const struct tls_server_hello *hello,
                       struct span message)
{
	struct tls_shake *s = &e->shake;
	enum tls_fault f;

	if (hello->share.len == 0)
		return FAULT_MISSING;
	if (hello->group != s->share.group)
		return FAULT_VALUE;
	if (hello->psk
	 && (e->ticket == NULL || tls_suite_find(e->ticket->suite)->hash_len
	                          != e->suite->hash_len))
		return FAULT_VALUE;
	e->resumed = hello->psk;
	tls_transcript_add(&s->transcript, message);
	f = make_keys(e, hello);
	if (e->ticket != NULL)	/* once is enough (RFC 8446, C.4) */
		explicit_bzero(e->ticket, sizeof *e->ticket);
	e->state = TLS_AT_EXTENSIONS;
	return f;
}

static enum tls_fault
take_extensions(struct tls_engine *e, struct span body)
{
	struct tls_shake *s = &e->shake;
	struct tls_ext_list x = {
		.offered = s->offered,
		/* What our own hello never has may stand in a recorded one. */
		.allowed = s->offered & (TLS_EXT(EXT_NAME) | TLS_EXT(EXT_GROUPS)
		                         | TLS_EXT(EXT_ALPN) | ~TLS_EXT_OURS),
	};
	enum tls_fault f;
	struct span value;

	f = tls_ext_read(&x, body);
	if (f != FAULT_NONE)
		return f;
	if (tls_ext_has(&x, EXT_NAME, &value) && value.len > 0)
		return FAULT_MALFORMED;
	e->has_protocol = tls_ext_has(&x, EXT_ALPN, &value);
	if (e->has_protocol && !tls_hello_is_our_alpn(value, s->http2))
		return FAULT_VALUE;
	e->state = e->resumed ? TLS_AT_FINISHED : TLS_AT_REQUEST;
	return FAULT_NONE;
}

static enum tls_fault
take_request(struct tls_engine *e, struct span body)
{
	struct tls_ext_list x = {
		.allowed = TLS_EXT(EXT_SIGNATURES), .is_request = true,
	};
	struct span context = wire_vector(&body, 1), value, schemes;
	enum tls_fault f;

	if (context.len > 0)	/* it is for requests after the handshake */
		return FAULT_VALUE;
	f = tls_ext_read(&x, body);
	if (f != FAULT_NONE)
		return f;
	if (!tls_ext_has(&x, EXT_SIGNATURES, &value))
		return FAULT_MISSING;
	schemes = wire_vector(&value, 2);
	if (!wire_is_whole(&value) || schemes.len == 0 || schemes.len % 2 != 0)
		return FAULT_MALFORMED;
	e->state = TLS_AT_CERTIFICATE;
	tls_shake_choose(e, schemes);
	return FAULT_NONE;
}

/* Takes one certificate with its extensions off *list: of those that may stand
 * here none is asked for. */
static enum tls_fault
take_entry(const struct tls_engine *e, struct span *list, struct span *cert)
{
	struct tls_ext_list x = { .offered = e->shake.offered };
	struct span block;

	*cert = wire_vector(list, 3);
	block = *list;
	block.len = 2 + wire_vector(list, 2).len;
	if (list->p == NULL || cert->len == 0)
		return FAULT_MALFORMED;
	return tls_ext_read(&x, block);
}

static enum tls_fault
take_certificate(struct tls_engine *e, struct span body)
{
	struct span context = wire_vector(&body, 1);
	struct span list = wire_vector(&body, 3), certs[TLS_CHAIN_MAX + 1], one;
	size_t n = 0;

	if (!wire_is_whole(&body))
		return FAULT_MALFORMED;
	if (context.len > 0)
		return FAULT_VALUE;
	while (list.len > 0) {
		enum tls_fault f = take_entry(e, &list, &one);

		if (f != FAULT_NONE)
			return f;
		if (n <= TLS_CHAIN_MAX)
			certs[n++] = one;
	}
	e->state = TLS_AT_VERIFY;
	return tls_shake_judge(e, certs, n);
}

/* Appends what a CertificateVerify signs (RFC 8446, 4.4.3). */
static void
write_signed(const struct tls_engine *e, struct buf *b, const char *who)
{
	unsigned char hash[TLS_HASH_MAX];

	for (int i = 0; i < 64; i++)
		buf_str(b, " ");
	buf_fmt(b, "TLS 1.3, %s CertificateVerify", who);
	wire_put(b, 1, 0);
	hash_now(e, hash);
	buf_add(b, span_over(hash, e->suite->hash_len));
}

#define SIGNED_MAX 192	/* bytes of what write_signed() writes */

static enum tls_fault
take_verify(struct tls_engine *e, struct span body)
{
	char memory[SIGNED_MAX];
	struct buf b = buf_over(memory, sizeof memory);

	write_signed(e, &b, "server");
	e->state = TLS_AT_FINISHED;
	return tls_shake_verify(e, body, buf_span(&b));
}

static enum tls_fault
send_verify(struct tls_engine *e)
{
	unsigned char digest[TLS_SCHEME_DIGEST_MAX];
	char memory[SIGNED_MAX];
	struct buf b = buf_over(memory, sizeof memory);

	write_signed(e, &b, "client");
	tls_scheme_digest(e->shake.scheme, buf_span(&b), digest);
	return tls_shake_send_verify(e, digest);
}

static enum tls_fault
send_finished(struct tls_engine *e)
{
	unsigned char hash[TLS_HASH_MAX];
	char memory[4 + TLS_HASH_MAX];
	struct buf b = buf_over(memory, sizeof memory);
	size_t at = tls_shake_open(&b, TLS_FINISHED);
	enum tls_fault f;

	hash_now(e, hash);
	tls_secrets_finished(e->suite->hash_len, e->shake.client_secret, hash,
	                     hash);
	buf_add(&b, span_over(hash, e->suite->hash_len));
	wire_close(&b, 3, at);
	f = tls_shake_send(e, buf_span(&b));
	tls_shake_flush(e);
	return f;
}

static enum tls_fault
send_flight(struct tls_engine *e)
{
	const struct tls_shake *s = &e->shake;
	enum tls_fault f = tls_shake_send_ccs(e);

	if (f == FAULT_NONE && s->asked)
		f = tls_shake_send_certificate(e);
	if (f == FAULT_NONE && s->asked && s->id.n > 0)
		f = send_verify(e);
	return f == FAULT_NONE ? send_finished(e) : f;
}

/* The keys for content follow from all up to the server's Finished, those of
 * tickets from all up to ours. */
static enum tls_fault
go_open(struct tls_engine *e)
{
	struct tls_shake *s = &e->shake;
	unsigned char hash[TLS_HASH_MAX];
	enum tls_fault f;

	tls_secrets_next(&s->secrets, span_over(NULL, 0));
	hash_now(e, hash);
	tls_secrets_derive(&s->secrets, "c ap traffic", hash,
	                   e->client_traffic);
	tls_secrets_derive(&s->secrets, "s ap traffic", hash,
	                   e->server_traffic);
	f = send_flight(e);
	if (f != FAULT_NONE)
		return f;
	set_keys(e, &e->reading, e->server_traffic);
	set_keys(e, &e->writing, e->client_traffic);
	hash_now(e, hash);
	tls_secrets_derive(&s->secrets, "res master", hash, e->resumption);
	tls_shake_end(e);
	return FAULT_NONE;
}

static enum tls_fault
take_finished(struct tls_engine *e, struct span message)
{
	struct span body = span_after(message, 4);
	unsigned char hash[TLS_HASH_MAX];

	hash_now(e, hash);
	tls_secrets_finished(e->suite->hash_len, e->shake.server_secret, hash,
	                     hash);
	if (body.len != e->suite->hash_len)
		return FAULT_MALFORMED;
	if (!tls_secrets_equal(body.p, hash, body.len))
		return FAULT_FINISHED;
	tls_transcript_add(&e->shake.transcript, message);
	return go_open(e);
}

static enum tls_fault
take_ticket(struct tls_engine *e, struct span body)
{
	struct tls_ext_list x = { .is_request = true };
	struct tls_ticket *t = e->ticket;
	unsigned lifetime = wire_number(&body, 4);
	unsigned age_add = wire_number(&body, 4);
	struct span nonce = wire_vector(&body, 1);
	struct span ticket = wire_vector(&body, 2);
	enum tls_fault f;

	if (ticket.len == 0)
		return FAULT_MALFORMED;
	f = tls_ext_read(&x, body);
	if (f != FAULT_NONE)
		return f;
	if (t == NULL || ticket.len > sizeof t->bytes || lifetime == 0
	 || nonce.len > TLS_HASH_MAX)	/* longer than any server's */
		return FAULT_NONE;
	t->suite = e->suite->number;
	t->version = TLS_V13;
	t->lifetime_s = lifetime < TICKET_LIFETIME_MAX_S
		? lifetime : TICKET_LIFETIME_MAX_S;
	t->age_add = age_add;
	t->since_ms = e->since_ms;
	t->len = (uint16_t)ticket.len;
	memcpy(t->bytes, ticket.p, ticket.len);
	tls_secrets_expand(e->suite->hash_len, e->resumption, "resumption",
	                   nonce, t->secret, e->suite->hash_len);
	return FAULT_NONE;
}

/* The next keys of one direction (RFC 8446, 7.2). */
static void
update(struct tls_engine *e, struct tls_aead *a, unsigned char *secret)
{
	tls_secrets_expand(e->suite->hash_len, secret, "traffic upd",
	                   span_over(NULL, 0), secret, e->suite->hash_len);
	set_keys(e, a, secret);
}

/* see tls/tls_engine_state.h */
enum tls_fault
tls_shake13_update(struct tls_engine *e)
{
	static const char message[] = { TLS_KEY_UPDATE, 0, 0, 1, 0 };

	enum tls_fault f = tls_shake_put(e, TLS_REC_HANDSHAKE,
		(struct span){ message, sizeof message });

	if (f == FAULT_NONE)
		update(e, &e->writing, e->client_traffic);
	return f;
}

/* However often a server asks before there is content to send, one answer is
 * enough (RFC 8446, 4.6.3). */
static enum tls_fault
take_update(struct tls_engine *e, struct span body)
{
	unsigned is_asked = wire_number(&body, 1);

	if (!wire_is_whole(&body))
		return FAULT_MALFORMED;
	if (is_asked > 1)
		return FAULT_VALUE;
	update(e, &e->reading, e->server_traffic);
	if (!is_asked || e->updating || e->closed)
		return FAULT_NONE;
	e->updating = true;
	return tls_shake13_update(e);
}

/* Takes the messages that are added to the transcript afterwards. */
static enum tls_fault
take_next(struct tls_engine *e, enum tls_message type, struct span body)
{
	if (e->state == TLS_AT_EXTENSIONS && type == TLS_EXTENSIONS)
		return take_extensions(e, body);
	if (e->state == TLS_AT_REQUEST && type == TLS_CERT_REQUEST)
		return take_request(e, body);
	if ((e->state == TLS_AT_REQUEST || e->state == TLS_AT_CERTIFICATE)
	 && type == TLS_CERTIFICATE)
		return take_certificate(e, body);
	if (e->state == TLS_AT_VERIFY && type == TLS_CERT_VERIFY)
		return take_verify(e, body);
	return FAULT_TURN;
}

/* see tls/tls_engine_state.h */
enum tls_fault
tls_shake13_take(struct tls_engine *e, enum tls_message type,
                 struct span message)
{
	struct span body = span_after(message, 4);
	enum tls_fault f;

	if (e->state == TLS_AT_FINISHED && type == TLS_FINISHED)
		return take_finished(e, message);
	if (e->state == TLS_AT_CONTENT && type == TLS_NEW_TICKET)
		return take_ticket(e, body);
	if (e->state == TLS_AT_CONTENT && type == TLS_KEY_UPDATE)
		return take_update(e, body);
	f = take_next(e, type, body);
	if (f == FAULT_NONE)
		tls_transcript_add(&e->shake.transcript, message);
	return f;
}
