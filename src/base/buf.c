/* SPDX-License-Identifier: MIT */
/* base/buf.c - fixed buffer, bounded appends */
#include "base/buf.h"

#define DIGITS_MAX 20	/* of an unsigned 64-bit number */
#define TENTHS_BELOW_S 10	/* below so many seconds there is a decimal */

/* see base/buf.h; not inline: it is shorter to call in all but a few places */
struct buf
buf_over(char *memory, size_t cap)
{
	return (struct buf){ .p = memory, .cap = cap };
}

/* see base/buf.h */
void
buf_add(struct buf *b, struct span bytes)
{
	size_t room = b->cap - b->len;

	if (bytes.len > room) {
		bytes.len = room;
		b->cut = true;
	}
	if (bytes.len == 0)
		return;
	memcpy(b->p + b->len, bytes.p, bytes.len);
	b->len += bytes.len;
}

/* see base/buf.h */
void
buf_byte(struct buf *b, size_t byte)
{
	if (b->len == b->cap)
		b->cut = true;
	else
		b->p[b->len++] = (char)byte;
}

/* see base/buf.h */
void
buf_str(struct buf *b, const char *text)
{
	buf_add(b, span_of(text));
}

static void
add_u64(struct buf *b, uint64_t number)
{
	char digits[DIGITS_MAX];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	buf_add(b, (struct span){ digits + at, sizeof digits - at });
}

/* see base/buf.h */
void
buf_int(struct buf *b, int64_t number)
{
	uint64_t size = (uint64_t)number;

	if (number < 0) {
		buf_str(b, "-");
		size = 0 - size;	/* holds for INT64_MIN too */
	}
	add_u64(b, size);
}

