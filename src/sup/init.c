/* SPDX-License-Identifier: MIT */
/*
 * sup/init.c - PID 1: opens everything, joins the parts, turns the loop
 *
 * A signal goes to signal_reader, a dead child to reaper, a probe to
 * probe_answer, and each of them to the keeper, which starts the service and
 * says when all is over. Everything is opened before the service starts, so
 * that whatever can fail fails while there is nobody to lose.
 */
#include "sup/init_state.h"

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
#include "net/sock.h"
#include "sup/fds.h"
#include "sup/probe_answer.h"
#include "sup/terminal.h"
#include "sup/tree.h"

#define TURN_FAILED_MS 1000	/* pause after a wait that cannot fail failed */
#define WHY_MAX       224	/* bytes of why something cannot be set up */
#define FDS_LEAST     6	/* 0 to 2, signals, epoll, timer: nothing can do less */

static struct init the_init;	/* zeroed pages that cost nothing untouched */

/* --- start --- */

/* err in words, with the limit where it is the one of descriptors. */
static void
write_why(struct buf *b, int err)
{
	buf_str(b, err_text(err));
	if (err != -EMFILE)
		return;
	buf_fmt(b, ": RLIMIT_NOFILE is %ld and hale needs %d", fds_limit(),
	        FDS_LEAST);
	if (the_init.plan->service.tell == NULL)
		buf_str(b, ", and one more for each --listen and for "
		        "--notify");
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
write_why_no_port(struct buf *b, const struct addr_bind *to, int err)
{
	write_why(b, err);
	if (err == -EACCES && addr_port(&to->addr) > 0)
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
	if (fd >= 0 && fd <= STDERR_FILENO) {	/* a stream is closed */
		close(fd);
		r = fds_fill_standard();
		if (r < 0)
			return setup_failed("open", r);
		fd = signals_open();
	}
	if (fd < 0)
		return setup_failed("signalfd4", fd);
	in->signals.source = (struct source){
		.fd = fd,
		.deadline_ms = CLOCK_NEVER,
		.ready = signal_reader_ready,
		.expired = signal_reader_expired,
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
	int r = loop_add(&in->loop, &in->signals.source, EPOLLIN);

	in->reaper.again = (struct source){
		.fd = -1,
		.deadline_ms = CLOCK_NEVER,
		.expired = reaper_expired,
	};
	if (r == 0)
		r = loop_add(&in->loop, &in->reaper.again, 0);
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
	const struct monitor_plan *m = &plan->service.monitor;

	return plan->n_listen > 0 || m->notify || m->notify_fd > 0
	    || m->watchdog_ms > 0;
}

/* A port that cannot be had is logged before anything is started. */
static int
open_listeners(struct init *in)
{
	for (size_t i = 0; i < in->plan->n_listen; i++) {
		char text[ADDR_TEXT_MAX + WHY_MAX];
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
open_keeper(struct init *in)
{
	char words[WHY_MAX];
	struct buf b = buf_over(words, sizeof words);
	int r = keeper_open(&in->keeper);

	if (r < 0)
		log_error("cannot set up checks and notifications: %s",
		          why_not(&b, r));
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
	const struct keeper_plan *service = &in->plan->service;
	bool needs = service->follow_orphan || service->lifecycle.linger_ms > 0;

	if (in->rules.self == 1 || (!in->plan->subreaper && is_subreaper()))
		return;
	if (!in->plan->subreaper && service->tell != NULL)
		service->tell(NEWS_NO_REAPER, "", in->rules.self, 0, NULL);
	else if (!in->plan->subreaper)
		log_warn("not PID 1 and not a subreaper (-s): orphans of the "
		         "service are not reaped here%s", needs
		         ? "; --linger and --follow-orphan do nothing" : "");
	else if (prctl(PR_SET_CHILD_SUBREAPER, 1L) < 0)
		log_warn("cannot become a subreaper: %s", err_text(-errno));
}

/* The parent may have died before prctl(): then nobody else says so. */
static void
mind_parent(const struct init *in, pid_t parent)
{
	int sig = in->plan->parent_signal;

	if (sig == 0)
		return;
	if (prctl(PR_SET_PDEATHSIG, (long)sig) < 0)
		log_warn("cannot watch the parent: %s", err_text(-errno));
	else if (getppid() != parent)
		(void)kill(in->rules.self, sig);
}

static bool
has_server(const struct init *in)
{
	return !in->plan->no_local || in->plan->n_listen > 0;
}

/* Here, since after the start of a service nothing is allocated any more; and
 * mapped, since with a small RLIMIT_AS hale could not even be loaded else. */
static void
give_room(struct init *in)
{
	void *room;

	if (!has_server(in))
		return;
	room = mmap(NULL, sizeof *in->server.room, PROT_READ | PROT_WRITE,
	            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (room != MAP_FAILED)
		in->server.room = room;
	else if (in->plan->n_listen > 0)
		log_warn("no memory for slow clients (RLIMIT_AS leaves less "
		         "than %lu KiB): requests in parts are cut off, and "
		         "HTTP/2 is refused",
		         (unsigned long)sizeof *in->server.room / 1024);
}

/* A hung service would be ready for ever, and a starting one at once. */
static void
warn_of_blind_probes(const struct init_plan *plan)
{
	const struct monitor_plan *m = &plan->service.monitor;

	if (plan->n_listen > 0 && m->n_checks == 0 && !m->notify
	 && m->notify_fd == 0)
		log_warn("--listen without --check, --notify or --notify-fd: "
		         "%s only whether the process runs", m->watchdog_ms > 0
		         ? "readiness knows" : "probes know");
}

/* What is not needed to start the service is done while it starts. */
static void
follow_start(struct init *in)
{
	int ours[SERVER_LISTEN_MAX + KEEPER_FDS_MAX + 3];
	size_t n = keeper_fds(&in->keeper, ours);

	relro_protect();
	ours[n++] = in->loop.fd;
	ours[n++] = in->loop.timer_fd;
	ours[n++] = in->signals.source.fd;
	for (size_t i = 0; i < in->server.n_listeners; i++)
		ours[n++] = in->server.listeners[i].source.fd;
	/* A second start passes on what hale was given, like the first. */
	if (!lifecycle_restarts(&in->plan->service.lifecycle))
		fds_close_others(ours, n);
	keeper_follow_start(&in->keeper);
	fds_raise();	/* for connections and checks */
	give_room(in);
	warn_of_blind_probes(in->plan);
	/* Else a mount that hale happened to be started in stays busy. */
	if (!in->keeper.launch.stays)
		(void)!chdir("/");
}

static void
set_rules(struct init *in, pid_t self, bool has_terminal)
{
	in->rules = (struct signals_rules){
		.stop_signal = in->plan->stop_signal,
		.stops = in->plan->stops,
		.own_session = !has_terminal,
		/* The kernel stops no PID 1 by that, and yet would discard a
		 * SIGCONT that has come meanwhile. */
		.suspends = in->plan->suspends && self != 1,
		.self = self,
	};
	memcpy(in->rules.rewrite, in->plan->rewrite, sizeof in->rules.rewrite);
}

/* Each part gets the others that it hands things to. */
static void
join_parts(struct init *in)
{
	in->jobs.keeper = &in->keeper;
	in->reaper.keeper = &in->keeper;
	in->reaper.monitor = &in->monitor;
	in->reaper.jobs = &in->jobs;
	in->reaper.warns_of_orphans = in->plan->warn_on_reap;
	in->signals.loop = &in->loop;
	in->signals.rules = &in->rules;
	in->signals.keeper = &in->keeper;
	in->signals.reaper = &in->reaper;
	in->signals.jobs = &in->jobs;
	in->signals.room = &in->signals_room;
}

static void
prepare(struct init *in, struct init_plan *plan)
{
	pid_t self = getpid();
	struct keeper_world world = {
		.loop = &in->loop,
		.monitor = &in->monitor, .monitor_room = &in->monitor_room,
		.rules = &in->rules,
		.n_listen = plan->n_listen, .listen = plan->listen,
		.reap_soon = reaper_reap_soon, .owner = &in->reaper,
	};

	in->uid = geteuid();
	/* A container that has a terminal has it as 0-2: no call is lost. */
	world.terminal_fd = terminal_find(self != 1);
	set_rules(in, self, world.terminal_fd >= 0);
	join_parts(in);
	keeper_init(&in->keeper, &in->keeper_room, &plan->service, &world);
	if (has_server(in))
		server_init(&in->server, &in->loop, probe_answer,
		            probe_services, in);
}

/* --- end --- */

static void
clean_up(struct init *in)
{
	const struct keeper *k = &in->keeper;

	/* Its number is free only once all of it is reaped, and then the
	 * kernel goes through all the others before it comes again. */
	if (in->plan->end_signal > 0 && k->group > 0 && k->pid == 0)
		(void)kill(-k->group, in->plan->end_signal);
	if (in->rules.self != 1)	/* else the kernel ends them all */
		monitor_close(&in->monitor);
	if (in->rules.self != 1 && k->lifecycle.killed)
		tree_finish(LIFECYCLE_KILL_AGAIN_MS);
	if (k->with.terminal_fd >= 0 && k->group > 0)
		terminal_take(k->with.terminal_fd, k->group);
	/* Listeners are opened in the plan's order: these are ours. */
	for (size_t i = 0; i < in->plan->n_listen; i++)
		if (i < in->server.n_listeners)
			sock_unlink(&in->plan->listen[i].at.addr);
}

static int
serve(struct init *in)
{
	follow_start(in);
	while (!in->keeper.is_over) {
		int r = loop_turn(&in->loop);

		if (r < 0) {	/* not known to happen; never a hot loop */
			log_error("waiting for events: %s", err_text(r));
			(void)poll(NULL, 0, TURN_FAILED_MS);
		}
		if (has_server(in))
			server_tell(&in->server);
	}
	if (has_server(in))
		server_leave(&in->server);
	return in->keeper.exit_code;
}

/* see sup/init.h */
int
init_run(struct init_plan *plan)
{
	struct init *in = &the_init;
	pid_t parent = plan->parent_signal != 0 ? getppid() : 0;
	int code = INIT_FAILED;

	in->plan = plan;
	if (open_loop(in) < 0)
		return INIT_FAILED;
	prepare(in, plan);
	mind_parent(in, parent);
	become_reaper(in);
	if (needs_descriptors(plan))
		fds_raise();
	if (open_listeners(in) == 0 && open_keeper(in) == 0) {
		if (!plan->no_local)
			local_socket_open(&in->local, &in->loop, &in->server);
		code = keeper_start(&in->keeper);
		if (code == 0)
			code = serve(in);
		else if (plan->unstarted_code != 0)
			code = plan->unstarted_code;
	}
	clean_up(in);
	return code;
}
