/* SPDX-License-Identifier: MIT */
/* test_tls.c - what the client does with servers in processes of their own */
#include "tls_script.h"

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

/* BearSSL's server, of TLS 1.2 without extended master secret, that keeps all
 * sessions. Serves one connection after the other; exits with the last alert
 * heard. */
static void
serve_old(const int *fds, size_t n, bool asks)
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
		if (br_sslio_read(&io, &c, 1) == 1 && asks)
			ask_twice(&sc.eng, fd);
		while (br_sslio_read(&io, &c, 1) > 0)
			;
		err = br_ssl_engine_last_error(&sc.eng);
		close(fd);
	}
	_exit(err > BR_ERR_RECV_FATAL_ALERT ? err - BR_ERR_RECV_FATAL_ALERT
	                                    : 0);
}

/* Sends what the script has to say, then hears the client once. Returns whether
 * it is still there. */
static bool
exchange(struct script *s, int fd)
{
	static char heard[SCRIPT_IN_MAX];
	ssize_t n;

	if (s->wire.len > 0
	 && send(fd, s->wire.p, s->wire.len, MSG_NOSIGNAL) < 0)
		return false;
	s->wire.len = 0;
	n = read(fd, heard, sizeof heard);
	if (n > 0)
		script_take(s, (struct span){ heard, (size_t)n });
	return n > 0;
}

/* The server's messages up to where the client must answer. */
static void
send_first_flight(struct script *s)
{
	script_send(s, SCRIPT_SERVER_HELLO);
	if (s->version == SCRIPT_TLS13)
		script_send(s, SCRIPT_ENCRYPTED_EXTS);
	if (!s->use_psk) {
		script_send(s, SCRIPT_CERT);
		script_send(s, s->version == SCRIPT_TLS13
		               ? SCRIPT_CERT_VERIFY : SCRIPT_KEY_EXCHANGE);
	}
	if (s->version == SCRIPT_TLS13)
		script_send(s, SCRIPT_FINISHED);
	else if (!s->use_psk)
		script_send(s, SCRIPT_HELLO_DONE);
}

static void
send_last_flight12(struct script *s)
{
	script_send(s, SCRIPT_TICKET);
	script_send(s, SCRIPT_CCS);
	script_send(s, SCRIPT_FINISHED);
}

/* Does the client offer the ticket of the connection before? */
static bool
has_ticket(const struct script *s)
{
	struct span ticket;

	if (s->version == SCRIPT_TLS13)
		return script_binder_is_good(s);
	return script_find_ext(s, SCRIPT_EXT_TICKET, &ticket)
	    && span_is(ticket, "a ticket");
}

/* One connection, with a ticket in it. Returns the alert that came, or 0. */
static int
serve_one(struct script *s, int fd)
{
	bool is12 = s->version == SCRIPT_TLS12;

	while (s->hellos == 0)
		if (!exchange(s, fd))
			return 0;
	s->use_psk = has_ticket(s);
	send_first_flight(s);
	if (is12 && s->use_psk)
		send_last_flight12(s);
	while (!s->is_finished && s->alert < 0)
		if (!exchange(s, fd))
			return 0;
	if (s->alert < 0 && !is12) {
		script_send(s, SCRIPT_TICKET);
		script_keep(s);
	} else if (s->alert < 0 && !s->use_psk) {
		send_last_flight12(s);
	}
	script_seal_out(s, SCRIPT_DATA, BYTES("y"));
	while (exchange(s, fd))
		;
	return s->alert < 0 ? 0 : s->alert;
}

/* A server that gives tickets and takes them from everybody. */
static void
serve_tickets(const int *fds, size_t n, int version)
{
	static struct script s;
	int alert = 0;

	script_init(&s, version);
	for (size_t i = 0; i < n; i++) {
		script_restart(&s, version);
		alert = serve_one(&s, fds[i]);
		close(fds[i]);
	}
	_exit(alert);
}

/* An answer in two records to a request that is never read, and the end, or
 * silence. */
static void
serve_early(int fd, bool ends)
{
	static struct script s;
	struct pollfd gone = { .fd = fd };

	script_init(&s, SCRIPT_TLS13);
	while (s.hellos == 0 && exchange(&s, fd))
		;
	send_first_flight(&s);
	while (!s.is_finished && exchange(&s, fd))
		;
	script_seal_out(&s, SCRIPT_DATA, BYTES("one"));
	script_seal_out(&s, SCRIPT_DATA, BYTES("two"));
	if (ends)
		script_alert(&s, 1, TLS_ALERT_CLOSE);
	(void)send(fd, s.wire.p, s.wire.len, MSG_NOSIGNAL);
	if (ends)
		shutdown(fd, SHUT_WR);
	(void)poll(&gone, 1, -1);	/* until the client closes, too */
	_exit(0);
}

enum server { OLD, OLD_THAT_ASKS, OF_TLS12, OF_TLS13, EARLY, EARLY_AND_OPEN };

static void
serve(const int *fds, size_t n, enum server kind)
{
	if (kind == OLD || kind == OLD_THAT_ASKS)
		serve_old(fds, n, kind == OLD_THAT_ASKS);
	if (kind == EARLY || kind == EARLY_AND_OPEN)
		serve_early(fds[0], kind == EARLY);
	serve_tickets(fds, n, kind == OF_TLS12 ? SCRIPT_TLS12 : SCRIPT_TLS13);
}

