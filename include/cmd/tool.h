/* SPDX-License-Identifier: MIT */
/*
 * cmd/tool.h - the tools whose place hale takes, one function each
 *
 * Called by the tool's name (cmd/names.h), hale has its command line, defaults
 * and exit codes. Each function is a whole program: argv[0] is the name by
 * which it was called, it prints, and returns the exit code.
 */
#ifndef HALE_CMD_TOOL_H
#define HALE_CMD_TOOL_H

/* Inits: they start the program that argv names. */
int tool_tini(int argc, char **argv);
int tool_dumb_init(int argc, char **argv);
int tool_catatonit(int argc, char **argv);
int tool_pause(int argc, char **argv);

/* Clients: they start nothing, and may be called again in one process. */
int tool_curl(int argc, char **argv);
int tool_wget(int argc, char **argv);
int tool_grpc_probe(int argc, char **argv);
int tool_nc(int argc, char **argv);

/* The shell form of a health check: runs clients only. */
int tool_sh(int argc, char **argv);

#endif
