/* SPDX-License-Identifier: MIT */
/*
 * sup/inbox.h - takes in what the service says: notify socket, ready pipe
 *
 * Keeps both, believes only who may speak (sup/speaker.h), applies what was
 * said to sup/notify.h's state and reports it to its owner.
 */
#ifndef HALE_SUP_INBOX_H
#define HALE_SUP_INBOX_H

#include "net/loop.h"
#include "sup/notify.h"
#include "sup/notify_sock.h"
#include "sup/speaker.h"

#define INBOX_USEC_MAX 48	/* bytes of "WATCHDOG_USEC=" and a number */
#define INBOX_VARS     3	/* variables that inbox_set_env() may add */
#define INBOX_FDS_MAX  3	/* descriptors of ours between two turns */

struct inbox_plan {
	bool    notify;		/* ready only after READY=1 */
	int     notify_fd;	/* ready after a newline here; 0: none */
	int64_t watchdog_ms;	/* 0: none */
};

struct inbox_owner {
	void *owner;
	/* something has come, which is not read yet */
	void (*woken)(void *owner);
	/* a message was applied; its main_pid is one to be followed, or 0 */
	void (*heard)(void *owner, const struct notify_msg *msg);
	/* this turn's messages have been applied */
	void (*done)(void *owner);
};

/* What is not touched before the service has started. */
struct inbox_room {
	struct speaker speaker;
	char           usec_var[INBOX_USEC_MAX];
};

struct inbox {
	struct inbox_owner owner;
	struct source socket;	/* fd -1: none */
	struct source pipe;	/* fd -1: none */
	int      pipe_fd;	/* its write end, for the service, or 0 */
	struct notify notify;
	pid_t    pid;		/* the service's, 0: there is none */
	bool     warned_main_pid;	/* since the start: it was refused */
	char     socket_var[NOTIFY_SOCK_NAME_MAX + 16];	/* NOTIFY_SOCKET=@... */
	struct speaker *speaker;	/* the room's */
	char    *usec_var;	/* the room's: "WATCHDOG_USEC=..." */
};

/*
 * Opens what the plan needs, before the service is started. x and the room must
 * be zeroed; the room lives as long as x. Returns 0 or an error number.
 */
int inbox_open(struct inbox *x, struct inbox_room *room,
               const struct inbox_plan *plan, struct loop *loop,
               struct inbox_owner owner);

/* What the service's environment gets; *watchdog_pid is the slot that is to
 * have its pid, or NULL. */
bool inbox_needs_env(const struct inbox *x);
void inbox_set_env(struct inbox *x, char **env, char ***watchdog_pid);

/* Right before a start: forgets what the last one wrote to its readiness
 * pipe. Returns the end that the service gets, or 0 for none. */
int inbox_ready_fd(struct inbox *x);

/* The service runs as pid: it has said nothing yet. */
void inbox_start(struct inbox *x, pid_t pid, int64_t now_ms);

/* The descriptors that it keeps; returns how many. */
size_t inbox_fds(const struct inbox *x, int fds[INBOX_FDS_MAX]);

#endif
