/* SPDX-License-Identifier: MIT */
/* cmd/supervisor.c - one request to this container's hale, failures in words */
#include "cmd/supervisor.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "sup/local_client.h"
#include "sup/proc.h"

/* Who is PID 1, if not a hale that starts a service. */
static void
log_absence(void)
{
	char first[PROC_NAME_LEN + 1];
	const char *name = first, *cure = "ENTRYPOINT must stay hale's";

	if (getpid() == 1) {
		name = "this command";
		cure = "use docker exec";
	} else if (proc_name(1, first) <= 0) {
		name = "unknown";
	} else if (strncmp(first, "hale", 4) == 0) {
		cure = "it starts no service here";
	}
	log_error("no supervisor answers here: PID 1 is %s; %s", name, cure);
}

static void
log_failure(int err)
{
	switch (err) {
	case -ECONNREFUSED:
		log_absence();
		break;
	case ERR_PEER:
		log_error("what answers here is not the supervisor of this "
		          "container, or is another user's");
		break;
	default:
		log_error("asking the supervisor: %s", err_text(err));
	}
}

/* see cmd/supervisor.h */
int
supervisor_answer(const char *method, const char *path, int64_t timeout_ms,
                  bool quiet, struct buf *body)
{
	int64_t deadline_ms = clock_after(clock_ms(), timeout_ms);
	int status = local_client_request(method, path, deadline_ms, body);

	if (status >= 0)
		return status;
	if (!quiet)
		log_failure(status);
	return -1;
}
