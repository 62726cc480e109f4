/* SPDX-License-Identifier: MIT */
/* tls/tls.c - TLS client over a connected socket: drives BearSSL */
/*
 * The engine never sees the socket: step() moves records between the two and
 * waits where neither side can go on. Certificates come to us by the engine's
 * X.509 class, byte by byte while it reads the handshake: collect_* keep them,
 * and end_chain has them judged by tls/x509_path.h, since BearSSL's own
 * validator accepts what it should not and refuses what it should accept.
 */
#include "tls/tls.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "tls/anchors.h"
#include "tls/dn.h"
#include "net/ip.h"
#include "tls/tls_engine.h"
#include "tls/tls_sig.h"
#include "tls/trust.h"
#include "tls/x509_words.h"

#define CHAIN_MAX 102400	/* bytes of certificates, as OpenSSL has it */
#define CERTS_MAX TRUST_CHAIN_MAX	/* certificates of one chain */
#define SEED_LEN  32		/* bytes of entropy */
#define DRAIN_MAX 8		/* reads of what is left before the end */
#define QUIET_MAX (2 << 20)	/* bytes from the peer with no content: all of a
				 * handshake, or alerts and empty records */
#define HEAD_MAX  64		/* first bytes of the peer, shown if not TLS */
/* Bytes of the largest records. With less room for either the engine asks for
 * small records both ways; pages that no record reaches cost nothing. */
#define IN_CAP    BR_SSL_BUFSIZE_INPUT
#define OUT_CAP   BR_SSL_BUFSIZE_OUTPUT

/* What the engine hands over of the peer's certificates. */
struct collect {
	const br_x509_class *vtable;	/* first: the engine's context pointer */
	struct tls     *tls;
	unsigned char  *bytes;		/* owned, len long */
	size_t          len, room;	/* bytes there; bytes that fit */
	size_t          end[CERTS_MAX];	/* where each certificate ends */
	size_t          n;		/* certificates begun */
	const char     *refused;	/* why it cannot be kept, or NULL */
	br_x509_pkey    pkey;		/* the leaf's; points into bytes */
};

/* Stands in for a client certificate where there is none, and remembers that
 * one was asked for. */
struct bare {
	const br_ssl_client_certificate_class *vtable;
	bool asked;
};

struct tls {
	br_ssl_client_context cc;
	struct collect        peer;
	struct bare           bare;
	struct tls_key        key;
	struct x509_host      host;
	const struct tls_conf *conf;	/* while tls_open() runs, else NULL */
	int  fd;
	int  err;		/* the first error; it stays */
	int  send_err;		/* sending failed; reading may go on */
	int  alert;		/* that tells the server of err; 0: by err */
	bool open;		/* the handshake is over */
	bool over;		/* the engine has ended, and that is dealt with */
	bool stuck;		/* a part of a record has still to be sent */
	bool insecure, resumed;
	br_ec_impl ec;
	size_t quiet_len;	/* bytes received since the last content */
	size_t head_len;
	char head[HEAD_MAX];	/* what the peer sent first */
	size_t why_len;
	char why[TLS_WHY_MAX];	/* words for err */
	unsigned char in[IN_CAP], out[OUT_CAP];
};

/* Keeps the first error and its words; text NULL: err's own. */
static int
fail(struct tls *t, int err, const char *text)
{
	struct buf b = buf_over(t->why, sizeof t->why);

	if (t->err == 0) {
		t->err = err;
		buf_str(&b, text != NULL ? text : err_text(err));
		t->why_len = b.len;
	}
	return t->err;
}

/* The same for what is wrong with the certificates. */
static int
fail_chain(struct tls *t, int alert, const char *text)
{
	t->alert = alert;
	return fail(t, ERR_CERT, text);
}

static void
start_chain(const br_x509_class **ctx, const char *name)
{
	struct collect *c = (struct collect *)(void *)ctx;

	(void)name;	/* tls->host has it, and addresses too */
	free(c->bytes);
	c->bytes = NULL;
	c->len = c->room = c->n = 0;
	c->refused = NULL;
}

