/* SPDX-License-Identifier: MIT */
/*
 * test_tls_sessions.c - the TLS engine with good servers: client certificates,
 * resumption, and bytes in pieces of any size
 */
#include "tls_peers.h"

#include "tls/tls_engine_state.h"
#include "tls/tls_fault.h"

static void
open_and_end(struct peers *p, const struct flow *f, size_t from)
{
	for (size_t i = from; i < f->n && p->r >= 0; i++) {
		script_send(&server, f->steps[i]);
		peers_move(p);
	}
	assert_true(peers_is_open(p));
	assert_false(server.garbled);
}

/* --- Client certificates: the server's own certificate will do. --- */

static void
start_with_cert(struct peers *p, const struct flow *f)
{
	memset(p, 0, sizeof *p);
	p->id.certs[0] = script_cert();
	p->id.n = 1;
	p->id.key.kind = X509_KEY_P256;
	p->id.key.d = (struct span){ (const char *)script_private,
	                             sizeof script_private };
	peers_connect(p, f->version);
	server.client_point = script_public(SCRIPT_P256, script_private);
}

static void
a_client_signs(void **state)
{
	struct peers p;

	(void)state;
	for (int i = 0; i < 2; i++) {
		const struct flow *f = i == 0 ? FLOW_ASKS : FLOW12_ASKS;

		start_with_cert(&p, f);
		open_and_end(&p, f, 0);
		assert_int_equal(1, server.certs);
		assert_true(server.is_signed);
		assert_int_equal(TLS_LACKS_NOTHING, tls_engine_lacks(p.e));
		peers_end(&p);
	}
}

static void
a_certificate_is_sent_only_if_asked_for(void **state)
{
	struct peers p;

	(void)state;
	for (int i = 0; i < 2; i++) {
		const struct flow *f = i == 0 ? FLOW13 : FLOW12;

		start_with_cert(&p, f);
		open_and_end(&p, f, 0);
		assert_int_equal(0, server.certs);
		assert_int_equal(0, server.cert_verify.len);
		peers_end(&p);
	}
}

#define RSA_SCHEMES script_vector(2, BYTES("\x08\4\4\1"))

/* It gets none then, and may go on (RFC 8446, 4.4.2). */
static void
a_key_of_another_kind_is_not_sent(void **state)
{
	struct peers p;

	(void)state;
	start_with_cert(&p, FLOW_ASKS);
	peers_play(&p, FLOW_ASKS, 2);
	script_send_as(&server, SCRIPT_CERT_REQUEST,
		script_message(13, JOIN(BYTES("\0"), script_vector(2,
			script_ext(SCRIPT_EXT_SIGS, RSA_SCHEMES)))));
	open_and_end(&p, FLOW_ASKS, 3);
	assert_int_equal(0, server.certs);
	assert_int_equal(TLS_LACKS_SCHEME, tls_engine_lacks(p.e));
	peers_end(&p);
	start_with_cert(&p, FLOW12_ASKS);
	peers_play(&p, FLOW12_ASKS, 3);
	script_send_as(&server, SCRIPT_CERT_REQUEST,
		script_message(13, JOIN(BYTES("\1\1"), RSA_SCHEMES,
		                        BYTES("\0\0"))));
	open_and_end(&p, FLOW12_ASKS, 4);
	assert_int_equal(0, server.certs);
	assert_int_equal(TLS_LACKS_SCHEME, tls_engine_lacks(p.e));
	peers_end(&p);
}

/* --- Resumption. --- */

static void
a_psk_survives_a_retry(void **state)
{
	struct peers p;

	(void)state;
	peers_start(&p, FLOW_PSK);
	script_send(&server, SCRIPT_RETRY);
	peers_move(&p);
	assert_int_equal(2, server.hellos);
	assert_true(script_binder_is_good(&server));
	open_and_end(&p, FLOW_PSK, 0);
	assert_true(tls_engine_is_resumed(p.e));
	peers_end(&p);
}

