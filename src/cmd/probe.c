/* SPDX-License-Identifier: MIT */
/* cmd/probe.c - what the commands that check URLs share */
#include "cmd/probe.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "net/redact.h"
#include "sup/cgroup.h"

/* see base/opt.h */
int
probe_add_status(void *args, struct span value)
{
	return check_add_status(&((struct probe_args *)args)->conf, value);
}

/* see base/opt.h */
int
probe_add_header(void *args, struct span value)
{
	return check_add_header(&((struct probe_args *)args)->conf, value);
}

/* see cmd/probe.h */
int
probe_prepare(const char *command, struct check_conf *conf, int n,
              char **urls)
{
	char room[REDACT_ROOM];
	const char *expected;

	for (int i = 0; i < n; i++)
		if (check_verify(span_of(urls[i]), &expected) < 0) {
			log_error("%s \"%s\": expected %s", command,
			          redact_text(room, span_of(urls[i])),
			          expected);
			return CMD_USAGE;
		}
	if (conf->insecure)
		log_warn("--insecure: certificates are NOT verified");
	conf->user_agent = cmd_agent();
	return CMD_OK;
}

/* see cmd/probe.h */
int
probe_url(const struct check_conf *conf, struct span url,
          int64_t deadline_ms, struct buf *why)
{
	uint64_t kills = span_has_prefix(url, "exec:") ? cgroup_oom_kills()
	                                               : CGROUP_UNKNOWN;
	int r = check_url(conf, url, deadline_ms, why);

	if (r == ERR_KILLED && cgroup_has_killed(kills, cgroup_oom_kills()))
		buf_str(why, ", by the kernel for memory");
	return r;
}

static pid_t
start(size_t i, int (*one)(void *arg, size_t i), void *arg)
{
	pid_t parent = getpid(), child = fork();

	if (child != 0) {
		if (child < 0)
			log_error("cannot start a process: %s",
			          err_text(-errno));
		return child;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	_exit(getppid() == parent ? one(arg, i) : CMD_FAILED);
}

/* see cmd/probe.h */
int
probe_all(size_t n, int (*one)(void *arg, size_t i), void *arg)
{
	int code = CMD_OK, status;
	size_t running = 0;

	(void)signal(SIGCHLD, SIG_DFL);	/* ignored, it would hide the ends */
	if (n == 1)
		return one(arg, 0);
	for (size_t i = 0; i < n; i++) {
		if (start(i, one, arg) > 0)
			running++;
		else
			code = CMD_FAILED;
	}
	while (running > 0) {
		pid_t got = wait(&status);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return CMD_FAILED;
		running--;
		if (status != 0)
			code = CMD_FAILED;
	}
	return code;
}
