/* SPDX-License-Identifier: MIT */
/* fuzz_proxy.c - the first bytes of a connection that comes by a balancer */
#include "fuzz.h"

#include "base/err.h"
#include "net/proxy_header.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct http_fault fault = { NULL, { NULL, 0 } };
	int n;

	if (!proxy_header_is(bytes, size))
		return 0;
	n = proxy_header_read(&fault, bytes, size);
	fuzz_must(n <= (int)size && n <= PROXY_V2_MAX);
	fuzz_must(n >= 0 || (n == ERR_PARSE && fault.what != NULL));
	fuzz_must(n != 0 || size < PROXY_V2_MAX);
	for (size_t less = 0; n > 0 && less < (size_t)n; less++)
		fuzz_must(proxy_header_is(bytes, less)
		          && proxy_header_read(&fault, bytes, less) == 0);
	return 0;
}
