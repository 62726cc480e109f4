/* SPDX-License-Identifier: MIT */
/* client/exchange.c - one HTTP/1.1 exchange */
#include "client/exchange.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/wait.h"
#include "net/ip.h"

/* A peer that never lets us wait must not outlast the deadline either; TLS sees
 * to that itself. */
static bool
is_late(const struct exchange *c)
{
	return c->deadline_ms != CLOCK_NEVER && clock_ms() >= c->deadline_ms;
}

/* Reads what is there: 1.., 0 at the end, or an error. */
static ssize_t
read_some(struct exchange *c, char *into, size_t room)
{
	if (c->tls != NULL)
		return tls_read(c->tls, into, room, c->deadline_ms);
	if (is_late(c))
		return ERR_TIMEOUT;
	for (;;) {
		ssize_t n = recv(c->fd, into, room, 0);
		int r;

		if (n >= 0)
			return n;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		r = wait_fd(c->fd, POLLIN, c->deadline_ms);
		if (r < 0)
			return r;
	}
}

static int
send_plain(struct exchange *c, struct span bytes, size_t *sent)
{
	while (*sent < bytes.len) {
		ssize_t n = send(c->fd, bytes.p + *sent, bytes.len - *sent,
		                 MSG_NOSIGNAL);
		int r;

		if (n >= 0) {
			*sent += (size_t)n;
			if (is_late(c) && *sent < bytes.len)
				return ERR_TIMEOUT;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		r = wait_fd(c->fd, POLLIN | POLLOUT, c->deadline_ms);
		if (r < 0)
			return r;
		if ((r & POLLOUT) == 0 && (r & POLLIN) != 0)
			return 1;
	}
	return 0;
}

/* A server that answers and closes early resets our writes: its answer may
 * be there all the same. */
static bool
may_have_answered(int err)
{
	return err == -EPIPE || err == -ECONNRESET;
}

/* see client/exchange.h */
int
exchange_send(struct exchange *c, struct span bytes, size_t *sent)
{
	int r;

	c->step = EXCHANGE_SEND;
	*sent = 0;
	if (c->tls == NULL) {
		r = send_plain(c, bytes, sent);
		return may_have_answered(r) ? 1 : r;
	}
	r = tls_write(c->tls, bytes, c->deadline_ms);
	if (r == 0)
		*sent = bytes.len;
	return may_have_answered(r) ? 1 : r;
}

/* see client/exchange.h */
ssize_t
exchange_fill(struct exchange *c)
{
	ssize_t n;

	if (c->in_at > 0) {
		c->in_len -= c->in_at;
		memmove(c->in, c->in + c->in_at, c->in_len);
		c->in_at = 0;
	}
	if (c->in_len == c->in_cap)
		return ERR_TOOBIG;
	n = read_some(c, c->in + c->in_len, c->in_cap - c->in_len);
	if (n > 0)
		c->in_len += (size_t)n;
	return n;
}

static int
decide_body(struct exchange *c)
{
	const struct reply *r = &c->reply;

	memset(&c->chunks, 0, sizeof c->chunks);
	c->left = 0;
	if (r->status == 101 && !c->is_head) {
		c->body = BODY_TO_END;	/* another protocol's, from here on */
		return 0;
	}
	if (c->is_head || r->status / 100 == 1 || r->status == 204
	 || r->status == 304) {
		c->body = BODY_NONE;
		return 0;
	}
	if (r->coded)
		return ERR_CODING;
	if (r->chunked) {
		c->body = BODY_CHUNKS;
	} else if (r->has_length) {
		c->body = BODY_LENGTH;
		c->left = r->length;
	} else {
		c->body = BODY_TO_END;
	}
	return 0;
}

/* see client/exchange.h */
bool
exchange_is_interim(const struct exchange *c)
{
	return c->reply.status / 100 == 1 && c->reply.status != 101;
}

/* see client/exchange.h */
struct span
exchange_unread(const struct exchange *c)
{
	return (struct span){ c->in + c->in_at, c->in_len - c->in_at };
}

/* see client/exchange.h */
int
exchange_read_head(struct exchange *c)
{
	c->step = EXCHANGE_HEAD;
	for (;;) {
		size_t len = c->in_len - c->in_at;
		int r = len > 0 ? reply_read(&c->reply, c->in + c->in_at, len)
		                : 0;
		ssize_t n;

		if (r < 0)
			return r;
		if (r > 0) {
			c->in_at += (size_t)r;
			c->heads_len += (size_t)r;
			if (c->heads_len > EXCHANGE_HEADS_MAX)
				return ERR_TOOBIG;
			if (!exchange_is_interim(c))
				c->heads_len = 0;
			return decide_body(c);
		}
		n = exchange_fill(c);
		if (n == 0)
			return len == 0 ? ERR_EMPTY : ERR_SHORT;
		if (n < 0)
			return (int)n;
	}
}

/* What is unread, or was read now; empty at the end. */
static int
more(struct exchange *c, struct span *got)
{
	ssize_t n;

	if (c->in_at == c->in_len) {
		c->in_at = c->in_len = 0;
		n = exchange_fill(c);
		if (n < 0)
			return (int)n;
	}
	*got = (struct span){ c->in + c->in_at, c->in_len - c->in_at };
	return 0;
}

/* Decodes what is in `got` and puts the data of all its chunks together, so
 * that many small ones make one piece. Returns chunks_step()'s last word. */
static int
join_chunks(struct exchange *c, struct span got, struct span *piece)
{
	char *to = c->in + c->in_at;
	struct span data;
	int r;

	*piece = (struct span){ to, 0 };
	while ((r = chunks_step(&c->chunks, &got, &data)) == CHUNKS_DATA) {
		memmove(to + piece->len, data.p, data.len);
		piece->len += data.len;
	}
	c->in_at = c->in_len - got.len;
	return r;
}

static int
read_chunked(struct exchange *c, struct span *piece)
{
	for (;;) {
		struct span got = { NULL, 0 };
		int r = c->broken < 0 ? c->broken : more(c, &got);

		if (r < 0)
			return r;
		if (got.len == 0)
			return ERR_SHORT;
		r = join_chunks(c, got, piece);
		if (r == CHUNKS_END)
			c->body = BODY_NONE;
		if (r < 0)
			c->broken = r;
		if (piece->len > 0)
			return 1;
		if (r != CHUNKS_MORE)
			return r == CHUNKS_END ? 0 : r;
	}
}

/* Bytes as they came, none at the end; of TLS where it opened them, which saves
 * the copy to in[]. What follows the body is passed over with its last piece:
 * no other answer comes. */
static int
raw_piece(struct exchange *c, struct span *piece)
{
	int r;

	if (c->tls != NULL && c->in_at == c->in_len)
		return tls_lend(c->tls, piece, SIZE_MAX, c->deadline_ms);
	r = more(c, piece);
	c->in_at = c->in_len;
	return r;
}

/* see client/exchange.h */
int
exchange_read_body(struct exchange *c, struct span *piece)
{
	int r;

	c->step = EXCHANGE_BODY;
	switch (c->body) {
	case BODY_NONE:
		return 0;
	case BODY_CHUNKS:
		return read_chunked(c, piece);
	case BODY_LENGTH:
		if (c->left == 0)
			return 0;
		break;
	case BODY_TO_END:
		break;
	}
	r = raw_piece(c, piece);
	if (r < 0)
		return r;
	if (piece->len == 0)
		return c->body == BODY_TO_END ? 0 : ERR_SHORT;
	if (c->body == BODY_LENGTH && piece->len > c->left)
		piece->len = (size_t)c->left;
	c->left -= c->body == BODY_LENGTH ? piece->len : 0;
	return 1;
}

/* Finds the host's addresses. */
static int
look_up(struct exchange *c, const struct exchange_to *to)
{
	struct buf why = buf_over(c->why, sizeof c->why);
	int r = resolve_host(&c->found, to->host, to->port, to->family,
	                     c->deadline_ms, &why);

	(void)buf_end_text(&why);
	return r;
}

static int
open_socket(struct exchange *c, const struct exchange_to *to)
{
	bool is_unix = to->unix_path.len > 0;
	const struct dial_set *set = to->at;
	int r = 0;

	c->step = EXCHANGE_LOOKUP;
	if (!is_unix && set == NULL) {
		r = look_up(c, to);
		set = &c->found;
	}
	if (r < 0)
		return r;
	c->looked_up_us = clock_us();
	c->step = EXCHANGE_CONNECT;
	if (is_unix)
		r = addr_set_unix(&c->peer, to->unix_path);
	if (r == 0)
		r = is_unix ? dial_unix(&c->peer, c->deadline_ms)
		            : dial_connect(set, c->deadline_ms, &c->peer);
	if (r < 0)
		return r;
	c->fd = r;
	c->connected_us = clock_us();
	return 0;
}

/* Has the proxy open a tunnel (RFC 9110, 9.3.6). */
static int
open_tunnel(struct exchange *c, const struct exchange_to *to)
{
	char text[EXCHANGE_PROXY_HEAD_MAX + 2 * TLS_HOST_MAX + 64];
	struct buf b = buf_over(text, sizeof text);
	size_t sent;
	int r;

	buf_fmt(&b, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", to->tunnel_to,
	        to->tunnel_to, to->tunnel_fields);
	if (b.cut)
		return ERR_TOOBIG;
	r = exchange_send(c, buf_span(&b), &sent);
	c->step = EXCHANGE_TUNNEL;
	if (r < 0)
		return r;
	do {
		r = exchange_read_head(c);
		c->step = EXCHANGE_TUNNEL;
		if (r < 0)
			return r;
	} while (exchange_is_interim(c));
	c->tunnel_status = c->reply.status;
	return c->reply.status / 100 == 2 ? 0 : ERR_REFUSED;
}

/* The literal address in the host, for the certificate; none for a name. IPv4
 * in all the ways in which the resolver takes it ("127.1", "0x7f.0.0.1"): a
 * name that leads to an address without a look-up must not match one of a
 * certificate. An IPv6 zone ("%eth0") is not part of the address. */
static void
note_ip(struct tls_conf *conf)
{
	struct span address = { conf->host, strcspn(conf->host, "%") };
	struct ip ip;

	if (ip_read_loose(&ip, NULL, address) < 0)
		return;
	conf->ip_len = ip.is_v6 ? IP_V6_LEN : IP_V4_LEN;
	memcpy(conf->ip, ip.b, conf->ip_len);
}

static int
open_tls(struct exchange *c, struct tls_conf conf)
{
	struct buf why = buf_over(c->why, sizeof c->why);
	int r;

	c->step = EXCHANGE_TLS;
	c->in_at = c->in_len = 0;	/* the tunnel starts with our hello */
	note_ip(&conf);
	r = tls_open(&c->tls, c->fd, &conf, c->deadline_ms, &why);
	(void)buf_text(&why);
	c->secured_us = clock_us();
	return r;
}

/* see client/exchange.h */
int
exchange_open(struct exchange *c, const struct exchange_to *to, char *in,
              size_t in_cap, int64_t deadline_ms)
{
	int r;

	memset(c, 0, offsetof(struct exchange, why));
	c->why[0] = '\0';
	dial_init(&c->found, to->port);
	c->fd = -1;
	c->host = to->host;
	c->in = in;
	c->in_cap = in_cap;
	c->deadline_ms = deadline_ms;
	r = open_socket(c, to);
	if (r == 0 && to->tunnel_to != NULL)
		r = open_tunnel(c, to);
	if (r < 0 || to->tls == NULL)
		return r;
	return open_tls(c, *to->tls);
}

static uint16_t
write_ip(struct buf *b, const struct addr *at)
{
	if (at->any.sa_family != AF_UNIX)
		addr_write_host(b, at);
	return addr_port(at);
}

/* see client/exchange.h */
uint16_t
exchange_write_peer(const struct exchange *c, struct buf *b)
{
	return write_ip(b, &c->peer);
}

/* see client/exchange.h */
uint16_t
exchange_write_own(const struct exchange *c, struct buf *b)
{
	struct addr own = { .len = sizeof own.un };

	if (getsockname(c->fd, &own.any, &own.len) < 0)
		return 0;
	return write_ip(b, &own);
}

/* What of an answer did not fit. */
static void
write_too_big(const struct exchange *c, struct buf *b)
{
	if (c->step == EXCHANGE_BODY)
		buf_str(b, "a chunk's size line or the trailers are longer "
		        "than " BUF_DIGITS(CHUNKS_LINE_MAX) " bytes");
	else if (c->heads_len > EXCHANGE_HEADS_MAX)
		buf_str(b, "all heads of the answer are longer than "
		        BUF_DIGITS(EXCHANGE_HEADS_MAX) " bytes");
	else
		buf_fmt(b, "the answer's head is longer than %lu bytes",
		        (unsigned long)c->in_cap);
}

/* see client/exchange.h */
void
exchange_text(const struct exchange *c, int err, struct buf *b)
{
	size_t before = b->len;

	if (c->step == EXCHANGE_LOOKUP) {
		buf_fmt(b, "%.*s: %s", (int)c->host.len, c->host.p, c->why);
		return;
	}
	if (err == ERR_TOOBIG
	 && (c->step == EXCHANGE_TUNNEL || c->step >= EXCHANGE_HEAD)) {
		write_too_big(c, b);
		return;
	}
	if (c->step == EXCHANGE_CONNECT && c->peer.len > 0) {
		addr_write(b, &c->peer);
		buf_str(b, ": ");
	}
	if (c->step == EXCHANGE_TLS && c->why[0] != '\0') {
		buf_str(b, c->why);
		return;
	}
	if (c->step == EXCHANGE_TUNNEL && err == ERR_REFUSED) {
		buf_fmt(b, "the proxy answers CONNECT with %d",
		        c->tunnel_status);
		return;
	}
	if (c->tls != NULL && err != ERR_EMPTY && err != ERR_SHORT
	 && err != ERR_PARSE)
		tls_text(c->tls, b);
	if (b->len == before || c->step == EXCHANGE_CONNECT)
		buf_str(b, err_text(err));
}

/* see client/exchange.h */
void
exchange_close(struct exchange *c)
{
	tls_close(c->tls);
	c->tls = NULL;
	dial_end(&c->found);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}
