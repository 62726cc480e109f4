/* SPDX-License-Identifier: MIT */
/*
 * get/sink.h - where a body goes
 */
#ifndef HALE_GET_SINK_H
#define HALE_GET_SINK_H

#include "base/span.h"

#include <stdint.h>
#include <sys/types.h>

/* Where a body goes. A file gets a name of its own beside the one that
 * was named until it is whole, unless that one is not a plain file or is
 * continued. */
struct sink {
	int         fd;		/* -1: not opened yet */
	const char *name;	/* NULL: stdout */
	bool        append;	/* continue `name` in place */
	bool        make_dirs;
	char       *real;	/* where the file is to be, malloced */
	char       *temp;	/* its name until then, malloced, or NULL */
	uint64_t    written;
	off_t       start;	/* where our bytes begin; -1: no plain file */
};

/* Nothing is opened before the first byte or the commit. The sink keeps
 * name. */
void sink_init(struct sink *s, const char *name, bool append, bool make_dirs);

/* Returns 0 or -errno. */
int sink_write(struct sink *s, struct span bytes);

/* Takes back what was written, where it can be: not from stdout or a pipe. */
int sink_reset(struct sink *s);

/* What was written stays for good; sink_reset() takes back what comes after
 * it. For a plain file. */
void sink_keep(struct sink *s);

/* Closes; the file has its name from here on, even an empty one. Returns 0
 * or -errno. */
int sink_commit(struct sink *s);

/* Closes and leaves nothing new behind; after a commit only frees. */
void sink_drop(struct sink *s);

/* Writes all bytes to fd, which blocks. Returns 0 or -errno. */
int sink_write_fd(int fd, struct span bytes);

#endif
