/* SPDX-License-Identifier: Apache-2.0 */
/* What the tables say of themselves: usage lines, help, version. */
#include <jansson.h>

#include "cli/cli.h"
#include "cli/out.h"

enum { OPTION_COLUMN = 26, VERB_COLUMN = 13 };

static bool needs(const struct cli_verb *v, unsigned id)
{
	return v->must & CLI_OPT(id);
}

void cli_usage(FILE *out, const struct cli_verb *v)
{
	fprintf(out, "usage: sallyport [-s SOCKET] [--json] %s", v->words);
	for (unsigned id = 0; id < OPT_COUNT_OF; id++) {
		const struct cli_option *o = &cli_options[id];
		if (!(v->options & CLI_OPT(id)))
			continue;
		fprintf(out, needs(v, id) ? " %s%s%s" : " [%s%s%s]", o->name,
			o->value ? " " : "", o->value ? o->value : "");
	}
	fprintf(out, "%s%s\n", *v->operands ? " " : "", v->operands);
}

static void print_options(FILE *out, uint64_t set)
{
	char name[64];

	for (unsigned id = 0; id < OPT_COUNT_OF; id++) {
		const struct cli_option *o = &cli_options[id];
		if (!(set & CLI_OPT(id)))
			continue;
		snprintf(name, sizeof(name), "%s %s", o->name,
			 o->value ? o->value : "");
		fprintf(out, "  %-*s %s\n", OPTION_COLUMN, name, o->help);
	}
}

int cli_help_verb(struct cli *c, const struct cli_verb *v)
{
	cli_usage(c->out, v);
	fprintf(c->out, "\n%s: %s.\n%s%s\n", v->words, v->help, v->more,
		"\nOptions:");
	print_options(c->out, v->options | CLI_COMMON);
	return CLI_DONE;
}

static bool in_group(const struct cli_verb *v, const char *group)
{
	size_t len = group ? strlen(group) : 0;

	return !group || (strncmp(v->words, group, len) == 0 &&
			  (v->words[len] == ' ' || !v->words[len]));
}

int cli_help_list(struct cli *c, FILE *out, const char *group)
{
	unsigned found = 0;

	for (const struct cli_verb *v = cli_verbs; v->words; v++)
		found += in_group(v, group);
	if (!found)
		return CLI_NO;
	fprintf(out, "usage: sallyport [-s SOCKET] [--json] VERB "
		     "[ARGUMENT ...]\n\nVerbs:\n");
	for (const struct cli_verb *v = cli_verbs; v->words; v++)
		if (in_group(v, group))
			fprintf(out, "  %-*s %s\n", VERB_COLUMN, v->words,
				v->help);
	if (group)
		return CLI_DONE;
	fputs("\nOptions of all verbs:\n", out);
	print_options(out, CLI_COMMON);
	fputs("\n`sallyport help VERB` tells about one. Exit status: 0 done, "
	      "1 the answer is no,\n2 usage, 3 the server cannot be "
	      "reached.\n",
	      out);
	return ferror(c->out) ? CLI_NO : CLI_DONE;
}

static int list_json(struct cli *c)
{
	json_t *verbs = json_array();

	for (const struct cli_verb *v = cli_verbs; v->words; v++)
		json_array_append_new(verbs,
				      json_pack("{ssssss}", "verb", v->words,
						"operands", v->operands, "help",
						v->help));
	return out_json(c, json_pack("{so}", "verbs", verbs));
}

int cli_verb_help(struct cli *c)
{
	const struct cli_args *a = &c->args;
	size_t used;

	if (!a->operands)
		return a->opt[OPT_JSON] ? list_json(c)
					: cli_help_list(c, c->out, NULL);
	const struct cli_verb *v =
		cli_verb_find(a->operand, a->operands, &used);
	if (v && used == a->operands)
		return cli_help_verb(c, v);
	if (a->operands == 1 &&
	    cli_help_list(c, c->out, a->operand[0]) == CLI_DONE)
		return CLI_DONE;
	return cli_fail(c, CLI_USAGE,
			"there is no verb \"%s%s%s\"; `sallyport help` lists "
			"them",
			a->operand[0], a->operands > 1 ? " " : "",
			a->operands > 1 ? a->operand[1] : "");
}

int cli_verb_version(struct cli *c)
{
	if (c->args.opt[OPT_JSON])
		return out_json(
			c, json_pack("{ss}", "version", SALLYPORT_VERSION));
	fputs("sallyport " SALLYPORT_VERSION "\n", c->out);
	return CLI_DONE;
}
