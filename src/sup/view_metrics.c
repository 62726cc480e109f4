/* SPDX-License-Identifier: MIT */
/*
 * sup/view_metrics.c - what the supervisor knows, for Prometheus (pure)
 *
 * A family is its HELP and TYPE lines and then all of its samples. The two
 * formats differ in a counter's family name, which OpenMetrics has without
 * the "_total" of its samples, in the info type, and in the last line.
 */
#include "sup/view_metrics.h"

#include <stdint.h>
#include <strings.h>

#define OPEN_TYPE "application/openmetrics-text"

#define WEIGHT_MAX 1000	/* thousandths: a q of 1 */
#define NOT_NAMED  (-1)

enum kind { COUNTER, GAUGE };

struct out {
	struct buf *b;
	bool        open;
};

struct family {
	const char *name;	/* a counter's without "_total" */
	const char *help;
	enum kind   kind;
};

static void
begin(const struct out *o, const struct family *f)
{
	const char *suffix = f->kind == COUNTER && !o->open ? "_total" : "";

	buf_fmt(o->b, "# HELP %s%s %s\n# TYPE %s%s %s\n", f->name, suffix,
	        f->help, f->name, suffix,
	        f->kind == COUNTER ? "counter" : "gauge");
}

/* A label's value, as both formats quote it. */
static void
add_label(struct buf *b, const char *value)
{
	for (const char *end; *value != '\0'; value = end) {
		end = value + strcspn(value, "\"\\");
		buf_plain(b, (struct span){ value, (size_t)(end - value) });
		if (*end != '\0')
			buf_fmt(b, "\\%c", *end++);
	}
}

/* A sample's name and labels; label and value are NULL for none. */
static void
name_sample(const struct out *o, const struct family *f, const char *label,
            const char *value)
{
	buf_fmt(o->b, "%s%s", f->name, f->kind == COUNTER ? "_total" : "");
	if (value != NULL) {
		buf_fmt(o->b, "{%s=\"", label);
		add_label(o->b, value);
		buf_str(o->b, "\"}");
	}
	buf_str(o->b, " ");
}

/* number / unit, unit a power of ten: "0.007" for 7 in thousandths. */
static void
add_number(struct buf *b, uint64_t number, uint64_t unit)
{
	buf_fmt(b, "%llu", (unsigned long long)(number / unit));
	if (unit > 1)
		buf_str(b, ".");
	for (uint64_t u = unit / 10; u > 0; u /= 10)
		buf_fmt(b, "%llu", (unsigned long long)(number / u % 10));
	buf_str(b, "\n");
}

static void
add_one(const struct out *o, const struct family *f, uint64_t value)
{
	begin(o, f);
	name_sample(o, f, NULL, NULL);
	add_number(o->b, value, 1);
}

static void
add_info(const struct out *o, const struct snapshot *facts)
{
	buf_fmt(o->b, "# HELP hale%s The version of hale.\n# TYPE hale%s %s\n"
	        "hale_info{version=\"%s\"} 1\n", o->open ? "" : "_info",
	        o->open ? "" : "_info", o->open ? "info" : "gauge",
	        facts->version);
}

static void
add_states(const struct out *o, const struct snapshot *facts)
{
	static const struct family f = {
		"hale_service_state", "1 for the state that the service is in.",
		GAUGE,
	};
	static const char states[][12] = {
		"starting", "running", "restarting", "draining", "stopping",
		"lingering",
	};

	begin(o, &f);
	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
		name_sample(o, &f, "state", states[i]);
		add_number(o->b, strcmp(states[i], facts->state) == 0, 1);
	}
}

static void
add_verdicts(const struct out *o, const struct snapshot *facts)
{
	static const struct family f = {
		"hale_verdict", "1 where the verdict is yes.", GAUGE,
	};
	static const struct {
		char     name[8];
		unsigned verdict;
	} verdicts[] = {
		{ "startup", VERDICT_STARTUP },
		{ "ready", VERDICT_READY },
		{ "live", VERDICT_LIVE },
	};

	begin(o, &f);
	for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
		name_sample(o, &f, "verdict", verdicts[i].name);
		add_number(o->b, snapshot_pass(facts, verdicts[i].verdict), 1);
	}
}

