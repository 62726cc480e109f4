/* SPDX-License-Identifier: MIT */
/* fuzz_hosts.c - /etc/hosts in one piece and in pieces gives the same
 * addresses. The input's first byte is a piece's length, then comes a line that
 * is the name. */
#include "fuzz.h"
#include "../unit/same_ip.h"

#include "client/hostsfile.h"

struct found {
	size_t   n;
	uint64_t sum;
};

static void
take(struct found *f, const struct ip *ip, struct span zone)
{
	char memory[2 * IP_TEXT_MAX];
	struct buf b = buf_over(memory, sizeof memory);
	struct ip back;

	ip_write(&b, ip);
	fuzz_must(ip_read(&back, NULL, buf_span(&b)) == 0
	          && is_same_ip(ip, &back));
	buf_add(&b, zone);
	fuzz_must(!b.cut && zone.len < IP_TEXT_MAX);
	f->n++;
	for (size_t i = 0; i < b.len; i++)
		f->sum = f->sum * 31 + (unsigned char)b.p[i];
}

static struct found
feed(struct span name, struct span text, size_t step)
{
	struct found f = { 0 };
	struct hostsfile h;
	struct span zone;
	struct ip ip;

	hostsfile_init(&h, name);
	while (text.len > 0) {
		struct span piece = text;

		if (piece.len > step)
			piece.len = step;
		text = span_after(text, piece.len);
		while (hostsfile_step(&h, &piece, &ip, &zone))
			take(&f, &ip, zone);
		fuzz_must(piece.len == 0);
	}
	text = span_of("\n");
	while (hostsfile_step(&h, &text, &ip, &zone))
		take(&f, &ip, zone);
	return f;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = { (const char *)data, size }, name;
	struct found whole, bytes, pieces;
	size_t lines = 1;

	if (size == 0)
		return 0;
	text = span_after(text, 1);
	name = span_cut(&text, '\n');
	for (size_t i = 0; i < text.len; i++)
		lines += text.p[i] == '\n';
	whole = feed(name, text, SIZE_MAX);
	bytes = feed(name, text, 1);
	pieces = feed(name, text, 1u + data[0]);
	fuzz_must(whole.n <= lines && (name.len > 0 || whole.n == 0));
	fuzz_must(whole.n == bytes.n && whole.sum == bytes.sum);
	fuzz_must(whole.n == pieces.n && whole.sum == pieces.sum);
	return 0;
}
