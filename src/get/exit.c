/* SPDX-License-Identifier: MIT */
/* get/exit.c - which of curl's exit codes a failed exchange has */
#include "get/exit.h"

#include "base/err.h"

/* While TLS shakes hands every failure is one of these. */
static int
tls_code(int err)
{
	switch (err) {
	case ERR_CERT:
		return GET_CERT;
	case ERR_CAFILE:
		return GET_CA_FILE;
	case ERR_CERTFILE:
		return GET_OWN_CERT;
	case ERR_KEYFILE:
		return GET_KEY;
	default:
		return GET_TLS;
	}
}

static int
head_code(int err)
{
	switch (err) {
	case ERR_EMPTY:
		return GET_EMPTY;
	case ERR_VERSION:
		return GET_PROTOCOL;
	case ERR_PARSE:
		return GET_WEIRD;
	case ERR_RANGE:
		return GET_TOO_LARGE;
	case ERR_CODING:
		return GET_CODING;
	default:
		return GET_RECV;
	}
}

/* see get/exit.h */
int
get_exit_of(const struct exchange *c, int err, bool via_proxy)
{
	if (err == ERR_TIMEOUT)
		return GET_TIMEOUT;
	switch (c->step) {
	case EXCHANGE_LOOKUP:
		break;
	case EXCHANGE_CONNECT:
		if (err == ERR_RESOLVE)	/* -6, and --resolve has v4 only */
			break;
		return GET_CONNECT;
	case EXCHANGE_TUNNEL:
		return err == ERR_REFUSED ? GET_CONNECT : GET_RECV;
	case EXCHANGE_TLS:
		return tls_code(err);
	case EXCHANGE_SEND:
		return GET_SEND;
	case EXCHANGE_HEAD:
		return head_code(err);
	case EXCHANGE_BODY:
		return err == ERR_SHORT ? GET_PARTIAL : GET_RECV;
	}
	return via_proxy ? GET_PROXY_LOOKUP : GET_LOOKUP;
}
