/* SPDX-License-Identifier: MIT */
/*
 * fuzz_tls_messages.c - a server that has the keys and says what it likes
 *
 * The input is six bytes of ways to connect and then steps: the next message of
 * a good handshake, any other, one that was changed or made up, records,
 * content, alerts, a new connection. What the server says is sealed with the
 * right keys, so that it gets as far as its messages are good.
 *
 * As long as all is good the handshake must come off, and both must hear what
 * the other said.
 */
#include "tls_fuzz_script.h"
#include "tls_watch.h"

#define STEPS_MAX   64
#define WAYS        6
#define EDITS_MAX   8
#define FILLER_MAX  30000	/* zeros behind the bytes of a message */
#define PENDING_MAX 32768	/* bytes of messages that are held */
#define GATHER_MAX  65536	/* bytes of records that are gathered */
#define CONTENT_MAX 20000	/* bytes of content in a step */
#define ASKED_MAX   50000	/* bytes of content of the client */
#define RECORD_MIN  256		/* for what is long */

/* Ways to connect: the first byte... */
#define IS_V12      1
#define RESUMES     2
#define HAS_ID      4
#define NO_EMS      8
#define UNEDITED    16		/* hashed is what was not changed */
#define READS_CERTS 32
#define NO_NAME     64
#define NO_TICKETS  128
/* ...and the second. */
#define RETRIES     1
#define ASKS_CERT   2

#define MANY 0x80		/* of a step's byte: NEXT, that often */

enum what {
	NEXT,		/* the next message of the handshake */
	SEND,		/* any message, as if it were its turn */
	INJECT,		/* any message, which changes nothing */
	EDIT,		/* changes the next message */
	REPLACE,	/* bytes in the place of a message */
	RECORD,		/* bytes as a record */
	HOLD,		/* messages gather in a record, or no longer do */
	GATHER,		/* records gather */
	CONTENT,
	ALERT,
	CLIENT,		/* what the client does */
	CONNECT,	/* again, with the ticket that was kept */
	DAMAGE,		/* a byte of the records that were gathered */
	WHATS
};

struct edit {
	uint8_t  kind, value;
	uint16_t at;
};

static struct watch watch;
static size_t heard;		/* of watch.said, by the server */
static struct tls_ticket ticket;
static struct span input;
static uint8_t ways[WAYS];
static struct flow flow;
static size_t flow_at, piece;
static struct edit edits[EDITS_MAX];
static size_t edits_n;
static bool gathers, has_ended, is_own;
static bool is_genuine[SCRIPT_MSGS];	/* was said as a good server says it */
static char sent_room[WATCH_ROOM], asked_room[ASKED_MAX];
static struct buf sent, asked;	/* content of either side */

static unsigned
take(size_t bytes)
{
	unsigned n = 0;

	while (bytes-- > 0) {
		n = n << 8 | (input.len > 0 ? (unsigned char)input.p[0] : 0);
		input = span_after(input, input.len > 0);
	}
	return n;
}

static struct span
take_bytes(void)
{
	size_t len = take(1);
	struct span bytes = input;

	bytes.len = len < input.len ? len : input.len;
	input = span_after(input, bytes.len);
	return bytes;
}

static enum script_msg
take_msg(void)
{
	return (enum script_msg)(take(1) % SCRIPT_MSGS);
}

/* Content of which no two pieces are the same. */
static void
add_content(struct buf *b, size_t len)
{
	while (len-- > 0 && b->len < b->cap) {
		b->p[b->len] = (char)(b->len * 7 + (b->len >> 8));
		b->len++;
	}
}

/* --- Changes. --- */

/* Sets or turns a byte, takes some out or says some twice; then the message's
 * length may follow. */
static void
edit_one(const struct edit *e, struct span *msg)
{
	size_t at = msg->len > 0 ? e->at % msg->len : 0;
	struct span front = { msg->p, at }, back = span_after(*msg, at);
	size_t n = e->value < back.len ? e->value : back.len;
	unsigned byte = back.len > 0 ? (unsigned char)back.p[0] : 0;

	switch (e->kind & 3) {
	case 0:
		*msg = JOIN(front, script_number(e->value, 1),
		            span_after(back, back.len > 0));
		break;
	case 1:
		*msg = JOIN(front, script_number(e->value ^ byte, 1),
		            span_after(back, back.len > 0));
		break;
	case 2:
		*msg = JOIN(front, span_after(back, n));
		break;
	default:
		*msg = JOIN(front, (struct span){ back.p, n }, back);
	}
	if ((e->kind & 4) != 0 && msg->len >= 4)
		*msg = JOIN((struct span){ msg->p, 1 },
		            script_vector(3, span_after(*msg, 4)));
}

