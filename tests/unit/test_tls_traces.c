/* SPDX-License-Identifier: MIT */
/*
 * test_tls_traces.c - RFC 8448's handshakes through the engine, byte for byte
 *
 * The engine sends the trace's ClientHellos and is given its private keys; all
 * else that it sends must be the trace's. The RFC does not have the client's
 * RSA key: in its place stands a check that what was to be signed, salt and
 * all, is what the trace's signature opens to.
 */
#include "rfc8448.h"

#include <bearssl.h>

#include "base/err.h"
#include "tls/tls_engine.h"
#include "tls/x509.h"

struct play {
	const struct rfc8448 *t;
	struct tls_engine *e;
	struct tls_ticket ticket;
	struct tls_client_cert id;
	struct span random;	/* what is given, again and again */
	bool judged;
};

static struct span signed_em, signature;	/* the client's */

static struct span
bytes(const char *digits)
{
	return rfc8448_span(digits);
}

/* The engine draws keys, and much that the given ClientHello makes useless. */
static int
give_random(void *arg, unsigned char *p, size_t len)
{
	struct play *play = arg;

	for (size_t i = 0; i < len; i++)
		p[i] = (unsigned char)play->random.p[i % play->random.len];
	return 0;
}

static int
judge(void *arg, const struct span *certs, size_t n, struct x509_key *key,
      enum tls_alert *alert)
{
	struct play *play = arg;
	struct span want = bytes(play->t->server_cert);
	struct x509 cert;

	(void)alert;
	assert_int_equal(1, n);
	assert_int_equal(want.len, certs[0].len);
	assert_memory_equal(want.p, certs[0].p, want.len);
	assert_int_equal(0, x509_read(&cert, certs[0]));
	*key = cert.key;
	play->judged = true;
	return 0;
}

/* The client's public key: n is 128 bytes in its certificate. */
static struct span
client_modulus(const struct rfc8448 *t)
{
	struct x509 cert;

	assert_int_equal(0, x509_read(&cert, bytes(t->client_cert)));
	assert_int_equal(X509_KEY_RSA, cert.key.kind);
	return cert.key.n;
}

/* In the place of RSA's private operation. */
static uint32_t
sign_by_trace(unsigned char *x, const br_rsa_private_key *key)
{
	(void)key;
	assert_memory_equal(signed_em.p, x, signed_em.len);
	memcpy(x, signature.p, signature.len);
	return 1;
}

br_rsa_private __wrap_br_rsa_private_get_default(void);

br_rsa_private
__wrap_br_rsa_private_get_default(void)
{
	return sign_by_trace;
}

static void
prepare_client(struct play *play)
{
	static unsigned char em[128];
	static unsigned char e[] = { 1, 0, 1 };
	struct span n = client_modulus(play->t);
	br_rsa_public_key key = { (unsigned char *)n.p, n.len, e, sizeof e };

	signature = bytes(play->t->client_sig);
	assert_int_equal(sizeof em, signature.len);
	memcpy(em, signature.p, sizeof em);
	assert_int_equal(1, br_rsa_i31_public(em, sizeof em, &key));
	signed_em = (struct span){ (char *)em, sizeof em };
	play->id.certs[0] = bytes(play->t->client_cert);
	play->id.n = 1;
	play->id.key.kind = X509_KEY_RSA;
	play->id.key.n = n;
	play->id.key.p = play->id.key.q = play->id.key.dp = n;
	play->id.key.dq = play->id.key.iq = n;
}

static void
start(struct play *play, const struct rfc8448 *t)
{
	struct tls_engine_conf conf = { .name = span_of("server"),
		.random = give_random, .judge = judge, .arg = play,
		.id = &play->id, .ticket = &play->ticket };

	rfc8448_reset();
	memset(play, 0, sizeof *play);
	play->t = t;
	play->random = bytes(t->x25519);
	if (t->client_sig != NULL)
		prepare_client(play);
	conf.hellos[0] = span_after(bytes(t->hello), 5);
	conf.hellos[1] = span_after(bytes(t->hello2),
	                            t->hello2 == NULL ? 0 : 5);
	play->e = tls_engine_new(&conf);
	assert_non_null(play->e);
}

/* Returns the last result of a step. */
static int
hear(struct play *play, struct span wire, size_t piece)
{
	int r = 0;

	while (wire.len > 0 && r == 0) {
		size_t n;
		unsigned char *at = tls_engine_room(play->e, &n);

		n = n < piece ? n : piece;
		n = n < wire.len ? n : wire.len;
		assert_true(n > 0);
		memcpy(at, wire.p, n);
		tls_engine_received(play->e, n);
		wire = span_after(wire, n);
		while ((r = tls_engine_step(play->e)) == 1)
			;
	}
	return r;
}

static void
hears(struct play *play, const char *digits, size_t piece)
{
	const struct tls_failure *f = tls_engine_failure(play->e);

	if (hear(play, bytes(digits), piece) == 0)
		return;
	fail_msg("%s: alert %d sent, %u heard: %s", play->t->name, f->alert,
	         f->heard, f->text == NULL ? "" : f->text);
}

static void
says(struct play *play, const char *digits)
{
	struct span want = bytes(digits), got = tls_engine_output(play->e);

	assert_int_equal(want.len, got.len);
	assert_memory_equal(want.p, got.p, want.len);
	tls_engine_sent(play->e, got.len);
	assert_int_equal(0, tls_engine_output(play->e).len);
}

