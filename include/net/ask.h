/* SPDX-License-Identifier: MIT */
/*
 * net/ask.h - what the server of net/server.h asks its owner (pure)
 *
 * The server knows protocols, its owner knows the answers: for one request the
 * whole answer, for gRPC the names of the services and how each is.
 */
#ifndef HALE_NET_ASK_H
#define HALE_NET_ASK_H

#include "net/http.h"

#include <sys/types.h>

#define SERVER_OUT_MAX      32768	/* bytes of one answer */
#define SERVER_SERVICES_MAX 40	/* services by name, for gRPC */

enum server_kind {
	SERVER_PUBLIC,
	SERVER_PROBES,	/* for verdicts only: the owner's answer heeds it */
	SERVER_LOCAL,	/* a unix socket. Who lives in a PID namespace that
			 * we cannot see is closed as soon as accepted */
};

/* One request, or what made it unreadable. */
struct server_ask {
	struct http_req req;	/* set where err is 0 */
	int   err;		/* 0, ERR_PARSE, ERR_TOOBIG, ERR_VERSION */
	struct http_fault fault;	/* where err is not 0 */
	bool  is_h2;		/* by HTTP/2: net/h2_answer.h writes it */
	bool  keep;		/* the connection will stay open */
	enum server_kind kind;	/* of the listener that it came by */
	pid_t peer_pid;		/* SERVER_LOCAL: who asks; never 0 */
	uid_t peer_uid;
};

/* Appends the whole answer to out, which holds SERVER_OUT_MAX bytes. */
typedef void server_answer(void *owner, const struct server_ask *ask,
                           struct buf *out);

/* What gRPC's health service knows. The order never changes, so that an index
 * means the same service for as long as hale runs. */
struct server_services {
	size_t n;
	size_t n_probes;	/* so many, the first ones, by SERVER_PROBES */
	struct server_service {
		struct span name;	/* lives as long as the server */
		bool        is_serving;
	} of[SERVER_SERVICES_MAX];
};

/* Fills them in as they are at this moment. */
typedef void server_services(void *owner, struct server_services *into);

#endif
