/* SPDX-License-Identifier: MIT */
/*
 * test_tls_secrets.c - key derivation, by RFC 8448's handshakes
 *
 * What the RFC has nothing of (SHA-384, TLS 1.2, long outputs) was computed
 * with another HMAC, Python's.
 */
#include "rfc8448.h"
#include "tls_script_keys.h"

#include "tls/tls_secrets.h"

static const unsigned char *
bytes(const char *digits)
{
	return (const unsigned char *)rfc8448_span(digits).p;
}

static void
same(const char *digits, const void *got)
{
	struct span want = rfc8448_span(digits);

	assert_true(want.len > 0);
	assert_memory_equal(want.p, got, want.len);
}

static void
derives(const struct tls_secrets *s, const char *label, const char *hash,
        const char *want)
{
	unsigned char out[TLS_HASH_MAX];

	tls_secrets_derive(s, label, bytes(hash), out);
	same(want, out);
}

static void
expands(const char *secret, const char *label, const char *want)
{
	unsigned char out[32];

	tls_secrets_expand(32, bytes(secret), label, NOTHING, out,
	                   rfc8448_span(want).len);
	same(want, out);
}

static void
traffic_keys(const struct rfc8448 *t)
{
	expands(t->client_hs, "key", t->client_hs_key);
	expands(t->client_hs, "iv", t->client_hs_iv);
	expands(t->server_hs, "key", t->server_hs_key);
	expands(t->server_hs, "iv", t->server_hs_iv);
	expands(t->client_ap, "key", t->client_ap_key);
	expands(t->client_ap, "iv", t->client_ap_iv);
	expands(t->server_ap, "key", t->server_ap_key);
	expands(t->server_ap, "iv", t->server_ap_iv);
}

/* A row is a trace. */
static void
every_secret_of_a_trace(void **state)
{
	const struct rfc8448 *t = *state;
	struct tls_secrets s;

	rfc8448_reset();
	tls_secrets_start(&s, 32, NOTHING);
	same(t->early, s.now);
	tls_secrets_next(&s, rfc8448_span(t->shared));
	same(t->handshake, s.now);
	derives(&s, "c hs traffic", t->hello_hash, t->client_hs);
	derives(&s, "s hs traffic", t->hello_hash, t->server_hs);
	tls_secrets_next(&s, NOTHING);
	same(t->master, s.now);
	derives(&s, "c ap traffic", t->server_end_hash, t->client_ap);
	derives(&s, "s ap traffic", t->server_end_hash, t->server_ap);
	derives(&s, "exp master", t->server_end_hash, t->exporter);
	derives(&s, "res master", t->client_end_hash, t->resumption);
	traffic_keys(t);
}

/* The record's own head: a flight may have a change_cipher_spec in front. */
static struct span
sealed_record(const char *flight)
{
	struct span r = rfc8448_span(flight);

	return r.p[0] == SCRIPT_CHANGE ? span_after(r, SCRIPT_HEAD + 1) : r;
}

/* The handshake messages in a flight, by the trace's key. */
static struct span
opened(const char *flight, const char *secret)
{
	struct script_keys k = { 0 };
	struct span body = NOTHING;
	int type = 0;

	script_keys_from(&k, bytes(secret));
	assert_true(script_open(&k, sealed_record(flight), &type, &body));
	assert_int_equal(SCRIPT_HANDSHAKE, type);
	return body;
}

static void
hashes_to(const struct tls_transcript *t, const char *want)
{
	unsigned char hash[TLS_HASH_MAX];

	tls_transcript_hash(t, 32, hash);
	same(want, hash);
}

/* Adds a flight that ends with a Finished. */
static void
flight_is_finished(struct tls_transcript *t, struct span flight,
                   const char *secret, const char *want)
{
	unsigned char hash[TLS_HASH_MAX], mac[TLS_HASH_MAX];
	struct span end = span_after(flight, flight.len - 36);

	flight.len -= end.len;
	tls_transcript_add(t, flight);
	tls_transcript_hash(t, 32, hash);
	tls_secrets_finished(32, bytes(secret), hash, mac);
	same(want, mac);
	assert_memory_equal(mac, end.p + 4, 32);
	tls_transcript_add(t, end);
}

