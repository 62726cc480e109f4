/* SPDX-License-Identifier: MIT */
/* kernel_guest - what tests/arches/kernels boots: all that is there but hale */
/*
 * As /init it makes a system of the bare kernel, tries sup/spawn.c, which is
 * linked in, looks how hale starts a process, and becomes `hale run`, PID 1,
 * without CAP_KILL. As that one's service, of a user of its own, it looks at
 * hale from there, and asks it to stop.
 *
 * A line each: "guest: ok WHAT" or "guest: BAD WHAT: WHY". RELRO is the range
 * in /hale that may not be written, "HEX-HEX", from the kernel's command line.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sup/spawn.h"
#include "../unit/spawn_works.h"

#define CAP_KILL 5	/* <linux/capability.h>, which musl comes without */
#define USER     100001	/* more than 16 bits have */
#define MANY     300
#define TRIES    5
#define WHY_MAX  128
#define ORPHANS  20
#define PROBES   "http://127.0.0.1:8080/readyz"
#define PATIENCE 200	/* looks, PAUSE_US apart */
#define PAUSE_US 100000
#define SLOW_MS  (SPAWN_HOLD_MS * 20)	/* emulated, on a busy machine */

static void
say(int good, const char *what, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is not */
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	dprintf(1, "guest: %s %s%s%s\n", good ? "ok" : "BAD", what,
	        text[0] != '\0' ? ": " : "", text);
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- sup/spawn.c --- */

static void
leave_later(void *arg)
{
	(void)arg;
	usleep(SPAWN_HOLD_MS * 1000 / 5);
	_exit(CODE);
}

/* What needs most of the stack: a search in a PATH as long as can be. */
static void
search(void *arg)
{
	char *const argv[] = { "kernel", "exit", NULL };
	char *const env[] = { NULL };

	(void)arg;
	execvpe("guest", argv, env);
	_exit(1);
}

static int
end_of(pid_t pid)
{
	int status = -1;

	return pid > 0 && waitpid(pid, &status, 0) == pid ? status : -1;
}

/* Each is tried in a process of its own: on a busy machine the time may be up
 * before the work is done, and then the function is not to be called again. */
enum outcome { GOOD, LATE, BAD };

static enum outcome
many(char why[WHY_MAX])
{
	enum spawn_end end;

	for (int i = 1; i <= MANY; i++) {
		pid_t pid = spawn_shared(leave, &i, &end);
		int status = end_of(pid);

		if (pid > 0 && end == SPAWN_LATE)
			return LATE;
		snprintf(why, WHY_MAX, "%d of %d: %d wrote %d, status %#x", i,
		         MANY, (int)pid, seen, (unsigned)status);
		if (pid <= 0 || seen != i || status != CODE << 8)
			return BAD;
	}
	return GOOD;
}

static enum outcome
ends_with(char why[WHY_MAX], spawn_work *work, int code)
{
	enum spawn_end end;
	pid_t pid = spawn_shared(work, NULL, &end);
	int status = end_of(pid);

	snprintf(why, WHY_MAX, "%d, status %#x", (int)pid, (unsigned)status);
	if (pid > 0 && end == SPAWN_LATE)
		return LATE;
	return status == code << 8 ? GOOD : BAD;
}

static enum outcome
returns(char why[WHY_MAX])
{
	return ends_with(why, come_back, 126);
}

static enum outcome
searches(char why[WHY_MAX])
{
	const size_t len = PATH_MAX - sizeof "/guest";
	static char path[PATH_MAX + sizeof ":/"];

	memset(path, 'x', len);
	for (size_t i = 0; i < len; i += NAME_MAX / 2)
		path[i] = '/';
	memcpy(path + len, ":/", sizeof ":/");
	setenv("PATH", path, 1);
	return ends_with(why, search, CODE);
}

static enum outcome
is_killed(char why[WHY_MAX])
{
	int64_t began_ms = now_ms(), took_ms;
	enum spawn_end end;
	pid_t pid = spawn_shared(stay, NULL, &end);
	int status = end_of(pid);

	took_ms = now_ms() - began_ms;
	snprintf(why, WHY_MAX, "%d, status %#x after %d ms", (int)pid,
	         (unsigned)status, (int)took_ms);
	if (pid <= 0 || end != SPAWN_LATE || status != SIGKILL
	 || took_ms < SPAWN_HOLD_MS / 2)
		return BAD;
	return took_ms < SLOW_MS ? GOOD : LATE;
}

/* <linux/filter.h> and <linux/seccomp.h>, which musl comes without. */
struct insn {
	uint16_t code;
	uint8_t  yes, no;
	uint32_t k;
};

static void
deny_futex(void)
{
	struct insn code[] = {
		{ 0x20, 0, 0, 0 },			/* the number */
#ifdef SYS_futex_time64
		{ 0x15, 1, 0, SYS_futex_time64 },
#else
		{ 0x15, 1, 0, SYS_futex },
#endif
		{ 0x06, 0, 0, 0x7fff0000 },		/* allowed */
		{ 0x06, 0, 0, 0x00050000 | EPERM },
	};
	struct {
		unsigned short n;
		struct insn *code;
	} prog = { sizeof code / sizeof *code, code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0
	 || prctl(PR_SET_SECCOMP, 2L, &prog) < 0)
		_exit(BAD);
}

static enum outcome
has_its_time(char why[WHY_MAX])
{
	enum outcome it;

	deny_futex();
	it = ends_with(why, leave_later, CODE);
	return it == GOOD ? is_killed(why) : it;
}

static void
try_spawn(const char *what, enum outcome (*work)(char why[WHY_MAX]))
{
	char why[WHY_MAX] = "";
	int status = LATE << 8;

	for (int i = 0; i < TRIES && status == LATE << 8; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			enum outcome it = work(why);

			if (it == GOOD || i == TRIES - 1)
				say(it == GOOD, what, "%s, try %d", why, i + 1);
			else if (it == BAD)
				say(0, what, "%s", why);
			_exit(it);
		}
		status = end_of(pid);
	}
	if (status < 0 || WIFSIGNALED(status))
		say(0, what, "status %#x", (unsigned)status);
}

