/* SPDX-License-Identifier: MIT */
/* net/tls_none.c - net/tls.h where there is no TLS: https is refused in words.
 * It goes when net/tls.c comes. */
#include "net/tls.h"

#include "base/err.h"

/* see net/tls.h */
int
tls_open(struct tls **out, int fd, const struct tls_conf *conf,
         int64_t deadline_ms, struct buf *why)
{
	(void)fd;
	(void)conf;
	(void)deadline_ms;
	*out = NULL;
	buf_str(why, "this hale is built without TLS");
	return ERR_TLS;
}

/* see net/tls.h */
ssize_t
tls_read(struct tls *t, void *p, size_t len, int64_t deadline_ms)
{
	(void)t;
	(void)p;
	(void)len;
	(void)deadline_ms;
	return ERR_TLS;
}

/* see net/tls.h */
int
tls_write(struct tls *t, struct span bytes, int64_t deadline_ms)
{
	(void)t;
	(void)bytes;
	(void)deadline_ms;
	return ERR_TLS;
}

/* see net/tls.h */
void
tls_text(const struct tls *t, struct buf *b)
{
	(void)t;
	(void)b;
}

/* see net/tls.h */
void
tls_write_info(const struct tls *t, struct buf *b)
{
	(void)t;
	(void)b;
}

/* see net/tls.h */
void
tls_close(struct tls *t)
{
	(void)t;
}