static void
every_hash_of_a_trace(void **state)
{
	const struct rfc8448 *t = *state;
	struct tls_transcript all;

	rfc8448_reset();
	tls_transcript_init(&all);
	tls_transcript_add(&all, span_after(rfc8448_span(t->hello), 5));
	if (t->retry != NULL) {
		tls_transcript_restart(&all, 32);
		tls_transcript_add(&all, span_after(rfc8448_span(t->retry), 5));
		tls_transcript_add(&all,
		                   span_after(rfc8448_span(t->hello2), 5));
	}
	tls_transcript_add(&all, span_after(rfc8448_span(t->server_hello), 5));
	hashes_to(&all, t->hello_hash);
	flight_is_finished(&all, opened(t->server_flight, t->server_hs),
	                   t->server_hs, t->server_finished);
	hashes_to(&all, t->server_end_hash);
	flight_is_finished(&all, opened(t->client_flight, t->client_hs),
	                   t->client_hs, t->client_finished);
	hashes_to(&all, t->client_end_hash);
	certs_reset();
}

static void
a_ticket_and_a_resumption(void **state)
{
	const struct rfc8448 *t = &rfc8448_resumed;
	unsigned char out[TLS_HASH_MAX], mac[TLS_HASH_MAX];
	struct tls_secrets s;

	(void)state;
	rfc8448_reset();
	tls_secrets_expand(32, bytes(rfc8448_simple.resumption), "resumption",
	                   rfc8448_span(rfc8448_simple.ticket_nonce), out, 32);
	same(rfc8448_simple.ticket_psk, out);
	same(t->psk, out);
	tls_secrets_start(&s, 32, (struct span){ (char *)out, 32 });
	same(t->early, s.now);
	tls_secrets_derive(&s, "res binder", NULL, out);
	same(t->binder_key, out);
	tls_secrets_finished(32, out, bytes(t->binder_hash), mac);
	same(t->binder, mac);
	tls_secrets_next(&s, rfc8448_span(t->shared));
	same(t->handshake, s.now);
	derives(&s, "c hs traffic", t->hello_hash, t->client_hs);
	derives(&s, "s hs traffic", t->hello_hash, t->server_hs);
	tls_secrets_next(&s, NOTHING);
	same(t->master, s.now);
}

/* Bytes that count up. */
static struct span
row_of(unsigned char first, size_t len)
{
	char row[64];

	for (size_t i = 0; i < len; i++)
		row[i] = (char)(first + i);
	return bytes_of(row, len);
}

static void
sha384_is_the_longer_hash(void **state)
{
	unsigned char hash[TLS_HASH_MAX], out[TLS_HASH_MAX], mac[TLS_HASH_MAX];
	struct tls_transcript t;
	struct tls_secrets s;

	(void)state;
	rfc8448_reset();
	tls_transcript_init(&t);
	tls_transcript_add(&t, BYTES("hello"));
	tls_transcript_hash(&t, 48, hash);
	tls_secrets_start(&s, 48, NOTHING);
	same("7ee8206f5570023e6dc7519eb1073bc4e791ad37b5c382aa10ba18e2357e7169"
	     "71f9362f2c2fe2a76bfd78dfec4ea9b5", s.now);
	tls_secrets_next(&s, row_of(0, 32));
	same("03e67b8797b8868b32c737ad09d2454266b47b828fe83999484501c1d0f12bfe"
	     "fdecf2341ab055c50f8f81a4d91610dd", s.now);
	tls_secrets_derive(&s, "c hs traffic", hash, out);
	same("f25365c21b4126ef85513aa32e3b18efd06b14918c66b776135f72763a43b8bb"
	     "c97ac114e456e3c050dc880fc985858f", out);
	tls_secrets_finished(48, out, hash, mac);
	same("148d785bb64a8bb3511af2267e178e011396d5ab4557c234acb13abcf4c866d6"
	     "c02d9b9407a6793b48179fb851324399", mac);
	tls_secrets_expand(48, out, "key", NOTHING, out, 32);
	same("fb02e29328adbf41693807aaa96ba669aa2f037886c2b2c25514122e129f1616",
	     out);
	tls_secrets_next(&s, NOTHING);
	same("16d23b35c31232dd08cf8189bfb64942b4232e1b8787e94fa3fbf16413dc38ed"
	     "5a7b3410e633a2cc9c790e22541ffae7", s.now);
	tls_secrets_start(&s, 48, row_of(7, 48));
	same("a2244eb7b7ec1c6d9eb99bf6ee39de7b0ca348e7b77ace8fe3faa4dae2497a7d"
	     "cf3c3ce3d74d1f351204cc48290ffb92", s.now);
	certs_reset();
}