static void
start_cert(const br_x509_class **ctx, uint32_t length)
{
	struct collect *c = (struct collect *)(void *)ctx;
	unsigned char *more;

	if (c->n == CERTS_MAX)
		c->refused = "the server sent more than 16 certificates";
	else if (length > X509_DER_MAX)
		c->refused = "the server sent a certificate of more than "
		             "65536 bytes";
	else if (length > CHAIN_MAX - c->len)
		c->refused = "the server sent more than 102400 bytes of "
		             "certificates";
	if (c->refused != NULL)
		return;
	more = realloc(c->bytes, c->len + length + 1);
	if (more == NULL) {
		c->refused = "no memory for the server's certificates";
		return;
	}
	c->bytes = more;
	c->room = c->len + length;
	c->end[c->n++] = c->len;
}

static void
append(const br_x509_class **ctx, const unsigned char *buf, size_t len)
{
	struct collect *c = (struct collect *)(void *)ctx;

	if (c->refused != NULL || len > c->room - c->len)
		return;
	memcpy(c->bytes + c->len, buf, len);
	c->len += len;
}

static void
end_cert(const br_x509_class **ctx)
{
	struct collect *c = (struct collect *)(void *)ctx;

	if (c->refused == NULL)
		c->end[c->n - 1] = c->len;
}

/* Everything that judging a chain takes; too large for the stack of a small
 * process, and not needed for long. */
struct judge {
	struct x509 chain[CERTS_MAX];
	struct trust trust;
	struct x509_path path;
	struct x509_verdict verdict;
};

static int
alert_of(enum x509_why why)
{
	if (why <= X509_ROOT_UNKNOWN || why == X509_REJECTED)
		return TLS_ALERT_CA;
	if (why == X509_EXPIRED || why == X509_NOT_YET)
		return TLS_ALERT_EXPIRED;
	if (why == X509_PATH_LONG || why == X509_SIGS_MANY)
		return TLS_ALERT_CERT_UNKNOWN;
	if (why == X509_SIG_KIND || why == X509_KEY_KIND ||
	    why == X509_KEY_LARGE || why == X509_CRITICAL ||
	    why == X509_POLICY || why == X509_PURPOSE || why == X509_USAGE)
		return TLS_ALERT_CERT_KIND;
	return TLS_ALERT_BAD_CERT;
}

/* The right one may be among those that were not tried. */
static void
write_many(struct buf *b, const struct judge *j)
{
	buf_str(b, "certificate of ");
	buf_add(b, j->path.host.name);
	buf_fmt(b, ": more than %d trusted CAs may be its issuer, \"",
	        TRUST_FOUND_MAX);
	dn_write(b, j->verdict.cert->issuer);
	buf_fmt(b, "\", and it is none of the %d that were tried",
	        TRUST_FOUND_MAX);
}

static int
fail_cert(struct tls *t, struct judge *j)
{
	struct buf b = buf_over(t->why, sizeof t->why);
	enum x509_why why = j->verdict.why;

	if (j->trust.many && why <= X509_SIG_WRONG)
		write_many(&b, j);
	else
		x509_words_write(&b, &j->path, &j->verdict);
	if (why == X509_NO_ISSUER || why == X509_SELF_SIGNED ||
	    why == X509_ROOT_UNKNOWN || why == X509_REJECTED) {
		buf_str(&b, " (trusted CAs: ");
		trust_write_source(&b, t->conf->cafile);
		if (why == X509_NO_ISSUER && j->trust.other_key)
			buf_str(&b, "; a CA of that name is, but with another "
			        "key");
		if (j->path.chain_len < t->peer.n)
			buf_str(&b, "; a CA certificate that the server sent "
			        "is malformed");
		buf_str(&b, ")");
	}
	t->why_len = b.len;
	t->alert = alert_of(why);
	t->err = ERR_CERT;
	return ERR_CERT;
}

