/* SPDX-License-Identifier: MIT */
/* cmd/script.c - what the #! line of a script names */
#include "cmd/script.h"

#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/log.h"
#include "base/span.h"

#define LINE_MAX_LEN 256	/* bytes; what the kernel reads (execve(2)) */

/* A script's #! line, in memory of LINE_MAX_LEN bytes, or an empty span. */
static struct span
read_line(char *text, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = -1;
	struct span all;

	if (fd >= 0) {
		n = read(fd, text, LINE_MAX_LEN);
		close(fd);
	}
	all = (struct span){ text, n > 0 ? (size_t)n : 0 };
	if (!span_has_prefix(all, "#!"))
		all.len = 0;
	return span_trim(span_cut(&all, '\n'), " \t\r");
}

static bool
ends_in_word(struct span line, const char *word)
{
	size_t len = strlen(word);

	return line.len > len
	    && memcmp(line.p + line.len - len, word, len) == 0
	    && span_has(span_of(" \t"), line.p[line.len - len - 1]);
}

/* Has the file a #! line, with `word` as its last if that is not NULL? */
static bool
has_line(const char *path, const char *word)
{
	char text[LINE_MAX_LEN];
	struct span line = read_line(text, path);

	return word == NULL ? line.len > 0 : ends_in_word(line, word);
}

/* see cmd/script.h */
bool
script_starts_itself(const char *self, const char *program)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): it is one */
	const char *file = (const char *)getauxval(AT_EXECFN);
	const char *word = self;

	if (file != NULL && strcmp(file, program) == 0
	 && strcmp(file, self) != 0)
		word = NULL;
	/* env looks for a name without a slash; most starts are not by that. */
	else if (strchr(self, '/') != NULL || strchr(program, '/') == NULL)
		return false;
	if (!has_line(program, word))
		return false;
	log_error("cannot start %s: its #! line names hale, which would start "
	          "it again and again", program);
	return true;
}
