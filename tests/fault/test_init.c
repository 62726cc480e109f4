/* SPDX-License-Identifier: MIT */
/*
 * test_init.c - the Nth system call fails, and hale neither ends nor hangs
 *
 * Linked with --wrap for each call of the table. hale runs in a process of its
 * own and lives through one life: it starts a service, answers a probe, passes
 * a signal on, stops the service. In each run one call fails, the Nth of its
 * kind, once or from then on, for each N until a run meets no fault. What
 * fails from then on is mended after the probe; that it was not tried over and
 * over is seen by the count of its calls.
 *
 * A fault before the service runs may end hale, in an exit code. Afterwards
 * only the service's end may.
 */
#include "../unit/unit.h"

#include "base/clock.h"
#include "client/checkopt.h"
#include "sup/exec_error.h"
#include "sup/init.h"
#include "sup/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define SERVICE_CODE 7		/* the service exits with this on SIGTERM */
#define HANG_MS      20000	/* nothing takes as long on any machine */
#define PATIENCE_MS  60		/* for an answer that a fault may prevent */
#define HOT_CALLS    500	/* failed calls of one kind that are too many */
#define NTH_MAX      200	/* a life makes fewer calls of a kind */
#define HEAD         "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
#define NAME_ROOM    64
#define HASTE        20
#define FAILED_CHECKS 3		/* are more than enough for a restart */
#define FAIL_CODE    9		/* and with this on SIGUSR2 */
#define UP           'u'	/* the service's lines, a byte each */
#define GOT_USR1     '1'

enum call {
	CALL_READ, CALL_WRITE, CALL_PWRITEV2, CALL_RECV, CALL_SEND,
	CALL_ACCEPT4, CALL_EPOLL_CTL, CALL_EPOLL_WAIT, CALL_WAITPID,
	CALL_POLL, CALL_SIGNALFD, CALL_EPOLL_CREATE1, CALL_TIMERFD_CREATE,
	CALL_SOCKET, CALL_BIND, CALL_LISTEN, CALL_OPEN, CALL_SETSOCKOPT,
	CALL_FORK, CALL_SPAWN, CALL_PIPE2, CALL_RECVMSG,
};

/* One fault, shared with the hale that meets it. */
struct fault {
	volatile enum call call;
	volatile int  err;
	volatile int  nth;		/* 1: the first; 0: none */
	volatile bool from_then_on;
	volatile int  calls;		/* of that kind, so far */
	volatile int  met;		/* of those, failed */
};

static struct fault *fault;
static char address[NAME_ROOM];	/* "unix:@...", where hale listens */

/* Does this call fail? errno is set then. */
static bool
strikes(enum call call)
{
	int nth;

	if (call != fault->call || fault->nth == 0)
		return false;
	nth = ++fault->calls;
	if (nth < fault->nth || (nth > fault->nth && !fault->from_then_on))
		return false;
	fault->met++;
	errno = fault->err;
	return true;
}

/* The test's own calls go through as well: it has no fault set meanwhile, or
 * it uses what is not wrapped. */
#define WRAP(ret, name, kind, params, args) \
	ret __real_##name params; \
	ret __wrap_##name params; \
	ret __wrap_##name params \
	{ \
		return strikes(kind) ? -1 : __real_##name args; \
	}

WRAP(ssize_t, read, CALL_READ, (int fd, void *p, size_t n), (fd, p, n))
WRAP(ssize_t, write, CALL_WRITE, (int fd, const void *p, size_t n), (fd, p, n))
WRAP(ssize_t, pwritev2, CALL_PWRITEV2,
     (int fd, const struct iovec *v, int n, off_t at, int flags),
     (fd, v, n, at, flags))
WRAP(ssize_t, recv, CALL_RECV, (int fd, void *p, size_t n, int flags),
     (fd, p, n, flags))
WRAP(ssize_t, send, CALL_SEND, (int fd, const void *p, size_t n, int flags),
     (fd, p, n, flags))
WRAP(int, accept4, CALL_ACCEPT4,
     (int fd, struct sockaddr *a, socklen_t *len, int flags),
     (fd, a, len, flags))
WRAP(int, epoll_ctl, CALL_EPOLL_CTL,
     (int fd, int op, int at, struct epoll_event *ev), (fd, op, at, ev))