static void
add_counts(const struct out *o, const struct snapshot *facts)
{
	static const struct family restarts = {
		"hale_service_restarts", "Restarts of the service.", COUNTER,
	}, code = {
		"hale_service_last_exit_code",
		"Exit code of the service's last end; 128 and the number for "
		"a signal.", GAUGE,
	}, orphans = {
		"hale_orphans_reaped", "Orphaned processes reaped.", COUNTER,
	}, signals = {
		"hale_signals_forwarded", "Signals sent on to the service.",
		COUNTER,
	}, requests = {
		"hale_probe_requests", "Probes answered.", COUNTER,
	};

	add_one(o, &restarts, (uint64_t)facts->restarts);
	if (*facts->last_exit != '\0')
		add_one(o, &code, (uint64_t)facts->last_code);
	add_one(o, &orphans, facts->orphans);
	add_one(o, &signals, facts->signals);
	add_one(o, &requests, facts->requests);
}

/* --- checks --- */

enum check_value {
	CHECK_UP, CHECK_FLAPS, CHECK_TOOK, CHECK_PASSED, CHECK_FAILED,
	CHECK_NOT_RUN,
};

static void
add_check(const struct out *o, const struct family *f,
          const struct snapshot_check *c, enum check_value what)
{
	if (what == CHECK_TOOK && c->took_ms < 0)
		return;
	name_sample(o, f, "check", c->name);
	switch (what) {
	case CHECK_UP:
		add_number(o->b, c->fails == 0, 1);
		break;
	case CHECK_FLAPS:
		add_number(o->b, c->flaps, 1);
		break;
	case CHECK_TOOK:
		add_number(o->b, (uint64_t)c->took_ms, 1000);
		break;
	case CHECK_PASSED:
		add_number(o->b, c->passed, 1);
		break;
	case CHECK_FAILED:
		add_number(o->b, c->failed, 1);
		break;
	case CHECK_NOT_RUN:
		add_number(o->b, c->not_run, 1);
		break;
	}
}

static void
add_checks(const struct out *o, const struct snapshot *facts)
{
	static const struct {
		struct family    family;
		enum check_value what;
	} table[] = {
		{ { "hale_check_success", "1 where the check passes.", GAUGE },
		  CHECK_UP },
		{ { "hale_check_flapping",
		    "1 where the check's last results keep changing.", GAUGE },
		  CHECK_FLAPS },
		{ { "hale_check_duration_seconds", "What the last one took.",
		    GAUGE }, CHECK_TOOK },
		{ { "hale_check_passed", "Checks that were good.", COUNTER },
		  CHECK_PASSED },
		{ { "hale_check_failed", "Checks that were bad.", COUNTER },
		  CHECK_FAILED },
		{ { "hale_check_not_run",
		    "Checks that the machine did not let hale run.", COUNTER },
		  CHECK_NOT_RUN },
	};
	bool any = false;

	for (size_t i = 0; i < facts->n_checks; i++)
		any |= facts->checks[i].state != NULL;
	for (size_t t = 0; any && t < sizeof table / sizeof table[0]; t++) {
		begin(o, &table[t].family);
		for (size_t i = 0; i < facts->n_checks; i++)
			if (facts->checks[i].state != NULL)
				add_check(o, &table[t].family,
				          &facts->checks[i], table[t].what);
	}
}

/* --- the service's process and its cgroup --- */

#define AT(field) offsetof(struct snapshot_usage, field)
static const struct usage_family {
	struct family family;
	unsigned      at;
	unsigned      unit;	/* of the field, a part of the sample's */
} usage_families[] = {
	{ { "process_cpu_seconds", "CPU time of the service's process.",
	    COUNTER }, AT(cpu_ms), 1000 },
	{ { "process_resident_memory_bytes", "Its resident memory.", GAUGE },
	  AT(resident_bytes), 1 },
	{ { "process_virtual_memory_bytes", "Its address space.", GAUGE },
	  AT(virtual_bytes), 1 },
	{ { "process_threads", "Its threads.", GAUGE }, AT(threads), 1 },
	{ { "process_open_fds", "Its open descriptors.", GAUGE },
	  AT(open_fds), 1 },
	{ { "process_max_fds", "Descriptors that it may open.", GAUGE },
	  AT(max_fds), 1 },
	{ { "process_start_time_seconds", "When it was started, since 1970.",
	    GAUGE }, AT(start_ms), 1000 },
	{ { "hale_cgroup_memory_bytes", "Memory of the container.", GAUGE },
	  AT(memory_bytes), 1 },
	{ { "hale_cgroup_memory_limit_bytes", "Its limit.", GAUGE },
	  AT(memory_limit_bytes), 1 },
	{ { "hale_cgroup_oom_kills",
	    "Processes that the kernel killed for memory.", COUNTER },
	  AT(oom_kills), 1 },
	{ { "hale_cgroup_cpu_periods", "Periods of its CPU limit.", COUNTER },
	  AT(cpu_periods), 1 },
	{ { "hale_cgroup_cpu_throttled_periods",
	    "Those in which it was held back.", COUNTER },
	  AT(cpu_throttled), 1 },
	{ { "hale_cgroup_cpu_throttled_seconds",
	    "How long it was held back.", COUNTER },
	  AT(cpu_throttled_us), 1000000 },
};

