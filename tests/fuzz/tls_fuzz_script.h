/* SPDX-License-Identifier: MIT */
/*
 * tls_fuzz_script.h - tls_script.h's server without cmocka
 *
 * What it asks of a client's messages must hold while the server is honest.
 * Once it is not, both may differ about keys or versions: then it gives up, and
 * the engine is not at fault.
 *
 * Curves and signatures cost a thousand times what the rest does, and are
 * nearly always of the same numbers: what was once computed is looked up.
 */
#ifndef HALE_TESTS_TLS_FUZZ_SCRIPT_H
#define HALE_TESTS_TLS_FUZZ_SCRIPT_H

#include "fuzz.h"

#include <bearssl.h>
#include <setjmp.h>
#include <string.h>

#include "base/buf.h"

static bool    script_is_honest;
static jmp_buf script_given_up;

static inline void
script_must(int holds)
{
	if (holds)
		return;
	fuzz_must(!script_is_honest);
	longjmp(script_given_up, 1);
}

static inline void
script_fail(const char *why, ...)
{
	(void)why;
	script_must(0);
}

#define KNOWN_SLOTS 256
#define KNOWN_ARGS  256		/* bytes; what has more is computed again */
#define KNOWN_MAX   80

struct known {
	size_t args_len, len;
	uint32_t r;
	unsigned char args[KNOWN_ARGS], out[KNOWN_MAX];
};

/* Where the result of these arguments is, or is to be put: then len is 0 and
 * args_len not. */
static inline struct known *
known_find(const struct buf *args)
{
	static struct known slots[KNOWN_SLOTS];
	struct known *k;
	unsigned hash = 0;

	for (size_t i = 0; i < args->len; i++)
		hash = hash * 31 + (unsigned char)args->p[i];
	k = &slots[(hash ^ hash >> 16) % KNOWN_SLOTS];
	if (k->args_len == args->len
	 && memcmp(k->args, args->p, args->len) == 0)
		return k;
	memcpy(k->args, args->p, args->len);
	k->args_len = args->len;
	k->len = 0;
	return k;
}

static inline void
known_add(struct buf *args, const void *p, size_t len)
{
	buf_add(args, (struct span){ (const char *)&len, sizeof len });
	buf_add(args, (struct span){ p, len });
}

static size_t
script_mulgen(unsigned char *out, const unsigned char *x, size_t len, int curve)
{
	char room[KNOWN_ARGS];
	struct buf args = buf_over(room, sizeof room);
	struct known *k;

	buf_fmt(&args, "mulgen %d", curve);
	known_add(&args, x, len);
	k = known_find(&args);
	if (k->len == 0)
		k->len = br_ec_get_default()->mulgen(k->out, x, len, curve);
	memcpy(out, k->out, k->len);
	return k->len;
}

static uint32_t
script_mul(unsigned char *point, size_t point_len, const unsigned char *x,
           size_t len, int curve)
{
	char room[KNOWN_ARGS];
	struct buf args = buf_over(room, sizeof room);
	struct known *k;

	buf_fmt(&args, "mul %d", curve);
	known_add(&args, point, point_len);
	known_add(&args, x, len);
	k = known_find(&args);
	if (k->len == 0) {
		k->r = br_ec_get_default()->mul(point, point_len, x, len,
		                                curve);
		memcpy(k->out, point, point_len);
		k->len = point_len;
	}
	memcpy(point, k->out, k->len);
	return k->r;
}

static inline size_t
script_ecdsa(const br_ec_impl *ec, const br_hash_class *hash,
             const void *digest, const br_ec_private_key *key, void *sig)
{
	char room[KNOWN_ARGS];
	struct buf args = buf_over(room, sizeof room);
	struct known *k;

	(void)ec;
	buf_str(&args, "sign");
	known_add(&args, digest, 32);
	known_add(&args, key->x, key->xlen);
	k = known_find(&args);
	if (k->len == 0)
		k->len = br_ecdsa_i31_sign_asn1(br_ec_get_default(), hash,
		                                digest, key, k->out);
	memcpy(sig, k->out, k->len);
	return k->len;
}

/* The engine's own: the linker wraps it. */
uint32_t __real_br_ecdsa_i31_vrfy_asn1(const br_ec_impl *ec,
	const void *digest, size_t digest_len, const br_ec_public_key *key,
	const void *sig, size_t sig_len);
uint32_t __wrap_br_ecdsa_i31_vrfy_asn1(const br_ec_impl *ec,
	const void *digest, size_t digest_len, const br_ec_public_key *key,
	const void *sig, size_t sig_len);

uint32_t
__wrap_br_ecdsa_i31_vrfy_asn1(const br_ec_impl *ec, const void *digest,
                              size_t digest_len, const br_ec_public_key *key,
                              const void *sig, size_t sig_len)
{
	char room[KNOWN_ARGS];
	struct buf args = buf_over(room, sizeof room);
	struct known *k;

	buf_fmt(&args, "verify %d", key->curve);
	known_add(&args, digest, digest_len);
	known_add(&args, key->q, key->qlen);
	known_add(&args, sig, sig_len);
	if (args.cut)
		return __real_br_ecdsa_i31_vrfy_asn1(ec, digest, digest_len,
			key, sig, sig_len);
	k = known_find(&args);
	if (k->len == 0) {
		k->r = __real_br_ecdsa_i31_vrfy_asn1(ec, digest, digest_len,
			key, sig, sig_len);
		k->len = 1;
	}
	return k->r;
}

static inline const br_ec_impl *
script_ec(void)
{
	static br_ec_impl ec;

	ec.mulgen = script_mulgen;
	ec.mul = script_mul;
	return &ec;
}

#define br_ec_get_default             script_ec
#define br_ecdsa_i31_sign_asn1        script_ecdsa

/* In the place of unit.h. */
#define HALE_TESTS_UNIT_H
#define assert_true(holds)            script_must(holds)
#define assert_false(holds)           script_must(!(holds))
#define assert_int_equal(a, b)        script_must((a) == (b))
#define assert_int_not_equal(a, b)    script_must((a) != (b))
#define assert_non_null(p)            script_must((p) != NULL)
#define fail_msg(...)                 script_fail(__VA_ARGS__)

#include "../unit/tls_peers.h"

#endif
