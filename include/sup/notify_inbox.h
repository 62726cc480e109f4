/* SPDX-License-Identifier: MIT */
/*
 * sup/notify_inbox.h - what the service reports: notify socket, ready pipe
 *
 * Keeps both, believes only the processes that may speak
 * (sup/notify_speaker.h), applies what they say to sup/notify.h's state and
 * reports it to its owner.
 */
#ifndef HALE_SUP_NOTIFY_INBOX_H
#define HALE_SUP_NOTIFY_INBOX_H

#include "net/loop.h"
#include "sup/notify.h"
#include "sup/notify_sock.h"
#include "sup/notify_speaker.h"

/* Bytes of "WATCHDOG_USEC=" and a number. */
#define NOTIFY_INBOX_USEC_MAX 48
/* Variables that notify_inbox_set_env() may add. */
#define NOTIFY_INBOX_VARS     3
/* Descriptors of ours between two turns. */
#define NOTIFY_INBOX_FDS_MAX  3

struct notify_inbox_plan {
	bool    notify;		/* ready only after READY=1 */
	int     notify_fd;	/* ready after a newline here; 0: none */
	int64_t watchdog_ms;	/* 0: none */
};

struct notify_inbox_owner {
	void *owner;
	/* something has come, which is not read yet */
	void (*woken)(void *owner);
	/* a message was applied; its main_pid is one to be followed, or 0 */
	void (*heard)(void *owner, const struct notify_msg *msg);
	/* this turn's messages have been applied */
	void (*done)(void *owner);
};

/* What is not touched before the service has started. */
struct notify_inbox_room {
	struct notify_speaker speaker;
	char           usec_var[NOTIFY_INBOX_USEC_MAX];
};

struct notify_inbox {
	int      pipe_fd;	/* the pipe's write end, the service's, or 0 */
	pid_t    pid;		/* the service's, 0: there is none */
	bool     warned_main_pid;	/* since the start: it was refused */
	struct notify_speaker *speaker;	/* the room's */
	char    *usec_var;	/* the room's: "WATCHDOG_USEC=..." */
	struct notify_inbox_owner owner;
	struct source socket;	/* fd -1: none */
	struct source pipe;	/* fd -1: none */
	struct notify notify;
	char     socket_var[NOTIFY_SOCK_NAME_MAX + 16];	/* NOTIFY_SOCKET=@... */
};

/*
 * Opens what the plan needs, before the service is started. x and the room must
 * be zeroed; the room lives as long as x. Returns 0 or an error number.
 */
int notify_inbox_open(struct notify_inbox *x, struct notify_inbox_room *room,
                      const struct notify_inbox_plan *plan, struct loop *loop,
                      struct notify_inbox_owner owner);

/* What the service's environment gets; *watchdog_pid is the slot that is to
 * have its pid, or NULL. */
bool notify_inbox_needs_env(const struct notify_inbox *x);
void notify_inbox_set_env(struct notify_inbox *x, char **env,
                          char ***watchdog_pid);

/* Right before a start: forgets what the last one wrote to its readiness
 * pipe. Returns the end that the service gets, or 0 for none. */
int notify_inbox_ready_fd(struct notify_inbox *x);

/* The service runs as pid: it has said nothing yet. */
void notify_inbox_start(struct notify_inbox *x, pid_t pid, int64_t now_ms);

/* The descriptors that it keeps; returns how many. */
size_t notify_inbox_fds(const struct notify_inbox *x,
                        int fds[NOTIFY_INBOX_FDS_MAX]);

#endif
