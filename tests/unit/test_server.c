/* SPDX-License-Identifier: MIT */
/* test_server.c - accept, read a head, answer, close; time is the test's */
#include "unit.h"

#include "fake_clock.h"
#include "h2_script.h"

#include "base/err.h"
#include "base/log.h"
#include "net/h2_answer.h"
#include "net/server.h"
#include "net/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define GET     "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
#define PROXY   "PROXY TCP4 10.0.0.1 10.0.0.2 40000 8080\r\n"
#define TURNS   8		/* enough for all that a test has set off */
#define ROOM    (1024 * 1024)	/* more than a socket holds */
#define BIG_LEN 16000	/* bytes of a large answer */
#define ANSWERS_MAX 10000	/* of those no socket takes as many */

#define DOORS   3	/* listeners of a test, the first one local */

/* What accept4() fails with next, and who SO_PEERCRED shows; 0: the truth. */
static int accept_err;
static bool is_peer_fake;
static struct ucred fake_peer;

int __wrap_accept4(int fd, struct sockaddr *at, socklen_t *len, int flags);
int __real_accept4(int fd, struct sockaddr *at, socklen_t *len, int flags);
int __wrap_getsockopt(int fd, int level, int name, void *to, socklen_t *len);
int __real_getsockopt(int fd, int level, int name, void *to, socklen_t *len);

int
__wrap_accept4(int fd, struct sockaddr *at, socklen_t *len, int flags)
{
	errno = accept_err;
	accept_err = 0;
	return errno != 0 ? -1 : __real_accept4(fd, at, len, flags);
}

int
__wrap_getsockopt(int fd, int level, int name, void *to, socklen_t *len)
{
	if (name != SO_PEERCRED || !is_peer_fake)
		return __real_getsockopt(fd, level, name, to, len);
	memcpy(to, &fake_peer, sizeof fake_peer);
	return 0;
}

/* A server on abstract sockets, and what it was asked. */
static struct server server;
static struct server_room room;
static struct loop loop;
static struct addr_bind at[DOORS];
static int listener_fds[DOORS];
static int asked;
static struct server_ask last;
static size_t answer_len;	/* 0: "ok" */
static bool is_serving;		/* "" and "a" */
static char large[SERVER_OUT_MAX];

static void
answer_with(void *owner, const struct server_ask *ask, struct buf *out)
{
	assert_ptr_equal(owner, &asked);
	asked++;
	last = *ask;
	if (ask->is_h2) {
		h2_answer_write(out, &(struct http_answer){
			.status = 200, .type = "text/plain", .extra = "",
			.body = { large, answer_len },
		});
		return;
	}
	if (answer_len == 0) {
		buf_str(out, "ok\n");
		return;
	}
	memset(out->p, 'A', answer_len);
	out->len = answer_len;
}

static void
fill_services(void *owner, struct server_services *into)
{
	assert_ptr_equal(owner, &asked);
	into->n = into->n_probes = 2;
	into->of[0] = (struct server_service){ span_of(""), is_serving };
	into->of[1] = (struct server_service){ span_of("a"), is_serving };
}

/* One of several addresses that no other test run has. */
static void
name_address(struct addr_bind *a, char which)
{
	char name[64];
	struct buf b = buf_over(name, sizeof name);

	buf_fmt(&b, "unix:@hale-unit-server-%d-%c", (int)getpid(), which);
	assert_int_equal(0, addr_bind_read(a, buf_span(&b)));
}

static int
open_doors(void)
{
	for (int i = 0; i < DOORS; i++) {
		name_address(&at[i], (char)('0' + i));
		listener_fds[i] = sock_listen(&at[i]);
		if (listener_fds[i] < 0
		 || server_listen(&server, listener_fds[i], i == 0
		                  ? SERVER_LOCAL : SERVER_PUBLIC) < 0)
			return -1;
	}
	return 0;
}

static int
open_server(void **state)
{
	(void)state;
	memset(&server, 0, sizeof server);
	asked = 0;
	answer_len = 0;
	accept_err = 0;
	is_peer_fake = false;
	is_serving = true;
	h2_script_next = 1;
	if (loop_init(&loop) < 0)
		return -1;
	server_init(&server, &loop, answer_with, fill_services, &asked);
	server.room = &room;
	return open_doors();
}

static int
close_server(void **state)
{
	(void)state;
	for (size_t i = 0; i < SERVER_SLOTS; i++)
		if (server.conns[i].is_open)
			close(server.conns[i].source.fd);
	for (int i = 0; i < DOORS; i++)
		close(listener_fds[i]);
	return close(loop.fd);
}

static void
turn(void)
{
	for (int i = 0; i < TURNS; i++)
		assert_int_equal(loop_turn(&loop), 0);
}

static int
client_at(int door)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, &at[door].addr.any, at[door].addr.len), 0);
	return fd;
}

static int
client(void)
{
	return client_at(1);
}

static void
tell(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL),
	                 strlen(text));
	turn();
}

/* What the client can read now; "(end)" where the server has closed. */
static const char *
heard(int fd)
{
	static char text[ROOM];
	struct buf b = buf_over(text, sizeof text);
	ssize_t n;

	while ((n = recv(fd, b.p + b.len, b.cap - b.len, 0)) > 0)
		b.len += (size_t)n;
	if (n == 0 || errno == ECONNRESET)
		buf_str(&b, "(end)");
	return buf_text(&b);
}

static size_t
open_conns(void)
{
	size_t n = 0;

	for (size_t i = 0; i < SERVER_SLOTS; i++)
		n += server.conns[i].is_open;
	return n;
}

static void
a_request_is_answered_and_the_connection_kept(void **state)
{
	int fd = client();

	(void)state;
	tell(fd, GET);
	assert_string_equal(heard(fd), "ok\n");
	assert_true(last.keep);
	assert_int_equal(last.err, 0);
	tell(fd, GET);
	assert_string_equal(heard(fd), "ok\n");
	assert_int_equal(server.requests, 2);
	close(fd);
	turn();
	assert_int_equal(open_conns(), 0);
}

/* Its owner had no memory for it. */
static void
without_room_whole_requests_are_answered_and_slow_ones_cut(void **state)
{
	int whole = client(), slow = client();

	(void)state;
	server.room = NULL;
	tell(slow, "GET / HT");
	assert_string_equal(heard(slow), "(end)");
	tell(whole, GET GET);
	assert_string_equal(heard(whole), "ok\nok\n");
	close(slow);
	close(whole);
	turn();
	assert_int_equal(open_conns(), 0);
}

static void
a_local_client_is_known_by_its_credentials(void **state)
{
	int fd = client_at(0);

	(void)state;
	tell(fd, GET);
	assert_int_equal(last.kind, SERVER_LOCAL);
	assert_int_equal(last.peer_pid, getpid());
	assert_int_equal(last.peer_uid, geteuid());
	close(fd);
}