static void
shakes_hands(struct play *play, size_t piece)
{
	const struct rfc8448 *t = play->t;

	says(play, t->hello);
	if (t->retry != NULL) {
		play->random = bytes(t->p256);
		hears(play, t->retry, piece);
		says(play, t->hello2);
	}
	if (t->client_salt != NULL)
		play->random = bytes(t->client_salt);
	hears(play, t->server_hello, piece);
	assert_false(tls_engine_is_open(play->e));
	hears(play, t->server_flight, piece);
	says(play, t->client_flight);
	assert_true(play->judged);
	assert_true(tls_engine_is_open(play->e));
	assert_false(tls_engine_is_resumed(play->e));
	assert_false(tls_engine_lacks(play->e));
}

static void
takes_the_ticket(struct play *play, size_t piece)
{
	struct span psk = bytes(play->t->ticket_psk);

	if (psk.len == 0)
		return;
	hears(play, play->t->ticket, piece);
	assert_int_equal(0x1301, play->ticket.suite);
	assert_int_equal(TLS_V13, play->ticket.version);
	assert_int_equal(178, play->ticket.len);
	assert_int_equal(30, play->ticket.lifetime_s);
	assert_int_equal(0xfad6aac5, play->ticket.age_add);
	assert_memory_equal(psk.p, play->ticket.secret, psk.len);
}

/* The bytes 0 to 49, both ways. */
static void
exchanges_content(struct play *play, size_t piece)
{
	struct span got;
	char data[50];

	if (play->t->client_data == NULL)
		return;
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (char)i;
	assert_int_equal(sizeof data, tls_engine_write(play->e,
		(struct span){ data, sizeof data }));
	says(play, play->t->client_data);
	hears(play, play->t->server_data, piece);
	got = tls_engine_content(play->e);
	assert_int_equal(sizeof data, got.len);
	assert_memory_equal(data, got.p, sizeof data);
	tls_engine_taken(play->e, got.len);
}

/* A row is a trace. */
static void
a_trace_is_played(void **state)
{
	static const size_t pieces[] = { 1, 2, 5, 6, 100, 16384 };
	struct play play;

	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		start(&play, *state);
		shakes_hands(&play, pieces[i]);
		takes_the_ticket(&play, pieces[i]);
		exchanges_content(&play, pieces[i]);
		tls_engine_close(play.e);
		says(&play, play.t->client_close);
		assert_false(tls_engine_is_ended(play.e));
		hears(&play, play.t->server_close, pieces[i]);
		assert_true(tls_engine_is_ended(play.e));
		tls_engine_free(play.e);
	}
}

/* The version in a record's head counts for nothing (RFC 8446, 5.1), unless
 * the record is sealed. */
static bool
may_change(struct span wire, size_t at)
{
	size_t head = 0;

	while (head + 5 <= wire.len) {
		size_t len = (size_t)((unsigned char)wire.p[head + 3] << 8
		                    | (unsigned char)wire.p[head + 4]);

		if ((at == head + 1 || at == head + 2) && wire.p[head] != 23)
			return true;
		head += 5 + len;
	}
	return false;
}

/* Is the handshake over after all that the server says, with one bit of it
 * wrong? Else it has failed, or waits for the rest of a record. */
static bool
opens_with_a_wrong_bit(const struct rfc8448 *t, const char *flight, size_t at)
{
	struct play play;
	struct span wrong;
	bool is_open;
	int r = 0;

	start(&play, t);
	tls_engine_sent(play.e, tls_engine_output(play.e).len);
	if (t->client_salt != NULL)
		play.random = bytes(t->client_salt);
	wrong = bytes(flight);
	((char *)wrong.p)[at] ^= (char)(1 << at % 8);
	if (flight == t->server_flight)
		hears(&play, t->server_hello, 16384);
	r = hear(&play, wrong, 16384);
	if (flight == t->server_hello && r == 0)
		r = hear(&play, bytes(t->server_flight), 16384);
	is_open = tls_engine_is_open(play.e);
	if (r != 0) {
		assert_int_equal(ERR_TLS, r);
		assert_int_equal(ERR_TLS, tls_engine_step(play.e));
		assert_int_not_equal(0, tls_engine_failure(play.e)->alert);
		assert_true(tls_engine_output(play.e).len >= 7);
	}
	tls_engine_free(play.e);
	return is_open;
}

static void
no_byte_can_be_changed(const struct rfc8448 *t, const char *flight)
{
	struct span wire;

	rfc8448_reset();
	wire = bytes(flight);
	for (size_t at = 0; at < wire.len; at++) {
		rfc8448_reset();
		wire = bytes(flight);
		if (!may_change(wire, at)
		 && opens_with_a_wrong_bit(t, flight, at))
			fail_msg("byte %zu of %zu", at, wire.len);
	}
}

static void
no_server_hello_can_be_changed(void **state)
{
	const struct rfc8448 *t = *state;

	no_byte_can_be_changed(t, t->server_hello);
}

static void
no_server_flight_can_be_changed(void **state)
{
	const struct rfc8448 *t = *state;

	no_byte_can_be_changed(t, t->server_flight);
}

int
main(void)
{
	unit_add("a simple handshake is as in RFC 8448, 3", a_trace_is_played,
	         &rfc8448_simple);
	unit_add("HelloRetryRequest is as in RFC 8448, 5", a_trace_is_played,
	         &rfc8448_retry);
	unit_add("client authentication is as in RFC 8448, 6",
	         a_trace_is_played, &rfc8448_client_auth);
	unit_add("compatibility mode is as in RFC 8448, 7", a_trace_is_played,
	         &rfc8448_compat);
	unit_add("no bit of a ServerHello can be changed",
	         no_server_hello_can_be_changed, &rfc8448_compat);
	unit_add("no bit of a server's flight can be changed",
	         no_server_flight_can_be_changed, &rfc8448_compat);
	unit_add("nor if it asks for a certificate",
	         no_server_flight_can_be_changed, &rfc8448_client_auth);
	return unit_run("tls_traces");
}
