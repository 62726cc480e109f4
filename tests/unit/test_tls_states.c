/* SPDX-License-Identifier: MIT */
/*
 * test_tls_states.c - every handshake message in every state of the engine: an
 * error with an alert, and a wrong bit in any byte of one never ends in success
 */
#include "tls_peers.h"

#define FLOWS (sizeof peers_flows / sizeof *peers_flows)

/* A row is a flow. */
static void
a_good_server_is_served(void **state)
{
	const struct flow *f = *state;
	struct peers p;

	peers_start(&p, f);
	if (f->resumes && f->version == SCRIPT_TLS13)
		assert_true(script_binder_is_good(&server));
	peers_play(&p, f, f->n);
	assert_true(peers_is_open(&p));
	assert_int_equal(f->resumes, tls_engine_is_resumed(p.e));
	assert_int_equal(f->asks_cert, tls_engine_lacks(p.e));
	assert_int_equal(3, tls_engine_write(p.e, (struct span){ "ask", 3 }));
	script_seal_out(&server, SCRIPT_DATA, BYTES("answer"));
	peers_move(&p);
	assert_string_equal("ask", buf_text(&server.data));
	assert_int_equal(6, p.content_len);
	assert_memory_equal("answer", p.content, 6);
	script_alert(&server, 1, 0);
	peers_move(&p);
	assert_true(tls_engine_is_ended(p.e));
	tls_engine_close(p.e);
	peers_move(&p);
	assert_int_equal(0, server.alert);
	assert_false(server.garbled);
	peers_end(&p);
}

/* The whole handshake in the smallest records, and in the fewest. */
static void
records_of_any_size(void **state)
{
	const struct flow *f = *state;
	struct peers p;

	for (int i = 0; i < 3; i++) {
		peers_start(&p, f);
		server.record_max = i == 0 ? 1 : SCRIPT_RECORD_MAX;
		server.pad = i == 1 ? 300 : 0;
		for (size_t n = 0; n < f->n; n++) {
			server.hold = i == 2 && f->steps[n] != SCRIPT_RETRY
				   && f->steps[n] != SCRIPT_HELLO_DONE
				   && n + 1 < f->n;
			peers_play(&p, &(struct flow){
				.steps = { f->steps[n] }, .n = 1 }, 1);
		}
		if (!peers_is_open(&p))
			fail_msg("way %d", i);
		peers_end(&p);
	}
}

/* May this message stand before the flow's next one too? */
static bool
may_follow13(const struct flow *f, size_t n, enum script_msg m)
{
	bool is_open = n == f->n;
	enum script_msg next = is_open ? SCRIPT_MSGS : f->steps[n];

	if (m == SCRIPT_CCS)	/* until the handshake is over (RFC 8446, 5) */
		return !is_open;
	if (m == SCRIPT_RETRY || m == SCRIPT_SERVER_HELLO)
		return n == 0;
	if (m == SCRIPT_CERT)
		return next == SCRIPT_CERT_REQUEST;
	if (m == SCRIPT_CERT_REQUEST)
		return next == SCRIPT_CERT
		    && f->steps[n - 1] == SCRIPT_ENCRYPTED_EXTS;
	return is_open && (m == SCRIPT_TICKET || m == SCRIPT_KEY_UPDATE
	    || m == SCRIPT_KEY_UPDATE_BOTH);
}

static bool
may_follow12(const struct flow *f, size_t n, enum script_msg m)
{
	enum script_msg next = n == f->n ? SCRIPT_MSGS : f->steps[n];

	if (m == SCRIPT_HELLO_REQUEST)	/* ignored; declined once it is open */
		return n > 0;
	if (m == SCRIPT_CERT_REQUEST)
		return next == SCRIPT_HELLO_DONE && !f->asks_cert;
	if (m == SCRIPT_RETRY)	/* it may still be a server of 1.3 */
		return n == 0;
	if (m == SCRIPT_HELLO_DONE)
		return next == SCRIPT_CERT_REQUEST;
	if (m == SCRIPT_CCS)	/* the version is not known; or a ticket that
				 * does not come is no harm */
		return n == 0 || next == SCRIPT_TICKET;
	if (m == SCRIPT_CERT)	/* a resumption that does not happen */
		return f->resumes && n == 1;
	return false;
}

