/* SPDX-License-Identifier: MIT */
/* test_tls.c - what the client does with a server that is the engine's own */
#include "certs.h"

#include <bearssl.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "tls/tls.h"
#include "tls/bear.h"
#include "tls/tls_alert.h"
#include "tls/tls_link.h"

static unsigned char secret[32] = { 1, 2, 3 };
static const br_ec_private_key key = { BR_EC_secp256r1, secret, sizeof secret };

/* A certificate for that key; its signature is nobody's. */
static br_x509_certificate
own_cert(void)
{
	struct span der = cert_der(&(struct plan){ "leaf", "R", 'l', 'r',
		alt_name("a.test"), NULL, NULL, NULL });
	struct span point = point_of('l');
	unsigned char pub[BR_EC_KBUF_PUB_MAX_SIZE];
	union { const char *in; unsigned char *out; } at;

	assert_int_equal(point.len, br_ec_compute_pub(&br_ec_all_m31, NULL,
	                                              pub, &key));
	at.in = memmem(der.p, der.len, point.p, point.len);
	assert_non_null(at.in);
	memcpy(at.out, pub, point.len);
	at.in = der.p;
	return (br_x509_certificate){ at.out, der.len };
}

static int
receive(void *arg, unsigned char *p, size_t len)
{
	ssize_t n = read(*(int *)arg, p, len);

	return n > 0 ? (int)n : -1;
}

static int
transmit(void *arg, const unsigned char *p, size_t len)
{
	ssize_t n = send(*(int *)arg, p, len, MSG_NOSIGNAL);

	return n > 0 ? (int)n : -1;
}

/* Two HelloRequests in one record, which the engine itself never sends. */
static void
ask_twice(br_ssl_engine_context *e, int fd)
{
	static unsigned char room[256];
	size_t start = 5, end = sizeof room, len = 8;
	unsigned char *p;

	e->out.vtable->max_plaintext(&e->out.vtable, &start, &end);
	p = e->out.vtable->encrypt(&e->out.vtable, 22, BR_TLS12, room + start,
	                           &len);
	(void)transmit(&fd, p, len);
}

/* An answer in two records, and the end, to a request that is never read. */
static void
answer_early(br_sslio_context *io, int fd)
{
	struct pollfd gone = { .fd = fd };
	unsigned char *p;
	size_t len;

	(void)br_sslio_write_all(io, "one", 3);
	(void)br_sslio_flush(io);
	(void)br_sslio_write_all(io, "two", 3);
	(void)br_sslio_flush(io);
	br_ssl_engine_close(io->engine);
	p = br_ssl_engine_sendrec_buf(io->engine, &len);
	(void)transmit(&fd, p, len);
	shutdown(fd, SHUT_WR);
	(void)poll(&gone, 1, -1);	/* POLLHUP */
}

/* What the server does after the first byte of content. */
enum manner { MANNER_GOOD, MANNER_ASKS, MANNER_ANSWERS };

/* Serves one connection after the other; exits with the last alert heard. */
static void
serve(const int *fds, size_t n, enum manner manner)
{
	static unsigned char buffer[BR_SSL_BUFSIZE_BIDI], store[1024];
	static br_ssl_server_context sc;
	br_x509_certificate cert = own_cert();
	br_ssl_session_cache_lru lru;
	br_sslio_context io;
	char c;
	int err = 0;

	br_ssl_server_init_full_ec(&sc, &cert, 1, BR_KEYTYPE_EC, &key);
	br_ssl_session_cache_lru_init(&lru, store, sizeof store);
	br_ssl_server_set_cache(&sc, &lru.vtable);
	br_ssl_engine_set_buffer(&sc.eng, buffer, sizeof buffer, 1);
	for (size_t i = 0; i < n; i++) {
		int fd = fds[i];

		br_ssl_server_reset(&sc);
		br_sslio_init(&io, &sc.eng, receive, &fd, transmit, &fd);
		if (br_sslio_read(&io, &c, 1) == 1 && manner == MANNER_ASKS)
			ask_twice(&sc.eng, fd);
		if (manner == MANNER_ANSWERS)
			answer_early(&io, fd);
		while (manner != MANNER_ANSWERS && br_sslio_read(&io, &c, 1) > 0)
			;
		err = br_ssl_engine_last_error(&sc.eng);
		close(fd);
	}
	_exit(err > BR_ERR_RECV_FATAL_ALERT ? err - BR_ERR_RECV_FATAL_ALERT
	                                    : 0);
}

/* Starts a server for n connections; their ends are in ours. */
static pid_t
start(int *ours, size_t n, enum manner manner)
{
	int theirs[4];
	pid_t pid;

	for (size_t i = 0; i < n; i++) {
		int pair[2];

		assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
		ours[i] = pair[0];
		theirs[i] = pair[1];
	}
	pid = fork();
	if (pid == 0) {
		for (size_t i = 0; i < n; i++)
			close(ours[i]);
		serve(theirs, n, manner);
	}
	for (size_t i = 0; i < n; i++)
		close(theirs[i]);
	return pid;
}

static int
status_of(pid_t pid)
{
	int status;

	assert_int_equal(pid, waitpid(pid, &status, 0));
	return WEXITSTATUS(status);
}

static const struct reuse {
	const char *name, *host;
	bool insecure;
	int want;	/* of the second connection */
	bool resumed;
} reuses[] = {
	{ "insecure again", "a.test", true, 0, true },
	{ "insecure for another host", "b.test", true, 0, false },
	{ "now verified", "a.test", false, ERR_CERT, false },
};

