/* SPDX-License-Identifier: MIT */
/*
 * net/hpack.c - the header fields of HTTP/2: reads blocks, writes fields
 *
 * Entries stand in text[] in the order in which they came. Room behind them is
 * found again by moving what is left to the start, once for as many bytes as
 * the table holds.
 */
#include "net/hpack.h"

#include "base/err.h"
#include "net/huffman.h"

#define STATIC_N     61
#define NUMBER_BITS  21	/* of a number behind its prefix: four bytes */
#define MORE         0x80	/* another byte of a number follows */
#define HUFFMAN      0x80	/* a string is coded */

/* What a field's first byte says (6), with the bits left for a number. */
#define INDEXED      0x80
#define INDEXED_BITS 7
#define ADDED        0x40
#define ADDED_BITS   6
#define RESIZE       0x20
#define RESIZE_BITS  5
#define LITERAL_BITS 4	/* never indexed or not this time: the same for us */
#define STRING_BITS  7

/* Appendix A: the fields in a row, and how long each is; its value, if it has
 * one, is behind the first space. */
static const char *const static_fields =
	":authority" ":method GET" ":method POST" ":path /"
	":path /index.html" ":scheme http" ":scheme https" ":status 200"
	":status 204" ":status 206" ":status 304" ":status 400"
	":status 404" ":status 500" "accept-charset"
	"accept-encoding gzip, deflate" "accept-language"
	"accept-ranges" "accept" "access-control-allow-origin" "age"
	"allow" "authorization" "cache-control" "content-disposition"
	"content-encoding" "content-language" "content-length"
	"content-location" "content-range" "content-type" "cookie"
	"date" "etag" "expect" "expires" "from" "host" "if-match"
	"if-modified-since" "if-none-match" "if-range"
	"if-unmodified-since" "last-modified" "link" "location"
	"max-forwards" "proxy-authenticate" "proxy-authorization"
	"range" "referer" "refresh" "retry-after" "server" "set-cookie"
	"strict-transport-security" "transfer-encoding" "user-agent"
	"vary" "via" "www-authenticate";
static const unsigned char static_lens[STATIC_N] = {
	10, 11, 12, 7, 17, 12, 13, 11, 11, 11, 11, 11, 11, 11, 14, 29,
	15, 13, 6, 27, 3, 5, 13, 13, 19, 16, 16, 14, 16, 13, 12, 6, 4,
	4, 6, 7, 4, 4, 8, 17, 13, 8, 19, 13, 4, 8, 12, 18, 19, 5, 7, 7,
	11, 6, 10, 25, 17, 10, 4, 3, 16,
};

/* --- the table --- */

/* see net/hpack.h */
void
hpack_init(struct hpack *t)
{
	t->cap = HPACK_TABLE_MAX;
	t->size = t->n = t->end = 0;
}

/* see net/hpack.h */
void
hpack_begin(struct hpack *t)
{
	t->may_resize = true;
}

static size_t
cost(size_t name_len, size_t value_len)
{
	return name_len + value_len + HPACK_ENTRY_COST;
}

/* Drops the oldest entries until the table takes `most` bytes. */
static void
shrink(struct hpack *t, size_t most)
{
	size_t gone = 0;

	while (t->size > most) {
		const struct hpack_entry *e = &t->entries[gone++];

		t->size -= cost(e->name_len, e->value_len);
	}
	t->n -= gone;
	if (gone > 0)
		memmove(t->entries, t->entries + gone,
		        t->n * sizeof t->entries[0]);
}

/* Moves the texts of all entries to the start of text[]. */
static void
close_gap(struct hpack *t)
{
	uint16_t from = t->n > 0 ? t->entries[0].at : (uint16_t)t->end;

	memmove(t->text, t->text + from, t->end - from);
	t->end -= from;
	for (size_t i = 0; i < t->n; i++)
		t->entries[i].at = (uint16_t)(t->entries[i].at - from);
}

/* f's texts are not the table's own, which may go. */
static void
add(struct hpack *t, const struct hpack_field *f)
{
	struct hpack_entry *e;

	if (f->size > t->cap) {
		shrink(t, 0);
		return;
	}
	shrink(t, t->cap - f->size);
	if (sizeof t->text - t->end < f->size)
		close_gap(t);
	e = &t->entries[t->n++];
	e->at = (uint16_t)t->end;
	e->name_len = (uint16_t)f->name.len;
	e->value_len = (uint16_t)f->value.len;
	memcpy(t->text + t->end, f->name.p, f->name.len);
	t->end += f->name.len;
	memcpy(t->text + t->end, f->value.p, f->value.len);
	t->end += f->value.len;
	t->size += f->size;
}

/* The field with that index, of both tables. */
static int
find(const struct hpack *t, uint32_t index, struct hpack_field *f)
{
	const struct hpack_entry *e;
	const char *at = static_fields;

	if (index == 0 || index > STATIC_N + t->n)
		return ERR_PARSE;
	if (index <= STATIC_N) {
		for (uint32_t i = 0; i < index - 1; i++)
			at += static_lens[i];
		f->value = (struct span){ at, static_lens[index - 1] };
		f->name = span_cut(&f->value, ' ');
		return 0;
	}
	e = &t->entries[t->n - (index - STATIC_N)];	/* 1 is the newest */
	f->name = (struct span){ t->text + e->at, e->name_len };
	f->value = (struct span){ f->name.p + e->name_len, e->value_len };
	return 0;
}

