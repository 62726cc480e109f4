/* SPDX-License-Identifier: MIT */
/* base/err.c - error numbers and their words */
#include "base/err.h"

#include <errno.h>
#include <string.h>

/* see base/err.h */
const char *
err_text(int err)
{
	switch (err) {
	case ERR_PARSE:
		return "malformed";
	case ERR_RANGE:
		return "out of range";
	case ERR_TOOBIG:
		return "too long";
	case ERR_FULL:
		return "too many";
	case ERR_VERSION:
		return "unsupported protocol version";
	case ERR_PEER:
		return "the other end is not who it should be";
	case ERR_TIMEOUT:
		return "timed out";
	case ERR_TRUNCATED:
		return "closed before the end";
	case ERR_TLS:
		return "TLS failed";
	case ERR_CERT:
		return "certificate not accepted";
	case ERR_CAFILE:
		return "no usable CA file";
	case ERR_KEYFILE:
		return "no usable client key";
	case ERR_CERTFILE:
		return "no usable client certificate";
	case ERR_RESOLVE:
		return "no address for this name";
	case ERR_NAMESERVER:
		return "no name server gives a usable answer";
	case ERR_NONAME:
		return "no such name";
	case ERR_SCHEME:
		return "unsupported kind of URL";
	case ERR_EMPTY:
		return "empty reply";
	case ERR_SHORT:
		return "ended before it was whole";
	case ERR_REDIRECTS:
		return "too many redirects";
	case ERR_UNHEALTHY:
		return "unhealthy";
	case ERR_REFUSED:
		return "refused by the proxy";
	case ERR_CODING:
		return "unsupported transfer coding";
	case ERR_NOT_RUN:
		return "could not be run";
	case ERR_KILLED:
		return "killed by SIGKILL";
	case ERR_QUOTE:
		return "a quote is not closed";
	default:
		return strerror(-err);
	}
}

/* see base/err.h */
bool
err_is_shortage(int err)
{
	switch (err) {
	case -EAGAIN:
	case -ENOMEM:
	case -EMFILE:
	case -ENFILE:
	case -ENOBUFS:
		return true;
	default:
		return false;
	}
}
