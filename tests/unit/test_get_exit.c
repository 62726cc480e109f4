/* SPDX-License-Identifier: MIT */
/* test_get_exit.c - which of curl's exit codes a failed exchange has */
#include "unit.h"

#include <errno.h>

#include "base/err.h"
#include "get/exit.h"

static const struct code_row {
	const char        *name;
	enum exchange_step step;
	int                err;
	bool               via_proxy;
	int                code;
} code_rows[] = {
	{ "a time-out", EXCHANGE_TLS, ERR_TIMEOUT, false, GET_TIMEOUT },
	{ "a look-up", EXCHANGE_LOOKUP, ERR_NONAME, false, GET_LOOKUP },
	{ "a proxy's look-up", EXCHANGE_LOOKUP, ERR_NONAME, true,
	  GET_PROXY_LOOKUP },
	{ "a connection", EXCHANGE_CONNECT, -ECONNREFUSED, false,
	  GET_CONNECT },
	{ "a proxy's connection", EXCHANGE_CONNECT, -ECONNREFUSED, true,
	  GET_CONNECT },
	{ "no address of the family", EXCHANGE_CONNECT, ERR_RESOLVE, false,
	  GET_LOOKUP },
	{ "a refused tunnel", EXCHANGE_TUNNEL, ERR_REFUSED, true,
	  GET_CONNECT },
	{ "a tunnel that ends", EXCHANGE_TUNNEL, ERR_SHORT, true, GET_RECV },
	{ "a handshake", EXCHANGE_TLS, ERR_TLS, false, GET_TLS },
	{ "an end in a handshake", EXCHANGE_TLS, -ECONNRESET, false, GET_TLS },
	{ "a certificate", EXCHANGE_TLS, ERR_CERT, false, GET_CERT },
	{ "a CA file", EXCHANGE_TLS, ERR_CAFILE, false, GET_CA_FILE },
	{ "our own key", EXCHANGE_TLS, ERR_KEYFILE, false, GET_KEY },
	{ "our own certificate", EXCHANGE_TLS, ERR_CERTFILE, false,
	  GET_OWN_CERT },
	{ "sending", EXCHANGE_SEND, -EPIPE, false, GET_SEND },
	{ "no answer", EXCHANGE_HEAD, ERR_EMPTY, false, GET_EMPTY },
	{ "HTTP/0.9", EXCHANGE_HEAD, ERR_VERSION, false, GET_PROTOCOL },
	{ "a bad head", EXCHANGE_HEAD, ERR_PARSE, false, GET_WEIRD },
	{ "a length too large", EXCHANGE_HEAD, ERR_RANGE, false,
	  GET_TOO_LARGE },
	{ "a coding", EXCHANGE_HEAD, ERR_CODING, false, GET_CODING },
	{ "half a head", EXCHANGE_HEAD, ERR_SHORT, false, GET_RECV },
	{ "half a body", EXCHANGE_BODY, ERR_SHORT, false, GET_PARTIAL },
	{ "a bad chunk", EXCHANGE_BODY, ERR_PARSE, false, GET_RECV },
};

static void
exits_with(void **state)
{
	const struct code_row *r = *state;
	const struct exchange c = { .step = r->step };

	assert_int_equal(get_exit_of(&c, r->err, r->via_proxy), r->code);
}

int
main(void)
{
	UNIT_ROWS(exits_with, code_rows);
	return unit_run("get/exit");
}