static void
sha384_restarts_after_a_retry(void **state)
{
	unsigned char hash[TLS_HASH_MAX];
	struct tls_transcript t;

	(void)state;
	rfc8448_reset();
	tls_transcript_init(&t);
	tls_transcript_add(&t, BYTES("first"));
	tls_transcript_restart(&t, 48);
	tls_transcript_add(&t, BYTES("second"));
	tls_transcript_hash(&t, 48, hash);
	same("ffacb9f57af30741bba38f4da8dbd424b147dea8c4152587b4dd0775defa285f"
	     "72c3a59fffa280be24aa3b4cd3a0a45f", hash);
	certs_reset();
}

/* As many bytes as can be asked for, of a label and a context that are as long
 * as they can be. */
static void
the_longest_output(void **state)
{
	static const char sha256[] =
		"e485d5df29f1626e851c8094b2f32a56a121f15d3f8ea85cef0222af5113f819"
		"43feafe5e5cf414863d0ba07993f848e96717e211efb5148daa302db44c51e63"
		"82ba3e4f3cce01fa0bf746a1c3f66154392d4dd2a8412010920e2b83c61fb284"
		"d820627698e629f0aec25cdb19e60e6e6a717078f4bc61bee03707f598123545"
		"c64e4355c6468456e0dcb51a3bfd2b95ce77552825120f149ed1a199087ff347"
		"86db810a2bf14324138467e1a226506d4e1a3b23967e59dd32c81cd54bc9979e"
		"50cc9defc675b23725d4ab08207fd0a097294e62e1aafb86cef55ae0a8123ef2"
		"782a4285ca3a9b4c3826b494714e259b48ad5441283630c2b8d82dc34e3b70";
	static const char sha384[] =
		"05d11fd56e3ee84ef5a78ffb8774c19d8854e2e51e8ec07f5b2250d70ad06a26"
		"3abc3991c0bbd586a027d60a88c04aab73f4680bdf776357a2102f59ab934887"
		"d598052bfac54c015cdce943990c6b7447049cc3324c2c7db0e86dcef41495b0"
		"6c2b51374ad83ffadc639a5ec8e58f1b1cb79e812a94eefdac77da398eaf3762"
		"20e3f882265db1dfb3497324d956d29d88aa22d617a5ecaa1a1183edccf0e34d"
		"b4c7caeecb4591449cba0035337a1a258f0293c8171fdfc20db2eef1d514b7b2"
		"696e3ca43e6b4f0c4203c3767a265f9e4938d58bed97020e17bc370f2a6d30a0"
		"3847245f54b8211d6b020ea80d79ff02ad44a18c888e5c7bfe01be76aed30f";
	unsigned char *out = (unsigned char *)guarded_room(255);

	(void)state;
	rfc8448_reset();
	tls_secrets_expand(32, (const unsigned char *)row_of(1, 32).p,
	                   "123456789012345678", row_of(100, 48), out, 255);
	same(sha256, out);
	tls_secrets_expand(48, (const unsigned char *)row_of(1, 48).p,
	                   "123456789012345678", row_of(100, 48), out, 255);
	same(sha384, out);
	certs_reset();
}