static int
judge_path(struct tls *t, struct judge *j, size_t n)
{
	struct buf b = buf_over(t->why, sizeof t->why);
	int r = trust_find(&j->trust, t->conf->cafile, j->chain, n, &b);

	if (r < 0) {
		t->why_len = b.len;
		return t->err = r;
	}
	j->path = (struct x509_path){
		.chain = j->chain, .chain_len = n,
		.anchors = j->trust.found, .anchors_len = j->trust.n,
		.host = t->host, .now = time(NULL), .check = tls_sig_check,
	};
	return x509_path_verify(&j->path, &j->verdict) < 0 ? fail_cert(t, j)
	                                                   : 0;
}

/* Reads the chain. One that is malformed is passed over unless it is the
 * leaf: it cannot be part of a path. Returns the number read. */
static size_t
read_chain(const struct collect *c, struct x509 *chain)
{
	size_t from = 0, n = 0;

	for (size_t i = 0; i < c->n; from = c->end[i++]) {
		struct span der = { (const char *)c->bytes + from,
		                    c->end[i] - from };

		if (x509_read(&chain[n], der) == 0)
			n++;
		else if (i == 0)
			break;
	}
	return n;
}

static int
judge_chain(struct tls *t, struct judge *j)
{
	size_t n;

	if (t->peer.refused != NULL)
		return fail_chain(t, TLS_ALERT_CERT_UNKNOWN, t->peer.refused);
	if (t->peer.n == 0)
		return fail_chain(t, TLS_ALERT_BAD_CERT,
		                  "the server sent no certificate");
	n = read_chain(&t->peer, j->chain);
	if (n == 0)
		return fail_chain(t, TLS_ALERT_BAD_CERT, "the server's "
		                  "certificate is malformed");
	if (!t->insecure && judge_path(t, j, n) < 0)
		return t->err;
	t->alert = TLS_ALERT_CERT_KIND;
	if (tls_engine_key(&t->peer.pkey, &j->chain[0].key) < 0)
		return fail(t, ERR_TLS, "the server's certificate has a key "
		            "that hale cannot use");
	t->alert = 0;
	return 0;
}

static unsigned
end_chain(const br_x509_class **ctx)
{
	struct collect *c = (struct collect *)(void *)ctx;
	struct judge *j = calloc(1, sizeof *j);
	int r;

	if (j == NULL) {
		(void)fail(c->tls, -ENOMEM, NULL);
		return BR_ERR_X509_NOT_TRUSTED;
	}
	r = judge_chain(c->tls, j);
	trust_free(&j->trust);
	free(j);
	return r < 0 ? BR_ERR_X509_NOT_TRUSTED : 0;
}

/* keyUsage is judged with the rest; here all that TLS does is allowed, since
 * key exchange without a signature is not offered. */
static const br_x509_pkey *
get_pkey(const br_x509_class *const *ctx, unsigned *usages)
{
	const struct collect *c = (const struct collect *)(const void *)ctx;

	if (usages != NULL)
		*usages = BR_KEYTYPE_KEYX | BR_KEYTYPE_SIGN;
	return &c->pkey;
}

static void
bare_start_list(const br_ssl_client_certificate_class **ctx)
{
	((struct bare *)(void *)ctx)->asked = true;
}

static void
bare_start_name(const br_ssl_client_certificate_class **ctx, size_t len)
{
	(void)ctx;
	(void)len;	/* of CAs that the server would accept */
}

static void
bare_append_name(const br_ssl_client_certificate_class **ctx,
                 const unsigned char *data, size_t len)
{
	(void)ctx;
	(void)data;
	(void)len;
}

static void
bare_end(const br_ssl_client_certificate_class **ctx)
{
	(void)ctx;
}

/* An empty list of certificates: the server may go on without one. */
static void
bare_choose(const br_ssl_client_certificate_class **ctx,
            const br_ssl_client_context *cc, uint32_t auth_types,
            br_ssl_client_certificate *choices)
{
	(void)ctx;
	(void)cc;
	(void)auth_types;
	memset(choices, 0, sizeof *choices);
}

static const br_x509_class collect_class = {
	sizeof(struct collect), start_chain, start_cert, append, end_cert,
	end_chain, get_pkey,
};

static const br_ssl_client_certificate_class bare_class = {
	.context_size = sizeof(struct bare),
	.start_name_list = bare_start_list,
	.start_name = bare_start_name,
	.append_name = bare_append_name,
	.end_name = bare_end,
	.end_name_list = bare_end,
	.choose = bare_choose,
};

