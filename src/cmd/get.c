/* SPDX-License-Identifier: MIT */
/* cmd/get.c - transfer URLs with curl's command line */
#include "get/job.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/parse.h"
#include "cmd/cmd.h"
#include "client/redact.h"

/* -O: the path's last part, not decoded. */
static int
remote_name(struct get_job *j, struct buf *name)
{
	struct span path = j->url.path, last;

	path = span_cut(&path, '?');
	last = path;
	while (path.len > 0)
		last = span_cut(&path, '/');
	if (last.len == 0 || j->url.path.len == 0
	 || last.p + last.len != j->url.path.p + strcspn(j->url.path.p, "?#")
	 || span_is(last, ".") || span_is(last, ".."))
		return job_fail(j, GET_WRITE, "Remote file name has no length!");
	buf_add(name, last);
	return GET_OK;
}

/* -C: where the file ends, or the number that was given. */
static int
set_resume(struct get_job *j)
{
	const char *text = j->g->resume;
	char room[REDACT_ROOM];
	struct stat st;

	j->resume_from = 0;
	if (text == NULL)
		return GET_OK;
	if (strcmp(text, "-") != 0) {
		if (parse_uint(text, INT64_MAX, &j->resume_from) == 0)
			return GET_OK;
		return job_fail(j, GET_USAGE, "-C \"%s\": expected a number or -",
		                redact_value(room, span_of(text)));
	}
	if (j->file[0] != '\0' && stat(j->file, &st) == 0
	 && S_ISREG(st.st_mode))
		j->resume_from = (uint64_t)st.st_size;
	return GET_OK;
}

static int
set_output(struct get_job *j, const struct get_output *out)
{
	const struct get *g = j->g;
	struct buf name = buf_over(j->file, sizeof j->file);
	int code = GET_OK;

	if (out->kind != OUT_STDOUT && g->output_dir != NULL)
		buf_fmt(&name, "%s/", g->output_dir);
	if (out->kind == OUT_FILE)
		buf_str(&name, out->name);
	else if (out->kind == OUT_REMOTE)
		code = remote_name(j, &name);
	(void)buf_text(&name);
	if (code == GET_OK && name.cut)
		code = job_fail(j, GET_WRITE, "the file's name is longer than "
		                BUF_DIGITS(URL_MAX) " bytes");
	if (code == GET_OK)
		code = set_resume(j);
	sink_init(&j->sink, out->kind == OUT_STDOUT ? NULL : j->file,
	          g->resume != NULL && strcmp(g->resume, "0") != 0,
	          g->create_dirs);
	j->r.file = j->file;
	if (out->kind != OUT_STDOUT && !g->silent && !g->progress_off
	 && isatty(STDERR_FILENO))
		j->shown_us = 1;
	return code;
}

/* A file's name as a path's last part. */
static void
add_escaped(struct buf *b, const char *name)
{
	static const char hex[] = "0123456789abcdef";

	for (; *name != '\0'; name++) {
		unsigned char c = (unsigned char)*name;
		char x[] = { '%', hex[c >> 4], hex[c & 15] };
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
		          || (c >= '0' && c <= '9')
		          || strchr("-._~", c) != NULL;

		buf_add(b, plain ? (struct span){ name, 1 }
		                 : (struct span){ x, sizeof x });
	}
}

/* Where the host starts: behind "scheme://", not behind one in the query. */
static size_t
host_at(const char *asked)
{
	size_t n = strcspn(asked, "/?#");

	return n > 0 && strncmp(asked + n - 1, "://", 3) == 0 ? n + 2 : 0;
}

/* -T and a URL whose path names no file: it is asked with the file's name. */
static int
write_first_text(struct get_job *j, const char *asked)
{
	struct buf b = buf_over(j->first_text, sizeof j->first_text);
	const char *upload = j->upload, *slash;
	size_t path = host_at(asked), end;

	path += strcspn(asked + path, "/?#");
	end = path + strcspn(asked + path, "?#");
	buf_add(&b, (struct span){ asked, end });
	if (upload != NULL && strcmp(upload, "-") != 0
	 && strcmp(upload, ".") != 0
	 && (end == path || asked[end - 1] == '/')) {
		slash = strrchr(upload, '/');
		buf_str(&b, end == path ? "/" : "");
		add_escaped(&b, slash != NULL ? slash + 1 : upload);
	}
	buf_str(&b, asked + end);
	(void)buf_text(&b);
	if (!b.cut)
		return GET_OK;
	return job_fail(j, GET_URL, "the URL is longer than "
	                BUF_DIGITS(URL_MAX) " bytes");
}

/* curl expands {a,b} and [1-3]; hale does not, and says so. An address in
 * brackets is none of these. */
static bool
has_glob(const char *text)
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
	return text[address] != ']' || has_glob(text + address + 1);
}