/* see base/buf.h */
void
buf_ms(struct buf *b, int64_t ms)
{
	static const struct { int64_t s; char name; } units[] = {
		{ 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' },
	};
	size_t last = sizeof units / sizeof units[0] - 1, i = 0;
	int64_t s = ms / 1000;

	if (ms < 1000) {
		buf_fmt(b, "%lldms", (long long)ms);
		return;
	}
	if (s < TENTHS_BELOW_S && ms % 1000 >= 100) {
		buf_fmt(b, "%lld.%llds", (long long)s,
		        (long long)(ms % 1000 / 100));
		return;
	}
	while (s < units[i].s)
		i++;
	buf_fmt(b, "%lld%c", (long long)(s / units[i].s), units[i].name);
	s %= units[i].s;
	if (i < last && s / units[i + 1].s > 0)
		buf_fmt(b, "%lld%c", (long long)(s / units[i + 1].s),
		        units[i + 1].name);
}

/*
 * The length of the UTF-8 sequence (RFC 3629, 4) at the start of s, which is
 * not empty and starts above 0x7f; 0 where it is none.
 */
static size_t
utf8_len(struct span s)
{
	const unsigned char *u = (const unsigned char *)s.p;
	unsigned char lo = 0x80, hi = 0xbf;
	size_t need;

	if (u[0] >= 0xc2 && u[0] <= 0xdf)
		need = 2;
	else if (u[0] >= 0xe0 && u[0] <= 0xef)
		need = 3;
	else if (u[0] >= 0xf0 && u[0] <= 0xf4)
		need = 4;
	else
		return 0;
	if (u[0] == 0xe0)
		lo = 0xa0;	/* shorter forms exist */
	else if (u[0] == 0xed)
		hi = 0x9f;	/* surrogates */
	else if (u[0] == 0xf0)
		lo = 0x90;
	else if (u[0] == 0xf4)
		hi = 0x8f;	/* above U+10FFFF */
	if (s.len < need || u[1] < lo || u[1] > hi)
		return 0;
	for (size_t i = 2; i < need; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	return need;
}

/* U+0080 to U+009F, which terminals obey, as a valid sequence at u. */
static bool
is_c1(const char *u)
{
	return (unsigned char)u[0] == 0xc2 && (unsigned char)u[1] < 0xa0;
}

static void
add_escaped(struct buf *b, unsigned char c)
{
	static const char *const hex = "0123456789abcdef";
	char u[] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

	buf_add(b, (struct span){ u, sizeof u });
}

/* see base/buf.h */
void
buf_json(struct buf *b, struct span text)
{
	while (text.len > 0) {
		unsigned char c = (unsigned char)text.p[0];
		size_t n = 1;

		if (c == '"' || c == '\\') {
			buf_str(b, "\\");
			buf_byte(b, (unsigned char)text.p[0]);
		} else if (c < 0x20 || c == 0x7f) {
			add_escaped(b, c);
		} else if (c < 0x80) {
			buf_byte(b, (unsigned char)text.p[0]);
		} else if ((n = utf8_len(text)) > 0 && is_c1(text.p)) {
			add_escaped(b, (unsigned char)text.p[1]);
		} else if (n > 0) {
			buf_add(b, (struct span){ text.p, n });
		} else {
			buf_str(b, "\\ufffd");
			n = 1;
		}
		text = span_after(text, n);
	}
}

/* see base/buf.h */
void
buf_plain(struct buf *b, struct span text)
{
	while (text.len > 0 && !b->cut) {
		unsigned char c = (unsigned char)text.p[0];
		size_t n = c < 0x80 ? 1 : utf8_len(text);
		bool control = c < 0x20 || c == 0x7f || n == 0
		            || (n > 1 && is_c1(text.p));

		n = n > 0 ? n : 1;
		if (control)
			buf_str(b, "?");
		else if (n <= b->cap - b->len)
			buf_add(b, (struct span){ text.p, n });
		else
			b->cut = true;
		text = span_after(text, n);
	}
}

/* see base/buf.h */
void
buf_plain_lines(struct buf *b, struct span text)
{
	while (text.len > 0 && !b->cut) {
		struct span line = text;

		(void)span_cut(&text, '\n');
		line.len = (size_t)(text.p - line.p);
		if (line.p[line.len - 1] == '\n') {
			line.len--;
			buf_plain(b, line);
			buf_str(b, "\n");
		} else {
			buf_plain(b, line);
		}
	}
}

/* see base/buf.h */
void
buf_end_cut(struct buf *b)
{
	static const char mark[] = "...";
	size_t room = sizeof mark - 1;

	if (!b->cut || b->cap < room)
		return;
	if (b->len > b->cap - room) {
		b->len = b->cap - room;
		while (b->len > 0 && (b->p[b->len] & 0xc0) == 0x80)
			b->len--;
	}
	buf_str(b, mark);
}

static int64_t
next_signed(va_list *ap, int longs)
{
	if (longs == 0)
		return va_arg(*ap, int);
	return longs == 1 ? va_arg(*ap, long) : va_arg(*ap, long long);
}

static uint64_t
next_unsigned(va_list *ap, int longs)
{
	if (longs == 0)
		return va_arg(*ap, unsigned);
	return longs == 1 ? va_arg(*ap, unsigned long)
	                  : va_arg(*ap, unsigned long long);
}

/* One conversion; fmt stands behind its '%'. Returns what follows it. */
static const char *
add_conversion(struct buf *b, const char *fmt, va_list *ap)
{
	int longs = 0;
	char c;

	if (fmt[0] == '.' && fmt[1] == '*' && fmt[2] == 's') {
		int len = va_arg(*ap, int);
		const char *p = va_arg(*ap, const char *);

		buf_add(b, (struct span){ p, (size_t)len });
		return fmt + 3;
	}
	for (; *fmt == 'l'; fmt++)
		longs++;
	switch (*fmt) {
	case 's':
		buf_str(b, va_arg(*ap, const char *));
		break;
	case 'd':
		buf_int(b, next_signed(ap, longs));
		break;
	case 'u':
		add_u64(b, next_unsigned(ap, longs));
		break;
	case 'c':
		c = (char)va_arg(*ap, int);
		buf_byte(b, (unsigned char)c);
		break;
	case '%':
		buf_str(b, "%");
		break;
	case '\0':
		return fmt;
	}
	return fmt + 1;
}

/* see base/buf.h */
void
buf_vfmt(struct buf *b, const char *fmt, va_list ap)
{
	va_list args;

	va_copy(args, ap);	/* so that its address can be passed on */
	while (*fmt != '\0') {
		size_t plain = (size_t)(strchrnul(fmt, '%') - fmt);

		buf_add(b, (struct span){ fmt, plain });
		fmt += plain;
		if (*fmt == '%')
			fmt = add_conversion(b, fmt + 1, &args);
	}
	va_end(args);
}

/* see base/buf.h */
void
buf_fmt(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vfmt(b, fmt, ap);
	va_end(ap);
}

/* see base/buf.h */
const char *
buf_text(struct buf *b)
{
	if (b->len == b->cap) {
		b->len--;
		b->cut = true;
	}
	b->p[b->len] = '\0';
	return b->p;
}

/* see base/buf.h */
const char *
buf_end_text(struct buf *b)
{
	b->cut |= b->len == b->cap;
	b->cap--;
	buf_end_cut(b);
	b->cap++;
	return buf_text(b);
}