/* Starts a server for n connections; their ends are in ours. */
static pid_t
start(int *ours, size_t n, enum server kind)
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
		serve(theirs, n, kind);
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
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* One connection that sends a byte, and reads one if there is any. Returns what
 * tls_open() did. */
static int
connect_once(int fd, const struct tls_conf *conf, bool reads, bool *resumed)
{
	struct buf why = guarded_buf(512), info = guarded_buf(256);
	int64_t deadline_ms = clock_ms() + 10000;
	struct tls *t;
	char c;
	int r = tls_open(&t, fd, conf, deadline_ms, &why);

	if (t != NULL) {
		assert_int_equal(0, tls_write(t, span_of("x"), deadline_ms));
		if (reads)
			assert_int_equal(1, tls_read(t, &c, 1, deadline_ms));
		tls_write_info(t, &info);
	}
	*resumed = strstr(buf_text(&info), ", resumed") != NULL;
	tls_close(t);
	close(fd);
	return r;
}

static const struct reuse {
	const char *name, *host;
	bool insecure;
	int want;	/* of the second connection */
	bool resumed;
	enum server kind;
} reuses[] = {
	{ "1.3, insecure again", "a.test", true, 0, true, OF_TLS13 },
	{ "1.3, insecure for another host", "b.test", true, 0, false, OF_TLS13 },
	{ "1.3, now verified", "a.test", false, ERR_CERT, false, OF_TLS13 },
	{ "1.2, insecure again", "a.test", true, 0, true, OF_TLS12 },
	{ "1.2, insecure for another host", "b.test", true, 0, false, OF_TLS12 },
	{ "1.2, now verified", "a.test", false, ERR_CERT, false, OF_TLS12 },
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
	bool resumed;
	int fds[2], alert;
	pid_t pid = start(fds, 2, row->kind);

	assert_int_equal(0, connect_once(fds[0], &conf, true, &resumed));
	assert_false(resumed);
	assert_int_not_equal(0, session.ticket.suite);
	conf.host = row->host;
	conf.insecure = row->insecure;
	assert_int_equal(row->want, connect_once(fds[1], &conf, true,
	                                         &resumed));
	assert_int_equal(row->resumed, resumed);
	alert = status_of(pid);
	assert_int_equal(row->want == 0 ? 0 : TLS_ALERT_CA, alert);
	certs_reset();
}

/* The server would: it has the session (RFC 7627, 5.3). */
static void
a_session_without_extended_master_secret_is_never_resumed(void **state)
{
	struct tls_session session = { .insecure = false };
	struct tls_conf conf = {
		.host = "a.test", .insecure = true, .session = &session,
	};
	bool resumed;
	int fds[2];
	pid_t pid = start(fds, 2, OLD);

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(0, connect_once(fds[i], &conf, false,
		                                 &resumed));
		assert_false(resumed);
		assert_int_equal(0, session.ticket.suite);
	}
	assert_int_equal(0, status_of(pid));
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
	pid_t pid = start(&fd, 1, OLD_THAT_ASKS);

	(void)state;
	assert_int_equal(0, tls_open(&t, fd, &conf, deadline_ms, &why));
	assert_int_equal(0, tls_write(t, span_of("x"), deadline_ms));
	assert_int_equal(ERR_TLS, tls_read(t, &c, 1, deadline_ms));
	tls_text(t, &why);
	assert_string_equal("the server asks to renegotiate again and again, "
	                    "which hale refuses", buf_text(&why));
	tls_close(t);
	close(fd);
	/* The first was refused by an alert that the server takes as fatal. */
	assert_true(status_of(pid) > 0);
	certs_reset();
}

static const struct early {
	const char *name;
	enum server kind;
	int         write_ms;	/* time for the upload */
	ssize_t     last;	/* what a read after the answer returns */
} earlies[] = {
	{ "an early answer, then the end", EARLY, 10000, 0 },
	{ "an early answer, and less than a second", EARLY, 600, 0 },
	{ "an early answer, then silence", EARLY_AND_OPEN, 10000, ERR_TIMEOUT },
};

/* The upload fills the socket; what follows the answer must not spoil it. */
static void
an_early_answer_survives_a_failed_write(void **state)
{
	const struct early *row = *state;
	static char upload[1 << 20];
	struct tls_conf conf = { .host = "a.test", .insecure = true };
	struct span bytes = { upload, sizeof upload };
	struct buf why = guarded_buf(512);
	int64_t deadline_ms = clock_ms() + 10000;
	struct tls *t;
	char got[4];
	int fd;
	pid_t pid = start(&fd, 1, row->kind);

	assert_int_equal(0, tls_open(&t, fd, &conf, deadline_ms, &why));
	assert_int_equal(-EPIPE, tls_write(t, bytes,
	                                   clock_ms() + row->write_ms));
	assert_int_equal(3, tls_read(t, got, sizeof got, deadline_ms));
	assert_memory_equal("one", got, 3);
	assert_int_equal(3, tls_read(t, got, sizeof got, deadline_ms));
	assert_memory_equal("two", got, 3);
	if (row->last != 0)
		deadline_ms = clock_ms();
	assert_int_equal(row->last, tls_read(t, got, sizeof got, deadline_ms));
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
	UNIT_TEST(a_session_without_extended_master_secret_is_never_resumed);
	UNIT_TEST(two_requests_to_renegotiate_are_an_error_with_words);
	UNIT_ROWS(an_early_answer_survives_a_failed_write, earlies);
	UNIT_TEST(a_signature_has_one_coding);
	return unit_run("tls/tls");
}
