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

static bool
is_not_asked(char kind, const char *path)
{
	(void)kind;
	(void)path;
	return false;
}

/* see cmd/sh_tools.h */
int
sh_tool_test(struct sh_command *c)
{
	struct sh_test t = { c->argv + 1, is_not_asked, 0 };
	const char *name = c->argv[0];
	char **last = &c->argv[c->n - 1];
	int r;

	if (c->var_at <= c->n)
		return 0;
	if (name[strlen(name) - 1] == '[') {
		if (strcmp(*last, "]") != 0)
			return ERR_SHORT;
		*last = NULL;
	}
	if (!c->only_looks)
		t.file_is = file_is;
	r = sh_test(&t);
	if (r >= 0)
		return r == 0;
	if (r == ERR_PARSE) {
		c->p = *t.at;
		return r;
	}
	if (!c->only_looks)
		log_error("%s: unexpected or missing: %s", name,
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
	bool        is_quiet, is_not, has_found, is_cut;
	struct sh_pattern m;
	struct buf  line;
	char        memory[SH_GREP_LINE_MAX];
};

/* Reads options and pattern. */
static int
read_words(struct grep *g, struct sh_command *c)
{
	static const char letters[] = "EFiqvs";	/* sh_pattern_flag's */
	const char *pattern = NULL, *start = c->p;
	unsigned flags = 0;
	int r;

	for (char **word = c->argv; *++word != NULL;) {
		const char *p = c->p = *word, *at;

		if (p[0] != '-' || p[1] == '\0') {
			if (pattern != NULL)
				return ERR_PARSE;	/* a file */
			pattern = p;
			continue;
		}
		while (*++p != '\0') {
			at = strchr(letters, *p);
			if (at == NULL)
				return ERR_PARSE;
			flags |= 1u << (at - letters);
		}
		if ((flags & SH_EXTENDED) != 0 && (flags & SH_FIXED) != 0)
			return ERR_PARSE;	/* not all agree on these */
	}
	c->p = start;
	g->is_quiet = (flags & 1u << 3) != 0;
	g->is_not = (flags & 1u << 4) != 0;
	if (c->var_at <= c->n)
		return 0;
	if (pattern == NULL)
		return ERR_SHORT;
	r = sh_pattern_read(&g->m, pattern, flags);
	if (r < 0)
		c->p = g->m.p;
	return r;
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
		for (ssize_t i = 0; i < n; i++) {
			last = bytes[i];
			if (!take(g, last))
				n = 0;
		}
		if (n == 0)
			return g->is_cut ? ERR_TOOBIG : 0;
	}
}

/* see cmd/sh_tools.h */
int
sh_tool_grep(struct sh_command *c)
{
	static struct grep grep;	/* is large */
	struct grep *g = &grep;
	int r;

	memset(g, 0, offsetof(struct grep, memory));
	g->line = buf_over(g->memory, sizeof g->memory);
	r = read_words(g, c);
	if (r < 0 || c->only_looks)
		return r;
	r = read_all(g);
	if (r == 0)
		return !g->has_found;
	if (r != ERR_TOOBIG) {
		log_error("grep: %s", err_text(r));
		r = CMD_USAGE;
	}
	return r;
}