static void
a_local_client_is_who_the_kernel_says(void **state)
{
	int fd = client_at(0);

	(void)state;
	is_peer_fake = true;
	fake_peer = (struct ucred){ .pid = 5, .uid = 7, .gid = 9 };
	tell(fd, GET);
	assert_int_equal(last.peer_pid, 5);
	assert_int_equal(last.peer_uid, 7);
	close(fd);
}

/* Of a PID namespace that we do not see; by a port everybody may ask. */
static void
who_cannot_be_seen_is_not_answered_locally(void **state)
{
	int local = client_at(0), public = client_at(1);

	(void)state;
	is_peer_fake = true;
	fake_peer = (struct ucred){ .pid = 0, .uid = 0 };
	turn();
	assert_string_equal(heard(local), "(end)");
	assert_int_equal(asked, 0);
	tell(public, GET);
	assert_string_equal(heard(public), "ok\n");
	assert_int_equal(last.peer_uid, (uid_t)-1);
	close(local);
	close(public);
}

/* Our own limit: the oldest idle one gives its descriptor to the newcomer. */
static void
without_descriptors_a_connection_makes_room(void **state)
{
	int old = client(), newcomer;

	(void)state;
	tell(old, GET);
	assert_string_equal(heard(old), "ok\n");
	newcomer = client();
	accept_err = EMFILE;
	tell(newcomer, GET);
	assert_string_equal(heard(newcomer), "ok\n");
	assert_string_equal(heard(old), "(end)");
	close(old);
	close(newcomer);
}

/* Accepting would fail again and again. */
static void
without_anything_to_give_the_listener_pauses(void **state)
{
	int fd = client();

	(void)state;
	log_level(LOG_ERROR);
	accept_err = EMFILE;
	tell(fd, GET);
	fake_now_ms += SERVER_PAUSE_MS - 1;
	turn();
	assert_string_equal(heard(fd), "");
	fake_now_ms++;
	turn();
	assert_string_equal(heard(fd), "ok\n");
	close(fd);
}

static const struct failure {
	const char *name;
	int         err;
} failures[] = {
	{ "a client that has gone", ECONNABORTED },
	{ "a signal", EINTR },
	{ "a broken network", ENETDOWN },
	{ "a protocol's error", EPROTO },
};

static void
keeps_nobody_waiting(void **state)
{
	const struct failure *f = *state;
	int fd = client();

	accept_err = f->err;
	tell(fd, GET);
	assert_string_equal(heard(fd), "ok\n");
	close(fd);
}

static void
a_close_is_answered_and_done(void **state)
{
	int fd = client();

	(void)state;
	tell(fd, "GET / HTTP/1.0\r\n\r\n");
	assert_string_equal(heard(fd), "ok\n(end)");
	assert_false(last.keep);
	assert_int_equal(open_conns(), 0);
	close(fd);
}

static void
a_head_may_come_byte_by_byte(void **state)
{
	int fd = client();
	char byte[2] = "";

	(void)state;
	for (const char *c = GET; *c != '\0'; c++) {
		assert_int_equal(asked, 0);
		byte[0] = *c;
		tell(fd, byte);
	}
	assert_string_equal(heard(fd), "ok\n");
	assert_span_equal("/a", last.req.path);
	close(fd);
}

static void
many_requests_at_once_are_answered_in_order(void **state)
{
	int fd = client();

	(void)state;
	tell(fd, GET GET GET "GET /part");
	assert_string_equal(heard(fd), "ok\nok\nok\n");
	tell(fd, " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" GET);
	assert_string_equal(heard(fd), "ok\n(end)");
	assert_int_equal(asked, 4);	/* none behind the close */
	assert_int_equal(open_conns(), 1);	/* no reset while it sends on */
	close(fd);
	turn();
	assert_int_equal(open_conns(), 0);
}

/* Asks GET in so many pieces that it lies in the slot's own memory. */
static void
a_head_in_pieces_is_not_taken_for_another_clients(void **state)
{
	int fd = client(), other = client();

	(void)state;
	tell(other, "GET /other HTTP/1.1\r\nHost: x\r\n\r\n");
	tell(other, GET);	/* the last that stood in the common memory */
	assert_span_equal("/a", last.req.path);
	tell(fd, "GE");
	tell(other, "GET /ot");	/* overwrites what that one's spans show */
	tell(fd, &GET[2]);
	assert_span_equal("/a", last.req.path);
	assert_span_equal("GET", last.req.method);
	close(fd);
	close(other);
}

static const struct row_of {
	const char *name;
	int         n;		/* requests sent at once */
} rows[] = {
	{ "one request less than a turn takes", SERVER_TURN_MAX - 1 },
	{ "as many requests as a turn takes", SERVER_TURN_MAX },
	{ "one request more than a turn takes", SERVER_TURN_MAX + 1 },
	{ "requests for many turns", 5 * SERVER_TURN_MAX + 2 },
};

static int
least(int a, int b)
{
	return a < b ? a : b;
}

static void
are_answered_by_so_many_a_turn(void **state)
{
	const struct row_of *r = *state;
	int fd = client(), got = 0, turns = 0;

	turn();
	for (int i = 0; i < r->n; i++)
		assert_int_equal(send(fd, GET, strlen(GET), 0), strlen(GET));
	while (asked < r->n) {
		assert_true(turns++ < r->n);
		assert_int_equal(loop_turn(&loop), 0);
		assert_int_equal(asked, least(turns * SERVER_TURN_MAX, r->n));
	}
	for (const char *c = heard(fd); *c != '\0'; c++)
		got += *c == '\n';
	assert_int_equal(got, r->n);
	turn();
	assert_int_equal(loop.n_again, 0);
	tell(fd, GET);	/* it can go on */
	assert_string_equal(heard(fd), "ok\n");
	close(fd);
}

/* Others' probes wait for one turn of each that pipelines, not for its end. */
static void
who_pipelines_keeps_nobody_waiting(void **state)
{
	int fd = client(), other = client();

	(void)state;
	turn();
	for (int i = 0; i < 4 * SERVER_TURN_MAX; i++)
		assert_int_equal(send(fd, GET, strlen(GET), 0), strlen(GET));
	assert_int_equal(loop_turn(&loop), 0);
	assert_int_equal(send(other, GET, strlen(GET), 0), strlen(GET));
	assert_int_equal(loop_turn(&loop), 0);
	assert_string_equal(heard(other), "ok\n");
	assert_true(asked < 4 * SERVER_TURN_MAX);
	close(other);
	close(fd);
}

