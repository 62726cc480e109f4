/* SPDX-License-Identifier: MIT */
/* test_log.c - one line, one write; a full stderr never stops hale */
#include "unit.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIPE_ROOM   16384	/* bytes: four pages, so four lines at least */
#define HANG_S      20		/* after which a child that hangs is killed */
#define FLOOD_LINES 2000	/* more than any terminal holds */

/* stderr as a small pipe, while a test runs. */
struct captured {
	int was, in, out;
};

static struct captured
capture(void)
{
	struct captured c;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	assert_true(fcntl(ends[1], F_SETPIPE_SZ, PIPE_ROOM) >= 0);
	c.in = ends[0];
	c.out = ends[1];
	c.was = dup(STDERR_FILENO);
	assert_int_equal(dup2(c.out, STDERR_FILENO), STDERR_FILENO);
	return c;
}

/* Ends the capture; appends what was written to b. */
static void
release(struct captured *c, struct buf *b)
{
	ssize_t n;

	dup2(c->was, STDERR_FILENO);
	close(c->was);
	close(c->out);
	while ((n = read(c->in, b->p + b->len, b->cap - b->len)) > 0)
		b->len += (size_t)n;
	close(c->in);
}

static void
log_of_length(size_t len)
{
	char text[2 * LOG_LINE_MAX];

	memset(text, 'x', sizeof text);
	log_error("%.*s", (int)len, text);
}

static const struct length {
	const char *name;
	size_t      len;	/* of the text */
	bool        cut;
} lengths[] = {
	{ "a line of one byte less than fits", LOG_LINE_MAX - 8, false },
	{ "a line that just fits", LOG_LINE_MAX - 7, false },
	{ "a line of one byte too many", LOG_LINE_MAX - 6, true },
	{ "a line of twice the room", 2 * LOG_LINE_MAX, true },
};

/* "hale: " before it and the line's end are counted. */
static void
the_longest_line_is(void **state)
{
	const struct length *r = *state;
	struct captured c = capture();
	struct buf b = guarded_buf(PIPE_ROOM);
	size_t whole = 7 + r->len;

	log_of_length(r->len);
	release(&c, &b);
	assert_int_equal(b.len, whole < LOG_LINE_MAX ? whole : LOG_LINE_MAX);
	assert_memory_equal(b.p, "hale: xxx", 9);
	if (r->cut)
		assert_memory_equal(b.p + b.len - 5, "x...\n", 5);
	else
		assert_memory_equal(b.p + b.len - 5, "xxxx\n", 5);
}

static const struct level {
	const char    *name;
	enum log_level level;
	const char    *said;
} levels[] = {
	{ "only errors", LOG_ERROR, "hale: e\n" },
	{ "errors and warnings", LOG_WARN, "hale: e\nhale: w\n" },
	{ "all of it", LOG_INFO, "hale: e\nhale: w\nhale: i\n" },
};

static void
a_level_lets_through(void **state)
{
	const struct level *r = *state;
	struct captured c = capture();
	struct buf b = guarded_buf(PIPE_ROOM);

	log_level(r->level);
	log_error("e");
	log_warn("w");
	log_info("i");
	release(&c, &b);
	log_level(LOG_WARN);
	assert_span_equal(r->said, buf_span(&b));
}

static const struct outside {
	const char *name, *text, *said;
} outsides[] = {
	{ "controls stay on one line", "x\ny\r\x1b[2J\x7f\xc3\xa4",
	  "hale: a x?y??[2J?\xc3\xa4 b\n" },
	{ "the 8-bit controls", "\x9b" "31m\x80\x9f", "hale: a ?31m?? b\n" },
	{ "the 8-bit controls, as UTF-8 has them", "\xc2\x9b" "31m\xc2\x85",
	  "hale: a ?31m? b\n" },
	{ "what is not UTF-8", "\xff\xc3", "hale: a ?? b\n" },
};

static void
from_outside(void **state)
{
	const struct outside *r = *state;
	struct captured c = capture();
	struct buf b = guarded_buf(PIPE_ROOM);

	log_error("a %s b", r->text);
	release(&c, &b);
	assert_span_equal(r->said, buf_span(&b));
}

