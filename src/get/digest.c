/* SPDX-License-Identifier: MIT */
/* get/digest.c - SHA-256 for --sha256 */
#include "get/digest.h"

#include <stdlib.h>
#include <strings.h>

#include <bearssl_hash.h>

struct digest {
	br_sha256_context state;
};

/* see get/digest.h */
struct digest *
digest_open(void)
{
	struct digest *d = malloc(sizeof *d);

	if (d != NULL)
		br_sha256_init(&d->state);
	return d;
}

/* see get/digest.h */
void
digest_add(struct digest *d, struct span bytes)
{
	br_sha256_update(&d->state, bytes.p, bytes.len);
}

/* see get/digest.h */
void
digest_reset(struct digest *d)
{
	br_sha256_init(&d->state);
}

/* see get/digest.h */
bool
digest_is(const struct digest *d, const char *hex)
{
	static const char *const digits = "0123456789abcdef";
	unsigned char sum[br_sha256_SIZE];
	char text[2 * br_sha256_SIZE];

	br_sha256_out(&d->state, sum);
	for (size_t i = 0; i < sizeof sum; i++) {
		text[2 * i] = digits[sum[i] >> 4];
		text[2 * i + 1] = digits[sum[i] & 15];
	}
	return strlen(hex) == sizeof text
	    && strncasecmp(text, hex, sizeof text) == 0;
}

/* see get/digest.h */
void
digest_close(struct digest *d)
{
	free(d);
}
