/* SPDX-License-Identifier: MIT */
/*
 * net/server.h - the HTTP server of PID 1: listeners and their shares
 *
 * Accepts clients and decides which of them has a place; what then happens on
 * one connection is net/conn.h. Speaks HTTP/1.1 with keep-alive and pipelining
 * to at most SERVER_SLOTS clients. What is answered is decided by the owner's
 * callback; one answer is one write. A PROXY header ahead of a connection's
 * first request is passed over. A client cannot make the server wait, allocate
 * or fail: it is cut at its deadline, or earlier when a newcomer needs the
 * place, and of what it pipelines only SERVER_TURN_MAX requests are answered in
 * one turn.
 *
 * A listener with less than its share of the connections takes a place from
 * one that has more; else its newcomer ends one of its own. So whoever floods
 * one listener keeps nobody out of another.
 */
#ifndef HALE_NET_SERVER_H
#define HALE_NET_SERVER_H

#include "net/http.h"
#include "net/loop.h"
#include "net/proxy_header.h"

#include <sys/types.h>

#define SERVER_LISTEN_MAX 16	/* listeners, the local one included */
#define SERVER_CONN_MAX   64	/* connections of all listeners but the local
				 * one, which share them in equal parts */
#define SERVER_LOCAL_MAX  16	/* more, for the local one alone */
#define SERVER_SLOTS      (SERVER_CONN_MAX + SERVER_LOCAL_MAX)
#define SERVER_TURN_MAX   4	/* requests of a connection in a turn */
#define SERVER_ACCEPT_MAX 16	/* newcomers of a listener taken in a turn */
#define SERVER_KNOWN_MAX  512	/* bytes of a head that is known again */
#define SERVER_IN_MAX     (PROXY_V2_MAX + HTTP_HEAD_MAX)	/* unread */
#define SERVER_OUT_MAX    32768	/* bytes of one answer */
#define SERVER_HEAD_MS    5000	/* accepted, or first byte in .. head whole */
#define SERVER_IDLE_MS    75000	/* between two requests of a connection */
#define SERVER_LINGER_MS  1000	/* a refused client may still read why */
#define SERVER_PAUSE_MS   1000	/* no accept where closing makes no room */

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
	bool  is_h2;		/* with ERR_VERSION: an HTTP/2 preface */
	bool  keep;		/* the connection will stay open */
	enum server_kind kind;	/* of the listener that it came by */
	pid_t peer_pid;		/* SERVER_LOCAL: who asks; never 0 */
	uid_t peer_uid;
};

/* Appends the whole answer to out, which holds SERVER_OUT_MAX bytes. */
typedef void server_answer(void *owner, const struct server_ask *ask,
                           struct buf *out);

enum conn_state {	/* in the order in which they make room */
	CONN_IDLE,	/* between requests, no byte of the next */
	CONN_LINGER,	/* refused; reads on until the client has seen why */
	CONN_HEAD,	/* its first request, or part of one, is waited for */
	CONN_BUSY,	/* pipelined requests wait for the next turn */
	CONN_WRITE,	/* the client does not read its answer */
};

struct server;

struct server_listener {
	struct source    source;
	struct server   *server;
	enum server_kind kind;
	size_t           n_conns;	/* open ones that came by it */
};

struct conn {
	struct source   source;
	struct server  *server;
	struct server_listener *from;	/* where it came in */
	struct server_listener *kept_for;	/* whose newcomer it is for;
					 * NULL: anybody's */
	bool            is_open;	/* all zero: a slot never used */
	enum conn_state state;
	uint64_t        since;		/* server->changes when it came into
					 * this state: finer than a clock */
	size_t          in_len;		/* bytes in server->in[] of this slot */
	size_t          out_len;	/* unsent bytes in server->out[] */
	uint32_t        events;		/* what the loop waits for */
	bool            ends;		/* close when out is empty */
	bool            lingers;	/* close only after reading on */
	bool            wants_turn;	/* its requests outlast this one */
	bool            has_asked;	/* no PROXY header can come any more */
	pid_t           peer_pid;
	uid_t           peer_uid;
};

/* For part of a head, and for an answer that the client does not read. Large:
 * untouched pages cost nothing, but a limit of address space counts them. */
struct server_room {
	char in[SERVER_SLOTS][SERVER_IN_MAX];
	char out[SERVER_SLOTS][SERVER_OUT_MAX];
};

struct server {
	struct loop   *loop;
	server_answer *answer;
	void          *owner;
	uint64_t       requests;	/* answered so far */
	uint64_t       changes;		/* of connections' states so far */
	size_t         n_listeners;
	size_t         n_public;	/* those that are not local */
	struct server_room *room;	/* the owner's; NULL: slow clients are
					 * cut where they would need it */
	struct server_listener listeners[SERVER_LISTEN_MAX];
	struct conn    conns[SERVER_SLOTS];	/* the local one's come last */
	char           scratch_in[SERVER_IN_MAX];
	/* The last whole head that stood at the start of scratch_in. */
	char            known[SERVER_KNOWN_MAX];
	size_t          known_len;
	struct http_req known_req;	/* its spans point into scratch_in */
	char           scratch_out[SERVER_OUT_MAX];
};

/* s must be zeroed. */
void server_init(struct server *s, struct loop *loop, server_answer *answer,
                 void *owner);

/*
 * Serves the listening, non-blocking fd, which is the server's from now on.
 * Returns 0, ERR_FULL or -errno; the caller keeps the fd then.
 */
int server_listen(struct server *s, int fd, enum server_kind kind);

#endif
