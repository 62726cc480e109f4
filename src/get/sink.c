/* SPDX-License-Identifier: MIT */
/*
 * get/sink.c - where a body goes
 *
 * A plain file is written under a temporary name in the same folder and
 * renamed when it is whole, so that a reader never sees half of it. What is
 * no plain file (/dev/null, a pipe) is written as it is, and so is a file in
 * a folder where no other can be made. A file that cannot be renamed over (it
 * is a mount point of its own) gets the bytes copied in. Our own stdout under
 * a name (/dev/stdout) is written through the descriptor that we have: were it
 * replaced, what others write to it later would be lost.
 */
#include "get/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"

#define COPY_STEP  65536	/* bytes copied at a time */
#define MODE_NEW   0666		/* before the umask */
#define MODE_OURS  0600		/* of a file's mode, until it has its owner */
#define LINKS_MAX  40		/* links to links; the kernel follows as many */
#define TEMP_EXTRA 32		/* bytes that a temporary name is longer */

/* What a signal that ends us has to remove first. */
static const char *volatile temp_of_signal;

static void
on_signal(int sig)
{
	const char *name = temp_of_signal;

	if (name != NULL)
		(void)unlink(name);
	(void)signal(sig, SIG_DFL);
	(void)kill(getpid(), sig);
}

static void
remove_on_signal(const char *temp)
{
	static const int ends[] = { SIGHUP, SIGINT, SIGTERM, SIGQUIT };

	temp_of_signal = temp;
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		struct sigaction was, now = { .sa_handler = on_signal };

		now.sa_flags = (int)SA_RESETHAND;
		if (sigaction(ends[i], NULL, &was) == 0
		 && was.sa_handler == SIG_DFL)
			(void)sigaction(ends[i], &now, NULL);
	}
}

/* see get/sink.h */
void
sink_init(struct sink *s, const char *name, bool append, bool make_dirs)
{
	*s = (struct sink){
		.fd = name == NULL ? STDOUT_FILENO : -1,
		.name = name,
		.append = append,
		.start = name == NULL ? -1 : 0,
		.make_dirs = make_dirs,
	};
}

static int
make_dirs(const char *path)
{
	char *copy = strdup(path);

	if (copy == NULL)
		return -ENOMEM;
	for (char *p = copy + 1; *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, 0777) < 0 && errno != EEXIST) {
			int r = -errno;

			free(copy);
			return r;
		}
		*p = '/';
	}
	free(copy);
	return 0;
}

/* "dir/.name.305419896.part" beside dir/name; malloced. */
static char *
temp_name(const char *real)
{
	const char *slash = strrchr(real, '/');
	int dir = slash == NULL ? 0 : (int)(slash - real) + 1;
	size_t cap = strlen(real) + TEMP_EXTRA;
	char *name = malloc(cap);
	uint32_t random = 0;
	struct buf b;

	if (getrandom(&random, sizeof random, GRND_NONBLOCK) < 0)
		random = (uint32_t)getpid();
	b = buf_over(name, name == NULL ? 0 : cap);
	buf_fmt(&b, "%.*s.%s.%u.part", dir, real, real + dir, random);
	buf_byte(&b, 0);
	return name;
}

static int
open_in_place(struct sink *s, int flags)
{
	struct stat st;

	s->fd = open(s->name, O_WRONLY | O_CREAT | O_CLOEXEC | flags, MODE_NEW);
	if (s->fd < 0)
		return -errno;
	s->start = -1;
	if (fstat(s->fd, &st) == 0 && S_ISREG(st.st_mode))
		s->start = st.st_size;
	return 0;
}

/* A file keeps its owner and mode. One that cannot keep its owner loses the
 * set-ID bits: they would lend our rights in place of the old owner's. */
static void
keep_rights(int fd, const struct stat *old)
{
	bool owned = fchownat(fd, "", old->st_uid, old->st_gid,
	                      AT_EMPTY_PATH) == 0;

	/* libc's fchmod() knows a way for descriptors that are only a path. */
	(void)syscall(SYS_fchmod, fd, old->st_mode & (owned ? 07777 : 0777));
}

/* Is it our own stdout or stderr? Then a descriptor for it is opened. */
static bool
is_own_stream(struct sink *s, const struct stat *file)
{
	struct stat st;

	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
		if (fstat(fd, &st) == 0 && st.st_dev == file->st_dev
		 && st.st_ino == file->st_ino) {
			s->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
			s->start = -1;
			return true;
		}
	return false;
}

/* Goes from a link to what it names; false where path is none, or its end has
 * no room in path, which errno tells. */
static bool
follow_link(char path[PATH_MAX])
{
	char to[PATH_MAX];
	const char *slash = strrchr(path, '/');
	ssize_t n = readlink(path, to, sizeof to);
	struct buf b = buf_over(path, PATH_MAX);

	if (n <= 0)
		return false;
	if (to[0] != '/' && slash != NULL)
		b.len = (size_t)(slash - path) + 1;
	buf_add(&b, (struct span){ to, (size_t)n });
	(void)buf_text(&b);
	errno = b.cut ? ENAMETOOLONG : 0;
	return !b.cut;
}

