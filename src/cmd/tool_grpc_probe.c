/* SPDX-License-Identifier: MIT */
/* cmd/tool_grpc_probe.c - hale called grpc_health_probe: its flags and codes */
#include "cmd/tool.h"

#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "client/check_grpc.h"
#include "client/checkopt.h"
#include "client/dial.h"
#include "cmd/cmd.h"
#include "net/grpc.h"
#include "net/grpc_health.h"

#define RETRY_MS 1000

enum probe_exit {
	PROBE_ARGUMENTS = 1,
	PROBE_CONNECTION = 2,
	PROBE_RPC = 3,
	PROBE_UNHEALTHY = 4,
};

struct probe {
	const char *addr, *service;
	int64_t     connect_ms, rpc_ms;
	bool        tls, ignored, version;
	struct check_conf conf;
};

#define AT(field) offsetof(struct probe, field)
#define OPTS(OPT) \
	OPT(0, "addr", OPT_STR, AT(addr), NULL) \
	OPT(0, "service", OPT_STR, AT(service), NULL) \
	OPT(0, "connect-timeout", OPT_SOME_MS, AT(connect_ms), NULL) \
	OPT(0, "rpc-timeout", OPT_SOME_MS, AT(rpc_ms), NULL) \
	OPT(0, "rpc-header", OPT_SECRETS, AT(conf), add_header) \
	OPT(0, "user-agent", OPT_STR, AT(conf.user_agent), NULL) \
	OPT(0, "tls", OPT_FLAG, AT(tls), NULL) \
	OPT(0, "tls-ca-cert", OPT_STR, AT(conf.cafile), NULL) \
	OPT(0, "tls-client-cert", OPT_STR, AT(conf.certfile), NULL) \
	OPT(0, "tls-client-key", OPT_STR, AT(conf.keyfile), NULL) \
	OPT(0, "tls-server-name", OPT_STR, AT(conf.tls_host), NULL) \
	OPT(0, "tls-no-verify", OPT_FLAG, AT(conf.insecure), NULL) \
	OPT(0, "gzip", OPT_FLAG, AT(ignored), NULL) \
	OPT(0, "v", OPT_FLAG, AT(ignored), NULL) \
	OPT(0, "verbose", OPT_FLAG, AT(ignored), NULL) \
	OPT(0, "version", OPT_FLAG, AT(version), NULL)

/* Of the functions of check_opt_adds. */
enum { OPT_ADD_NULL, OPT_ADD_add_status, OPT_ADD_add_header };
static const struct opt_group opts[] = {
	OPT_BARE_GROUP(OPTS, check_opt_adds),
	OPT_END
};

/* Go's log has no name in front. */
static void
write_start(struct buf *b, enum log_level level)
{
	(void)b;
	(void)level;
}

/* In the words of Go's package flag. */
static int
refuse(const struct opt_fail *f)
{
	int len = (int)f->name.len;
	bool is_secret = f->opt.kind == OPT_SECRETS;

	if (f->why == OPT_UNKNOWN)
		log_error("flag provided but not defined: %.*s", len,
		          f->name.p);
	else if (f->why == OPT_MISSING)
		log_error("flag needs an argument: %.*s", len, f->name.p);
	else
		log_error("invalid value \"%.*s\" for flag %.*s",
		          is_secret ? 0 : (int)f->value.len, f->value.p, len,
		          f->name.p);
	return PROBE_ARGUMENTS;
}

/* Are there flags of -tls that do not go together? */
static bool
has_wrong_pair(const struct probe *p)
{
	const struct check_conf *c = &p->conf;
	bool has_cert = c->certfile != NULL, has_key = c->keyfile != NULL;
	const char *flag = c->cafile != NULL ? "ca-cert"
	                 : c->tls_host != NULL ? "server-name" : NULL;
	const char *with = "out -tls";

	if (p->tls && c->insecure)
		with = " -tls-no-verify";
	else if (p->tls)
		flag = NULL;
	else if (flag == NULL && c->insecure)
		flag = "no-verify";
	else if (flag == NULL && has_cert)
		flag = "client-cert";
	if (flag == NULL && has_cert != has_key) {
		flag = "client-cert or -key";
		with = "out the other";
	}
	if (flag != NULL)
		log_error("error: specified -tls-%s with%s", flag, with);
	return flag != NULL;
}

/* Makes t the server of -addr. Returns what is wrong with it, or NULL. */
static const char *
read_addr(const struct probe *p, struct target *t, struct buf *text,
          struct buf *memory)
{
	struct span addr = span_of(p->addr);
	const char *unused;

