/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials of the relay. */
#include <jansson.h>

#include "cli/ctl.h"
#include "cli/out.h"
#include "cli/term.h"

static const char *value(const struct cli *c, enum cli_opt opt)
{
	return c->args.opt[opt] ? c->args.opt[opt] : "";
}

static void line(struct cli *c, const char *name, const json_t *text)
{
	fprintf(c->out, "%-9s ", name);
	term_print(c->out,
		   slice_of(json_string_value(text), json_string_length(text)),
		   TERM_LINE);
	fputc('\n', c->out);
}

static void print_credential(struct cli *c, const json_t *result)
{
	const json_t *uris = json_object_get(result, "uris");
	line(c, "username", json_object_get(result, "username"));
	line(c, "password", json_object_get(result, "password"));
	line(c, "realm", json_object_get(result, "realm"));
	fprintf(c->out, "%-9s %lld seconds\n", "ttl",
		(long long)json_integer_value(json_object_get(result, "ttl")));
	for (size_t i = 0; i < json_array_size(uris); i++)
		line(c, "uri", json_array_get(uris, i));
}

int cli_verb_turn_credential(struct cli *c)
{
	json_t *args = json_pack("{ssssss}", "user", value(c, OPT_USER), "ttl",
				 value(c, OPT_TTL), "form",
				 c->args.opt[OPT_MS] ? "ms" : "text");
	json_t *result;
	int status = ctl_call(c, "turn.credential", args, &result);
	if (status)
		return status;
	if (c->args.opt[OPT_JSON])
		return out_json(c, result);
	print_credential(c, result);
	json_decref(result);
	return CLI_DONE;
}

int cli_verb_turn_rotate(struct cli *c)
{
	bool told;
	int status = ctl_do(c, "turn.rotate", json_object(), &told);
	if (!told)
		fputs("a new secret mints; the one before stays valid until "
		      "the next time\n",
		      c->out);
	return status;
}
