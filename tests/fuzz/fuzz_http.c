/* SPDX-License-Identifier: MIT */
/* fuzz_http.c - bytes of a client: heads, queries, and the answer to them */
#include "fuzz.h"

#include "base/err.h"
#include "net/h2.h"
#include "sup/endpoints.h"

static const struct snapshot snapshot = {
	.version = "1", .state = "running", .program = "/app", .self = 1,
	.service_pid = 2, .next_start_ms = -1, .last_exit = "",
	.n_checks = 2,
	.checks = {
		{ .name = "service", .why = "",
		  .counts_for = VERDICT_STARTUP | VERDICT_READY
		              | VERDICT_LIVE },
		{ .name = "drain", .why = "draining",
		  .counts_for = VERDICT_READY, .fails = VERDICT_READY },
	},
};

static void
must_lie_inside(struct span s, const char *bytes, size_t len)
{
	/* The path of a URL without one is a static "/". */
	if (s.len == 0 || (s.len == 1 && *s.p == '/'))
		return;
	fuzz_must(s.p >= bytes && s.p + s.len <= bytes + len);
}

static void
must_be_answered(const struct server_ask *ask)
{
	static char memory[SERVER_OUT_MAX];
	struct buf out = buf_over(memory, sizeof memory);
	const struct endpoints_choice choice = endpoints_choose(ask, 0);

	fuzz_must(choice.effect != ENDPOINTS_DRAIN
	          || ask->kind == SERVER_LOCAL);
	endpoints_write(&out, &choice, &snapshot, ask);
	fuzz_must(!out.cut && out.len > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct server_ask ask = { .keep = true };
	int n = http_read_req(&ask.req, &ask.fault, bytes, size);

	fuzz_must(n <= (int)size && n <= HTTP_HEAD_MAX);
	if (n == 0)
		return 0;
	if (n < 0) {
		fuzz_must(n == ERR_PARSE || n == ERR_TOOBIG
		          || n == ERR_VERSION);
		ask.err = n;
		fuzz_must(ask.fault.what != NULL);
		must_lie_inside(ask.fault.where, bytes, size);
		ask.is_h2 = h2_is_preface(bytes, size);
	} else {
		must_lie_inside(ask.req.method, bytes, (size_t)n);
		must_lie_inside(ask.req.path, bytes, (size_t)n);
		must_lie_inside(ask.req.query, bytes, (size_t)n);
		must_lie_inside(ask.req.accept, bytes, (size_t)n);
	}
	must_be_answered(&ask);
	ask.kind = SERVER_PROBES;
	must_be_answered(&ask);
	ask.kind = SERVER_LOCAL;
	ask.peer_pid = 1;
	must_be_answered(&ask);
	return 0;
}
