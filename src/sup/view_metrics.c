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
		add_number(o->b, strcmp(states[i], s->state) == 0, 1);
	}
}

static void
add_verdicts(const struct out *o, const struct snapshot *s)
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
		add_number(o->b, snapshot_passes(s, verdicts[i].verdict), 1);
	}
}

static void
add_counts(const struct out *o, const struct snapshot *s)
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

	add_one(o, &restarts, (uint64_t)s->restarts);
	if (*s->last_exit != '\0')
		add_one(o, &code, (uint64_t)s->last_code);
	add_one(o, &orphans, s->orphans);
	add_one(o, &signals, s->signals);
	add_one(o, &requests, s->requests);
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
add_checks(const struct out *o, const struct snapshot *s)
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

	for (size_t i = 0; i < s->n_checks; i++)
		any |= s->checks[i].state != NULL;
	for (size_t t = 0; any && t < sizeof table / sizeof table[0]; t++) {
		begin(o, &table[t].family);
		for (size_t i = 0; i < s->n_checks; i++)
			if (s->checks[i].state != NULL)
				add_check(o, &table[t].family,
				          &s->checks[i], table[t].what);
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
