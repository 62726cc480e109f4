/* SPDX-License-Identifier: MIT */
/* tls/tls_suite.c - the cipher suites that are spoken here */
#include "tls/tls_suite.h"

#include "tls/wire.h"

/* In the order of an offer, without what the CPU says. */
static const struct tls_suite suites[] = {
	{ 0x1301, TLS_V13, TLS_AES_GCM,  16, 32, TLS_AUTH_ANY },
	{ 0x1302, TLS_V13, TLS_AES_GCM,  32, 48, TLS_AUTH_ANY },
	{ 0x1303, TLS_V13, TLS_CHACHA20, 32, 32, TLS_AUTH_ANY },
	{ 0xC02B, TLS_V12, TLS_AES_GCM,  16, 32, TLS_AUTH_ECDSA },
	{ 0xC02F, TLS_V12, TLS_AES_GCM,  16, 32, TLS_AUTH_RSA },
	{ 0xC02C, TLS_V12, TLS_AES_GCM,  32, 48, TLS_AUTH_ECDSA },
	{ 0xC030, TLS_V12, TLS_AES_GCM,  32, 48, TLS_AUTH_RSA },
	{ 0xCCA9, TLS_V12, TLS_CHACHA20, 32, 32, TLS_AUTH_ECDSA },
	{ 0xCCA8, TLS_V12, TLS_CHACHA20, 32, 32, TLS_AUTH_RSA },
};
#define SUITES (sizeof suites / sizeof suites[0])

/* see tls/tls_suite.h */
const struct tls_suite *
tls_suite_find(unsigned number)
{
	for (size_t i = 0; i < SUITES; i++)
		if (suites[i].number == number)
			return &suites[i];
	return NULL;
}

static void
write_some(struct buf *b, unsigned version, enum tls_cipher cipher)
{
	for (size_t i = 0; i < SUITES; i++)
		if (suites[i].version == version && suites[i].cipher == cipher)
			wire_put(b, 2, suites[i].number);
}

/* see tls/tls_suite.h */
void
tls_suite_write_offer(struct buf *b, bool cpu_has_aes)
{
	enum tls_cipher first = cpu_has_aes ? TLS_AES_GCM : TLS_CHACHA20;
	enum tls_cipher second = cpu_has_aes ? TLS_CHACHA20 : TLS_AES_GCM;

	for (unsigned version = TLS_V13; version >= TLS_V12; version--) {
		write_some(b, version, first);
		write_some(b, version, second);
	}
}

/* see tls/tls_suite.h */
void
tls_suite_write_name(struct buf *b, const struct tls_suite *s)
{
	if (s->version == TLS_V12)
		buf_fmt(b, "ECDHE_%s_WITH_",
		        s->auth == TLS_AUTH_RSA ? "RSA" : "ECDSA");
	if (s->cipher == TLS_CHACHA20)
		buf_str(b, "CHACHA20_POLY1305");
	else
		buf_fmt(b, "AES_%d_GCM", s->key_len * 8);
	buf_fmt(b, "_SHA%d", s->hash_len * 8);
}
