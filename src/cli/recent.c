/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs that list what the admin process remembers: refusals by reason,
 * what operators changed, the configuration in force. */
#include <jansson.h>

#include "cli/ctl.h"
#include "cli/out.h"

struct column {
	const char *head, *key;
	bool time; /* seconds since 1970 */
};

struct listing {
	const char *verb, *member;
	const struct column *column; /* ends with a row without head */
};

static const struct listing REFUSALS = {
	"refusals", "refusals",
	(const struct column[]){ { "COUNT", "count", false },
				 { "REASON", "reason", false },
				 { "MEANING", "meaning", false },
				 { 0 } }
};

static const struct listing CHANGES = { "changes", "changes",
					(const struct column[]){
						{ "TIME", "time", true },
						{ "WHO", "who", false },
						{ "WHAT", "what", false },
						{ "OF", "of", false },
						{ "OLD", "old", false },
						{ "NEW", "new", false },
						{ "RESULT", "result", false },
						{ 0 } } };

static const struct listing CONFIG = {
	"config", "keys",
	(const struct column[]){
		{ "KEY", "key", false }, { "VALUE", "value", false }, { 0 } }
};

static int print(struct cli *c, const struct listing *l, const json_t *rows)
{
	struct out_table t;
	const json_t *row;
	size_t count = 0, i;

	while (l->column[count].head)
		count++;
	out_table_init(&t, count);
	for (size_t n = 0; n < count; n++)
		out_cell(&t, slice_str(l->column[n].head));
	json_array_foreach(rows, i, row)
	{
		for (size_t n = 0; n < count; n++) {
			const struct column *k = &l->column[n];
			const json_t *value = json_object_get(row, k->key);
			if (k->time)
				out_cell_time(&t, value);
			else
				out_cell_json(&t, value);
		}
	}
	int err = out_table_print(c, &t);
	out_table_free(&t);
	return err ? cli_fail(c, CLI_NO, "out of memory") : CLI_DONE;
}

static int list(struct cli *c, const struct listing *l)
{
	json_t *result;
	int status = ctl_call(c, l->verb, json_object(), &result);

	if (status)
		return status;
	if (c->args.opt[OPT_JSON])
		return out_json(c, result);
	status = print(c, l, json_object_get(result, l->member));
	json_decref(result);
	return status;
}

int cli_verb_refusals(struct cli *c)
{
	return list(c, &REFUSALS);
}

int cli_verb_changes(struct cli *c)
{
	return list(c, &CHANGES);
}

int cli_verb_config(struct cli *c)
{
	return list(c, &CONFIG);
}
