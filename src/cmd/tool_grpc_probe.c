/* SPDX-License-Identifier: MIT */
/*
 * cmd/tool_grpc_probe.c - hale called grpc_health_probe: Go's flags
 *
 * "-name=value", "-name value" or with two dashes; a flag that is true or false
 * takes a value only behind '='. What follows the first other word is not read,
 * as Go does it.
 */
#include "cmd/tool.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/opt_words.h"
#include "client/check_grpc.h"
#include "client/checkopt.h"
#include "cmd/cmd.h"
#include "net/grpc.h"
#include "net/grpc_health.h"

enum probe_exit {
	PROBE_ARGUMENTS = 1,
	PROBE_CONNECTION = 2,
	PROBE_RPC = 3,
	PROBE_UNHEALTHY = 4,
};

struct probe {
	struct check_conf conf;	/* first: its headers' add() takes it */
	const char *addr, *service;
	int64_t     connect_ms, rpc_ms;
	bool        tls, ignored, unheard, version, help;
};

#define AT(field) offsetof(struct probe, field)
#define OPTS(OPT) \
	OPT(0, "addr", OPT_STR, AT(addr), "", "HOST:PORT, :PORT or unix:PATH", "", NULL, "") \
	OPT(0, "service", OPT_STR, AT(service), "", "none: all of the server", "", NULL, "") \
	OPT(0, "connect-timeout", OPT_SOME_MS, AT(connect_ms), "1s", "", "", NULL, "") \
	OPT(0, "rpc-timeout", OPT_SOME_MS, AT(rpc_ms), "1s", "", "", NULL, "") \
	OPT(0, "rpc-header", OPT_LIST, 0, "", "\"name: value\"", "", add_header, "") \
	OPT(0, "user-agent", OPT_STR, AT(conf.user_agent), "", "", "", NULL, "") \
	OPT(0, "tls", OPT_FLAG, AT(tls), "", "", "", NULL, "") \
	OPT(0, "tls-ca-cert", OPT_STR, AT(conf.cafile), "", "", "", NULL, "") \
	OPT(0, "tls-client-cert", OPT_STR, AT(conf.certfile), "", "", "", NULL, "") \
	OPT(0, "tls-client-key", OPT_STR, AT(conf.keyfile), "", "", "", NULL, "") \
	OPT(0, "tls-server-name", OPT_STR, AT(conf.tls_host), "", \
	    "whom the certificate must be for", "", NULL, "") \
	OPT(0, "tls-no-verify", OPT_FLAG, AT(conf.insecure), "", "do NOT verify it", "", NULL, "") \
	OPT(0, "gzip", OPT_FLAG, AT(ignored), "", "", "", NULL, "") \
	OPT(0, "v", OPT_FLAG, AT(ignored), "", "", "", NULL, "") \
	OPT(0, "verbose", OPT_FLAG, AT(ignored), "", "", "", NULL, "") \
	OPT(0, "alts", OPT_FLAG, AT(unheard), "", "", "", NULL, "") \
	OPT(0, "spiffe", OPT_FLAG, AT(unheard), "", "", "", NULL, "") \
	OPT(0, "version", OPT_FLAG, AT(version), "", "", "", NULL, "") \
	OPT(0, "help", OPT_FLAG, AT(help), "", "", "", NULL, "") \
	OPT(0, "h", OPT_FLAG, AT(help), "", "", "", NULL, "")

/* Of the functions of check_opt_adds. */
enum { OPT_ADD_NULL, OPT_ADD_add_status, OPT_ADD_add_header };
static const struct opt_group opts[] = {
	OPT_GROUP(OPTS, check_opt_adds),
	OPT_END
};

/* Go's log has no name in front. */
static void
write_start(struct buf *b, enum log_level level)
{
	(void)b;
	(void)level;
}

static bool
find(struct opt *o, struct span name)
{
	*o = (struct opt){ .group = opts };
	while (opt_next(o))
		if (span_is(name, o->name))
			return true;
	return false;
}

/* Reads one flag, and what follows it if that is its value. Returns the words
 * that it took, or 0 after saying what is wrong. */
static int
read_flag(struct probe *p, const char *word, const char *next)
{
	struct span value = span_of(word + 1 + (word[1] == '-')), name;
	struct opt o;
	int used = 1;

	name = span_cut(&value, '=');
	if (!find(&o, name)) {
		log_error("flag provided but not defined: -%.*s",
		          (int)name.len, name.p);
		return 0;
	}
	word = name.p + name.len;
	if (*word == '=') {
		word++;
	} else if (!opt_takes_value(&o)) {
		word = "true";
	} else if (next == NULL) {
		log_error("flag needs an argument: -%s", o.name);
		return 0;
	} else {
		word = next;
		used = 2;
	}
	if (opt_set(&o, p, word) == 0)
		return used;
	log_error("invalid value \"%s\" for flag -%s", word, o.name);
	return 0;
}

static bool
read_flags(struct probe *p, int argc, char **argv)
{
	int used;

	for (int i = 1; i < argc; i += used) {
		if (argv[i][0] != '-' || argv[i][1] == '\0'
		 || strcmp(argv[i], "--") == 0)
			break;
		used = read_flag(p, argv[i], i + 1 < argc ? argv[i + 1]
		                                          : NULL);
		if (used == 0)
			return false;
	}
	return true;
}

