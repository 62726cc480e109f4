/* SPDX-License-Identifier: MIT */
/*
 * tls/x509_constraints.h - name constraints of CAs (RFC 5280, 4.2.1.10) (pure)
 */
#ifndef HALE_TLS_X509_CONSTRAINTS_H
#define HALE_TLS_X509_CONSTRAINTS_H

#include "tls/x509_hosts.h"

/*
 * Do the NameConstraints (ca->constraints) allow the names of c? All of its
 * SAN, its subject, and where it is a leaf its CN when that stands for a host
 * and the host that it must be for (leaf_of; NULL: c is a CA). What cannot be
 * judged (a malformed constraint, one on e-mail or URI names where c has such
 * names, one on directory names where either is not dn_is_plain()) is not
 * allowed.
 */
bool x509_constraints_allow(const struct x509 *ca, const struct x509 *c,
                            const struct x509_host *leaf_of);

#endif
