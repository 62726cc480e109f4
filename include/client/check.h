/* SPDX-License-Identifier: MIT */
/*
 * client/check.h - one health check of a URL
 *
 * Blocking code for `hale check`, `hale wait` and the supervisor's forked
 * checkers; never for PID 1's loop. It prints nothing and reads no
 * environment and, but for the connection and its result, leaves nothing
 * behind: no descriptor, no child. Nothing is kept between two checks.
 *
 *   http://HOST[:PORT][/PATH]    a status of the ranges asked for, by default
 *   https://...                  200-399, as the kubelet has it; redirects
 *                                are followed on the same host only, and
 *                                the headers and a login stay with the
 *                                scheme, host and port that were named
 *   http+unix://%2Frun%2Fsock/PATH, http+unix:/run/sock:/PATH
 *                                the same over a unix socket (@NAME: abstract)
 *   tcp://HOST:PORT, tcp:HOST:PORT   somebody accepts the connection
 *   unix:/PATH, unix:@NAME       somebody accepts on this unix socket
 *   exec:PROGRAM [ARG...]        it exits with 0. Words are split at blanks;
 *                                "..." and '...' hold them together, \ takes
 *                                the next byte as it is; no shell, nothing
 *                                is expanded. PROGRAM without a slash is
 *                                looked for in PATH.
 */
#ifndef HALE_CLIENT_CHECK_H
#define HALE_CLIENT_CHECK_H

#include "client/program.h"

struct tls_session;

#define CHECK_URL_MAX     4096	/* bytes; a longer URL is ERR_TOOBIG */
#define CHECK_WHY_MAX     512	/* bytes that `why` should hold */
#define CHECK_RANGES_MAX  8	/* of status */
#define CHECK_HEADERS_MAX 16	/* header lines */
#define CHECK_BODY_MAX    ((size_t)256 * 1024)	/* of body searched for `contains` */
#define CHECK_REDIRECTS_MAX 9	/* as the kubelet: 10 requests in all */

struct check_range {
	int first, last;	/* HTTP status, both included */
};

/* All zero is a good start: the defaults that are named here. */
struct check_conf {
	struct check_range status[CHECK_RANGES_MAX];
	size_t      n_status;	/* 0: 200-399 */
	const char *contains;	/* the body must hold this; NULL: not read */
	struct span headers[CHECK_HEADERS_MAX];	/* client/request.h's lines */
	size_t      n_headers;
	const char *method;	/* NULL: GET */
	const char *user_agent;	/* NULL: "hale-check" */
	const char *cafile;	/* PEM anchors; NULL: tls/trust.h's order */
	const char *certfile;	/* client certificate, PEM; NULL: none */
	const char *keyfile;	/* its key; NULL: in certfile */
	bool        insecure;	/* the server's certificate is not verified */
	bool        v4, v6;	/* one alone: only addresses of that family */
	program_explain *explain;	/* exec: why it could not be started;
	                         * NULL: the error's own words */
	struct tls_session *session;	/* tls/tls.h; resumed by the next check
	                                 * of the same host. NULL: none */
};

/*
 * Can url be checked at all? For a command line that is refused before
 * anything is started. Returns 0, ERR_PARSE, ERR_TOOBIG (url, a socket's path,
 * an exec:'s words) or ERR_SCHEME; *expected then says what it should be.
 */
int check_verify(struct span url, const char **expected);

/* Reads "200", "200-299" or a comma list of these into conf. Returns 0,
 * ERR_PARSE, ERR_RANGE (not 100..599) or ERR_FULL. */
int check_add_status(struct check_conf *conf, struct span text);

/* Takes one header line, "Name: value" (client/request.h), which lives as long
 * as conf. Returns 0, ERR_FULL, or ERR_PARSE, also if it announces a body. */
int check_add_header(struct check_conf *conf, struct span line);

/*
 * Asks url once. Everything (name, connection, handshake, answer, program)
 * must be over at deadline_ms (base/clock.h). Never reads more than it needs:
 * without `contains` an HTTP check ends with the answer's head, or, where that is
 * bad, with the first line of the body, if it comes soon.
 * Returns 0 where it is healthy, else a negative error number; ERR_UNHEALTHY
 * where it answered, and the answer is bad; ERR_NOT_RUN where the machine had
 * no process, descriptor or memory to ask it, which says nothing of its
 * health. In all cases one line without
 * its end is appended to why: "200 OK", "503 Service Unavailable", "exit 1:
 * last line that it printed", "db: 10.0.0.5 port 5432: Connection refused".
 * It has no control bytes: what a peer sent is made harmless.
 *
 * exec: runs in a process group of its own, which gets SIGKILL at the
 * deadline and, should the caller die, its leader too. SIGCHLD must not be
 * ignored. What it prints is drained; the last line of its first bytes is
 * kept for why.
 */
int check_url(const struct check_conf *conf, struct span url,
              int64_t deadline_ms, struct buf *why);

#endif