/* Only forward secrecy and AEAD: no RSA key exchange, no CBC. */
static const uint16_t suites_aes[] = {
	BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
};
static const uint16_t suites_chacha[] = {
	BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
};
#define SUITES (sizeof suites_aes / sizeof suites_aes[0])

/* AES in software is four times slower than ChaCha20. */
static bool
cpu_has_aes(void)
{
	return br_aes_x86ni_ctr_get_vtable() != NULL ||
	       br_aes_pwr8_ctr_get_vtable() != NULL;
}

/* As br_ssl_engine_set_default_chapol() chooses on a 64-bit machine; that one
 * would keep what it chooses elsewhere in the program as well. */
static void
set_chapol(br_ssl_engine_context *e)
{
	br_ssl_engine_set_chapol(e, &br_sslrec_in_chapol_vtable,
	                         &br_sslrec_out_chapol_vtable);
	br_ssl_engine_set_poly1305(e, br_poly1305_ctmulq_run);
#ifdef __SSE2__
	br_ssl_engine_set_chacha20(e, br_chacha20_sse2_run);
#else
	br_ssl_engine_set_chacha20(e, br_chacha20_ct_run);
#endif
}

static void
set_algorithms(struct tls *t)
{
	br_ssl_engine_context *e = &t->cc.eng;

	br_ssl_engine_set_versions(e, BR_TLS12, BR_TLS12);
	br_ssl_engine_set_suites(e, cpu_has_aes() ? suites_aes : suites_chacha,
	                         SUITES);
	br_ssl_engine_set_default_rsavrfy(e);
	tls_engine_ec(&t->ec);
	br_ssl_engine_set_ec(e, &t->ec);
	br_ssl_engine_set_ecdsa(e, tls_sig_ecdsa);
	br_ssl_engine_set_hash(e, br_sha256_ID, &br_sha256_vtable);
	br_ssl_engine_set_hash(e, br_sha384_ID, &br_sha384_vtable);
	br_ssl_engine_set_hash(e, br_sha512_ID, &br_sha512_vtable);
	br_ssl_engine_set_prf_sha256(e, br_tls12_sha256_prf);
	br_ssl_engine_set_prf_sha384(e, br_tls12_sha384_prf);
	br_ssl_engine_set_default_aes_gcm(e);
	set_chapol(e);
	br_ssl_engine_add_flags(e, BR_OPT_NO_RENEGOTIATION);
}

/* The literal address in the host, in network order; none for a name. IPv4 in
 * all the ways in which the resolver takes it ("127.1", "0x7f.0.0.1"): a name
 * that leads to an address without being asked for must not match one of a
 * certificate. An IPv6 zone ("%eth0") is not part of the address. */
static void
set_host(struct x509_host *h, const char *host)
{
	struct span address = { host, strcspn(host, "%") };
	struct ip ip;

	h->name = span_of(host);
	if (ip_read_loose(&ip, NULL, address) == 0) {
		h->ip_len = ip.is_v6 ? IP_V6_LEN : IP_V4_LEN;
		memcpy(h->ip, ip.b, h->ip_len);
	}
	if (h->ip_len == 0 && h->name.len > 1 && host[h->name.len - 1] == '.')
		h->name.len--;
}

static void
set_client_auth(struct tls *t)
{
	struct tls_key *k = &t->key;
	unsigned usages = BR_KEYTYPE_KEYX | BR_KEYTYPE_SIGN;

	t->bare.vtable = &bare_class;
	if (k->n == 0)
		br_ssl_client_set_client_certificate(&t->cc, &t->bare.vtable);
	else if (k->kind == X509_KEY_RSA)
		br_ssl_client_set_single_rsa(&t->cc, k->certs, k->n,
		                             &k->key.rsa,
		                             br_rsa_pkcs1_sign_get_default());
	else
		br_ssl_client_set_single_ec(&t->cc, k->certs, k->n, &k->key.ec,
		                            usages, BR_KEYTYPE_EC,
		                            &br_ec_all_m31,
		                            br_ecdsa_i31_sign_asn1);
}

