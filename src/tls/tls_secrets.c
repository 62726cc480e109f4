/* SPDX-License-Identifier: MIT */
/*
 * tls/tls_secrets.c - key derivation of TLS 1.3 and 1.2
 *
 * Both are HMAC over and over, with little else: HKDF-Extract is one HMAC with
 * the salt as its key; HKDF-Expand (RFC 5869, 2.3) and P_hash (RFC 5246, 5) run
 * it until there are bytes enough.
 */
#include "tls/tls_secrets.h"

#include "tls/wire.h"

#define MESSAGE_HASH 254	/* type of the message of RFC 8446, 4.4.1 */
#define LABEL_PREFIX "tls13 "
#define INFO_MAX     (2 + 1 + 6 + TLS_LABEL_MAX + 1 + TLS_HASH_MAX)

static const unsigned char zeros[TLS_HASH_MAX];

/* see tls/tls_secrets.h */
void
tls_transcript_init(struct tls_transcript *t)
{
	br_sha256_init(&t->sha256);
	br_sha384_init(&t->sha384);
	br_sha512_init(&t->sha512);
}

/* see tls/tls_secrets.h */
void
tls_transcript_add(struct tls_transcript *t, struct span bytes)
{
	br_sha256_update(&t->sha256, bytes.p, bytes.len);
	br_sha384_update(&t->sha384, bytes.p, bytes.len);
	br_sha512_update(&t->sha512, bytes.p, bytes.len);
}

/* see tls/tls_secrets.h */
void
tls_transcript_hash(const struct tls_transcript *t, size_t hash_len,
                    unsigned char *out)
{
	if (hash_len == br_sha512_SIZE)
		br_sha512_out(&t->sha512, out);
	else if (hash_len == br_sha384_SIZE)
		br_sha384_out(&t->sha384, out);
	else
		br_sha256_out(&t->sha256, out);
}

/* see tls/tls_secrets.h */
void
tls_transcript_restart(struct tls_transcript *t, size_t hash_len)
{
	unsigned char message[4 + TLS_HASH_MAX] = {
		MESSAGE_HASH, 0, 0, (unsigned char)hash_len,
	};

	tls_transcript_hash(t, hash_len, message + 4);
	tls_transcript_init(t);
	tls_transcript_add(t, span_over(message, 4 + hash_len));
}

static void
key_init(br_hmac_key_context *k, size_t hash_len, struct span key)
{
	br_hmac_key_init(k, hash_len == br_sha384_SIZE ? &br_sha384_vtable
	                                               : &br_sha256_vtable,
	                 key.p, key.len);
}

/* The HMAC of the n parts in a row; out may be one of them. */
static void
mac(const br_hmac_key_context *k, const struct span *parts, size_t n,
    unsigned char *out)
{
	br_hmac_context c;

	br_hmac_init(&c, k, 0);
	for (size_t i = 0; i < n; i++)
		br_hmac_update(&c, parts[i].p, parts[i].len);
	br_hmac_out(&c, out);
	explicit_bzero(&c, sizeof c);
}

/* The same with a key that is used once. */
static void
mac_once(size_t hash_len, const unsigned char *key, struct span bytes,
         unsigned char *out)
{
	br_hmac_key_context k;

	key_init(&k, hash_len, span_over(key, hash_len));
	mac(&k, &bytes, 1, out);
	explicit_bzero(&k, sizeof k);
}

/* HKDF-Extract; nothing stands for as many zeros as the hash is long. */
static void
extract(struct tls_secrets *s, const unsigned char *salt, struct span input)
{
	if (input.len == 0)
		input = span_over(zeros, s->hash_len);
	mac_once(s->hash_len, salt, input, s->now);
}

/* see tls/tls_secrets.h */
void
tls_secrets_start(struct tls_secrets *s, size_t hash_len, struct span psk)
{
	s->hash_len = hash_len;
	extract(s, zeros, psk);
}

