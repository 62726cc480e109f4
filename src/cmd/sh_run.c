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

/* What is not a client; by their place. */
static const char *const words =
	"hale\0true\0:\0false\0exit\0test\0[\0echo\0grep\0";
enum { HALE, TRUE, COLON, FALSE, EXIT, TEST, BRACKET, ECHO, GREP, WORDS };

static void
write_start(struct buf *b, enum log_level level)
{
	(void)level;
	buf_str(b, "sh: ");
}

/* see cmd/sh_run.h */
void
sh_run_log(void)
{
	log_start_with(write_start);
}

/* see cmd/sh_run.h */
void
sh_run_tell(const char *bad, int err)
{
	size_t n = strcspn(bad, " \t\n");

	if (n > SH_SHOWN_MAX)
		n = SH_SHOWN_MAX;
	if (err == ERR_KILLED)
		return;
	log_error("\"%.*s\": %s", (int)n, bad, err != ERR_PARSE
	          ? err_text(err)
	          : "refused: -c LINE is hale's own names (see: hale help "
	            "names), test, echo, grep, true, false, exit, if, "
	            "&& || ! ; | >/dev/null and $NAME, nothing else");
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

/* The rest is in a variable, and looked at when it runs. */
static bool
allows(const struct sh_command *c)
{
	unsigned known = c->only_looks && c->var_at < c->n ? c->var_at : c->n;
	int tool;
	const struct cmd *asked;

	if (c->n == 0 || (c->only_looks && c->var_at == 0))
		return true;
	switch (word_of(c->argv[0])) {
	case HALE:	/* what asks; never run */
		if (known < 2)
			return c->only_looks && c->var_at == 1;
		asked = cmd_find(c->argv[1]);
		return asked != NULL && asked != &cmd_run
		    && asked != &cmd_help;
	case WORDS:
		tool = names_find(c->argv[0]);
		return tool != NAMES_NONE && names_kind(tool) == NAME_CLIENT;
	default:
		return true;
	}
}

static int
leave(struct sh_line *l, int argc, char **argv)
{
	uint64_t n = (uint64_t)l->status;

	if (argc > 2 || (argc == 2 && parse_uint(argv[1], 255, &n) < 0)) {
		l->command.p = argv[argc - 1];
		return ERR_PARSE;
	}
	l->skips = SH_EXITED;
	return (int)n;
}

static int
run_words(struct sh_line *l, int argc, char **argv)
{
	unsigned word = argc == 0 ? TRUE : word_of(argv[0]);

	switch (word) {
	case HALE:
		log_start_with(NULL);
		return cmd_find(argv[1])->run(argc - 1, argv + 1);
	case TRUE:
	case COLON:
	case FALSE:
		return word == FALSE;
	case EXIT:
		return leave(l, argc, argv);
	case TEST:
	case BRACKET:
		return sh_tool_test(argc, argv);
	case ECHO:
		return sh_tool_echo(argc, argv);
	case GREP:
		return sh_tool_grep(argc, argv);
	default:
		return names_run(names_find(argv[0]), argc, argv);
	}
}

/* Makes `from` be at fd too, and keeps in *saved what was there. */
static bool
put_at(struct sh_saved *saved, int from, int fd)
{
	int *keep = &saved->fds[fd];

	if (*keep < 0)
		*keep = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return *keep >= 0 && dup2(from, fd) >= 0;
}

/* Writing to SH_NULL goes nowhere and reading is at the end, also in an image
 * that has no /dev: there memory holds what is written until it is closed. */
static int
redirect(const struct sh_command *c, struct sh_saved *saved)
{
	bool is_good = true;

	*saved = (struct sh_saved){ { -1, -1, -1 }, -1 };
	for (unsigned i = 0; i < c->n_redirs && is_good; i++) {
		int from = c->redirs[i].from;
		bool is_null = from == SH_NULL;

		if (is_null)
			from = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (from < 0)
			from = memfd_create("null", MFD_CLOEXEC);
		is_good = from >= 0 && put_at(saved, from, c->redirs[i].fd);
		if (is_null && from >= 0)
			close(from);
	}
	return is_good ? 0 : -errno;
}

static void
put_back(struct sh_saved *saved)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (saved->fds[fd] >= 0) {
			(void)dup2(saved->fds[fd], fd);	/* both are open */
			close(saved->fds[fd]);
		}
}

static int
run(struct sh_line *l)
{
	struct sh_command *c = &l->command;
	const char *end = c->p;
	struct sh_saved saved;
	int r = redirect(c, &saved);

	c->p = ">";
	if (r == 0) {
		c->p = end;
		r = run_words(l, (int)c->n, c->argv);
	}
	put_back(&saved);
	sh_run_log();	/* a client has a start of its own */
	if (r < 0)
		return r;
	l->status = r;
	return 0;
}

/* What was refused shows that by a signal, which no exit code could. */
static void
end_child(struct sh_line *l)
{
	if (l->r < 0) {
		sh_run_tell(l->bad, l->r);
		(void)kill(getpid(), SIGKILL);
	}
	_exit(l->status);
}

static int
split(struct sh_line *l, struct sh_saved *saved)
{
	pid_t parent = getpid();
	int ends[2], r = 0;

	(void)l;
	*saved = (struct sh_saved){ { -1, -1, -1 }, -1 };
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	saved->child = _Fork();
	if (saved->child == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)signal(SIGPIPE, SIG_DFL);
		if (getppid() != parent || dup2(ends[1], STDOUT_FILENO) < 0)
			_exit(CMD_FAILED);
		r = 1;
	} else if (saved->child < 0 || !put_at(saved, ends[0], STDIN_FILENO)) {
		r = -errno;
	}
	close(ends[0]);
	close(ends[1]);
	return r;
}

static int
join(struct sh_saved *saved)
{
	int status = 0;

	put_back(saved);
	while (saved->child > 0 && waitpid(saved->child, &status, 0) < 0
	    && errno == EINTR)
		continue;
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? ERR_KILLED
	                                                          : 0;
}

/* see cmd/sh_run.h */
const struct sh_edge sh_run_edge = { allows, run, split, end_child, join };