static bool
is_session_for(const struct tls_session *s, const struct tls *t,
               const char *host)
{
	return s != NULL && s->filled && s->insecure == t->insecure &&
	       strcmp(s->host, host) == 0;
}

_Static_assert(sizeof(br_ssl_session_parameters) <=
               sizeof ((struct tls_session *)0)->state,
               "a session fits struct tls_session");

static void
keep_session(struct tls *t, struct tls_session *s, const char *host)
{
	br_ssl_session_parameters p;

	if (s == NULL || strlen(host) > TLS_HOST_MAX)
		return;
	br_ssl_engine_get_session_parameters(&t->cc.eng, &p);
	memcpy(s->state, &p, sizeof p);
	explicit_bzero(&p, sizeof p);
	memcpy(s->host, host, strlen(host) + 1);
	s->insecure = t->insecure;
	s->filled = true;
}

/* Readies the engine; it wants nothing but random bytes from outside. */
static int
start(struct tls *t, const struct tls_conf *conf)
{
	static const char *alpn[] = { "http/1.1" };
	br_ssl_engine_context *e = &t->cc.eng;
	unsigned char seed[SEED_LEN];
	char name[TLS_HOST_MAX + 1];
	bool resume = is_session_for(conf->session, t, conf->host);

	br_ssl_client_zero(&t->cc);
	set_algorithms(t);
	t->peer.vtable = &collect_class;
	t->peer.tls = t;
	br_ssl_engine_set_x509(e, &t->peer.vtable);
	set_client_auth(t);
	br_ssl_engine_set_protocol_names(e, alpn, 1);
	br_ssl_engine_set_buffers_bidi(e, t->in, sizeof t->in, t->out,
	                               sizeof t->out);
	if (getrandom(seed, sizeof seed, 0) != (ssize_t)sizeof seed)
		return fail(t, -EIO, "the kernel gave no random bytes");
	br_ssl_engine_inject_entropy(e, seed, sizeof seed);
	explicit_bzero(seed, sizeof seed);
	if (resume)
		br_ssl_engine_set_session_parameters(e,
			(const void *)conf->session->state);
	memcpy(name, t->host.name.p, t->host.name.len);
	name[t->host.name.len] = '\0';
	if (!br_ssl_client_reset(&t->cc, t->host.ip_len > 0 ? NULL : name,
	                         resume))
		return fail(t, ERR_TLS, "the TLS engine did not start");
	return 0;
}

static unsigned
state(const struct tls *t)
{
	return br_ssl_engine_current_state(&t->cc.eng);
}

/* Types of records (RFC 5246, 6.2.1). */
enum { REC_CCS = 20, REC_ALERT = 21, REC_DATA = 23 };

static bool
is_tls(const struct tls *t)
{
	return t->head_len < 2 || (t->head[0] >= REC_CCS &&
	       t->head[0] <= REC_DATA && t->head[1] == 3);
}

/* What speaks without TLS, by how it begins. */
static const char *
stranger(struct span head)
{
	static const char http2[] = "\0\0";	/* a length below 65536... */

	if (span_has_prefix(head, "HTTP/"))
		return "HTTP without TLS, for which the URL begins with "
		       "http://";
	if (span_has_prefix(head, "SSH-"))
		return "an SSH server";
	if (span_has_prefix(head, "220"))
		return "a mail or FTP server, which begins without TLS";
	if (head.len > 4 && memcmp(head.p, http2, 2) == 0 && head.p[3] == 4)
		return "HTTP/2 without TLS (h2c)";	/* ...of SETTINGS */
	return NULL;
}

/* Appends the first line, if it can be read. */
static void
write_line(struct buf *b, struct span line)
{
	size_t n = 0;

	while (n < line.len && line.p[n] >= ' ' && line.p[n] <= '~')
		n++;
	if (n < 4)
		return;
	buf_str(b, " but with \"");
	buf_add(b, (struct span){ line.p, n });
	buf_str(b, "\"");
}

