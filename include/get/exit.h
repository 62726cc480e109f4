/* SPDX-License-Identifier: MIT */
/*
 * get/exit.h - curl's exit codes, and which one a failed exchange has (pure)
 */
#ifndef HALE_GET_EXIT_H
#define HALE_GET_EXIT_H

#include "client/exchange.h"

/* curl's exit codes, as far as they occur. */
enum get_exit {
	GET_OK            = 0,
	GET_PROTOCOL      = 1,	/* unsupported scheme, HTTP/0.9, HTTP/2 */
	GET_USAGE         = 2,
	GET_URL           = 3,
	GET_PROXY_LOOKUP  = 5,
	GET_LOOKUP        = 6,
	GET_CONNECT       = 7,
	GET_WEIRD         = 8,	/* a head that breaks the grammar */
	GET_PARTIAL       = 18,
	GET_HTTP_ERROR    = 22,	/* -f and a status of 400 or more */
	GET_WRITE         = 23,
	GET_READ          = 26,
	GET_MEMORY        = 27,
	GET_TIMEOUT       = 28,
	GET_RANGE         = 33,	/* -C, and the answer does not start there */
	GET_TLS           = 35,
	GET_KEY           = 43,	/* --key's file cannot be used */
	GET_REDIRECTS     = 47,
	GET_SYNTAX        = 49,	/* a bad --resolve or --connect-to */
	GET_EMPTY         = 52,
	GET_SEND          = 55,
	GET_RECV          = 56,
	GET_OWN_CERT      = 58,
	GET_CERT          = 60,
	GET_CODING        = 61,
	GET_TOO_LARGE     = 63,
	GET_REWIND        = 65,	/* an upload that cannot be read again */
	GET_LOGIN         = 67,	/* options.wget and a status of 401 */
	GET_CA_FILE       = 77,
	GET_DIGEST        = 90,	/* ours: --sha256 does not match */
};

/* The code for what the exchange's step failed with, err. */
int get_exit_of(const struct exchange *c, int err, bool via_proxy);

#endif
