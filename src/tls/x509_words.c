/* SPDX-License-Identifier: MIT */
/* tls/x509_words.c - why a chain is not believed, in words */
#include "tls/x509_words.h"

#include "base/date.h"
#include "tls/der.h"
#include "tls/dn.h"

static void
write_span(struct buf *b, int64_t seconds)
{
	static const struct { int len; char name[8]; } units[] = {
		{ 86400, "day" }, { 3600, "hour" }, { 60, "minute" },
		{ 1, "second" },
	};
	size_t i = 0;

	while (i < 3 && seconds < units[i].len)
		i++;
	seconds /= units[i].len;
	buf_int(b, seconds);
	buf_fmt(b, " %s%s", units[i].name, seconds == 1 ? "" : "s");
}

/* The first number stands for two, of which the first is 2 at most. */
static void
write_oid(struct buf *b, struct span oid)
{
	uint64_t n = 0, top;
	bool first = true;

	for (size_t i = 0; i < oid.len; i++) {
		n = (n & (UINT64_MAX >> 8)) << 7 | (oid.p[i] & 0x7f);
		if (oid.p[i] & 0x80)
			continue;
		top = n < 80 ? n / 40 : 2;
		if (first)
			buf_fmt(b, "%d", (int)top);
		buf_fmt(b, ".%llu",
		        (unsigned long long)(first ? n - 40 * top : n));
		first = false;
		n = 0;
	}
}

#define PSS_OTHER \
	"RSA-PSS with parameters that are malformed or name a hash other than" \
	" SHA-256, SHA-384 and SHA-512"

static const char *
alg_text(enum x509_alg alg)
{
	switch (alg) {
	case X509_ALG_MD5:
		return "MD5, which is broken";
	case X509_ALG_SHA1:
		return "SHA-1, which is no longer safe";
	case X509_ALG_PSS:
		return PSS_OTHER;
	case X509_ALG_ED:
		return "Ed25519 or Ed448, which hale does not know";
	case X509_ALG_OTHER:
	case X509_RSA_SHA256:
	case X509_RSA_SHA384:
	case X509_RSA_SHA512:
	case X509_PSS_SHA256:
	case X509_PSS_SHA384:
	case X509_PSS_SHA512:
	case X509_EC_SHA256:
	case X509_EC_SHA384:
	case X509_EC_SHA512:
		break;
	}
	return "an algorithm that hale does not know";
}

static const char *
key_text(enum x509_key_kind kind)
{
	switch (kind) {
	case X509_KEY_ED:
		return "an Ed25519 or Ed448 key";
	case X509_KEY_PSS_OTHER:
		return "a key for " PSS_OTHER;
	case X509_KEY_CURVE:
		return "an EC key that is not on P-256, P-384 or P-521";
	case X509_KEY_EXPONENT:
		return "an RSA key with a public exponent above 64 bits";
	case X509_KEY_OTHER:
	case X509_KEY_RSA:
	case X509_KEY_PSS:
	case X509_KEY_P256:
	case X509_KEY_P384:
	case X509_KEY_P521:
		break;
	}
	return "a kind of key that is not known";
}

/* What people would call it: the CN, else its first DNS name, else its name. */
static void
write_cert(struct buf *b, const struct x509 *c)
{
	struct span text = dn_part(c->subject, DN_CN), names = c->san;

	if (text.len > 0
	 || x509_next_name(&names, X509_NAME_DNS, X509_NAME_DNS, &text))
		dn_write_text(b, text);
	else
		dn_write(b, c->subject);
}

/* Whose certificate: the peer's is named by the host that it must be for. */
static void
write_who(struct buf *b, const struct x509_path *q, const struct x509 *c)
{
	if (c == &q->chain[0]) {
		buf_str(b, "certificate of ");
		buf_add(b, q->host.name);
	} else {
		buf_str(b, "CA certificate \"");
		write_cert(b, c);
		buf_str(b, "\"");
	}
}

