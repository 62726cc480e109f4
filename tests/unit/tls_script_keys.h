/* SPDX-License-Identifier: MIT */
/*
 * tls_script_keys.h - the secrets and records of a scripted TLS server
 *
 * On BearSSL's primitives alone, so that it checks ours and does not share
 * their faults. SHA-256 and AES_128_GCM only. Results lie in the arena of
 * certs.h.
 */
#ifndef HALE_TESTS_TLS_SCRIPT_KEYS_H
#define HALE_TESTS_TLS_SCRIPT_KEYS_H

#include "certs.h"

#include <bearssl.h>

#define SCRIPT_TLS12 0x0303
#define SCRIPT_TLS13 0x0304

/* Types of records. */
#define SCRIPT_CHANGE    20
#define SCRIPT_ALERT     21
#define SCRIPT_HANDSHAKE 22
#define SCRIPT_DATA      23

#define SCRIPT_HEAD  5		/* bytes of a record's head */
#define SCRIPT_TAG   16
#define SCRIPT_NONCE 8		/* bytes of it that TLS 1.2 sends */
#define SCRIPT_HASH  32

/* One direction's. */
struct script_keys {
	int           version;
	bool          on;	/* records are sealed */
	unsigned char secret[SCRIPT_HASH];	/* TLS 1.3: for KeyUpdate */
	unsigned char key[16];
	unsigned char iv[12];	/* TLS 1.2: 4 bytes */
	uint64_t      seq;
};

/* A number in that many bytes, the first one most significant. */
static inline struct span
script_number(uint64_t n, size_t bytes)
{
	unsigned char out[8];

	for (size_t i = 0; i < bytes; i++)
		out[i] = (unsigned char)(n >> 8 * (bytes - 1 - i));
	return bytes_of(out, bytes);
}

/* A vector (RFC 8446, 3.4): a length in that many bytes, and the body. */
static inline struct span
script_vector(size_t bytes, struct span body)
{
	struct span all = script_number(body.len, bytes);

	all.len += bytes_of(body.p, body.len).len;
	return all;
}

static inline void
script_hmac(unsigned char out[SCRIPT_HASH], struct span key, struct span text)
{
	br_hmac_key_context k;
	br_hmac_context c;

	br_hmac_key_init(&k, &br_sha256_vtable, key.p, key.len);
	br_hmac_init(&c, &k, 0);
	br_hmac_update(&c, text.p, text.len);
	(void)br_hmac_out(&c, out);
}

static inline struct span
script_secret(const unsigned char *secret)
{
	return bytes_of(secret, SCRIPT_HASH);
}

static inline void
script_extract(unsigned char out[SCRIPT_HASH], const unsigned char *salt,
               struct span input)
{
	script_hmac(out, script_secret(salt), input);
}

/* HKDF-Expand-Label (RFC 8446, 7.1), of one block at most. */
static inline void
script_expand(unsigned char *out, size_t len, const unsigned char *secret,
              const char *label, struct span context)
{
	unsigned char block[SCRIPT_HASH];
	struct span info = JOIN(script_number(len, 2),
		script_vector(1, JOIN(BYTES("tls13 "), text_of(label))),
		script_vector(1, context), BYTES("\1"));

	script_hmac(block, script_secret(secret), info);
	memcpy(out, block, len);
}

/* With the hash of nothing, as "derived" and "res binder" need it. */
static inline void
script_derive(unsigned char out[SCRIPT_HASH], const unsigned char *secret,
              const char *label)
{
	unsigned char hash[SCRIPT_HASH];
	br_sha256_context none;

	br_sha256_init(&none);
	br_sha256_out(&none, hash);
	script_expand(out, SCRIPT_HASH, secret, label, script_secret(hash));
}

static inline void
script_keys_from(struct script_keys *k, const unsigned char *secret)
{
	k->version = SCRIPT_TLS13;
	k->on = true;
	k->seq = 0;
	memmove(k->secret, secret, SCRIPT_HASH);
	script_expand(k->key, sizeof k->key, secret, "key", NOTHING);
	script_expand(k->iv, sizeof k->iv, secret, "iv", NOTHING);
}

static inline void
script_keys_update(struct script_keys *k)
{
	unsigned char next[SCRIPT_HASH];

	script_expand(next, sizeof next, k->secret, "traffic upd", NOTHING);
	script_keys_from(k, next);
}

/* Runs over len bytes at p and gives the tag. */
static inline void
script_gcm(const struct script_keys *k, bool seal, const unsigned char *nonce,
           struct span aad, char *p, size_t len, unsigned char *tag)
{
	br_aes_ct_ctr_keys aes;
	br_gcm_context gcm;

