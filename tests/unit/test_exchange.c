/* SPDX-License-Identifier: MIT */
/* test_exchange.c - one exchange with a server that says what the test wants */
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/err.h"
#include "client/exchange.h"

#define IN_MAX   4096
#define ROOM     (512 * 1024)	/* more than a unix socket holds */
#define LIMIT_MS 20000		/* for what comes at once */
#define SHORT_MS 20		/* for what never comes */

static char path[64];		/* of the server's socket, with its @ */
static int listener = -1, server = -1;
static struct exchange c;
static char in[IN_MAX];

static int
start(void **state)
{
	struct buf b = buf_over(path, sizeof path);
	struct addr at;

	(void)state;
	buf_fmt(&b, "@hale-unit-exchange-%d", (int)getpid());
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (addr_set_unix(&at, span_of(buf_text(&b))) < 0
	 || bind(listener, &at.any, at.len) < 0)
		return -1;
	return listen(listener, 4);
}

static int
stop(void **state)
{
	(void)state;
	exchange_close(&c);
	close(server);
	close(listener);
	listener = server = -1;
	return 0;
}

static int
open_for(size_t in_cap, int64_t timeout_ms)
{
	const struct exchange_to to = { .unix_path = span_of(path) };

	return exchange_open(&c, &to, in, in_cap,
	                     clock_after(clock_ms(), timeout_ms));
}

static void
answer_with(struct span bytes)
{
	assert_int_equal(bytes.len, send(server, bytes.p, bytes.len, 0));
}

/* Connects; the server has said so much already, and said all of it. */
static void
meet(struct span said, size_t in_cap)
{
	assert_int_equal(0, open_for(in_cap, LIMIT_MS));
	server = accept(listener, NULL, NULL);
	assert_true(server >= 0);
	answer_with(said);
	assert_int_equal(0, shutdown(server, SHUT_WR));
}

/* The heads' statuses, the body, and how it ended: "100 200 body: end". */
static void
read_all(struct buf *b)
{
	struct span piece;
	int r;

	do {
		r = exchange_read_head(&c);
		if (r == 0)
			buf_fmt(b, "%d ", c.reply.status);
	} while (r == 0 && exchange_is_interim(&c));
	while (r == 0 && (r = exchange_read_body(&c, &piece)) > 0) {
		buf_add(b, piece);
		r = 0;
	}
	if (r < 0) {
		buf_str(b, " (");
		exchange_text(&c, r, b);
		buf_str(b, ")");
	} else {
		buf_str(b, ": end");
	}
}

#define HEAD "HTTP/1.1 200 OK\r\n"
#define X16  "xxxxxxxxxxxxxxxx"

