/* SPDX-License-Identifier: MIT */
/* sup/launch.c - what is prepared once for all starts of the service */
#include "sup/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/parse.h"
#include "sup/env.h"
#include "sup/exec_error.h"
#include "sup/terminal.h"

/* The slot in which name (with its "=") is our pid, which is to become the
 * service's. There seldom is one: until then no call is needed. */
static char **
find_our_pid(char **env, const char *name)
{
	const size_t len = strlen(name);
	uint64_t pid;

	for (char **e = env; *e != NULL; e++)
		if (**e == *name && strncmp(*e, name, len) == 0
		 && parse_uint(*e + len, INT_MAX, &pid) == 0
		 && pid == (uint64_t)getpid())
			return e;
	return NULL;
}

static bool
has_settings(const struct opt_group *settings)
{
	for (char **e = environ; settings != NULL && *e != NULL; e++)
		if (opt_is_env(settings, *e))
			return true;
	return false;
}

static void
drop_settings(char **env, const struct opt_group *settings)
{
	char **to = env;

	for (char **e = env; *e != NULL; e++)
		if (!opt_is_env(settings, *e))
			*to++ = *e;
	env_end(to);
}

/* A copy, where it differs: what hale runs for itself keeps all. */
static int
prepare_env(struct child_plan *c, const struct opt_group *settings,
            struct notify_inbox *inbox)
{
	bool drops = has_settings(settings);

	c->env = environ;
	if (drops || notify_inbox_needs_env(inbox))
		c->env = env_copy(NOTIFY_INBOX_VARS);
	if (c->env == NULL)
		return -ENOMEM;
	if (drops)
		drop_settings(c->env, settings);
	if (notify_inbox_needs_env(inbox))
		notify_inbox_set_env(inbox, c->env, &c->watchdog_pid);
	else	/* the service is to feed the manager above us */
		c->watchdog_pid = find_our_pid(c->env, "WATCHDOG_PID=");
	c->listen_pid = find_our_pid(c->env, "LISTEN_PID=");
	return 0;
}

/* hale itself will sit in "/", unless it could not come back from there: who
 * may not search the directory that it was started in can only stay. */
static void
keep_directory(struct launch *l)
{
	int fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	l->stays = fd < 0;
	l->child.cwd_fd = fd < 0 ? 0 : fd;
	if (fd < 0)
		log_info("staying in the working directory, which cannot be "
		         "opened: %s", err_text(-errno));
}

/* see sup/launch.h */
int
launch_prepare(struct launch *l, const struct launch_plan *plan,
               struct notify_inbox *inbox)
{
	l->child = (struct child_plan){
		.argv = plan->argv,
		.given = plan->given,
		.terminal_fd = plan->terminal_fd,
		.shares_group = plan->shares_group,
		.ready_fd = notify_inbox_ready_fd(inbox),
		.ready_as = plan->ready_as,
	};
	if (prepare_env(&l->child, plan->settings, inbox) < 0)
		return -ENOMEM;
	if (plan->keeps_cwd)
		keep_directory(l);
	return 0;
}

/* see sup/launch.h */
int
launch_explain(const struct launch *l, int err, bool *refused,
               struct buf *why)
{
	*refused = err_is_shortage(err);
	if (l->news.refused == NULL || *refused)
		return exec_error_write(why, l->child.argv[0], err);
	buf_fmt(why, "%s: %s (denied by seccomp?)", l->news.refused,
	        err_text(err));
	return EXEC_ERROR_CANNOT_RUN;
}

/* see sup/launch.h */
pid_t
launch_start(struct launch *l)
{
	struct child_plan child = l->child;

	child.foreground = child.terminal_fd >= 0 && !child.shares_group
	                && terminal_is_ours(child.terminal_fd);
	return child_start(&child, &l->news);
}
