/* SPDX-License-Identifier: MIT */
/*
 * net/server.h - the HTTP and gRPC server of PID 1: listeners, their shares
 *
 * Accepts clients and decides which of them has a place; what then happens on
 * one connection is net/conn.h. Speaks HTTP/1.1 with keep-alive and pipelining,
 * and HTTP/2 (net/h2.h), to at most SERVER_SLOTS clients. What is answered is
 * decided by the owner's callbacks; one answer is one write. A PROXY header
 * ahead of a connection's first request is passed over. A client cannot make
 * the server wait, allocate or fail: it is cut at its deadline, or earlier when
 * a newcomer needs the place, and of what it pipelines only SERVER_TURN_MAX
 * requests are answered in one turn.
 *
 * A listener with less than its share of the connections takes a place from
 * one that has more; else its newcomer ends one of its own. So whoever floods
 * one listener keeps nobody out of another.
 */
#ifndef HALE_NET_SERVER_H
#define HALE_NET_SERVER_H

#include "net/h2.h"
#include "net/loop.h"
#include "net/proxy_header.h"

#define SERVER_LISTEN_MAX 16	/* listeners, the local one included */
#define SERVER_CONN_MAX   64	/* connections of all listeners but the local
				 * one, which share them in equal parts */
#define SERVER_LOCAL_MAX  16	/* more, for the local one alone */
#define SERVER_SLOTS      (SERVER_CONN_MAX + SERVER_LOCAL_MAX)
#define SERVER_TURN_MAX   4	/* requests of a connection in a turn */
#define SERVER_ACCEPT_MAX 16	/* newcomers of a listener taken in a turn */
#define SERVER_KNOWN_MAX  512	/* bytes of a head that is known again */
#define SERVER_IN_MAX     (PROXY_V2_MAX + HTTP_HEAD_MAX)	/* unread */
#define SERVER_HEAD_MS    5000	/* accepted, or first byte in .. head whole */
#define SERVER_IDLE_MS    75000	/* between two requests of a connection */
#define SERVER_LINGER_MS  1000	/* a refused client may still read why */
#define SERVER_WATCH_PART 2	/* of a listener's share of connections, one in
				 * so many may have gRPC's Watch */
#define SERVER_LEAVE_MS   100	/* a client with a Watch may still read .. */
#define SERVER_PAUSE_MS   1000	/* no accept where closing makes no room */

enum conn_state {	/* in the order in which they make room */
	CONN_IDLE,	/* between requests, no byte of the next */
	CONN_LINGER,	/* refused; reads on until the client has seen why */
	CONN_HEAD,	/* its first request, or part of one, is waited for */
	CONN_WATCH,	/* HTTP/2: nothing but changes is waited for */
	CONN_BUSY,	/* pipelined requests wait for the next turn */
	CONN_WRITE,	/* the client does not read its answer */
};

struct server;

struct server_listener {
	struct source    source;
	struct server   *server;
	enum server_kind kind;
	size_t           n_conns;	/* open ones that came by it */
	size_t           n_watching;	/* .. with a Watch */
};

struct conn {
	struct source   source;
	struct server  *server;
	struct server_listener *from;	/* where it came in */
	struct h2      *h2;		/* the room's; NULL: HTTP/1.1 */
	bool            is_open;	/* all zero: a slot never used */
	bool            has_asked;	/* no PROXY header can come any more */
	enum conn_state state;
	uint64_t        since;		/* server->changes when it came into
					 * this state: finer than a clock */
	int64_t         until_ms;	/* that state's own deadline */
	size_t          in_len;		/* bytes in server->in[] of this slot */
	size_t          out_len;	/* unsent bytes in server->out[] */
	uint32_t        events;		/* what the loop waits for */
	bool            ends;		/* close when out is empty */
	bool            lingers;	/* close only after reading on */
	bool            wants_turn;	/* its requests outlast this one */
	bool            is_watching;	/* it has a Watch */
	struct server_listener *kept_for;	/* whose newcomer it is for;
					 * NULL: anybody's */
	pid_t           peer_pid;
	uid_t           peer_uid;
};

/* For part of a head, for an answer that the client does not read, and for
 * HTTP/2. Large: untouched pages cost nothing, but a limit of address space
 * counts them. */
struct server_room {
	char in[SERVER_SLOTS][SERVER_IN_MAX];
	char out[SERVER_SLOTS][SERVER_OUT_MAX];
	struct h2 h2[SERVER_SLOTS];
	struct h2_scratch h2_scratch;
};

struct server {
	struct loop   *loop;
	server_answer *answer;
	server_services *services;
	void          *owner;
	uint64_t       requests;	/* answered so far */
	uint64_t       changes;		/* of connections' states so far */
	size_t         n_listeners;
	size_t         n_public;	/* those that are not local */
	struct server_room *room;	/* the owner's; NULL: slow clients are
					 * cut where they would need it, and
					 * HTTP/2 is refused */
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
                 server_services *services, void *owner);

/*
 * Serves the listening, non-blocking fd, which is the server's from now on.
 * Returns 0, ERR_FULL or -errno; the caller keeps the fd then.
 */
int server_listen(struct server *s, int fd, enum server_kind kind);

/* May one more connection of that listener have a Watch? Half of its share is
 * for others, so that Watches keep no probe out. */
bool server_may_watch(const struct server_listener *li);

/* Sends to each Watch what has changed since the last call. To be called after
 * each turn of the loop; without a Watch it does nothing. */
void server_tell(struct server *s);

/*
 * hale leaves: says so on each connection by HTTP/2. Waits until those with a
 * Watch have closed, SERVER_LEAVE_MS at most: if bytes of theirs were unread at
 * our exit, the kernel would send a reset, which can discard our last frames.
 */
void server_leave(struct server *s);

#endif
