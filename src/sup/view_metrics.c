/* SPDX-License-Identifier: MIT */
/*
 * sup/view_metrics.c - the body of /metrics, for Prometheus
 *
 * A family is its HELP and TYPE lines and then all of its samples. The two
 * formats differ in a counter's family name, which OpenMetrics has without
 * the "_total" of its samples, in the info type, and in the last line.
 */
#include "sup/view_metrics.h"

enum kind { COUNTER, GAUGE };

struct out {
	struct buf *b;
	bool        open;
};

/* A family's name, a counter's without "_total", and after its NUL the help:
 * in one text, which takes no pointers in the tables. */
#define FAMILY_MAX 69

static void
begin(const struct out *o, const char *family, enum kind kind)
{
	const char *suffix = kind == COUNTER && !o->open ? "_total" : "";

	buf_fmt(o->b, "# HELP %s%s %s\n# TYPE %s%s %s\n", family, suffix,
	        family + strlen(family) + 1, family, suffix,
	        kind == COUNTER ? "counter" : "gauge");
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
name_sample(const struct out *o, const char *family, enum kind kind,
            const char *label, const char *value)
{
	buf_fmt(o->b, "%s%s", family, kind == COUNTER ? "_total" : "");
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
add_one(const struct out *o, const char *family, enum kind kind,
        uint64_t number, uint64_t unit)
{
	begin(o, family, kind);
	name_sample(o, family, kind, NULL, NULL);
	add_number(o->b, number, unit);
}

static void
add_count(const struct out *o, const char *family, uint64_t number)
{
	add_one(o, family, COUNTER, number, 1);
}

static void
add_info(const struct out *o, const struct snapshot *s)
{
	buf_fmt(o->b, "# HELP hale%s The version of hale.\n# TYPE hale%s %s\n"
	        "hale_info{version=\"%s\"} 1\n", o->open ? "" : "_info",
	        o->open ? "" : "_info", o->open ? "info" : "gauge",
	        s->version);
}

static void
add_states(const struct out *o, const struct snapshot *s)
{
	static const char *const family =
		"hale_service_state\0"
		"1 for the state that the service is in.";
	static const char states[][12] = {
		"starting", "running", "restarting", "draining", "stopping",
		"lingering",
	};

	begin(o, family, GAUGE);
	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
		name_sample(o, family, GAUGE, "state", states[i]);
		add_number(o->b, strcmp(states[i], s->state) == 0, 1);
	}
}

static void
add_verdicts(const struct out *o, const struct snapshot *s)
{
	static const char *const family =
		"hale_verdict\0"
		"1 where the verdict is yes.";
	static const struct {
		char     name[8];
		unsigned verdict;
	} verdicts[] = {
		{ "startup", VERDICT_STARTUP },
		{ "ready", VERDICT_READY },
		{ "live", VERDICT_LIVE },
	};

	begin(o, family, GAUGE);
	for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
		name_sample(o, family, GAUGE, "verdict", verdicts[i].name);
		add_number(o->b, snapshot_passes(s, verdicts[i].verdict), 1);
	}
}

static void
add_counts(const struct out *o, const struct snapshot *s)
{
	add_count(o, "hale_service_restarts\0Restarts of the service.",
	          (uint64_t)s->restarts);
	if (*s->last_exit != '\0')
		add_one(o, "hale_service_last_exit_code\0"
		        "Exit code of the service's last end; 128 and the "
		        "number for a signal.", GAUGE,
		        (uint64_t)s->last_code, 1);
	add_count(o, "hale_orphans_reaped\0Orphaned processes reaped.",
	          s->orphans);
	add_count(o, "hale_signals_forwarded\0Signals sent on to the service.",
	          s->signals);
	add_count(o, "hale_probe_requests\0Probes answered.", s->requests);
}

/* --- checks --- */

enum check_value {
	CHECK_UP, CHECK_FLAPS, CHECK_TOOK, CHECK_PASSED, CHECK_FAILED,
	CHECK_NOT_RUN,
};

struct check_family {
	char          family[FAMILY_MAX];
	unsigned char kind;	/* enum kind */
	unsigned char what;	/* enum check_value */
};