/* Whatever stands before them, the letters of two bytes stay whole. */
static void
a_long_line_is_cut_between_its_letters(void **state)
{
	char text[2 * LOG_LINE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = i % 2 == 0 ? '\xc3' : '\xa4';
	for (int odd = 0; odd < 2; odd++) {
		struct captured c = capture();
		struct buf b = guarded_buf(PIPE_ROOM);

		log_error("%s%.*s", odd ? "x" : "", (int)sizeof text, text);
		release(&c, &b);
		assert_true(b.len == LOG_LINE_MAX - 1
		            || b.len == LOG_LINE_MAX);
		assert_memory_equal(b.p + b.len - 6, "\xc3\xa4...\n", 6);
	}
}

/* Fills the pipe behind stderr to its last byte. */
static void
fill(int out)
{
	static const char page[PIPE_ROOM];

	while (write(out, page, sizeof page) > 0)
		continue;
	while (write(out, page, 1) > 0)
		continue;
	assert_int_equal(errno, EAGAIN);
}

static void
drain(int in)
{
	char page[PIPE_ROOM];

	while (read(in, page, sizeof page) > 0)
		continue;
}

static void
lines_that_a_full_stderr_drops_are_counted(void **state)
{
	struct captured c = capture();
	struct buf b = guarded_buf(PIPE_ROOM);

	(void)state;
	fill(c.out);
	log_error("lost");
	log_error("lost");
	drain(c.in);
	log_error("here");
	log_error("again");
	release(&c, &b);
	assert_span_equal("hale: lines dropped while stderr was full: 2\n"
	                  "hale: here\nhale: again\n", buf_span(&b));
}

static void
a_line_behind_the_count_is_bounded_with_it(void **state)
{
	struct captured c = capture();
	struct buf b = guarded_buf(PIPE_ROOM);

	(void)state;
	fill(c.out);
	log_error("lost");
	drain(c.in);
	log_of_length(LOG_LINE_MAX);
	release(&c, &b);
	assert_int_equal(b.len, LOG_LINE_MAX);
	assert_memory_equal(b.p + b.len - 5, "x...\n", 5);
}

static void
a_write_that_fails_is_counted(void **state)
{
	struct captured c = capture();
	struct buf b = guarded_buf(PIPE_ROOM);
	int closed = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_true(closed >= 0);
	dup2(closed, STDERR_FILENO);
	log_error("lost");
	dup2(c.out, STDERR_FILENO);
	close(closed);
	log_error("here");
	release(&c, &b);
	assert_span_equal("hale: lines dropped while stderr was full: 1\n"
	                  "hale: here\n", buf_span(&b));
}

static int
open_slave(int master)
{
	int fd;

	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	fd = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void
flood_terminal(int fd)
{
	dup2(fd, STDERR_FILENO);
	alarm(HANG_S);
	for (int i = 0; i < FLOOD_LINES; i++)
		log_error("%d says that nobody reads this terminal", i);
	_exit(0);
}

/* poll(2) calls a terminal writable that has not room for the whole line. */
static void
a_terminal_that_nobody_reads_is_not_waited_for(void **state)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), fd, status;
	pid_t pid;

	(void)state;
	if (master < 0)
		skip();
	fd = open_slave(master);
	pid = fork();
	if (pid == 0)
		flood_terminal(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(fd);
	close(master);
	assert_int_equal(status, 0);
}

static int busy_looks;		/* that poll() finds a full terminal */
static int waits;		/* of poll(), that could have taken time */
static int behind_poll = -1;	/* what poll() fills after its look */

/* The service shares stderr and may write between hale's look and its line. */
int
poll(struct pollfd *p, nfds_t n, int timeout_ms)
{
	const struct timespec wait = { .tv_nsec = timeout_ms * 1000000L };
	int r;

	assert_in_range(timeout_ms, 0, LOG_TERMINAL_MS);
	waits += timeout_ms != 0;
	if (busy_looks > 0) {
		busy_looks--;
		return 0;
	}
	r = ppoll(p, n, &wait, NULL);
	if (behind_poll >= 0)
		fill(behind_poll);
	return r;
}

/* What log_error() writes to a terminal that is busy for so many looks. */
static void
log_busily(int looks, struct buf *b)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	int was = dup(STDERR_FILENO), fd;
	ssize_t n;

	if (master < 0)
		skip();
	fd = open_slave(master);
	dup2(fd, STDERR_FILENO);
	waits = 0;
	busy_looks = looks;
	log_error("one");
	log_error("two");
	busy_looks = 0;
	dup2(was, STDERR_FILENO);
	close(was);
	while ((n = read(master, b->p + b->len, b->cap - b->len)) > 0)
		b->len += (size_t)n;
	close(fd);
	close(master);
}