/* Turns are long then: a queue of newcomers must not take one for each. */
static void
while_others_pipeline_newcomers_come_in_by_the_dozen(void **state)
{
	int fd = client(), fds[SERVER_ACCEPT_MAX + 1];

	(void)state;
	turn();
	for (int i = 0; i < 9 * SERVER_TURN_MAX; i++)
		assert_int_equal(send(fd, GET, strlen(GET), 0), strlen(GET));
	assert_int_equal(loop_turn(&loop), 0);
	asked = 0;
	for (int i = 0; i <= SERVER_ACCEPT_MAX; i++) {
		fds[i] = client();
		assert_int_equal(send(fds[i], GET, strlen(GET), 0),
		                 strlen(GET));
	}
	assert_int_equal(loop_turn(&loop), 0);
	assert_int_equal(asked, SERVER_TURN_MAX + SERVER_ACCEPT_MAX);
	assert_int_equal(loop_turn(&loop), 0);
	assert_int_equal(asked, 2 * SERVER_TURN_MAX + SERVER_ACCEPT_MAX + 1);
	for (int i = 0; i <= SERVER_ACCEPT_MAX; i++)
		close(fds[i]);
	close(fd);
}

static void
who_leaves_while_its_requests_wait_is_forgotten(void **state)
{
	int fd = client();

	(void)state;
	turn();
	for (int i = 0; i < 2 * SERVER_TURN_MAX; i++)
		assert_int_equal(send(fd, GET, strlen(GET), 0), strlen(GET));
	assert_int_equal(loop_turn(&loop), 0);
	close(fd);
	turn();
	assert_int_equal(open_conns(), 0);
	assert_int_equal(loop.n_again, 0);
}

static void
a_proxy_header_is_passed_over(void **state)
{
	int fd = client();

	(void)state;
	tell(fd, PROXY GET GET);
	assert_string_equal(heard(fd), "ok\nok\n");
	assert_span_equal("/a", last.req.path);
	assert_int_equal(last.err, 0);
	close(fd);
}

static void
a_proxy_header_may_come_byte_by_byte(void **state)
{
	int fd = client();
	char byte[2] = "";

	(void)state;
	for (const char *c = PROXY GET; *c != '\0'; c++) {
		assert_int_equal(asked, 0);
		byte[0] = *c;
		tell(fd, byte);
	}
	assert_string_equal(heard(fd), "ok\n");
	assert_int_equal(last.err, 0);
	close(fd);
}

static void
a_proxy_header_and_a_close_are_a_connection_that_asked_nothing(void **state)
{
	int fd = client();

	(void)state;
	tell(fd, PROXY);
	close(fd);
	turn();
	assert_int_equal(asked, 0);
	assert_int_equal(open_conns(), 0);
}

static void
a_proxy_header_behind_a_request_is_refused(void **state)
{
	int fd = client();

	(void)state;
	tell(fd, GET PROXY GET);
	assert_int_equal(asked, 2);
	assert_int_equal(last.err, ERR_PARSE);
	assert_string_equal(heard(fd), "ok\nok\n(end)");
	close(fd);
}

static void
a_second_proxy_header_is_refused(void **state)
{
	int fd = client();

	(void)state;
	tell(fd, PROXY PROXY GET);
	assert_int_equal(asked, 1);
	assert_int_equal(last.err, ERR_PARSE);
	close(fd);
}

static void
a_bad_proxy_header_is_refused_in_words(void **state)
{
	int fd = client();

	(void)state;
	tell(fd, "PROXY UDP4 a b 1 2\r\n" GET);
	assert_int_equal(asked, 1);
	assert_int_equal(last.err, ERR_PARSE);
	assert_non_null(strstr(last.fault.what, "PROXY"));
	assert_string_equal(heard(fd), "ok\n(end)");
	close(fd);
}

/* The rest of its head comes late: the header has not moved the deadline. */
static void
a_proxy_header_gives_no_more_time(void **state)
{
	int fd = client();

	(void)state;
	turn();	/* accepted */
	fake_now_ms += SERVER_HEAD_MS / 2;
	tell(fd, PROXY);
	tell(fd, "GET /");
	fake_now_ms += SERVER_HEAD_MS / 2 - 1;
	turn();
	assert_int_equal(open_conns(), 1);
	fake_now_ms++;
	turn();
	assert_int_equal(open_conns(), 0);
	close(fd);
}

/* In one piece, and with all but its last byte first. */
static void
the_longest_head_fits_behind_the_longest_proxy_header(void **state)
{
	static char bytes[SERVER_IN_MAX];
	char *head = bytes + PROXY_V2_MAX;

	(void)state;
	memset(bytes, 'x', sizeof bytes);
	memcpy(bytes, "\r\n\r\n\0\r\nQUIT\n\x21\x11\x07\xf0", 16);
	memcpy(head, GET, strlen(GET) - 2);
	memcpy(head + strlen(GET) - 2, "X:", 2);
	memcpy(head + HTTP_HEAD_MAX - 4, "\r\n\r\n", 4);
	for (size_t first = sizeof bytes - 1; first <= sizeof bytes; first++) {
		int fd = client();

		asked = 0;
		assert_int_equal(send(fd, bytes, first, 0), first);
		turn();
		assert_int_equal(asked, first == sizeof bytes);
		send(fd, bytes + first, sizeof bytes - first, 0);
		turn();
		assert_int_equal(asked, 1);
		assert_int_equal(last.err, 0);
		assert_string_equal(heard(fd), "ok\n");
		close(fd);
		turn();
	}
}

static const struct bad {
	const char *name, *head;
	int         err;
} bads[] = {
	{ "what is no request", "\x16\x03\x01", ERR_PARSE },
	{ "a head that breaks the grammar", "GET / HTTP/1.1\r\n x\r\n\r\n",
	  ERR_PARSE },
	{ "another version", "GET / HTTP/3.0\r\n\r\n", ERR_VERSION },
};

static void
is_refused_and_may_still_read_why(void **state)
{
	const struct bad *r = *state;
	int fd = client();

	tell(fd, r->head);
	assert_int_equal(last.err, r->err);
	assert_string_equal(heard(fd), "ok\n(end)");
	assert_int_equal(open_conns(), 1);	/* reads on, sends no reset */
	tell(fd, "more of it");
	assert_int_equal(asked, 1);
	fake_now_ms += SERVER_LINGER_MS;
	turn();
	assert_int_equal(open_conns(), 0);
	close(fd);
}