/* What is wrong with the flags as a whole, or NULL. */
static const char *
find_wrong(const struct probe *p)
{
	const struct check_conf *conf = &p->conf;

	if (p->addr == NULL || *p->addr == '\0')
		return "-addr not specified";
	if (p->unheard)
		return "-alts and -spiffe are not spoken here";
	if (!p->tls && (conf->insecure || conf->cafile != NULL
	             || conf->certfile != NULL || conf->keyfile != NULL
	             || conf->tls_host != NULL))
		return "specified a -tls flag without specifying -tls";
	if ((conf->certfile == NULL) != (conf->keyfile == NULL))
		return "-tls-client-cert and -tls-client-key need each other";
	return NULL;
}

/* Makes t the server of -addr. Returns NULL, or what was expected. */
static const char *
read_addr(const struct probe *p, struct target *t, struct buf *text,
          struct buf *memory)
{
	struct span addr = span_of(p->addr);
	const char *expected = "HOST:PORT";

	if (span_has_prefix(addr, "unix:")) {
		addr = span_after(addr, span_has_prefix(addr, "unix://")
		                        ? 7 : 5);
		*t = (struct target){
			.kind = TARGET_HTTP_UNIX,
			.host = addr.p,
			.url = { .host = span_of("localhost"), .port = 80 },
		};
		return p->tls ? "HOST:PORT with -tls" : NULL;
	}
	buf_fmt(text, "grpc%s://%s%s", p->tls ? "s" : "",
	        *addr.p == ':' ? "localhost" : "", addr.p);
	if (span_has(addr, '/') || text->cut
	 || target_read(t, buf_span(text), memory, &expected) < 0)
		return expected;
	return NULL;
}

static int
fail_connection(const struct probe *p, int err, const char *why)
{
	char memory[32];
	struct buf time = buf_over(memory, sizeof memory);

	buf_ms(&time, p->connect_ms);
	if (err == ERR_CAFILE || err == ERR_CERTFILE || err == ERR_KEYFILE) {
		log_error("failed to initialize tls credentials. error=%s",
		          why);
		return PROBE_ARGUMENTS;
	}
	if (err == ERR_TIMEOUT)
		log_error("timeout: failed to connect service \"%s\" within "
		          "%s", p->addr, buf_text(&time));
	else
		log_error("error: failed to connect service at \"%s\": %s",
		          p->addr, why);
	return PROBE_CONNECTION;
}

static int
fail_rpc(const struct probe *p, int err, uint32_t code, const char *why)
{
	char memory[32];
	struct buf time = buf_over(memory, sizeof memory);

	buf_ms(&time, p->rpc_ms);
	if (code == GRPC_UNIMPLEMENTED)
		log_error("error: this server does not implement the grpc "
		          "health protocol (grpc.health.v1.Health)");
	else if (err == ERR_TIMEOUT)
		log_error("timeout: health rpc did not complete within %s",
		          buf_text(&time));
	else
		log_error("error: health rpc failed: %s", why);
	return PROBE_RPC;
}

static int
probe(const struct probe *p, const struct target *t)
{
	char text[CHECK_WHY_MAX];
	struct buf why = buf_over(text, sizeof text);
	struct check_grpc_end end;
	int r = check_grpc_call(&p->conf, t,
	                        clock_after(clock_ms(), p->connect_ms),
	                        p->rpc_ms, &why, &end);
	const char *health = grpc_health_text(end.health);

	(void)buf_end_text(&why);
	if (!end.connected)
		return fail_connection(p, r, text);
	if (!end.has_health || end.code != GRPC_OK)
		return fail_rpc(p, r, end.code, text);
	if (r < 0) {
		log_error("service unhealthy (responded with \"%s\")",
		          health != NULL ? health : text);
		return PROBE_UNHEALTHY;
	}
	log_error("status: %s", health);
	return CMD_OK;
}

static int
print(const struct probe *p)
{
	char text[2048];
	struct buf b = buf_over(text, sizeof text);

	if (p->help)
		opt_write_help(&b, opts, OPT_HELP_COLUMN);
	else
		cmd_write_version(&b);
	return cmd_print(buf_span(&b));
}

static int
run(struct probe *p)
{
	char text[TARGET_MAX], room[TARGET_ROOM];
	struct buf b = buf_over(text, sizeof text);
	struct buf memory = buf_over(room, sizeof room);
	struct target t;
	const char *wrong = find_wrong(p);

	if (wrong != NULL) {
		log_error("error: %s", wrong);
		return PROBE_ARGUMENTS;
	}
	wrong = read_addr(p, &t, &b, &memory);
	if (wrong != NULL) {
		log_error("error: -addr \"%s\": expected %s", p->addr, wrong);
		return PROBE_ARGUMENTS;
	}
	if (p->service != NULL)
		t.service = span_of(p->service);
	if (p->conf.insecure)
		log_warn("-tls-no-verify: certificates are NOT verified");
	return probe(p, &t);
}

/* see cmd/tool.h */
int
tool_grpc_probe(int argc, char **argv)
{
	struct probe p = {
		.conf.user_agent = cmd_agent(),
		.connect_ms = 1000, .rpc_ms = 1000,
	};

	cmd_hold_streams();
	log_start_with(write_start);
	if (!read_flags(&p, argc, argv))
		return PROBE_ARGUMENTS;
	return p.help || p.version ? print(&p) : run(&p);
}