static int
run_job(struct get_job *j, const struct get_output *out)
{
	int code = write_first_text(j, j->r.asked), r;

	job_copy_text(j->r.url, sizeof j->r.url, span_of(j->first_text));
	if (code != GET_OK)
		return code;
	if (!j->g->globoff && has_glob(j->r.asked))
		return job_fail(j, GET_URL, "URL has a pattern ({} or []), which is "
		                "not expanded here; -g takes it as it is");
	code = job_set_url(j, j->first_text);
	if (code != GET_OK)
		return code;
	j->first = j->url;
	if (j->g->sha256 != NULL && (j->digest = digest_open()) == NULL)
		return job_fail(j, GET_MEMORY, "%s", err_text(-ENOMEM));
	code = set_output(j, out);
	if (code != GET_OK)
		return code;
	code = job_try_all(j);
	/* --fail-with-body: the error's page is what was asked for. */
	if (code != GET_OK && !(code == GET_HTTP_ERROR && j->g->fail_with_body))
		return code;
	/* What was not modified is in the file of the last time. */
	if (j->r.status == 304 && j->sink.written == 0)
		return code;
	r = sink_commit(&j->sink);
	if (r < 0)
		return job_fail(j, GET_WRITE, "Failure writing output to %s: %s",
		                j->sink.name, err_text(r));
	return code;
}

static int
write_out(const struct get *g, const struct get_result *r)
{
	struct get_bytes file = { 0 };
	const char *format = g->write_out;
	int code = GET_OK;

	if (format == NULL)
		return GET_OK;
	if (format[0] == '@') {
		if (get_read_file(&file, format + 1) < 0 || file.p == NULL) {
			log_error("get: cannot read -w's \"%s\"", format + 1);
			return GET_READ;
		}
		get_drop_line_ends(&file, 0);
		file.p[file.len] = '\0';
		format = file.p;
	}
	code = get_write_out(format, r);
	free(file.p);
	return code;
}

static int
get_one(const struct get *g, size_t i)
{
	static const struct get_output to_stdout = { OUT_STDOUT, NULL };
	struct get_job *j = calloc(1, sizeof *j);
	int code, told;

	if (j == NULL) {
		log_error("get: %s", err_text(-ENOMEM));
		return GET_MEMORY;
	}
	j->g = g;
	j->upload_fd = -1;
	if (i < g->uploads.n && g->uploads.at[i][0] != '\0')
		j->upload = g->uploads.at[i];
	sink_init(&j->sink, NULL, false, false);
	j->r.asked = g->urls.at[i];
	j->r.url_index = i;
	j->r.file = j->r.method = "";
	j->r.start_us = j->r.try_us = clock_us();
	code = run_job(j, i < g->n_outputs ? &g->outputs[i] : &to_stdout);
	j->r.end_us = clock_us();
	j->r.code = code;
	sink_drop(&j->sink);
	if (code != GET_OK && !get_is_quiet(g))
		log_error("get: (%d) %s", code, j->r.why);
	told = write_out(g, &j->r);
	if (code == GET_OK)
		code = told;
	digest_close(j->digest);
	dial_end(&j->route.set);
	free(j->r.head);
	free(j);
	return code;
}

/* -D's file is there from the start, whatever becomes of the URLs. */
static int
begin_dump(const struct get *g)
{
	int fd;

	if (g->dump_header == NULL || strcmp(g->dump_header, "-") == 0)
		return GET_OK;
	fd = open(g->dump_header, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	          0666);
	if (fd < 0) {
		log_error("get: cannot write %s: %s", g->dump_header,
		          err_text(-errno));
		return GET_WRITE;
	}
	close(fd);
	return GET_OK;
}

static int
get_run(int argc, char **argv)
{
	struct tls_session session = { 0 };
	struct get g = { .session = &session };
	int code = get_parse(&g, argc, argv);

	if (code == GET_OK && g.help) {
		get_free(&g);
		return cmd_print_help(&cmd_get);
	}
	cmd_hold_streams();
	(void)signal(SIGPIPE, SIG_IGN);	/* a closed stdout is exit 23 */
	if (code == GET_OK && g.insecure && !get_is_quiet(&g))
		log_warn("get: --insecure: certificates are NOT verified");
	if (code == GET_OK)
		code = begin_dump(&g);
	if (code == GET_OK)
		for (size_t i = 0; i < g.urls.n; i++) {
			code = get_one(&g, i);
			/* As curl, go on after all but a file that cannot be
			 * sent: else an upload's failure would be lost. */
			if (code != GET_OK && (g.fail_early || code == GET_READ))
				break;
		}
	get_free(&g);
	return code;
}

static const struct opt no_opts[] = { OPT_END };

const struct cmd cmd_get = {
	.name = "get",
	.usage = "[OPTIONS] URL...",
	.about = "transfer URLs with curl's options and exit codes",
	.opts = no_opts,
	.write_help = get_write_help,
	.run = get_run,
};

