/* SPDX-License-Identifier: Apache-2.0 */
/* One run: parse, then the verb; complaints go to err, in one form. */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>

#include "cli/term.h"

int cli_fail(struct cli *c, int status, const char *fmt, ...)
{
	char text[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fputs("sallyport: ", c->err);
	term_print(c->err, slice_str(text), TERM_LINES);
	fputc('\n', c->err);
	return status;
}

bool cli_colour(bool terminal)
{
	const char *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return terminal && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

static int usage_error(struct cli *c, const char *error)
{
	const struct cli_verb *v = c->args.verb;

	cli_fail(c, CLI_USAGE, "%s", error);
	if (v) {
		cli_usage(c->err, v);
		fprintf(c->err, "`sallyport help %s` tells more.\n", v->words);
		return CLI_USAGE;
	}
	const char *group = c->args.operands ? c->args.operand[0] : NULL;
	if (cli_help_list(c, c->err, group) != CLI_DONE)
		fputs("`sallyport help` lists the verbs.\n", c->err);
	return CLI_USAGE;
}

static int dispatch(struct cli *c, int argc, char *const argv[])
{
	char error[CLI_ERROR_MAX];

	if (cli_args_parse(&c->args, argc, argv, error))
		return usage_error(c, error);
	if (!c->args.opt[OPT_HELP])
		return c->args.verb->run(c);
	if (c->args.verb)
		return cli_help_verb(c, c->args.verb);
	return cli_help_list(c, c->out,
			     c->args.operands ? c->args.operand[0] : NULL);
}

int cli_run(struct cli *c, int argc, char *const argv[])
{
	int status = dispatch(c, argc, argv);

	if (fflush(c->out) || ferror(c->out))
		return cli_fail(c, status ? status : CLI_NO,
				"the output could not be written");
	return status;
}
