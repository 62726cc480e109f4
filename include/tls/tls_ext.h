/* SPDX-License-Identifier: MIT */
/*
 * tls/tls_ext.h - lists of extensions in handshake messages (RFC 8446, 4.2)
 * (pure)
 *
 * Spans point into the message that was read.
 */
#ifndef HALE_TLS_TLS_EXT_H
#define HALE_TLS_TLS_EXT_H

#include <stdint.h>

#include "base/span.h"
#include "tls/tls_fault.h"

enum tls_ext {
	EXT_NAME = 0, EXT_GROUPS = 10, EXT_POINTS = 11,
	EXT_SIGNATURES = 13, EXT_ALPN = 16, EXT_MASTER = 23, EXT_TICKET = 35,
	EXT_PSK = 41, EXT_VERSIONS = 43, EXT_COOKIE = 44, EXT_PSK_MODES = 45,
	EXT_SHARE = 51,
	EXT_RENEGOTIATION = 63,	/* stands for 0xff01 (RFC 5746) */
};
#define TLS_EXT_NUMBERS 64

/* In a set of extensions: those with numbers below 64. */
#define TLS_EXT(number) (UINT64_C(1) << (number))

/* Those that mean something here. */
#define TLS_EXT_OURS \
	(TLS_EXT(EXT_NAME) | TLS_EXT(EXT_GROUPS) | TLS_EXT(EXT_POINTS) \
	 | TLS_EXT(EXT_SIGNATURES) | TLS_EXT(EXT_ALPN) | TLS_EXT(EXT_MASTER) \
	 | TLS_EXT(EXT_TICKET) | TLS_EXT(EXT_PSK) | TLS_EXT(EXT_VERSIONS) \
	 | TLS_EXT(EXT_COOKIE) | TLS_EXT(EXT_PSK_MODES) | TLS_EXT(EXT_SHARE) \
	 | TLS_EXT(EXT_RENEGOTIATION))

struct tls_ext_list {
	uint64_t    offered;	/* in: what our hello has, and so may be
				 * answered */
	uint64_t    allowed;	/* in: what this message may have */
	bool        is_request;	/* in: the list asks and does not answer: what
				 * is not known in it is passed over */
	uint64_t    found;	/* out */
	struct span value[TLS_EXT_NUMBERS];	/* out: of each that was found
				 * and is allowed */
};

/* Reads a list, its 2 bytes of length included, that fills the span. */
enum tls_fault tls_ext_read(struct tls_ext_list *x, struct span block);

/* Was it found, and is allowed? Then *value is what it holds. */
bool tls_ext_has(const struct tls_ext_list *x, enum tls_ext number,
                 struct span *value);

#endif