/* The next traffic secret takes the place of the one it is made from. */
static void
a_secret_is_replaced_by_the_next(void **state)
{
	unsigned char secret[32], want[32];

	(void)state;
	rfc8448_reset();
	memcpy(secret, bytes(rfc8448_simple.client_ap), sizeof secret);
	tls_secrets_expand(32, secret, "traffic upd", NOTHING, want, 32);
	tls_secrets_expand(32, secret, "traffic upd", NOTHING, secret, 32);
	assert_memory_equal(want, secret, 32);
	assert_memory_not_equal(bytes(rfc8448_simple.client_ap), secret, 32);
}

static void
prf(size_t hash_len, const char *label, struct span more, const char *want)
{
	size_t len = rfc8448_span(want).len;
	unsigned char *out = (unsigned char *)guarded_room(len);

	tls_secrets_prf(hash_len, row_of(1, 48), label, row_of(50, 32), more,
	                out, len);
	same(want, out);
}

static void
the_prf_of_tls_12(void **state)
{
	(void)state;
	rfc8448_reset();
	prf(32, "key expansion", row_of(90, 32),
	    "f1af593a84a82b96d9eac28aceabb1f9f394636b7f468d04cfaf971360775206"
	    "92f7e04e7bb84e919021a5d8629692be763170428bf809e62e85b43cd105eb7d"
	    "3469f50547905d274c6782e32855139c08aff096272abf17b448c2507abdc2c1"
	    "3013a817709be32e");
	prf(32, "client finished", NOTHING, "12254f25d9d7f5c2a5e6d2ea");
	prf(48, "key expansion", row_of(90, 32),
	    "6ad60b863674e591c1d7d119f394531d681984c27c0fb817eba7cc5a36ee7d2f"
	    "0bf1d5fdca9261dd79a61015661c65483582b033c6167359159f42e6dd5cc482"
	    "b99deb95429a4ddd81f403fa9b8714f431c79e1691403c9c22201c3b1a1f4dce"
	    "20b6228603f4f530");
	prf(48, "client finished", NOTHING, "d20809d2a81546f04305faa3");
	certs_reset();
}

static void
equal_bytes_are_equal_and_no_others(void **state)
{
	char a[48], b[48];

	(void)state;
	for (size_t len = 0; len <= sizeof a; len += 12) {
		memset(a, 'x', sizeof a);
		memset(b, 'x', sizeof b);
		assert_true(tls_secrets_equal(guarded(a, len), guarded(b, len),
		                              len));
		for (size_t bit = 0; bit < 8 * len; bit++) {
			b[bit / 8] = (char)(b[bit / 8] ^ 1 << bit % 8);
			assert_false(tls_secrets_equal(a, b, len));
			b[bit / 8] = 'x';
		}
	}
}

int
main(void)
{
	unit_add("every secret of a simple handshake", every_secret_of_a_trace,
	         &rfc8448_simple);
	unit_add("every hash of a simple handshake", every_hash_of_a_trace,
	         &rfc8448_simple);
	unit_add("every secret of HelloRetryRequest", every_secret_of_a_trace,
	         &rfc8448_retry);
	unit_add("every hash of HelloRetryRequest", every_hash_of_a_trace,
	         &rfc8448_retry);
	unit_add("every secret of client authentication",
	         every_secret_of_a_trace, &rfc8448_client_auth);
	unit_add("every hash of client authentication", every_hash_of_a_trace,
	         &rfc8448_client_auth);
	unit_add("every secret of compatibility mode", every_secret_of_a_trace,
	         &rfc8448_compat);
	unit_add("every hash of compatibility mode", every_hash_of_a_trace,
	         &rfc8448_compat);
	UNIT_TEST(a_ticket_and_a_resumption);
	UNIT_TEST(sha384_is_the_longer_hash);
	UNIT_TEST(sha384_restarts_after_a_retry);
	UNIT_TEST(the_longest_output);
	UNIT_TEST(a_secret_is_replaced_by_the_next);
	UNIT_TEST(the_prf_of_tls_12);
	UNIT_TEST(equal_bytes_are_equal_and_no_others);
	return unit_run("tls_secrets");
}
