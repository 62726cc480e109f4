/* SPDX-License-Identifier: MIT */
/*
 * tls/x509_hosts.h - the hosts that a certificate is for (pure)
 *
 * As RFC 6125 and RFC 5280 have it. Host names are compared without case; a dot
 * at the end says nothing.
 */
#ifndef HALE_TLS_X509_HOSTS_H
#define HALE_TLS_X509_HOSTS_H

#include "base/buf.h"
#include "tls/x509.h"

/* Whom the certificate must be for. */
struct x509_host {
	struct span   name;	/* as the user wrote it, for words too */
	unsigned char ip[16];
	size_t        ip_len;	/* 4 or 16 where it is a literal address; 0 */
};

/*
 * Is it for this host? An address is found among iPAddress names only, a name
 * among dNSName; in the CN only where there is neither. "*." stands for one
 * label, never before a name of one label.
 */
bool x509_hosts_has(const struct x509 *c, const struct x509_host *host);

/* Appends the hosts that it is for, as "a.test, *.b.test, 10.0.0.1 and 7
 * more"; "no host" where there are none. */
void x509_hosts_write(struct buf *b, const struct x509 *c);

/* Does a name of a certificate, which may begin with "*.", stand for host? */
bool x509_hosts_is_for(struct span pattern, struct span host);

/* Are they the same name? */
bool x509_hosts_is_same(struct span a, struct span b);

/* The name without the dot at its end. */
struct span x509_hosts_cut_dot(struct span name);

#endif
