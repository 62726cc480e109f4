/* SPDX-License-Identifier: MIT */
/*
 * tls/x509_path.h - finds a path from a certificate to a trusted one (pure)
 *
 * The rules of RFC 5280, 6, over certificates that have been read: names,
 * dates, usage, signatures, constraints, host. It knows neither TLS nor files:
 * tls/tls_chain.h brings the certificates and what is trusted, and the caller
 * lends the check of a signature. The rules are OpenSSL's for a TLS server at
 * security level 2 with partial chains, as curl has them: any anchor ends a
 * path, whether it is a root or not.
 *
 * The order in which the peer sent its certificates, doubled ones and ones
 * that belong elsewhere make no difference: only the first must be its own.
 */
#ifndef HALE_TLS_X509_PATH_H
#define HALE_TLS_X509_PATH_H

#include "tls/x509_hosts.h"

#define X509_PATH_MAX 8		/* CAs between the leaf and the anchor */
#define X509_SIGS_MAX 16	/* signatures checked, over all paths tried */

/* In the order in which a reason beats another when no path is good. */
enum x509_why {
	X509_FINE,
	X509_NO_ISSUER,		/* no anchor, no certificate of that name */
	X509_SELF_SIGNED,	/* the leaf signed itself and is no anchor */
	X509_ROOT_UNKNOWN,	/* the chain ends in a root that is none */
	X509_SIG_WRONG,
	X509_PATH_LONG,		/* X509_PATH_MAX */
	X509_SIGS_MANY,		/* X509_SIGS_MAX */
	X509_SIG_KIND,		/* MD5, SHA-1, or not known here */
	X509_NOT_CA,
	X509_CA_USAGE,		/* a CA that may not sign certificates */
	X509_KEY_KIND,
	X509_KEY_WEAK,		/* X509_RSA_MIN */
	X509_KEY_LARGE,		/* X509_RSA_MAX */
	X509_NOT_YET,
	X509_EXPIRED,
	X509_CRITICAL,		/* an extension that is not known here */
	X509_POLICY,		/* policy constraints that are critical */
	X509_REJECTED,		/* where it was found, for TLS servers */
	X509_PURPOSE,		/* not for TLS servers */
	X509_USAGE,		/* its key is not for TLS */
	X509_DEPTH,		/* more CAs than pathLenConstraint */
	X509_NAMES,		/* name constraints */
	X509_ISSUED_LATE,	/* after its anchor's issued_until */
	X509_HOST,		/* for another host */
};

/* Is c signed by this key? Its algorithm is known (from X509_RSA_SHA256 on),
 * and so is the key's kind (from X509_KEY_RSA on). */
typedef bool x509_sig_check(void *arg, const struct x509 *c,
                            const struct x509_key *key);

struct x509_path {
	const struct x509 *chain;	/* the peer's, its own first */
	size_t chain_len;		/* at least 1, at most 64 */
	const struct x509 *anchors;	/* what may be believed; der is empty
					 * where only name and key are known */
	size_t anchors_len;
	struct x509_host host;
	int64_t now;			/* seconds since 1970, UTC */
	x509_sig_check *check;
	void *arg;
};

struct x509_result {
	enum x509_why why;
	const struct x509 *cert;	/* of the chain or the anchors */
	const struct x509 *ca;		/* X509_NAMES, X509_DEPTH,
					 * X509_ISSUED_LATE: whose rule;
					 * X509_SIG_WRONG: who signed */
};

/* Returns 0, or ERR_CERT with *out saying why (tls/x509_words.h words it). */
int x509_path_verify(const struct x509_path *q, struct x509_result *out);

#endif
