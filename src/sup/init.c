/* SPDX-License-Identifier: MIT */
/*
 * sup/init.c - PID-1 duties: opens everything, reads signals, turns the loop
 *
 * Events come in as signals, timers and probes; service.c decides, keeper.c
 * does it. Everything is opened before the service starts, so that whatever can
 * fail fails while there is nobody to lose.
 */
#include "sup/init.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/relro.h"
#include "sup/fds.h"
#include "sup/keeper.h"
#include "sup/lifecycle_status.h"
#include "sup/lifecycle_time.h"
#include "sup/proc.h"
#include "sup/reaper.h"
#include "sup/reason.h"
#include "sup/respond.h"
#include "sup/terminal.h"
#include "sup/tree.h"

#define TURN_FAILED_MS 1000	/* pause after a wait that cannot fail failed */
#define READ_FAILED_MS 1000	/* the same for a read of signals */
#define WHY_MAX       224	/* bytes of why something cannot be set up */
#define FDS_LEAST     6	/* 0 to 2, signals, epoll, timer: nothing can do less */

static struct init the_init;	/* zeroed pages that cost nothing untouched */

static void
signals_expired(struct source *s)
{
	struct init *in = &the_init;

	s->deadline_ms = CLOCK_NEVER;
	if (in->signals_paused && loop_change(&in->loop, s, EPOLLIN) < 0)
		s->deadline_ms = clock_ms() + READ_FAILED_MS;
	else
		in->signals_paused = false;
	reaper_reap(in);
}

/* Not known to happen, but a hot loop would be worse than late signals. */
static void
pause_signals(struct init *in, int err)
{
	log_error("cannot read signals for a second: %s", err_text(err));
	in->signals_paused = true;
	(void)loop_change(&in->loop, &in->signals, 0);
	in->signals.deadline_ms = clock_ms() + READ_FAILED_MS;
}

/* --- signals --- */

/* The shell's fg and bg reach the service too where it is in our group; a
 * second SIGCONT could undo the next Ctrl-Z. */
static bool
was_resumed_with_us(struct init *in)
{
	bool resumed = in->resumed;

	in->resumed = false;
	return resumed;
}

static void
forward(struct init *in, int sig, const struct signalfd_siginfo *info)
{
	bool to_group = in->plan->group;
	int r;

	if (in->pid == 0)
		return;
	if (sig == SIGCONT && in->terminal_fd >= 0) {
		/* Back in the foreground: Ctrl-Z had stopped the whole group. */
		reaper_hand_over(in);
		to_group = true;
		if (was_resumed_with_us(in))
			return;
	}
	r = keeper_signal(in, to_group, sig, info);
	keeper_note_reach(in, r);
	in->unreachable = false;	/* nothing waits for it */
	in->forwarded += r >= 0;
	keeper_tell_signal(in, r >= 0 ? "forwarded" : "cannot forward", sig);
}

/* A key's signal, ignored by us when started: a shell without job control does
 * so for what it starts with `&`, and the keys are not meant for that. */
static bool
was_given_ignored(int sig)
{
	struct sigaction given;

	return sigaction(sig, NULL, &given) == 0
	    && given.sa_handler == SIG_IGN;
}

/* The service has got it too: no drain can come before that. */
static void
stop_by_key(struct init *in, int sig)
{
	if (was_given_ignored(sig))
		return;
	if (in->pid > 0)
		keeper_tell_signal(in, "the terminal sent", sig);
	in->stop_signal = in->stop_came = sig;
	in->key_stop = true;
	keeper_step(in, EV_STOP);
	if (in->lifecycle.state == SVC_DRAINING)
		keeper_step(in, EV_STOP);
	in->key_stop = false;
}

static bool
is_in_our_group(const struct init *in)
{
	return in->rules.shares_group && in->pid > 0
	    && getpgid(in->pid) == getpgrp();
}

/* `kill 0` in a script is meant for its own group, in which hale happens to be.
 * It cannot be told from a signal to hale alone: so that is said. */
static bool
is_for_its_group(const struct init *in, const struct signalfd_siginfo *info)
{
	pid_t from = (pid_t)info->ssi_pid;

	if (!in->rules.shares_group || info->ssi_code > 0
	 || info->ssi_signo == SIGCHLD
	 || from <= 0	/* from outside of our PID namespace */
	 || !is_in_our_group(in) || !proc_descends(from, in->pid))
		return false;
	keeper_tell_signal(in, "the service itself, which shares hale's "
	                   "process group, sent", (int)info->ssi_signo);
	return true;
}

static void
stop(struct init *in, int sig, const struct signalfd_siginfo *info)
{
	in->stop_signal = sig;
	in->stop_came = (int)info->ssi_signo;
	in->stop_from = *info;
	keeper_step(in, EV_STOP);
}