/* see tls/tls_secrets.h */
void
tls_secrets_next(struct tls_secrets *s, struct span input)
{
	unsigned char salt[TLS_HASH_MAX];

	tls_secrets_derive(s, "derived", NULL, salt);
	extract(s, salt, input);
	explicit_bzero(salt, sizeof salt);
}

/* see tls/tls_secrets.h */
void
tls_secrets_derive(const struct tls_secrets *s, const char *label,
                   const unsigned char *hash, unsigned char *out)
{
	unsigned char of_nothing[TLS_HASH_MAX];
	struct tls_transcript t;

	if (hash == NULL) {
		tls_transcript_init(&t);
		tls_transcript_hash(&t, s->hash_len, of_nothing);
		hash = of_nothing;
	}
	tls_secrets_expand(s->hash_len, s->now, label,
	                   span_over(hash, s->hash_len), out, s->hash_len);
}

static void
write_info(struct buf *b, size_t len, const char *label, struct span context)
{
	size_t at;

	wire_put(b, 2, (unsigned)len);
	at = wire_open(b, 1);
	buf_str(b, LABEL_PREFIX);
	buf_str(b, label);
	wire_close(b, 1, at);
	at = wire_open(b, 1);
	buf_add(b, context);
	wire_close(b, 1, at);
}

/* see tls/tls_secrets.h */
void
tls_secrets_expand(size_t hash_len, const unsigned char *secret,
                   const char *label, struct span context,
                   unsigned char *out, size_t len)
{
	unsigned char block[TLS_HASH_MAX], count = 0;
	char memory[INFO_MAX];
	struct buf info = buf_over(memory, sizeof memory);
	struct span parts[3];
	br_hmac_key_context k;

	write_info(&info, len, label, context);
	parts[0] = span_over(block, 0);	/* the block before, if there is one */
	parts[1] = buf_span(&info);
	parts[2] = span_over(&count, 1);
	key_init(&k, hash_len, span_over(secret, hash_len));
	while (len > 0) {
		size_t n = len < hash_len ? len : hash_len;

		count++;
		mac(&k, parts, 3, block);
		memcpy(out, block, n);
		parts[0].len = hash_len;
		out += n;
		len -= n;
	}
	explicit_bzero(&k, sizeof k);
	explicit_bzero(block, sizeof block);
}

/* see tls/tls_secrets.h */
void
tls_secrets_finished(size_t hash_len, const unsigned char *secret,
                     const unsigned char *hash, unsigned char *out)
{
	unsigned char key[TLS_HASH_MAX];

	tls_secrets_expand(hash_len, secret, "finished", (struct span){ 0 },
	                   key, hash_len);
	mac_once(hash_len, key, span_over(hash, hash_len), out);
	explicit_bzero(key, sizeof key);
}

/* see tls/tls_secrets.h */
void
tls_secrets_prf(size_t hash_len, struct span secret, const char *label,
                struct span seed, struct span more,
                unsigned char *out, size_t len)
{
	unsigned char a[TLS_HASH_MAX] = { 0 }, block[TLS_HASH_MAX];
	struct span parts[4] = {
		span_over(a, hash_len), span_of(label), seed, more,
	};
	br_hmac_key_context k;

	key_init(&k, hash_len, secret);
	mac(&k, parts + 1, 3, a);
	while (len > 0) {
		size_t n = len < hash_len ? len : hash_len;

		mac(&k, parts, 4, block);
		memcpy(out, block, n);
		mac(&k, parts, 1, a);
		out += n;
		len -= n;
	}
	explicit_bzero(&k, sizeof k);
	explicit_bzero(a, sizeof a);
	explicit_bzero(block, sizeof block);
}

/* see tls/tls_secrets.h */
bool
tls_secrets_equal(const void *a, const void *b, size_t len)
{
	const unsigned char *p = a, *q = b;
	unsigned differ = 0;

	for (size_t i = 0; i < len; i++)
		differ |= p[i] ^ q[i];
	return differ == 0;
}
