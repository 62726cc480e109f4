/* SPDX-License-Identifier: MIT */
/*
 * certs.h - DER and whole certificates for unit tests
 *
 * Bytes lie in one arena that certs_reset() empties. A key is an EC point on
 * P-256 filled with one letter, and its signature is that point: fake_check()
 * takes it for right.
 */
#ifndef HALE_TESTS_CERTS_H
#define HALE_TESTS_CERTS_H

#include "unit.h"

#include "tls/der.h"
#include "tls/x509_path.h"

#define NOW 1700000000		/* 2023-11-14 */

static char arena[1 << 20];
static size_t arena_len;

static inline void
certs_reset(void)
{
	arena_len = 0;
}

static inline struct span
bytes_of(const void *p, size_t len)
{
	struct span s = { arena + arena_len, len };

	if (len > sizeof arena - arena_len)
		abort();
	if (len > 0)
		memcpy(arena + arena_len, p, len);
	arena_len += len;
	return s;
}
#define BYTES(text) bytes_of(text, sizeof(text) - 1)
#define NOTHING ((struct span){ "", 0 })

static inline struct span
join(const struct span *parts, size_t n)
{
	struct span all = { arena + arena_len, 0 };

	for (size_t i = 0; i < n; i++)
		all.len += bytes_of(parts[i].p, parts[i].len).len;
	return all;
}
#define JOIN(...) join((struct span[]){ __VA_ARGS__ }, \
	sizeof((struct span[]){ __VA_ARGS__ }) / sizeof(struct span))

static inline struct span
wrap(int tag, struct span body)
{
	unsigned char head[4] = { (unsigned char)tag };
	size_t n = 2;

	if (body.len < 128) {
		head[1] = (unsigned char)body.len;
	} else if (body.len < 256) {
		head[1] = 0x81;
		head[2] = (unsigned char)body.len;
		n = 3;
	} else {
		struct span all;
		unsigned char long_head[5] = { (unsigned char)tag, 0x83,
			(unsigned char)(body.len >> 16),
			(unsigned char)(body.len >> 8),
			(unsigned char)body.len };

		if (body.len < 65536) {
			head[1] = 0x82;
			head[2] = (unsigned char)(body.len >> 8);
			head[3] = (unsigned char)body.len;
			n = 4;
		} else {
			all = bytes_of(long_head, 5);
			all.len += bytes_of(body.p, body.len).len;
			return all;
		}
	}
	{
		struct span all = bytes_of(head, n);

		all.len += bytes_of(body.p, body.len).len;
		return all;
	}
}
#define TLV(tag, ...) wrap(tag, JOIN(__VA_ARGS__))
#define SEQ(...) TLV(0x30, __VA_ARGS__)

static inline struct span
text_of(const char *text)
{
	return bytes_of(text, strlen(text));
}

/* A Name with one attribute 2.5.4.n of that string type. */
static inline struct span
attribute(int n, int tag, const char *text)
{
	char oid[3] = { 0x55, 4, (char)n };

	return TLV(0x31, SEQ(TLV(6, bytes_of(oid, 3)),
	                     wrap(tag, text_of(text))));
}

static inline struct span
common_name(const char *text)
{
	return text[0] == '\0' ? SEQ(NOTHING) : SEQ(attribute(3, 12, text));
}

static inline struct span
extension(int n, bool critical, struct span value)
{
	char oid[3] = { 0x55, 0x1d, (char)n };

	return SEQ(TLV(6, bytes_of(oid, 3)),
	           critical ? BYTES("\x01\x01\xff") : NOTHING, wrap(4, value));
}

static inline struct span
alt_names(struct span names)
{
	return extension(17, false, SEQ(names));
}

static inline struct span
alt_name(const char *host)
{
	return alt_names(wrap(0x82, text_of(host)));
}

static inline struct span
ca_mark(void)
{
	return extension(19, true, SEQ(BYTES("\x01\x01\xff")));
}

static inline struct span
ca_mark_up_to(char path_max)
{
	return extension(19, true, SEQ(BYTES("\x01\x01\xff"),
	                               TLV(2, bytes_of(&path_max, 1))));
}

static inline struct span
point_of(char letter)
{
	char point[65];

	memset(point, letter, sizeof point);
	point[0] = 4;
	return bytes_of(point, sizeof point);
}

static inline struct span
public_key(char letter)
{
	return SEQ(SEQ(TLV(6, BYTES("\x2a\x86\x48\xce\x3d\x02\x01")),
	               TLV(6, BYTES("\x2a\x86\x48\xce\x3d\x03\x01\x07"))),
	           TLV(3, BYTES("\0"), point_of(letter)));
}

struct plan {
	const char *subject, *issuer;
	char key, signer;
	struct span exts;	/* of JOIN(); len 0: a version 1 certificate */
	const char *from, *to;	/* YYMMDD, or a whole Time, which is generalized
				 * from 15 bytes on; NULL: good at NOW */
	const char *alg;	/* OID; NULL: ecdsa-with-SHA256 */
};

static inline struct span
time_of(const char *text)
{
	if (strlen(text) == 6)
		return TLV(0x17, text_of(text), BYTES("000000Z"));
	return wrap(strlen(text) >= 15 ? 0x18 : 0x17, text_of(text));
}

static inline struct span
validity(const struct plan *p)
{
	return SEQ(time_of(p->from ? p->from : "230101"),
	           time_of(p->to ? p->to : "250101"));
}

static inline struct span
cert_der(const struct plan *p)
{
	struct span alg = SEQ(wrap(6, text_of(p->alg ? p->alg
		: "\x2a\x86\x48\xce\x3d\x04\x03\x02")));
	bool v3 = p->exts.len > 0;
	struct span tbs = SEQ(v3 ? TLV(0xa0, BYTES("\x02\x01\x02")) : NOTHING,
		BYTES("\x02\x01\x01"), alg, common_name(p->issuer),
		validity(p), common_name(p->subject), public_key(p->key),
		v3 ? TLV(0xa3, SEQ(p->exts)) : NOTHING);

	return SEQ(tbs, alg, TLV(3, BYTES("\0"), point_of(p->signer)));
}

static inline struct x509
cert(struct plan p)
{
	struct x509 c;

	assert_int_equal(0, x509_read(&c, cert_der(&p)));
	return c;
}

static inline struct x509
with_subject(struct span subject, struct span exts)
{
	struct x509 c = cert((struct plan){ "x", "y", 'k', 's', exts, NULL,
	                                    NULL, NULL });
	struct span in = subject;

	assert_int_equal(0, der_take(&in, 0x30, &c.subject));
	return c;
}

static inline bool
fake_check(void *arg, const struct x509 *c, const struct x509_key *key)
{
	int *count = arg;

	/* A real one has no means for others. */
	assert_true(c->alg >= X509_RSA_SHA256 && key->kind >= X509_KEY_RSA);
	assert_true(!x509_key_is_rsa(key)
		 || der_uint_bits(key->n) <= X509_RSA_MAX);
	if (count != NULL)
		++*count;
	return der_is_same(key->q, c->sig);
}

#endif
