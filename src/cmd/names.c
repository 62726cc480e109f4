/* SPDX-License-Identifier: MIT */
/* cmd/names.c - the table of other tools' names */
#include "cmd/names.h"

#include <string.h>

#include "cmd/cmd.h"
#include "cmd/tool.h"

enum tool {
	TOOL_TINI, TOOL_DUMB_INIT, TOOL_CATATONIT, TOOL_PAUSE,
	TOOL_CURL, TOOL_WGET, TOOL_GRPC_PROBE, TOOL_NC, TOOL_SH,
};

/* see cmd/names.h */
const struct name names_all[] = {
	{ "tini", NAME_INIT, TOOL_TINI },
	{ "tini-static", NAME_INIT, TOOL_TINI },
	{ "docker-init", NAME_INIT, TOOL_TINI },
	{ "dumb-init", NAME_INIT, TOOL_DUMB_INIT },
	{ "catatonit", NAME_INIT, TOOL_CATATONIT },
	{ "podman-init", NAME_INIT, TOOL_CATATONIT },	/* as Podman mounts it */
	{ "pause", NAME_INIT, TOOL_PAUSE },
	{ "curl", NAME_CLIENT, TOOL_CURL },
	{ "wget", NAME_CLIENT, TOOL_WGET },
	{ "grpc_health_probe", NAME_CLIENT, TOOL_GRPC_PROBE },
	{ "nc", NAME_CLIENT, TOOL_NC },
	{ "sh", NAME_SHELL, TOOL_SH },
	{ .text = "" },
};

/* see cmd/names.h */
const struct name *
names_find(const char *path)
{
	const char *slash = path == NULL ? NULL : strrchr(path, '/');
	const char *last = slash == NULL ? path : slash + 1;

	if (last == NULL)
		return NULL;
	for (const struct name *n = names_all; n->text[0] != '\0'; n++)
		if (strcmp(n->text, last) == 0)
			return n;
	return NULL;
}

/* see cmd/names.h */
int
names_run(const struct name *n, int argc, char **argv)
{
	switch ((enum tool)n->tool) {
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
