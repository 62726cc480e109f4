/* SPDX-License-Identifier: MIT */
/* tls/tls_hello.c - the messages in which both sides say what they speak */
#include "tls/tls_hello.h"

#include "tls/tls_group.h"
#include "tls/tls_scheme.h"
#include "tls/tls_suite.h"
#include "tls/wire.h"

/* For a secure renegotiation that never comes (RFC 5746, 3.3). */
#define RENEGOTIATION_SCSV 0x00ff
#define NAME_HOST 0		/* RFC 6066, 3 */

#define LITERAL(text) ((struct span){ text, sizeof(text) - 1 })

/* What ALPN offers: a list of one protocol. */
#define HTTP1 "\x08http/1.1"
#define HTTP2 "\x02h2"

/* Extensions that are the same in every hello, as they are sent: number and
 * length, two bytes each, and what they hold. */
#define SAME_GROUPS     "\0\x0a\0\x0a\0\x08" TLS_GROUP_OFFER
#define SAME_SIGNATURES "\0\x0d\0\x1a\0\x18" TLS_SCHEME_OFFER
_Static_assert(sizeof SAME_GROUPS == 1 + 4 + 0x0a, "length of the groups");
_Static_assert(sizeof SAME_SIGNATURES == 1 + 4 + 0x1a, "length of the schemes");
static const char same[] =
	"\0\x17\0\0"			/* extended master secret */
	SAME_GROUPS
	"\0\x0b\0\2\1\0"		/* points: not compressed (RFC 8422) */
	SAME_SIGNATURES;
/* A PSK with a key exchange: psk_dhe_ke (RFC 8446, 4.2.9). */
static const char same_too[] = "\0\x2d\0\2\1\1";

static size_t
open_ext(struct buf *b, unsigned number)
{
	wire_put(b, 2, number);
	return wire_open(b, 2);
}

/* An extension that is one vector. */
static void
put_vector_ext(struct buf *b, unsigned number, size_t size, struct span value)
{
	size_t at = open_ext(b, number), in = wire_open(b, size);

	buf_add(b, value);
	wire_close(b, size, in);
	wire_close(b, 2, at);
}

/* One whose vector holds one thing: its kind, of that size, and its value. */
static void
put_list_ext(struct buf *b, unsigned number, size_t size, unsigned kind,
             struct span value)
{
	size_t at = open_ext(b, number), list = wire_open(b, 2), one;

	wire_put(b, size, kind);
	one = wire_open(b, 2);
	buf_add(b, value);
	wire_close(b, 2, one);
	wire_close(b, 2, list);
	wire_close(b, 2, at);
}

static bool
has_psk(const struct tls_hello *h)
{
	return h->ticket != NULL && h->ticket->version == TLS_V13;
}

static size_t
binder_len(const struct tls_hello *h)
{
	return tls_suite_find(h->ticket->suite)->hash_len;
}

/* see tls/tls_hello.h */
size_t
tls_hello_binders_len(const struct tls_hello *h)
{
	return has_psk(h) ? 2 + 1 + binder_len(h) : 0;
}

/* It must be the last of all (RFC 8446, 4.2.11). */
static void
put_psk(struct buf *b, const struct tls_hello *h)
{
	static const char zeros[TLS_TICKET_SECRET];
	size_t at = open_ext(b, EXT_PSK), list = wire_open(b, 2);
	size_t one = wire_open(b, 2);

	buf_add(b, span_over(h->ticket->bytes, h->ticket->len));
	wire_close(b, 2, one);
	wire_put(b, 4, h->age_ms + h->ticket->age_add);
	wire_close(b, 2, list);
	list = wire_open(b, 2);
	one = wire_open(b, 1);
	buf_add(b, (struct span){ zeros, binder_len(h) });
	wire_close(b, 1, one);
	wire_close(b, 2, list);
	wire_close(b, 2, at);
}

/* Of TLS 1.2; an empty one asks for one (RFC 5077, 3.1). */
static void
put_ticket(struct buf *b, const struct tls_hello *h)
{
	size_t at = open_ext(b, EXT_TICKET);

	if (h->ticket != NULL && !has_psk(h))
		buf_add(b, span_over(h->ticket->bytes, h->ticket->len));
	wire_close(b, 2, at);
}

