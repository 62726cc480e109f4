/* SPDX-License-Identifier: MIT */
/* base/opt_table.c - the rows of an option table and their kinds */
#include "base/opt_table.h"

#include <limits.h>

#include "base/err.h"
#include "base/parse.h"
#include "base/signame.h"

/* see base/opt_table.h */
bool
opt_takes_value(const struct opt *o)
{
	switch ((enum opt_kind)o->kind) {
	case OPT_FLAG:
	case OPT_UNFLAG:
	case OPT_ASK:
	case OPT_NO_ENV:
	case OPT_CALL:
	case OPT_PAST:
	case OPT_REFUSED:
		return false;
	case OPT_NONE:
	case OPT_INT:
	case OPT_COUNT:
	case OPT_MS:
	case OPT_SOME_MS:
	case OPT_STR:
	case OPT_SIG:
	case OPT_WORD:
	case OPT_LIST:
	case OPT_URLS:
	case OPT_SECRETS:
	case OPT_SECRET:
	case OPT_OPERAND:
	case OPT_PAST_VALUE:
		break;
	}
	return true;
}

/* How many texts a row has. */
static int
count_texts(const struct opt *o)
{
	if (o->row->is_bare)
		return OPT_NAME + 1;
	return opt_takes_value(o) ? OPT_TEXTS : OPT_HELP + 1;
}

static const char *
skip_texts(const char *t, int n)
{
	for (; n > 0; n--)
		t += strlen(t) + 1;
	return t;
}

/* see base/opt_table.h */
const char *
opt_text(const struct opt *o, enum opt_text which)
{
	return (int)which < count_texts(o) ? skip_texts(o->name, (int)which)
	                                   : "";
}

/* see base/opt_table.h */
bool
opt_next(struct opt *o)
{
	if (o->row != NULL) {
		o->name = skip_texts(o->name, count_texts(o));
		o->row++;
	}
	if (o->row == NULL || o->row->kind == OPT_NONE) {
		o->group += o->row != NULL;
		o->row = o->group->rows;
		o->name = o->group->texts;
	}
	if (o->row == NULL)
		return false;
	o->add = o->row->add > 0 ? o->group->adds[o->row->add - 1] : NULL;
	o->number++;
	o->at = o->row->at;
	o->letter = o->row->letter;
	o->kind = o->row->kind;
	return true;
}

/* see base/opt_table.h */
bool
opt_is_list(const struct opt *o)
{
	return o->kind == OPT_LIST || o->kind == OPT_URLS
	    || o->kind == OPT_SECRETS;
}

/* see base/opt_table.h */
bool
opt_has_env_name(const struct opt *o)
{
	return o->kind == OPT_FLAG || opt_takes_value(o);
}

static int
set_int(int *field, const char *text, uint64_t least)
{
	uint64_t n;
	int r = parse_uint(text, INT_MAX, &n);

	if (r == 0 && n < least)
		r = ERR_RANGE;
	if (r == 0)
		*field = (int)n;
	return r;
}

static int
set_ms(int64_t *field, const char *text, int64_t least_ms)
{
	int r = parse_ms(text, field);

	return r == 0 && *field < least_ms ? ERR_RANGE : r;
}

static int
set_signal(int *field, const char *text)
{
	int sig = signame_parse(text);

	if (sig < 0)
		return sig;
	*field = sig;
	return 0;
}

/* see base/opt_table.h */
int
opt_set(const struct opt *o, void *args, const char *text)
{
	void *field = (char *)args + o->at;

	switch ((enum opt_kind)o->kind) {
	case OPT_FLAG:
		return parse_bool(text, field);
	case OPT_INT:
		return set_int(field, text, 0);
	case OPT_COUNT:
		return set_int(field, text, 1);
	case OPT_MS:
		return set_ms(field, text, 0);
	case OPT_SOME_MS:
		return set_ms(field, text, 1);
	case OPT_SIG:
		return set_signal(field, text);
	case OPT_STR:
		*(const char **)field = text;
		return 0;
	case OPT_WORD:
	case OPT_LIST:
	case OPT_URLS:
	case OPT_SECRETS:
	case OPT_SECRET:
	case OPT_OPERAND:
		return o->add(field, span_of(text));
	case OPT_PAST_VALUE:
		return 0;
	case OPT_NONE:
	case OPT_UNFLAG:
	case OPT_ASK:
	case OPT_NO_ENV:
	case OPT_CALL:
	case OPT_PAST:
	case OPT_REFUSED:
		break;
	}
	return ERR_PARSE;
}