/* RFC 8446, 4.1.4. */
static void
a_psk_of_another_hash_is_left_out_after_a_retry(void **state)
{
	struct script_hello h;
	struct span psk;
	struct peers p;

	(void)state;
	peers_start(&p, FLOW_PSK);
	assert_true(script_find_ext(&server, SCRIPT_EXT_PSK, &psk));
	h = script_retry(&server);
	h.suite = 0x1302;
	script_send_as(&server, SCRIPT_RETRY, script_write_hello(&h));
	peers_move(&p);
	assert_int_equal(2, server.hellos);
	assert_false(script_find_ext(&server, SCRIPT_EXT_PSK, &psk));
	peers_end(&p);
}

static void
a_psk_that_is_not_taken_costs_nothing(void **state)
{
	struct span psk;
	struct peers p;

	(void)state;
	peers_start(&p, FLOW_PSK);
	assert_true(script_find_ext(&server, SCRIPT_EXT_PSK, &psk));
	server.use_psk = false;
	open_and_end(&p, FLOW13, 0);
	assert_false(tls_engine_is_resumed(p.e));
	peers_end(&p);
}

/* The age that the server gets, and the ticket's last second. */
static void
a_ticket_has_an_age_and_an_end(void **state)
{
	static const struct {
		int64_t age_ms;
		bool    offered;
	} rows[] = {
		{ 0, true }, { 1234, true },
		{ SCRIPT_LIFETIME * 1000 - 1, true },
		{ SCRIPT_LIFETIME * 1000 + 1, false },
	};
	struct span psk, id;
	struct peers p;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		memset(&p, 0, sizeof p);
		peers_resume(&p, FLOW_PSK);
		p.now_ms = p.ticket.since_ms + rows[i].age_ms;
		peers_connect(&p, SCRIPT_TLS13);
		assert_int_equal(rows[i].offered, script_find_ext(&server,
			SCRIPT_EXT_PSK, &psk));
		if (rows[i].offered) {
			psk = script_cut_vector(&psk, 2);
			id = script_cut_vector(&psk, 2);
			assert_true(span_is(id, "a ticket"));
			assert_int_equal(rows[i].age_ms + 12345,
			                 script_cut_number(&psk, 4));
		}
		peers_end(&p);
	}
}

static void
send_ticket(size_t len, unsigned lifetime_s)
{
	static char zeros[TLS_TICKET_MAX + 1];

	script_say(&server, script_message(4, JOIN(
		script_number(lifetime_s, 4), BYTES("\0\0\0\0\1n"),
		script_vector(2, (struct span){ zeros, len }), BYTES("\0\0"))));
}

static void
the_last_good_ticket_is_kept(void **state)
{
	struct peers p;

	(void)state;
	peers_start(&p, FLOW13);
	open_and_end(&p, FLOW13, 0);
	assert_int_equal(0, p.ticket.suite);
	send_ticket(1, 0);	/* to be thrown away at once */
	peers_move(&p);
	assert_int_equal(0, p.ticket.suite);
	send_ticket(TLS_TICKET_MAX + 1, 60);
	peers_move(&p);
	assert_int_equal(0, p.ticket.suite);
	send_ticket(TLS_TICKET_MAX, 60);
	peers_move(&p);
	assert_int_equal(TLS_TICKET_MAX, p.ticket.len);
	assert_int_equal(60, p.ticket.lifetime_s);
	send_ticket(TLS_TICKET_MAX - 1, 700000);
	peers_move(&p);
	assert_int_equal(TLS_TICKET_MAX - 1, p.ticket.len);
	assert_int_equal(604800, p.ticket.lifetime_s);	/* a week at most */
	assert_true(p.r >= 0);
	peers_end(&p);
}

