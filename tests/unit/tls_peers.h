/* SPDX-License-Identifier: MIT */
/*
 * tls_peers.h - the TLS engine against a scripted server (tls_script.h)
 *
 * Bytes move by memory until both have nothing left to say: nothing waits, so
 * an engine that hangs shows as one that is neither open nor failed.
 */
#ifndef HALE_TESTS_TLS_PEERS_H
#define HALE_TESTS_TLS_PEERS_H

#include "tls_script.h"

#include "base/err.h"
#include "tls/tls_engine.h"
#include "tls/x509.h"

#define PEERS_STEPS_MAX 10
#define PEERS_NAME_MAX  253	/* bytes of a host name at most */

struct peers {
	struct tls_engine *e;
	struct tls_ticket ticket;
	struct tls_client_cert id;
	int64_t  now_ms;	/* when it connects */
	size_t   piece;		/* bytes that move at a time; 0: all */
	bool     longest_name;	/* of the server, instead of "localhost" */
	bool     v13_only;
	unsigned seed;		/* of the engine's random bytes */
	int      r;		/* of the engine's last step */
	char     content[64];	/* that the engine gave, its end cut off */
	size_t   content_len;
};

/* One server and its state at a time. */
static struct script server;

/* What a good server sends, one step after the other. */
struct flow {
	const char     *name;
	int             version;
	bool            resumes;
	bool            asks_cert;
	enum script_msg steps[PEERS_STEPS_MAX];
	size_t          n;
};

#define FLOW_STEPS(...) { __VA_ARGS__ }, \
	sizeof((enum script_msg[]){ __VA_ARGS__ }) / sizeof(enum script_msg)

static const struct flow peers_flows[] = {
	{ "1.3", SCRIPT_TLS13, false, false, FLOW_STEPS(SCRIPT_SERVER_HELLO,
	  SCRIPT_ENCRYPTED_EXTS, SCRIPT_CERT, SCRIPT_CERT_VERIFY,
	  SCRIPT_FINISHED) },
	{ "1.3 with a client's certificate", SCRIPT_TLS13, false, true,
	  FLOW_STEPS(SCRIPT_SERVER_HELLO, SCRIPT_ENCRYPTED_EXTS,
	  SCRIPT_CERT_REQUEST, SCRIPT_CERT, SCRIPT_CERT_VERIFY,
	  SCRIPT_FINISHED) },
	{ "1.3 after HelloRetryRequest", SCRIPT_TLS13, false, false,
	  FLOW_STEPS(SCRIPT_RETRY, SCRIPT_SERVER_HELLO, SCRIPT_ENCRYPTED_EXTS,
	  SCRIPT_CERT, SCRIPT_CERT_VERIFY, SCRIPT_FINISHED) },
	{ "1.3 resumed", SCRIPT_TLS13, true, false,
	  FLOW_STEPS(SCRIPT_SERVER_HELLO, SCRIPT_ENCRYPTED_EXTS,
	  SCRIPT_FINISHED) },
	{ "1.2", SCRIPT_TLS12, false, false, FLOW_STEPS(SCRIPT_SERVER_HELLO,
	  SCRIPT_CERT, SCRIPT_KEY_EXCHANGE, SCRIPT_HELLO_DONE, SCRIPT_TICKET,
	  SCRIPT_CCS, SCRIPT_FINISHED) },
	{ "1.2 with a client's certificate", SCRIPT_TLS12, false, true,
	  FLOW_STEPS(SCRIPT_SERVER_HELLO, SCRIPT_CERT, SCRIPT_KEY_EXCHANGE,
	  SCRIPT_CERT_REQUEST, SCRIPT_HELLO_DONE, SCRIPT_TICKET, SCRIPT_CCS,
	  SCRIPT_FINISHED) },
	{ "1.2 resumed", SCRIPT_TLS12, true, false,
	  FLOW_STEPS(SCRIPT_SERVER_HELLO, SCRIPT_TICKET, SCRIPT_CCS,
	  SCRIPT_FINISHED) },
};

#define FLOW13      (&peers_flows[0])
#define FLOW_ASKS   (&peers_flows[1])
#define FLOW_RETRY  (&peers_flows[2])
#define FLOW_PSK    (&peers_flows[3])
#define FLOW12      (&peers_flows[4])
#define FLOW12_ASKS (&peers_flows[5])
#define FLOW12_ID   (&peers_flows[6])

/* The same each time, and never the same twice in one. */
static int
peers_random(void *arg, unsigned char *p, size_t len)
{
	struct peers *peers = arg;

	for (size_t i = 0; i < len; i++) {
		peers->seed = peers->seed * 1103515245 + 12345;
		p[i] = (unsigned char)(peers->seed >> 16);
	}
	return 0;
}

/* Any certificate that can be read is good. */
static int
peers_judge(void *arg, const struct span *certs, size_t n,
            struct x509_key *key, enum tls_alert *alert)
{
	struct x509 cert;

	(void)arg;
	*alert = TLS_ALERT_BAD_CERT;
	if (n == 0 || x509_read(&cert, certs[0]) < 0)
		return ERR_CERT;
	*key = cert.key;
	return 0;
}

static inline size_t
peers_piece(const struct peers *p, size_t len)
{
	return p->piece > 0 && p->piece < len ? p->piece : len;
}

static inline void
peers_take_content(struct peers *p, struct span got)
{
	size_t n = sizeof p->content - p->content_len;

	n = n < got.len ? n : got.len;
	if (got.len == 0)
		return;
	memcpy(p->content + p->content_len, got.p, n);
	p->content_len += n;
	tls_engine_taken(p->e, got.len);
}