/* What is wrong; "%" and a letter stand for what write_part() makes of it. */
static const char *
reason(enum x509_why why)
{
	switch (why) {
	case X509_FINE:
		return "is good";
	case X509_NO_ISSUER:
		return "comes from an unknown issuer, \"%i\"";
	case X509_SELF_SIGNED:
		return "is self-signed and not trusted (\"%s\")";
	case X509_ROOT_UNKNOWN:
		return "is a root that is not trusted";
	case X509_PATH_LONG:
		return "has more than " BUF_DIGITS(X509_PATH_MAX)
		       " CAs above it";
	case X509_SIGS_MANY:
		return "took more than " BUF_DIGITS(X509_SIGS_MAX)
		       " signatures to check";
	case X509_SIG_WRONG:
		return "has a wrong signature: it is not by \"%c\"";
	case X509_SIG_KIND:
		return "is signed with %a";
	case X509_NOT_CA:
		return "may not issue certificates (it is not a CA)";
	case X509_CA_USAGE:
		return "may not sign certificates (keyUsage)";
	case X509_KEY_KIND:
		return "has %k, which hale cannot use";
	case X509_KEY_WEAK:
		return "has an RSA key of %b bits; fewer than "
		       BUF_DIGITS(X509_RSA_MIN) " are weak";
	case X509_KEY_LARGE:
		return "has an RSA key of %b bits; hale takes "
		       BUF_DIGITS(X509_RSA_MAX) " at most";
	case X509_NOT_YET:
		return "is not valid for another %w (from %f; the clock here "
		       "says %n)";
	case X509_EXPIRED:
		return "expired %g ago (%t)";
	case X509_CRITICAL:
		return "has a critical extension that is not known, %o";
	case X509_POLICY:
		return "has critical policy constraints or mappings, which "
		       "hale does not process";
	case X509_REJECTED:
		return "is rejected for TLS servers by its trust settings "
		       "(TRUSTED CERTIFICATE)";
	case X509_PURPOSE:
		return "is not for TLS servers (%p)";
	case X509_USAGE:
		return "has a key that is not for TLS (keyUsage)";
	case X509_DEPTH:
		return "stands below more CAs than allowed by \"%c\"";
	case X509_NAMES:
		return "has a name outside of the name constraints of \"%c\"";
	case X509_ISSUED_LATE:
		return "is of %f; its root is not trusted for certificates "
		       "issued after %u";
	case X509_HOST:
		return "is for another host: it names %h";
	}
	return "";
}

static void
write_part(struct buf *b, char what, const struct x509_path *q,
           const struct x509_result *v)
{
	const struct x509 *c = v->cert;

	switch (what) {
	case 'a':
		buf_str(b, alg_text(c->alg));
		break;
	case 'b':
		buf_int(b, (int64_t)der_uint_bits(c->key.n));
		break;
	case 'c':	/* the CA that forbids it */
		dn_write(b, v->ca->subject);
		break;
	case 'f':	/* from when on it is valid */
		date_write(b, c->not_before);
		break;
	case 'g':	/* how long ago its time went by */
		write_span(b, q->now - c->not_after);
		break;
	case 'h':
		x509_hosts_write(b, c);
		break;
	case 'i':
		dn_write(b, c->issuer);
		break;
	case 'k':
		buf_str(b, key_text(c->key.kind));
		break;
	case 'n':	/* now */
		date_write(b, q->now);
		break;
	case 'o':
		write_oid(b, c->unknown);
		break;
	case 'p':
		buf_str(b, c->has_purpose && !c->for_server
			? "extendedKeyUsage" : "nsCertType");
		break;
	case 's':
		dn_write(b, c->subject);
		break;
	case 't':	/* until when it is valid */
		date_write(b, c->not_after);
		break;
	case 'u':	/* until when its root may vouch for others */
		date_write(b, v->ca->issued_until);
		break;
	default:	/* 'w': how long to wait */
		write_span(b, c->not_before - q->now);
	}
}

/* see tls/x509_words.h */
void
x509_words_write(struct buf *b, const struct x509_path *q,
                 const struct x509_result *v)
{
	struct span text = span_of(reason(v->why));
	bool more = true;

	write_who(b, q, v->cert);
	buf_str(b, " ");
	while (more) {
		more = span_has(text, '%');
		buf_add(b, span_cut(&text, '%'));
		if (more)
			write_part(b, text.p[0], q, v);
		text = span_after(text, more);
	}
}