static void
edit(struct script *s, enum script_msg m, struct span *msg)
{
	struct span good = *msg;

	if (msg->len * 8 < sizeof arena - arena_len)
		for (size_t i = 0; i < edits_n; i++)
			edit_one(&edits[i], msg);
	edits_n = 0;
	if (!is_own && msg->len >= good.len
	 && memcmp(msg->p, good.p, good.len) == 0)
		is_genuine[m] = true;
	if (msg->len + s->pending.len > 2 * RECORD_MIN
	 && s->record_max < RECORD_MIN)
		s->record_max = RECORD_MIN;
}

/* --- The connection. --- */

/* What an honest server and a good client have in common. */
static void
look_at_both(void)
{
	fuzz_must(!server.garbled && !watch.e->failed);
	if (!watch.holds)
		fuzz_must(server.alert <= 0 && server.data.len == asked.len
		          && memcmp(server.data.p, asked.p, asked.len) == 0);
	if (flow_at == flow.n && !gathers)
		fuzz_must(server.is_finished && tls_engine_is_open(watch.e)
		          && tls_engine_is_resumed(watch.e) == flow.resumes
		          && watch.content.len == sent.len
		          && tls_engine_is_ended(watch.e) == has_ended);
}

static void
look(void)
{
	struct span got = buf_span(&watch.content);
	char memory[100];
	struct buf b = buf_over(memory, sizeof memory);

	fuzz_must(got.len <= sent.len && memcmp(got.p, sent.p, got.len) == 0);
	if (script_is_honest)
		look_at_both();
	if (!tls_engine_is_open(watch.e))
		return;
	fuzz_must(is_genuine[SCRIPT_FINISHED]);
	if (!watch.e->resumed && !watch.reads_certs)
		fuzz_must(is_genuine[tls_engine_is_v13(watch.e)
		          ? SCRIPT_CERT_VERIFY : SCRIPT_KEY_EXCHANGE]);
	tls_engine_write_info(watch.e, &b);
	fuzz_must(b.len > 10 && !b.cut);
}

/* What the client says, to the server. */
static void
hear(void)
{
	watch_drain(&watch);
	while (heard < watch.said.len) {
		size_t n = watch.said.len - heard;

		n = n < 4096 ? n : 4096;
		heard += n;
		script_take(&server, (struct span){ watch.said.p + heard - n,
		                                    n });
	}
}

static void
deliver(void)
{
	watch_give(&watch, buf_span(&server.wire), piece);
	server.wire.len = 0;
	hear();
	look();
}

static void
send_steps(size_t *n, const enum script_msg *list, size_t len)
{
	memcpy(flow.steps + *n, list, len * sizeof *list);
	*n += len;
}
#define STEPS(...) send_steps(&flow.n, (enum script_msg[]){ __VA_ARGS__ }, \
	sizeof((enum script_msg[]){ __VA_ARGS__ }) / sizeof(enum script_msg))

static void
plan13(void)
{
	if ((ways[1] & RETRIES) != 0)
		STEPS(SCRIPT_RETRY);
	STEPS(SCRIPT_SERVER_HELLO, SCRIPT_ENCRYPTED_EXTS);
	if (!flow.resumes && (ways[1] & ASKS_CERT) != 0)
		STEPS(SCRIPT_CERT_REQUEST);
	if (!flow.resumes)
		STEPS(SCRIPT_CERT, SCRIPT_CERT_VERIFY);
	STEPS(SCRIPT_FINISHED);
}

static void
plan12(void)
{
	STEPS(SCRIPT_SERVER_HELLO);
	if (!flow.resumes)
		STEPS(SCRIPT_CERT, SCRIPT_KEY_EXCHANGE);
	if (!flow.resumes && (ways[1] & ASKS_CERT) != 0)
		STEPS(SCRIPT_CERT_REQUEST);
	if (!flow.resumes)
		STEPS(SCRIPT_HELLO_DONE);
	STEPS(SCRIPT_TICKET, SCRIPT_CCS, SCRIPT_FINISHED);
}

static void
set_server(void)
{
	size_t max = (size_t)ways[2];

	server.use_psk = flow.resumes;
	if (!flow.resumes)	/* of TLS 1.2, before there is one: as the
				 * engine's, which must not be used */
		memset(server.master, 0, sizeof server.master);
	server.no_ems = !flow.resumes && (ways[0] & NO_EMS) != 0;
	server.hash_unedited = (ways[0] & UNEDITED) != 0;
	server.edit = edit;
	server.record_max = max == 0 ? SCRIPT_RECORD_MAX : max;
	server.pad = max == 0 ? 0 : max < 64 ? ways[3] % 8 : ways[3];
}

