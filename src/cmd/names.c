/* SPDX-License-Identifier: MIT */
/* cmd/names.c - the table of other tools' names */
#include "cmd/names.h"

#include <string.h>

#include "base/span.h"
#include "cmd/cmd.h"
#include "cmd/tool.h"

/* Inits first, then clients, then the shell. */
enum tool {
	TOOL_TINI, TOOL_DUMB_INIT, TOOL_CATATONIT, TOOL_PAUSE,
	TOOL_CURL, TOOL_WGET, TOOL_GRPC_PROBE, TOOL_NC, TOOL_SH,
};

#define NAMES(NAME) \
	NAME("tini", TOOL_TINI) \
	NAME("tini-static", TOOL_TINI) \
	NAME("docker-init", TOOL_TINI) \
	NAME("dumb-init", TOOL_DUMB_INIT) \
	NAME("catatonit", TOOL_CATATONIT) \
	NAME("podman-init", TOOL_CATATONIT)	/* as Podman mounts it */ \
	NAME("pause", TOOL_PAUSE) \
	NAME("curl", TOOL_CURL) \
	NAME("wget", TOOL_WGET) \
	NAME("grpc_health_probe", TOOL_GRPC_PROBE) \
	NAME("nc", TOOL_NC) \
	NAME("sh", TOOL_SH)
#define TEXT_OF(text, tool) text "\0"
#define TOOL_OF(text, tool) tool,
static const char *const texts = NAMES(TEXT_OF);
static const unsigned char tools[] = { NAMES(TOOL_OF) };

/* see cmd/names.h */
const char *
names_text(int n)
{
	return span_nth_text(texts, (size_t)n);
}

/* see cmd/names.h */
enum name_kind
names_kind(int n)
{
	if (tools[n] == TOOL_SH)
		return NAME_SHELL;
	return tools[n] < TOOL_CURL ? NAME_INIT : NAME_CLIENT;
}

/* see cmd/names.h */
int
names_find(const char *path)
{
	const char *slash = path == NULL ? NULL : strrchr(path, '/');
	const char *last = slash == NULL ? path : slash + 1;

	for (int n = 0; last != NULL && *names_text(n) != '\0'; n++)
		if (strcmp(names_text(n), last) == 0)
			return n;
	return NAMES_NONE;
}

/* see cmd/names.h */
int
names_run(int n, int argc, char **argv)
{
	switch ((enum tool)tools[n]) {
	case TOOL_TINI:
		return tool_tini(argc, argv);
	case TOOL_DUMB_INIT:
		return tool_dumb_init(argc, argv);
	case TOOL_CATATONIT:
		return tool_catatonit(argc, argv);
	case TOOL_PAUSE:
		return tool_pause(argc, argv);
	case TOOL_CURL:
		return tool_curl(argc, argv);
	case TOOL_WGET:
		return tool_wget(argc, argv);
	case TOOL_GRPC_PROBE:
		return tool_grpc_probe(argc, argv);
	case TOOL_NC:
		return tool_nc(argc, argv);
	case TOOL_SH:
		return tool_sh(argc, argv);
	}
	return CMD_USAGE;	/* no such tool */
}
