/* SPDX-License-Identifier: MIT */
/*
 * tls_watch.h - a TLS engine whose every step is looked at
 *
 * Its random bytes are the same each time. What must hold of any server's
 * bytes is checked here: an engine that failed stays so and has queued an alert
 * unless it heard one, content comes after the handshake only, steps are paid
 * for with bytes, nothing follows the end, and what is freed was wiped.
 */
#ifndef HALE_TESTS_TLS_WATCH_H
#define HALE_TESTS_TLS_WATCH_H

#include "fuzz.h"

#include "base/err.h"
#include "tls/tls_engine_state.h"
#include "tls/x509.h"

#define WATCH_ROOM (1 << 18)	/* bytes of either direction that are kept */

struct watch {
	/* The target's to set. */
	bool   reads_certs;	/* the judge takes the key of any certificate
				 * that can be read; else always `key` */
	size_t bite;		/* bytes of content that are taken at once */
	bool   holds;		/* what the engine says stays in it */

	struct tls_engine *e;
	unsigned seed;
	int      judged;	/* 1: trusted; -1: not; 0: not asked */
	size_t   came, steps;
	struct buf content, said;
	char content_room[WATCH_ROOM], said_room[WATCH_ROOM];
};

/* The key of a server that is trusted whatever it sends. */
static struct x509_key watch_key;

/* Makes it from the secret number, one of P-256. */
static inline void
watch_use_key(const unsigned char secret[32])
{
	static unsigned char point[BR_EC_KBUF_PUB_MAX_SIZE];
	size_t len = br_ec_get_default()->mulgen(point, secret, 32,
	                                         BR_EC_secp256r1);

	watch_key.kind = X509_KEY_P256;
	watch_key.q = (struct span){ (const char *)point, len };
}

static int
watch_random(void *arg, unsigned char *p, size_t len)
{
	struct watch *w = arg;

	for (size_t i = 0; i < len; i++) {
		w->seed = w->seed * 1103515245 + 12345;
		p[i] = (unsigned char)(w->seed >> 16);
	}
	return 0;
}

static int
watch_judge(void *arg, const struct span *certs, size_t n,
            struct x509_key *key, enum tls_alert *alert)
{
	struct watch *w = arg;
	struct x509 cert;

	fuzz_must(w->judged == 0);
	w->judged = -1;
	*alert = TLS_ALERT_BAD_CERT;
	*key = watch_key;
	fuzz_must(n > 0);
	if (w->reads_certs && x509_read(&cert, certs[0]) < 0)
		return ERR_CERT;
	if (w->reads_certs)
		*key = cert.key;
	w->judged = 1;
	return 0;
}

