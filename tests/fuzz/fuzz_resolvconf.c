/* SPDX-License-Identifier: MIT */
/* fuzz_resolvconf.c - resolv.conf, and the names that it makes of a host's. The
 * input's first line is the host, the second one is our own host name. */
#include "fuzz.h"
#include "../unit/same_ip.h"

#include "client/dns.h"
#include "client/resolvconf.h"

#define COPY_MAX 32768

static void
check_bounds(const struct resolvconf *c)
{
	fuzz_must(c->servers_n >= 1 && c->servers_n <= RESOLVCONF_SERVERS_MAX);
	fuzz_must(c->ndots <= RESOLVCONF_NDOTS_MAX);
	fuzz_must(c->timeout_s >= 1 && c->timeout_s <= RESOLVCONF_TIMEOUT_MAX);
	fuzz_must(c->attempts >= 1 && c->attempts <= RESOLVCONF_TRIES_MAX);
	for (size_t i = 0; i < c->servers_n; i++)
		fuzz_must(c->servers[i].ip.zone == 0
		          && (c->servers[i].ip.is_v6
		              || c->servers[i].zone.len == 0));
}

/* All names, each as long and as it must be. Returns a sum of their bytes. */
static uint64_t
check_names(const struct resolvconf *c, struct span host, size_t text_len)
{
	bool is_final = host.len > 0 && host.p[host.len - 1] == '.';
	char memory[DNS_NAME_MAX + 1];
	uint64_t sum = 0;
	struct names n;
	size_t count = 0;

	names_init(&n, c, host);
	for (;; count++) {
		struct buf b = buf_over(memory, sizeof memory);

		if (!names_next(&n, &b))
			break;
		fuzz_must(!b.cut && b.len > 0 && b.len <= DNS_NAME_MAX);
		fuzz_must(dns_is_name(buf_span(&b)));
		fuzz_must(memory[b.len - 1] != '.');
		fuzz_must(b.len >= host.len - is_final
		          && memcmp(memory, host.p, host.len - is_final) == 0);
		for (size_t i = 0; i < b.len; i++)
			sum = sum * 31 + (unsigned char)memory[i];
		sum = sum * 31 + 256;
	}
	fuzz_must(count <= (is_final ? 1 : text_len / 2 + 2));
	names_end_search(&n);
	fuzz_must(n.domains.len == 0 && !n.as_is_first && !n.as_is_last);
	return sum;
}

/* The same text as Windows has it. */
static struct span
with_returns(char *memory, struct span text)
{
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] == '\n')
			memory[len++] = '\r';
		memory[len++] = text.p[i];
	}
	return (struct span){ memory, len };
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char memory[2 * COPY_MAX];
	struct span text = { (const char *)data, size };
	struct span host = span_cut(&text, '\n');
	struct span hostname = span_cut(&text, '\n');
	struct resolvconf c, again;
	uint64_t sum;

	if (size > COPY_MAX)
		return 0;
	resolvconf_read(&c, text, hostname);
	check_bounds(&c);
	sum = check_names(&c, host, size);
	resolvconf_read(&again, with_returns(memory, text), hostname);
	check_bounds(&again);
	fuzz_must(check_names(&again, host, size) == sum);
	fuzz_must(again.servers_n == c.servers_n && again.rotate == c.rotate);
	for (size_t i = 0; i < c.servers_n; i++)
		fuzz_must(is_same_ip(&again.servers[i].ip, &c.servers[i].ip)
		          && again.servers[i].zone.len
		             == c.servers[i].zone.len);
	return 0;
}