/* --- hale, traced --- */

#define EVENTS (PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE \
                | PTRACE_O_TRACEEXEC)

/* All of them go on; the first child's kind: PTRACE_EVENT_FORK is a clone(2)
 * that does not hold its caller, with SIGCHLD at the end. Returns hale's exit
 * status. */
static int
follow(pid_t hale, int *kind)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		int event = status >> 16;
		int sig = WIFSTOPPED(status) && event == 0 ? WSTOPSIG(status)
		                                           : 0;

		if (!WIFSTOPPED(status)) {
			if (pid == hale)
				return status;
			continue;
		}
		if (pid == hale && event != 0 && event != PTRACE_EVENT_EXEC
		 && *kind == 0)
			*kind = event;
		if (sig == SIGSTOP || sig == SIGTRAP)
			sig = 0;	/* a traced one's first */
		/* NOLINTNEXTLINE(performance-no-int-to-ptr): ptrace(2)'s way */
		(void)ptrace(PTRACE_CONT, pid, NULL, (void *)(intptr_t)sig);
	}
	return -1;
}

static void
try_start(void)
{
	int status, kind = 0;
	pid_t pid = fork();

	if (pid == 0) {
		(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		execl("/hale", "hale", "run", "--", "/guest", "exit", NULL);
		_exit(1);
	}
	if (waitpid(pid, &status, 0) != pid
	 /* NOLINTNEXTLINE(performance-no-int-to-ptr): ptrace(2)'s way */
	 || ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)EVENTS) < 0
	 || ptrace(PTRACE_CONT, pid, NULL, NULL) < 0) {
		say(0, "start-shared", "ptrace: %s", strerror(errno));
		return;
	}
	status = follow(pid, &kind);
	say(kind == PTRACE_EVENT_FORK && status == CODE << 8, "start-shared",
	    "%s, status %#x", kind == PTRACE_EVENT_FORK ? "clone"
	                    : kind == PTRACE_EVENT_VFORK ? "vfork" : "?",
	    status);
}

/* --- /init --- */

static void
make_system(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	(void)mkdir("/proc", 0755);
	(void)mkdir("/sys", 0755);
	if (mount("proc", "/proc", "proc", 0, NULL) < 0
	 || mount("sysfs", "/sys", "sysfs", 0, NULL) < 0
	 || ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
		say(0, "system", "%s", strerror(errno));
	close(fd);
}

static int
be_init(void)
{
	struct utsname u;

	make_system();
	uname(&u);
	say(1, "boot", "Linux %s %s, pages of %ld", u.release, u.machine,
	    (long)getauxval(AT_PAGESZ));
	setenv("PATH", "/", 1);
	try_spawn("spawn-many", many);
	try_spawn("spawn-returns", returns);
	try_spawn("spawn-search", searches);
	try_spawn("spawn-late", is_killed);
	try_spawn("spawn-late-without-futex", has_its_time);
	try_start();
	(void)prctl(PR_CAPBSET_DROP, CAP_KILL, 0L, 0L, 0L);
	execl("/hale", "hale", "run", "-v", "--listen", "127.0.0.1:8080",
	      "--check", "http://127.0.0.1:9000/", "--interval", "200ms",
	      "--timeout", "5s", "--", "/guest", "service", NULL);
	say(0, "hale", "%s", strerror(errno));
	return 1;
}

/* --- hale's service --- */

static void
answer_for_ever(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
	                           "Connection: close\r\n\r\n";
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_port = htons(9000);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0
	 || listen(fd, 8) < 0)
		say(0, "service", "%s", strerror(errno));
	for (;;) {
		int client = accept(fd, NULL, NULL);
		char head[4096];

		(void)!read(client, head, sizeof head);
		(void)!write(client, text, sizeof text - 1);
		close(client);
	}
}

