/* SPDX-License-Identifier: MIT */
/* cmd/targets.c - what the commands that check targets share */
#include "cmd/targets.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "client/redact.h"
#include "cmd/cmd.h"
#include "sup/cgroup.h"
#include "sup/exec_error.h"
#include "tls/trust.h"

#define PIPE_MS  2000	/* for the CAs that come through a pipe */
#define WHAT_MAX (REDACT_ROOM + 32)	/* bytes of a command and a URL */

/* see cmd/targets.h */
const char targets_help[] =
	"\nURL and what it takes to pass:\n"
	"  http://HOST[:PORT]/PATH         an HTTP status of 200-399; https:// too\n"
	"  http+unix:/SOCKET:/PATH         the same over a unix socket, /SOCKET or @NAME\n"
	"  grpc://HOST:PORT[/SERVICE]      gRPC's health service says SERVING; grpcs:// too\n"
	"  tcp://HOST:PORT                 the connection is accepted\n"
	"  unix:/SOCKET                    the same for a unix socket, /SOCKET or @NAME\n"
	"  \"exec:PROGRAM [ARG...]\"         the program exits with 0\n";

static bool no_programs;

/* see cmd/targets.h */
void
targets_refuse_programs(void)
{
	no_programs = true;
}

static int
refuse_variable(const char *what, int err, struct span name)
{
	if (err == ERR_RESOLVE)
		log_error("%s: %.*s is unset or empty in the environment: "
		          "set it, or write ${%.*s:-DEFAULT}", what, (int)name.len,
		          name.p, (int)name.len, name.p);
	else
		log_error("%s: %s", what, err != ERR_PARSE ? err_text(err)
		          : "expected ${NAME} or ${NAME:-DEFAULT}");
	return CMD_USAGE;
}

/* A shell's word for what follows a failure or a success: CMD ["/hale",
 * "check", "URL", "||", "exit", "1"] has no shell that would read it. An
 * exec:'s words are target_read()'s. */
static bool
is_for_a_shell(struct span word)
{
	return span_has_prefix(word, "||") || span_has_prefix(word, "&&")
	    || (!span_has_prefix(word, "exec:")
	        && span_find_text(word, "||") != NULL);
}

/* see cmd/targets.h */
int
targets_expand(const char *what, struct span *word, char **out)
{
	struct span url = check_word_url(*word), name = { NULL, 0 };
	struct span rest = span_after(*word, url.len);
	char text[TARGET_MAX], *made;
	struct buf b = buf_over(text, sizeof text);
	bool is_exec = span_has_prefix(url, "exec:");
	int r;

	*out = NULL;
	if (is_for_a_shell(url)) {
		log_error("%s: expected a URL alone: no shell reads the words "
		          "of CMD [...], and a check exits with 1 by itself", what);
		return CMD_USAGE;
	}
	if (is_exec || span_find_text(url, "${") == NULL)
		return CMD_OK;
	r = check_expand(&b, url, &name);
	if (r < 0)
		return refuse_variable(what, r, name);
	/* A variable has neither a program nor options for us. */
	if (span_has_prefix(buf_span(&b), "exec:")
	 || check_word_url(buf_span(&b)).len < b.len) {
		log_error("%s: expected a part of a URL in %.*s, not exec: or "
		          "an option", what, (int)name.len, name.p);
		return CMD_USAGE;
	}
	made = malloc(b.len + rest.len + 1);
	if (made == NULL)
		return refuse_variable(what, -ENOMEM, name);
	memcpy(made, text, b.len);
	memcpy(made + b.len, rest.p, rest.len);
	made[b.len + rest.len] = '\0';
	*word = (struct span){ made, b.len + rest.len };
	*out = made;
	return CMD_OK;
}

static int
read_one(const char *command, struct targets_one *one, struct span url)
{
	struct buf memory = buf_over(one->memory, sizeof one->memory);
	char text[WHAT_MAX], room[REDACT_ROOM];
	struct buf what = buf_over(text, sizeof text);
	const char *expected;
	int r;

	buf_fmt(&what, "%s \"%s\"", command, redact_text(room, url));
	(void)buf_text(&what);
	r = targets_expand(text, &url, &one->text);
	if (r == CMD_OK
	 && target_read(&one->target, url, &memory, &expected) < 0) {
		log_error("%s: expected %s", text, expected);
		r = CMD_USAGE;
	}
	if (r == CMD_OK && no_programs && one->target.kind == TARGET_EXEC) {
		log_error("%s: sh starts no program", text);
		r = CMD_USAGE;
	}
	return r;
}