	br_aes_ct_ctr_init(&aes, k->key, sizeof k->key);
	br_gcm_init(&gcm, &aes.vtable, br_ghash_ctmul);
	br_gcm_reset(&gcm, nonce, sizeof k->iv);
	br_gcm_aad_inject(&gcm, aad.p, aad.len);
	br_gcm_flip(&gcm);
	br_gcm_run(&gcm, seal, p, len);
	br_gcm_get_tag(&gcm, tag);
}

/* TLS 1.3: the sequence number is mixed into the iv. TLS 1.2 (RFC 5288): it
 * follows the iv, as the sender chose it. */
static inline void
script_nonce(const struct script_keys *k, unsigned char nonce[12],
             const char *sent)
{
	memcpy(nonce, k->iv, sizeof k->iv);
	if (k->version == SCRIPT_TLS12) {
		if (sent != NULL)
			memcpy(nonce + 4, sent, SCRIPT_NONCE);
		return;
	}
	for (size_t i = 0; i < 8; i++)
		nonce[4 + i] ^= (unsigned char)(k->seq >> 8 * (7 - i));
}

static inline struct span
script_plain_record(int type, struct span body)
{
	return JOIN(script_number((unsigned)type, 1),
	            script_number(SCRIPT_TLS12, 2), script_vector(2, body));
}

static inline struct span
script_seal13(struct script_keys *k, int type, struct span body, size_t pad)
{
	struct span inner = JOIN(body, script_number((unsigned)type, 1));
	unsigned char nonce[12], tag[SCRIPT_TAG];
	struct span head;

	while (pad-- > 0)
		inner.len += BYTES("\0").len;
	head = JOIN(script_number(SCRIPT_DATA, 1),
	            script_number(SCRIPT_TLS12, 2),
	            script_number(inner.len + SCRIPT_TAG, 2));
	script_nonce(k, nonce, NULL);
	script_gcm(k, true, nonce, head, (char *)inner.p, inner.len, tag);
	return JOIN(head, inner, bytes_of(tag, sizeof tag));
}

static inline struct span
script_aad12(const struct script_keys *k, int type, size_t len)
{
	return JOIN(script_number(k->seq, 8), script_number((unsigned)type, 1),
	            script_number(SCRIPT_TLS12, 2), script_number(len, 2));
}

static inline struct span
script_seal12(struct script_keys *k, int type, struct span body)
{
	struct span sent = script_number(k->seq, SCRIPT_NONCE);
	struct span inner = bytes_of(body.p, body.len);
	unsigned char nonce[12], tag[SCRIPT_TAG];

	script_nonce(k, nonce, sent.p);
	script_gcm(k, true, nonce, script_aad12(k, type, body.len),
	           (char *)inner.p, inner.len, tag);
	return script_plain_record(type, JOIN(sent, inner,
	                                      bytes_of(tag, sizeof tag)));
}

/* A record of these bytes and, with TLS 1.3, so many zeros behind them. */
static inline struct span
script_seal(struct script_keys *k, int type, struct span body, size_t pad)
{
	struct span record;

	if (!k->on)
		return script_plain_record(type, body);
	record = k->version == SCRIPT_TLS13
		? script_seal13(k, type, body, pad)
		: script_seal12(k, type, body);
	k->seq++;
	return record;
}

/* The bytes of a sealed record, and its type; false: it does not open. */
static inline bool
script_open(struct script_keys *k, struct span record, int *type,
            struct span *body)
{
	struct span head = { record.p, SCRIPT_HEAD };
	struct span in = span_after(record, SCRIPT_HEAD);
	size_t sent = k->version == SCRIPT_TLS12 ? SCRIPT_NONCE : 0;
	unsigned char nonce[12], tag[SCRIPT_TAG];
	struct span aad, inner;

	if (in.len < sent + SCRIPT_TAG)
		return false;
	script_nonce(k, nonce, in.p);
	inner = bytes_of(in.p + sent, in.len - sent - SCRIPT_TAG);
	aad = sent > 0 ? script_aad12(k, *type, inner.len) : head;
	script_gcm(k, false, nonce, aad, (char *)inner.p, inner.len, tag);
	k->seq++;
	if (memcmp(tag, in.p + in.len - SCRIPT_TAG, sizeof tag) != 0)
		return false;
	if (k->version == SCRIPT_TLS13) {
		while (inner.len > 0 && inner.p[inner.len - 1] == 0)
			inner.len--;
		if (inner.len == 0)
			return false;
		*type = (unsigned char)inner.p[--inner.len];
	}
	*body = inner;
	return true;
}

#endif
