/* SPDX-License-Identifier: MIT */
/* cmd/script.c - what the #! line of a script names */
#include "cmd/script.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

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

/* see cmd/script.h */
bool
script_has(const char *path, const char *word)
{
	char text[LINE_MAX_LEN];
	struct span line = read_line(text, path);

	return word == NULL ? line.len > 0 : ends_in_word(line, word);
}
