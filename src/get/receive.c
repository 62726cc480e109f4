/* SPDX-License-Identifier: MIT */
/* get/receive.c - the answer's head and body to where they go */
#include "get/receive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "get/exit.h"
#include "get/failure.h"
#include "get/progress.h"
#include "get/verbose.h"

static int
write_body(struct transfer *t, struct span bytes)
{
	int r = sink_write(&t->sink, bytes);

	if (r == 0)
		return GET_OK;
	return failure_set(t, GET_WRITE, "Failure writing output to %s: %s",
	                   t->sink.name == NULL ? "stdout" : t->sink.name,
	                   err_text(r));
}

/* -D: "-" is stdout; a file was made anew at the command's start. */
static int
dump_head(struct transfer *t, struct span head)
{
	const char *name = t->o->dump_header;
	bool is_stdout;
	int r, fd;

	if (name == NULL)
		return GET_OK;
	is_stdout = strcmp(name, "-") == 0;
	fd = is_stdout ? STDOUT_FILENO
	               : open(name, O_WRONLY | O_CLOEXEC | O_APPEND);
	r = fd < 0 ? -errno : sink_write_fd(fd, head);
	if (fd >= 0 && !is_stdout)
		close(fd);
	return r == 0 ? GET_OK
	              : failure_set(t, GET_WRITE, "cannot write %s: %s",
	                            is_stdout ? "to stdout" : name,
	                            err_text(r));
}

static int
count_fields(const struct reply *reply)
{
	struct span rest = reply->fields, name, value;
	int n = 0;

	while (reply_next_field(&rest, &name, &value))
		n++;
	return n;
}

/* Keeps what -w can show: the head goes when the body is read. */
static void
note_head(struct transfer *t)
{
	const struct reply *reply = &t->c.reply;
	char *copy;

	t->r.status = reply->status;
	t->r.minor = reply->minor;
	t->r.head_bytes += reply->head.len;
	t->r.fields = count_fields(reply);
	copy = malloc(reply->fields.len + 1);
	free(t->r.head);
	t->r.head = copy;
	t->r.head_len = copy == NULL ? 0 : reply->fields.len;
	if (copy != NULL)
		memcpy(copy, reply->fields.p, reply->fields.len);
}

/* see get/receive.h */
bool
receive_has_failed(const struct transfer *t)
{
	int least = t->o->wget ? 300 : 400;

	if (t->r.status < least || !(t->o->fail || t->o->fail_with_body))
		return false;
	return !(t->r.status == 416 && t->resume_from > 0);
}

static int
show_head(struct transfer *t, struct span head)
{
	int code = dump_head(t, head);

	if (code == GET_OK && (t->o->include || t->o->head) && !t->o->wget)
		code = write_body(t, head);
	return code;
}

/* see get/receive.h */
int
receive_head(struct transfer *t)
{
	int code = GET_OK, r;

	t->c.is_head = t->kind == TRANSFER_HEAD
	            || (t->o->method != NULL
	                && span_is_word(span_of(t->o->method), "HEAD"));
	do {
		r = exchange_read_head(&t->c);
		if (r < 0 && r != ERR_CODING)
			return failure_of_exchange(t, r);
		if (t->r.first_us == 0)
			t->r.first_us = clock_us();
		note_head(t);
		if (t->o->show_heads || t->o->verbose)
			verbose_head(t->o->wget ? "  " : "< ",
			             t->c.reply.head);
		code = show_head(t, t->c.reply.head);
		if (code == GET_OK && r < 0)
			code = failure_of_exchange(t, r);
	} while (code == GET_OK && exchange_is_interim(&t->c));
	return code;
}

static bool
is_binary(struct span bytes)
{
	return bytes.len > 0 && memchr(bytes.p, '\0', bytes.len) != NULL;
}

static int
take_piece(struct transfer *t, struct span piece)
{
	if (t->r.body_bytes == 0 && t->sink.name == NULL && is_binary(piece)
	 && isatty(STDOUT_FILENO) && t->o->n_outputs == 0)
		return failure_set(t, GET_WRITE,
		                   "Binary output can mess up your terminal. "
		                   "Use \"-o -\" to get it all the same");
	t->r.body_bytes += piece.len;
	if (t->o->max_filesize > 0
	 && t->r.body_bytes > (uint64_t)t->o->max_filesize)
		return failure_set(t, GET_TOO_LARGE,
		                   "Maximum file size exceeded");
	if (t->digest != NULL)
		digest_add(t->digest, piece);
	return write_body(t, piece);
}

/* see get/receive.h */
int
receive_body(struct transfer *t)
{
	struct span piece;
	int code = GET_OK, r = 0;

	if (t->o->max_filesize > 0 && t->c.body == BODY_LENGTH
	 && t->c.left > (uint64_t)t->o->max_filesize)
		return failure_set(t, GET_TOO_LARGE,
		                   "Maximum file size exceeded");
	while (code == GET_OK && (r = exchange_read_body(&t->c, &piece)) > 0) {
		if (t->o->idle_ms > 0)
			t->c.deadline_ms = clock_after(clock_ms(),
			                               t->o->idle_ms);
		code = take_piece(t, piece);
		progress_show(t, false);
	}
	progress_show(t, true);
	return code == GET_OK && r < 0 ? failure_of_exchange(t, r) : code;
}
