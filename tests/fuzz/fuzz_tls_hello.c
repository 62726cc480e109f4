/* SPDX-License-Identifier: MIT */
/*
 * fuzz_tls_hello.c - what reads hellos and lists of extensions, beside a reader
 * of its own; and our hello, which can be read again
 *
 * The first byte says which: the body of a server's hello, a list of
 * extensions, or the parts of a hello of ours.
 */
#include "fuzz.h"

#include <string.h>

#include "tls/tls_group.h"
#include "tls/tls_hello.h"
#include "tls/tls_suite.h"
#include "tls/wire.h"

#define ROOM (TLS_HELLO_MAX + 1024)

static void
must_lie_inside(struct span s, struct span whole)
{
	fuzz_must(s.len == 0 || (s.p >= whole.p
	       && s.p + s.len <= whole.p + whole.len));
}

/* It has an alert and words. */
static void
look_at_fault(enum tls_fault f)
{
	fuzz_must(f == FAULT_MALFORMED || f == FAULT_VALUE
	       || f == FAULT_EXTENSION || f == FAULT_SECURE);
	fuzz_must(tls_fault_alert(f) != TLS_ALERT_CLOSE);
	fuzz_must(tls_fault_text(f) != NULL && tls_fault_text(f)[0] != '\0');
}

/* Takes a number off *in as one would by hand; it must be there. */
static size_t
number(struct span *in, size_t bytes)
{
	size_t n = 0;

	fuzz_must(in->len >= bytes);
	for (size_t i = 0; i < bytes; i++)
		n = n << 8 | (unsigned char)in->p[i];
	*in = span_after(*in, bytes);
	return n;
}

/* The value of that extension in a list that was taken as good; false: there is
 * none. Nothing stands there twice. */
static bool
find_ext(struct span list, size_t wanted, struct span *value)
{
	bool found = false;

	fuzz_must(number(&list, 2) == list.len);
	while (list.len > 0) {
		size_t type = number(&list, 2), len = number(&list, 2);

		fuzz_must(len <= list.len);
		if (type == wanted) {
			fuzz_must(!found);
			*value = (struct span){ list.p, len };
			found = true;
		}
		list = span_after(list, len);
	}
	return found;
}

static uint64_t
read_bits(struct span *in)
{
	uint64_t high = wire_number(in, 4);

	return high << 32 | wire_number(in, 4);
}

static void
look_at_list(struct span in)
{
	struct tls_ext_list x = { .is_request = false };
	struct span value, same;
	enum tls_fault f;

	x.is_request = (wire_number(&in, 1) & 1) != 0;
	x.offered = read_bits(&in);
	x.allowed = read_bits(&in);
	f = tls_ext_read(&x, in);
	if (f != FAULT_NONE) {
		look_at_fault(f);
		return;
	}
	if (!x.is_request)
		fuzz_must((x.found & ~x.allowed) == 0);
	for (unsigned n = 0; n < TLS_EXT_NUMBERS; n++) {
		bool there = find_ext(in, n == EXT_RENEGOTIATION ? 0xff01 : n,
		                      &same);
		bool has = tls_ext_has(&x, (enum tls_ext)n, &value);

		fuzz_must(there == ((x.found & TLS_EXT(n)) != 0));
		fuzz_must(has == (there && (x.allowed & TLS_EXT(n)) != 0));
		if (has)
			fuzz_must(value.p == same.p && value.len == same.len);
	}
	(void)find_ext(in, 0x10000, &same);	/* it is well-formed */
}

/* In which the extensions begin. */
static struct span
exts_of(struct span body)
{
	size_t session;

	body = span_after(body, 2 + TLS_RANDOM);
	session = number(&body, 1);
	body = span_after(body, session);
	return span_after(body, 3);
}

static void
look_at_exts(const struct tls_server_hello *h, struct span exts,
             uint64_t offered)
{
	struct span v = { "", 0 };

	if (exts.len == 0) {
		fuzz_must(h->version == TLS_V12 && !h->extended && !h->ticket);
		return;
	}
	fuzz_must(find_ext(exts, EXT_VERSIONS, &v)
	          == (h->version == TLS_V13));
	if (h->version == TLS_V12) {
		fuzz_must(h->extended == find_ext(exts, EXT_MASTER, &v));
		fuzz_must(h->ticket == find_ext(exts, EXT_TICKET, &v));
		fuzz_must(!find_ext(exts, EXT_SHARE, &v));
		fuzz_must(!h->extended || (offered & TLS_EXT(EXT_MASTER)) != 0);
		fuzz_must(!h->ticket || (offered & TLS_EXT(EXT_TICKET)) != 0);
		return;
	}
	fuzz_must(v.len == 2 && memcmp(v.p, "\3\4", 2) == 0);
	fuzz_must(h->psk == find_ext(exts, EXT_PSK, &v));
	fuzz_must(!h->psk || (offered & TLS_EXT(EXT_PSK)) != 0);
	fuzz_must((h->cookie.len > 0) == find_ext(exts, EXT_COOKIE, &v));
	if (!find_ext(exts, EXT_SHARE, &v))
		fuzz_must(h->group == 0 && h->share.len == 0);
	else if (h->is_retry)
		fuzz_must(v.len == 2 && h->share.len == 0);
	else
		fuzz_must(h->share.len > 0 && v.len == 4 + h->share.len);
}

