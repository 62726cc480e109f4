/* SPDX-License-Identifier: MIT */
/* get/transfer.c - one URL of `hale get`, from its name to its file */
#include "get/transfer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/parse.h"
#include "base/percent.h"
#include "client/redact.h"
#include "get/bytes.h"
#include "get/exit.h"
#include "get/failure.h"
#include "get/redirect.h"
#include "get/retry.h"
#include "get/writeout.h"

/* -O: the path's last part that is not empty, not decoded. */
static void
remote_name(struct transfer *t, struct buf *name)
{
	char memory[URL_MAX + URL_MORE + 1];	/* and its NUL */
	struct buf b = buf_over(memory, sizeof memory);
	struct span path, last = { NULL, 0 };

	url_write(&b, &t->url, false);
	path = span_of(buf_text(&b));
	path.len = strcspn(path.p, "?");
	path = span_after(path, sizeof "https://" - 1);
	(void)span_cut(&path, '/');	/* the rest of the host */
	while (path.len > 0) {
		struct span part = span_cut(&path, '/');

		if (part.len > 0)
			last = part;
	}
	if (last.len > 0)
		buf_add(name, last);
	else
		buf_str(name, "curl_response");
}

/* The same for wget: what stands behind the last slash, the query too. */
static void
wget_name(const struct transfer *t, struct buf *name)
{
	struct span last = t->url.path;

	while (span_has(last, '/'))
		(void)span_cut(&last, '/');
	buf_add(name, last.len > 0 ? last : span_of("index.html"));
}

/* -C: where the file ends, or the number that was given. */
static int
set_resume(struct transfer *t)
{
	const char *text = t->o->resume;
	char room[REDACT_ROOM];
	struct stat st;

	t->resume_from = 0;
	if (text == NULL)
		return GET_OK;
	if (strcmp(text, "-") != 0) {
		if (parse_uint(text, INT64_MAX, &t->resume_from) == 0)
			return GET_OK;
		return failure_set(t, GET_USAGE,
		                   "-C \"%s\": expected a number or -",
		                   redact_value(room, span_of(text)));
	}
	if (t->file[0] != '\0' && stat(t->file, &st) == 0
	 && S_ISREG(st.st_mode))
		t->resume_from = (uint64_t)st.st_size;
	return GET_OK;
}

static int
set_output(struct transfer *t, const struct option_output *out)
{
	const struct options *o = t->o;
	struct buf name = buf_over(t->file, sizeof t->file);
	int code;

	if (out->kind != OUTPUT_STDOUT && o->output_dir != NULL)
		buf_fmt(&name, "%s/", o->output_dir);
	if (out->kind == OUTPUT_FILE)
		buf_str(&name, out->name);
	else if (out->kind == OUTPUT_REMOTE && o->wget)
		wget_name(t, &name);
	else if (out->kind == OUTPUT_REMOTE)
		remote_name(t, &name);
	(void)buf_text(&name);
	if (name.cut)
		code = failure_set(t, GET_WRITE,
		                   "the file's name is longer than "
		                   BUF_DIGITS(URL_MAX) " bytes");
	else if (o->wget && out->kind == OUTPUT_REMOTE && o->resume == NULL
	      && access(t->file, F_OK) == 0)	/* it overwrites only -O's */
		code = failure_set(t, GET_WRITE, "can't open '%s': %s", t->file,
		                   err_text(-EEXIST));
	else
		code = set_resume(t);
	sink_init(&t->sink, out->kind == OUTPUT_STDOUT ? NULL : t->file,
	          o->resume != NULL && strcmp(o->resume, "0") != 0,
	          o->create_dirs);
	t->r.file = t->file;
	if (out->kind != OUTPUT_STDOUT && !o->silent && !o->progress_off
	 && isatty(STDERR_FILENO))
		t->shown_us = 1;
	return code;
}

/* A file's name as a path's last part. */
static void
add_escaped(struct buf *b, const char *name)
{
	for (; *name != '\0'; name++)
		if (bytes_is_unreserved(*name))
			buf_add(b, (struct span){ name, 1 });
		else
			percent_encode(b, *name);
}

/* Where the host starts: after "scheme://", but not one in the query. */
static size_t
host_at(const char *given)
{
	size_t n = strcspn(given, "/?#");

	return n > 0 && strncmp(given + n - 1, "://", 3) == 0 ? n + 2 : 0;
}

/* -T and a URL whose path names no file, without a query: the file's name is
 * put there. A question mark alone is not a query, and is left out then. */
