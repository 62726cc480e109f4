/* SPDX-License-Identifier: MIT */
/* tls/tls_client_cert.c - load a client's certificates and private key */
#include "tls/tls_client_cert.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "tls/der.h"
#include "tls/pem.h"
#include "tls/bear.h"
#include "tls/x509.h"

/* The text of a file and room for what is decoded from it. */
struct file {
	const char *name;
	char       *text;
	size_t      len;
};

/* what: "certificate" or "key" */
static int
code_of(const char *what)
{
	return what[0] == 'k' ? ERR_KEYFILE : ERR_CERTFILE;
}

static int
refuse(struct buf *why, const char *what, const char *file, const char *text)
{
	buf_fmt(why, "client %s %s: %s", what, file, text);
	return code_of(what);
}

/* Reads all of fd, up to cap bytes. Returns the length or -errno. */
static ssize_t
read_all(int fd, char *text, size_t cap)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, text + len, cap - len)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

static void
file_free(struct file *f)
{
	if (f->text != NULL)
		explicit_bzero(f->text, f->len);
	free(f->text);
}

/* One byte more than is allowed is read, to tell that there is one. */
static int
file_read(struct file *f, const char *what, struct buf *why)
{
	int fd = open(f->name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n;

	if (fd < 0)
		return refuse(why, what, f->name, err_text(-errno));
	f->text = malloc(TLS_CLIENT_FILE_MAX + 1);
	n = f->text == NULL ? -ENOMEM
	                    : read_all(fd, f->text, TLS_CLIENT_FILE_MAX + 1);
	close(fd);
	if (n > TLS_CLIENT_FILE_MAX)
		n = ERR_TOOBIG;
	if (n < 0)
		return refuse(why, what, f->name, err_text((int)n));
	f->len = (size_t)n;
	return 0;
}

static bool
is_key(enum pem_kind kind)
{
	return kind >= PEM_KEY_PKCS8 && kind <= PEM_KEY_ENCRYPTED;
}

static int
refuse_pem(struct buf *why, const char *what, const struct file *f,
           const struct pem *p)
{
	buf_fmt(why, "client %s %s, line %d: damaged", what, f->name, p->line);
	return code_of(what);
}

/* The certificate, without the trust that OpenSSL puts behind it. */
static struct span
cert_of(const struct pem *p)
{
	struct span all = span_over(p->out, p->len), in = all, whole;

	return p->kind == PEM_CERT_TRUSTED
	    && der_take_whole(&in, DER_SEQUENCE, &whole) == 0 ? whole : all;
}

/* The next object, the last one without its newline too. Returns as pem_next(),
 * and ERR_PARSE where the last object has no end. */
static int
next_object(struct pem *p, struct span *in)
{
	int r = pem_next(p, in);

	return r == 0 ? pem_end(p) : r;
}

/* All certificates of the file in a row; the client's own is the first. */
static int
take_chain(struct tls_client_cert *id, const struct file *f, struct buf *why)
{
	struct span in = { f->text, f->len };
	struct pem p;
	int r;

	id->chain_file = malloc(f->len + 1);
	if (id->chain_file == NULL)
		return -ENOMEM;
	id->chain_len = f->len;
	pem_init(&p, id->chain_file, f->len);
	while ((r = next_object(&p, &in)) > 0) {
		if (p.kind != PEM_CERT && p.kind != PEM_CERT_TRUSTED)
			continue;
		if (id->n == TLS_CLIENT_CHAIN_MAX)
			return refuse(why, "certificate", f->name,
			              "holds more than "
			              BUF_DIGITS(TLS_CLIENT_CHAIN_MAX)
			              " certificates");
		id->certs[id->n++] = cert_of(&p);
		p.out += p.len;
		p.cap -= p.len;
	}
	if (r < 0)
		return refuse_pem(why, "certificate", f, &p);
	if (id->n == 0)
		return refuse(why, "certificate", f->name,
		              "holds no certificate (PEM is needed)");
	return 0;
}

/* Does the secret belong to the certificate? */
static bool
is_pair(const struct key *key, const struct x509_key *cert)
{
	unsigned char pub[BR_EC_KBUF_PUB_MAX_SIZE];
	br_ec_private_key secret;
	size_t len;

	if (key->kind != cert->kind)
		return false;
	if (key->kind == X509_KEY_RSA)
		return der_is_same(key->n, cert->n);
	bear_ec_key(&secret, key);
	len = br_ec_compute_pub(bear_curve(secret.curve), NULL, pub, &secret);
	return len == cert->q.len && memcmp(pub, cert->q.p, len) == 0;
}

static int
fit_key(struct tls_client_cert *id, const char *certfile, const char *file,
        enum pem_kind kind, struct buf *why)
{
	struct span der = span_over(id->key_file, id->key_len);
	struct x509 cert;
	int r = key_read(&id->key, kind, der);

	if (kind == PEM_KEY_ENCRYPTED)
		return refuse(why, "key", file, "is encrypted, which hale "
		              "cannot read: decrypt it with openssl pkey");
	if (r == ERR_RANGE) {
		(void)refuse(why, "key", file,
		             "RSA keys must have 2048 to 4096 bits");
		return ERR_CERTFILE;	/* as is the certificate's */
	}
	if (r == ERR_VERSION)
		return refuse(why, "key", file, "only RSA keys and EC keys on "
		              "P-256, P-384 or P-521 can be used");
	if (r < 0)
		return refuse(why, "key", file, "the key is damaged");
	if (x509_read(&cert, id->certs[0]) < 0)
		return refuse(why, "certificate", certfile,
		              "the certificate is damaged");
	if (!is_pair(&id->key, &cert.key))
		return refuse(why, "key", file,
		              "does not belong to the certificate");
	return 0;
}

/* The first private key of the file. */
static int
take_key(struct tls_client_cert *id, const char *certfile, const struct file *f,
         struct buf *why)
{
	struct span in = { f->text, f->len };
	struct pem p;
	int r;

	id->key_file = malloc(f->len + 1);
	if (id->key_file == NULL)
		return -ENOMEM;
	pem_init(&p, id->key_file, f->len);
	while ((r = next_object(&p, &in)) > 0)
		if (is_key(p.kind))
			break;
	id->key_len = p.len;
	if (r < 0)
		return refuse_pem(why, "key", f, &p);
	if (!is_key(p.kind))
		return refuse(why, "key", f->name,
		              "holds no private key in PEM (--key)");
	return fit_key(id, certfile, f->name, p.kind, why);
}

/* see tls/tls_client_cert.h */
int
tls_client_cert_load(struct tls_client_cert *id, const char *certfile,
                     const char *keyfile, struct buf *why)
{
	struct file cert = { .name = certfile };
	struct file key = { .name = keyfile != NULL ? keyfile : certfile };
	int r = file_read(&cert, "certificate", why);

	if (r == 0)
		r = take_chain(id, &cert, why);
	if (r == 0)
		r = file_read(&key, "key", why);
	if (r == 0)
		r = take_key(id, certfile, &key, why);
	file_free(&cert);
	file_free(&key);
	if (r < 0)
		tls_client_cert_free(id);
	return r;
}

/* see tls/tls_client_cert.h */
void
tls_client_cert_free(struct tls_client_cert *id)
{
	if (id->key_file != NULL)
		explicit_bzero(id->key_file, id->key_len);
	free(id->key_file);
	free(id->chain_file);
	memset(id, 0, sizeof *id);
}