static void
a_body_is_not_read_and_ends_the_connection(void **state)
{
	int fd = client();

	(void)state;
	tell(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n" GET);
	assert_string_equal(heard(fd), "ok\n(end)");
	assert_int_equal(asked, 1);
	assert_int_equal(open_conns(), 1);	/* no reset yet */
	tell(fd, "more of the body");
	assert_int_equal(asked, 1);
	close(fd);
	turn();
	assert_int_equal(open_conns(), 0);
}

/* Not a byte of the body has come yet. */
static void
a_body_to_come_ends_the_connection_without_a_reset(void **state)
{
	int fd = client();

	(void)state;
	tell(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n");
	assert_string_equal(heard(fd), "ok\n(end)");
	assert_int_equal(open_conns(), 1);
	tell(fd, "abc");
	close(fd);
	turn();
	assert_int_equal(open_conns(), 0);
}

/* What is kept of a head to know it again has a bound. */
static void
a_head_is_known_again_up_to_its_bound(void **state)
{
	static char head[SERVER_KNOWN_MAX + 2];

	(void)state;
	for (size_t n = SERVER_KNOWN_MAX; n <= SERVER_KNOWN_MAX + 1; n++) {
		int fd = client();

		server.known_len = 0;
		memset(head, 'x', n);
		memcpy(head, "GET /a HTTP/1.1\r\nHost: x\r\nX: ", 29);
		memcpy(head + n - 4, "\r\n\r\n", 5);
		tell(fd, head);
		assert_int_equal(server.known_len,
		                 n == SERVER_KNOWN_MAX ? n : 0);
		tell(fd, head);
		assert_string_equal(heard(fd), "ok\nok\n");
		assert_span_equal("/a", last.req.path);
		close(fd);
		turn();
	}
}

static void
too_long_a_head_is_refused(void **state)
{
	static char head[HTTP_HEAD_MAX + 1];
	int fd = client();

	(void)state;
	memset(head, 'x', HTTP_HEAD_MAX);
	memcpy(head, "GET / HTTP/1.1\r\nX: ", 19);
	tell(fd, head);
	assert_int_equal(last.err, ERR_TOOBIG);
	close(fd);
}

static const struct wait {
	const char *name, *said;	/* before the silence */
	int64_t     patience_ms;
} waits[] = {
	{ "a new client that says nothing", "", SERVER_HEAD_MS },
	{ "a client that sends part of a head", "GET /", SERVER_HEAD_MS },
	{ "a client between two requests", GET, SERVER_IDLE_MS },
	{ "a client with part of a second head", GET "GET", SERVER_HEAD_MS },
	{ "a client with part of a PROXY header", "PROXY ", SERVER_HEAD_MS },
	{ "a client with a PROXY header alone", PROXY, SERVER_HEAD_MS },
};

static void
is_cut_at_its_deadline_and_not_before(void **state)
{
	const struct wait *w = *state;
	int fd = client();

	tell(fd, w->said);
	fake_now_ms += w->patience_ms - 1;
	turn();
	assert_int_equal(open_conns(), 1);
	fake_now_ms += 1;
	turn();
	assert_int_equal(open_conns(), 0);
	close(fd);
}

/* One byte now and then does not move the deadline. */
static void
a_slow_head_has_one_deadline(void **state)
{
	int fd = client();

	(void)state;
	tell(fd, "GET / HTTP/1.1\r\n");
	for (int i = 0; i < 4; i++) {
		fake_now_ms += SERVER_HEAD_MS / 4;
		tell(fd, i < 3 ? "X" : "");
	}
	assert_int_equal(open_conns(), 0);
	close(fd);
}

static void
a_client_that_reads_nothing_is_cut(void **state)
{
	int fd = client(), small = 1;

	(void)state;
	answer_len = BIG_LEN;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	for (int i = 0; i < 2000 && server.conns[0].out_len == 0; i++) {
		if (send(fd, GET, strlen(GET), MSG_NOSIGNAL) < 0)
			break;
		turn();
	}
	assert_int_equal(server.conns[0].state, CONN_WRITE);
	fake_now_ms += SERVER_HEAD_MS;
	turn();
	assert_int_equal(open_conns(), 0);
	close(fd);
}

/* Who takes an answer now and then, of many that wait, has one deadline. */
static void
a_client_that_reads_slowly_is_cut_as_well(void **state)
{
	char some[BIG_LEN];
	int fd = client();

	(void)state;
	answer_len = BIG_LEN;
	for (int n = 0; server.conns[0].out_len == 0; n++) {
		assert_true(n < ANSWERS_MAX);
		tell(fd, GET);
	}
	for (int i = 0; i < 250; i++)
		tell(fd, GET);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(server.conns[0].state, CONN_WRITE);
		assert_int_equal(open_conns(), 1);
		for (int n = 0; n < 12; n++)	/* enough for more to come */
			if (recv(fd, some, sizeof some, 0) < 0)
				break;
		turn();
		fake_now_ms += SERVER_HEAD_MS / 4;
		turn();
	}
	assert_int_equal(open_conns(), 0);
	close(fd);
}

/* A client that reads late gets every answer whole and in order. */
static void
an_answer_that_waited_goes_out_whole(void **state)
{
	size_t got = 0, sent = 0;
	int fd = client();

	(void)state;
	answer_len = BIG_LEN;
	while (server.conns[0].out_len == 0) {
		assert_true(sent < ANSWERS_MAX);
		tell(fd, GET);
		sent++;
	}
	tell(fd, GET GET);	/* wait behind what is not read yet */
	sent += 2;
	for (size_t more = 1; more > 0; got += more) {
		more = strlen(heard(fd));
		assert_true(got + more <= sent * BIG_LEN);
		turn();
	}
	assert_int_equal(got, sent * BIG_LEN);
	assert_int_equal(asked, sent);
	close(fd);
}

/* Clients at a door, each of which has said as much. */
static void
crowd(int fds[], int n, int door, const char *said)
{
	for (int i = 0; i < n; i++) {
		fds[i] = client_at(door);
		tell(fds[i], said);
		heard(fds[i]);
		fake_now_ms++;
	}
}

static void
leave(const int fds[], int n)
{
	for (int i = 0; i < n; i++)
		close(fds[i]);
}

static void
never_ready(struct source *source, uint32_t events)
{
	(void)source;
	(void)events;
}

/* A newcomer at the door is answered. */
static void
gets_in(int door)
{
	int fd = client_at(door);

	tell(fd, GET);
	assert_string_equal(heard(fd), "ok\n");
	close(fd);
	turn();
}

static void
the_oldest_idle_connection_makes_room(void **state)
{
	int fds[SERVER_CONN_MAX], newcomer;

	(void)state;
	crowd(fds, SERVER_CONN_MAX, 1, GET);
	assert_int_equal(open_conns(), SERVER_CONN_MAX);
	tell(fds[0], GET);	/* the second is the oldest now */
	assert_string_equal(heard(fds[0]), "ok\n");
	newcomer = client();
	tell(newcomer, GET);
	assert_string_equal(heard(newcomer), "ok\n");
	assert_string_equal(heard(fds[1]), "(end)");
	assert_string_equal(heard(fds[0]), "");
	assert_string_equal(heard(fds[2]), "");
	leave(fds, SERVER_CONN_MAX);
	close(newcomer);
}

/* Half-sent heads do not keep a prober out, and go after the idle ones. */
static void
slow_heads_make_room_after_idle_ones(void **state)
{
	int fds[SERVER_CONN_MAX], newcomer;

	(void)state;
	crowd(fds, 1, 1, "GET ");
	crowd(fds + 1, 1, 1, GET);
	crowd(fds + 2, SERVER_CONN_MAX - 2, 1, "GET ");
	for (int i = 0; i < 2; i++) {
		newcomer = client();
		tell(newcomer, GET);
		assert_string_equal(heard(newcomer), "ok\n");
		assert_string_equal(heard(fds[1 - i]), "(end)");
		tell(newcomer, "GET ");	/* not idle */
		close(newcomer);
	}
	leave(fds, SERVER_CONN_MAX);
}

/* While others are never without a client who waits to come in. */
static void
a_crowd_at_one_listener_keeps_nobody_out_of_another(void **state)
{
	int in[SERVER_CONN_MAX], waiting[SERVER_CONN_MAX], fds[2];

	(void)state;
	crowd(in, SERVER_CONN_MAX, 1, "GET ");
	for (int i = 0; i < SERVER_CONN_MAX; i++)
		waiting[i] = client_at(1);
	for (int i = 0; i < 2; i++) {
		fds[i] = client_at(i == 0 ? 0 : 2);
		assert_int_equal(send(fds[i], GET, strlen(GET), 0),
		                 strlen(GET));
	}
	assert_int_equal(loop_turn(&loop), 0);
	assert_int_equal(loop_turn(&loop), 0);
	for (int i = 0; i < 2; i++)
		assert_string_equal(heard(fds[i]), "ok\n");
	leave(fds, 2);
	leave(in, SERVER_CONN_MAX);
	leave(waiting, SERVER_CONN_MAX);
}

/* Each has its share, and a newcomer there ends one of its own. */
static void
two_crowded_listeners_have_equal_shares(void **state)
{
	int one[SERVER_CONN_MAX], two[SERVER_CONN_MAX];

	(void)state;
	crowd(one, SERVER_CONN_MAX, 1, "GET ");
	crowd(two, SERVER_CONN_MAX, 2, "GET ");
	assert_int_equal(server.listeners[1].n_conns, SERVER_CONN_MAX / 2);
	assert_int_equal(server.listeners[2].n_conns, SERVER_CONN_MAX / 2);
	gets_in(1);
	gets_in(2);
	leave(one, SERVER_CONN_MAX);
	leave(two, SERVER_CONN_MAX);
}

/* Whoever may connect to the local socket keeps no prober out, nor `check`. */
static void
a_crowd_at_the_local_socket_keeps_nobody_out(void **state)
{
	int fds[2 * SERVER_LOCAL_MAX];

	(void)state;
	crowd(fds, 2 * SERVER_LOCAL_MAX, 0, "");
	assert_int_equal(open_conns(), SERVER_LOCAL_MAX);
	for (int door = 0; door < DOORS; door++)
		gets_in(door);
	leave(fds, 2 * SERVER_LOCAL_MAX);
}

/* Its slots are its own, and no one else's. */
static void
the_local_socket_has_slots_beside_all_others(void **state)
{
	int fds[SERVER_CONN_MAX], locals[SERVER_LOCAL_MAX];

	(void)state;
	crowd(fds, SERVER_CONN_MAX, 1, GET);
	crowd(locals, SERVER_LOCAL_MAX, 0, GET);
	assert_int_equal(open_conns(), SERVER_SLOTS);
	assert_int_equal(server.listeners[0].n_conns, SERVER_LOCAL_MAX);
	assert_int_equal(server.listeners[1].n_conns, SERVER_CONN_MAX);
	leave(fds, SERVER_CONN_MAX);
	leave(locals, SERVER_LOCAL_MAX);
}

/* The place that was made for a newcomer who has left is for whoever comes. */
static void
a_place_kept_for_a_client_that_left_is_not_lost(void **state)
{
	int one[SERVER_CONN_MAX], two[SERVER_CONN_MAX / 2], gone;

	(void)state;
	crowd(one, SERVER_CONN_MAX, 1, "GET ");
	gone = client_at(1);
	assert_int_equal(loop_turn(&loop), 0);	/* a place is made */
	assert_int_equal(open_conns(), SERVER_CONN_MAX - 1);
	server.listeners[1].source.ready = never_ready;
	close(gone);
	crowd(two, SERVER_CONN_MAX / 2, 2, "GET ");
	assert_int_equal(server.listeners[2].n_conns, SERVER_CONN_MAX / 2);
	leave(one, SERVER_CONN_MAX);
	leave(two, SERVER_CONN_MAX / 2);
}

/* Once it was tried for, nobody else is closed for what is free. */
static void
a_place_kept_for_a_client_that_failed_is_anybodys(void **state)
{
	int one[SERVER_CONN_MAX], gone, other;

	(void)state;
	crowd(one, SERVER_CONN_MAX, 1, "GET ");
	gone = client_at(1);
	assert_int_equal(loop_turn(&loop), 0);	/* a place is made */
	accept_err = ECONNABORTED;
	assert_int_equal(loop_turn(&loop), 0);
	server.listeners[1].source.ready = never_ready;
	close(gone);
	other = client_at(2);
	tell(other, GET);
	assert_string_equal(heard(other), "ok\n");
	assert_int_equal(server.listeners[1].n_conns, SERVER_CONN_MAX - 1);
	leave(one, SERVER_CONN_MAX);
	close(other);
}

static void
the_most_listeners_fit_and_no_more(void **state)
{
	int fds[SERVER_LISTEN_MAX + 1];

	(void)state;
	for (int i = DOORS; i <= SERVER_LISTEN_MAX; i++) {
		struct addr_bind other;

		name_address(&other, (char)('a' + i));
		fds[i] = sock_listen(&other);
		assert_int_equal(server_listen(&server, fds[i], SERVER_PUBLIC),
		                 i < SERVER_LISTEN_MAX ? 0 : ERR_FULL);
	}
	assert_int_equal(server.n_listeners, SERVER_LISTEN_MAX);
	for (int i = DOORS; i <= SERVER_LISTEN_MAX; i++)
		close(fds[i]);
}

/* --- HTTP/2 --- */

#define OPEN    "pri settings"
#define OPENED  "SETTINGS SETTINGS+ack"
#define SERVING "00000000020801"
#define ANSWERED(id) "HEADERS/" id ":200 DATA/" id ":" SERVING

static void
say(int fd, const char *words)
{
	static char text[H2_SCRIPT_MAX];
	struct buf b = buf_over(text, sizeof text);

	h2_script_write(&b, words);
	assert_int_equal(send(fd, b.p, b.len, MSG_NOSIGNAL), b.len);
	turn();
}

/* The frames that came, and "(end)" behind them. */
static const char *
frames(int fd)
{
	static char words[H2_SCRIPT_MAX];
	static char bytes[ROOM];
	struct buf b = buf_over(bytes, sizeof bytes);
	struct buf text = buf_over(words, sizeof words);
	ssize_t n;

	while ((n = recv(fd, b.p + b.len, b.cap - b.len, 0)) > 0)
		b.len += (size_t)n;
	buf_str(&text, h2_script_show(buf_span(&b)));
	if (n == 0 || errno == ECONNRESET)
		buf_str(&text, text.len > 0 ? " (end)" : "(end)");
	return buf_text(&text);
}

/* One that has said so much. */
static int
h2_client(int door, const char *words)
{
	int fd = client_at(door);

	say(fd, OPEN);
	assert_string_equal(frames(fd), OPENED);
	if (*words != '\0')
		say(fd, words);
	return fd;
}

static int
watcher(int door)
{
	int fd = h2_client(door, "watch/1");

	assert_string_equal(frames(fd), ANSWERED("1"));
	return fd;
}

/* As the loop of PID 1: whoever watches is told behind each turn. */
static void
change(bool to)
{
	is_serving = to;
	server_tell(&server);
	turn();
}

static void
a_check_is_answered_in_the_first_flight(void **state)
{
	int fd = client();

	(void)state;
	say(fd, OPEN " check/1:a");
	assert_string_equal(frames(fd), OPENED " " ANSWERED("1")
	                    " HEADERS/1+end:0");
	assert_int_equal(server.requests, 1);
	say(fd, "check/3:b");
	assert_string_equal(frames(fd), "HEADERS/3+end:200,5");
	close(fd);
	turn();
	assert_int_equal(open_conns(), 0);
}

static void
http_2_behind_a_proxy_header_is_known(void **state)
{
	int fd = client();

	(void)state;
	tell(fd, PROXY);
	say(fd, OPEN " check/1");
	assert_string_equal(frames(fd), OPENED " " ANSWERED("1")
	                    " HEADERS/1+end:0");
	close(fd);
}

static void
http_2_behind_a_request_is_refused(void **state)
{
	int fd = client();

	(void)state;
	tell(fd, GET H2_PREFACE);
	assert_string_equal(heard(fd), "ok\nok\n(end)");
	assert_int_equal(last.err, ERR_VERSION);
	assert_false(last.is_h2);
	close(fd);
}

static void
without_room_http_2_is_refused(void **state)
{
	int fd = client();

	(void)state;
	server.room = NULL;
	say(fd, OPEN " check/1");
	assert_string_equal(frames(fd), "SETTINGS GOAWAY:0,13 (end)");
	assert_int_equal(asked, 0);
	close(fd);
	turn();
	assert_int_equal(open_conns(), 0);
}

static void
an_error_is_told_and_the_client_may_read_why(void **state)
{
	int fd = h2_client(1, "push/1");

	(void)state;
	assert_string_equal(frames(fd), "GOAWAY:0,1 (end)");
	assert_int_equal(open_conns(), 1);	/* reads on, sends no reset */
	say(fd, "100*ping");
	fake_now_ms += SERVER_LINGER_MS;
	turn();
	assert_int_equal(open_conns(), 0);
	close(fd);
}

static const struct h2_wait {
	const char *name, *said;	/* before the silence */
	int64_t     patience_ms;	/* -1: for ever */
} h2_waits[] = {
	{ "a preface without SETTINGS", "pri", SERVER_HEAD_MS },
	{ "part of a preface", "raw:505249202a20485454502f322e300d0a0d0a",
	  SERVER_HEAD_MS },
	{ "part of the first frame", "pri raw:000000", SERVER_HEAD_MS },
	{ "HTTP/2 without a request", OPEN, SERVER_IDLE_MS },
	{ "HTTP/2 between requests", OPEN " check/1", SERVER_IDLE_MS },
	{ "part of a frame", OPEN " raw:00", SERVER_HEAD_MS },
	{ "part of a frame behind a call", OPEN " check/1 raw:00",
	  SERVER_HEAD_MS },
	{ "part of a frame behind a Watch", OPEN " watch/1 raw:00",
	  SERVER_HEAD_MS },
	{ "a Watch", OPEN " watch/1", -1 },
	{ "a Watch whose window is closed", "pri settings:4=0 watch/1", -1 },
	{ "a Watch and part of a header block", OPEN " watch/1 part/3:00",
	  SERVER_HEAD_MS },
	{ "part of a header block", OPEN " part/1:00", SERVER_HEAD_MS },
};

static void
is_waited_for_so_long(void **state)
{
	const struct h2_wait *w = *state;
	int fd = client();
	int64_t long_ms = w->patience_ms >= 0 ? w->patience_ms : 1000000000;

	say(fd, w->said);
	fake_now_ms += long_ms - 1;
	turn();
	assert_int_equal(open_conns(), 1);
	assert_null(strstr(frames(fd), "(end)"));
	fake_now_ms++;
	turn();
	if (w->patience_ms >= 0)
		assert_non_null(strstr(frames(fd), "(end)"));
	else
		assert_string_equal(frames(fd), "");
	close(fd);
}

static const struct drip {
	const char *name, *before, *dripped;
} drips[] = {
	{ "a preface", "", OPEN },
	{ "the first frame", "pri", "settings:4=5" },
	{ "a frame", OPEN, "data/1:00000000000000" },
	{ "a frame of one that has asked", OPEN " check/1", "call/3" },
	{ "a frame of one that watches", OPEN " watch/1", "call/3" },
	{ "the frames of a header block", OPEN " part/1:00",
	  "1000*more/1:00" },
};

/* A byte now and then does not move the deadline. */
static void
has_one_deadline(void **state)
{
	const struct drip *d = *state;
	static char text[H2_SCRIPT_MAX];
	struct buf b = buf_over(text, sizeof text);
	int64_t end_ms;
	int fd = client();

	turn();
	end_ms = fake_now_ms + SERVER_HEAD_MS;
	say(fd, d->before);
	h2_script_write(&b, d->dripped);
	for (size_t i = 0; fake_now_ms < end_ms; i++) {
		assert_null(strstr(frames(fd), "(end)"));
		if (i < b.len - 1)
			assert_int_equal(send(fd, b.p + i, 1, MSG_NOSIGNAL), 1);
		turn();
		fake_now_ms += SERVER_HEAD_MS / 20;
	}
	turn();
	assert_non_null(strstr(frames(fd), "(end)"));
	close(fd);
}

/* The others' time runs on. */
static void
a_call_that_is_late_ends_alone(void **state)
{
	int fd = h2_client(1, "");

	(void)state;
	say(fd, "call/1");
	fake_now_ms += H2_WAIT_MS / 2;
	say(fd, "call/3");
	fake_now_ms += H2_WAIT_MS / 2;
	turn();
	assert_string_equal(frames(fd), "HEADERS/1+end:200,4 RST/1:0");
	say(fd, "end/3:0000000000");
	assert_string_equal(frames(fd), ANSWERED("3") " HEADERS/3+end:0");
	assert_int_equal(open_conns(), 1);
	close(fd);
}

/* .. also while part of a frame has come. */
static void
a_late_call_ends_behind_part_of_a_frame(void **state)
{
	int fd = h2_client(1, "call/1");

	(void)state;
	fake_now_ms += H2_WAIT_MS / 2;
	say(fd, "raw:0000080600000000000102");
	fake_now_ms += H2_WAIT_MS / 2;
	turn();
	assert_string_equal(frames(fd), "HEADERS/1+end:200,4 RST/1:0");
	say(fd, "raw:030405060708");
	assert_string_equal(frames(fd), "PING+ack");
	close(fd);
}

static void
changes_are_told_and_nothing_else(void **state)
{
	int fd = watcher(1);

	(void)state;
	change(true);
	assert_string_equal(frames(fd), "");
	change(false);
	assert_string_equal(frames(fd), "DATA/1:00000000020802");
	change(false);
	assert_string_equal(frames(fd), "");
	fake_now_ms += 10 * SERVER_IDLE_MS;
	change(true);
	assert_string_equal(frames(fd), "DATA/1:" SERVING);
	say(fd, "rst/1");
	change(false);
	assert_string_equal(frames(fd), "");
	assert_int_equal(server.listeners[1].n_watching, 0);
	fake_now_ms += SERVER_IDLE_MS;
	turn();
	assert_string_equal(frames(fd), "GOAWAY:1,0 (end)");
	close(fd);
}

/* Fills what the client does not read, until the answers stay here. */
static int
deaf(const char *first)
{
	int fd = h2_client(1, first);

	answer_len = BIG_LEN;
	say(fd, "window/0:100000000");
	for (int n = 0; server.conns[0].out_len == 0; n++) {
		assert_true(n < ANSWERS_MAX);
		say(fd, "get/+:/");
	}
	return fd;
}

static void
who_reads_nothing_is_cut_and_sets_off_no_turns(void **state)
{
	int fd = deaf("");
	uint64_t turns;

	(void)state;
	say(fd, "8*check/+ 8*get/+:/");
	turns = loop.turns;
	turn();
	assert_int_equal(server.conns[0].state, CONN_WRITE);
	assert_false(loop_is_busy(&loop));
	assert_int_equal(loop.turns, turns + TURNS);
	fake_now_ms += SERVER_HEAD_MS;
	turn();
	assert_int_equal(open_conns(), 0);
	close(fd);
}

/* With requests left of a turn whose answers do not go out. */
static void
who_reads_nothing_while_requests_wait_keeps_no_one_awake(void **state)
{
	int fd = h2_client(1, "settings:4=16000 window/0:100000000");
	static char text[H2_SCRIPT_MAX];
	struct buf b = buf_over(text, sizeof text);

	(void)state;
	answer_len = BIG_LEN;
	h2_script_write(&b, "60*get/+:/");
	for (int n = 0; server.conns[0].out_len == 0; n++) {
		assert_true(n < ANSWERS_MAX);
		if (send(fd, b.p, b.len, MSG_NOSIGNAL) != (ssize_t)b.len)
			break;
		assert_int_equal(loop_turn(&loop), 0);
		b.len = 0;
		h2_script_write(&b, "60*get/+:/");
	}
	turn();
	assert_int_equal(server.conns[0].state, CONN_WRITE);
	assert_true(server.conns[0].in_len > 0);
	assert_false(loop_is_busy(&loop));
	for (int n = 0; server.conns[0].out_len > 0 || n < 20; n++) {
		heard(fd);
		turn();
		assert_true(n < ANSWERS_MAX);
	}
	assert_int_equal(server.conns[0].in_len, 0);
	close(fd);
}

/* A change comes when there is room again: the last one only. */
static void
a_watch_whose_client_reads_late_hears_the_latest(void **state)
{
	int fd = deaf("watch/+");
	const char *words;

	(void)state;
	change(false);
	change(true);
	change(false);
	for (int n = 0; server.conns[0].out_len > 0; n++) {
		heard(fd);
		turn();
		assert_true(n < ANSWERS_MAX);
	}
	heard(fd);
	server_tell(&server);
	turn();
	words = frames(fd);
	assert_string_equal(words, "DATA/1:00000000020802");
	assert_int_equal(server.listeners[1].n_watching, 1);
	close(fd);
}

static void
so_many_connections_of_a_listener_may_watch(void **state)
{
	enum { SHARE = SERVER_CONN_MAX / (DOORS - 1) / SERVER_WATCH_PART };
	int fds[SHARE], one_more, other;

	(void)state;
	for (int i = 0; i < SHARE; i++) {
		assert_true(server_may_watch(&server.listeners[1]));
		fds[i] = watcher(1);
		assert_int_equal(server.listeners[1].n_watching, i + 1);
	}
	assert_false(server_may_watch(&server.listeners[1]));
	one_more = h2_client(1, "watch/1 check/3");
	assert_string_equal(frames(one_more), "HEADERS/1+end:200,8 "
	                    ANSWERED("3") " HEADERS/3+end:0");
	other = watcher(2);	/* has a share of its own */
	say(fds[0], "watch/3");	/* it is one of them already */
	assert_string_equal(frames(fds[0]), ANSWERED("3"));
	close(fds[0]);
	turn();
	assert_int_equal(server.listeners[1].n_watching, SHARE - 1);
	say(one_more, "watch/5");
	assert_string_equal(frames(one_more), ANSWERED("5"));
	leave(fds + 1, SHARE - 1);
	close(one_more);
	close(other);
	turn();
	assert_int_equal(server.listeners[1].n_watching, 0);
	assert_int_equal(server.listeners[2].n_watching, 0);
}

/* Idle ones go first, then slow heads, then who watches; each is told. */
static void
who_watches_makes_room_last(void **state)
{
	int fds[SERVER_CONN_MAX], watch, slow, idle, newcomer;

	(void)state;
	watch = watcher(1);
	slow = h2_client(1, "call/1");
	idle = h2_client(1, "check/1");
	frames(idle);
	crowd(fds, SERVER_CONN_MAX - 3, 1, "GET ");
	newcomer = client();
	tell(newcomer, GET "GET ");
	assert_string_equal(heard(newcomer), "ok\n");
	assert_string_equal(frames(idle), "GOAWAY:1,0 (end)");
	gets_in(1);
	assert_string_equal(frames(slow),
	                    "HEADERS/1+end:200,14 RST/1:0 GOAWAY:1,0 (end)");
	assert_string_equal(frames(watch), "");
	leave(fds, SERVER_CONN_MAX - 3);
	close(newcomer);
	close(watch);
	close(slow);
	close(idle);
}

/* Of a new connection nothing of the one before is left. */
static void
a_slot_begins_anew(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		int fd = h2_client(1, "watch/1 call/3 part/5:00");

		assert_string_equal(frames(fd), ANSWERED("1"));
		close(fd);
		turn();
		assert_int_equal(open_conns(), 0);
		assert_int_equal(server.listeners[1].n_watching, 0);
		fd = client();
		tell(fd, GET);
		assert_string_equal(heard(fd), "ok\n");
		close(fd);
		turn();
	}
}

