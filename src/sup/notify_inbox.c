/* SPDX-License-Identifier: MIT */
/* sup/notify_inbox.c - what the service reports: notify socket, ready pipe */
#include "sup/notify_inbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "sup/env.h"

#define MESSAGES_MAX 16	/* datagrams a turn: a flood does not hold the loop */
#define WALKS_MAX    2	/* senders a turn whose parents are looked up */
#define READY_MAX    512	/* bytes of the readiness pipe read at a time */
#define READY_READS  128	/* empty a full pipe of usual size (pipe(7)) */

/*
 * Who may not signal the service may not move its place either: a worker that
 * has given up its user could take it and end, and the container with it.
 */
static bool
may_name(struct notify_inbox *x, pid_t pid, const struct ucred *from)
{
	if (pid == 0 || pid == x->pid)
		return false;
	if (notify_sock_trusts(from, x->pid))
		return true;
	if (!x->warned_main_pid)
		log_warn("MAINPID=%d of pid %d, user %u is not followed: it "
		         "is not the service's user", (int)pid, (int)from->pid,
		         (unsigned)from->uid);
	x->warned_main_pid = true;
	return false;
}

static void
hear(struct notify_inbox *x, struct span datagram, const struct ucred *from)
{
	struct notify_msg msg;

	if (notify_read(&msg, datagram) < 0)
		return;
	notify_apply(&x->notify, &msg, clock_ms());
	if (!may_name(x, msg.main_pid, from))
		msg.main_pid = 0;
	x->owner.heard(x->owner.owner, &msg);
	if (msg.has_status)
		log_info("the service says: %.*s", (int)x->notify.status_len,
		         x->notify.status);
}

/* Nothing of what it said is used; READY=1 is for the words alone. */
static void
refuse(struct notify_inbox *x, struct span datagram, const struct ucred *from,
       enum notify_speaker_why why)
{
	struct notify_msg msg;
	bool says_ready = notify_read(&msg, datagram) == 0 && msg.ready;

	notify_speaker_refused(x->speaker, from, why, says_ready, clock_ms());
}

/* One datagram; false if there is none. */
static bool
read_one(struct notify_inbox *x)
{
	char bytes[NOTIFY_MSG_MAX];
	struct ucred from;
	enum notify_speaker_why why;
	ssize_t n = notify_sock_read(x->socket.fd, bytes, sizeof bytes, &from);

	if (n < 0 && n != -EMSGSIZE)
		return false;
	why = notify_speaker_judge(x->speaker, &from, x->pid, clock_ms());
	if (why != NOTIFY_SPEAKER_TRUSTED)
		refuse(x, (struct span){ bytes, n > 0 ? (size_t)n : 0 }, &from,
		       why);
	else if (n < 0)
		log_warn("dropped a notification of more than %d bytes",
		         NOTIFY_MSG_MAX);
	else
		hear(x, (struct span){ bytes, (size_t)n }, &from);
	return true;
}

static void
socket_ready(struct source *s, uint32_t events)
{
	struct notify_inbox *x = (struct notify_inbox *)((char *)s
	                - offsetof(struct notify_inbox, socket));
	unsigned walks = x->speaker->walks;

	(void)events;
	x->owner.woken(x->owner.owner);
	for (int i = 0; i < MESSAGES_MAX
	             && x->speaker->walks - walks < WALKS_MAX; i++)
		if (!read_one(x))
			break;
	x->owner.done(x->owner.owner);
}

/* A newline means ready. Our own copy of the other end keeps the pipe open
 * from one start to the next. */
static void
pipe_ready(struct source *s, uint32_t events)
{
	struct notify_inbox *x = (struct notify_inbox *)((char *)s
	                - offsetof(struct notify_inbox, pipe));
	const struct notify_msg ready = { .ready = true };
	char bytes[READY_MAX];
	ssize_t n = read(s->fd, bytes, sizeof bytes);

	(void)events;
	x->owner.woken(x->owner.owner);
	if (n <= 0 || memchr(bytes, '\n', (size_t)n) == NULL)
		return;
	notify_apply(&x->notify, &ready, clock_ms());
	x->owner.done(x->owner.owner);
}

