/* SPDX-License-Identifier: MIT */
/* cmd/cmd.c - table of commands, failure text */
#include "cmd/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/err.h"
#include "base/kubenv.h"
#include "base/log.h"
#include "base/opt_words.h"
#include "base/relro.h"
#include "client/checkopt.h"
#include "client/redact.h"
#include "cmd/names.h"
#include "tls/anchors.h"

#define NAME_LEN 128	/* bytes of an option's name as it was written */
#define VALUE_LEN (REDACT_ROOM + 128)	/* of its value, with a check's name */

#ifndef HALE_VERSION
#define HALE_VERSION "0.0.0"
#endif
#ifndef HALE_COMMIT
#define HALE_COMMIT "unknown"
#endif
#ifndef MUSL_VERSION
#define MUSL_VERSION "none"
#endif
#ifndef BEARSSL_VERSION
#define BEARSSL_VERSION "none"
#endif

/* see cmd/cmd.h */
const struct cmd *const cmd_all[] = {
	&cmd_run, &cmd_check, &cmd_wait, &cmd_get, &cmd_status, &cmd_drain,
	&cmd_help, NULL,
};

/* see cmd/cmd.h */
const struct cmd *
cmd_find(const char *name)
{
	for (size_t i = 0; cmd_all[i] != NULL; i++)
		if (strcmp(cmd_all[i]->name, name) == 0)
			return cmd_all[i];
	return NULL;
}

/* see cmd/cmd.h */
const char *
cmd_version(void)
{
	return HALE_VERSION;
}

/* see cmd/cmd.h */
const char *
cmd_commit(void)
{
	return HALE_COMMIT;
}

/* see cmd/cmd.h */
const char *
cmd_agent(void)
{
	return "hale/" HALE_VERSION;
}

/* see cmd/cmd.h */
void
cmd_write_version(struct buf *b)
{
	buf_str(b, "hale " HALE_VERSION " (commit " HALE_COMMIT "), musl "
	        MUSL_VERSION ", BearSSL " BEARSSL_VERSION ", ");
	buf_fmt(b, "%s\n", anchors_version());
}

/* see cmd/cmd.h */
int
cmd_print(struct span bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(STDOUT_FILENO, bytes.p, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			log_error("cannot write to stdout: %s",
			          err_text(-errno));
			return CMD_FAILED;
		}
		bytes = span_after(bytes, (size_t)n);
	}
	return CMD_OK;
}

/* see cmd/cmd.h */
int
cmd_print_version(void)
{
	char text[256];
	struct buf b = buf_over(text, sizeof text);

	cmd_write_version(&b);
	return cmd_print(buf_span(&b));
}

/* see cmd/cmd.h */
void
cmd_hold_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/", O_PATH | O_CLOEXEC);	/* is fd then */
}

/* see cmd/cmd.h */
int
cmd_unwanted(const struct cmd *c, const char *word)
{
	char room[REDACT_ROOM];

	log_error("%s: \"%s\" is one word too many (see: hale help %s)",
	          c->name, redact_value(room, span_of(word)), c->name);
	return CMD_USAGE;
}

/* The option as the person wrote it: --name, -x or HALE_NAME. */
static void
write_name(struct buf *b, const struct opt_fail *f)
{
	if (f->from_env)
		opt_write_env_name(b, &f->opt);
	else if (f->name.len == 1)
		buf_fmt(b, "-%.*s", 1, f->name.p);
	else
		buf_add(b, f->name);
}

/* see cmd/cmd.h */
void
cmd_write_check(struct buf *b, struct span name, struct span word)
{
	char room[REDACT_ROOM];

	buf_add(b, name);
	buf_fmt(b, "%s%s", name.len > 0 ? "=" : "",
	        redact_text(room, check_word_url(word)));
}

/* The value behind the name, as far as it may be shown. */
static void
write_value(struct buf *b, const struct opt_fail *f)
{
	char room[REDACT_ROOM];
	struct span value = f->value;

	if (f->opt.kind == OPT_SECRETS)
		return;
	buf_str(b, " \"");
	if (f->opt.kind == OPT_URLS) {
		struct span name = check_cut_name(&value);

		cmd_write_check(b, name, value);
	} else {
		buf_str(b, redact_value(room, value));
	}
	buf_str(b, "\"");
}

