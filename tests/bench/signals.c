// SPDX-License-Identifier: MIT
/*
 * signals - latency and losses of signals sent through an init
 *
 * signals latency ROUNDS COUNT + INIT [ARG...] + INIT [ARG...] ...
 *   All inits run side by side. Each round sends COUNT signals to each init in
 *   turn, one at a time: the next goes out when the service has had the last.
 *   One line for each INIT and round: "INDEX SENT RECEIVED P50 P99", in ns from
 *   before kill() to the service's handler.
 *
 * signals burst STARTS COUNT + INIT [ARG...] ...
 *   Each start sends COUNT real-time signals to an init that is just being
 *   executed: half at once, half spread over its start. One line for each
 *   INIT: "INDEX SENT RECEIVED". The init starts with all signals blocked,
 *   otherwise the kernel drops what comes before its first instruction.
 *
 * signals service
 *   The service for both: its handler writes a struct note to fd 3.
 */
#include "bench.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

#define NOTE_FD      3
#define LOST_MAX     5		/* lost in one round: it forwards none */
#define RT_SIGNAL    40		/* real-time; in use by no libc */
#define WAIT_MS      1000	/* without a note for so long: it is lost */
#define BURST_GAP_NS 4000	/* between signals of a burst's second half */
#define COUNT_MAX    65536
#define KERNEL_SIGSET 8		/* bytes */

struct note {
	int64_t at_ns;
	int64_t signal;	/* 0: the handlers are in place */
};

struct subject {
	char **argv;
	pid_t  pid;
	int    notes_fd;
};

static void
set_mask(uint64_t mask)
{
	must(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL,
	             KERNEL_SIGSET), "rt_sigprocmask");
}

static void
note(int signal)
{
	struct note n = { now_ns(), signal };

	(void)!write(NOTE_FD, &n, sizeof n);	/* a lost one is counted */
}

static void
serve(void)
{
	struct sigaction sa = { .sa_handler = note };

	must(sigaction(SIGUSR1, &sa, NULL), "sigaction");
	must(sigaction(RT_SIGNAL, &sa, NULL), "sigaction");
	set_mask(0);
	note(0);
	for (;;)
		pause();
}

/* Starts an init whose service reports to s->notes_fd. */
static void
launch(struct subject *s)
{
	int out[2];

	must(pipe2(out, O_CLOEXEC), "pipe2");
	s->pid = fork_init();
	if (s->pid == 0) {
		if (out[1] == NOTE_FD)
			fcntl(NOTE_FD, F_SETFD, 0);
		else
			must(dup2(out[1], NOTE_FD), "dup2");
		execv(s->argv[0], s->argv);
		die(s->argv[0]);
	}
	close(out[1]);
	s->notes_fd = out[0];
}

static void
end(struct subject *s)
{
	kill(s->pid, SIGKILL);
	must(waitpid(s->pid, NULL, 0), "waitpid");
	close(s->notes_fd);
}

/* Returns 1 with the next note, or 0: none came, or the service is gone. */
static int
next_note(struct subject *s, struct note *n)
{
	struct pollfd p = { .fd = s->notes_fd, .events = POLLIN };

	return poll(&p, 1, WAIT_MS) == 1
	       && read(s->notes_fd, n, sizeof *n) == sizeof *n;
}

static void
print_latency(int index, long sent, int64_t *took_ns, size_t received)
{
	qsort(took_ns, received, sizeof *took_ns, by_size);
	printf("%d %ld %zu %lld %lld\n", index, sent, received,
	       (long long)percentile(took_ns, received, 50),
	       (long long)percentile(took_ns, received, 99));
}

static void
send_one_at_a_time(struct subject *s, int index, long count)
{
	static int64_t took_ns[COUNT_MAX];
	size_t received = 0;
	struct note n;

	for (long i = 0; i < count && (size_t)i < received + LOST_MAX; i++) {
		int64_t begun_ns = now_ns();

		must(kill(s->pid, SIGUSR1), "kill");
		if (next_note(s, &n))
			took_ns[received++] = n.at_ns - begun_ns;
	}
	print_latency(index, count, took_ns, received);
}

static int
latency(struct subject *subjects, int n, long rounds, long count)
{
	struct note first;

	for (int i = 0; i < n; i++) {
		launch(&subjects[i]);
		if (!next_note(&subjects[i], &first))
			die("no service");
	}
	for (long round = 0; round < rounds; round++)
		for (int i = 0; i < n; i++)
			send_one_at_a_time(&subjects[i], i, count);
	for (int i = 0; i < n; i++)
		end(&subjects[i]);
	return 0;
}

static void
send_spread(pid_t pid, long count)
{
	union sigval none = { 0 };
	int64_t next_ns = now_ns();

	for (long i = 0; i < count; i++) {
		sigqueue(pid, RT_SIGNAL, none);	/* a dead init loses it */
		if (i >= count / 2)
			next_ns += BURST_GAP_NS;
		while (now_ns() < next_ns)
			;
	}
}

/* Returns how many of count signals reached the service. */
static long
burst_once(struct subject *s, long count)
{
	long received = 0;
	struct note n;

	launch(s);
	send_spread(s->pid, count);
	while (received < count && next_note(s, &n))
		received += n.signal != 0;
	end(s);
	return received;
}

static int
burst(struct subject *subjects, int n, long starts, long count)
{
	long received[BENCH_SERVICES] = { 0 };

	set_mask(~0ULL);	/* the inits inherit it */
	for (long start = 0; start < starts; start++)
		for (int i = 0; i < n; i++)
			received[i] += burst_once(&subjects[i], count);
	for (int i = 0; i < n; i++)
		printf("%d %ld %ld\n", i, starts * count, received[i]);
	return 0;
}

int
main(int argc, char **argv)
{
	struct subject subjects[BENCH_SERVICES];
	char **commands[BENCH_SERVICES];
	long rounds, count;
	int n;

	if (argc == 2 && strcmp(argv[1], "service") == 0)
		serve();
	n = split_commands(argv, commands);
	rounds = n > 0 && argv[2] != NULL ? atol(argv[2]) : 0;
	count = rounds > 0 && argv[3] != NULL ? atol(argv[3]) : 0;
	if (count <= 0 || count > COUNT_MAX) {
		fprintf(stderr, "usage: signals latency|burst ROUNDS COUNT "
		                "+ INIT [ARG...] ...\n");
		return 2;
	}
	for (int i = 0; i < n; i++)
		subjects[i] = (struct subject){ .argv = commands[i] };
	if (strcmp(argv[1], "burst") == 0)
		return burst(subjects, n, rounds, count);
	return latency(subjects, n, rounds, count);
}