WRAP(int, epoll_wait, CALL_EPOLL_WAIT,
     (int fd, struct epoll_event *ev, int n, int ms), (fd, ev, n, ms))
WRAP(pid_t, waitpid, CALL_WAITPID, (pid_t pid, int *status, int flags),
     (pid, status, flags))
WRAP(pid_t, wait4, CALL_WAITPID,
     (pid_t pid, int *status, int flags, struct rusage *used),
     (pid, status, flags, used))
WRAP(int, signalfd, CALL_SIGNALFD, (int fd, const sigset_t *set, int flags),
     (fd, set, flags))
WRAP(int, epoll_create1, CALL_EPOLL_CREATE1, (int flags), (flags))
WRAP(int, timerfd_create, CALL_TIMERFD_CREATE, (int clock, int flags),
     (clock, flags))
WRAP(int, socket, CALL_SOCKET, (int family, int type, int protocol),
     (family, type, protocol))
WRAP(int, bind, CALL_BIND, (int fd, const struct sockaddr *a, socklen_t len),
     (fd, a, len))
WRAP(int, listen, CALL_LISTEN, (int fd, int backlog), (fd, backlog))
WRAP(int, setsockopt, CALL_SETSOCKOPT,
     (int fd, int level, int name, const void *p, socklen_t len),
     (fd, level, name, p, len))
WRAP(pid_t, _Fork, CALL_FORK, (void), ())
WRAP(int, pipe2, CALL_PIPE2, (int ends[2], int flags), (ends, flags))
WRAP(ssize_t, recvmsg, CALL_RECVMSG, (int fd, struct msghdr *m, int flags),
     (fd, m, flags))
WRAP(int, open, CALL_OPEN, (const char *path, int flags), (path, flags))

pid_t __wrap_spawn_shared(spawn_work *work, void *arg, enum spawn_end *end);

/* Not on our memory, which a sanitizer may watch. All that differs is that a
 * failed exec would not be heard of. */
pid_t
__wrap_spawn_shared(spawn_work *work, void *arg, enum spawn_end *end)
{
	pid_t pid = strikes(CALL_SPAWN) ? -errno : __real__Fork();

	*end = SPAWN_LEFT;
	if (pid != 0)
		return pid;
	work(arg);
	_exit(EXEC_ERROR_CANNOT_RUN);
}

int __real_poll(struct pollfd *p, nfds_t n, int ms);
int __wrap_poll(struct pollfd *p, nfds_t n, int ms);

/* hale's time runs HASTE times as fast, since it pauses after many a fault. */
int
__wrap_poll(struct pollfd *p, nfds_t n, int ms)
{
	return strikes(CALL_POLL) ? -1 : __real_poll(p, n, ms / HASTE);
}

int64_t __real_clock_ms(void);
int64_t __wrap_clock_ms(void);

int64_t
__wrap_clock_ms(void)
{
	return __real_clock_ms() * HASTE;
}

int __real_timerfd_settime(int fd, int flags, const struct itimerspec *at,
                           struct itimerspec *old);
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *at,
                           struct itimerspec *old);

/* The loop's one timer, set to a moment of the fast time. */
int
__wrap_timerfd_settime(int fd, int flags, const struct itimerspec *at,
                       struct itimerspec *old)
{
	int64_t ns = (at->it_value.tv_sec * INT64_C(1000000000)
	              + at->it_value.tv_nsec) / HASTE;
	struct itimerspec slow = {
		.it_value = { ns / 1000000000, (long)(ns % 1000000000) },
	};

	return __real_timerfd_settime(fd, flags, &slow, old);
}

/* --- the service, which is this program again --- */

static int
be_service(void)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGTERM);
	for (char said = UP;; said = GOT_USR1) {
		if (syscall(SYS_write, STDOUT_FILENO, &said, 1) != 1)
			return 1;
		do {	/* blocked since hale was started: none is lost */
			if (sigwait(&set, &sig) != 0)
				return 1;
			if (sig == SIGTERM)
				return SERVICE_CODE;
			if (sig == SIGUSR2)
				return FAIL_CODE;
		} while (sig != SIGUSR1);
	}
}

/* --- a life --- */