/* Returns whether children are to be reaped. */
static bool
handle_signal(struct init *in, const struct signalfd_siginfo *info)
{
	struct signals_route to = signals_decide(&in->rules, info);

	if (is_for_its_group(in, info))
		return false;
	if (info->ssi_signo == SIGTSTP)	/* it has discarded any SIGCONT */
		in->resumed = false;
	switch (to.kind) {
	case SIGNALS_IGNORE:
		break;
	case SIGNALS_REAP:
		return true;
	case SIGNALS_FORWARD:
		forward(in, to.sig, info);
		break;
	case SIGNALS_STOP:
		stop(in, to.sig, info);
		break;
	case SIGNALS_STOP_SENT:
		if (!is_in_our_group(in) && in->pid > 0)
			stop(in, to.sig, info);	/* it has left the group */
		else
			stop_by_key(in, to.sig);
		break;
	}
	return false;
}

static void
signals_ready(struct source *s, uint32_t events)
{
	struct init *in = &the_init;
	ssize_t n = read(s->fd, in->batch, sizeof in->batch);
	bool children = false;

	(void)events;
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		pause_signals(in, -errno);
	for (ssize_t i = 0; i < n / (ssize_t)sizeof in->batch[0]; i++)
		children |= handle_signal(in, &in->batch[i]);
	if (children && !in->leaving)
		reaper_reap(in);
}

/* --- health --- */

static void
health_changed(void *owner, bool is_live)
{
	struct init *in = owner;
	struct buf b = buf_over(in->sick, sizeof in->sick);

	if (is_live) {
		log_warn("%s is live again", self_program(in));
	} else {
		reason_write_unlive(&b, &in->monitor);
		log_warn("%s is not live: %s", self_program(in), buf_text(&b));
	}
	keeper_step(in, is_live ? EV_HEALTHY : EV_UNHEALTHY);
}

static void
readiness_changed(void *owner, bool is_ready)
{
	keeper_step(owner, is_ready ? EV_READY : EV_UNREADY);
}

static void
time_extended(void *owner, int64_t until_ms)
{
	struct init *in = owner;

	lifecycle_extend(&in->lifecycle, until_ms);
	in->timer.deadline_ms = in->lifecycle.deadline_ms;
}

/* --- start --- */

/* err in words, with the limit where it is the one of descriptors. */
static void
write_why(struct buf *b, int err)
{
	buf_str(b, err_text(err));
	if (err == -EMFILE)
		buf_fmt(b, ": RLIMIT_NOFILE is %ld and hale needs %d, and one "
		        "more for each --listen and for --notify",
		        fds_limit(), FDS_LEAST);
}

/* The same of a call that nothing but a filter refuses; with b's NUL. */
static const char *
why_not(struct buf *b, int err)
{
	write_why(b, err);
	if (err == -EPERM || err == -ENOSYS)
		buf_str(b, " (denied by seccomp?)");
	return buf_text(b);
}

/* Docker sets the rule off for its containers, containerd 1.6 and Kubernetes
 * with it do not. */
static void
write_why_no_port(struct buf *b, const struct sock_addr *at, int err)
{
	write_why(b, err);
	if (err == -EACCES && sock_port(at) > 0)
		buf_str(b, ": ports below the sysctl "
		        "net.ipv4.ip_unprivileged_port_start (1024 unless set) "
		        "need CAP_NET_BIND_SERVICE: add it, lower the sysctl, "
		        "or use a higher port");
}

static int
setup_failed(const char *call, int err)
{
	char words[WHY_MAX];
	struct buf b = buf_over(words, sizeof words);

	log_error("cannot set up: %s: %s", call, why_not(&b, err));
	return err;
}

static int
open_signals(struct init *in)
{
	int fd = signals_open(), r;

	if (fd == -EMFILE) {
		fds_raise();
		fd = signals_open();
	}
	if (fd >= 0 && fd <= STDERR_FILENO) {	/* a standard stream is closed */
		close(fd);
		r = fds_fill_standard();
		if (r < 0)
			return setup_failed("open", r);
		fd = signals_open();
	}
	if (fd < 0)
		return setup_failed("signalfd4", fd);
	in->signals = (struct source){
		.fd = fd,
		.deadline_ms = CLOCK_NEVER,
		.ready = signals_ready,
		.expired = signals_expired,
	};
	return 0;
}

/* Opens the loop's own descriptors. */
static int
open_epoll(struct init *in)
{
	int r = loop_init(&in->loop);

	if (r == -EMFILE) {
		if (in->loop.fd >= 0)
			close(in->loop.fd);
		fds_raise();
		r = loop_init(&in->loop);
	}
	if (r == 0)
		return 0;
	return setup_failed(in->loop.fd < 0 ? "epoll_create1"
	                    : in->loop.timer_fd < 0 ? "timerfd_create"
	                    : "epoll_ctl", r);
}

