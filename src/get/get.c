/* SPDX-License-Identifier: MIT */
/* get/get.c - all of `hale get`: a curl command line, URL by URL */
#include "get/get.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "get/exit.h"
#include "get/options.h"
#include "get/transfer.h"

/* -D's file is there from the start, whatever becomes of the URLs. */
static int
start_dump(const struct options *o)
{
	int fd;

	if (o->dump_header == NULL || strcmp(o->dump_header, "-") == 0)
		return GET_OK;
	fd = open(o->dump_header, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	          0666);
	if (fd < 0) {
		log_error("cannot write %s: %s", o->dump_header,
		          err_text(-errno));
		return GET_WRITE;
	}
	close(fd);
	return GET_OK;
}

/* curl goes on after all but a file that cannot be sent: else an upload's
 * failure would be lost. */
static int
run_all(const struct options *o)
{
	int code = GET_OK;

	for (size_t i = 0; i < o->urls.n; i++) {
		code = transfer_run(o, i);
		if (code != GET_OK && (o->fail_early || code == GET_READ))
			break;
	}
	return code;
}

/* see get/get.h */
int
get_run(int argc, char **argv, const char *agent, enum get_asked *asked)
{
	struct tls_session session = { 0 };
	struct options o = { .agent = agent, .session = &session };
	char memory[LOG_LINE_MAX];
	struct buf why = buf_over(memory, sizeof memory);
	int code = options_read(&o, argc, argv, &why);

	*asked = code == GET_OK && o.version ? GET_ASKED_VERSION
	       : code == GET_OK && o.help ? GET_ASKED_HELP : GET_ASKED_NOTHING;
	for (size_t i = 0; i < o.n_not_headers; i++)
		log_warn("-H: a line that is not a header "
		         "(\"Name: value\") is ignored");	/* it may hold a secret */
	if (code != GET_OK)
		log_error("%s", buf_end_text(&why));
	(void)signal(SIGPIPE, SIG_IGN);	/* a closed stdout is exit 23 */
	if (code == GET_OK && *asked == GET_ASKED_NOTHING) {
		if (o.insecure && !options_are_quiet(&o))
			log_warn("--insecure: certificates are NOT "
			         "verified");
		code = start_dump(&o);
		if (code == GET_OK)
			code = run_all(&o);
	}
	options_free(&o);
	explicit_bzero(&session, sizeof session);
	return code;
}
