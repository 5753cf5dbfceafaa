/* SPDX-License-Identifier: Apache-2.0 */
/* What waits for accounts that are not signed in. */
#include <jansson.h>
#include <string.h>

#include "cli/ctl.h"
#include "cli/out.h"
#include "cli/term.h"

struct column {
	const char *head, *key;
	bool time;
};

static int print_rows(struct cli *c, const json_t *rows,
		      const struct column *columns, size_t count)
{
	struct out_table t;
	const json_t *row;
	size_t i;

	out_table_init(&t, count);
	for (size_t k = 0; k < count; k++)
		out_cell(&t, slice_str(columns[k].head));
	json_array_foreach(rows, i, row)
	{
		for (size_t k = 0; k < count; k++) {
			const json_t *v = json_object_get(row, columns[k].key);
			if (columns[k].time)
				out_cell_time(&t, v);
			else
				out_cell_json(&t, v);
		}
	}
	int err = out_table_print(c, &t);
	out_table_free(&t);
	return err ? cli_fail(c, CLI_NO, "out of memory") : CLI_DONE;
}

int cli_verb_messages(struct cli *c)
{
	static const struct column queues[] = {
		{ "ACCOUNT", "aor", false },
		{ "MESSAGES", "messages", false },
		{ "BYTES", "bytes", false },
		{ "OLDEST", "oldest", true },
	};
	static const struct column one[] = {
		{ "ID", "id", false },        { "FROM", "from", false },
		{ "BYTES", "bytes", false },  { "STATE", "state", false },
		{ "STORED", "stored", true }, { "UNTIL", "expires", true },
	};
	bool all = !c->args.operands;
	json_t *args = all ? json_object()
			   : json_pack("{ss}", "aor", c->args.operand[0]);
	json_t *result;
	int status =
		ctl_call(c, all ? "messages" : "messages.of", args, &result);

	if (status)
		return status;
	if (c->args.opt[OPT_JSON])
		return out_json(c, result);
	const json_t *rows =
		json_object_get(result, all ? "queues" : "messages");
	if (!json_array_size(rows))
		fputs("no messages wait\n", c->out);
	else if (all)
		status = print_rows(c, rows, queues,
				    sizeof(queues) / sizeof(*queues));
	else
		status = print_rows(c, rows, one, sizeof(one) / sizeof(*one));
	json_decref(result);
	return status;
}

int cli_verb_messages_drop(struct cli *c)
{
	const char *aor = c->args.operand[0], *id = c->args.operand[1];
	bool told;

	if (!cli_is_account(aor))
		return cli_fail(c, CLI_USAGE, "%s is no user@domain", aor);
	int status = ctl_do(c, "messages.drop",
			    json_pack("{ssss}", "aor", aor, "id", id), &told);
	if (!told)
		fputs("dropped\n", c->out);
	return status;
}
