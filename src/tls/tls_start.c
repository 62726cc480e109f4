/* SPDX-License-Identifier: MIT */
/* tls/tls_start.c - our ClientHello, and the server's first answer */
#include "tls/tls_engine_state.h"

#include "tls/wire.h"

/* Can the ticket be offered? A server forgets it after its lifetime. */
static bool
is_fresh(const struct tls_engine *e)
{
	const struct tls_ticket *t = e->ticket;

	if (t == NULL || tls_suite_find(t->suite) == NULL)
		return false;
	return t->version == TLS_V12
	    || (e->since_ms - t->since_ms) / 1000 < (int64_t)t->lifetime_s;
}

/* The binder proves that we know the PSK: a Finished over all until itself
 * (RFC 8446, 4.2.11.2). It is the last of the message. */
static void
bind_psk(struct tls_engine *e, struct buf *b, size_t binders_len)
{
	size_t hash_len = tls_suite_find(e->ticket->suite)->hash_len;
	struct tls_transcript until = e->shake.transcript;
	unsigned char key[TLS_HASH_MAX], hash[TLS_HASH_MAX];
	struct tls_secrets s;

	tls_transcript_add(&until, span_over(b->p, b->len - binders_len));
	tls_transcript_hash(&until, hash_len, hash);
	tls_secrets_start(&s, hash_len, span_over(e->ticket->secret, hash_len));
	tls_secrets_derive(&s, "res binder", NULL, key);
	tls_secrets_finished(hash_len, key, hash, hash);
	memcpy(b->p + b->len - hash_len, hash, hash_len);
	explicit_bzero(&s, sizeof s);
	explicit_bzero(key, sizeof key);
}

static void
write_hello(struct tls_engine *e, struct buf *b, const struct tls_ticket *t,
            struct span cookie)
{
	struct tls_shake *s = &e->shake;
	unsigned char public[TLS_GROUP_PUBLIC_MAX];
	size_t len = tls_group_public(&s->share, public);
	struct tls_hello h = {
		.random = s->client_random,
		.session_id = span_over(s->session_id, s->session_id_len),
		.name = s->name,
		.v13_only = s->v13_only,
		.http2 = s->http2,
		.cpu_has_aes = s->cpu_has_aes,
		.group = s->share.group,
		.share = span_over(public, len),
		.cookie = cookie,
		.ticket = t,
		.age_ms = s->age_ms,
	};

	tls_hello_write(b, &h);
	if (tls_hello_binders_len(&h) > 0 && !b->cut)
		bind_psk(e, b, tls_hello_binders_len(&h));
}

/* What we send is what counts, also where it was recorded elsewhere. */
static enum tls_fault
send_hello(struct tls_engine *e, const struct tls_ticket *t, struct span cookie)
{
	struct tls_shake *s = &e->shake;
	char memory[TLS_HELLO_MAX];
	struct buf b = buf_over(memory, sizeof memory);
	struct span message = s->hellos[e->state != TLS_AT_HELLO], id;
	enum tls_fault f;

	if (message.len == 0) {
		write_hello(e, &b, t, cookie);
		message = buf_span(&b);
	}
	if (b.cut || !tls_hello_scan(message, &s->offered, &id)
	 || id.len > sizeof s->session_id)
		return FAULT_OURS;
	memcpy(s->client_random, message.p + 6, TLS_RANDOM);
	memcpy(s->session_id, id.p, id.len);
	s->session_id_len = id.len;
	f = tls_shake_send(e, message);
	tls_shake_flush(e);
	return f;
}

/* A session id that is not empty has a server of 1.3 look like one of 1.2 that
 * resumes, which middleboxes let pass (RFC 8446, D.4). */
static enum tls_fault
make_secrets(struct tls_engine *e)
{
	struct tls_shake *s = &e->shake;
	const struct tls_ticket *t = e->ticket;

	if (s->random(s->arg, s->client_random, sizeof s->client_random) < 0
	 || s->random(s->arg, s->session_id, sizeof s->session_id) < 0
	 || tls_group_make(&s->share, TLS_X25519, s->random, s->arg) < 0)
		return FAULT_OURS;
	s->session_id_len = sizeof s->session_id;
	if (is_fresh(e) && t->version == TLS_V12 && t->id_len > 0) {
		memcpy(s->session_id, t->id, t->id_len);
		s->session_id_len = t->id_len;
	}
	return FAULT_NONE;
}