/* hale's own client asks hale's probe, until it is ready. */
static void
try_probe(void)
{
	int status = -1;
	int i;

	for (i = 0; i < PATIENCE && status != 0; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			execl("/hale", "hale", "check", "--timeout", "5s",
			      PROBES, NULL);
			_exit(1);
		}
		status = end_of(pid);
		if (status != 0)
			usleep(PAUSE_US);
	}
	say(status == 0, "probe", "status %#x at try %d", status, i);
}

static int
count_zombies(void)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int n = 0;

	if (d == NULL)
		return -1;
	while ((e = readdir(d)) != NULL) {
		char path[300], text[512] = "";
		const char *state;
		int fd;

		if (e->d_name[0] < '1' || e->d_name[0] > '9')
			continue;
		snprintf(path, sizeof path, "/proc/%s/stat", e->d_name);
		fd = open(path, O_RDONLY);
		if (fd < 0)
			continue;
		(void)!read(fd, text, sizeof text - 1);
		close(fd);
		state = strrchr(text, ')');
		n += state != NULL && state[2] == 'Z';
	}
	closedir(d);
	return n;
}

static void
try_reap(void)
{
	int left = -1;

	for (int i = 0; i < ORPHANS; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			if (fork() == 0)
				usleep(1000);
			_exit(0);
		}
		(void)end_of(pid);
	}
	for (int i = 0; i < PATIENCE && left != 0; i++) {
		usleep(PAUSE_US);
		left = count_zombies();
	}
	say(left == 0, "reap", "%d of %d left", left, ORPHANS);
}

static void
try_queue(void)
{
	union sigval value = { .sival_int = 0x12345678 };
	struct timespec patience = { 20, 0 };
	sigset_t usr1;
	siginfo_t info;
	int got;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	sigqueue(getppid(), SIGUSR1, value);
	got = sigtimedwait(&usr1, &info, &patience);
	say(got == SIGUSR1 && info.si_code == SI_QUEUE
	    && info.si_value.sival_int == value.sival_int, "queued-value",
	    "signal %d, value %#x", got, got > 0 ? info.si_value.sival_int : 0);
}

/* Each page of the range may be read, none written. */
static void
try_relro(void)
{
	const char *range = getenv("RELRO");
	unsigned long page = getauxval(AT_PAGESZ), base = 0, at, end;
	char line[512];
	FILE *f;
	int seen_all = 0;

	if (range == NULL || sscanf(range, "%lx-%lx", &at, &end) != 2
	 || (f = fopen("/proc/1/maps", "r")) == NULL) {
		say(0, "relro", "nothing to look at");
		return;
	}
	while (fgets(line, sizeof line, f) != NULL) {
		unsigned long from, to;
		char may[5];

		if (sscanf(line, "%lx-%lx %4s", &from, &to, may) != 3
		 || strstr(line, "/hale") == NULL)
			continue;
		if (base == 0) {
			base = from;
			at = (at + base) & -page;
			end = (end + base + page - 1) & -page;
		}
		dprintf(1, "guest: map %s", line);
		if (at >= from && at < to && strcmp(may, "r--p") == 0)
			at = to;
		seen_all = at >= end;
	}
	fclose(f);
	say(seen_all, "relro", "%s of %#lx", range, base);
}

static int
serve(void)
{
	sigset_t term;
	pid_t server;
	int sig;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	server = fork();
	if (server == 0)
		answer_for_ever();
	sigprocmask(SIG_BLOCK, &term, NULL);
	/* hale may signal it only as that user; it may signal hale. */
	if (setresuid(USER, 0, USER) < 0)
		say(0, "user", "%s", strerror(errno));
	say(getppid() == 1, "service", "pid %d below %d", getpid(), getppid());
	try_probe();
	try_reap();
	try_queue();
	try_relro();
	kill(1, SIGTERM);
	sigwait(&term, &sig);
	kill(server, SIGKILL);
	(void)end_of(server);
	say(1, "stop", "got SIGTERM");
	return CODE;
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "exit") == 0)
		return CODE;
	if (argc > 1 && strcmp(argv[1], "service") == 0)
		return serve();
	return be_init();
}