/* see cmd/cmd.h */
void
cmd_tell_fail(const struct cmd *c, const char *within, const struct opt_fail *f)
{
	char text[VALUE_LEN + 2 * NAME_LEN], shown[VALUE_LEN];
	struct buf b = buf_over(text, sizeof text);
	struct buf v = buf_over(shown, sizeof shown);
	const char *name, *value = "";

	buf_str(&b, within);
	write_name(&b, f);
	name = buf_text(&b);
	if (f->why != OPT_UNKNOWN) {
		write_value(&v, f);
		value = buf_text(&v);
	}
	switch (f->why) {
	case OPT_UNKNOWN:
		if (f->nearest != NULL)
			log_error("%s: unknown option; did you mean --%s?",
			          name, f->nearest);
		else if (*within != '\0')
			log_error("%s: not an option of one check; those are "
			          "--status, --contains, -H, --cacert, --cert, "
			          "--key, -4, -6 and --insecure", name);
		else
			log_error("%s: unknown option (see: hale help %s)",
			          name, c->name);
		break;
	case OPT_MISSING:
		log_error("%s needs a value: expected %s", name,
		          opt_expected(&f->opt));
		break;
	case OPT_UNWANTED:
		log_error("%s takes no value, but has%s", name, value);
		break;
	case OPT_BAD:
		log_error("%s%s: expected %s", name, value,
		          opt_expected(&f->opt));
		break;
	case OPT_TOO_MANY:
		log_error("%s%s: there are too many of these already", name,
		          value);
		break;
	case OPT_ABSENT:	/* in curl's dialect only */
		break;
	}
}

/* see cmd/cmd.h */
int
cmd_parse(const struct cmd *c, void *args, int argc, char **argv)
{
	struct opt_fail fail;
	int left = c == &cmd_run
	         ? opt_parse(c->opts, args, argc, argv, environ, &fail)
	         : opt_parse_mixed(c->opts, args, argc, argv, &fail);

	if (left >= 0)
		return left;
	cmd_tell_fail(c, "", &fail);
	return -CMD_USAGE;
}

/* Kubernetes' words for a Service, and the version in a Dockerfile. */
static bool
is_anothers(const char *var)
{
	static const char version[] = "HALE_VERSION=";

	return kubenv_is_made(var)
	    || strncmp(var, version, sizeof version - 1) == 0;
}

/* What PORT means elsewhere, which no typo explains. */
static bool
is_port(const char *var)
{
	static const char port[] = "HALE_PORT=";

	return strncmp(var, port, sizeof port - 1) == 0;
}

/* Does it name an option of another command? */
static bool
is_other_commands(const char *var)
{
	for (size_t i = 0; cmd_all[i] != NULL; i++)
		if (opt_is_env(cmd_all[i]->opts, var))
			return true;
	return false;
}

static void
warn_of(const char *var, const struct opt *nearest)
{
	char text[NAME_LEN];
	struct buf b = buf_over(text, sizeof text);
	int len = (int)strcspn(var, "=");

	if (is_port(var))
		buf_str(&b, "HALE_LISTEN");
	else if (nearest->name != NULL && opt_has_env_name(nearest))
		opt_write_env_name(&b, nearest);
	if (is_other_commands(var))
		log_warn("%.*s: only options of run can come from the "
		         "environment", len, var);
	else if (b.len > 0)
		log_warn("%.*s: no option has this name; did you mean %s?",
		         len, var, buf_text(&b));
	else if (nearest->name == NULL)
		log_warn("%.*s: no option has this name", len, var);
	else
		log_warn("%.*s: --%s can only be a flag", len, var,
		         nearest->name);
}

/* see cmd/cmd.h */
void
cmd_warn_of_env(void)
{
	struct opt nearest;

	for (char **e = environ; *e != NULL; e++)
		if (opt_is_unknown_env(cmd_run.opts, *e, &nearest)
		 && !is_anothers(*e))
			warn_of(*e, &nearest);
}

/* see cmd/cmd.h */
int
cmd_main(int argc, char **argv)
{
	int tool = names_find(argv[0]);
	const struct cmd *c = argc > 1 ? cmd_find(argv[1]) : NULL;

	/* An init does it once the service is started, which it would delay. */
	if (tool != NAMES_NONE ? names_kind(tool) != NAME_INIT
	                       : c != NULL && c != &cmd_run)
		relro_protect();
	if (tool != NAMES_NONE)
		return names_run(tool, argc, argv);
	return c == NULL ? cmd_run.run(argc, argv)
	                 : c->run(argc - 1, argv + 1);
}