/* The file that name means, which may not be there yet: the end of its links,
 * whose place a file would take otherwise. Malloced, or NULL with errno. */
static char *
end_of_links(const char *name)
{
	char path[PATH_MAX];
	struct buf b = buf_over(path, sizeof path);

	buf_str(&b, name);
	(void)buf_text(&b);
	errno = b.cut ? ENAMETOOLONG : 0;
	for (int i = 0; i < LINKS_MAX && errno == 0; i++)
		if (!follow_link(path))
			break;
	if (errno == 0)
		errno = ELOOP;
	return errno == ENOENT || errno == EINVAL ? strdup(path) : NULL;
}

static bool
is_file(const char *path, const struct stat *file)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_dev == file->st_dev
	    && st.st_ino == file->st_ino;
}

static int
open_temp(struct sink *s, const struct stat *old)
{
	s->real = end_of_links(s->name);
	if (s->real == NULL)
		return -errno;
	/* A descriptor in /proc has a name that the file may have no longer. */
	if (old != NULL && !is_file(s->real, old))
		return open_in_place(s, O_TRUNC);
	s->temp = temp_name(s->real);
	if (s->temp == NULL)
		return -ENOMEM;
	remove_on_signal(s->temp);
	s->fd = open(s->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	             old != NULL ? old->st_mode & MODE_OURS : MODE_NEW);
	if (s->fd >= 0 && old != NULL)
		keep_rights(s->fd, old);
	if (s->fd >= 0)
		return 0;
	remove_on_signal(NULL);
	free(s->temp);
	s->temp = NULL;
	if (old == NULL && errno != ENAMETOOLONG)
		return -errno;
	return open_in_place(s, O_TRUNC);
}

static int
open_file(struct sink *s)
{
	struct stat old;
	int r = s->make_dirs ? make_dirs(s->name) : 0;

	if (r < 0)
		return r;
	if (s->append)
		return open_in_place(s, O_APPEND);
	/* A link that the kernel does not follow (fs.protected_symlinks) is
	 * not followed by us either. */
	if (stat(s->name, &old) < 0)
		return errno == ENOENT ? open_temp(s, NULL) : -errno;
	if (!S_ISREG(old.st_mode))
		return open_in_place(s, 0);
	if (is_own_stream(s, &old))
		return s->fd < 0 ? -errno : 0;
	if (access(s->name, W_OK) < 0)
		return -errno;	/* what forbids writing forbids renaming */
	return open_temp(s, &old);
}

/* see get/sink.h */
int
sink_write_fd(int fd, struct span bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.p, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes = span_after(bytes, (size_t)n);
	}
	return 0;
}

/* see get/sink.h */
int
sink_write(struct sink *s, struct span bytes)
{
	int r = s->fd < 0 ? open_file(s) : 0;

	if (r == 0)
		r = sink_write_fd(s->fd, bytes);
	if (r == 0)
		s->written += bytes.len;
	return r;
}

/* see get/sink.h */
int
sink_reset(struct sink *s)
{
	s->written = 0;
	if (s->fd < 0 || s->start < 0)
		return 0;
	if (ftruncate(s->fd, s->start) < 0
	 || lseek(s->fd, s->start, SEEK_SET) < 0)
		return -errno;
	return 0;
}

/* see get/sink.h */
void
sink_keep(struct sink *s)
{
	s->start += (off_t)s->written;
	s->written = 0;
}

/* Over a file that cannot be replaced. */
static int
copy_over(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_TRUNC | O_CLOEXEC);
	char *bytes = malloc(COPY_STEP);
	ssize_t n = 1;
	int r = in < 0 || out < 0 || bytes == NULL ? -errno : 0;

	while (r == 0 && n > 0) {
		n = read(in, bytes, COPY_STEP);
		if (n < 0 && errno != EINTR)
			r = -errno;
		else if (n < 0)
			n = 1;
		else
			r = sink_write_fd(out, (struct span){
				bytes, (size_t)n });
	}
	free(bytes);
	if (in >= 0)
		close(in);
	if (out >= 0 && close(out) < 0 && r == 0)
		r = -errno;
	return r;
}

/* see get/sink.h */
int
sink_commit(struct sink *s)
{
	int r;

	if (s->name == NULL)
		return 0;
	r = s->fd < 0 ? open_file(s) : 0;
	if (r < 0)
		return r;
	r = close(s->fd) < 0 ? -errno : 0;
	s->fd = -1;
	if (r < 0 || s->temp == NULL)
		return r;
	if (rename(s->temp, s->real) == 0) {
		remove_on_signal(NULL);
		free(s->temp);
		s->temp = NULL;
		return 0;
	}
	return errno == EBUSY || errno == EXDEV ? copy_over(s->temp, s->real)
	                                        : -errno;
}

/* see get/sink.h */
void
sink_drop(struct sink *s)
{
	if (s->name != NULL && s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	if (s->temp != NULL) {
		(void)unlink(s->temp);
		remove_on_signal(NULL);
	}
	free(s->temp);
	free(s->real);
	s->temp = s->real = NULL;
}