static void
connect_to(void)
{
	static struct tls_client_cert id = { .n = 1 };
	struct tls_engine_conf conf = { .cpu_has_aes = true };
	int version = (ways[0] & IS_V12) != 0 ? SCRIPT_TLS12 : SCRIPT_TLS13;

	certs_reset();
	script_restart(&server, version);
	id.certs[0] = script_cert();
	id.key.kind = X509_KEY_P256;
	id.key.d = (struct span){ (const char *)script_private,
	                          sizeof script_private };
	if ((ways[0] & NO_NAME) == 0)
		conf.name = span_of("localhost");
	if ((ways[0] & NO_TICKETS) == 0)
		conf.ticket = &ticket;
	if ((ways[0] & HAS_ID) != 0)
		conf.id = &id;
	flow = (struct flow){ .resumes = conf.ticket && ticket.suite != 0 };
	if (version == SCRIPT_TLS13)
		plan13();
	else
		plan12();
	set_server();
	flow_at = heard = edits_n = 0;
	memset(is_genuine, 0, sizeof is_genuine);
	gathers = has_ended = watch.holds = false;
	sent = buf_over(sent_room, sizeof sent_room);
	asked = buf_over(asked_room, sizeof asked_room);
	watch_new(&watch, &conf);
	hear();
}

static void
disconnect(void)
{
	watch_said(&watch);
	watch_ticket(&ticket);
	watch_free(&watch);
}

/* --- Steps. --- */

/* What waits for an answer is not kept waiting. */
static void
send_next(void)
{
	enum script_msg m;

	if (flow_at == flow.n)
		return;
	m = flow.steps[flow_at++];
	script_send(&server, m);
	if (m == SCRIPT_RETRY || m == SCRIPT_HELLO_DONE || flow_at == flow.n) {
		script_flush(&server);
		gathers = false;
	}
}

static void
send_any(enum script_msg m)
{
	bool is_open = flow_at == flow.n && !has_ended;

	if (!is_open || server.version != SCRIPT_TLS13 || (m != SCRIPT_TICKET
	 && m != SCRIPT_KEY_UPDATE && m != SCRIPT_KEY_UPDATE_BOTH))
		script_is_honest = false;
	script_send(&server, m);
	if (m == SCRIPT_TICKET && server.version == SCRIPT_TLS13)
		script_keep(&server);
}

static void
send_own(void)
{
	enum script_msg m = take_msg();
	int type = (int)take(1);
	size_t zeros = take(2) % FILLER_MAX;
	static const char filler[FILLER_MAX];
	struct span body = JOIN(take_bytes(), (struct span){ filler, zeros });

	script_is_honest = false;
	is_own = true;
	if (type == 0xff)	/* bytes of messages as they are */
		script_send_as(&server, m, body);
	else
		script_send_as(&server, m, script_message(type, body));
	is_own = false;
}

static void
send_record(void)
{
	unsigned type = take(1);
	bool sealed = (type & 0x80) == 0;
	struct span bytes = take_bytes();

	script_is_honest = false;
	type = 20 + (type & 7);
	if (!sealed) {
		script_plain_out(&server, (int)type, bytes);
		return;
	}
	script_seal_out(&server, (int)type, bytes);
	if (type == SCRIPT_DATA)
		buf_add(&sent, bytes);
}

static void
send_content(void)
{
	size_t len = take(2) % CONTENT_MAX, at = sent.len;

	if (flow_at < flow.n)
		script_is_honest = false;
	if (len > 32 * server.record_max)
		len = 32 * server.record_max;
	if (has_ended || len > sent.cap - sent.len)
		return;
	script_flush(&server);
	add_content(&sent, len);
	script_seal_out(&server, SCRIPT_DATA,
	                (struct span){ sent.p + at, len });
}

static void
send_alert(void)
{
	int level = (int)take(1), alert = (int)take(1);

	script_flush(&server);
	if (server.record_max < 2)	/* it is one record's */
		server.record_max = 2;
	script_alert(&server, level, alert);
	if (alert == 0 && flow_at == flow.n)
		has_ended = true;
	else
		script_is_honest = false;
}

