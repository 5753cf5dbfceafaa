/* SPDX-License-Identifier: Apache-2.0 */
/* `partner`, `ban`: who is outside, and the operator's word about it. */
#include <jansson.h>
#include <string.h>
#include <time.h>

#include "cli/ctl.h"
#include "cli/out.h"
#include "cli/term.h"

enum { DAY_S = 86400 };

static const char *text_of(const json_t *row, const char *key)
{
	const char *s = json_string_value(json_object_get(row, key));
	return s ? s : "";
}

/* Whole days that the certificates which this partner has shown are good for;
 * the one that ends first counts. -1: it has shown none. */
static long days_of(const json_t *peers, const char *partner)
{
	const json_t *row;
	time_t first = 0, now = time(NULL);
	size_t i;

	json_array_foreach(peers, i, row)
	{
		struct tm tm = { 0 };
		const char *peer = text_of(row, "peer");
		if (strncmp(peer, "peer:", 5) != 0 ||
		    strcmp(peer + 5, partner) != 0 ||
		    !strptime(text_of(row, "until"), "%Y-%m-%dT%H:%MZ", &tm))
			continue;
		time_t until = timegm(&tm);
		if (!first || until < first)
			first = until;
	}
	if (!first)
		return -1;
	return first > now ? (long)((first - now) / DAY_S) : 0;
}

/* Adds what the table shows and the rows do not have. */
static int complete(json_t *rows, const json_t *peers)
{
	json_t *row;
	size_t i;
	int err = 0;

	json_array_foreach(rows, i, row)
	{
		long days = days_of(peers, text_of(row, "partner"));
		const char *ruling = text_of(row, "ruling");
		const char *limited = text_of(row, "limited");
		const char *said = strcmp(ruling, "none") ? ruling
				   : *limited             ? "watch"
							  : "";
		if (days >= 0)
			err |= json_object_set_new(row, "certificate_days",
						   json_integer(days));
		err |= json_object_set_new(
			row, "held", *said ? json_string(said) : json_null());
		if (!*text_of(row, "last_refusal"))
			err |= json_object_set_new(row, "last_refusal",
						   json_null());
	}
	return err;
}

static int ask(struct cli *c, json_t **result)
{
	int status = ctl_call(c, "partner.list", json_object(), result);

	if (status)
		return status;
	if (!complete(json_object_get(*result, "partners"),
		      json_object_get(*result, "peer_certificates")))
		return CLI_DONE;
	json_decref(*result);
	return cli_fail(c, CLI_NO, "out of memory");
}

static int print_list(struct cli *c, const json_t *rows)
{
	static const struct {
		const char *head, *key;
	} column[] = {
		{ "DOMAIN", "domain" },
		{ "CLASS", "class" },
		{ "STATE", "state" },
		{ "HELD", "held" },
		{ "RATE", "rate" },
		{ "ADDRESSES", "addresses" },
		{ "CERT DAYS", "certificate_days" },
		{ "LAST REFUSAL", "last_refusal" },
	};
	enum { COLUMNS = sizeof(column) / sizeof(*column) };
	struct out_table t;
	const json_t *row;
	size_t i;

	out_table_init(&t, COLUMNS);
	for (size_t k = 0; k < COLUMNS; k++)
		out_cell(&t, slice_str(column[k].head));
	json_array_foreach(rows, i, row) for (size_t k = 0; k < COLUMNS; k++)
		out_cell_json(&t, json_object_get(row, column[k].key));
	int err = out_table_print(c, &t);
	out_table_free(&t);
	return err ? cli_fail(c, CLI_NO, "out of memory") : CLI_DONE;
}

int cli_verb_partner_list(struct cli *c)
{
	json_t *result;
	int status = ask(c, &result);

	if (status)
		return status;
	const json_t *rows = json_object_get(result, "partners");
	if (c->args.opt[OPT_JSON])
		return out_json(c, result);
	if (json_array_size(rows))
		status = print_list(c, rows);
	else
		fputs("there are no partners\n", c->out);
	json_decref(result);
	return status;
}