static void
put_exts(struct buf *b, const struct tls_hello *h)
{
	size_t at = wire_open(b, 2);

	if (h->name.len > 0)
		put_list_ext(b, EXT_NAME, 1, NAME_HOST, h->name);
	buf_add(b, LITERAL(same));
	put_vector_ext(b, EXT_ALPN, 2,
	               h->http2 ? LITERAL(HTTP2) : LITERAL(HTTP1));
	put_vector_ext(b, EXT_VERSIONS, 1,
	               h->v13_only ? LITERAL("\3\4") : LITERAL("\3\4\3\3"));
	buf_add(b, LITERAL(same_too));
	put_ticket(b, h);
	put_list_ext(b, EXT_SHARE, 2, h->group, h->share);
	if (h->cookie.len > 0)
		put_vector_ext(b, EXT_COOKIE, 2, h->cookie);
	if (has_psk(h))
		put_psk(b, h);
	wire_close(b, 2, at);
}

/* see tls/tls_hello.h */
void
tls_hello_write(struct buf *b, const struct tls_hello *h)
{
	size_t at, in;

	wire_put(b, 1, TLS_CLIENT_HELLO);
	at = wire_open(b, 3);
	wire_put(b, 2, TLS_V12);	/* 1.3 says so in an extension */
	buf_add(b, span_over(h->random, TLS_RANDOM));
	in = wire_open(b, 1);
	buf_add(b, h->session_id);
	wire_close(b, 1, in);
	in = wire_open(b, 2);
	tls_suite_write_offer(b, h->cpu_has_aes);
	wire_put(b, 2, RENEGOTIATION_SCSV);
	wire_close(b, 2, in);
	buf_add(b, LITERAL("\x01\0"));	/* no compression */
	put_exts(b, h);
	wire_close(b, 3, at);
}

/* see tls/tls_hello.h */
bool
tls_hello_scan(struct span message, uint64_t *offered,
               struct span *session_id)
{
	struct tls_ext_list x = { .is_request = true };

	(void)wire_bytes(&message, 4 + 2 + TLS_RANDOM);
	*session_id = wire_vector(&message, 1);
	(void)wire_vector(&message, 2);
	(void)wire_vector(&message, 1);
	if (tls_ext_read(&x, message) != FAULT_NONE)
		return false;
	/* The last one by its SCSV. */
	*offered = x.found | TLS_EXT(EXT_RENEGOTIATION);
	return true;
}

/* The random of a HelloRetryRequest (RFC 8446, 4.1.3). */
static const char retry_random[TLS_RANDOM + 1] =
	"\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91"
	"\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c";

/* The last bytes of a server's random that could have spoken 1.3, or 1.2. */
static bool
is_downgraded(struct span random)
{
	struct span end = span_after(random, TLS_RANDOM - 8);

	return memcmp(end.p, "DOWNGRD", 7) == 0
	    && (end.p[7] == 0 || end.p[7] == 1);
}

#define OF_RETRY (TLS_EXT(EXT_VERSIONS) | TLS_EXT(EXT_SHARE) \
                  | TLS_EXT(EXT_COOKIE))
#define OF_V13   (TLS_EXT(EXT_VERSIONS) | TLS_EXT(EXT_SHARE) | TLS_EXT(EXT_PSK))
/* Some servers send their groups in 1.2, too, where that means nothing. */
#define OF_V12   (TLS_EXT(EXT_NAME) | TLS_EXT(EXT_GROUPS) \
                  | TLS_EXT(EXT_POINTS) | TLS_EXT(EXT_ALPN) \
                  | TLS_EXT(EXT_MASTER) | TLS_EXT(EXT_TICKET) \
                  | TLS_EXT(EXT_RENEGOTIATION))

/* Are points that are not compressed among them? Each side must say so. */
static bool
has_our_points(struct span value)
{
	struct span list = wire_vector(&value, 1);

	return wire_is_whole(&value) && span_has(list, 0);
}

/* see tls/tls_hello.h */
bool
tls_hello_is_our_alpn(struct span value, bool http2)
{
	struct span list = wire_vector(&value, 2);

	return wire_is_whole(&value) && span_is(list, http2 ? HTTP2 : HTTP1);
}

