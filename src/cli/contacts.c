/* SPDX-License-Identifier: Apache-2.0 */
/* `user contacts`: who may see a user of ours. */
#include <jansson.h>
#include <string.h>

#include "cli/ctl.h"
#include "cli/out.h"
#include "cli/term.h"

static int print_contacts(struct cli *c, const json_t *contacts)
{
	struct out_table t;
	const json_t *row;
	size_t i;

	out_table_init(&t, 2);
	out_cell(&t, SLICE_LIT("ADDRESS"));
	out_cell(&t, SLICE_LIT("RULE"));
	json_array_foreach(contacts, i, row)
	{
		out_cell_json(&t, json_object_get(row, "contact"));
		out_cell_json(&t, json_object_get(row, "rule"));
	}
	int err = out_table_print(c, &t);
	out_table_free(&t);
	return err ? cli_fail(c, CLI_NO, "out of memory") : CLI_DONE;
}

static int list(struct cli *c)
{
	json_t *args = json_pack("{ss}", "aor", c->args.operand[0]);
	json_t *result;
	int status = ctl_call(c, "user.contacts", args, &result);

	if (status)
		return status;
	if (c->args.opt[OPT_JSON])
		return out_json(c, result);
	const json_t *contacts = json_object_get(result, "contacts");
	if (json_array_size(contacts))
		status = print_contacts(c, contacts);
	else
		fputs("there are no contacts; nobody is allowed or blocked\n",
		      c->out);
	json_decref(result);
	return status;
}

static const struct {
	const char *word, *verb, *rule, *done;
} changes[] = {
	{ "add", "user.contact.set", "contact", "is a contact" },
	{ "allow", "user.contact.set", "allow", "is allowed" },
	{ "block", "user.contact.set", "block", "is blocked" },
	{ "remove", "user.contact.remove", NULL, "is on no list" },
};

enum { CHANGES = sizeof(changes) / sizeof(*changes) };

static int change(struct cli *c, size_t i)
{
	const char *other = c->args.operand[2];
	json_t *args =
		changes[i].rule
			? json_pack("{ssssss}", "aor", c->args.operand[0],
				    "contact", other, "rule", changes[i].rule)
			: json_pack("{ssss}", "aor", c->args.operand[0],
				    "contact", other);
	bool told;
	int status = ctl_do(c, changes[i].verb, args, &told);

	if (told)
		return status;
	term_print(c->out, slice_str(other), TERM_LINE);
	fprintf(c->out, " %s\n", changes[i].done);
	return status;
}

int cli_verb_user_contacts(struct cli *c)
{
	if (c->args.operands == 1)
		return list(c);
	for (size_t i = 0; i < CHANGES; i++)
		if (strcmp(c->args.operand[1], changes[i].word) == 0 &&
		    c->args.operands == 3)
			return change(c, i);
	return cli_fail(c, CLI_USAGE,
			"usage: sallyport user contacts USER@DOMAIN "
			"[add|allow|block|remove ADDRESS]");
}