static const struct answer {
	const char *name, *said, *want;
	size_t      in_cap;	/* 0: IN_MAX */
	bool        is_head;
} answers[] = {
	{ "a length", HEAD "Content-Length: 3\r\n\r\nabcdef", "200 abc: end",
	  0, false },
	{ "a length of zero", HEAD "Content-Length: 0\r\n\r\nabc", "200 : end",
	  0, false },
	{ "less than the length", HEAD "Content-Length: 4\r\n\r\nabc",
	  "200 abc (ended before it was whole)", 0, false },
	{ "no length", HEAD "\r\nabc", "200 abc: end", 0, false },
	{ "no length and no body", HEAD "\r\n", "200 : end", 0, false },
	{ "an answer to HEAD", HEAD "Content-Length: 3\r\n\r\n", "200 : end",
	  0, true },
	{ "204", "HTTP/1.1 204 No\r\nContent-Length: 3\r\n\r\nabc",
	  "204 : end", 0, false },
	{ "304", "HTTP/1.1 304 No\r\nContent-Length: 3\r\n\r\nabc",
	  "304 : end", 0, false },
	{ "205 has a body if it says so",
	  "HTTP/1.1 205 R\r\nContent-Length: 3\r\n\r\nabc", "205 abc: end",
	  0, false },
	{ "interim answers", "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 E\r\n"
	  "Content-Length: 9\r\n\r\n" HEAD "\r\nabc", "100 103 200 abc: end",
	  0, false },
	{ "an interim answer alone", "HTTP/1.1 100 C\r\n\r\n",
	  "100  (empty reply)", 0, false },
	{ "101 is the last head", "HTTP/1.1 101 S\r\nContent-Length: 1\r\n\r\n"
	  "abc", "101 abc: end", 0, false },
	{ "chunks", HEAD "Transfer-Encoding: chunked\r\n\r\n"
	  "1\r\na\r\n2;x=y\r\nbc\r\n0\r\nT: x\r\n\r\nmore", "200 abc: end",
	  0, false },
	{ "chunks without an end", HEAD "Transfer-Encoding: chunked\r\n\r\n"
	  "1\r\na\r\n",
	  "200 a (ended before it was whole)", 0, false },
	{ "a broken chunk after a good one", HEAD
	  "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\nz\r\n",
	  "200 a (malformed)", 0, false },
	{ "a coding that is not known", HEAD "Transfer-Encoding: gzip\r\n\r\n",
	  " (unsupported transfer coding)", 0, false },
	{ "nothing", "", " (empty reply)",
	  0, false },
	{ "half a head", "HTTP/1.1 200 OK\r\nX: ",
	  " (ended before it was whole)", 0, false },
	{ "not HTTP", "SSH-2.0-x\r\n", " (unsupported protocol version)", 0, false },
	{ "a head that just fits", HEAD "X: " X16 "\r\n\r\nabc", "200 abc: end",
	  40, false },
	{ "a head of one byte too many", HEAD "X: " X16 "\r\n\r\nabc",
	  " (the answer's head is longer than 39 bytes)", 39, false },
	{ "a body larger than the room", HEAD "Content-Length: 48\r\n\r\n"
	  X16 X16 X16, "200 " X16 X16 X16 ": end", 39, false },
	{ "chunks larger than the room", HEAD
	  "Transfer-Encoding: chunked\r\n\r\n30\r\n" X16 X16 X16 "\r\n1\r\na"
	  "\r\n0\r\n\r\n", "200 " X16 X16 X16 "a: end", 48, false },
};

static void
is_read(void **state)
{
	const struct answer *a = *state;
	char memory[512];
	struct buf b = buf_over(memory, sizeof memory);

	meet(span_of(a->said), a->in_cap > 0 ? a->in_cap : IN_MAX);
	c.is_head = a->is_head;
	read_all(&b);
	assert_string_equal(a->want, buf_text(&b));
}

/* An interim head is the next one's in[], but all of them have one bound. */
static void
heads_without_end_are_too_many(void **state)
{
	static const char interim[] = "HTTP/1.1 103 E\r\nX: " X16 X16 X16 X16
	                              X16 X16 X16 X16 "\r\n\r\n";
	const size_t len = sizeof interim - 1;
	char memory[128];
	struct buf b = buf_over(memory, sizeof memory);
	size_t read = 0;
	int r = 0;

	(void)state;
	assert_int_equal(0, open_for(IN_MAX, LIMIT_MS));
	server = accept(listener, NULL, NULL);
	for (; r == 0; read += len) {
		assert_true(read <= EXCHANGE_HEADS_MAX);
		answer_with((struct span){ interim, len });
		r = exchange_read_head(&c);
		assert_true(r < 0 || exchange_is_interim(&c));
	}
	assert_int_equal(ERR_TOOBIG, r);
	assert_in_range(read, EXCHANGE_HEADS_MAX + 1,
	                EXCHANGE_HEADS_MAX + len);
	exchange_text(&c, r, &b);
	assert_string_equal("all heads of the answer are longer than 307200 "
	                    "bytes", buf_text(&b));
}

static void
a_head_may_take_all_of_the_room(void **state)
{
	static const char head[] = HEAD "X: " X16 "\r\n\r\n";
	const size_t len = sizeof head - 1;

	(void)state;
	assert_int_equal(0, open_for(len, LIMIT_MS));
	server = accept(listener, NULL, NULL);
	answer_with((struct span){ head, len - 1 });
	c.deadline_ms = clock_after(clock_ms(), SHORT_MS);
	assert_int_equal(ERR_TIMEOUT, exchange_read_head(&c));
	answer_with((struct span){ head + len - 1, 1 });
	c.deadline_ms = clock_after(clock_ms(), LIMIT_MS);
	assert_int_equal(0, exchange_read_head(&c));
}