static enum tls_fault
take_v12(struct tls_server_hello *out, const struct tls_ext_list *x)
{
	struct span value;

	if ((x->found & ~OF_V12) != 0 || out->is_retry
	 || (tls_ext_has(x, EXT_POINTS, &value) && !has_our_points(value)))
		return FAULT_VALUE;
	out->has_alpn = tls_ext_has(x, EXT_ALPN, &out->alpn);
	/* Nothing came before that a renegotiation could follow. */
	if (tls_ext_has(x, EXT_RENEGOTIATION, &value)
	 && (value.len != 1 || value.p[0] != 0))
		return FAULT_SECURE;
	out->extended = (x->found & TLS_EXT(EXT_MASTER)) != 0;
	out->ticket = (x->found & TLS_EXT(EXT_TICKET)) != 0;
	/* These say by being there what they have to say. */
	return x->value[EXT_NAME].len + x->value[EXT_MASTER].len
	       + x->value[EXT_TICKET].len == 0 ? FAULT_NONE : FAULT_MALFORMED;
}

/* In a HelloRetryRequest only the group. */
static bool
take_share(struct tls_server_hello *out, struct span value)
{
	out->group = wire_number(&value, 2);
	if (!out->is_retry)
		out->share = wire_vector(&value, 2);
	return wire_is_whole(&value) && (out->is_retry || out->share.len > 0);
}

static bool
take_cookie(struct tls_server_hello *out, struct span value)
{
	out->cookie = wire_vector(&value, 2);
	return wire_is_whole(&value) && out->cookie.len > 0;
}

static enum tls_fault
take_v13(struct tls_server_hello *out, const struct tls_ext_list *x)
{
	unsigned identity = 0;
	struct span value;

	if ((x->found & ~(out->is_retry ? OF_RETRY : OF_V13)) != 0)
		return FAULT_VALUE;
	if ((tls_ext_has(x, EXT_SHARE, &value) && !take_share(out, value))
	 || (tls_ext_has(x, EXT_COOKIE, &value) && !take_cookie(out, value)))
		return FAULT_MALFORMED;
	if (tls_ext_has(x, EXT_PSK, &value)) {
		out->psk = true;
		identity = wire_number(&value, 2);
		if (!wire_is_whole(&value))
			return FAULT_MALFORMED;
	}
	return identity == 0 ? FAULT_NONE : FAULT_VALUE;	/* of one */
}

/* Sets the version that was chosen. */
static enum tls_fault
take_version(struct tls_server_hello *out, const struct tls_ext_list *x)
{
	struct span value;

	if (!tls_ext_has(x, EXT_VERSIONS, &value))
		return FAULT_NONE;
	out->version = wire_number(&value, 2);
	if (!wire_is_whole(&value))
		return FAULT_MALFORMED;
	/* It is for 1.3 only. */
	return out->version == TLS_V13 ? FAULT_NONE : FAULT_VALUE;
}

static enum tls_fault
take_exts(struct tls_server_hello *out, struct span block, uint64_t offered)
{
	struct tls_ext_list x = {
		.offered = offered,
		.allowed = ((OF_V12 | OF_V13) & offered) | OF_RETRY,
	};
	enum tls_fault f = FAULT_NONE;

	if (block.len > 0)	/* TLS 1.2 may leave the whole list out */
		f = tls_ext_read(&x, block);
	if (f == FAULT_NONE)
		f = take_version(out, &x);
	if (f != FAULT_NONE)
		return f;
	if (out->version == TLS_V13)
		return take_v13(out, &x);
	out->downgraded = is_downgraded(out->random);
	return take_v12(out, &x);
}

/* see tls/tls_hello.h */
enum tls_fault
tls_hello_read_server(struct tls_server_hello *out, struct span body,
                      uint64_t offered)
{
	memset(out, 0, sizeof *out);
	out->version = wire_number(&body, 2);
	out->random = wire_bytes(&body, TLS_RANDOM);
	out->session_id = wire_vector(&body, 1);
	out->suite = wire_number(&body, 2);
	out->compression = wire_number(&body, 1);
	if (body.p == NULL || out->session_id.len > TLS_SESSION_ID)
		return FAULT_MALFORMED;
	if (out->version < TLS_V12)	/* its extensions are its own affair */
		return FAULT_NONE;
	if (out->version > TLS_V12)	/* 1.3 says 1.2 here */
		return FAULT_VALUE;
	out->is_retry = memcmp(out->random.p, retry_random, TLS_RANDOM) == 0;
	return take_exts(out, body, offered);
}