/* The longest hello there is: ticket, cookie and name. */
static void
the_longest_hello_has_room(void **state)
{
	enum { MOST = TLS_FAULT_COOKIE_MAX };
	static char zeros[MOST + 1];
	struct script_hello h;
	struct span cookie = NOTHING;
	struct peers p;

	(void)state;
	for (size_t len = MOST; len <= MOST + 1; len++) {
		memset(&p, 0, sizeof p);
		peers_resume(&p, FLOW_PSK);
		p.ticket.len = TLS_TICKET_MAX;
		p.longest_name = true;
		peers_connect(&p, SCRIPT_TLS13);
		h = script_retry(&server);
		h.exts = JOIN(script_version_ext(),
			script_ext(SCRIPT_EXT_SHARE, script_number(25, 2)),
			script_ext(SCRIPT_EXT_COOKIE,
				script_vector(2, (struct span){ zeros, len })));
		script_send_as(&server, SCRIPT_RETRY, script_write_hello(&h));
		peers_move(&p);
		if (len > MOST) {
			peers_refuse(&p, 47, "a long cookie");
		} else {
			assert_int_equal(2, server.hellos);
			assert_true(script_find_ext(&server, SCRIPT_EXT_COOKIE,
			                            &cookie));
			assert_int_equal(2 + len, cookie.len);
		}
		peers_end(&p);
	}
}

/* TLS 1.2 without tickets: the server gives the session a name. */
static void
a_session_id_resumes(void **state)
{
	struct script_hello h;
	struct peers p;

	(void)state;
	peers_start(&p, FLOW12);
	h = script_hello12(&server);
	h.session = BYTES("a session of the server");
	h.exts = script_ext(SCRIPT_EXT_EMS, NOTHING);
	script_send_as(&server, SCRIPT_SERVER_HELLO, script_write_hello(&h));
	peers_move(&p);
	for (size_t i = 1; i < FLOW12->n; i++)
		if (FLOW12->steps[i] != SCRIPT_TICKET) {
			script_send(&server, FLOW12->steps[i]);
			peers_move(&p);
		}
	assert_true(peers_is_open(&p));
	assert_int_equal(0, p.ticket.len);
	peers_end(&p);

	peers_connect(&p, SCRIPT_TLS12);
	assert_true(span_is(server.session, "a session of the server"));
	server.use_psk = true;
	h = script_hello12(&server);
	h.exts = script_ext(SCRIPT_EXT_EMS, NOTHING);
	script_send_as(&server, SCRIPT_SERVER_HELLO, script_write_hello(&h));
	script_send(&server, SCRIPT_CCS);
	script_send(&server, SCRIPT_FINISHED);
	peers_move(&p);
	assert_true(peers_is_open(&p));
	assert_true(tls_engine_is_resumed(p.e));
	peers_end(&p);
}

/* A server of 1.2 that does not resume sends all of its handshake. */
static void
an_old_session_that_is_not_taken_costs_nothing(void **state)
{
	struct peers p;

	(void)state;
	peers_start(&p, FLOW12_ID);
	server.use_psk = false;
	open_and_end(&p, FLOW12, 0);
	assert_false(tls_engine_is_resumed(p.e));
	peers_end(&p);
}

/* --- Bytes. --- */

static void
bytes_may_come_one_by_one(void **state)
{
	struct peers p;

	(void)state;
	for (size_t i = 0; i < sizeof peers_flows / sizeof *peers_flows; i++)
		for (size_t piece = 1; piece <= 7; piece += 3) {
			const struct flow *f = &peers_flows[i];

			peers_start(&p, f);
			p.piece = piece;
			open_and_end(&p, f, 0);
			peers_end(&p);
		}
}

static void
much_content_takes_several_turns(void **state)
{
	static char sent[60000];
	struct span left = { sent, sizeof sent };
	struct peers p;

	(void)state;
	for (size_t i = 0; i < sizeof sent; i++)
		sent[i] = (char)(i * 7 + i / 256);
	for (int i = 0; i < 2; i++) {
		peers_start(&p, i == 0 ? FLOW13 : FLOW12);
		open_and_end(&p, i == 0 ? FLOW13 : FLOW12, 0);
		left = (struct span){ sent, sizeof sent };
		assert_true(tls_engine_write(p.e, left) > SCRIPT_RECORD_MAX);
		peers_move(&p);
		left = span_after(left, server.data.len);
		while (left.len > 0) {
			size_t n = tls_engine_write(p.e, left);

			assert_true(n > 0);
			left = span_after(left, n);
			peers_move(&p);
		}
		assert_int_equal(sizeof sent, server.data.len);
		assert_memory_equal(sent, server.data.p, sizeof sent);
		peers_end(&p);
	}
}