static void
who_is_connected_by_http_2_hears_that_hale_leaves(void **state)
{
	int watch = watcher(1), idle = h2_client(2, "");
	int old = client();

	(void)state;
	tell(old, GET);
	assert_string_equal(heard(old), "ok\n");
	server_leave(&server);
	assert_string_equal(frames(watch),
	                    "HEADERS/1+end:14 GOAWAY:1,0 (end)");
	assert_string_equal(frames(idle), "GOAWAY:0,0 (end)");
	assert_string_equal(heard(old), "");
	assert_int_equal(open_conns(), 3);	/* our end closes them */
	close(watch);
	close(idle);
	close(old);
}

/* Others' probes wait for one turn of each that sends many. */
static void
many_calls_keep_nobody_waiting(void **state)
{
	int fd = h2_client(1, ""), other = client();
	static char text[H2_SCRIPT_MAX];
	struct buf b = buf_over(text, sizeof text);

	(void)state;
	turn();
	h2_script_write(&b, "60*check/+");
	assert_int_equal(send(fd, b.p, b.len, 0), b.len);
	assert_int_equal(loop_turn(&loop), 0);
	assert_int_equal(server.requests, H2_TURN_REQS);
	assert_int_equal(send(other, GET, strlen(GET), 0), strlen(GET));
	assert_int_equal(loop_turn(&loop), 0);
	assert_string_equal(heard(other), "ok\n");
	assert_int_equal(server.requests, 2 * H2_TURN_REQS + 1);
	for (int i = 0; i < 15; i++)
		turn();
	assert_int_equal(server.requests, 61);
	assert_false(loop_is_busy(&loop));
	close(fd);
	close(other);
}

