/* SPDX-License-Identifier: MIT */
/* cmd/sh_run.c - runs the commands of a shell's line */
#include "cmd/sh_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/parse.h"
#include "cmd/cmd.h"
#include "cmd/names.h"
#include "cmd/sh_tools.h"

/* What is no client; by their place. */
static const char words[] =
	"true\0:\0false\0exit\0test\0[\0echo\0grep\0hale\0";
enum { TRUE, COLON, FALSE, EXIT, TEST, BRACKET, ECHO, GREP, HALE, WORDS };

static void
write_start(struct buf *b, enum log_level level)
{
	(void)level;
	buf_str(b, "sh: ");
}

/* see cmd/sh_run.h */
void
sh_run_refuse(const char *word, int err)
{
	size_t n = strcspn(word, " \t\n");

	log_start_with(write_start);
	if (n > SH_LOG_MAX)
		n = SH_LOG_MAX;
	log_error("\"%.*s\": %s", (int)n, word, err != ERR_PARSE
	          ? err_text(err)
	          : "refused: -c LINE runs hale's own names (see: hale help "
	            "names), test, echo, grep, true, false, exit, if, joined by "
	            "&& || ! ; |, with >/dev/null and $NAME, and nothing else");
}

static unsigned
word_of(const char *name)
{
	const char *slash = strrchr(name, '/');
	unsigned i = 0;

	if (slash != NULL)
		name = slash + 1;
	while (i < WORDS && strcmp(name, span_nth_text(words, i)) != 0)
		i++;
	return i;
}

/* What asks, and starts nothing. */
static bool
is_asking(const char *word)
{
	const struct cmd *c = word == NULL ? NULL : cmd_find(word);

	return c != NULL && c != &cmd_run && c != &cmd_help;
}

/* see cmd/sh_run.h */
bool
sh_run_allows(const struct sh_command *c)
{
	const struct name *tool;
	unsigned word;

	if (c->var_at == 0 || c->n == 0)
		return true;
	word = word_of(c->argv[0]);
	if (word == HALE)
		return c->var_at == 1 || is_asking(c->argv[1]);
	tool = names_find(c->argv[0]);
	return word < WORDS || (tool != NULL && tool->kind == NAME_CLIENT);
}

/* The whole line fails with it. */
static int
refuse(struct sh_run *s, const char *word, int err)
{
	sh_run_refuse(word, err);
	s->is_over = s->is_refused = true;
	return CMD_USAGE;
}

static int
leave(struct sh_run *s, int argc, char **argv)
{
	uint64_t n = (uint64_t)s->status;

	if (argc > 2 || (argc == 2 && parse_uint(argv[1], 255, &n) < 0))
		return refuse(s, argv[argc - 1], ERR_PARSE);
	s->is_over = true;
	return (int)n;
}

static int
run_words(struct sh_run *s, int argc, char **argv)
{
	switch (word_of(argv[0])) {
	case TRUE:
	case COLON:
		return CMD_OK;
	case FALSE:
		return CMD_FAILED;
	case EXIT:
		return leave(s, argc, argv);
	case TEST:
	case BRACKET:
		return sh_tool_test(argc, argv);
	case ECHO:
		return sh_tool_echo(argc, argv);
	case GREP:
		return sh_tool_grep(argc, argv);
	case HALE:
		log_start_with(NULL);
		return cmd_find(argv[1])->run(argc - 1, argv + 1);
	default:
		return names_run(names_find(argv[0]), argc, argv);
	}
}

/* Where writing goes nowhere and reading is at the end, also in an image that
 * has no /dev: then memory holds what is written until it is closed. */
static int
open_null(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	return fd < 0 ? memfd_create("null", MFD_CLOEXEC) : fd;
}

/* What 0, 1 and 2 were, to be put back; -1: untouched. */
struct saved {
	int fds[3];
};

/* Makes `from` be at fd too, and keeps in *saved what was there. */
static int
put_at(struct saved *saved, int from, int fd)
{
	int *keep = &saved->fds[fd];

	if (*keep < 0)
		*keep = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return *keep < 0 || dup2(from, fd) < 0 ? -errno : 0;
}

static void
put_back(struct saved *saved)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		if (saved->fds[fd] < 0)
			continue;
		(void)dup2(saved->fds[fd], fd);	/* both are open */
		close(saved->fds[fd]);
	}
}

static int
redirect(const struct sh_command *c, struct saved *saved)
{
	int r = 0;

	*saved = (struct saved){ { -1, -1, -1 } };
	for (size_t i = 0; i < c->n_redirs && r == 0; i++) {
		const struct sh_redir *to = &c->redir[i];
		int null = to->from == SH_NONE ? open_null() : to->from;

		r = null < 0 ? -errno : put_at(saved, null, to->fd);
		if (to->from == SH_NONE && null >= 0)
			close(null);
	}
	return r;
}

