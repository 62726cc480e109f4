/* SPDX-License-Identifier: MIT */
/* get/failure.c - why a transfer failed, in curl's words */
#include "get/failure.h"

#include "base/clock.h"
#include "base/err.h"
#include "get/exit.h"

/* see get/failure.h */
int
failure_set(struct transfer *t, int code, const char *fmt, ...)
{
	struct buf b = buf_over(t->r.why, sizeof t->r.why);
	va_list ap;

	if (t->r.why[0] != '\0')
		return code;
	va_start(ap, fmt);
	buf_vfmt(&b, fmt, ap);
	va_end(ap);
	(void)buf_end_text(&b);
	return code;
}

static const char *
timeout_words(const struct transfer *t)
{
	switch (t->c.step) {
	case EXCHANGE_LOOKUP:
		return "Resolving timed out";
	case EXCHANGE_CONNECT:
		return "Connection timed out";
	case EXCHANGE_TLS:
		return "SSL connection timeout";
	case EXCHANGE_TUNNEL:
	case EXCHANGE_SEND:
	case EXCHANGE_HEAD:
	case EXCHANGE_BODY:
		break;
	}
	return "Operation timed out";
}

static long long
try_ms(const struct transfer *t)
{
	return (clock_us() - t->r.try_us) / 1000;
}

static int
fail_timeout(struct transfer *t)
{
	long long ms = try_ms(t);

	if (t->c.step == EXCHANGE_LOOKUP)
		return failure_set(t, GET_TIMEOUT,
		                   "%s after %lld milliseconds: %s",
		                   timeout_words(t), ms, t->c.why);
	if (t->c.step < EXCHANGE_SEND)
		return failure_set(t, GET_TIMEOUT, "%s after %lld milliseconds",
		                   timeout_words(t), ms);
	return failure_set(t, GET_TIMEOUT,
	                   "%s after %lld milliseconds with %llu bytes "
	                   "received", timeout_words(t), ms,
	                   (unsigned long long)t->r.body_bytes);
}

/* The body ended before its end. */
static int
fail_short(struct transfer *t)
{
	if (t->c.body == BODY_LENGTH)
		return failure_set(t, GET_PARTIAL,
		                   "transfer closed with %llu bytes remaining "
		                   "to read",
		                   (unsigned long long)t->c.left);
	return failure_set(t, GET_PARTIAL,
	                   "transfer closed with outstanding read data "
	                   "remaining");
}

static int
fail_version(struct transfer *t)
{
	struct span version = reply_version(exchange_unread(&t->c));

	if (version.len > 0)
		return failure_set(t, GET_PROTOCOL,
		                   "Unsupported HTTP version (%.*s) in "
		                   "response", (int)version.len, version.p);
	return failure_set(t, GET_PROTOCOL,
	                   "Received HTTP/0.9 when not allowed");
}

/* The proxy does not open the tunnel. */
static int
fail_tunnel(struct transfer *t, int code)
{
	int status = t->c.tunnel_status;

	if (t->o->fail && status >= 400)
		return failure_set(t, GET_HTTP_ERROR,
		                   "The requested URL returned error: %d",
		                   status);
	return failure_set(t, code, "CONNECT tunnel failed, response %d",
	                   status);
}

/* see get/failure.h */
int
failure_of_exchange(struct transfer *t, int err)
{
	char memory[TLS_WHY_MAX + 128];
	struct buf words = buf_over(memory, sizeof memory);
	int code = get_exit_of(&t->c, err, t->route.via_proxy);
	struct span host = t->route.to.host;
	const char *text, *format = "%s";

	t->err = err;
	exchange_text(&t->c, err, &words);
	text = buf_text(&words);
	if (t->c.step == EXCHANGE_TUNNEL && err == ERR_REFUSED)
		return fail_tunnel(t, code);
	switch (code) {
	case GET_TIMEOUT:
		return fail_timeout(t);
	case GET_LOOKUP:
		format = "Could not resolve host: %s";
		break;
	case GET_PROXY_LOOKUP:
		format = "Could not resolve proxy: %s";
		break;
	case GET_CONNECT:
		return failure_set(t, code,
		                   "Failed to connect to %.*s port %u after "
		                   "%lld ms: %s", (int)host.len, host.p,
		                   t->route.to.port, try_ms(t), text);
	case GET_PROTOCOL:
		return fail_version(t);
	case GET_WEIRD:
		format = "Weird server reply: %s";
		break;
	case GET_EMPTY:
		return failure_set(t, code, "Empty reply from server");
	case GET_CERT:
		format = "SSL certificate problem: %s";
		break;
	case GET_SEND:
		format = "Send failure: %s";
		break;
	case GET_PARTIAL:
		return fail_short(t);
	case GET_RECV:
		format = t->c.step == EXCHANGE_BODY
		      && (err == ERR_PARSE || err == ERR_TOOBIG)
		       ? "chunked-encoding: %s" : "Recv failure: %s";
		break;
	}
	return failure_set(t, code, format, text);
}
