/* SPDX-License-Identifier: MIT */
/* client/check_open.c - what the checks that send a request have in common */
#include "client/check_open.h"

#include <errno.h>

#include "base/err.h"

/* see client/check_open.h */
int
check_open(struct exchange *c, const struct check_conf *conf,
           const struct target *t, char *in, size_t in_cap, int64_t deadline_ms)
{
	const struct tls_conf tls = {
		.host = conf->tls_host != NULL ? conf->tls_host : t->host,
		.cafile = conf->cafile,
		.certfile = conf->certfile,
		.keyfile = conf->keyfile,
		.http2 = t->kind == TARGET_GRPC,
		.insecure = conf->insecure,
		.session = conf->session,
	};
	struct exchange_to to = {
		.host = span_of(t->host),
		.port = t->url.port,
		.family = check_family(conf),
		.tls = t->url.is_https ? &tls : NULL,
	};

	if (t->kind == TARGET_HTTP_UNIX)
		to.unix_path = to.host;
	return exchange_open(c, &to, in, in_cap, deadline_ms);
}

/* see client/check_open.h */
int
check_end(const struct exchange *c, int err)
{
	/* Until the request is out it is we who need something of the machine.
	 * No peer can cause these errors: a full backlog is ERR_TIMEOUT. */
	bool is_ours = c->step == EXCHANGE_LOOKUP
	            || c->step == EXCHANGE_CONNECT
	            /* its memory; EAGAIN is the peer's */
	            || (c->step == EXCHANGE_TLS && err != -EAGAIN);

	return is_ours && err_is_shortage(err) ? ERR_NOT_RUN : err;
}
