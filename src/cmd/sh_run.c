/* SPDX-License-Identifier: MIT */
/* cmd/sh_run.c - runs the commands of a shell's line */
#include "cmd/sh_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
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

static const char null[] = "/dev/null";

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
	const char *why = "refused here (see: hale help names)";
	size_t n = strcspn(bad, " \t\n");

	if (n > SH_SHOWN_MAX)
		n = SH_SHOWN_MAX;
	if (err == ERR_KILLED)
		return;
	if (err == ERR_PARSE && (*bad == '\0' || *bad == '\r')) {
		log_error("the line ends %s", *bad == '\0'
		          ? "where more is expected" : "with CRLF");
		return;
	}
	if (err == ERR_SHORT)
		why = "needs more behind it";
	else if (err == ERR_FULL)
		why = "nested too deep";
	else if (err != ERR_PARSE)
		why = err_text(err);
	log_error("\"%.*s\": %s", (int)n, bad, why);
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

/* Which word of hale's asks something, and never runs a program. */
static bool
is_question(const char *word)
{
	const struct cmd *asked = cmd_find(word);

	return asked != NULL && asked != &cmd_run && asked != &cmd_help;
}

static bool
is_client(const char *word)
{
	int tool = names_find(word);

	return tool != NAMES_NONE && names_kind(tool) == NAME_CLIENT;
}

/* Of these the words decide what their status means. */
static bool
is_filter(unsigned word)
{
	return word == TEST || word == BRACKET || word == GREP;
}

static int
run_filter(struct sh_command *c, unsigned word)
{
	return word == GREP ? sh_tool_grep(c) : sh_tool_test(c);
}

/* What a variable hides is looked at when it runs. */
static int
check(struct sh_command *c)
{
	bool is_whole = c->var_at > c->n;
	unsigned word, bad = 0;	/* which one is to blame, if any */
	uint64_t code;
	int r = 0;

	if (!is_whole)
		c->n = c->var_at;
	c->argv[c->n] = NULL;
	if (c->n == 0)
		return 0;
	word = word_of(c->argv[0]);
	if (word == WORDS)
		return is_client(c->argv[0]) ? 0 : ERR_PARSE;
	if (word == HALE && c->n == 1)
		return is_whole ? ERR_SHORT : 0;
	if (word == HALE)
		bad = !is_question(c->argv[1]);
	if (word == EXIT && c->n > 1)
		bad = parse_uint(c->argv[1], 255, &code) < 0 ? 1
		    : c->n > 2 ? 2 : 0;
	if (is_filter(word) && c->glob_at < c->n)
		bad = c->glob_at;	/* a real shell may find files by it */
	if (bad > 0) {
		c->p = c->argv[bad];
		return ERR_PARSE;
	}
	if (is_filter(word) && c->only_looks)
		r = run_filter(c, word);
	return r < 0 ? r : 0;
}

/* Its words are checked. */
static int
leave(struct sh_line *l, int argc, char **argv)
{
	uint64_t n = (uint64_t)l->status;

	if (argc > 1)
		(void)parse_uint(argv[1], 255, &n);	/* it is good */
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
	case GREP:
		return run_filter(&l->command, word);
	case ECHO:
		return sh_tool_echo(argc, argv);
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

/* Without SH_NULL it fails, as in a real shell. */
static int
redirect(const struct sh_command *c, struct sh_saved *saved)
{
	bool is_good = true;

	*saved = (struct sh_saved){ { -1, -1, -1 }, -1 };
	for (unsigned i = 0; i < c->n_redirs && is_good; i++) {
		int from = c->redirs[i].from;
		bool is_null = from == SH_NULL;

		if (is_null)
			from = open(null, O_RDWR | O_CLOEXEC);
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

/* A command whose redirection fails does not run; if it is a part of the shell,
 * the line ends, as in a real one. */
static int
run(struct sh_line *l)
{
	struct sh_command *c = &l->command;
	struct sh_saved saved;
	unsigned word;
	int r = redirect(c, &saved);

	if (r == 0) {
		r = run_words(l, (int)c->n, c->argv);
		put_back(&saved);
	} else {
		put_back(&saved);
		word = c->n == 0 ? TRUE : word_of(c->argv[0]);
		c->p = null;
		if (word == EXIT || word == COLON)
			return r;
		log_error("%s: %s", null, err_text(r));
		r = CMD_FAILED;
	}
	sh_run_log();	/* a client has a start of its own */
	if (r < 0)
		return r;
	l->status = r;
	return 0;
}

/* No exit code of what is left of a pipe counts, so it shows whether that has
 * ended the line. */
static void
end_child(struct sh_line *l)
{
	if (l->r < 0)
		sh_run_tell(l->bad, l->r);
	_exit(l->r < 0 ? CMD_USAGE : CMD_OK);
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
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		log_error("what is left of | was killed");
	else if (!WIFEXITED(status) || WEXITSTATUS(status) == CMD_OK)
		return 0;
	return ERR_KILLED;
}

/* see cmd/sh_run.h */
const struct sh_edge sh_run_edge = { check, run, split, end_child, join };
