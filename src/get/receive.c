/* SPDX-License-Identifier: MIT */
/* get/receive.c - the answer's head and body to where they go */
#include "get/job.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "cmd/cmd.h"

static int
write_body(struct get_job *j, struct span bytes)
{
	int r = sink_write(&j->sink, bytes);

	if (r == 0)
		return GET_OK;
	return job_fail(j, GET_WRITE, "Failure writing output to %s: %s",
	                j->sink.name == NULL ? "stdout" : j->sink.name,
	                err_text(r));
}

/* -D: "-" is stdout; a file was made anew at the command's start. */
static int
dump_head(struct get_job *j, struct span head)
{
	const char *name = j->g->dump_header;
	int r = 0, fd;

	if (name == NULL)
		return GET_OK;
	if (strcmp(name, "-") == 0)
		return cmd_print(head) == CMD_OK ? GET_OK : GET_WRITE;
	fd = open(name, O_WRONLY | O_CLOEXEC | O_APPEND);
	if (fd < 0 || write(fd, head.p, head.len) != (ssize_t)head.len)
		r = -errno;
	if (fd >= 0)
		close(fd);
	return r == 0 ? GET_OK
	              : job_fail(j, GET_WRITE, "cannot write %s: %s", name,
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

/* Keeps what -w can ask for: the head goes when the body is read. */
static void
note_head(struct get_job *j)
{
	const struct reply *reply = &j->c.reply;
	char *copy;

	j->r.status = reply->status;
	j->r.minor = reply->minor;
	j->r.head_bytes += reply->head.len;
	j->r.fields = count_fields(reply);
	copy = malloc(reply->fields.len + 1);
	free(j->r.head);
	j->r.head = copy;
	j->r.head_len = copy == NULL ? 0 : reply->fields.len;
	if (copy != NULL)
		memcpy(copy, reply->fields.p, reply->fields.len);
}

/* see get/job.h */
bool
job_has_failed(const struct get_job *j)
{
	if (j->r.status < 400 || !(j->g->fail || j->g->fail_with_body))
		return false;
	return !(j->r.status == 416 && j->resume_from > 0);
}

static int
show_head(struct get_job *j, struct span head)
{
	int code = dump_head(j, head);

	if (code == GET_OK && (j->g->include || j->g->head))
		code = write_body(j, head);
	return code;
}

/* see get/job.h */
int
job_read_head(struct get_job *j)
{
	int code = GET_OK, r;

	j->c.is_head = j->kind == ASK_HEAD
	            || (j->g->method != NULL
	                && strcasecmp(j->g->method, "HEAD") == 0);
	do {
		r = exchange_read_head(&j->c);
		if (r < 0 && r != ERR_CODING)
			return job_fail_exchange(j, r);
		if (j->r.first_us == 0)
			j->r.first_us = clock_us();
		note_head(j);
		job_tell_head(j, "< ", j->c.reply.head);
		code = show_head(j, j->c.reply.head);
		if (code == GET_OK && r < 0)
			code = job_fail_exchange(j, r);
	} while (code == GET_OK && exchange_is_interim(&j->c));
	return code;
}

static bool
is_binary(struct span bytes)
{
	return bytes.len > 0 && memchr(bytes.p, '\0', bytes.len) != NULL;
}

static int
take_piece(struct get_job *j, struct span piece)
{
	if (j->r.body_bytes == 0 && j->sink.name == NULL && is_binary(piece)
	 && isatty(STDOUT_FILENO) && j->g->n_outputs == 0)
		return job_fail(j, GET_WRITE, "Binary output can mess up your "
		                "terminal. Use \"-o -\" to get it all the same");
	j->r.body_bytes += piece.len;
	if (j->g->max_filesize > 0
	 && j->r.body_bytes > (uint64_t)j->g->max_filesize)
		return job_fail(j, GET_TOO_LARGE, "Maximum file size exceeded");
	if (j->digest != NULL)
		digest_add(j->digest, piece);
	return write_body(j, piece);
}

/* see get/job.h */
int
job_read_body(struct get_job *j)
{
	struct span piece;
	int code = GET_OK, r = 0;

	if (j->g->max_filesize > 0 && j->c.body == BODY_LENGTH
	 && j->c.left > (uint64_t)j->g->max_filesize)
		return job_fail(j, GET_TOO_LARGE, "Maximum file size exceeded");
	while (code == GET_OK && (r = exchange_read_body(&j->c, &piece)) > 0) {
		code = take_piece(j, piece);
		job_progress(j, false);
	}
	job_progress(j, true);
	return code == GET_OK && r < 0 ? job_fail_exchange(j, r) : code;
}