static void
write_client(void)
{
	size_t at = asked.len, n;

	add_content(&asked, take(2) % CONTENT_MAX);
	n = tls_engine_write(watch.e, (struct span){ asked.p + at,
	                                             asked.len - at });
	fuzz_must(n <= asked.len - at);
	fuzz_must(n == 0 || (tls_engine_is_open(watch.e) && !watch.e->failed));
	fuzz_must(n > 0 || asked.len == at || !tls_engine_is_open(watch.e)
	          || watch.e->closed || watch.e->failed || watch.holds);
	asked.len = at + n;
}

static void
inject(enum script_msg m)
{
	script_is_honest = false;
	is_genuine[m] = true;
	script_inject(&server, m);
}

/* However often it was asked for new keys while it could not send, the client
 * changes them once. */
static void
hold_or_not(void)
{
	unsigned updates = server.updates;

	watch.holds = !watch.holds && tls_engine_is_open(watch.e);
	hear();
	fuzz_must(server.updates <= updates + 1);
}

static void
act_as_client(void)
{
	unsigned how = take(1);

	switch (how & 3) {
	case 0:
		write_client();
		break;
	case 1:
		tls_engine_close(watch.e);
		break;
	case 2:
		hold_or_not();
		break;
	default:
		watch.bite = (how >> 2) + 1;
	}
}

static void
do_edit(void)
{
	if (edits_n == EDITS_MAX)
		return;
	edits[edits_n].kind = (uint8_t)take(1);
	edits[edits_n].value = (uint8_t)take(1);
	edits[edits_n].at = (uint16_t)take(2);
	edits_n++;
	script_is_honest = false;
}

static void
do_damage(void)
{
	size_t at = take(2);
	unsigned with = take(1);

	if (server.wire.len == 0)
		return;
	server.wire.p[at % server.wire.len] ^= (char)with;
	script_is_honest = false;
}

static void
do_step(enum what what)
{
	switch (what) {
	case NEXT:
		send_next();
		break;
	case SEND:
		send_any(take_msg());
		break;
	case INJECT:
		inject(take_msg());
		break;
	case EDIT:
		do_edit();
		break;
	case REPLACE:
		send_own();
		break;
	case RECORD:
		send_record();
		break;
	case HOLD:
		server.hold = !server.hold;
		if (!server.hold)
			script_flush(&server);
		break;
	case GATHER:
		gathers = !gathers;
		break;
	case CONTENT:
		send_content();
		break;
	case ALERT:
		send_alert();
		break;
	case CLIENT:
		act_as_client();
		break;
	case CONNECT:
		disconnect();
		connect_to();
		break;
	case DAMAGE:
		do_damage();
		break;
	case WHATS:
		break;
	}
}

/* What a step leaves in the arena has gone out. */
static void
step(enum what what)
{
	size_t arena_now = arena_len;

	do_step(what);
	if (what != CONNECT)
		arena_len = arena_now;
	if (server.pending.len > PENDING_MAX)
		script_flush(&server);
	if (!gathers || server.wire.len > GATHER_MAX)
		deliver();
}

/* A session to resume, of a handshake that was watched by nobody. */
static void
prepare(void)
{
	static const struct flow old = { .resumes = true,
		.version = SCRIPT_TLS12 };
	static const struct flow new = { .resumes = true,
		.version = SCRIPT_TLS13 };
	struct peers p = { .seed = 1 };

	script_is_honest = true;
	if (watch_key.q.len == 0) {
		watch_use_key(script_private);
		peers_resume(&p, &old);
		peers_resume(&p, &new);
	}
	memset(&ticket, 0, sizeof ticket);
	if ((ways[0] & RESUMES) == 0)
		return;
	peers_resume(&p, (ways[0] & IS_V12) != 0 ? &old : &new);
	ticket = p.ticket;
}

static void
play(void)
{
	for (size_t i = 0; i < STEPS_MAX && input.len > 0; i++) {
		unsigned what = take(1);

		if ((what & MANY) == 0)
			step((enum what)(what % WHATS));
		else
			for (size_t n = what & 15; n > 0; n--)
				step(NEXT);
	}
	watch.holds = gathers = false;
	deliver();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input = (struct span){ (const char *)data, size };
	for (size_t i = 0; i < WAYS; i++)
		ways[i] = (uint8_t)take(1);
	prepare();
	is_own = false;
	piece = ways[4] == 0 ? SIZE_MAX : ways[4];
	watch.bite = ways[5] == 0 ? SIZE_MAX : ways[5];
	watch.reads_certs = (ways[0] & READS_CERTS) != 0;
	if (setjmp(script_given_up) == 0) {
		connect_to();
		play();
	}
	disconnect();
	return 0;
}