#define SERVER_TEST(run) \
	unit_add_with(#run, run, NULL, open_server, close_server)

static void
add_http_2(void)
{
	SERVER_TEST(a_check_is_answered_in_the_first_flight);
	SERVER_TEST(http_2_behind_a_proxy_header_is_known);
	SERVER_TEST(http_2_behind_a_request_is_refused);
	SERVER_TEST(without_room_http_2_is_refused);
	SERVER_TEST(an_error_is_told_and_the_client_may_read_why);
	SERVER_TEST(a_call_that_is_late_ends_alone);
	SERVER_TEST(a_late_call_ends_behind_part_of_a_frame);
	SERVER_TEST(changes_are_told_and_nothing_else);
	SERVER_TEST(who_reads_nothing_is_cut_and_sets_off_no_turns);
	SERVER_TEST(who_reads_nothing_while_requests_wait_keeps_no_one_awake);
	SERVER_TEST(a_watch_whose_client_reads_late_hears_the_latest);
	SERVER_TEST(so_many_connections_of_a_listener_may_watch);
	SERVER_TEST(who_watches_makes_room_last);
	SERVER_TEST(a_slot_begins_anew);
	SERVER_TEST(who_is_connected_by_http_2_hears_that_hale_leaves);
	SERVER_TEST(many_calls_keep_nobody_waiting);
	for (size_t i = 0; i < sizeof h2_waits / sizeof h2_waits[0]; i++)
		unit_add_with(h2_waits[i].name, is_waited_for_so_long,
		              &h2_waits[i], open_server, close_server);
	for (size_t i = 0; i < sizeof drips / sizeof drips[0]; i++)
		unit_add_with(drips[i].name, has_one_deadline, &drips[i],
		              open_server, close_server);
	for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++)
		unit_add_with(bads[i].name, is_refused_and_may_still_read_why,
		              &bads[i], open_server, close_server);
}