static void
add_usage(const struct out *o, const struct snapshot_usage *usage)
{
	size_t n = sizeof usage_families / sizeof usage_families[0];

	for (size_t i = 0; i < n; i++) {
		const struct usage_family *u = &usage_families[i];
		uint64_t value;

		memcpy(&value, (const char *)usage + u->at, sizeof value);
		if (value == SNAPSHOT_UNKNOWN)
			continue;
		begin(o, &u->family);
		name_sample(o, &u->family, NULL, NULL);
		add_number(o->b, value, u->unit);
	}
}

/* see sup/view_metrics.h */
void
view_metrics(struct buf *b, const struct snapshot *facts, bool open)
{
	const struct out o = { b, open };

	add_info(&o, facts);
	add_states(&o, facts);
	add_verdicts(&o, facts);
	add_counts(&o, facts);
	add_checks(&o, facts);
	if (facts->usage != NULL)
		add_usage(&o, facts->usage);
	if (open)
		buf_str(b, "# EOF\n");
}

/* --- the Accept field (RFC 9110, 12.4.2 and 12.5.1) --- */

/* Cuts up to the next mark that stands outside of quotes. */
static struct span
cut_item(struct span *rest, char mark)
{
	struct span item = { rest->p, 0 };
	bool quoted = false;

	for (; item.len < rest->len; item.len++) {
		char c = rest->p[item.len];

		if (c == '"')
			quoted = !quoted;
		else if (quoted && c == '\\')
			item.len++;	/* the next one means itself */
		else if (!quoted && c == mark)
			break;
	}
	if (item.len > rest->len)	/* nothing followed the backslash */
		item.len = rest->len;
	*rest = span_after(*rest, item.len + 1);
	return span_trim(item, " \t");
}

static bool
is_same(struct span s, const char *text)
{
	return s.len == strlen(text) && strncasecmp(s.p, text, s.len) == 0;
}

/* "0.25" in thousandths; NOT_NAMED where it is not 0 to 1. */
static int
read_weight(struct span q)
{
	int weight = 0, unit = WEIGHT_MAX;

	if (q.len == 0 || (q.len > 1 && q.p[1] != '.'))
		return NOT_NAMED;
	for (size_t i = 0; i < q.len; i++) {
		if (i == 1)	/* the point */
			continue;
		if (q.p[i] < '0' || q.p[i] > '9')
			return NOT_NAMED;
		weight += (q.p[i] - '0') * unit;
		unit /= 10;	/* 0 from the fourth digit after it on */
	}
	return weight > WEIGHT_MAX ? NOT_NAMED : weight;
}

/* What a range's parameters give it. A weight that cannot be read makes the
 * range one that is not there. */
static int
weight_of_range(struct span parameters)
{
	while (parameters.len > 0) {
		struct span value = cut_item(&parameters, ';');
		struct span name = cut_item(&value, '=');

		if (is_same(name, "q"))
			return read_weight(span_trim(value, " \t"));
	}
	return WEIGHT_MAX;
}

/* Of several ranges of that name the highest. */
static int
weight_of(struct span accept, const char *range)
{
	int highest = NOT_NAMED;

	while (accept.len > 0) {
		struct span parameters = cut_item(&accept, ',');
		struct span name = cut_item(&parameters, ';');
		int weight;

		if (!is_same(name, range))
			continue;
		weight = weight_of_range(parameters);
		if (weight > highest)
			highest = weight;
	}
	return highest;
}

/* see sup/view_metrics.h */
bool
metrics_is_open(struct span accept)
{
	static const char plain[][12] = { "text/plain", "text/*", "*/*" };
	int open = weight_of(accept, OPEN_TYPE);
	int text = NOT_NAMED;

	if (open <= 0)
		return false;
	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
		if (text == NOT_NAMED)	/* the most specific one counts */
			text = weight_of(accept, plain[i]);
	return open >= text;
}