static int
write_first_text(struct transfer *t, const char *given)
{
	struct buf b = buf_over(t->first_text, sizeof t->first_text);
	const char *upload = t->upload, *slash;
	size_t path = host_at(given), end, query;

	path += strcspn(given + path, "/?#");
	end = path + strcspn(given + path, "?#");
	query = end + (given[end] == '?');
	buf_add(&b, (struct span){ given, end });
	if (upload != NULL && strcmp(upload, "-") != 0
	 && strcmp(upload, ".") != 0
	 && (end == path || given[end - 1] == '/')
	 && (query == end || given[query] == '\0' || given[query] == '#')) {
		slash = strrchr(upload, '/');
		buf_str(&b, end == path ? "/" : "");
		add_escaped(&b, slash != NULL ? slash + 1 : upload);
		end = query;
	}
	buf_str(&b, given + end);
	(void)buf_text(&b);
	if (!b.cut)
		return GET_OK;
	return failure_set(t, GET_URL, "the URL is longer than "
	                   BUF_DIGITS(URL_MAX) " bytes");
}

/* curl expands {a,b} and [1-3]; hale does not, and says so. An address in
 * brackets is none of these. */
static bool
has_pattern(const char *text)
{
	size_t n = strcspn(text, "{}[]"), address;

	if (text[n] != '[')
		return text[n] != '\0';
	text += n + 1;
	address = strspn(text, "0123456789abcdefABCDEF:.");
	if (memchr(text, ':', address) == NULL)
		return true;
	if (text[address] == '%')
		address += strcspn(text + address, "]");
	return text[address] != ']' || has_pattern(text + address + 1);
}

static int
run(struct transfer *t, const struct option_output *out)
{
	int code = write_first_text(t, t->r.given), r;

	bytes_copy_text(t->r.url, sizeof t->r.url, span_of(t->first_text));
	if (code != GET_OK)
		return code;
	if (!t->o->globoff && has_pattern(t->r.given))
		return failure_set(t, GET_URL,
		                   "URL has a pattern ({} or []), which is "
		                   "not expanded here; -g takes it as it is");
	code = redirect_set_url(t, t->first_text);
	if (code != GET_OK)
		return code;
	t->first = t->url;
	if (t->o->sha256 != NULL && (t->digest = digest_open()) == NULL)
		return failure_set(t, GET_MEMORY, "%s", err_text(-ENOMEM));
	code = set_output(t, out);
	if (code != GET_OK)
		return code;
	code = retry_run(t);
	/* --fail-with-body: the error's page is what was wanted. */
	if (code != GET_OK && !(t->o->fail_with_body
	                        && (code == GET_HTTP_ERROR
	                            || code == GET_LOGIN)))
		return code;
	/* What was not modified is in the file of the last time. */
	if (t->r.status == 304 && t->sink.written == 0)
		return code;
	r = sink_commit(&t->sink);
	if (r < 0)
		return failure_set(t, GET_WRITE,
		                   "Failure writing output to %s: %s",
		                   t->sink.name, err_text(r));
	return code;
}

static void
warn_of(struct span name)
{
	log_warn("unknown --write-out variable: '%.*s'", (int)name.len,
	         name.p);
}

static int
print(const char *format, const struct result *r)
{
	size_t cap = writeout_max(format, r);
	char *memory = malloc(cap + 1);	/* mostly never touched */
	struct buf b = buf_over(memory, cap);
	int err;

	if (memory == NULL) {
		log_error("-w: %s", err_text(-ENOMEM));
		return GET_MEMORY;
	}
	writeout_write(&b, format, r, warn_of);
	err = sink_write_fd(STDOUT_FILENO, buf_span(&b));
	free(memory);
	if (err == 0)
		return GET_OK;
	log_error("cannot write to stdout: %s", err_text(err));
	return GET_WRITE;
}

static void
start(struct transfer *t, const struct options *o, size_t i)
{
	t->o = o;
	t->upload_fd = -1;
	if (i < o->uploads.n && o->uploads.at[i][0] != '\0')
		t->upload = o->uploads.at[i];
	sink_init(&t->sink, NULL, false, false);
	t->r.given = o->urls.at[i];
	t->r.url_index = (int)i;
	t->r.file = t->r.method = "";
	t->r.start_us = t->r.try_us = clock_us();
}

/* see get/transfer.h */
int
transfer_run(const struct options *o, size_t i)
{
	static const struct option_output to_stdout = { OUTPUT_STDOUT, NULL };
	struct transfer *t = calloc(1, sizeof *t);
	int code, printed = GET_OK;

	if (t == NULL) {
		log_error("%s", err_text(-ENOMEM));
		return GET_MEMORY;
	}
	start(t, o, i);
	code = run(t, i < o->n_outputs ? &o->outputs[i] : &to_stdout);
	t->r.end_us = clock_us();
	t->r.code = code;
	sink_drop(&t->sink);
	if (code != GET_OK && o->wget && !o->silent)
		log_error("%s", t->r.why);
	else if (code != GET_OK && !options_are_quiet(o))
		log_error("(%d) %s", code, t->r.why);
	if (o->write_out != NULL)
		printed = print(o->write_out, &t->r);
	digest_close(t->digest);
	dial_end(&t->route.set);
	free(t->r.head);
	free(t);
	return code == GET_OK ? printed : code;
}