static void
what_was_refused_can_be_looked_at(void **state)
{
	(void)state;
	meet(span_of("SSH-2.0-x\r\n"), IN_MAX);
	assert_int_equal(ERR_VERSION, exchange_read_head(&c));
	assert_span_equal("SSH-2.0-x\r\n", exchange_unread(&c));
}

static void
a_silent_server_is_given_up_at_the_deadline(void **state)
{
	struct span piece;

	(void)state;
	assert_int_equal(0, open_for(IN_MAX, LIMIT_MS));
	server = accept(listener, NULL, NULL);
	c.deadline_ms = clock_after(clock_ms(), SHORT_MS);
	assert_int_equal(ERR_TIMEOUT, exchange_read_head(&c));
	assert_true(clock_ms() >= c.deadline_ms);
	answer_with(span_of(HEAD "\r\n"));
	c.deadline_ms = clock_after(clock_ms(), LIMIT_MS);
	assert_int_equal(0, exchange_read_head(&c));
	c.deadline_ms = clock_after(clock_ms(), SHORT_MS);
	assert_int_equal(ERR_TIMEOUT, exchange_read_body(&c, &piece));
}

/* Who never lets us wait does not get more time by that. */
static void
after_the_deadline_nothing_is_read(void **state)
{
	(void)state;
	meet(span_of(HEAD "\r\n"), IN_MAX);
	c.deadline_ms = clock_ms();
	assert_int_equal(ERR_TIMEOUT, exchange_read_head(&c));
}

static void
a_request_arrives_as_it_was(void **state)
{
	char got[64];
	size_t sent = 99;

	(void)state;
	meet(span_of(""), IN_MAX);
	assert_int_equal(0, exchange_send(&c, span_of("GET /"), &sent));
	assert_int_equal(5, sent);
	assert_int_equal(5, recv(server, got, sizeof got, 0));
	assert_memory_equal("GET /", got, 5);
}

/* Of a body that nobody takes the rest is not waited for. */
static void
who_answers_before_the_end_of_a_body_is_heard(void **state)
{
	static char body[ROOM];
	char memory[64];
	struct buf b = buf_over(memory, sizeof memory);
	size_t sent = 0;

	(void)state;
	meet(span_of("HTTP/1.1 413 Large\r\nContent-Length: 2\r\n\r\nno"),
	     IN_MAX);
	assert_int_equal(1, exchange_send(&c, (struct span){ body, ROOM },
	                                  &sent));
	assert_in_range(sent, 1, ROOM - 1);
	read_all(&b);
	assert_string_equal("413 no: end", buf_text(&b));
}

static void
who_answers_and_closes_is_heard(void **state)
{
	char memory[64];
	struct buf b = buf_over(memory, sizeof memory);
	size_t sent;

	(void)state;
	meet(span_of("HTTP/1.1 503 Busy\r\n\r\n"), IN_MAX);
	close(server);
	server = -1;
	assert_int_equal(1, exchange_send(&c, span_of("GET /"), &sent));
	read_all(&b);
	assert_string_equal("503 : end", buf_text(&b));
}

static void
a_body_that_nobody_takes_has_a_deadline(void **state)
{
	static char body[ROOM];
	size_t sent;

	(void)state;
	assert_int_equal(0, open_for(IN_MAX, LIMIT_MS));
	server = accept(listener, NULL, NULL);
	c.deadline_ms = clock_after(clock_ms(), SHORT_MS);
	assert_int_equal(ERR_TIMEOUT, exchange_send(
		&c, (struct span){ body, ROOM }, &sent));
	assert_in_range(sent, 1, ROOM - 1);
}