/* --- reading --- */

/* A number with a prefix of so many bits (5.1). */
static int
read_number(struct span *block, unsigned bits, uint32_t *n)
{
	const uint32_t most = (1u << bits) - 1;
	uint32_t byte;

	if (block->len == 0)
		return ERR_PARSE;
	*n = (unsigned char)block->p[0] & most;
	*block = span_after(*block, 1);
	if (*n < most)
		return 0;
	for (unsigned shift = 0; shift <= NUMBER_BITS; shift += 7) {
		if (block->len == 0)
			return ERR_PARSE;
		byte = (unsigned char)block->p[0];
		*block = span_after(*block, 1);
		*n += (byte & ~(uint32_t)MORE) << shift;
		if ((byte & MORE) == 0)
			return 0;
	}
	return ERR_PARSE;
}

/* A string (5.2): in the block as it is, or decoded into memory. */
static int
read_string(struct span *block, struct buf *memory, struct span *s)
{
	bool is_coded = block->len > 0
	             && ((unsigned char)block->p[0] & HUFFMAN) != 0;
	size_t from = memory->len;
	uint32_t len;
	int r = read_number(block, STRING_BITS, &len);

	if (r < 0)
		return r;
	if (len > block->len)
		return ERR_PARSE;
	*s = (struct span){ block->p, len };
	*block = span_after(*block, len);
	if (!is_coded)
		return 0;
	r = huffman_read(memory, *s);
	*s = (struct span){ memory->p + from, memory->len - from };
	return r;
}

/* A literal (6.2), whose name may be that of an entry. */
static int
read_literal(struct hpack *t, struct span *block, unsigned bits,
             struct hpack_field *f, struct buf *memory)
{
	uint32_t index;
	int r = read_number(block, bits, &index);

	if (r == 0 && index == 0)
		r = read_string(block, memory, &f->name);
	else if (r == 0)
		r = find(t, index, f);
	if (r == 0 && bits == ADDED_BITS && index > STATIC_N) {
		/* The entry may have to go for its own successor (4.4). */
		buf_add(memory, f->name);
		f->name.p = memory->p + memory->len - f->name.len;
	}
	return r < 0 ? r : read_string(block, memory, &f->value);
}

static int
read_field(struct hpack *t, struct span *block, struct hpack_field *f,
           struct buf *memory)
{
	unsigned first = (unsigned char)block->p[0];
	uint32_t index;
	int r;

	if (first & INDEXED) {
		r = read_number(block, INDEXED_BITS, &index);
		r = r < 0 ? r : find(t, index, f);
	} else {
		r = read_literal(t, block, first & ADDED ? ADDED_BITS
		                                         : LITERAL_BITS,
		                 f, memory);
	}
	if (r < 0)
		return r;
	f->size = cost(f->name.len, f->value.len);
	f->is_cut = memory->cut;
	if ((first & (INDEXED | ADDED)) == ADDED)
		add(t, f);	/* one that is cut is too large for the table */
	if (f->is_cut)
		f->name = f->value = (struct span){ NULL, 0 };
	return 1;
}

static bool
is_resize(struct span block)
{
	return ((unsigned char)block.p[0] & (INDEXED | ADDED | RESIZE))
	    == RESIZE;
}

/* see net/hpack.h */
int
hpack_next(struct hpack *t, struct span *block, struct hpack_field *f,
           struct buf *memory)
{
	uint32_t cap;

	memory->len = 0;
	memory->cut = false;
	while (block->len > 0 && is_resize(*block)) {	/* 6.3 */
		if (read_number(block, RESIZE_BITS, &cap) < 0
		 || !t->may_resize || cap > HPACK_TABLE_MAX)
			return ERR_PARSE;
		t->cap = cap;
		shrink(t, cap);
	}
	t->may_resize = false;
	return block->len == 0 ? 0 : read_field(t, block, f, memory);
}

/* --- writing --- */

static void
write_number(struct buf *b, unsigned first, unsigned bits, size_t n)
{
	const size_t most = (1u << bits) - 1;

	if (n < most) {
		buf_byte(b, first | n);
		return;
	}
	buf_byte(b, first | most);
	for (n -= most; n >= MORE; n >>= 7)
		buf_byte(b, MORE | (n & (MORE - 1)));
	buf_byte(b, n);
}

static void
write_string(struct buf *b, struct span s)
{
	write_number(b, 0, STRING_BITS, s.len);
	buf_add(b, s);
}

/* see net/hpack.h */
void
hpack_write_field(struct buf *b, struct span name, struct span value)
{
	write_number(b, 0, LITERAL_BITS, 0);
	write_string(b, name);
	for (size_t i = 1; i <= name.len && !b->cut; i++)
		b->p[b->len - i] = (char)span_fold(b->p[b->len - i]);
	write_string(b, value);
}

/* see net/hpack.h */
void
hpack_write(struct buf *b, const char *name, struct span value)
{
	hpack_write_field(b, span_of(name), value);
}

/* see net/hpack.h */
void
hpack_write_known(struct buf *b, unsigned name, struct span value)
{
	write_number(b, 0, LITERAL_BITS, name);
	write_string(b, value);
}

/* see net/hpack.h */
void
hpack_write_indexed(struct buf *b, unsigned field)
{
	write_number(b, INDEXED, INDEXED_BITS, field);
}
