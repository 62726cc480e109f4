/* SPDX-License-Identifier: MIT */
/* net/ip.c - IPv4 and IPv6 addresses as numbers and in words */
#include "net/ip.h"

#include "base/err.h"
#include "base/parse.h"

#define GROUPS     8	/* of an IPv6 address */
#define GROUP_MAX  4	/* hexadecimal digits */
#define NONE       (IP_V6_LEN + 1)	/* no place in an address */

/* All digits of that base, up to 32 bits of value. */
static int
read_digits(uint64_t *out, struct span text, unsigned base)
{
	uint64_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		/* What is not a digit (-1) is more than any base. */
		unsigned digit = (unsigned)parse_hex_digit(text.p[i]);

		n = n * base + digit;
		if (digit >= base || n > UINT32_MAX)
			return ERR_PARSE;
	}
	*out = n;
	return text.len > 0 ? 0 : ERR_PARSE;
}

/* One part of a dotted quad: where not loose, a zero in front is an error,
 * since some would read an octal number. */
static int
read_part(uint64_t *out, struct span text, bool loose)
{
	unsigned base = 10;

	if (text.len > 1 && text.p[0] == '0') {
		if (!loose)
			return ERR_PARSE;
		base = 8;
		text = span_after(text, 1);
		if (text.p[0] == 'x' || text.p[0] == 'X') {
			base = 16;
			text = span_after(text, 1);
		}
	}
	return read_digits(out, text, base);
}

/* The last part fills all bytes that the others leave: one where not loose. */
static int
read_v4(unsigned char *out, struct span text, bool loose)
{
	uint64_t all = 0, n;
	unsigned shift = 24;	/* of this part */

	for (;; shift -= 8) {
		bool is_last = !span_has(text, '.');

		if (read_part(&n, span_cut(&text, '.'), loose) < 0)
			return ERR_PARSE;
		if (is_last)
			break;
		if (n > 255 || shift == 0)
			return ERR_PARSE;
		all |= n << shift;
	}
	if (n >> (shift + 8) != 0 || (shift > 0 && !loose))
		return ERR_PARSE;
	all |= n;
	for (size_t i = 0; i < IP_V4_LEN; i++)
		out[i] = (unsigned char)(all >> (24 - 8 * i));
	return 0;
}

/* One group, or a dotted quad at the end, at out[*at]. */
static int
read_group(unsigned char *out, unsigned *at, struct span text, bool is_last)
{
	uint64_t n;

	if (is_last && *at <= IP_V6_LEN - IP_V4_LEN
	 && read_v4(out + *at, text, false) == 0) {
		*at += IP_V4_LEN;
		return 0;
	}
	if (*at >= IP_V6_LEN || text.len > GROUP_MAX
	 || read_digits(&n, text, 16) < 0)
		return ERR_PARSE;
	out[(*at)++] = (unsigned char)(n >> 8);
	out[(*at)++] = (unsigned char)n;
	return 0;
}

/* out is all zeros. */
static int
read_v6(unsigned char *out, struct span text)
{
	unsigned at = 0, gap = NONE;	/* where "::" stands */
	bool is_last = false;

	/* Without its first colon "::1" has one empty group, as "1::2" has. */
	if (text.len > 0 && text.p[0] == ':') {
		text = span_after(text, 1);
		if (text.len == 0 || text.p[0] != ':')
			return ERR_PARSE;
	}
	while (!is_last) {
		struct span group;

		is_last = !span_has(text, ':');
		group = span_cut(&text, ':');
		if (group.len == 0 && !is_last && gap == NONE)
			gap = at;
		else if (group.len == 0 && is_last && gap == at)
			break;	/* "1::" */
		else if (read_group(out, &at, group, is_last) < 0)
			return ERR_PARSE;
	}
	if (gap == NONE)
		return at == IP_V6_LEN ? 0 : ERR_PARSE;
	if (at == IP_V6_LEN)	/* "::" is at least one group */
		return ERR_PARSE;
	memmove(out + gap + IP_V6_LEN - at, out + gap, at - gap);
	memset(out + gap, 0, IP_V6_LEN - at);
	return 0;
}

static int
read_ip(struct ip *out, struct span *zone, struct span text, bool loose)
{
	struct ip ip = { .is_v6 = false };
	struct span rest = { NULL, 0 };

	if (read_v4(ip.b, text, loose) < 0) {
		struct span address;

		rest = text;
		address = span_cut(&rest, '%');
		if (address.len < text.len && (zone == NULL || rest.len == 0))
			return ERR_PARSE;
		if (read_v6(ip.b, address) < 0)
			return ERR_PARSE;
		ip.is_v6 = true;
	}
	*out = ip;
	if (zone != NULL)
		*zone = rest;
	return 0;
}

/* see net/ip.h */
int
ip_read(struct ip *out, struct span *zone, struct span text)
{
	return read_ip(out, zone, text, false);
}

/* see net/ip.h */
int
ip_read_loose(struct ip *out, struct span *zone, struct span text)
{
	return read_ip(out, zone, text, true);
}

static void
write_hex(struct buf *b, unsigned group)
{
	static const char *const hex = "0123456789abcdef";
	int shift = 12;

	while (shift > 0 && group >> shift == 0)
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		buf_byte(b, (unsigned char)hex[group >> shift & 15]);
}

static void
write_v6(struct buf *b, const unsigned char *a)
{
	size_t longest = GROUPS, longest_len = 1;

	for (size_t i = 0, len; i < GROUPS; i += len > 0 ? len : 1) {
		len = 0;
		while (i + len < GROUPS && a[2 * (i + len)] == 0
		    && a[2 * (i + len) + 1] == 0)
			len++;
		if (len > longest_len) {
			longest = i;
			longest_len = len;
		}
	}
	for (size_t i = 0; i < GROUPS; i++) {
		if (i == longest) {
			buf_str(b, "::");
			i += longest_len - 1;
			continue;
		}
		if (i > 0 && i != longest + longest_len)
			buf_str(b, ":");
		write_hex(b, (unsigned)a[2 * i] << 8 | a[2 * i + 1]);
	}
}

/* see net/ip.h */
void
ip_write(struct buf *b, const struct ip *ip)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	const unsigned char *v4 = ip->b;

	if (ip->is_v6) {
		if (memcmp(ip->b, mapped, sizeof mapped) != 0) {
			write_v6(b, ip->b);
			return;
		}
		buf_str(b, "::ffff:");
		v4 += sizeof mapped;
	}
	buf_fmt(b, "%u.%u.%u.%u", v4[0], v4[1], v4[2], v4[3]);
}
