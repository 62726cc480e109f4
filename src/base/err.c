/* SPDX-License-Identifier: MIT */
/* base/err.c - error numbers and their words (pure) */
#include "base/err.h"

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
	default:
		return strerror(-err);
	}
}