/* see tls/tls_engine_state.h */
enum tls_fault
tls_start(struct tls_engine *e)
{
	if (make_secrets(e) != FAULT_NONE)
		return FAULT_OURS;
	tls_transcript_init(&e->shake.transcript);
	if (is_fresh(e))
		e->shake.age_ms = (uint32_t)(e->since_ms - e->ticket->since_ms);
	return send_hello(e, is_fresh(e) ? e->ticket : NULL,
	                  (struct span){ NULL, 0 });
}

/* Once only; the group must be one of ours and another than that of the share
 * (RFC 8446, 4.1.4), and there must be something new to say. */
static enum tls_fault
take_retry(struct tls_engine *e, const struct tls_server_hello *hello,
           struct span message)
{
	struct tls_shake *s = &e->shake;
	const struct tls_ticket *t = is_fresh(e) ? e->ticket : NULL;
	enum tls_fault f;

	if (e->state != TLS_AT_HELLO)
		return FAULT_TURN;
	if (hello->group == s->share.group
	 || (hello->group == 0 && hello->cookie.len == 0)
	 || (hello->group != 0 && !tls_group_is_known(hello->group)))
		return FAULT_VALUE;
	if (hello->cookie.len > TLS_FAULT_COOKIE_MAX)
		return FAULT_COOKIE_LONG;
	if (hello->group != 0
	 && tls_group_make(&s->share, (enum tls_group)hello->group, s->random,
	                   s->arg) < 0)
		return FAULT_OURS;
	tls_transcript_restart(&s->transcript, e->suite->hash_len);
	tls_transcript_add(&s->transcript, message);
	e->state = TLS_AT_SECOND_HELLO;
	f = tls_shake_send_ccs(e);
	if (f != FAULT_NONE)
		return f;
	/* A PSK goes with one hash only, which is known now. */
	if (t != NULL && t->version == TLS_V13
	 && tls_suite_find(t->suite)->hash_len != e->suite->hash_len)
		t = NULL;
	return send_hello(e, t, hello->cookie);
}

/* What both versions have in common. */
static enum tls_fault
check(struct tls_engine *e, const struct tls_server_hello *hello)
{
	const struct tls_suite *suite = tls_suite_find(hello->suite);

	if (hello->version < TLS_V12)
		return FAULT_VERSION_OLD;
	if (hello->version == TLS_V12 && e->shake.v13_only)
		return FAULT_VERSION_12;
	if (hello->downgraded)
		return FAULT_DOWNGRADED;
	if (suite == NULL || suite->version != hello->version
	 || (e->suite != NULL && suite != e->suite))
		return FAULT_CIPHER;
	if (hello->compression != 0)
		return FAULT_COMPRESSION;
	e->has_protocol = hello->has_alpn;
	if (hello->has_alpn
	 && !tls_hello_is_our_alpn(hello->alpn, e->shake.http2))
		return FAULT_VALUE;
	e->suite = suite;
	return FAULT_NONE;
}

/* see tls/tls_engine_state.h */
enum tls_fault
tls_start_take_hello(struct tls_engine *e, struct span message)
{
	struct tls_server_hello hello;
	enum tls_fault f = tls_hello_read_server(&hello, span_after(message, 4),
	                                         e->shake.offered);

	if (f == FAULT_NONE)
		f = check(e, &hello);
	if (f != FAULT_NONE)
		return f;
	if (hello.version == TLS_V12)
		return tls_shake12_take_hello(e, &hello, message);
	if (!tls_shake_is_our_session(e, hello.session_id))
		return FAULT_VALUE;
	return hello.is_retry ? take_retry(e, &hello, message)
	                      : tls_shake13_take_hello(e, &hello, message);
}