static int
add_sources(struct init *in)
{
	int r = loop_add(&in->loop, &in->signals, EPOLLIN);

	in->timer = (struct source){
		.fd = -1,
		.deadline_ms = CLOCK_NEVER,
		.expired = keeper_expired,
	};
	if (r == 0)
		r = loop_add(&in->loop, &in->timer, 0);
	return r < 0 ? setup_failed("epoll_ctl", r) : 0;
}

static int
open_loop(struct init *in)
{
	int r = open_signals(in);

	if (r == 0)
		r = open_epoll(in);
	if (r == 0)
		r = add_sources(in);
	return r;
}

/* More of them than every hale, before the service is started? */
static bool
needs_descriptors(const struct init_plan *plan)
{
	return plan->n_listen > 0 || plan->monitor.notify
	    || plan->monitor.notify_fd > 0 || plan->monitor.watchdog_ms > 0;
}

/* A port that cannot be had is told before anything is started. */
static int
open_listeners(struct init *in)
{
	for (size_t i = 0; i < in->plan->n_listen; i++) {
		char text[SOCK_NAME_MAX + WHY_MAX];
		struct buf b = buf_over(text, sizeof text);
		struct listen_place *l = &in->plan->listen[i];
		int fd = sock_listen(&l->at);
		int r = fd;

		if (fd >= 0)
			r = server_listen(&in->server, fd, l->probes_only
			                  ? SERVER_PROBES : SERVER_PUBLIC);
		listen_write(&b, l);
		if (r < 0) {
			buf_str(&b, ": ");
			write_why_no_port(&b, &l->at, r);
			log_error("cannot listen on %s", buf_text(&b));
			return r;
		}
		log_info("listening on %s", buf_text(&b));
	}
	return 0;
}

static int
open_watch(struct init *in)
{
	const struct monitor_owner owner = {
		in, health_changed, readiness_changed, time_extended,
		reaper_lives, reaper_named,
	};
	bool again = lifecycle_restarts(&in->plan->lifecycle);
	char words[WHY_MAX];
	struct buf b = buf_over(words, sizeof words);
	int r = monitor_open(&in->monitor, &in->room, &in->plan->monitor,
	                   &in->plan->given, &in->loop, owner);

	in->launch.settings = in->plan->settings;
	if (r == 0)
		r = launch_prepare(&in->launch, in->plan->argv, &in->plan->given,
		                   in->terminal_fd, &in->monitor,
		                   again || in->plan->monitor.n_checks > 0);
	if (r < 0)
		log_error("cannot set up the watch: %s", why_not(&b, r));
	in->monitor.cwd_fd = in->launch.child.cwd_fd;
	in->launch.child.shares_group = in->rules.shares_group;
	return r;
}

/* An exec keeps the attribute: whoever started hale may have set it. */
static bool
is_subreaper(void)
{
	int is = 0;

	return prctl(PR_GET_CHILD_SUBREAPER, &is) == 0 && is != 0;
}

static void
become_reaper(const struct init *in)
{
	bool needs = in->plan->follow_orphan || in->plan->lifecycle.linger_ms > 0;

	if (in->rules.self == 1 || (!in->plan->subreaper && is_subreaper()))
		return;
	if (!in->plan->subreaper)
		log_warn("not PID 1 and not a subreaper (-s): orphans of the "
		         "service are not reaped here%s", needs
		         ? "; --linger and --follow-orphan do nothing" : "");
	else if (prctl(PR_SET_CHILD_SUBREAPER, 1L) < 0)
		log_warn("cannot become a subreaper: %s", err_text(-errno));
}

/* The parent may have died before prctl(): then nobody else says so. */
static void
watch_parent(const struct init *in, pid_t parent)
{
	int sig = in->plan->parent_signal;

	if (sig == 0)
		return;
	if (prctl(PR_SET_PDEATHSIG, (long)sig) < 0)
		log_warn("cannot watch the parent: %s", err_text(-errno));
	else if (getppid() != parent)
		(void)kill(in->rules.self, sig);
}

/* Here, since after the start of a service nothing is allocated any more; and
 * mapped, since with a small RLIMIT_AS hale could not even be loaded else. */