static void
nobody_at_a_socket_is_named(void **state)
{
	char memory[128], want[128];
	struct buf b = buf_over(memory, sizeof memory);
	struct buf w = buf_over(want, sizeof want);
	int r;

	(void)state;
	close(listener);
	listener = -1;
	r = open_for(IN_MAX, LIMIT_MS);
	assert_int_equal(-ECONNREFUSED, r);
	assert_int_equal(EXCHANGE_CONNECT, c.step);
	exchange_text(&c, r, &b);
	buf_fmt(&w, "%s: Connection refused", path);
	assert_string_equal(buf_text(&w), buf_text(&b));
}

static void
a_path_of_no_address_is_refused(void **state)
{
	char long_path[109];
	const struct exchange_to to = {
		.unix_path = { long_path, sizeof long_path },
	};

	(void)state;
	memset(long_path, '/', sizeof long_path);
	assert_int_equal(ERR_TOOBIG, exchange_open(&c, &to, in, sizeof in,
	                                           CLOCK_NEVER));
	assert_int_equal(EXCHANGE_CONNECT, c.step);
	assert_int_equal(0, c.peer.len);
	assert_int_equal(-1, c.fd);
}

static void
a_failed_look_up_is_told_with_the_host(void **state)
{
	const struct exchange_to to = { .host = span_of("::1"), .port = 80,
		                        .family = AF_INET };
	char memory[128];
	struct buf b = buf_over(memory, sizeof memory);

	(void)state;
	assert_int_equal(ERR_RESOLVE, exchange_open(&c, &to, in, sizeof in,
	                                            CLOCK_NEVER));
	assert_int_equal(EXCHANGE_LOOKUP, c.step);
	exchange_text(&c, ERR_RESOLVE, &b);
	assert_string_equal("::1: not an IPv4 address", buf_text(&b));
}

/* A port of the loopback that the kernel chose. */
static uint16_t
listen_at_a_port(void)
{
	const struct ip ip = { .b = { 127, 0, 0, 1 } };
	struct addr at;

	close(listener);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	addr_set_ip(&at, &ip, 0);
	assert_int_equal(0, bind(listener, &at.any, at.len));
	assert_int_equal(0, listen(listener, 4));
	assert_int_equal(0, getsockname(listener, &at.any, &at.len));
	return addr_port(&at);
}

/* By a set, without a look-up; and by a literal host. */
static void
both_ends_of_a_connection_are_known(void **state)
{
	const struct ip ip = { .b = { 127, 0, 0, 1 } };
	uint16_t port = listen_at_a_port();
	struct exchange_to to = { .host = span_of("no.such.name.test") };
	struct dial_set set;
	struct addr other;

	(void)state;
	dial_init(&set, port);
	assert_int_equal(0, dial_add(&set, &ip));
	to.at = &set;
	for (int i = 0; i < 2; i++) {
		char memory[64];
		struct buf b = buf_over(memory, sizeof memory);

		assert_int_equal(0, exchange_open(&c, &to, in, sizeof in,
			clock_after(clock_ms(), LIMIT_MS)));
		other.len = sizeof other.un;
		server = accept(listener, &other.any, &other.len);
		assert_int_equal(port, exchange_write_peer(&c, &b));
		assert_int_equal(addr_port(&other), exchange_write_own(&c, &b));
		assert_string_equal("127.0.0.1127.0.0.1", buf_text(&b));
		exchange_close(&c);
		close(server);
		to.at = NULL;
		to.host = span_of("127.0.0.1");
		to.port = port;
	}
	server = -1;
}

static void
a_unix_socket_has_no_ends_in_words(void **state)
{
	struct buf b = guarded_buf(64);

	(void)state;
	meet(span_of(""), IN_MAX);
	assert_int_equal(0, exchange_write_peer(&c, &b));
	assert_int_equal(0, exchange_write_own(&c, &b));
	assert_int_equal(0, b.len);
}

