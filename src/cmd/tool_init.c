/* SPDX-License-Identifier: MIT */
/* cmd/tool_init.c - what hale does alike by every init's name */
#include "cmd/tool_init.h"

#include <unistd.h>

#include "base/parse.h"
#include "cmd/cmd.h"
#include "cmd/script.h"
#include "sup/exec_error.h"
#include "sup/pause.h"

#define TEXT_MAX 512	/* bytes of a usage or a version */

static int
print(int fd, const char *text)
{
	char room[TEXT_MAX];
	struct buf b = buf_over(room, sizeof room);

	buf_fmt(&b, text, cmd_version(), cmd_commit());
	(void)!write(fd, b.p, b.len);	/* there is nobody else to hear it */
	return CMD_OK;
}

static int
refuse(const struct tool_init *t, const char *what, const char *word)
{
	log_error("%s: %s", what, word);
	(void)print(STDERR_FILENO, t->usage);
	return CMD_FAILED;
}

/* An exit code that counts as 0. Returns 0 or an error. */
static int
read_code(struct init_plan *plan, const char *text)
{
	uint64_t code;
	int r = parse_uint(text, KEEPER_CODES - 1, &code);

	if (r == 0)
		plan->service.is_success[code] = true;
	return r;
}

/* Takes one letter; *code is the exit code if it is the last to be read.
 * Returns 0 or an error: its value is wrong. */
static int
take(struct tool_init *t, int letter, int *code)
{
	struct init_plan *plan = &t->plan;
	const char *value = t->letter.value;

	switch (letter) {
	case 'c':
		plan->service.group = false;
		break;
	case 'e':
		return read_code(plan, value);
	case 'g':
		plan->service.group = true;
		break;
	case 'h':
		*code = print(t->out_fd, t->usage);
		break;
	case 'l':
	case 'L':
		*code = cmd_print(span_of(cmd_license));
		break;
	case 'p':
		plan->parent_signal = signame_parse(value);
		return plan->parent_signal;
	case 'P':
		t->pauses = true;
		break;
	case 'r':
		return signals_read_rewrite(plan->rewrite, span_of(value));
	case 's':
		plan->subreaper = true;
		break;
	case 'v':
		t->verbosity++;
		break;
	case 'V':
		*code = print(t->out_fd, t->version);
		break;
	case 'w':
		plan->warn_on_reap = true;
		break;
	}
	return 0;
}

/* see cmd/tool_init.h */
int
tool_init_read(struct tool_init *t, char **argv, log_start *start)
{
	struct letter *l = &t->letter;
	int code = TOOL_INIT_GO_ON, letter;

	signals_block(&t->plan.service.given);
	log_start_with(start);
	l->argv = argv + 1;
	while ((letter = letter_next(l)) > LETTER_END) {
		if (take(t, letter, &code) < 0) {
			log_error("Not a valid option for -%c: %s", letter,
			          l->value);
			return CMD_FAILED;
		}
		if (code >= 0)
			return code;
	}
	if (letter == LETTER_BAD)
		return refuse(t, "invalid option or value", l->word);
	if (t->pauses)
		return pause_run();
	if (*l->argv == NULL)
		return refuse(t, argv[0], "missing program name");
	if (script_starts_itself(argv[0], *l->argv))
		return t->plan.unstarted_code != 0 ? t->plan.unstarted_code
		                                   : EXEC_ERROR_CANNOT_RUN;
	return TOOL_INIT_GO_ON;
}

/* see cmd/tool_init.h */
int
tool_init_run(struct tool_init *t)
{
	t->plan.version = cmd_version();
	t->plan.no_local = true;
	t->plan.service.argv = t->letter.argv;
	return init_run(&t->plan);
}