/* However often it asks before it hears an answer. */
static void
one_key_update_answers_many(void **state)
{
	struct peers p;

	(void)state;
	peers_start(&p, FLOW13);
	open_and_end(&p, FLOW13, 0);
	for (int i = 0; i < 50; i++)
		script_send(&server, SCRIPT_KEY_UPDATE_BOTH);
	peers_move(&p);
	assert_int_equal(1, server.updates);
	assert_int_equal(1, tls_engine_write(p.e, (struct span){ "c", 1 }));
	script_seal_out(&server, SCRIPT_DATA, BYTES("s"));
	peers_move(&p);
	assert_string_equal("c", buf_text(&server.data));
	assert_int_equal(1, p.content_len);
	peers_end(&p);
}

/* As a socket that is full leaves it. */
static void
fill_output(struct tls_engine *e)
{
	static char bytes[1 << 17];
	size_t n = sizeof bytes;

	while (n > 0)
		if (tls_engine_write(e, (struct span){ bytes, n }) == 0)
			n /= 2;
}

/* Our output may be full of content when a server has a wish. */
static void
a_full_output_has_room_for_an_answer(void **state)
{
	struct peers p;

	(void)state;
	for (int i = 0; i < 4; i++) {
		bool is12 = i % 2 > 0, fails = i / 2 > 0;

		peers_start(&p, is12 ? FLOW12 : FLOW13);
		open_and_end(&p, is12 ? FLOW12 : FLOW13, 0);
		fill_output(p.e);
		script_send(&server, is12 ? SCRIPT_HELLO_REQUEST
		                          : SCRIPT_KEY_UPDATE_BOTH);
		if (fails)
			script_send(&server, SCRIPT_CLIENT_KEY);
		peers_hear(&p);
		assert_int_equal(fails ? ERR_TLS : 0, p.r);
		p.piece = SCRIPT_RECORD_MAX;
		peers_move(&p);
		if (fails)
			peers_refuse(&p, 10, "a message after it");
		else if (is12)
			assert_int_equal(100, server.alert);
		else
			assert_int_equal(1, server.updates);
		assert_false(server.garbled);
		peers_end(&p);
	}
}

/* RFC 8446, 4.6.3: each before the next content. */
static void
content_after_a_key_update_needs_another(void **state)
{
	struct peers p;

	(void)state;
	peers_start(&p, FLOW13);
	open_and_end(&p, FLOW13, 0);
	for (int i = 0; i < 3; i++) {
		script_send(&server, SCRIPT_KEY_UPDATE_BOTH);
		peers_hear(&p);
		assert_int_equal(1, tls_engine_write(p.e,
			(struct span){ "c", 1 }));
	}
	peers_move(&p);
	assert_int_equal(3, server.updates);
	assert_string_equal("ccc", buf_text(&server.data));
	peers_end(&p);
}

/* The record at the bound has a new key; the one before it had the old one. */
static void
a_key_protects_a_bounded_number_of_records(void **state)
{
	struct peers p;

	(void)state;
	peers_start(&p, FLOW13);
	open_and_end(&p, FLOW13, 0);
	p.e->writing.seq = server.in_keys.seq = TLS_ENGINE_REKEY - 1;
	for (unsigned updates = 0; updates < 2; updates++) {
		assert_int_equal(1, tls_engine_write(p.e,
			(struct span){ "c", 1 }));
		peers_move(&p);
		assert_int_equal(updates, server.updates);
	}
	assert_false(server.asked_update);
	assert_int_equal(1, p.e->writing.seq);
	assert_string_equal("cc", buf_text(&server.data));
	peers_end(&p);
}