/* hale, seen from outside. */
struct life {
	pid_t pid;
	int   pid_fd;
	int   said_fd;	/* what the service says; ended with it */
};

/* Does hale watch its service and restart it? Set by the tests in turn. */
static bool watched;

/* .. and does one failed check make it do so? One that is not run must not. */
static bool mends;

/* A check of hale's own socket, ever again, and all ears for the service. */
static void
plan_watch(struct init_plan *plan)
{
	static struct check_word own_socket;
	static char text[CHECK_WORD_ROOM];
	struct buf memory = buf_over(text, sizeof text);
	const char *unused;

	(void)check_word_read(&own_socket, span_of(address), span_of(address),
	                      &memory, NULL, &unused);
	plan->service.lifecycle.restart = RESTART_ON_FAILURE;
	plan->service.monitor = (struct monitor_plan){
		.verdict = {
			.interval_ms = 1000, .timeout_ms = 60000,
			.start_interval_ms = 1000, .retries = 3,
		},
		.notify = true,
		.notify_fd = 50,
		.watchdog_ms = 3600000,
		.n_checks = 1,
		.checks = { { .name = span_of(address), .check = &own_socket,
		              .counts_for = VERDICT_READY } },
	};
	if (!mends)
		return;
	plan->service.lifecycle.on_unhealthy = UNHEALTHY_RESTART;
	plan->service.monitor.verdict.interval_ms = 100;
	plan->service.monitor.verdict.retries = 1;
	plan->service.monitor.checks[0].counts_for |= VERDICT_LIVE;
}

static void
be_hale(int said_fd)
{
	static struct init_plan plan;
	static char *argv[] = { "/proc/self/exe", "service", NULL };
	int null = (int)syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR, 0);
	sigset_t set;

	dup2(said_fd, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals_block(&plan.service.given);
	plan.service.argv = argv;
	plan.version = "0";
	plan.subreaper = true;
	if (addr_bind_read(&plan.listen[plan.n_listen++].at,
	                   span_of(address)) < 0)
		_exit(99);
	if (watched)
		plan_watch(&plan);
	_exit(init_run(&plan));
}

/* Waits until fd can be read; false after timeout_ms. */
static bool
comes(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return __real_poll(&p, 1, timeout_ms) == 1;
}

/* What a failed test leaves behind is ended by end_life(). */
static struct life now;

static struct life
begin(void)
{
	struct life l;
	int ends[2];

	assert_int_equal(__real_pipe2(ends, O_CLOEXEC), 0);
	l.pid = __real__Fork();
	if (l.pid == 0)
		be_hale(ends[1]);
	assert_true(l.pid > 0);
	close(ends[1]);
	l.said_fd = ends[0];
	l.pid_fd = (int)syscall(SYS_pidfd_open, l.pid, 0);
	assert_true(l.pid_fd >= 0);
	now = l;
	return l;
}

/* hale passes the signal on to its service and ends with it. */
static int
end_life(void **state)
{
	(void)state;
	*fault = (struct fault){ 0 };
	watched = mends = false;
	if (now.pid == 0)
		return 0;
	kill(now.pid, SIGTERM);
	if (!comes(now.pid_fd, HANG_MS))
		kill(now.pid, SIGKILL);
	__real_waitpid(now.pid, NULL, 0);
	now.pid = 0;
	return 0;
}

/* Is `byte` what the service says next? False at its end. */
static bool
service_says(const struct life *l, char byte)
{
	char said = 0;

	assert_true(comes(l->said_fd, HANG_MS));
	return __real_read(l->said_fd, &said, 1) == 1 && said == byte;
}

static int
code_of(const struct life *l)
{
	int status;

	if (!comes(l->pid_fd, HANG_MS))
		fail_msg("hale hangs");
	assert_int_equal(__real_waitpid(l->pid, &status, 0), l->pid);
	now.pid = 0;
	assert_true(WIFEXITED(status));	/* no abort, no fault */
	close(l->pid_fd);
	close(l->said_fd);
	return WEXITSTATUS(status);
}