static int
open_socket(struct notify_inbox *x, struct loop *loop)
{
	struct buf b = buf_over(x->socket_var, sizeof x->socket_var);
	int r;

	buf_str(&b, "NOTIFY_SOCKET=");
	r = notify_sock_open(&b);
	if (r < 0)
		return r;
	(void)buf_text(&b);
	x->socket.fd = r;
	return loop_add(loop, &x->socket, EPOLLIN);
}

static int
open_pipe(struct notify_inbox *x, struct loop *loop)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	/* Only ours: the service may expect a blocking end. */
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	x->pipe.fd = ends[0];
	x->pipe_fd = ends[1];
	return loop_add(loop, &x->pipe, EPOLLIN);
}

/* see sup/notify_inbox.h */
int
notify_inbox_open(struct notify_inbox *x, struct notify_inbox_room *room,
                  const struct notify_inbox_plan *plan, struct loop *loop,
                  struct notify_inbox_owner owner)
{
	int r = 0;

	x->owner = owner;
	x->speaker = &room->speaker;
	x->usec_var = room->usec_var;
	x->socket = (struct source){
		.fd = -1, .deadline_ms = CLOCK_NEVER, .ready = socket_ready,
	};
	x->pipe = (struct source){
		.fd = -1, .deadline_ms = CLOCK_NEVER, .ready = pipe_ready,
	};
	x->notify.needs_ready = plan->notify || plan->notify_fd > 0;
	x->notify.watchdog_conf_ms = plan->watchdog_ms;
	x->notify.fed_by_ms = CLOCK_NEVER;
	if (plan->notify || plan->watchdog_ms > 0)
		r = open_socket(x, loop);
	if (r == 0 && plan->notify_fd > 0)
		r = open_pipe(x, loop);
	return r;
}

/* see sup/notify_inbox.h */
bool
notify_inbox_needs_env(const struct notify_inbox *x)
{
	return x->socket.fd >= 0;
}

/* see sup/notify_inbox.h */
void
notify_inbox_set_env(struct notify_inbox *x, char **env, char ***watchdog_pid)
{
	static char pid_var[] = "WATCHDOG_PID=";	/* the child sets it */
	struct buf b = buf_over(x->usec_var, NOTIFY_INBOX_USEC_MAX);

	*watchdog_pid = NULL;
	env_unset(env, "WATCHDOG_USEC");	/* of a supervisor above us */
	env_unset(env, "WATCHDOG_PID");
	(void)env_set(env, x->socket_var);
	if (x->notify.watchdog_conf_ms == 0)
		return;
	buf_fmt(&b, "WATCHDOG_USEC=%lld",
	        (long long)x->notify.watchdog_conf_ms * 1000);
	(void)buf_text(&b);
	(void)env_set(env, x->usec_var);
	*watchdog_pid = env_set(env, pid_var);
}

/* see sup/notify_inbox.h */
int
notify_inbox_ready_fd(struct notify_inbox *x)
{
	char bytes[READY_MAX];

	if (x->pipe.fd < 0)
		return 0;
	for (int i = 0; i < READY_READS; i++)
		if (read(x->pipe.fd, bytes, sizeof bytes) <= 0)
			break;
	return x->pipe_fd;
}

/* see sup/notify_inbox.h */
void
notify_inbox_start(struct notify_inbox *x, pid_t pid, int64_t now_ms)
{
	x->pid = pid;
	x->warned_main_pid = false;
	notify_speaker_start(x->speaker);
	notify_start(&x->notify, now_ms);
}

/* see sup/notify_inbox.h */
size_t
notify_inbox_fds(const struct notify_inbox *x, int fds[NOTIFY_INBOX_FDS_MAX])
{
	const int ours[NOTIFY_INBOX_FDS_MAX] = {
		x->socket.fd, x->pipe.fd, x->pipe_fd,
	};
	size_t n = 0;

	for (size_t i = 0; i < NOTIFY_INBOX_FDS_MAX; i++)
		if (ours[i] > 0)
			fds[n++] = ours[i];
	return n;
}
