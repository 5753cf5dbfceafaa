/* SPDX-License-Identifier: Apache-2.0 */
/* `status`: what the processes told, as tables. Columns are the keys that the
 * processes chose; nothing here has to know them. */
#include <jansson.h>

#include "cli/ctl.h"
#include "cli/out.h"
#include "cli/term.h"

/* The keys of all rows, in the order in which they first come. */
static size_t find_columns(const json_t *rows,
			   const char *key[static OUT_COLUMNS_MAX])
{
	size_t count = 0, i, n;
	const json_t *row;

	json_array_foreach(rows, i, row)
	{
		/* the iterator of the library wants it writable */
		void *it = json_object_iter((json_t *)(uintptr_t)row);
		for (; it && count < OUT_COLUMNS_MAX;
		     it = json_object_iter_next((json_t *)(uintptr_t)row, it)) {
			const char *name = json_object_iter_key(it);
			for (n = 0; n < count; n++)
				if (strcmp(key[n], name) == 0)
					break;
			if (n == count)
				key[count++] = name;
		}
	}
	return count;
}

static void cell_upper(struct out_table *t, const char *name)
{
	char head[64];
	size_t len = 0;

	for (; len < sizeof(head) && name[len]; len++) {
		char c = name[len];
		if (c == '_')
			c = ' ';
		else if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		head[len] = c;
	}
	out_cell(t, slice_of(head, len));
}

static int print_rows(struct cli *c, const char *title, const json_t *rows)
{
	const char *key[OUT_COLUMNS_MAX];
	size_t columns = find_columns(rows, key), i;
	struct out_table t;
	const json_t *row;

	if (!columns)
		return 0;
	out_table_init(&t, columns);
	for (size_t n = 0; n < columns; n++)
		cell_upper(&t, key[n]);
	json_array_foreach(rows, i, row) for (size_t n = 0; n < columns; n++)
		out_cell_json(&t, json_object_get(row, key[n]));
	out_heading(c, title);
	int err = out_table_print(c, &t);
	out_table_free(&t);
	return err;
}

static int print_counters(struct cli *c, json_t *counters)
{
	struct out_table t;
	const char *name;
	json_t *value;

	out_table_init(&t, 2);
	out_cell(&t, SLICE_LIT("VALUE"));
	out_cell(&t, SLICE_LIT("COUNTER"));
	json_object_foreach(counters, name, value)
	{
		if (!json_integer_value(value))
			continue;
		out_cell_json(&t, value);
		out_cell(&t, slice_str(name));
	}
	if (t.cells > t.columns)
		out_heading(c, "Counters that are not zero");
	int err = out_table_print(c, &t);
	out_table_free(&t);
	return err;
}

static void print_top(struct cli *c, const json_t *result)
{
	const json_t *silent = json_object_get(result, "silent"), *role;
	const char *version =
		json_string_value(json_object_get(result, "version"));
	size_t i;

	fputs("sallyportd ", c->out);
	term_print(c->out, slice_str(version ? version : "?"), TERM_LINE);
	fprintf(c->out, ", configuration generation %lld\n",
		(long long)json_integer_value(
			json_object_get(result, "generation")));
	json_array_foreach(silent, i, role)
	{
		const char *name = json_string_value(role);
		fputs(c->colour ? "\033[31m" : "", c->out);
		term_print(c->out, slice_str(name ? name : "?"), TERM_LINE);
		fprintf(c->out, " did not answer in time%s\n",
			c->colour ? "\033[0m" : "");
	}
}

static int print_status(struct cli *c, const json_t *result)
{
	const json_t *tables = json_object_get(result, "tables");
	const json_t *endings = json_object_get(result, "endings");

	print_top(c, result);
	int err = print_rows(c, "Processes",
			     json_object_get(result, "processes"));
	if (!err)
		err = print_rows(c, "Workers",
				 json_object_get(tables, "workers"));
	if (!err)
		err = print_rows(c, "Relays", json_object_get(tables, "relay"));
	if (!err)
		err = print_rows(c, "Partners",
				 json_object_get(tables, "partners"));
	if (!err)
		err = print_rows(c, "Certificates",
				 json_object_get(result, "certificates"));
	if (!err)
		err = print_rows(c, "Certificates of connected partners",
				 json_object_get(tables, "peer_certificates"));
	if (!err)
		err = print_rows(c, "Providers that end", endings);
	if (!err)
		err = print_rows(c, "Servers inside",
				 json_object_get(tables, "inside"));
	if (!err)
		err = print_counters(c, json_object_get(result, "counters"));
	return err ? cli_fail(c, CLI_NO, "out of memory") : CLI_DONE;
}

int cli_verb_status(struct cli *c)
{
	json_t *result;
	int status = ctl_call(c, "status", json_object(), &result);

	if (status)
		return status;
	if (c->args.opt[OPT_JSON])
		return out_json(c, result);
	status = print_status(c, result);
	json_decref(result);
	return status;
}