/* The first connection verifies nothing. */
static void
a_session_without_verification_is_for_others_of_its_kind(void **state)
{
	const struct reuse *row = *state;
	struct tls_session session = { .insecure = false };
	struct tls_conf conf = {
		.host = "a.test", .insecure = true, .session = &session,
	};
	struct buf why = guarded_buf(512), info = guarded_buf(256);
	int64_t deadline_ms = clock_ms() + 10000;
	struct tls *t;
	int fds[2];
	pid_t pid = start(fds, 2, MANNER_GOOD);

	assert_int_equal(0, tls_open(&t, fds[0], &conf, deadline_ms, &why));
	assert_int_equal(0, tls_write(t, span_of("x"), deadline_ms));
	tls_close(t);
	close(fds[0]);
	assert_int_equal(0, session.ticket.suite);
	conf.host = row->host;
	conf.insecure = row->insecure;
	assert_int_equal(row->want, tls_open(&t, fds[1], &conf, deadline_ms,
	                                     &why));
	if (t != NULL)
		tls_write_info(t, &info);
	assert_int_equal(row->resumed,
	                 strstr(buf_text(&info), ", resumed") != NULL);
	tls_close(t);
	close(fds[1]);
	assert_int_equal(row->want == 0 ? 0 : TLS_ALERT_CA, status_of(pid));
	certs_reset();
}

/* The engine takes the first and stops for ever. */
static void
two_requests_to_renegotiate_are_an_error_with_words(void **state)
{
	struct tls_conf conf = { .host = "a.test", .insecure = true };
	struct buf why = guarded_buf(512);
	int64_t deadline_ms = clock_ms() + 10000;
	struct tls *t;
	char c;
	int fd;
	pid_t pid = start(&fd, 1, MANNER_ASKS);

	(void)state;
	assert_int_equal(0, tls_open(&t, fd, &conf, deadline_ms, &why));
	assert_int_equal(0, tls_write(t, span_of("x"), deadline_ms));
	assert_int_equal(ERR_TLS, tls_read(t, &c, 1, deadline_ms));
	tls_text(t, &why);
	assert_string_equal("the server asks to renegotiate again and again, "
	                    "which hale does not do", buf_text(&why));
	tls_close(t);
	close(fd);
	/* The first was refused by an alert that the server takes as fatal. */
	assert_true(status_of(pid) > 0);
	certs_reset();
}

/* It fills the socket, and sees the server's end before it is read. */
static void
an_early_answer_survives_a_failed_write(void **state)
{
	static char upload[1 << 20];
	struct tls_conf conf = { .host = "a.test", .insecure = true };
	struct buf why = guarded_buf(512);
	int64_t deadline_ms = clock_ms() + 10000;
	struct tls *t;
	char got[4];
	int fd;
	pid_t pid = start(&fd, 1, MANNER_ANSWERS);

	(void)state;
	assert_int_equal(0, tls_open(&t, fd, &conf, deadline_ms, &why));
	assert_int_equal(-EPIPE, tls_write(t, (struct span){ upload, sizeof upload },
	                                   deadline_ms));
	assert_int_equal(3, tls_read(t, got, sizeof got, deadline_ms));
	assert_memory_equal("one", got, 3);
	assert_int_equal(3, tls_read(t, got, sizeof got, deadline_ms));
	assert_memory_equal("two", got, 3);
	assert_int_equal(0, tls_read(t, got, sizeof got, deadline_ms));
	tls_close(t);
	close(fd);
	assert_int_equal(0, status_of(pid));
	certs_reset();
}

/* The engine's own check takes the first two of the others. */
static void
a_signature_has_one_coding(void **state)
{
	unsigned char hash[32] = { 7 }, made[80];
	unsigned char pub[BR_EC_KBUF_PUB_MAX_SIZE];
	struct x509_key k = { .kind = X509_KEY_P256 };
	struct span sig, pair, numbers, first, none = NOTHING;
	size_t len = br_ecdsa_i31_sign_asn1(&br_ec_all_m31, &br_sha256_vtable,
	                                    hash, &key, made);

	(void)state;
	k.q = bytes_of(pub, br_ec_compute_pub(&br_ec_all_m31, NULL, pub, &key));
	sig = pair = bytes_of(made, len);
	assert_int_equal(0, der_take(&pair, DER_SEQUENCE, &numbers));
	pair = numbers;
	assert_int_equal(0, der_take(&pair, DER_INTEGER, &first));
	{
		const struct span signs[] = {
			sig,
			JOIN(BYTES("\x30\x81"), span_after(sig, 1)),
			SEQ(TLV(2, BYTES("\0"), first), pair),
			SEQ(numbers, BYTES("\5\0")),
			JOIN(sig, BYTES("\0")),
			SEQ(TLV(2, first)),
			none,
		};

		for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
			assert_int_equal(i == 0, bear_ecdsa(hash, sizeof hash,
			                                    &k, signs[i]));
	}
	certs_reset();
}

int
main(void)
{
	UNIT_ROWS(a_session_without_verification_is_for_others_of_its_kind,
	          reuses);
	UNIT_TEST(two_requests_to_renegotiate_are_an_error_with_words);
	UNIT_TEST(an_early_answer_survives_a_failed_write);
	UNIT_TEST(a_signature_has_one_coding);
	return unit_run("tls/tls");
}