/* Reads the words at `at` and redirects; false if that cannot be done. */
static bool
prepare(struct sh_run *s, const char *at, struct saved *saved)
{
	struct buf status = buf_over(s->vars.status, sizeof s->vars.status);
	int r;

	*saved = (struct saved){ { -1, -1, -1 } };
	buf_int(&status, s->status);
	(void)buf_text(&status);
	r = sh_command_read(&s->command, &at, &s->vars);
	s->command.var_at = SH_NONE;
	if (r == 0 && !sh_run_allows(&s->command)) {
		at = s->command.argv[0];
		r = ERR_PARSE;
	}
	if (r == 0)
		r = redirect(&s->command, saved);
	if (r < 0)
		s->status = refuse(s, at, r);
	return r == 0;
}

static void
run_command(struct sh_run *s, const struct sh_node *n)
{
	struct saved saved;
	struct sh_command *c = &s->command;

	if (prepare(s, s->line.text + n->at, &saved))
		s->status = c->n == 0 ? CMD_OK
		          : run_words(s, (int)c->n, c->argv);
	put_back(&saved);
	log_start_with(write_start);	/* a client has its own */
}

/* `run` is run_node(), which calls this. */
typedef void runner(struct sh_run *s, unsigned at, bool is_tested);

static void
run_group(struct sh_run *s, const struct sh_node *n, bool is_tested,
          runner *run)
{
	struct saved saved;

	if (prepare(s, s->line.text + n->at, &saved))
		run(s, n->left, is_tested);
	put_back(&saved);
	if (n->kind == SH_SUBSHELL)
		s->is_over = s->is_refused;
}

/* The left side of a pipe, within its own process. Killed by itself it shows
 * that it was refused, which no exit code could. */
static _Noreturn void
feed(struct sh_run *s, unsigned at, const int pipe[2], pid_t parent,
     runner *run)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGPIPE, SIG_DFL);
	if (getppid() == parent && dup2(pipe[1], STDOUT_FILENO) >= 0) {
		close(pipe[0]);
		close(pipe[1]);
		run(s, at, false);
	}
	if (s->is_refused)
		(void)kill(getpid(), SIGKILL);
	_exit(s->status);
}

static void
wait_for(struct sh_run *s, pid_t child)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
		s->is_over = s->is_refused = true;
		s->status = CMD_USAGE;
	}
}

static void
run_pipe(struct sh_run *s, const struct sh_node *n, runner *run)
{
	struct saved saved = { { -1, -1, -1 } };
	pid_t parent = getpid(), child = -1;
	int ends[2] = { -1, -1 };
	int r = pipe2(ends, O_CLOEXEC) < 0 ? -errno : 0;

	if (r == 0) {
		child = _Fork();
		if (child == 0)
			feed(s, n->left, ends, parent, run);
		r = child < 0 ? -errno
		  : put_at(&saved, ends[0], STDIN_FILENO);
		close(ends[0]);
		close(ends[1]);
	}
	if (r == 0)
		run(s, n->right, true);
	put_back(&saved);
	s->is_over = s->is_refused;	/* not by an exit: as in a process */
	if (child > 0)
		wait_for(s, child);
	if (r < 0)
		s->status = refuse(s, "|", r);
}

/* Up to what is_over, if need be; is_tested: a failure is no surprise. */
static void
run_node(struct sh_run *s, unsigned at, bool is_tested)
{
	const struct sh_node *n = &s->line.nodes[at];

	switch ((enum sh_kind)n->kind) {
	case SH_COMMAND:
		run_command(s, n);
		break;
	case SH_GROUP:
	case SH_SUBSHELL:
		run_group(s, n, is_tested, run_node);
		break;
	case SH_PIPE:
		run_pipe(s, n, run_node);
		break;
	case SH_SEQUENCE:
		run_node(s, n->left, is_tested);
		if (!s->is_over)
			run_node(s, n->right, is_tested);
		return;
	case SH_AND:
	case SH_OR:
		run_node(s, n->left, true);
		if (!s->is_over && (s->status == 0) == (n->kind == SH_AND))
			run_node(s, n->right, is_tested);
		return;
	case SH_NOT:
		run_node(s, n->left, true);
		if (!s->is_over)
			s->status = s->status == 0;
		return;
	case SH_IF:
		run_node(s, n->left, true);
		n = &s->line.nodes[n->right];
		if (s->is_over)
			return;
		at = s->status == 0 ? n->left : n->right;
		s->status = 0;
		if (at != SH_NONE)
			run_node(s, at, is_tested);
		return;
	case SH_THEN:
		return;
	}
	if (s->exits_early && s->status != 0 && !is_tested)
		s->is_over = true;
}

/* see cmd/sh_run.h */
int
sh_run(struct sh_run *s)
{
	log_start_with(write_start);
	(void)signal(SIGCHLD, SIG_DFL);	/* ignored, it would hide the ends */
	if (s->line.root != SH_NONE)
		run_node(s, s->line.root, false);
	return s->status;
}
