/* SPDX-License-Identifier: MIT */
/* cmd/supervisor.c - one request to this container's hale, failures in words */
#include "cmd/supervisor.h"

#include <errno.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "sup/local_client.h"

static void
log_failure(int err)
{
	switch (err) {
	case -ECONNREFUSED:
		log_error("no supervisor answers here: is hale this "
		          "container's first process?");
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
