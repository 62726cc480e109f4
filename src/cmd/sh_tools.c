/* SPDX-License-Identifier: MIT */
/* cmd/sh_tools.c - test, echo and grep of a shell's line */
#include "cmd/sh_tools.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
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
	static const char ways[] = "xwr";	/* X_OK is 1, W_OK 2, R_OK 4 */
	const char *way = strchr(ways, kind);
	bool is_link = kind == 'h' || kind == 'L';
	struct stat st;
	mode_t mode = S_IFLNK;

	if (way != NULL)
		return access(path, 1 << (way - ways)) == 0;
	if (fstatat(AT_FDCWD, path, &st, is_link ? AT_SYMLINK_NOFOLLOW : 0) < 0)
		return false;
	if (kind == 's')
		return st.st_size > 0;
	if (!is_link)
		mode = kind == 'f' ? S_IFREG : kind == 'd' ? S_IFDIR : S_IFSOCK;
	return kind == 'e' || (st.st_mode & S_IFMT) == mode;
}

/* see cmd/sh_tools.h */
int
sh_tool_test(int argc, char **argv)
{
	static char end[] = "]";
	struct sh_test t = { .at = argv + 1, .file_is = file_is };
	int r = ERR_PARSE;

	if (argv[0][strlen(argv[0]) - 1] != '[') {
		r = sh_test(&t);
	} else if (strcmp(argv[argc - 1], end) == 0) {
		argv[argc - 1] = NULL;
		r = sh_test(&t);
	} else {
		*t.at = end;	/* there is a NULL at least */
	}
	if (r >= 0)
		return r == 0;
	log_error("%s: unexpected or missing: %s", argv[0],
	          *t.at == NULL ? "a word" : *t.at);
	return CMD_USAGE;
}

/* see cmd/sh_tools.h */
int
sh_tool_echo(int argc, char **argv)
{
	bool has_end = argc < 2 || strcmp(argv[1], "-n") != 0;
	int code = CMD_OK;

	for (int i = 2 - has_end; i < argc; i++) {
		code |= cmd_print(span_of(argv[i]));
		if (i + 1 < argc)
			code |= cmd_print(span_of(" "));
	}
	return code | (has_end ? cmd_print(span_of("\n")) : CMD_OK);
}

struct grep {
	const char *pattern;
	unsigned    flags;
	bool        is_quiet, is_not, has_found, is_cut;
	struct sh_pattern m;
	struct buf  line;
	char        memory[SH_GREP_LINE_MAX];
};

/* Returns the word that is not understood, or NULL. */
static const char *
read_options(struct grep *g, char **argv)
{
	static const char letters[] = "EFiqvs";	/* sh_pattern_flag's */
	unsigned flags = 0;

	while (*++argv != NULL) {
		const char *p = *argv, *at;

		if (p[0] != '-' || p[1] == '\0') {
			if (g->pattern != NULL)
				return p;	/* a file */
			g->pattern = p;
		}
		for (; p != g->pattern && *++p != '\0';
		     flags |= 1u << (at - letters)) {
			at = strchr(letters, *p);
			if (at == NULL)
				return *argv;
		}
	}
	g->flags = flags;
	g->is_quiet = (flags & 1u << 3) != 0;
	g->is_not = (flags & 1u << 4) != 0;
	return g->pattern == NULL ? "" : NULL;
}

/* Takes a byte; false: nothing more need be read. */
static bool
take(struct grep *g, char c)
{
	bool matches = sh_pattern_step(&g->m, c);

	if (!g->is_quiet)
		buf_byte(&g->line, (unsigned char)c);
	if (c == '\n' ? matches != g->is_not
	              : matches && g->is_quiet && !g->is_not)
		g->has_found = true;
	else
		matches = g->is_not;	/* it is not wanted */
	if (g->is_quiet)
		return !g->has_found;
	if (c != '\n')
		return true;
	if (matches != g->is_not) {
		g->is_cut = g->line.cut;
		if (g->is_cut || cmd_print(buf_span(&g->line)) != CMD_OK)
			return false;
	}
	g->line.len = 0;
	g->line.cut = false;
	return true;
}

/* All of stdin; a last line needs no end. Returns 0 or -errno. */
static int
read_all(struct grep *g)
{
	char bytes[READ_STEP], last = '\n';

	for (;;) {
		ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0 && last != '\n')
			(void)take(g, '\n');
		if (n == 0)
			return 0;
		for (ssize_t i = 0; i < n; i++) {
			last = bytes[i];
			if (!take(g, last))
				return g->is_cut ? ERR_TOOBIG : 0;
		}
	}
}

/* see cmd/sh_tools.h */
int
sh_tool_grep(int argc, char **argv)
{
	static struct grep grep;	/* is large */
	struct grep *g = &grep;
	const char *bad;
	int r = ERR_PARSE;

	(void)argc;
	memset(g, 0, offsetof(struct grep, memory));
	g->line = buf_over(g->memory, sizeof g->memory);
	bad = read_options(g, argv);
	if (bad == NULL)
		r = sh_pattern_read(&g->m, g->pattern, g->flags);
	if (bad == NULL)
		bad = g->m.p;
	if (r == 0)
		r = read_all(g);
	if (r == 0)
		return !g->has_found;
	log_error("grep: %s%s", r == ERR_PARSE ? "known are -EFiqsv PATTERN, "
	          "without groups, not " : err_text(r), r == ERR_PARSE ? bad : "");
	return CMD_USAGE;
}