	if (span_has_prefix(addr, "unix:")) {
		addr = span_after(addr, span_has_prefix(addr, "unix://")
		                        ? 7 : 5);
		*t = (struct target){
			.kind = TARGET_HTTP_UNIX,
			.host = addr.p,
			.url = { .host = span_of("localhost"), .port = 80 },
		};
		return p->tls ? "cannot be with -tls"
		     : dial_is_unix(addr) ? NULL
		     : "expected 1 to " BUF_DIGITS(TARGET_SOCKET_MAX)
		       " bytes after unix:";
	}
	buf_fmt(text, "grpc%s://%s%s", p->tls ? "s" : "",
	        *addr.p == ':' ? "localhost" : "", addr.p);
	if (span_has(addr, '/') || text->cut
	 || target_read(t, buf_span(text), memory, &unused) < 0)
		return "expected HOST:PORT";
	t->url.has_scheme = false;	/* a flag says it, not a URL */
	return NULL;
}

/* Says why there was no verdict. Returns the exit code. */
static int
fail(const struct probe *p, const struct grpc_reply *reply, int err,
     const char *why)
{
	char memory[32];
	struct buf time = buf_over(memory, sizeof memory);
	bool connected = reply->frames > 0;

	buf_ms(&time, connected ? p->rpc_ms : p->connect_ms);
	(void)buf_text(&time);
	if (reply->code == GRPC_UNIMPLEMENTED)
		log_error("error: this server does not implement the grpc "
		          "health protocol (grpc.health.v1.Health)");
	else if (reply->code == GRPC_DEADLINE_EXCEEDED
	      || (connected && err == ERR_TIMEOUT))
		log_error("timeout: health rpc did not complete within %s",
		          memory);
	else if (connected)
		log_error("error: health rpc failed: %s", why);
	else if (err == ERR_TIMEOUT)
		log_error("timeout: failed to connect service \"%s\" within "
		          "%s", p->addr, memory);
	else
		log_error("error: failed to connect service at \"%s\": %s",
		          p->addr, why);
	if (err == ERR_CAFILE || err == ERR_CERTFILE || err == ERR_KEYFILE
	 || (err == ERR_TOOBIG && !connected))	/* the request */
		return PROBE_ARGUMENTS;
	return connected ? PROBE_RPC : PROBE_CONNECTION;
}

/* A server that is not there yet is called again as long as -connect-timeout
 * allows, which is once by default: grpc-go, too, waits a second in between. */
static int
call(const struct probe *p, const struct target *t, struct buf *why,
     struct grpc_reply *reply)
{
	const struct timespec pause = { .tv_sec = RETRY_MS / 1000 };
	int64_t end_ms = clock_after(clock_ms(), p->connect_ms);

	for (;;) {
		int r = check_grpc_call(&p->conf, t, end_ms, p->rpc_ms, why,
		                        reply);

		if (reply->frames > 0 || (r < ERR_FIRST && r != ERR_NONAME)
		 || clock_ms() + RETRY_MS >= end_ms)
			return r;
		why->len = 0;
		(void)nanosleep(&pause, NULL);
	}
}

static int
probe(const struct probe *p, const struct target *t)
{
	char memory[CHECK_WHY_MAX], text[CHECK_WHY_MAX];
	struct buf why = buf_over(memory, sizeof memory);
	struct buf plain = buf_over(text, sizeof text);
	struct grpc_reply reply;
	const char *health;
	int r;

	if (p->conf.insecure)
		log_warn("certificates are NOT verified");
	r = call(p, t, &why, &reply);
	buf_plain(&plain, buf_span(&why));
	(void)buf_end_text(&plain);
	if (!reply.has_health)
		return fail(p, &reply, r, text);
	health = grpc_health_text(reply.health);
	if (health == NULL)
		health = text;
	if (r == 0)
		log_error("status: %s", health);
	else
		log_error("service unhealthy (responded with \"%s\")", health);
	return r == 0 ? CMD_OK : PROBE_UNHEALTHY;
}

static int
run(const struct probe *p)
{
	char text[TARGET_MAX], room[TARGET_ROOM];
	struct buf b = buf_over(text, sizeof text);
	struct buf memory = buf_over(room, sizeof room);
	const char *wrong;
	struct target t;

	if (p->version)
		return cmd_print_version();
	if (has_wrong_pair(p))
		return PROBE_ARGUMENTS;
	if (span_has_control(span_of(p->conf.user_agent), false)) {
		log_error("error: -user-agent: control character");
		return PROBE_ARGUMENTS;
	}
	wrong = read_addr(p, &t, &b, &memory);
	if (wrong != NULL) {
		log_error("error: -addr \"%s\": %s", p->addr, wrong);
		return PROBE_ARGUMENTS;
	}
	t.service = span_of(p->service);
	return probe(p, &t);
}

/* see cmd/tool.h */
int
tool_grpc_probe(int argc, char **argv)
{
	struct probe p = {
		.conf.user_agent = cmd_agent(),
		.addr = "", .service = "", .connect_ms = 1000, .rpc_ms = 1000,
	};
	struct opt_fail fail;

	cmd_hold_streams();
	log_start_with(write_start);
	return opt_parse_go(opts, &p, argc, argv, &fail) < 0 ? refuse(&fail)
	                                                     : run(&p);
}
