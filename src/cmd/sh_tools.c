/* SPDX-License-Identifier: MIT */
/* cmd/sh_tools.c - test, echo and grep of a shell's line */
#include "cmd/sh_tools.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "sh/pattern.h"
#include "sh/test.h"

#define READ_STEP 4096	/* bytes of stdin at a time */

static bool
file_is(char kind, const char *path)
{
	struct stat st;
	bool is_link = kind == 'h' || kind == 'L';

	if ((is_link ? lstat(path, &st) : stat(path, &st)) < 0)
		return false;
	switch (kind) {
	case 'f':
		return S_ISREG(st.st_mode);
	case 'd':
		return S_ISDIR(st.st_mode);
	case 'S':
		return S_ISSOCK(st.st_mode);
	case 'p':
		return S_ISFIFO(st.st_mode);
	case 'b':
		return S_ISBLK(st.st_mode);
	case 'c':
		return S_ISCHR(st.st_mode);
	case 's':
		return st.st_size > 0;
	case 'r':
		return access(path, R_OK) == 0;
	case 'w':
		return access(path, W_OK) == 0;
	case 'x':
		return access(path, X_OK) == 0;
	default:
		return !is_link || S_ISLNK(st.st_mode);
	}
}

/* see cmd/sh_tools.h */
int
sh_tool_test(int argc, char **argv)
{
	const char *bad = "]";
	int r = ERR_PARSE;

	if (*argv[0] != '[') {
		r = sh_test(argv + 1, file_is, &bad);
	} else if (strcmp(argv[argc - 1], "]") == 0) {
		argv[argc - 1] = NULL;
		r = sh_test(argv + 1, file_is, &bad);
	}
	if (r >= 0)
		return r == 0;
	log_error("%s: \"%s\" is unexpected or missing", argv[0],
	          bad == NULL ? "" : bad);
	return CMD_USAGE;
}

/* see cmd/sh_tools.h */
int
sh_tool_echo(int argc, char **argv)
{
	bool has_end = argc < 2 || strcmp(argv[1], "-n") != 0;
	int code = CMD_OK;

	for (int i = 2 - has_end; i < argc && code == CMD_OK; i++) {
		code = cmd_print(span_of(argv[i]));
		if (i + 1 < argc && code == CMD_OK)
			code = cmd_print(span_of(" "));
	}
	return has_end && code == CMD_OK ? cmd_print(span_of("\n")) : code;
}

struct grep {
	const char *pattern;
	unsigned    flags;
	bool        is_quiet, is_not, counts;
	unsigned    n;	/* lines that matched */
	struct sh_pattern m;
	struct buf  line;
	char        memory[SH_GREP_LINE_MAX + 1];	/* and its end */
};

static bool
set_flag(struct grep *g, char flag)
{
	static const char letters[] = "EFixw";	/* as in sh_pattern_flag */
	const char *at = strchr(letters, flag);

	if (flag == 'q')
		g->is_quiet = true;
	else if (flag == 'v')
		g->is_not = true;
	else if (flag == 'c')
		g->counts = true;
	else if (at != NULL)
		g->flags |= 1u << (at - letters);
	else
		return flag == 's';
	return true;
}

/* Returns the word that is not understood, or NULL. */
static const char *
read_options(struct grep *g, char **argv)
{
	bool has_ended = false;

	while (*++argv != NULL) {
		const char *p = *argv;

		if (has_ended || p[0] != '-' || p[1] == '\0') {
			if (g->pattern != NULL)
				return *argv;	/* a file */
			g->pattern = *argv;
		} else if (strcmp(p, "--") == 0) {
			has_ended = true;
		} else {
			while (*++p != '\0')
				if (!set_flag(g, *p))
					return *argv;
		}
	}
	return g->pattern == NULL ? "" : NULL;
}

/* A line is over. False: nothing more need be read. */
static bool
take_line(struct grep *g)
{
	bool is_wanted = sh_pattern_end(&g->m) != g->is_not;

	g->n += is_wanted;
	if (is_wanted && !g->is_quiet && !g->counts) {
		g->line.cap++;
		buf_str(&g->line, "\n");
		g->line.cap--;
		if (g->line.cut || cmd_print(buf_span(&g->line)) != CMD_OK)
			return false;
	}
	g->line.len = 0;
	g->line.cut = false;
	return !is_wanted || !g->is_quiet;
}

/* Returns the bytes of stdin that were taken, 0 at its end, -errno; or 0 as
 * there is no need for more. */
static ssize_t
take_some(struct grep *g, bool *is_within)
{
	char bytes[READ_STEP];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);

	for (ssize_t i = 0; i < n; i++) {
		*is_within = bytes[i] != '\n';
		if (*is_within) {
			sh_pattern_byte(&g->m, (unsigned char)bytes[i]);
			if (!g->is_quiet && !g->counts)
				buf_byte(&g->line, (unsigned char)bytes[i]);
		} else if (!take_line(g)) {
			return 0;
		}
		/* A -q ends within the line, and so does who sends it. */
		if (g->is_quiet && !g->is_not && g->m.has_matched)
			*is_within = true, n = 0;
	}
	return n < 0 ? -errno : n;
}

static int
grep(struct grep *g)
{
	char number[16];
	struct buf b = buf_over(number, sizeof number);
	bool is_within = false;
	ssize_t n;

	do {
		n = take_some(g, &is_within);
	} while (n > 0 || n == -EINTR);
	if (is_within)
		(void)take_line(g);
	if (n < 0)
		log_error("grep: cannot read: %s", err_text((int)n));
	if (g->line.cut)
		log_error("grep: a line has more than "
		          BUF_DIGITS(SH_GREP_LINE_MAX) " bytes");
	if (n < 0 || g->line.cut)
		return CMD_USAGE;
	buf_fmt(&b, "%u\n", g->n);
	if (g->counts && !g->is_quiet && cmd_print(buf_span(&b)) != CMD_OK)
		return CMD_USAGE;
	return g->n == 0;
}

/* see cmd/sh_tools.h */
int
sh_tool_grep(int argc, char **argv)
{
	struct grep *g = calloc(1, sizeof *g);
	const char *bad;
	int code = CMD_USAGE;

	(void)argc;
	if (g == NULL) {
		log_error("grep: %s", err_text(-ENOMEM));
		return code;
	}
	g->line = buf_over(g->memory, SH_GREP_LINE_MAX);
	bad = read_options(g, argv);
	if (bad == NULL
	 && sh_pattern_read(&g->m, g->pattern, g->flags, &bad) == 0)
		code = grep(g);
	else
		log_error("grep: \"%s\": not known here; expected -EFciqsvwx "
		          "and a PATTERN", bad);
	free(g);
	return code;
}
