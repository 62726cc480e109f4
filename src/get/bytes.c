/* SPDX-License-Identifier: MIT */
/* get/bytes.c - bytes on the heap that grow, and what a file holds */
#include "get/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"

#define READ_STEP 65536	/* bytes read from a file at a time */

static int
make_room(struct bytes *b, size_t more)
{
	char *p = realloc(b->p, b->len + more + 1);

	if (p == NULL)
		return -ENOMEM;
	b->p = p;
	b->is_set = true;
	return 0;
}

/* see get/bytes.h */
int
bytes_add(struct bytes *b, struct span more)
{
	int r = make_room(b, more.len);

	if (r == 0 && more.len > 0) {
		memcpy(b->p + b->len, more.p, more.len);
		b->len += more.len;
	}
	return r;
}

/* see get/bytes.h */
int
bytes_add_file(struct bytes *b, const char *name)
{
	bool is_stdin = strcmp(name, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	ssize_t n = 1;
	int r = 0;

	if (fd < 0)
		return -errno;
	while (n > 0 && r == 0) {
		r = make_room(b, READ_STEP);
		if (r < 0)
			break;
		n = read(fd, b->p + b->len, READ_STEP);
		if (n > 0)
			b->len += (size_t)n;
		else if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0)
			r = -errno;
	}
	if (!is_stdin)
		close(fd);
	return r;
}

/* see get/bytes.h */
void
bytes_drop_line_ends(struct bytes *b, size_t from)
{
	size_t to = from;

	for (size_t i = from; i < b->len; i++)
		if (b->p[i] != '\r' && b->p[i] != '\n' && b->p[i] != '\0')
			b->p[to++] = b->p[i];
	b->len = to;
}

/* see get/bytes.h */
bool
bytes_is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
	    || (c >= '0' && c <= '9')
	    || (c != '\0' && strchr("-._~", c) != NULL);
}

/* see get/bytes.h */
void
bytes_copy_text(char *to, size_t cap, struct span from)
{
	struct buf b = buf_over(to, cap);

	buf_add(&b, from);
	(void)buf_text(&b);
}
