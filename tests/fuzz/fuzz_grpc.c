/* SPDX-License-Identifier: MIT */
/* fuzz_grpc.c - gRPC's message, its time, and the health service's messages */
#include "fuzz.h"

#include "base/err.h"
#include "base/percent.h"
#include "net/grpc.h"
#include "net/grpc_health.h"

#define MESSAGE_MAX 1024
#define ROOM        70000	/* bytes: three for each of the input */

static char written[ROOM], other[ROOM];

static bool
lies_in(struct span s, struct span whole)
{
	return s.len == 0
	    || (s.p >= whole.p && s.p + s.len <= whole.p + whole.len);
}

static bool
is_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static void
a_request(struct span data)
{
	struct buf b = buf_over(written, sizeof written);
	struct buf entry = buf_over(other, sizeof other);
	struct span service, again;

	if (grpc_health_read_request(data, &service) < 0)
		return;
	fuzz_must(lies_in(service, data));
	grpc_health_write_request(&b, service);
	fuzz_must(grpc_health_read_request(buf_span(&b), &again) == 0);
	fuzz_must(is_equal(service, again));

	grpc_health_write_entry(&entry, service, GRPC_SERVING);
	fuzz_must(grpc_health_read_request(buf_span(&entry), &again) == 0);
	fuzz_must(again.p + again.len == entry.p + entry.len);
	fuzz_must(grpc_health_read_request(again, &again) == 0);
	fuzz_must(is_equal(service, again));
}

static void
an_answer(struct span data)
{
	struct buf b = buf_over(written, sizeof written);
	uint32_t status, again;

	if (grpc_health_read_answer(data, &status) < 0
	 || grpc_health_text(status) == NULL)
		return;
	grpc_health_write_answer(&b, (enum grpc_health)status);
	fuzz_must(b.len <= GRPC_HEALTH_ANSWER_LEN);
	fuzz_must(grpc_health_read_answer(buf_span(&b), &again) == 0);
	fuzz_must(again == status);
}

static void
a_text(struct span data)
{
	struct buf b = buf_over(written, sizeof written);
	struct buf back = buf_over(other, sizeof other);

	grpc_write_text(&b, data);
	fuzz_must(!b.cut && !span_has_control(buf_span(&b), false));
	if (memchr(written, 0, b.len) == NULL
	 && percent_decode(&back, buf_span(&b)) == 0)
		fuzz_must(is_equal(data, buf_span(&back)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span data = span_over(bytes, size), message;
	int64_t ms = -1;
	int r;

	if (size > ROOM / 4)
		return 0;
	r = grpc_read_message(data, MESSAGE_MAX, &message);
	fuzz_must(r == 0 || r == 1 || r == ERR_CODING || r == ERR_TOOBIG);
	if (r == 1) {
		fuzz_must(message.len <= MESSAGE_MAX);
		fuzz_must(lies_in(message, data));
		a_request(message);
		an_answer(message);
	}
	r = grpc_read_timeout(data, &ms);
	fuzz_must(r == ERR_PARSE || (r == 0 && ms >= 0));
	(void)grpc_is_type(data);
	a_request(data);
	an_answer(data);
	a_text(data);
	return 0;
}
