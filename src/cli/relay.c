/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions of the relay. */
#include <jansson.h>

#include "cli/ctl.h"
#include "cli/out.h"
#include "cli/term.h"

static int print_sessions(struct cli *c, const json_t *rows)
{
	static const struct {
		const char *head, *key;
	} columns[] = {
		{ "SESSION", "session" },   { "USER", "user" },
		{ "CLIENT", "client" },     { "RELAYED", "relayed" },
		{ "BY", "transport" },      { "SECONDS", "age" },
		{ "UP BYTES", "up_bytes" }, { "DOWN BYTES", "down_bytes" },
		{ "DROPPED", "dropped" },
	};
	enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };
	struct out_table t;
	const json_t *row;
	size_t i;
	out_table_init(&t, COLUMNS);
	for (size_t k = 0; k < COLUMNS; k++)
		out_cell(&t, slice_str(columns[k].head));
	json_array_foreach(rows, i, row)
	{
		for (size_t k = 0; k < COLUMNS; k++)
			out_cell_json(&t, json_object_get(row, columns[k].key));
	}
	int err = out_table_print(c, &t);
	out_table_free(&t);
	return err ? cli_fail(c, CLI_NO, "out of memory") : CLI_DONE;
}

static int print_one(struct cli *c, json_t *row)
{
	struct out_table t;
	const char *key;
	json_t *value;
	out_table_init(&t, 2);
	out_cell(&t, SLICE_LIT("SESSION"));
	out_cell_json(&t, json_object_get(row, "session"));
	json_object_foreach(row, key, value)
	{
		out_cell(&t, slice_str(key));
		out_cell_json(&t, value);
	}
	int err = out_table_print(c, &t);
	out_table_free(&t);
	return err ? cli_fail(c, CLI_NO, "out of memory") : CLI_DONE;
}

static void name_silent(struct cli *c, const json_t *result)
{
	const json_t *name;
	size_t i;
	json_array_foreach(json_object_get(result, "silent"), i, name)
	{
		fprintf(c->err, "sallyport: %s does not answer\n",
			json_string_value(name));
	}
}

int cli_verb_relay_list(struct cli *c)
{
	json_t *result;
	int status = ctl_call(c, "relay.list", json_object(), &result);
	if (status)
		return status;
	if (c->args.opt[OPT_JSON])
		return out_json(c, result);
	status = print_sessions(c, json_object_get(result, "sessions"));
	name_silent(c, result);
	json_decref(result);
	return status;
}

int cli_verb_relay_show(struct cli *c)
{
	json_t *args = json_pack("{ss}", "session", c->args.operand[0]);
	json_t *result;
	int status = ctl_call(c, "relay.show", args, &result);
	if (status)
		return status;
	json_t *row = json_array_get(json_object_get(result, "sessions"), 0);
	if (!row)
		status = cli_fail(c, CLI_NO, "there is no such session now");
	else if (c->args.opt[OPT_JSON])
		status = out_json(c, json_incref(row));
	else
		status = print_one(c, row);
	json_decref(result);
	return status;
}

int cli_verb_relay_kill(struct cli *c)
{
	json_t *args = json_pack("{ss}", "session", c->args.operand[0]);
	bool told;
	int status = ctl_do(c, "relay.kill", args, &told);
	if (!told) {
		term_print(c->out, slice_str(c->args.operand[0]), TERM_LINE);
		fputs(" is ended\n", c->out);
	}
	return status;
}

int cli_verb_relay_drain(struct cli *c)
{
	bool told;
	int status = ctl_do(c, "relay.drain", json_object(), &told);
	if (!told)
		fputs("the relay makes no new sessions until the next start\n",
		      c->out);
	return status;
}
