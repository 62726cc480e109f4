/* SPDX-License-Identifier: MIT */
/* fuzz_dns.c - a message as the answer to a question, both from the input */
#include "fuzz.h"

#include "base/err.h"
#include "client/dns.h"

#define ROOM_MAX 16		/* addresses */
#define HEAD_LEN 12

/* The input's first bytes. */
enum {
	FLAGS,		/* below */
	ROOM,		/* for addresses, and how much of it is taken */
	ANSWERS,	/* counted, where the head is made */
	NAME_LEN,
	HEAD,
};
#define IS_AAAA   1
#define IS_MADE   2	/* head and question are ours, the input is records */
#define HAS_EDNS  4

/* Reads m, whose every byte is needed or not read at all. */
static int
read_once(const struct dns_question *q, struct span m, size_t cap, size_t taken)
{
	struct ip *to = malloc((cap + 1) * sizeof *to);
	size_t n = taken;
	int r;

	fuzz_must(to != NULL);
	r = dns_read(q, m, to, cap, &n);
	fuzz_must((r >= DNS_FOUND && r <= DNS_OTHER) || r == ERR_PARSE
	          || r == ERR_FULL);
	fuzz_must(n <= cap && (r == DNS_FOUND ? n > taken : n == taken));
	for (size_t i = taken; i < n; i++)
		fuzz_must(to[i].is_v6 == (q->type == DNS_AAAA)
		          && to[i].zone == 0);
	free(to);
	return r;
}

/* The question as its own answer, with no address and with one. */
static void
answer_own(const struct dns_question *q)
{
	const unsigned char record[] = {
		0xc0, HEAD_LEN, 0, (unsigned char)q->type, 0, 1, 0, 0, 0, 0, 0,
		q->type == DNS_A ? IP_V4_LEN : IP_V6_LEN,
		1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
	};
	const struct dns_question bare = { q->name, q->type, q->id, false };
	unsigned char m[DNS_QUERY_MAX + sizeof record];
	size_t len = dns_write(m, q);
	struct span whole = { (const char *)m, len };
	size_t n = 0;
	struct ip ip;

	fuzz_must(len <= DNS_QUERY_MAX);
	fuzz_must(read_once(q, whole, 1, 0) == ERR_PARSE);
	m[2] |= 0x80;		/* QR */
	m[3] |= 0x80;		/* RA */
	fuzz_must(read_once(q, whole, 1, 0) == DNS_NODATA);
	whole.len = dns_write(m, &bare);
	m[2] |= 0x80;
	m[7] = 1;		/* one answer */
	memcpy(m + whole.len, record, sizeof record);
	whole.len += 12u + record[11];
	fuzz_must(dns_read(q, whole, &ip, 1, &n) == DNS_FOUND && n == 1);
	fuzz_must(memcmp(ip.b, record + 12, record[11]) == 0);
	whole.len--;
	fuzz_must(read_once(q, whole, 1, 0) == ERR_PARSE);
}

/* A copy of its own, so that a byte too far is seen. */
static int
read_copy(const struct dns_question *q, struct span m, size_t cap, size_t taken)
{
	char *copy = malloc(m.len + 1);
	int r;

	fuzz_must(copy != NULL);
	if (m.len > 0)
		memcpy(copy + 1, m.p, m.len);
	r = read_once(q, (struct span){ copy + 1, m.len }, cap, taken);
	free(copy);
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = { (const char *)data, size };
	struct dns_question q = { .id = 0x1234 };
	static char memory[DNS_MESSAGE_MAX];
	struct buf m = buf_over(memory, sizeof memory);
	unsigned char query[DNS_QUERY_MAX];
	size_t cap, taken, len;
	int r, less;

	if (size < HEAD)
		return 0;
	rest = span_after(rest, HEAD);
	q.type = data[FLAGS] & IS_AAAA ? DNS_AAAA : DNS_A;
	q.edns = (data[FLAGS] & HAS_EDNS) != 0;
	q.name = rest;
	if (q.name.len > data[NAME_LEN])
		q.name.len = data[NAME_LEN];
	rest = span_after(rest, q.name.len);
	if (!dns_is_name(q.name))
		return 0;
	answer_own(&q);
	if (data[FLAGS] & IS_MADE) {
		q.edns = false;
		len = dns_write(query, &q);
		query[2] = 0x81;
		query[3] = 0x80;
		query[7] = data[ANSWERS];
		buf_add(&m, (struct span){ (const char *)query, len });
	}
	buf_add(&m, rest);
	cap = data[ROOM] % ROOM_MAX;
	taken = data[ROOM] / ROOM_MAX % (cap + 1);
	r = read_copy(&q, buf_span(&m), cap, taken);
	if (m.len == 0)
		return 0;
	m.len--;		/* it was needed, or nobody has looked at it */
	less = read_copy(&q, buf_span(&m), cap, taken);
	fuzz_must(less == r || less == ERR_PARSE);
	return 0;
}