static void
add_check(const struct out *o, const struct check_family *f,
          const struct snapshot_check *c)
{
	if (f->what == CHECK_TOOK && c->took_ms < 0)
		return;
	name_sample(o, f->family, f->kind, "check", c->name);
	switch ((enum check_value)f->what) {
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
add_checks(const struct out *o, const struct snapshot *s)
{
	static const struct check_family table[] = {
		{ "hale_check_success\0" "1 where the check passes.", GAUGE,
		  CHECK_UP },
		{ "hale_check_flapping\0"
		  "1 where the check's last results keep changing.", GAUGE,
		  CHECK_FLAPS },
		{ "hale_check_duration_seconds\0What the last one took.",
		  GAUGE, CHECK_TOOK },
		{ "hale_check_passed\0Checks that were good.", COUNTER,
		  CHECK_PASSED },
		{ "hale_check_failed\0Checks that were bad.", COUNTER,
		  CHECK_FAILED },
		{ "hale_check_not_run\0"
		  "Checks that the machine did not let hale run.", COUNTER,
		  CHECK_NOT_RUN },
	};
	bool any = false;

	for (size_t i = 0; i < s->n_checks; i++)
		any |= s->checks[i].state != NULL;
	for (size_t t = 0; any && t < sizeof table / sizeof table[0]; t++) {
		begin(o, table[t].family, table[t].kind);
		for (size_t i = 0; i < s->n_checks; i++)
			if (s->checks[i].state != NULL)
				add_check(o, &table[t], &s->checks[i]);
	}
}

/* --- the service's process and its cgroup --- */

#define AT(field) offsetof(struct snapshot_usage, field)
static const struct usage_family {
	char          family[FAMILY_MAX];
	unsigned char kind;	/* enum kind */
	uint16_t      at;
	uint32_t      unit;	/* of the field, a part of the sample's */
} usage_families[] = {
	{ "process_cpu_seconds\0CPU time of the service's process.",
	  COUNTER, AT(cpu_ms), 1000 },
	{ "process_resident_memory_bytes\0Its resident memory.",
	  GAUGE, AT(resident_bytes), 1 },
	{ "process_virtual_memory_bytes\0Its address space.",
	  GAUGE, AT(virtual_bytes), 1 },
	{ "process_threads\0Its threads.",
	  GAUGE, AT(threads), 1 },
	{ "process_open_fds\0Its open descriptors.",
	  GAUGE, AT(open_fds), 1 },
	{ "process_max_fds\0Descriptors that it may open.",
	  GAUGE, AT(max_fds), 1 },
	{ "process_start_time_seconds\0When it was started, since 1970.",
	  GAUGE, AT(start_ms), 1000 },
	{ "hale_cgroup_memory_bytes\0Memory of the container.",
	  GAUGE, AT(memory_bytes), 1 },
	{ "hale_cgroup_memory_limit_bytes\0Its limit.",
	  GAUGE, AT(memory_limit_bytes), 1 },
	{ "hale_cgroup_oom_kills\0Processes that the kernel killed for memory.",
	  COUNTER, AT(oom_kills), 1 },
	{ "hale_cgroup_cpu_periods\0Periods of its CPU limit.",
	  COUNTER, AT(cpu_periods), 1 },
	{ "hale_cgroup_cpu_throttled_periods\0Those in which it was held back.",
	  COUNTER, AT(cpu_throttled), 1 },
	{ "hale_cgroup_cpu_throttled_seconds\0How long it was held back.",
	  COUNTER, AT(cpu_throttled_us), 1000000 },
};

static void
add_usage(const struct out *o, const struct snapshot_usage *usage)
{
	size_t n = sizeof usage_families / sizeof usage_families[0];

	for (size_t i = 0; i < n; i++) {
		const struct usage_family *u = &usage_families[i];
		uint64_t value;

		memcpy(&value, (const char *)usage + u->at, sizeof value);
		if (value != SNAPSHOT_UNKNOWN)
			add_one(o, u->family, u->kind, value, u->unit);
	}
}

/* see sup/view_metrics.h */
void
view_metrics(struct buf *b, const struct snapshot *s, bool open)
{
	const struct out o = { b, open };

	add_info(&o, s);
	add_states(&o, s);
	add_verdicts(&o, s);
	add_counts(&o, s);
	add_checks(&o, s);
	if (s->has_usage)
		add_usage(&o, &s->usage);
	if (open)
		buf_str(b, "# EOF\n");
}