/* A pipe can be read only once: before each URL gets a process of its own,
 * which has what was read. What is wrong with it, each of them will say. */
static void
read_pipe(const char *cafile)
{
	char text[CHECK_WHY_MAX];
	struct buf ignored = buf_over(text, sizeof text);
	struct stat st;

	if (cafile != NULL && stat(cafile, &st) == 0 && S_ISFIFO(st.st_mode))
		(void)trust_verify(cafile, clock_after(clock_ms(), PIPE_MS),
		                   &ignored);
}

/* The option that applies to none of the targets, or NULL. */
static const char *
fits_none(const struct check_conf *conf, int n, const struct targets_one *t)
{
	const char *first = NULL;

	for (int i = 0; i < n; i++) {
		const char *misfit = check_misfit(conf, &t[i].target);

		if (misfit == NULL || (i > 0 && misfit != first))
			return NULL;
		first = misfit;
	}
	return first;
}

/* see cmd/targets.h */
int
targets_read(const char *command, struct check_conf *conf, int n, char **urls,
             struct targets_one **out)
{
	struct targets_one *t = calloc((size_t)n, sizeof *t);
	const char *misfit;

	*out = t;
	if (t == NULL) {
		log_error("%s", err_text(-ENOMEM));
		return CMD_FAILED;
	}
	for (int i = 0; i < n; i++) {
		int r = read_one(command, &t[i], span_of(urls[i]));

		if (r != CMD_OK)
			return r;
	}
	misfit = fits_none(conf, n, t);
	if (misfit != NULL) {
		log_error("%s: %s does not apply to %s", command, misfit,
		          n > 1 ? "any of these URLs" : "this URL");
		return CMD_USAGE;
	}
	if (conf->insecure)
		log_warn("--insecure: certificates are NOT verified");
	if (n > 1)
		read_pipe(conf->cafile);
	conf->user_agent = cmd_agent();
	conf->explain = exec_error_write;
	return CMD_OK;
}

/* see cmd/targets.h */
void
targets_free(struct targets_one *targets, int n)
{
	for (int i = 0; targets != NULL && i < n; i++)
		free(targets[i].text);
	free(targets);
}

/* see cmd/targets.h */
int
targets_check(const struct check_conf *conf, const struct target *t,
              int64_t deadline_ms, struct buf *why)
{
	uint64_t kills = t->kind == TARGET_EXEC ? cgroup_oom_kills()
	                                        : CGROUP_UNKNOWN;
	int r = check_target(conf, t, deadline_ms, why);

	if (r == ERR_KILLED && cgroup_has_killed(kills, cgroup_oom_kills()))
		buf_str(why, ", by the kernel for memory");
	return r;
}

static pid_t
start(size_t i, int (*one)(void *arg, size_t i), void *arg)
{
	pid_t parent = getpid(), child = _Fork();

	if (child != 0) {
		if (child < 0)
			log_error("cannot start a process: %s",
			          err_text(-errno));
		return child;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	_exit(getppid() == parent ? one(arg, i) : CMD_FAILED);
}

/* CMD_OK if it exited with 0. */
static int
end_of(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return CMD_FAILED;
	return status == 0 ? CMD_OK : CMD_FAILED;
}

/* see cmd/targets.h */
int
targets_each(size_t n, int (*one)(void *arg, size_t i), void *arg)
{
	pid_t *children;
	int code = CMD_OK;

	(void)signal(SIGCHLD, SIG_DFL);	/* ignored, it would hide the ends */
	if (n == 1)
		return one(arg, 0);
	children = calloc(n, sizeof *children);
	if (children == NULL) {
		log_error("%s", err_text(-ENOMEM));
		return CMD_FAILED;
	}
	for (size_t i = 0; i < n; i++)
		children[i] = start(i, one, arg);
	/* Each by its id: we may have others that are none of ours, from before
	 * our exec or, as PID 1, anybody's. */
	for (size_t i = 0; i < n; i++)
		if (children[i] < 0 || end_of(children[i]) != CMD_OK)
			code = CMD_FAILED;
	free(children);
	return code;
}
