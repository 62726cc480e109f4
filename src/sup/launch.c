/* SPDX-License-Identifier: MIT */
/* sup/launch.c - what every start of the service needs */
#include "sup/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/err.h"
#include "sup/env.h"
#include "sup/explain.h"
#include "sup/terminal.h"

/* LISTEN_PID names us (sd_listen_fds(3)): it is to name the service. */
static char **
find_listen_pid(char **env)
{
	char mine[32];
	struct buf b = buf_over(mine, sizeof mine);

	buf_fmt(&b, "LISTEN_PID=%d", (int)getpid());
	return env_find(env, buf_text(&b));
}

/* see sup/launch.h */
int
launch_prepare(struct launch *l, char **argv,
               const struct signals_given *given, int terminal_fd,
               struct watch *watch, bool keep_cwd)
{
	struct child_plan *c = &l->child;

	*c = (struct child_plan){
		.argv = argv,
		.given = given,
		.terminal_fd = terminal_fd,
		.env = environ,
		.ready_fd = watch_ready_fd(watch),
		.ready_as = watch->plan->notify_fd,
	};
	if (watch_needs_env(watch)) {
		c->env = env_copy(WATCH_VARS);
		if (c->env == NULL)
			return -ENOMEM;
		watch_set_env(watch, c->env, &c->watchdog_pid);
	}
	c->listen_pid = find_listen_pid(c->env);
	if (!keep_cwd)
		return 0;
	/* hale itself will sit in "/". */
	c->cwd_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return c->cwd_fd < 0 ? -errno : 0;
}

/* see sup/launch.h */
pid_t
launch_start(const struct launch *l, bool *refused, struct buf *why)
{
	struct child_plan child = l->child;
	pid_t pid;

	child.foreground = child.terminal_fd >= 0 && !child.shares_group
	                && terminal_is_ours(child.terminal_fd);
	pid = child_start(&child);
	*refused = err_is_shortage(pid);
	return pid > 0 ? pid : -explain_exec(why, l->child.argv[0], pid);
}
