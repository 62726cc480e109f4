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

/* What extensions hold, without the length around it. */
#define LITERAL(text) ((struct span){ text, sizeof text - 1 })
#define NOTHING ((struct span){ NULL, 0 })
#define VERSIONS "\x03\x04\x03\x03"
#define POINTS   "\0"		/* not compressed (RFC 8422, 5.1.2) */
#define MODES    "\x01"		/* a PSK with a key exchange: psk_dhe_ke
				 * (RFC 8446, 4.2.9) */
#define PROTOCOL "\x08http/1.1"

static size_t
open_ext(struct buf *b, unsigned number)
{
	wire_put(b, 2, number);
	return wire_open(b, 2);
}

static void
put_ext(struct buf *b, unsigned number, struct span value)
{
	size_t at = open_ext(b, number);

	buf_add(b, value);
	wire_close(b, 2, at);
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

static void
put_name(struct buf *b, struct span name)
{
	size_t at = open_ext(b, EXT_NAME), list = wire_open(b, 2), one;

	wire_put(b, 1, NAME_HOST);
	one = wire_open(b, 2);
	buf_add(b, name);
	wire_close(b, 2, one);
	wire_close(b, 2, list);
	wire_close(b, 2, at);
}

static void
put_share(struct buf *b, const struct tls_hello *h)
{
	size_t at = open_ext(b, EXT_SHARE), list = wire_open(b, 2), one;

	wire_put(b, 2, h->group);
	one = wire_open(b, 2);
	buf_add(b, h->share);
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

	buf_add(b, (struct span){ (const char *)h->ticket->bytes,
	                          h->ticket->len });
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

/* Of TLS 1.2 an empty ticket asks for one (RFC 5077, 3.1). */
static struct span
old_ticket(const struct tls_hello *h)
{
	if (h->ticket == NULL || h->ticket->version != TLS_V12)
		return NOTHING;
	return (struct span){ (const char *)h->ticket->bytes, h->ticket->len };
}

static void
put_exts(struct buf *b, const struct tls_hello *h)
{
	size_t at = wire_open(b, 2);

	if (h->name.len > 0)
		put_name(b, h->name);
	put_ext(b, EXT_MASTER, NOTHING);
	put_vector_ext(b, EXT_GROUPS, 2, LITERAL(TLS_GROUP_OFFER));
	put_vector_ext(b, EXT_POINTS, 1, LITERAL(POINTS));
	put_ext(b, EXT_TICKET, old_ticket(h));
	put_vector_ext(b, EXT_SIGNATURES, 2, LITERAL(TLS_SCHEME_OFFER));
	put_vector_ext(b, EXT_ALPN, 2, LITERAL(PROTOCOL));
	put_vector_ext(b, EXT_VERSIONS, 1, LITERAL(VERSIONS));
	put_vector_ext(b, EXT_PSK_MODES, 1, LITERAL(MODES));
	put_share(b, h);
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
	buf_add(b, (struct span){ (const char *)h->random, TLS_RANDOM });
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
	struct span skipped;
	enum tls_alert alert;

	if (!wire_take_bytes(&message, 4 + 2 + TLS_RANDOM, &skipped)
	 || !wire_take_vector(&message, 1, session_id)
	 || !wire_take_vector(&message, 2, &skipped)
	 || !wire_take_vector(&message, 1, &skipped)
	 || !tls_ext_read(&x, message, &alert))
		return false;
	*offered = x.found | TLS_EXT(EXT_RENEGOTIATION);	/* by the SCSV */
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
#define OF_V12   (TLS_EXT(EXT_NAME) | TLS_EXT(EXT_POINTS) | TLS_EXT(EXT_ALPN) \
                  | TLS_EXT(EXT_MASTER) | TLS_EXT(EXT_TICKET) \
                  | TLS_EXT(EXT_RENEGOTIATION))

/* Extensions that say by being there what they have to say. */
static bool
are_empty(const struct tls_ext_list *x, uint64_t numbers)
{
	struct span value;

	for (unsigned n = 0; n < EXT_SHARE; n++)
		if ((numbers & TLS_EXT(n)) != 0
		 && tls_ext_has(x, (enum tls_ext)n, &value) && value.len > 0)
			return false;
	return true;
}

/* Are points that are not compressed among them? Each side must say so. */
static bool
has_our_points(struct span value)
{
	struct span list;

	return wire_take_vector(&value, 1, &list) && value.len == 0
	    && memchr(list.p, 0, list.len) != NULL;
}

/* see tls/tls_hello.h */
bool
tls_hello_is_our_alpn(struct span value)
{
	struct span list;

	return wire_take_vector(&value, 2, &list) && value.len == 0
	    && list.len == sizeof PROTOCOL - 1
	    && memcmp(list.p, PROTOCOL, list.len) == 0;
}

static bool
take_v12(struct tls_server_hello *out, const struct tls_ext_list *x,
         enum tls_alert *alert)
{
	struct span value;

	*alert = TLS_ALERT_ILLEGAL;
	if ((x->found & ~OF_V12) != 0 || out->is_retry
	 || (tls_ext_has(x, EXT_POINTS, &value) && !has_our_points(value))
	 || (tls_ext_has(x, EXT_ALPN, &value) && !tls_hello_is_our_alpn(value)))
		return false;
	*alert = TLS_ALERT_HANDSHAKE;	/* nothing came before that a
					 * renegotiation could follow */
	if (tls_ext_has(x, EXT_RENEGOTIATION, &value)
	 && (value.len != 1 || value.p[0] != 0))
		return false;
	*alert = TLS_ALERT_DECODE;
	out->extended = tls_ext_has(x, EXT_MASTER, &value);
	out->ticket = tls_ext_has(x, EXT_TICKET, &value);
	return are_empty(x, TLS_EXT(EXT_NAME) | TLS_EXT(EXT_MASTER)
	                    | TLS_EXT(EXT_TICKET));
}

/* In a HelloRetryRequest only the group. */
static bool
take_share(struct tls_server_hello *out, struct span value)
{
	if (!wire_take(&value, 2, &out->group))
		return false;
	if (!out->is_retry
	 && (!wire_take_vector(&value, 2, &out->share) || out->share.len == 0))
		return false;
	return value.len == 0;
}

static bool
take_v13(struct tls_server_hello *out, const struct tls_ext_list *x,
         enum tls_alert *alert)
{
	struct span value;
	unsigned identity;

	*alert = TLS_ALERT_ILLEGAL;
	if ((x->found & ~(out->is_retry ? OF_RETRY : OF_V13)) != 0)
		return false;
	*alert = TLS_ALERT_DECODE;
	if (tls_ext_has(x, EXT_SHARE, &value) && !take_share(out, value))
		return false;
	if (tls_ext_has(x, EXT_COOKIE, &value)
	 && (!wire_take_vector(&value, 2, &out->cookie) || value.len > 0
	  || out->cookie.len == 0))
		return false;
	if (!tls_ext_has(x, EXT_PSK, &value))
		return true;
	if (!wire_take(&value, 2, &identity) || value.len > 0)
		return false;
	*alert = TLS_ALERT_ILLEGAL;	/* one was offered */
	out->psk = true;
	return identity == 0;
}

/* Sets the version that was chosen. */
static bool
take_version(struct tls_server_hello *out, const struct tls_ext_list *x,
             enum tls_alert *alert)
{
	struct span value;

	if (!tls_ext_has(x, EXT_VERSIONS, &value))
		return true;
	*alert = TLS_ALERT_DECODE;
	if (!wire_take(&value, 2, &out->version) || value.len > 0)
		return false;
	*alert = TLS_ALERT_ILLEGAL;	/* the extension is for 1.3 only */
	return out->version == TLS_V13;
}

/* see tls/tls_hello.h */
bool
tls_hello_read_server(struct tls_server_hello *out, struct span body,
                      uint64_t offered, enum tls_alert *alert)
{
	struct tls_ext_list x = {
		.offered = offered,
		.allowed = ((OF_V12 | OF_V13) & offered) | OF_RETRY,
	};

	memset(out, 0, sizeof *out);
	*alert = TLS_ALERT_DECODE;
	if (!wire_take(&body, 2, &out->version)
	 || !wire_take_bytes(&body, TLS_RANDOM, &out->random)
	 || !wire_take_vector(&body, 1, &out->session_id)
	 || out->session_id.len > TLS_SESSION_ID
	 || !wire_take(&body, 2, &out->suite)
	 || !wire_take(&body, 1, &out->compression))
		return false;
	if (out->version < TLS_V12)	/* its extensions are its own affair */
		return true;
	if (out->version > TLS_V12) {	/* 1.3 says 1.2 here */
		*alert = TLS_ALERT_ILLEGAL;
		return false;
	}
	out->is_retry = memcmp(out->random.p, retry_random, TLS_RANDOM) == 0;
	if (body.len > 0 && !tls_ext_read(&x, body, alert))
		return false;	/* TLS 1.2 may leave the whole list out */
	if (!take_version(out, &x, alert))
		return false;
	out->downgraded = out->version != TLS_V13 && is_downgraded(out->random);
	return out->version == TLS_V13 ? take_v13(out, &x, alert)
	                               : take_v12(out, &x, alert);
}
