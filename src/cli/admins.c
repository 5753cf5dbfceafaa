/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts for the pages of admin.listen. */
#include <jansson.h>

#include "cli/ctl.h"
#include "cli/out.h"
#include "cli/password.h"
#include "cli/term.h"

/* "alice WHAT", unless --json or a refusal spoke. */
static void tell(struct cli *c, bool told, const char *what)
{
	if (told)
		return;
	term_print(c->out, slice_str(c->args.operand[0]), TERM_LINE);
	fprintf(c->out, " %s\n", what);
}

static int with_password(struct cli *c, const char *verb, const char *what)
{
	struct password password;
	bool told;
	int status = password_new(&password, c);

	if (status)
		return status;
	json_t *args = json_pack("{ssss#}", "name", c->args.operand[0],
				 "password", password.text, (int)password.len);
	const char *role = c->args.opt[OPT_ROLE];
	password_wipe(&password);
	if (args && strcmp(verb, "admin.add") == 0 &&
	    json_object_set_new(args, "role", json_string(role ? role : ""))) {
		ctl_wipe(args, "password");
		json_decref(args);
		args = NULL;
	}
	status = ctl_do(c, verb, json_incref(args), &told);
	ctl_wipe(args, "password");
	json_decref(args);
	tell(c, told, what);
	return status;
}

int cli_verb_admin_add(struct cli *c)
{
	return with_password(c, "admin.add", "may sign in");
}

int cli_verb_admin_passwd(struct cli *c)
{
	return with_password(c, "admin.passwd", "has the new password");
}

int cli_verb_admin_remove(struct cli *c)
{
	json_t *args = json_pack("{ss}", "name", c->args.operand[0]);
	bool told;
	int status = ctl_do(c, "admin.remove", args, &told);

	tell(c, told, "is removed");
	return status;
}

static int print_list(struct cli *c, const json_t *list)
{
	struct out_table t;
	const json_t *row;
	size_t i;

	out_table_init(&t, 3);
	out_cell(&t, SLICE_LIT("NAME"));
	out_cell(&t, SLICE_LIT("ROLE"));
	out_cell(&t, SLICE_LIT("SINCE"));
	json_array_foreach(list, i, row)
	{
		out_cell_json(&t, json_object_get(row, "name"));
		out_cell_json(&t, json_object_get(row, "role"));
		out_cell_time(&t, json_object_get(row, "created"));
	}
	int err = out_table_print(c, &t);
	out_table_free(&t);
	return err ? cli_fail(c, CLI_NO, "out of memory") : CLI_DONE;
}

int cli_verb_admin_list(struct cli *c)
{
	json_t *result;
	int status = ctl_call(c, "admin.list", json_object(), &result);

	if (status)
		return status;
	if (c->args.opt[OPT_JSON])
		return out_json(c, result);
	const json_t *list = json_object_get(result, "administrators");
	if (json_array_size(list))
		status = print_list(c, list);
	else
		fputs("nobody may sign in\n", c->out);
	json_decref(result);
	return status;
}