static const struct tunnel {
	const char *name, *said;
	int         r, status;
	const char *want;	/* what follows, or the words of the failure */
} tunnels[] = {
	{ "a tunnel", "HTTP/1.1 200 Yes\r\nContent-Length: 9\r\n\r\n" HEAD
	  "Content-Length: 1\r\n\r\na", 0, 200, "200 a: end" },
	{ "a tunnel after an interim answer", "HTTP/1.1 100 C\r\n\r\n"
	  "HTTP/1.1 299 Yes\r\n\r\n" HEAD "\r\n", 0, 299, "200 : end" },
	{ "a proxy that refuses", "HTTP/1.1 407 No\r\n\r\n", ERR_REFUSED, 407,
	  "the proxy answers CONNECT with 407" },
	{ "a proxy that redirects", "HTTP/1.1 302 No\r\n\r\n", ERR_REFUSED,
	  302, "the proxy answers CONNECT with 302" },
	{ "a proxy that says nothing", "", ERR_EMPTY, 0, "empty reply" },
};

static char proxy_got[512];

/* The proxy's end of a tunnel. */
static void *
serve_proxy(void *tunnel)
{
	const struct tunnel *t = tunnel;
	struct buf b = buf_over(proxy_got, sizeof proxy_got);
	ssize_t n = 1;

	server = accept(listener, NULL, NULL);
	while (n > 0 && strstr(buf_text(&b), "\r\n\r\n") == NULL
	    && (n = recv(server, b.p + b.len, b.cap - b.len, 0)) > 0)
		b.len += (size_t)n;
	(void)send(server, t->said, strlen(t->said), 0);
	(void)shutdown(server, SHUT_WR);
	return NULL;
}

static void
is_opened(void **state)
{
	const struct tunnel *t = *state;
	const struct exchange_to to = {
		.unix_path = span_of(path), .tunnel_to = "h.test:80",
		.tunnel_fields = "X: y\r\n",
	};
	char memory[128];
	struct buf b = buf_over(memory, sizeof memory);
	pthread_t proxy;
	int r;

	assert_int_equal(0, pthread_create(&proxy, NULL, serve_proxy, *state));
	r = exchange_open(&c, &to, in, sizeof in,
	                  clock_after(clock_ms(), LIMIT_MS));
	assert_int_equal(0, pthread_join(proxy, NULL));
	assert_string_equal("CONNECT h.test:80 HTTP/1.1\r\nHost: h.test:80\r\n"
	                    "X: y\r\n\r\n", proxy_got);
	assert_int_equal(t->r, r);
	assert_int_equal(t->status, c.tunnel_status);
	if (r == 0)
		read_all(&b);
	else
		exchange_text(&c, r, &b);
	assert_string_equal(t->want, buf_text(&b));
}

#define EXCHANGE_TEST(run) unit_add_with(#run, run, NULL, start, stop)

int
main(void)
{
	EXCHANGE_TEST(heads_without_end_are_too_many);
	EXCHANGE_TEST(a_head_may_take_all_of_the_room);
	EXCHANGE_TEST(what_was_refused_can_be_looked_at);
	EXCHANGE_TEST(a_silent_server_is_given_up_at_the_deadline);
	EXCHANGE_TEST(after_the_deadline_nothing_is_read);
	EXCHANGE_TEST(a_request_arrives_as_it_was);
	EXCHANGE_TEST(who_answers_before_the_end_of_a_body_is_heard);
	EXCHANGE_TEST(who_answers_and_closes_is_heard);
	EXCHANGE_TEST(a_body_that_nobody_takes_has_a_deadline);
	EXCHANGE_TEST(nobody_at_a_socket_is_named);
	EXCHANGE_TEST(a_path_of_no_address_is_refused);
	EXCHANGE_TEST(a_failed_look_up_is_told_with_the_host);
	EXCHANGE_TEST(both_ends_of_a_connection_are_known);
	EXCHANGE_TEST(a_unix_socket_has_no_ends_in_words);
	for (size_t i = 0; i < sizeof tunnels / sizeof tunnels[0]; i++)
		unit_add_with(tunnels[i].name, is_opened, &tunnels[i], start,
		              stop);
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
		unit_add_with(answers[i].name, is_read, &answers[i], start,
		              stop);
	return unit_run("client/exchange");
}
