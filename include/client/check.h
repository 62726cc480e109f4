/* SPDX-License-Identifier: MIT */
/*
 * client/check.h - one health check of a target
 *
 * Blocking code for `hale check`, `hale wait` and the supervisor's forked
 * checkers; never for PID 1's loop. It prints nothing and reads no
 * environment and, but for the connection and its result, leaves nothing
 * behind: no descriptor, no child. Nothing is kept between two checks.
 *
 *   HTTP         a status of the ranges asked for, by default 200-399, as the
 *                kubelet has it; redirects are followed on the same host only,
 *                and the headers and a login stay with the scheme, host and
 *                port that were named
 *   grpc:        gRPC's health service calls the service SERVING, by HTTP/2
 *                with prior knowledge, or ALPN for grpcs:
 *   tcp:, unix:  somebody accepts the connection
 *   exec:        the program exits with 0; PATH is searched for one without a
 *                slash
 */
#ifndef HALE_CLIENT_CHECK_H
#define HALE_CLIENT_CHECK_H

#include "client/program.h"
#include "client/target.h"

#include <sys/socket.h>

struct tls_session;

#define CHECK_WHY_MAX     512	/* bytes that `why` should hold */
#define CHECK_RANGES_MAX  8	/* of status */
#define CHECK_HEADERS_MAX 16	/* header lines */

struct check_range {
	int first, last;	/* HTTP status, both included */
};

/* All zero is a good start: the defaults that are named here. */
struct check_conf {
	size_t      n_status;	/* 0: 200-399 */
	const char *contains;	/* the body must hold this; NULL: not read */
	size_t      n_headers;
	const char *user_agent;	/* NULL: "hale-check" */
	const char *cafile;	/* PEM anchors; NULL: tls/trust.h's order */
	const char *certfile;	/* client certificate, PEM; NULL: none */
	const char *keyfile;	/* its key; NULL: in certfile */
	const char *tls_host;	/* whom the certificate must be for; NULL: the
				 * target's host */
	bool        insecure;	/* the server's certificate is not verified */
	bool        v4, v6;	/* one alone: only addresses of that family */
	program_explain *explain;	/* exec: why it could not be started;
	                         * NULL: the error's own words */
	struct tls_session *session;	/* tls/tls.h; resumed by the next check
	                                 * of the same host. NULL: none */
	/* Behind what is small, which is then addressed by a byte. */
	struct check_range status[CHECK_RANGES_MAX];
	struct span headers[CHECK_HEADERS_MAX];	/* client/request.h's lines */
};

/* AF_INET, AF_INET6, or AF_UNSPEC for any address. */
static inline int
check_family(const struct check_conf *conf)
{
	if (conf->v4 == conf->v6)
		return AF_UNSPEC;
	return conf->v4 ? AF_INET : AF_INET6;
}

/*
 * Checks the target once. Everything (name, connection, handshake, answer,
 * program) must be over at deadline_ms (base/clock.h). Never reads more than it
 * needs: without `contains` an HTTP check ends with the answer's head, or,
 * where that is bad, with the first line of the body, if it comes soon.
 *
 * Returns 0 where it is healthy, else a negative error number; ERR_UNHEALTHY
 * where it answered, and the answer is bad; ERR_NOT_RUN where the machine had
 * no process, descriptor or memory for it, which says nothing of its health. In
 * all cases one line without its end is appended to why: "200 OK", "503 Service
 * Unavailable", "exit 1: last line that it printed", "db: 10.0.0.5 port 5432:
 * Connection refused". It has no control bytes: what a peer sent is made
 * harmless.
 *
 * exec: runs in a process group of its own, which gets SIGKILL at the
 * deadline and, should the caller die, its leader too. SIGCHLD must not be
 * ignored. What it prints is drained; the last line of its first bytes is
 * kept for why.
 */
int check_target(const struct check_conf *conf, const struct target *t,
                 int64_t deadline_ms, struct buf *why);

#endif
