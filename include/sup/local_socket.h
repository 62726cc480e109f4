/* SPDX-License-Identifier: MIT */
/*
 * sup/local_socket.h - the supervisor's local socket: its name, its listener
 *
 * An abstract stream socket that speaks the same HTTP as the listeners; it
 * needs no file system. A network namespace may be shared with strangers, as
 * in a pod, and an abstract name belongs to whoever binds it first. So the
 * name is random, and is published as the name of hale's process (comm in
 * proc(5)), which only its own PID namespace can read:
 *
 *     hale.PPNNNNNNNN	PP: the container, by its mount namespace; N: random
 *
 * Where /proc does not show our processes there is nowhere to read it: the
 * name is LOCAL_FIXED then, which a neighbour can take.
 */
#ifndef HALE_SUP_LOCAL_SOCKET_H
#define HALE_SUP_LOCAL_SOCKET_H

#include "net/server.h"
#include "sup/proc.h"

#define LOCAL_NAME_LEN PROC_NAME_LEN	/* bytes: all of a process's name */
#define LOCAL_FIXED    "hale"
#define LOCAL_AGAIN_MIN_MS 1000		/* from a failed try to the next .. */
#define LOCAL_AGAIN_MAX_MS 60000	/* .. which doubles up to this */

struct local_socket {	/* all zero: not opened */
	struct source  again;	/* for the next try, where one failed */
	struct server *server;
	int64_t        pause_ms;	/* to the next try; 0: none failed */
};

/*
 * Makes the server listen locally and, but for LOCAL_FIXED, renames our
 * process. Without the socket hale does all but answer `hale check` and its
 * like: a failure is logged, and where something was short that others may
 * give back (descriptors, memory) it is tried again on a timer.
 */
void local_socket_open(struct local_socket *l, struct loop *loop,
                       struct server *server);

/* Appends what the names of our container's supervisors begin with. */
void local_socket_write_prefix(struct buf *b);

#endif
