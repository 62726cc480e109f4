/* SPDX-License-Identifier: MIT */
/* sup/nonce.c - names that nobody can guess beforehand */
#include "sup/nonce.h"

#include <errno.h>
#include <sys/random.h>

/* see sup/nonce.h */
int
nonce_write(struct buf *b, size_t n)
{
	static const char *const set =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned char bytes[NONCE_MAX];
	ssize_t got;

	if (n > sizeof bytes)
		return -EINVAL;
	got = getrandom(bytes, n, GRND_NONBLOCK);
	if (got < 0)
		return -errno;
	if ((size_t)got < n)	/* so few come whole (getrandom(2)) */
		return -EAGAIN;
	for (size_t i = 0; i < n; i++)
		buf_byte(b, (unsigned char)set[bytes[i] % 64]);
	return 0;
}
