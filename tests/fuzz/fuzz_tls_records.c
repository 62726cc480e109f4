/* SPDX-License-Identifier: MIT */
/*
 * fuzz_tls_records.c - however a server's bytes fall into pieces, the engine
 * makes the same of them
 *
 * The input is a byte of ways to connect, a byte for the lengths of pieces, one
 * for what is taken of content at once, and then what the server sends. The
 * engine's random bytes are fixed, so that a recorded handshake goes through.
 */
#include "tls_watch.h"

/* That of tls_script.h's server, whose handshakes are in the corpus. */
static const unsigned char server_secret[32] =
	"the scripted server's secret key";

#define WITH_NAME    1
#define WITH_TICKET  2		/* one to resume; else room for one */
#define IS_V12       4		/* the ticket is of TLS 1.2 */
#define NO_TICKETS   8
#define READS_CERTS  16

static struct watch whole, pieces;

static struct tls_ticket
make_ticket(uint8_t ways)
{
	struct tls_ticket t = { .suite = 0x1301, .version = TLS_V13, .len = 8,
		.lifetime_s = 3600, .bytes = "a ticket" };

	if ((ways & WITH_TICKET) == 0)
		return (struct tls_ticket){ .suite = 0 };
	if ((ways & IS_V12) != 0) {
		t.version = TLS_V12;
		t.suite = 0xc02b;
		t.id_len = 2;
		memcpy(t.id, "id", 2);
	}
	return t;
}

static void
connect_to(struct watch *w, uint8_t ways, struct tls_ticket *ticket)
{
	struct tls_engine_conf conf = { .cpu_has_aes = true };

	*ticket = make_ticket(ways);
	if ((ways & WITH_NAME) != 0)
		conf.name = (struct span){ "localhost", 9 };
	if ((ways & NO_TICKETS) == 0)
		conf.ticket = ticket;
	w->reads_certs = (ways & READS_CERTS) != 0;
	watch_new(w, &conf);
	watch_drain(w);
}

static bool
is_same(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static void
compare(void)
{
	const struct tls_engine *a = whole.e, *b = pieces.e;

	fuzz_must(a->state == b->state && a->suite == b->suite
	          && a->failed == b->failed && a->ended == b->ended
	          && a->resumed == b->resumed && whole.judged == pieces.judged
	          && whole.steps == pieces.steps);
	fuzz_must(a->failure.alert == b->failure.alert
	          && a->failure.heard == b->failure.heard
	          && a->failure.text == b->failure.text);
	fuzz_must(is_same(buf_span(&whole.content), buf_span(&pieces.content)));
	fuzz_must(is_same(buf_span(&whole.said), buf_span(&pieces.said)));
}

static bool
are_same(const struct tls_ticket *a, const struct tls_ticket *b)
{
	return a->suite == b->suite && a->version == b->version
	    && a->len == b->len && a->id_len == b->id_len
	    && a->age_add == b->age_add && a->lifetime_s == b->lifetime_s
	    && a->since_ms == b->since_ms
	    && memcmp(a->id, b->id, a->id_len) == 0
	    && memcmp(a->secret, b->secret, sizeof a->secret) == 0
	    && memcmp(a->bytes, b->bytes, a->len) == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tls_ticket tickets[2];
	struct span stream;

	if (size < 3)
		return 0;
	if (watch_key.q.len == 0)
		watch_use_key(server_secret);
	stream = (struct span){ (const char *)data + 3, size - 3 };
	connect_to(&whole, data[0], &tickets[0]);
	connect_to(&pieces, data[0], &tickets[1]);
	whole.bite = SIZE_MAX;
	pieces.bite = (size_t)data[2] + 1;
	watch_give(&whole, stream, SIZE_MAX);
	watch_give(&pieces, stream, (size_t)data[1] + 1);
	compare();
	watch_said(&whole);
	fuzz_must(are_same(&tickets[0], &tickets[1]));
	watch_ticket(&tickets[0]);
	watch_free(&whole);
	watch_free(&pieces);
	return 0;
}