static json_t *find(const json_t *result, const char *domain)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(result, "partners"), i, row)
	{
		if (strcasecmp(text_of(row, "domain"), domain) == 0)
			return row;
	}
	return NULL;
}

static void print_row(struct cli *c, json_t *row)
{
	const char *key;
	json_t *value;

	json_object_foreach(row, key, value)
	{
		fprintf(c->out, "%-17s ", key);
		if (json_is_integer(value))
			fprintf(c->out, "%lld",
				(long long)json_integer_value(value));
		else
			term_print(c->out,
				   slice_str(json_is_string(value)
						     ? json_string_value(value)
						     : "-"),
				   TERM_LINE);
		fputc('\n', c->out);
	}
}

int cli_verb_partner_show(struct cli *c)
{
	json_t *result;
	int status = ask(c, &result);

	if (status)
		return status;
	json_t *row = find(result, c->args.operand[0]);
	if (!row)
		status = cli_fail(c, CLI_NO, "%s is no partner that is known",
				  c->args.operand[0]);
	else if (c->args.opt[OPT_JSON])
		status = out_json(c, json_incref(row));
	else
		print_row(c, row);
	json_decref(result);
	return status;
}

static int rule(struct cli *c, const char *ruling, const char *done)
{
	const char *domain = c->args.operand[0];
	bool told;
	int status = ctl_do(
		c, "partner.rule",
		json_pack("{ssss}", "domain", domain, "ruling", ruling), &told);

	if (told)
		return status;
	term_print(c->out, slice_str(domain), TERM_LINE);
	fprintf(c->out, " %s\n", done);
	return status;
}

int cli_verb_partner_block(struct cli *c)
{
	return rule(c, "block", "is blocked");
}

int cli_verb_partner_allow(struct cli *c)
{
	return rule(c, "allow", "is allowed");
}

int cli_verb_partner_watch(struct cli *c)
{
	return rule(c, "watch", "is watched");
}

int cli_verb_partner_clear(struct cli *c)
{
	return rule(c, "clear", "is what the configuration says");
}

/* -- addresses -- */

int cli_verb_ban(struct cli *c)
{
	const char *seconds = c->args.opt[OPT_FOR];
	bool told;
	int status = ctl_do(c, "ban",
			    json_pack("{ssss}", "address", c->args.operand[0],
				      "seconds", seconds ? seconds : "86400"),
			    &told);

	if (!told)
		fputs("banned\n", c->out);
	return status;
}

int cli_verb_allow(struct cli *c)
{
	bool told;
	int status =
		ctl_do(c, "unban",
		       json_pack("{ss}", "address", c->args.operand[0]), &told);

	if (!told)
		fputs("not banned any more\n", c->out);
	return status;
}

static int print_bans(struct cli *c, const json_t *bans)
{
	struct out_table t;
	const json_t *row;
	size_t i;

	out_table_init(&t, 2);
	out_cell(&t, SLICE_LIT("ADDRESS"));
	out_cell(&t, SLICE_LIT("UNTIL"));
	json_array_foreach(bans, i, row)
	{
		out_cell_json(&t, json_object_get(row, "address"));
		out_cell_time(&t, json_object_get(row, "until"));
	}
	int err = out_table_print(c, &t);
	out_table_free(&t);
	return err ? cli_fail(c, CLI_NO, "out of memory") : CLI_DONE;
}

int cli_verb_bans(struct cli *c)
{
	json_t *result;
	int status = ctl_call(c, "bans", json_object(), &result);

	if (status)
		return status;
	if (c->args.opt[OPT_JSON])
		return out_json(c, result);
	const json_t *bans = json_object_get(result, "bans");
	if (json_array_size(bans))
		status = print_bans(c, bans);
	else
		fputs("no address is banned\n", c->out);
	json_decref(result);
	return status;
}