int
main(void)
{
	SERVER_TEST(a_request_is_answered_and_the_connection_kept);
	SERVER_TEST(without_room_whole_requests_are_answered_and_slow_ones_cut);
	SERVER_TEST(a_local_client_is_known_by_its_credentials);
	SERVER_TEST(a_local_client_is_who_the_kernel_says);
	SERVER_TEST(who_cannot_be_seen_is_not_answered_locally);
	SERVER_TEST(without_descriptors_a_connection_makes_room);
	SERVER_TEST(without_anything_to_give_the_listener_pauses);
	SERVER_TEST(a_body_to_come_ends_the_connection_without_a_reset);
	SERVER_TEST(a_head_is_known_again_up_to_its_bound);
	SERVER_TEST(the_local_socket_has_slots_beside_all_others);
	SERVER_TEST(a_close_is_answered_and_done);
	SERVER_TEST(a_head_may_come_byte_by_byte);
	SERVER_TEST(many_requests_at_once_are_answered_in_order);
	SERVER_TEST(a_head_in_pieces_is_not_taken_for_another_clients);
	SERVER_TEST(who_pipelines_keeps_nobody_waiting);
	SERVER_TEST(while_others_pipeline_newcomers_come_in_by_the_dozen);
	SERVER_TEST(who_leaves_while_its_requests_wait_is_forgotten);
	SERVER_TEST(a_proxy_header_is_passed_over);
	SERVER_TEST(a_proxy_header_may_come_byte_by_byte);
	SERVER_TEST(
	    a_proxy_header_and_a_close_are_a_connection_that_asked_nothing);
	SERVER_TEST(a_proxy_header_behind_a_request_is_refused);
	SERVER_TEST(a_second_proxy_header_is_refused);
	SERVER_TEST(a_bad_proxy_header_is_refused_in_words);
	SERVER_TEST(a_proxy_header_gives_no_more_time);
	SERVER_TEST(the_longest_head_fits_behind_the_longest_proxy_header);
	SERVER_TEST(a_body_is_not_read_and_ends_the_connection);
	SERVER_TEST(too_long_a_head_is_refused);
	SERVER_TEST(a_slow_head_has_one_deadline);
	SERVER_TEST(a_client_that_reads_nothing_is_cut);
	SERVER_TEST(a_client_that_reads_slowly_is_cut_as_well);
	SERVER_TEST(an_answer_that_waited_goes_out_whole);
	SERVER_TEST(the_oldest_idle_connection_makes_room);
	SERVER_TEST(slow_heads_make_room_after_idle_ones);
	SERVER_TEST(a_crowd_at_one_listener_keeps_nobody_out_of_another);
	SERVER_TEST(two_crowded_listeners_have_equal_shares);
	SERVER_TEST(a_crowd_at_the_local_socket_keeps_nobody_out);
	SERVER_TEST(a_place_kept_for_a_client_that_left_is_not_lost);
	SERVER_TEST(a_place_kept_for_a_client_that_failed_is_anybodys);
	SERVER_TEST(the_most_listeners_fit_and_no_more);
	add_http_2();
	for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++)
		unit_add_with(failures[i].name, keeps_nobody_waiting,
		              &failures[i], open_server, close_server);
	for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++)
		unit_add_with(waits[i].name,
		              is_cut_at_its_deadline_and_not_before,
		              &waits[i], open_server, close_server);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		unit_add_with(rows[i].name, are_answered_by_so_many_a_turn,
		              &rows[i], open_server, close_server);
	return unit_run("net/server");
}