static inline bool
watch_is_zero(const void *p, size_t len)
{
	const unsigned char *bytes = p;

	for (size_t i = 0; i < len; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

/* The engine that is about to be freed. */
static const void *watch_freed;

static inline void
watch_free_hook(const volatile void *p)
{
	const void *bytes = (const void *)p;

	if (bytes == NULL || bytes != watch_freed)
		return;
	watch_freed = NULL;
	fuzz_must(watch_is_zero(bytes, offsetof(struct tls_engine, in)));
}

/* Of the sanitizers' allocator; the replay has none, and does not look. */
__attribute__((weak)) int __sanitizer_install_malloc_and_free_hooks(
	void (*on_malloc)(const volatile void *, size_t),
	void (*on_free)(const volatile void *));

static inline void
watch_malloc_hook(const volatile void *p, size_t len)
{
	(void)p;
	(void)len;
}

static inline void
watch_free(struct watch *w)
{
	static bool hooked;

	if (!hooked && __sanitizer_install_malloc_and_free_hooks != NULL) {
		fuzz_must(__sanitizer_install_malloc_and_free_hooks(
			watch_malloc_hook, watch_free_hook) > 0);
		hooked = true;
	}
	watch_freed = hooked ? w->e : NULL;
	tls_engine_free(w->e);
	fuzz_must(watch_freed == NULL);
	w->e = NULL;
}

/* conf is filled in but for what is watched. */
static inline void
watch_new(struct watch *w, struct tls_engine_conf *conf)
{
	conf->random = watch_random;
	conf->judge = watch_judge;
	conf->arg = w;
	w->seed = 1;
	w->judged = 0;
	w->came = w->steps = 0;
	w->content = buf_over(w->content_room, sizeof w->content_room);
	w->said = buf_over(w->said_room, sizeof w->said_room);
	w->e = tls_engine_new(conf);
	fuzz_must(w->e != NULL);
}

/* Is the end of the output a fatal alert with these words? */
static inline bool
watch_has_alert(const struct tls_engine *e)
{
	const struct tls_aead *a = &e->writing;
	size_t len = tls_aead_before(a) + 2 + tls_aead_after(a);
	struct span out = tls_engine_output(e);
	const unsigned char *p;

	if (out.len < len)
		return false;
	p = (const unsigned char *)out.p + out.len - len;
	if (p[0] != (a->suite != NULL && tls_engine_is_v13(e)
	             ? TLS_REC_DATA : TLS_REC_ALERT)
	 || p[1] != 3 || p[2] != 3 || ((size_t)p[3] << 8 | p[4]) != len - 5)
		return false;
	return a->suite != NULL || (p[5] == 2 && p[6] == e->failure.alert);
}

/* What failed says why, and nothing gets it going again. had_room: there was
 * room for an alert. */
static inline void
watch_failure(struct watch *w, bool had_room)
{
	struct tls_failure f = *tls_engine_failure(w->e);
	size_t len = tls_engine_output(w->e).len;

	if (f.heard != 0)
		fuzz_must(f.alert == TLS_ALERT_CLOSE && f.text == NULL);
	else
		fuzz_must(f.alert != TLS_ALERT_CLOSE && f.alert <= 255
		          && (f.text != NULL || w->judged < 0)
		          && (!had_room || watch_has_alert(w->e)));
	fuzz_must(tls_engine_step(w->e) == ERR_TLS);
	fuzz_must(tls_engine_write(w->e, (struct span){ "x", 1 }) == 0);
	tls_engine_close(w->e);
	fuzz_must(tls_engine_output(w->e).len == len);
	fuzz_must(tls_engine_content(w->e).len == 0);
	fuzz_must(memcmp(&f, tls_engine_failure(w->e), sizeof f) == 0);
}

/* What holds after every step. */
static inline void
watch_state(const struct watch *w)
{
	const struct tls_engine *e = w->e;
	bool is_open = tls_engine_is_open(e);
	struct span got = tls_engine_content(e);

	fuzz_must(w->steps * TLS_AEAD_HEAD <= w->came);
	fuzz_must(e->failed || e->failure.alert == TLS_ALERT_CLOSE);
	fuzz_must(e->in_at + e->in_len <= sizeof e->in);
	fuzz_must(e->out_at <= e->out_len && e->out_len <= sizeof e->out);
	fuzz_must(e->begun == 0);	/* a flight is sent as a whole */
	fuzz_must(e->message_len <= e->message_cap
	          && e->message_cap <= TLS_FAULT_MESSAGE_MAX + 4);
	if (got.len > 0)
		fuzz_must(is_open && !e->failed && !e->ended
		          && got.len <= TLS_AEAD_CONTENT
		          && (unsigned char *)got.p >= e->in
		          && (unsigned char *)got.p + got.len
		             <= e->in + e->in_at);
	if (!is_open)
		return;
	fuzz_must(e->resumed ? e->ticket != NULL : w->judged == 1);
	fuzz_must(e->reading.suite != NULL && e->writing.suite != NULL);
	fuzz_must(watch_is_zero(e->shake.secrets.now, TLS_HASH_MAX)
	          && watch_is_zero(&e->shake.share, sizeof e->shake.share)
	          && watch_is_zero(e->shake.client_secret, TLS_HASH_MAX)
	          && watch_is_zero(e->shake.server_secret, TLS_HASH_MAX));
}

/* What the engine has to say goes to `said`, unless it is held. */
static inline void
watch_drain(struct watch *w)
{
	struct span out = tls_engine_output(w->e);

	if (w->holds)
		return;
	buf_add(&w->said, out);
	tls_engine_sent(w->e, out.len);
	fuzz_must(tls_engine_output(w->e).len == 0);
}

/* Takes a bite of content. */
static inline bool
watch_take(struct watch *w)
{
	struct span got = tls_engine_content(w->e);

	if (got.len > w->bite)
		got.len = w->bite;
	buf_add(&w->content, got);
	tls_engine_taken(w->e, got.len);
	return got.len > 0;
}

/* Steps until more bytes are needed. */
static inline void
watch_step(struct watch *w)
{
	int r;

	do {
		bool was_failed = w->e->failed;
		bool had_room = !was_failed
			&& w->e->out_len < sizeof w->e->out / 2;

		r = tls_engine_step(w->e);
		fuzz_must(r == 0 || r == 1 || r == ERR_TLS);
		fuzz_must((r == ERR_TLS) == w->e->failed);
		w->steps += r == 1;
		watch_state(w);
		if (r < 0)
			watch_failure(w, had_room);
		watch_drain(w);
	} while (r == 1 || watch_take(w));
}

/* After the peer's end: bytes may lie there, and nothing comes of them. */
static inline void
watch_end(struct watch *w)
{
	size_t len = tls_engine_output(w->e).len, room;

	(void)tls_engine_room(w->e, &room);
	fuzz_must(tls_engine_step(w->e) == 0);
	fuzz_must(tls_engine_content(w->e).len == 0);
	fuzz_must(tls_engine_output(w->e).len == len);
	fuzz_must(tls_engine_is_ended(w->e));
}

/* Bytes of the server, of which up to `piece` come at a time. */
static inline void
watch_give(struct watch *w, struct span bytes, size_t piece)
{
	while (bytes.len > 0 && !w->e->failed) {
		size_t room, n = bytes.len < piece ? bytes.len : piece;
		unsigned char *at = tls_engine_room(w->e, &room);

		fuzz_must(room > 0 || w->e->ended);
		if (room == 0)
			return;
		n = n < room ? n : room;
		memcpy(at, bytes.p, n);
		tls_engine_received(w->e, n);
		w->came += n;
		bytes = span_after(bytes, n);
		watch_step(w);
		if (w->e->ended)
			watch_end(w);
	}
}

/* Whatever an engine says is a row of whole records. */
static inline void
watch_said(const struct watch *w)
{
	struct span in = buf_span(&w->said);

	while (in.len > 0 && !w->said.cut) {
		const unsigned char *p = (const unsigned char *)in.p;
		size_t len;

		fuzz_must(in.len >= TLS_AEAD_HEAD);
		fuzz_must(p[0] >= TLS_REC_CCS && p[0] <= TLS_REC_DATA);
		fuzz_must(p[1] == 3 && (p[2] == 3 || p[2] == 1));
		len = TLS_AEAD_HEAD + ((size_t)p[3] << 8 | p[4]);
		fuzz_must(len > TLS_AEAD_HEAD && len <= TLS_ENGINE_RECORD
		          && len <= in.len);
		in = span_after(in, len);
	}
}

/* A ticket that was kept can be offered. */
static inline void
watch_ticket(const struct tls_ticket *t)
{
	fuzz_must(t->len <= sizeof t->bytes && t->id_len <= sizeof t->id);
	if (t->suite != 0)
		fuzz_must(tls_suite_find(t->suite) != NULL
		          && tls_suite_find(t->suite)->version == t->version
		          && (t->len > 0 || t->id_len > 0));
}

#endif