static void
nothing_is_sent_after_the_end(void **state)
{
	struct peers p;

	(void)state;
	peers_start(&p, FLOW13);
	tls_engine_close(p.e);	/* not open yet: nothing to close */
	assert_int_equal(0, tls_engine_output(p.e).len);
	assert_int_equal(0, tls_engine_write(p.e, (struct span){ "x", 1 }));
	open_and_end(&p, FLOW13, 0);
	tls_engine_close(p.e);
	assert_int_equal(24, tls_engine_output(p.e).len);
	tls_engine_close(p.e);
	assert_int_equal(24, tls_engine_output(p.e).len);
	assert_int_equal(0, tls_engine_write(p.e, (struct span){ "x", 1 }));
	peers_move(&p);
	assert_int_equal(0, server.alert);
	/* What was on its way still comes. */
	script_seal_out(&server, SCRIPT_DATA, BYTES("late"));
	script_alert(&server, 1, 0);
	peers_move(&p);
	assert_int_equal(4, p.content_len);
	assert_true(tls_engine_is_ended(p.e));
	peers_end(&p);
}

static int
no_random(void *arg, unsigned char *bytes, size_t len)
{
	int *left = arg;

	memset(bytes, 1, len);
	return (*left)-- > 0 ? 0 : ERR_TLS;
}

static void
without_random_bytes_there_is_no_engine(void **state)
{
	struct tls_engine_conf conf = { .random = no_random };
	struct tls_engine *e = NULL;
	int needed;

	(void)state;
	for (needed = 0; e == NULL; needed++) {
		int left = needed;

		assert_true(needed < 10);
		conf.arg = &left;
		e = tls_engine_new(&conf);
	}
	assert_true(needed > 1);
	tls_engine_free(e);
	tls_engine_free(NULL);
}

static void
an_open_engine_names_what_it_speaks(void **state)
{
	static const char *const names[] = { "TLS 1.3, AES_128_GCM_SHA256",
		"TLS 1.2, ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" };
	struct peers p;

	(void)state;
	for (int i = 0; i < 2; i++) {
		char text[100];
		struct buf b = buf_over(text, sizeof text);

		peers_start(&p, i == 0 ? FLOW13 : FLOW12);
		open_and_end(&p, i == 0 ? FLOW13 : FLOW12, 0);
		tls_engine_write_info(p.e, &b);
		assert_string_equal(names[i], buf_text(&b));
		peers_end(&p);
	}
}

/* A server of 1.2 may be too old to read which versions are offered. */
static void
only_tls_1_3_will_do_if_asked_for(void **state)
{
	struct peers p;

	(void)state;
	for (int i = 0; i < 2; i++) {
		memset(&p, 0, sizeof p);
		p.v13_only = true;
		peers_connect(&p, i == 0 ? SCRIPT_TLS13 : SCRIPT_TLS12);
		if (i == 0) {
			open_and_end(&p, FLOW13, 0);
		} else {
			peers_play(&p, FLOW12, 1);
			peers_refuse(&p, TLS_ALERT_VERSION, "1.2");
		}
		peers_end(&p);
	}
}

int
main(void)
{
	script_init(&server, SCRIPT_TLS13);
	UNIT_TEST(only_tls_1_3_will_do_if_asked_for);
	UNIT_TEST(a_client_signs);
	UNIT_TEST(a_certificate_is_sent_only_if_asked_for);
	UNIT_TEST(a_key_of_another_kind_is_not_sent);
	UNIT_TEST(a_psk_survives_a_retry);
	UNIT_TEST(a_psk_of_another_hash_is_left_out_after_a_retry);
	UNIT_TEST(a_psk_that_is_not_taken_costs_nothing);
	UNIT_TEST(a_ticket_has_an_age_and_an_end);
	UNIT_TEST(the_last_good_ticket_is_kept);
	UNIT_TEST(the_longest_hello_has_room);
	UNIT_TEST(a_session_id_resumes);
	UNIT_TEST(an_old_session_that_is_not_taken_costs_nothing);
	UNIT_TEST(bytes_may_come_one_by_one);
	UNIT_TEST(much_content_takes_several_turns);
	UNIT_TEST(one_key_update_answers_many);
	UNIT_TEST(a_full_output_has_room_for_an_answer);
	UNIT_TEST(content_after_a_key_update_needs_another);
	UNIT_TEST(a_key_protects_a_bounded_number_of_records);
	UNIT_TEST(nothing_is_sent_after_the_end);
	UNIT_TEST(without_random_bytes_there_is_no_engine);
	UNIT_TEST(an_open_engine_names_what_it_speaks);
	return unit_run("tls_sessions");
}