static void
a_terminal_that_is_being_written_to_is_given_a_moment(void **state)
{
	struct buf b = guarded_buf(PIPE_ROOM);

	(void)state;
	log_busily(1, &b);
	assert_span_equal("hale: one\r\nhale: two\r\n", buf_span(&b));
	assert_int_equal(waits, 1);
}

static void
a_terminal_that_stays_full_is_waited_for_once(void **state)
{
	struct buf b = guarded_buf(PIPE_ROOM);

	(void)state;
	log_busily(3, &b);	/* two looks for the first line, one more */
	assert_int_equal(b.len, 0);
	assert_int_equal(waits, 1);
	log_busily(0, &b);
	assert_span_equal("hale: lines dropped while stderr was full: 2\r\n"
	                  "hale: one\r\nhale: two\r\n", buf_span(&b));
}

static int pwritev2_err;	/* what an older kernel says to pwritev2() */

ssize_t
pwritev2(int fd, const struct iovec *v, int n, off_t at, int flags)
{
	if (pwritev2_err == 0)	/* two words of the place: high is the last */
		return syscall(SYS_pwritev2, fd, v, n, at, at, flags);
	errno = pwritev2_err;
	return -1;
}

/* Can the kernel write into a pipe without waiting (Linux 6.4)? */
static bool
has_nowait_pipes(int out)
{
	struct iovec one = { (char[]){ "x" }, 1 };

	return pwritev2(out, &one, 1, -1, RWF_NOWAIT) == 1;
}

static void
log_behind_poll(int out)
{
	char path[32];
	struct buf b = buf_over(path, sizeof path);

	buf_fmt(&b, "/proc/self/fd/%d", out);
	behind_poll = open(buf_text(&b), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	dup2(out, STDERR_FILENO);
	alarm(HANG_S);
	log_error("nobody reads this pipe");
	_exit(0);
}

static const struct kernel {
	const char *name;
	int         err;
} kernels[] = {
	{ "by a kernel that can write without waiting", 0 },
	{ "by a kernel that cannot do so to a pipe", EOPNOTSUPP },
	{ "by a kernel that knows no such call", ENOSYS },
};

static void
a_pipe_that_fills_up_after_the_look_is_not_waited_for(void **state)
{
	const struct kernel *k = *state;
	int ends[2], status;
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	if (k->err == 0 && !has_nowait_pipes(ends[1]))
		skip();
	pwritev2_err = k->err;
	pid = fork();
	if (pid == 0)
		log_behind_poll(ends[1]);
	pwritev2_err = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(status, 0);
}

/* The pipe may keep the very bytes that it was given: they must stay. */
static void
lines_stay_as_they_are_in_the_pipe_of_an_older_kernel(void **state)
{
	struct captured c = capture();
	struct buf b = guarded_buf(PIPE_ROOM);

	(void)state;
	pwritev2_err = EOPNOTSUPP;
	log_error("the first");
	log_error("another");
	release(&c, &b);
	pwritev2_err = 0;
	assert_span_equal("hale: the first\nhale: another\n", buf_span(&b));
}

int
main(void)
{
	UNIT_ROWS(the_longest_line_is, lengths);
	UNIT_ROWS(a_level_lets_through, levels);
	UNIT_ROWS(from_outside, outsides);
	UNIT_TEST(a_long_line_is_cut_between_its_letters);
	UNIT_TEST(lines_that_a_full_stderr_drops_are_counted);
	UNIT_TEST(a_line_behind_the_count_is_bounded_with_it);
	UNIT_TEST(a_write_that_fails_is_counted);
	UNIT_TEST(a_terminal_that_nobody_reads_is_not_waited_for);
	UNIT_TEST(a_terminal_that_is_being_written_to_is_given_a_moment);
	UNIT_TEST(a_terminal_that_stays_full_is_waited_for_once);
	UNIT_ROWS(a_pipe_that_fills_up_after_the_look_is_not_waited_for,
	          kernels);
	UNIT_TEST(lines_stay_as_they_are_in_the_pipe_of_an_older_kernel);
	return unit_run("base/log");
}
