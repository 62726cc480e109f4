/* SPDX-License-Identifier: MIT */
/*
 * fuzz_hpack.c - blocks of header fields against one table
 *
 * The input is a row of blocks: two bytes of length, then the block. What is
 * read lies where it may, the table keeps its bounds, and what hale writes of
 * a field is read back as that field.
 */
#include "fuzz.h"

#include "base/err.h"
#include "net/hpack.h"

#define FIELD_ROOM 0x10100	/* bytes of a field that is written */

static char memory_bytes[HPACK_MEMORY], other_bytes[HPACK_MEMORY];
static char written[FIELD_ROOM];

static bool
lies_in(struct span s, const char *bytes, size_t len)
{
	return s.p >= bytes && s.p + s.len <= bytes + len;
}

/* In the static table are at most 27 bytes of a name. */
static void
must_lie_somewhere(const struct hpack *t, struct span block, struct span s)
{
	fuzz_must(s.len <= 27 || lies_in(s, block.p, block.len)
	          || lies_in(s, t->text, sizeof t->text)
	          || lies_in(s, memory_bytes, sizeof memory_bytes));
}

static void
must_keep_its_bounds(const struct hpack *t)
{
	size_t size = 0, end = 0;

	fuzz_must(t->cap <= HPACK_TABLE_MAX && t->n <= HPACK_ENTRIES_MAX);
	for (size_t i = 0; i < t->n; i++) {
		const struct hpack_entry *e = &t->entries[i];

		fuzz_must(i == 0 || e->at == end);	/* without gaps */
		end = (size_t)e->at + e->name_len + e->value_len;
		size += (size_t)e->name_len + e->value_len + HPACK_ENTRY_COST;
	}
	fuzz_must(t->n == 0 || end == t->end);
	fuzz_must(size == t->size && size <= t->cap);
	fuzz_must(t->end <= sizeof t->text);
}

static bool
is_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static void
must_come_back(const struct hpack_field *f)
{
	static char name[FIELD_ROOM];
	struct buf b = buf_over(written, sizeof written);
	struct buf nb = buf_over(name, sizeof name);
	struct buf memory = buf_over(other_bytes, sizeof other_bytes);
	struct hpack_field again;
	struct span block;
	struct hpack t;

	buf_add(&nb, f->name);
	hpack_write(&b, buf_text(&nb), f->value);
	fuzz_must(!b.cut && !nb.cut);
	hpack_init(&t);
	hpack_begin(&t);
	block = buf_span(&b);
	fuzz_must(hpack_next(&t, &block, &again, &memory) == 1);
	fuzz_must(block.len == 0 && t.n == 0 && !again.is_cut);
	fuzz_must(is_equal(again.value, f->value));
	if (memchr(name, '\0', f->name.len) == NULL) {
		fuzz_must(is_equal(again.name, f->name));
		fuzz_must(again.size == f->size);
	}
}

static int
read_block(struct hpack *t, struct span block)
{
	struct buf memory = buf_over(memory_bytes, sizeof memory_bytes);
	struct span rest = block;
	struct hpack_field f;
	int r;

	hpack_begin(t);
	while ((r = hpack_next(t, &rest, &f, &memory)) > 0) {
		must_keep_its_bounds(t);
		if (f.is_cut) {
			fuzz_must(f.name.len == 0 && f.value.len == 0);
			fuzz_must(f.size > HPACK_MEMORY);
			continue;
		}
		fuzz_must(f.size == f.name.len + f.value.len
		                    + HPACK_ENTRY_COST);
		must_lie_somewhere(t, block, f.name);
		must_lie_somewhere(t, block, f.value);
		must_come_back(&f);
	}
	fuzz_must(r == ERR_PARSE || rest.len == 0);
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hpack t;

	hpack_init(&t);
	while (size >= 2) {
		size_t len = (size_t)(data[0] << 8 | data[1]);

		data += 2;
		size -= 2;
		len = len < size ? len : size;
		if (read_block(&t, span_over(data, len)) < 0)
			break;
		data += len;
		size -= len;
	}
	return 0;
}