static void
write_stranger(struct tls *t, struct buf *b)
{
	ssize_t n = recv(t->fd, t->head + t->head_len,
	                 sizeof t->head - t->head_len, MSG_DONTWAIT);
	struct span head = { t->head, t->head_len + (n > 0 ? (size_t)n : 0) };
	const char *what = stranger(head);

	buf_str(b, "wrong version number: the server does not answer in TLS");
	write_line(b, head);
	if (what != NULL)
		buf_fmt(b, ": this is %s", what);
}

/* Its record goes out with the keys that the engine has, which itself sends
 * no more once it failed. What the server sent is taken before the close: it
 * would turn that into a reset, which may overtake the alert. */
static void
send_alert(struct tls *t, int alert)
{
	br_ssl_engine_context *e = &t->cc.eng;
	size_t start = 5, end = sizeof t->out, len = 2;
	unsigned char *p;

	if (alert == 0 || t->stuck || t->send_err != 0)
		return;
	e->out.vtable->max_plaintext(&e->out.vtable, &start, &end);
	t->out[start] = 2;	/* fatal */
	t->out[start + 1] = (unsigned char)alert;
	p = e->out.vtable->encrypt(&e->out.vtable, REC_ALERT, BR_TLS12,
	                           t->out + start, &len);
	(void)send(t->fd, p, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	for (int i = 0; i < DRAIN_MAX; i++)
		if (recv(t->fd, t->in, sizeof t->in, MSG_DONTWAIT) <= 0)
			break;
}

/* The engine has ended: by the peer's close_notify, which is no error, or
 * with one, of which the server is told. Returns 0 or the error. */
static int
ended(struct tls *t)
{
	struct buf b = buf_over(t->why, sizeof t->why);
	int err = br_ssl_engine_last_error(&t->cc.eng);

	if (t->over || err == BR_ERR_OK)
		return t->err;
	t->over = true;
	if (is_tls(t))
		send_alert(t, t->alert != 0 ? t->alert : tls_engine_alert(err));
	if (t->err != 0)
		return t->err;
	if (!t->open && t->bare.asked && err >= BR_ERR_RECV_FATAL_ALERT)
		buf_str(&b, "the server asked for a client certificate, and got "
		        "none (--cert, --key); ");
	if (is_tls(t))
		tls_engine_text(&b, err, !t->open);
	else
		write_stranger(t, &b);
	t->why_len = b.len;
	return t->err = ERR_TLS;
}

/* Moves records to the socket. Returns 1 if any went, 0 if it is full. Once
 * sending has failed records are dropped, so that what the peer sent before,
 * an alert or an answer, is still read. */
static int
send_some(struct tls *t)
{
	size_t len;
	unsigned char *p = br_ssl_engine_sendrec_buf(&t->cc.eng, &len);
	ssize_t n = t->send_err != 0 ? (ssize_t)len
	          : send(t->fd, p, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return errno == EINTR;
	if (n < 0) {
		t->send_err = -errno;
		n = (ssize_t)len;
	}
	br_ssl_engine_sendrec_ack(&t->cc.eng, (size_t)n);
	return 1;
}

/* During the handshake every way to hang up is one failure. */
static int
hung_up(struct tls *t, int err)
{
	struct buf b = buf_over(t->why, sizeof t->why);

	if (!t->open && !is_tls(t)) {	/* less than a record's head */
		write_stranger(t, &b);
		t->why_len = b.len;
		return t->err = ERR_TLS;
	}
	if (!t->open && err != ERR_TRUNCATED)
		return fail(t, ERR_TLS, "the connection broke during the TLS "
		            "handshake");
	if (!t->open)
		return fail(t, ERR_TLS, t->head_len > 0
			? "the server closed the connection during the "
			  "TLS handshake"
			: "the server closed the connection during the TLS "
			  "handshake and sent nothing: is this a port for "
			  "TLS?");
	return fail(t, err, err == ERR_TRUNCATED
		? "the server closed the connection without saying that "
		  "this is the end (no close_notify)" : NULL);
}

static void
keep_head(struct tls *t, const unsigned char *p, size_t n)
{
	size_t room = sizeof t->head - t->head_len;

	if (n > room)
		n = room;
	memcpy(t->head + t->head_len, p, n);
	t->head_len += n;
}

/* Moves what the peer sent to the engine. Returns 1 if there was any, 0 if not, or
 * an error. */
static int
receive_some(struct tls *t)
{
	size_t len;
	unsigned char *p = br_ssl_engine_recvrec_buf(&t->cc.eng, &len);
	ssize_t n = recv(t->fd, p, len, MSG_DONTWAIT);

	if (n > 0) {
		t->quiet_len += (size_t)n;
		if (t->quiet_len > QUIET_MAX)
			return fail(t, ERR_TLS, "the server sent more than 2 MiB "
			            "of TLS records without any content");
		keep_head(t, p, (size_t)n);
		br_ssl_engine_recvrec_ack(&t->cc.eng, (size_t)n);
		return 1;
	}
	if (n == 0)
		return hung_up(t, ERR_TRUNCATED);
	if (errno == EAGAIN || errno == EINTR)
		return errno == EINTR;
	return hung_up(t, -errno);
}

/* Moves what can be moved, or waits until something can. Returns 0 or an
 * error; the caller looks again at what the engine wants. */
static int
step(struct tls *t, int64_t deadline_ms)
{
	struct pollfd p = { .fd = t->fd };
	unsigned s = state(t);
	int r;

	if (deadline_ms != CLOCK_NEVER && clock_ms() >= deadline_ms)
		return fail(t, ERR_TIMEOUT, NULL);
	t->stuck = false;
	if (s & BR_SSL_SENDREC) {
		if (send_some(t) > 0)
			return 0;
		p.events |= POLLOUT;
		t->stuck = true;
	}
	if (s & BR_SSL_RECVREC) {
		r = receive_some(t);
		if (r != 0)
			return r < 0 ? r : 0;
		p.events |= POLLIN;
	}
	if (p.events == 0) {	/* the engine holds bytes that it never takes */
		send_alert(t, TLS_ALERT_UNEXPECTED);
		return fail(t, ERR_TLS, "the server asks to renegotiate again "
		            "and again, which hale does not do");
	}
	if (poll(&p, 1, clock_wait_ms(deadline_ms)) < 0 && errno != EINTR)
		return fail(t, -errno, NULL);
	return 0;
}

/* Until the engine can take what the caller wants to send. */
static int
shake_hands(struct tls *t, int64_t deadline_ms)
{
	while (!(state(t) & BR_SSL_SENDAPP)) {
		if (state(t) & BR_SSL_CLOSED)
			return ended(t) < 0 ? t->err : hung_up(t, ERR_TRUNCATED);
		if (step(t, deadline_ms) < 0)
			return t->err;
	}
	return 0;
}

/* Small writes must leave at once: Nagle's algorithm and a delayed ACK cost
 * 40 ms a handshake else. On a unix socket it fails, and is not needed. */
static void
set_no_delay(int fd)
{
	int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static int
open_checked(struct tls *t, const struct tls_conf *conf, int64_t deadline_ms)
{
	struct buf b = buf_over(t->why, sizeof t->why);
	int r = 0;

	if (strlen(conf->host) > TLS_HOST_MAX)
		return fail(t, ERR_TLS, "the host name is longer than 253 "
		            "bytes");
	if (!conf->insecure)
		r = trust_verify(conf->cafile, deadline_ms, &b);
	if (r == 0 && conf->certfile != NULL)
		r = tls_key_load(&t->key, conf->certfile, conf->keyfile, &b);
	t->why_len = b.len;
	if (r < 0)
		return t->err = r;
	set_host(&t->host, conf->host);
	set_no_delay(t->fd);
	if (start(t, conf) < 0 || shake_hands(t, deadline_ms) < 0)
		return t->err;
	t->resumed = t->peer.n == 0;
	keep_session(t, conf->session, conf->host);
	return 0;
}

/* Wipes what is secret and frees the rest. */
static void
discard(struct tls *t)
{
	tls_key_free(&t->key);
	free(t->peer.bytes);
	explicit_bzero(&t->cc, sizeof t->cc);
	free(t);
}

/* see tls/tls.h */
int
tls_open(struct tls **out, int fd, const struct tls_conf *conf,
         int64_t deadline_ms, struct buf *why)
{
	struct tls *t = calloc(1, sizeof *t);
	int r;

	*out = NULL;
	if (t == NULL) {
		buf_str(why, err_text(-ENOMEM));
		return -ENOMEM;
	}
	t->fd = fd;
	t->conf = conf;
	t->insecure = conf->insecure;
	r = open_checked(t, conf, deadline_ms);
	if (r < 0) {
		if (conf->session != NULL)
			conf->session->filled = false;
		tls_text(t, why);
		discard(t);
		return r;
	}
	t->conf = NULL;
	t->open = true;
	tls_key_free(&t->key);	/* renegotiation is off: not needed again */
	free(t->peer.bytes);
	t->peer.bytes = NULL;
	*out = t;
	return 0;
}

/* see tls/tls.h */
ssize_t
tls_read(struct tls *t, void *p, size_t len, int64_t deadline_ms)
{
	unsigned char *got;
	size_t n;

	if (len > SSIZE_MAX)
		len = SSIZE_MAX;
	while ((got = br_ssl_engine_recvapp_buf(&t->cc.eng, &n)) == NULL) {
		if (t->err != 0)
			return t->err;
		if (state(t) & BR_SSL_CLOSED)
			return ended(t);
		if (step(t, deadline_ms) < 0)
			return t->err;
	}
	if (n > len)
		n = len;
	memcpy(p, got, n);
	t->quiet_len = 0;
	br_ssl_engine_recvapp_ack(&t->cc.eng, n);
	return (ssize_t)n;
}

/* see tls/tls.h */
bool
tls_has_data(const struct tls *t)
{
	return state(t) & BR_SSL_RECVAPP;
}

/* Gives as much as there is room for to the engine. Returns the bytes. */
static size_t
fill(struct tls *t, struct span bytes)
{
	size_t n;
	unsigned char *p = br_ssl_engine_sendapp_buf(&t->cc.eng, &n);

	if (p == NULL)
		return 0;
	if (n > bytes.len)
		n = bytes.len;
	memcpy(p, bytes.p, n);
	br_ssl_engine_sendapp_ack(&t->cc.eng, n);
	if (n == bytes.len)
		br_ssl_engine_flush(&t->cc.eng, 0);
	return n;
}

/* see tls/tls.h */
int
tls_write(struct tls *t, struct span bytes, int64_t deadline_ms)
{
	while (bytes.len > 0 || state(t) & BR_SSL_SENDREC) {
		size_t n = bytes.len > 0 ? fill(t, bytes) : 0;

		bytes = span_after(bytes, n);
		if (t->err != 0)
			return t->err;
		if (t->send_err != 0)
			return t->send_err;
		if (state(t) & BR_SSL_CLOSED)
			return ended(t) < 0 ? t->err : -EPIPE;
		if (n == 0 && step(t, deadline_ms) < 0)
			return t->err;
	}
	return t->send_err;
}

/* see tls/tls.h */
void
tls_text(const struct tls *t, struct buf *b)
{
	if (t->err != 0)
		buf_add(b, (struct span){ t->why, t->why_len });
	else if (t->send_err != 0)
		buf_str(b, err_text(t->send_err));
}

/* see tls/tls.h */
void
tls_write_info(const struct tls *t, struct buf *b)
{
	br_ssl_session_parameters p;

	br_ssl_engine_get_session_parameters(&t->cc.eng, &p);
	buf_str(b, "TLS 1.2, ");
	tls_engine_suite(b, p.cipher_suite);
	buf_str(b, t->insecure ? ", not verified" : ", verified");
	buf_str(b, t->resumed ? ", resumed" : "");
	explicit_bzero(&p, sizeof p);
}

/* see tls/tls.h */
void
tls_close(struct tls *t)
{
	if (t == NULL)
		return;
	if (t->err == 0 && t->send_err == 0) {
		br_ssl_engine_close(&t->cc.eng);
		while (state(t) & BR_SSL_SENDREC && send_some(t) > 0)
			;	/* until it is out or the socket is full */
	}
	discard(t);
}

/* see tls/tls.h */
const char *
tls_trust_version(void)
{
	return anchors_version();
}
