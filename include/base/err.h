/* SPDX-License-Identifier: MIT */
/*
 * base/err.h - one int says how a call went (pure)
 *
 * Zero or more is success. -1..-4095 is a negated errno; hale's own errors
 * start at ERR_FIRST and go down. Nothing here prints.
 */
#ifndef HALE_BASE_ERR_H
#define HALE_BASE_ERR_H

#include <stdbool.h>

enum err {
	ERR_FIRST  = -5000,
	ERR_PARSE  = ERR_FIRST,	/* bytes that break the grammar */
	ERR_RANGE  = -5001,	/* well formed, but out of bounds */
	ERR_TOOBIG = -5002,	/* longer than the bound named beside it */
	ERR_FULL   = -5003,	/* a fixed table has no room left */
	ERR_VERSION = -5004,	/* a protocol version that is not spoken here */
	ERR_PEER   = -5005,	/* the other end is not who it should be */
	ERR_TIMEOUT = -5006,	/* the deadline came first */
	ERR_TRUNCATED = -5007,	/* the end came before the end was announced */
	ERR_TLS    = -5008,	/* the TLS protocol failed or cannot go on */
	ERR_CERT   = -5009,	/* the peer's certificate is not accepted */
	ERR_CAFILE = -5010,	/* a file of trust anchors cannot be used */
	ERR_KEYFILE = -5011,	/* our own key cannot be used */
	ERR_CERTFILE = -5012,	/* our own certificate cannot be used */
	ERR_RESOLVE = -5020,	/* no address for this name */
	ERR_SCHEME  = -5021,	/* a URL of a kind that is not spoken here */
	ERR_EMPTY   = -5022,	/* the connection ended with no answer */
	ERR_SHORT   = -5023,	/* the body ended before its announced end */
	ERR_REDIRECTS = -5024,	/* more redirects than are followed */
	ERR_UNHEALTHY = -5025,	/* it answered, and the answer is bad */
	ERR_REFUSED = -5026,	/* a proxy does not let us through */
	ERR_NAMESERVER = -5028,	/* no usable answer for names, or not now */
	ERR_CODING  = -5027,	/* a transfer coding that is not spoken here */
	ERR_NOT_RUN = -5029,	/* a check that the machine did not let run */
	ERR_KILLED  = -5030,	/* a program got SIGKILL, and not from us */
	ERR_NONAME  = -5031,	/* a host name that does not exist */
	ERR_QUOTE   = -5032,	/* a quote that is not closed */
};

/* The words for err, which is negative; static, never NULL. */
const char *err_text(int err);

/*
 * Is it the machine that has nothing left: no process (EAGAIN), descriptor or
 * memory? For what starts a process, opens a descriptor or makes a socket:
 * elsewhere EAGAIN means something else.
 */
bool err_is_shortage(int err);

#endif
