/* SPDX-License-Identifier: MIT */
/* cmd/names_install.c - links of other tools' names, and the list of them */
#include "cmd/names_install.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "client/redact.h"
#include "cmd/cmd.h"
#include "cmd/names.h"

#define TEXT_MAX 2048	/* bytes of the list */
#define COLUMN   32	/* where a line's second half starts */

static const char *const option = "--install-names";

/* hale's file and where the links go. */
struct place {
	char        file[PATH_MAX];
	struct stat is;		/* of that file */
	const char *to;		/* what a link says */
	const char *dir;	/* where we are, by then */
};

/* Of each name, in their order; "" if it is one more for the next one's. */
static const char *const abouts =
	"\0\0tini; docker run --init\0"
	"dumb-init\0"
	"\0catatonit; podman run --init\0"
	"a pod's pause, as catatonit -P\0"
	"curl, as hale get\0"
	"wget\0"
	"grpc_health_probe\0"
	"nc -z HOST PORT\0"
	"sh -c LINE of a health check";

/* see cmd/names_install.h */
int
names_print(void)
{
	char text[TEXT_MAX];
	struct buf b = buf_over(text, sizeof text);
	size_t start = 0;

	for (int n = 0; *names_text(n) != '\0'; n++) {
		const char *about = span_nth_text(abouts, (size_t)n);

		buf_str(&b, names_text(n));
		if (*about == '\0') {
			buf_str(&b, ", ");
			continue;
		}
		while (b.len < start + COLUMN)
			buf_byte(&b, ' ');
		buf_fmt(&b, "%s\n", about);
		start = b.len;
	}
	buf_fmt(&b, "\nCalled by such a name, hale is that tool.\n"
	        "hale %s [DIR [NAME...]] makes the links; sh only if you name "
	        "it.\nsh takes these "
	        "clients, hale COMMAND, test, echo, grep -EFiqsv, true, false, "
	        "exit, if,\n&& || ! ; | () {}, $NAME, >/dev/null, 2>&1, and "
	        "refuses all else.\n", option);
	return cmd_print(buf_span(&b));
}

static bool
is_name(const char *word)
{
	return names_find(word) != NAMES_NONE && strchr(word, '/') == NULL;
}

/* Fails if a word is none of the names, and says which there are, or if DIR is
 * one: it was left out, then. */
static int
check_words(int argc, char **argv)
{
	char room[REDACT_ROOM], text[256];
	struct buf b = buf_over(text, sizeof text);

	if (argc > 0 && is_name(argv[0])) {
		log_error("%s: DIR comes before \"%s\"", option, argv[0]);
		return CMD_USAGE;
	}
	for (int i = 1; i < argc; i++) {
		if (is_name(argv[i]))
			continue;
		for (int n = 0; *names_text(n) != '\0'; n++)
			buf_fmt(&b, " %s", names_text(n));
		log_error("%s: \"%s\" is not one of the names:%s", option,
		          redact_value(room, span_of(argv[i])), buf_text(&b));
		return CMD_USAGE;
	}
	return CMD_OK;
}

static bool
is_wanted(int n, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (names_find(argv[i]) == n)
			return true;
	return argc <= 1 && names_kind(n) != NAME_SHELL;
}

/* Says what failed, by errno, and at which path: dir, or dir/name if there is
 * one. */
static int
fail(const char *dir, const char *name)
{
	log_error("%s: cannot make links: %s%s%s: %s", option, dir,
	          *name == '\0' ? "" : "/", name, err_text(-errno));
	return CMD_FAILED;
}

/* Without /proc nothing says where the file lies. One that was replaced or
 * removed is "/hale (deleted)" there, which does not exist. */
static int
find_file(struct place *p)
{
	static const char self[] = "/proc/self/exe";
	ssize_t len = readlink(self, p->file, sizeof p->file - 1);

	if (len < 0)
		return fail(self, "");
	p->file[len] = '\0';
	return stat(p->file, &p->is) < 0 ? fail(p->file, "") : CMD_OK;
}

/* Goes to the folder that dir names, or to hale's own if it is NULL. */
static int
enter(struct place *p, const char *dir)
{
	char *slash = strrchr(p->file, '/');

	p->to = p->file;
	p->dir = dir;
	if (dir == NULL) {
		p->to = slash + 1;
		p->dir = slash == p->file ? "/" : p->file;
		*slash = '\0';
	}
	if ((mkdir(p->dir, 0755) == 0 || errno == EEXIST)
	 && chdir(p->dir) == 0)
		return CMD_OK;
	return fail(p->dir, "");
}

/* Lays the link of a name, or only finds out whether its place is free. What
 * leads to hale already, in whatever way, is good. */
static int
put(const struct place *p, const char *name, bool lay)
{
	struct stat there;

	if (stat(name, &there) == 0 && there.st_ino == p->is.st_ino
	 && there.st_dev == p->is.st_dev)
		return CMD_OK;
	if (lay && symlink(p->to, name) == 0)
		return CMD_OK;
	if (!lay && lstat(name, &there) == 0)
		errno = EEXIST;
	return !lay && errno == ENOENT ? CMD_OK : fail(p->dir, name);
}

/* see cmd/names_install.h */
int
names_install(int argc, char **argv)
{
	struct place p;
	int code = check_words(argc, argv);

	if (code == CMD_OK)
		code = find_file(&p);
	if (code == CMD_OK)
		code = enter(&p, argc > 0 ? argv[0] : NULL);
	for (int lay = 0; lay < 2; lay++)	/* all are looked at first */
		for (int n = 0; code == CMD_OK && *names_text(n) != '\0'; n++)
			if (is_wanted(n, argc, argv))
				code = put(&p, names_text(n), lay);
	return code;
}