static void
look_at_server(struct span in)
{
	uint64_t offered = read_bits(&in);
	struct tls_server_hello h;
	enum tls_fault f = tls_hello_read_server(&h, in, offered);

	if (f != FAULT_NONE) {
		look_at_fault(f);
		return;
	}
	must_lie_inside(h.random, in);
	must_lie_inside(h.session_id, in);
	must_lie_inside(h.share, in);
	must_lie_inside(h.cookie, in);
	fuzz_must(h.random.len == TLS_RANDOM
	          && h.session_id.len <= TLS_SESSION_ID);
	if (h.version < TLS_V12)
		return;
	fuzz_must(h.version == TLS_V12 || h.version == TLS_V13);
	fuzz_must(!h.is_retry || h.version == TLS_V13);
	fuzz_must(h.is_retry || h.cookie.len == 0);
	fuzz_must(!h.is_retry || !h.psk);
	fuzz_must(!h.downgraded || h.version == TLS_V12);
	fuzz_must(h.version == TLS_V13 || (!h.psk && h.group == 0));
	look_at_exts(&h, exts_of(in), offered);
}

/* A part that is preceded by its length in two bytes, cut to max. */
static struct span
part(struct span *in, size_t max)
{
	struct span out = wire_bytes(in, wire_number(in, 2) % (max + 1));

	return out.p != NULL ? out : (struct span){ "", 0 };
}

static void
fill_ticket(struct tls_ticket *t, unsigned how, struct span *in)
{
	struct span bytes = part(in, sizeof t->bytes);

	memset(t, 0, sizeof *t);
	t->version = (how & 2) != 0 ? TLS_V12 : TLS_V13;
	t->suite = (how & 2) != 0 ? 0xc02f : (how & 4) != 0 ? 0x1302 : 0x1301;
	t->len = (uint16_t)bytes.len;
	memcpy(t->bytes, bytes.p, bytes.len);
}

/* Where the binders begin, and that the last extension is theirs (RFC 8446,
 * 4.2.11). */
static void
look_at_binders(const struct tls_hello *h, struct span message,
                struct span exts)
{
	size_t len = tls_hello_binders_len(h);
	struct span psk, end = span_after(message, message.len - len);

	fuzz_must((len > 0) == find_ext(exts, EXT_PSK, &psk));
	if (len == 0)
		return;
	fuzz_must(psk.p + psk.len == message.p + message.len);
	fuzz_must(number(&end, 2) == end.len);
	fuzz_must(number(&end, 1) == end.len);
	for (size_t i = 0; i < end.len; i++)
		fuzz_must(end.p[i] == 0);
}

static void
look_at_ours(struct span in)
{
	static const unsigned char random[TLS_RANDOM] = "random";
	static char memory[ROOM];
	struct tls_ticket t;
	struct tls_hello h = { .random = random, .group = TLS_X25519 };
	struct span all, exts, session, value = { "", 0 };
	struct buf b = buf_over(memory, sizeof memory);
	uint64_t offered;
	unsigned how = wire_number(&in, 1);

	h.cpu_has_aes = (how & 1) != 0;
	h.http2 = (how & 16) != 0;
	h.session_id = part(&in, TLS_SESSION_ID);
	h.name = part(&in, 253);
	h.cookie = part(&in, TLS_FAULT_COOKIE_MAX);
	h.share = part(&in, TLS_GROUP_PUBLIC_MAX);
	if ((how & 8) != 0) {
		fill_ticket(&t, how, &in);
		h.ticket = &t;
	}
	tls_hello_write(&b, &h);
	fuzz_must(!b.cut && b.len <= TLS_HELLO_MAX);
	all = buf_span(&b);
	fuzz_must(tls_hello_scan(all, &offered, &session));
	fuzz_must(session.len == h.session_id.len
	          && memcmp(session.p, h.session_id.p, session.len) == 0);
	exts = span_after(all, 4 + 2 + TLS_RANDOM);
	exts = span_after(exts, number(&exts, 1));
	exts = span_after(exts, number(&exts, 2));
	exts = span_after(exts, number(&exts, 1));
	look_at_binders(&h, all, exts);
	fuzz_must(find_ext(exts, EXT_NAME, &value) == (h.name.len > 0));
	if (find_ext(exts, EXT_COOKIE, &value))
		fuzz_must(value.len == h.cookie.len + 2);
	else
		fuzz_must(h.cookie.len == 0);
	for (b.cap = 0; b.cap < all.len; b.cap += 1 + all.len / 64) {
		b.len = 0;
		b.cut = false;
		tls_hello_write(&b, &h);
		fuzz_must(b.cut && b.len <= b.cap);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = { (const char *)data + 1, size - 1 }, session;
	uint64_t offered;

	if (size == 0)
		return 0;
	switch (data[0] % 4) {
	case 0:
		look_at_server(in);
		break;
	case 1:
		look_at_list(in);
		break;
	case 2:
		look_at_ours(in);
		break;
	default:
		if (tls_hello_scan(in, &offered, &session))
			must_lie_inside(session, in);
		(void)tls_hello_is_our_alpn(in, size % 2 == 0);
	}
	return 0;
}