static void
give_room(struct init *in)
{
	void *room = mmap(NULL, sizeof *in->server.room,
	                  PROT_READ | PROT_WRITE,
	                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (room != MAP_FAILED)
		in->server.room = room;
	else if (in->plan->n_listen > 0)
		log_warn("no memory for slow clients (RLIMIT_AS leaves less "
		         "than %zu KiB): requests in parts are cut off",
		         sizeof *in->server.room / 1024);
}

/* A hung service would be ready for ever, and a starting one at once. */
static void
warn_of_blind_probes(const struct init_plan *plan)
{
	const struct monitor_plan *w = &plan->monitor;

	if (plan->n_listen > 0 && w->n_checks == 0 && !w->notify
	 && w->notify_fd == 0)
		log_warn("--listen without --check, --notify or --notify-fd: "
		         "%s only whether the process runs",
		         w->watchdog_ms > 0 ? "readiness knows" : "probes know");
}

/* What is not needed to start the service is done while it starts. */
static void
settle(struct init *in)
{
	int ours[SERVER_LISTEN_MAX + INBOX_FDS_MAX + 5];
	size_t n = inbox_fds(&in->monitor.inbox, ours);

	relro_protect();
	ours[n++] = in->loop.fd;
	ours[n++] = in->loop.timer_fd;
	ours[n++] = in->signals.fd;
	for (size_t i = 0; i < in->server.n_listeners; i++)
		ours[n++] = in->server.listeners[i].source.fd;
	if (in->launch.child.cwd_fd > 0)
		ours[n++] = in->launch.child.cwd_fd;
	if (in->exec != NULL)
		ours[n++] = in->exec->source.fd;
	if (in->terminal_fd > STDERR_FILENO)
		ours[n++] = in->terminal_fd;
	/* A second start passes on what hale was given, like the first. */
	if (!lifecycle_restarts(&in->plan->lifecycle))
		fds_close_others(ours, n);
	keeper_started(in);
	fds_raise();	/* for connections and checks */
	give_room(in);
	warn_of_blind_probes(in->plan);
	/* Else a mount that hale happened to be started in stays busy. */
	if (!in->launch.stays)
		(void)!chdir("/");
}

/* What SIGTERM is made of, for a stop of our own. */
static int
default_stop(const struct init *in)
{
	const struct signalfd_siginfo term = { .ssi_signo = SIGTERM };
	struct signals_route to = signals_decide(&in->rules, &term);

	return to.kind == SIGNALS_STOP ? to.sig : SIGTERM;
}

static void
prepare(struct init *in, struct init_plan *plan)
{
	pid_t self = getpid();

	in->plan = plan;
	in->uid = geteuid();
	/* A container that has a terminal has it as 0-2: no call is lost. */
	in->terminal_fd = terminal_find(self != 1);
	in->rules = (struct signals_rules){
		.stop_signal = plan->stop_signal,
		.stops = plan->stops,
		.own_session = in->terminal_fd < 0,
		.self = self,
	};
	memcpy(in->rules.rewrite, plan->rewrite, sizeof plan->rewrite);
	in->stop_signal = default_stop(in);
	keeper_choose_group(in);
	server_init(&in->server, &in->loop, respond_to_probe, in);
}

/* --- end --- */

static void
clean_up(struct init *in)
{
	if (in->rules.self != 1)	/* with PID 1 the kernel ends them all */
		monitor_close(&in->monitor);
	if (in->rules.self != 1 && in->lifecycle.killed)
		tree_finish(LIFECYCLE_KILL_AGAIN_MS);
	if (in->terminal_fd >= 0 && in->group > 0)
		terminal_take(in->terminal_fd, in->group);
	/* Listeners are opened in the plan's order: these are ours. */
	for (size_t i = 0; i < in->plan->n_listen; i++)
		if (i < in->server.n_listeners)
			sock_unlink(&in->plan->listen[i].at);
}

static int
serve(struct init *in)
{
	lifecycle_started(&in->lifecycle, &in->plan->lifecycle,
	                  in->rules.self == 1, in->started_ms);
	settle(in);
	while (!in->leaving) {
		int r = loop_turn(&in->loop);

		if (r < 0) {	/* not known to happen; never a hot loop */
			log_error("waiting for events: %s", err_text(r));
			(void)poll(NULL, 0, TURN_FAILED_MS);
		}
	}
	if (in->unstarted != 0)
		return in->unstarted;
	return in->lifecycle.sickened ? INIT_UNHEALTHY : keeper_code(in);
}

/* see sup/init.h */
int
init_run(struct init_plan *plan)
{
	struct init *in = &the_init;
	pid_t parent = plan->parent_signal != 0 ? getppid() : 0;
	int code = INIT_FAILED;

	if (open_loop(in) < 0)
		return INIT_FAILED;
	prepare(in, plan);
	watch_parent(in, parent);
	become_reaper(in);
	if (needs_descriptors(plan))
		fds_raise();
	if (open_listeners(in) == 0 && open_watch(in) == 0) {
		local_open(&in->local, &in->loop, &in->server);
		code = keeper_start(in, false);
		if (code == 0)
			code = serve(in);
	}
	clean_up(in);
	return code;
}