/* One probe. Returns whether it was answered within timeout_ms. */
static bool
probe(int timeout_ms)
{
	int fd = __real_socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct addr_bind at;
	char answer[64] = "";
	bool answered = false;

	assert_true(fd >= 0);
	assert_int_equal(addr_bind_read(&at, span_of(address)), 0);
	if (connect(fd, &at.addr.any, at.addr.len) == 0
	 && __real_send(fd, HEAD, strlen(HEAD), MSG_NOSIGNAL) > 0
	 && comes(fd, timeout_ms)
	 && __real_recv(fd, answer, sizeof answer - 1, 0) > 0)
		answered = strncmp(answer, "HTTP/1.1 200 ", 13) == 0;
	close(fd);
	return answered;
}

/* A fault may cost a probe its connection, but not those that follow. */
static void
is_answered_again(void)
{
	for (int i = 0; i < 4; i++)
		if (probe(HANG_MS))
			return;
	fail_msg("probes are not answered");
}

/* Until some checks have met the fault, where they can. */
static void
let_checks_fail(void)
{
	for (int i = 0; i < PATIENCE_MS && fault->met < FAILED_CHECKS; i++)
		(void)__real_poll(NULL, 0, 1);
}

/* What happens behind the service's start. Returns hale's exit code. */
static int
live(const struct life *l)
{
	(void)probe(PATIENCE_MS);
	assert_int_equal(kill(l->pid, SIGUSR1), 0);
	(void)comes(l->said_fd, PATIENCE_MS);
	if (mends && fault->from_then_on)
		let_checks_fail();
	if (fault->from_then_on) {
		assert_true(fault->met < HOT_CALLS);
		fault->from_then_on = false;
	}
	is_answered_again();
	assert_true(service_says(l, GOT_USR1));
	if (watched) {
		assert_int_equal(kill(l->pid, SIGUSR2), 0);
		assert_true(service_says(l, UP));
	}
	assert_int_equal(kill(l->pid, SIGTERM), 0);
	return code_of(l);
}

static const struct row {
	const char *name;
	enum call   call;
	int         err;
} rows[] = {
	{ "read fails", CALL_READ, EIO },
	{ "write fails", CALL_WRITE, EPIPE },
	{ "pwritev2 is not known", CALL_PWRITEV2, EOPNOTSUPP },
	{ "pwritev2 would wait", CALL_PWRITEV2, EAGAIN },
	{ "recv fails", CALL_RECV, ECONNRESET },
	{ "send fails", CALL_SEND, EPIPE },
	{ "accept4 has no descriptor", CALL_ACCEPT4, EMFILE },
	{ "accept4 has no memory", CALL_ACCEPT4, ENOMEM },
	{ "accept4 fails for a reason of its own", CALL_ACCEPT4, EIO },
	{ "epoll_ctl has no memory", CALL_EPOLL_CTL, ENOMEM },
	{ "epoll_ctl has no watch left", CALL_EPOLL_CTL, ENOSPC },
	{ "epoll_wait fails", CALL_EPOLL_WAIT, EIO },
	{ "waitpid fails", CALL_WAITPID, EIO },
	{ "poll has no memory", CALL_POLL, ENOMEM },
	{ "signalfd has no descriptor", CALL_SIGNALFD, EMFILE },
	{ "epoll_create1 has no descriptor", CALL_EPOLL_CREATE1, EMFILE },
	{ "timerfd_create has no descriptor", CALL_TIMERFD_CREATE, EMFILE },
	{ "socket has no descriptor", CALL_SOCKET, EMFILE },
	{ "socket knows no such family", CALL_SOCKET, EAFNOSUPPORT },
	{ "bind finds the address in use", CALL_BIND, EADDRINUSE },
	{ "listen finds the address in use", CALL_LISTEN, EADDRINUSE },
	{ "setsockopt is not known", CALL_SETSOCKOPT, ENOPROTOOPT },
	{ "open has no descriptor", CALL_OPEN, EMFILE },
};

/* What only a hale that watches its service calls. */
static const struct row watching[] = {
	{ "fork has no memory", CALL_FORK, ENOMEM },
	{ "fork has no process left", CALL_FORK, EAGAIN },
	{ "pipe2 has no descriptor", CALL_PIPE2, EMFILE },
	{ "recvmsg fails", CALL_RECVMSG, EIO },
};