/* The engine hears all that the server has to say, and sends nothing yet. */
static inline void
peers_hear(struct peers *p)
{
	size_t room;
	unsigned char *at = tls_engine_room(p->e, &room);

	assert_true(room >= server.wire.len);
	memcpy(at, server.wire.p, server.wire.len);
	tls_engine_received(p->e, server.wire.len);
	server.wire.len = 0;
	while ((p->r = tls_engine_step(p->e)) == 1)
		;
}

/* Both move until neither can. */
static inline void
peers_move(struct peers *p)
{
	struct span out, got;
	size_t room, n;

	do {
		while (p->r >= 0 && (p->r = tls_engine_step(p->e)) == 1)
			;
		got = tls_engine_content(p->e);
		peers_take_content(p, got);
		out = tls_engine_output(p->e);
		out.len = peers_piece(p, out.len);
		script_take(&server, out);
		tls_engine_sent(p->e, out.len);
		n = 0;
		if (p->r >= 0 && server.wire.len > 0) {
			unsigned char *at = tls_engine_room(p->e, &room);

			n = room < server.wire.len ? room : server.wire.len;
			n = peers_piece(p, n);
			memcpy(at, server.wire.p, n);
			tls_engine_received(p->e, n);
			server.wire.len -= n;
			memmove(server.wire.p, server.wire.p + n,
			        server.wire.len);
		}
	} while (n > 0 || got.len > 0 || out.len > 0);
}

/* A client's hello has come. The ticket of p is offered. */
static inline void
peers_connect(struct peers *p, int version)
{
	static char name[PEERS_NAME_MAX];
	struct tls_engine_conf conf = { .name = span_of("localhost"),
		.random = peers_random, .judge = peers_judge, .arg = p,
		.ticket = &p->ticket, .id = &p->id, .now_ms = p->now_ms,
		.v13_only = p->v13_only };

	if (p->longest_name)
		conf.name = (struct span){ name, sizeof name };
	memset(name, 'n', sizeof name);
	certs_reset();
	script_restart(&server, version);
	p->r = 0;
	p->content_len = 0;
	p->e = tls_engine_new(&conf);
	assert_non_null(p->e);
	peers_move(p);
	assert_int_equal(1, server.hellos);
}

static inline void
peers_end(struct peers *p)
{
	tls_engine_free(p->e);
	p->e = NULL;
}

/* What a good server does from a step on, as long as the engine listens. */
static inline void
peers_play_on(struct peers *p, const struct flow *f, size_t from, size_t n)
{
	for (size_t i = from; i < n && p->r >= 0; i++) {
		script_send(&server, f->steps[i]);
		peers_move(p);
	}
}

/* Its first n steps. */
static inline void
peers_play(struct peers *p, const struct flow *f, size_t n)
{
	peers_play_on(p, f, 0, n);
}

static inline bool
peers_is_open(const struct peers *p)
{
	return p->r >= 0 && tls_engine_is_open(p->e) && server.is_finished;
}

/* A session that a flow can resume: made once for each version. */
static inline void
peers_resume(struct peers *p, const struct flow *f)
{
	static struct {
		struct tls_ticket ticket;
		unsigned char psk[SCRIPT_HASH], master[48];
	} kept[2];
	bool is13 = f->version == SCRIPT_TLS13;
	const struct flow *full = &peers_flows[is13 ? 0 : 4];

	if (kept[is13].ticket.suite == 0) {
		peers_connect(p, f->version);
		peers_play(p, full, full->n);
		assert_true(peers_is_open(p));
		if (is13) {
			script_keep(&server);
			script_send(&server, SCRIPT_TICKET);
			peers_move(p);
		}
		assert_int_not_equal(0, p->ticket.suite);
		kept[is13].ticket = p->ticket;
		memcpy(kept[is13].psk, server.psk, sizeof server.psk);
		memcpy(kept[is13].master, server.master, sizeof server.master);
		peers_end(p);
	}
	p->ticket = kept[is13].ticket;
	memcpy(server.psk, kept[is13].psk, sizeof server.psk);
	memcpy(server.master, kept[is13].master, sizeof server.master);
}

/* A connection of that flow before its first step. */
static inline void
peers_start(struct peers *p, const struct flow *f)
{
	memset(p, 0, sizeof *p);
	p->seed = 1;
	if (f->resumes)
		peers_resume(p, f);
	peers_connect(p, f->version);
	server.use_psk = f->resumes;
}

/* The engine has failed, and says so with just this alert; 0: with any. A
 * server whose messages were edited may have other keys, and not open it. */
static inline void
peers_refuse(struct peers *p, unsigned alert, const char *what)
{
	const struct tls_failure *f = tls_engine_failure(p->e);
	bool is_lost = server.garbled && server.edit != NULL;

	if (p->r != ERR_TLS && p->r != ERR_CERT)
		fail_msg("%s: no error, but %d", what, p->r);
	if (server.garbled && !is_lost)
		fail_msg("%s: the alert does not open", what);
	if (f->alert == TLS_ALERT_CLOSE
	 || (!is_lost && (server.alert != (int)f->alert
	               || server.alert_level != 2)))
		fail_msg("%s: alert %d is due and %d sent", what, f->alert,
		         server.alert);
	if (alert != 0 && f->alert != alert)
		fail_msg("%s: alert %d, not %u: %s", what, f->alert, alert,
		         f->text == NULL ? "" : f->text);
	/* What failed stays failed. */
	assert_true(tls_engine_step(p->e) < 0);
	assert_int_equal(0, tls_engine_write(p->e, (struct span){ "x", 1 }));
	assert_int_equal(0, tls_engine_output(p->e).len);
}

#endif