static void
a_message_is_refused(const struct flow *f, size_t n, enum script_msg m)
{
	struct peers p;
	char what[200];
	struct buf b = buf_over(what, sizeof what);

	buf_fmt(&b, "%s, in the place of step %d: %s", f->name, (int)n,
	        script_names[m]);
	peers_start(&p, f);
	peers_play(&p, f, n);
	assert_true(p.r >= 0);
	script_inject(&server, m);
	peers_move(&p);
	peers_refuse(&p, 0, buf_text(&b));
	assert_false(n < f->n && tls_engine_is_open(p.e));
	peers_end(&p);
}

static void
every_message_in_every_state(void **state)
{
	const struct flow *f = *state;

	for (size_t n = 0; n <= f->n; n++)
		for (unsigned i = 0; i < SCRIPT_MSGS; i++) {
			enum script_msg m = (enum script_msg)i;

			if (n < f->n && m == f->steps[n])
				continue;
			if (f->version == SCRIPT_TLS13 ? may_follow13(f, n, m)
			                               : may_follow12(f, n, m))
				continue;
			a_message_is_refused(f, n, m);
		}
}

/* RFC 5246, 7.4: and it is not hashed. */
static void
a_hello_request_in_a_handshake_is_ignored(void **state)
{
	const struct flow *f = *state;
	struct peers p;

	for (size_t n = 1; f->version == SCRIPT_TLS12 && n < f->n; n++) {
		peers_start(&p, f);
		peers_play(&p, f, n);
		script_inject(&server, SCRIPT_HELLO_REQUEST);
		peers_play_on(&p, f, n, f->n);
		assert_true(peers_is_open(&p));
		peers_end(&p);
	}
}

/* What edit does: one bit of one step's message. */
struct wrong_bit {
	size_t step, at;
	size_t now;		/* the step that is said */
	size_t len;		/* of that message */
};

static void
turn_bit(struct script *s, enum script_msg m, struct span *msg)
{
	struct wrong_bit *w = s->arg;

	(void)m;
	if (w->now++ != w->step)
		return;
	w->len = msg->len;
	if (w->at < msg->len)
		((char *)msg->p)[w->at] ^= (char)(1 << w->at % 8);
}

/* Is the handshake over with one bit wrong, which the server does not know of?
 * It may wait for more: a message's length has become larger. */
static bool
opens_with(const struct flow *f, struct wrong_bit *w)
{
	struct peers p;
	bool is_open;

	peers_start(&p, f);
	server.edit = turn_bit;
	server.hash_unedited = true;
	server.arg = w;
	peers_play(&p, f, f->n);
	is_open = p.r >= 0 && tls_engine_is_open(p.e);
	if (p.r < 0)
		peers_refuse(&p, 0, f->name);
	peers_end(&p);
	return is_open;
}

static void
no_byte_can_be_changed(void **state)
{
	const struct flow *f = *state;

	for (size_t step = 0, edits = 0; step < f->n; step++) {
		struct wrong_bit w = { .len = 1 };

		if (f->steps[step] == SCRIPT_CCS)
			continue;
		for (w.at = 0; w.at < w.len; w.at++) {
			w.step = edits;
			w.now = 0;
			if (opens_with(f, &w))
				fail_msg("%s: byte %zu of %zu of %s", f->name,
				         w.at, w.len,
				         script_names[f->steps[step]]);
		}
		edits++;
	}
}

static void
add(const char *text, CMUnitTestFunction run)
{
	static char names[5 * FLOWS][100];
	static size_t n;

	for (size_t i = 0; i < FLOWS; i++, n++) {
		struct buf b = buf_over(names[n], sizeof names[n]);

		buf_fmt(&b, "%s: %s", peers_flows[i].name, text);
		unit_add(buf_text(&b), run, &peers_flows[i]);
	}
}

int
main(void)
{
	script_init(&server, SCRIPT_TLS13);
	add("a good server is served", a_good_server_is_served);
	add("records may have any size", records_of_any_size);
	add("every message in every state", every_message_in_every_state);
	add("a HelloRequest in a handshake is ignored",
	    a_hello_request_in_a_handshake_is_ignored);
	add("no byte of a handshake can be changed", no_byte_can_be_changed);
	return unit_run("tls_states");
}