/* The machine has nothing left for a check, or for the next start. */
static const struct row shortages[] = {
	{ "no memory for a checker", CALL_FORK, ENOMEM },
	{ "no process for a checker", CALL_FORK, EAGAIN },
	{ "no descriptor for a checker's pipe", CALL_PIPE2, EMFILE },
	{ "no descriptor for a checker's socket", CALL_SOCKET, EMFILE },
	{ "no memory for a checker's socket", CALL_SOCKET, ENOBUFS },
};

static const struct row refusals[] = {
	{ "no process for the service", CALL_SPAWN, EAGAIN },
	{ "no memory for the service", CALL_SPAWN, ENOMEM },
	{ "no descriptor for the service", CALL_SPAWN, EMFILE },
};

/* What cannot fail from then on: no signal interrupts, all are blocked. */
static const struct row passing[] = {
	{ "read is interrupted", CALL_READ, EINTR },
	{ "epoll_wait is interrupted", CALL_EPOLL_WAIT, EINTR },
	{ "recv is interrupted", CALL_RECV, EINTR },
	{ "send is interrupted", CALL_SEND, EINTR },
	{ "accept4 is interrupted", CALL_ACCEPT4, EINTR },
	{ "accept4 finds the client gone", CALL_ACCEPT4, ECONNABORTED },
	{ "waitpid is interrupted", CALL_WAITPID, EINTR },
	{ "poll is interrupted", CALL_POLL, EINTR },
	{ "recv would wait", CALL_RECV, EAGAIN },
	{ "send would wait", CALL_SEND, EAGAIN },
};

/* One run with the fault at nth. Returns whether it was met. */
static bool
survives(const struct row *r, int nth, bool from_then_on)
{
	struct life l;
	int code;

	print_message("%s, call %d%s\n", r->name, nth,
	              from_then_on ? " and on" : "");
	*fault = (struct fault){ .call = r->call, .err = r->err, .nth = nth,
		                 .from_then_on = from_then_on };
	l = begin();
	if (service_says(&l, UP)) {
		code = live(&l);
		assert_int_equal(code, SERVICE_CODE);
	} else {	/* told before the service ran */
		code = code_of(&l);
		assert_true(fault->met > 0);
		assert_int_equal(code, r->call == CALL_SPAWN
		                       ? EXEC_ERROR_CANNOT_RUN : INIT_FAILED);
	}
	nth = fault->met;
	*fault = (struct fault){ 0 };
	return nth > 0;
}

/* The same for one that watches and restarts its service. */
static int
watch_it(void **state)
{
	(void)state;
	watched = true;
	return 0;
}

static int
mend_it(void **state)
{
	mends = true;
	return watch_it(state);
}

static void
once(void **state)
{
	const struct row *r = *state;
	int nth = 1;

	while (survives(r, nth, false))
		assert_true(++nth < NTH_MAX);
}

static void
from_then_on(void **state)
{
	const struct row *r = *state;
	int nth = 1;

	while (survives(r, nth, true))
		assert_true(++nth < NTH_MAX);
}

int
main(int argc, char **argv)
{
	struct buf b = buf_over(address, sizeof address);
	size_t plain, watching_end;

	if (argc == 2 && strcmp(argv[1], "service") == 0)
		return be_service();
	fault = mmap(NULL, sizeof *fault, PROT_READ | PROT_WRITE,
	             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fault == MAP_FAILED)
		return 1;
	*fault = (struct fault){ 0 };
	buf_fmt(&b, "unix:@hale-fault-%d", (int)getpid());
	(void)buf_text(&b);
	UNIT_ROWS(once, rows);
	UNIT_ROWS(once, passing);
	UNIT_ROWS(from_then_on, rows);
	plain = unit_count;
	UNIT_ROWS(once, rows);
	UNIT_ROWS(once, passing);
	UNIT_ROWS(once, watching);
	UNIT_ROWS(from_then_on, watching);
	UNIT_ROWS(once, refusals);
	watching_end = unit_count;
	UNIT_ROWS(once, shortages);
	UNIT_ROWS(from_then_on, shortages);
	for (size_t i = plain; i < unit_count; i++)
		unit_tests[i].setup_func = i < watching_end ? watch_it
		                                            : mend_it;
	for (size_t i = 0; i < unit_count; i++)
		unit_tests[i].teardown_func = end_life;
	return unit_run("sup/init with faults");
}
