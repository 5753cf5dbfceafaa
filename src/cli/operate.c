/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs that ask one thing of the daemon: metrics, reload, drain,
 * log-level. */
#include <jansson.h>

#include "base/log.h"
#include "cli/ctl.h"
#include "cli/out.h"
#include "cli/term.h"

int cli_verb_metrics(struct cli *c)
{
	json_t *result;
	int status = ctl_call(c, "metrics", json_object(), &result);

	if (status)
		return status;
	if (c->args.opt[OPT_JSON])
		return out_json(c, result);
	const json_t *text = json_object_get(result, "text");
	if (json_is_string(text))
		term_print(c->out,
			   slice_of(json_string_value(text),
				    json_string_length(text)),
			   TERM_LINES);
	json_decref(result);
	return CLI_DONE;
}

int cli_verb_reload(struct cli *c)
{
	json_t *result;
	int status = ctl_call(c, "reload", json_object(), &result);

	if (status)
		return status;
	if (c->args.opt[OPT_JSON])
		return out_json(c, result);
	fprintf(c->out, "generation %lld of the configuration is in force\n",
		(long long)json_integer_value(
			json_object_get(result, "generation")));
	json_decref(result);
	return CLI_DONE;
}

int cli_verb_drain(struct cli *c)
{
	bool told;
	int status = ctl_do(c, "drain", json_object(), &told);

	if (!told)
		fputs("draining: nothing new is accepted\n", c->out);
	return status;
}

int cli_verb_log_level(struct cli *c)
{
	const char *level = c->args.operand[0];
	enum log_level known;
	bool told;

	if (log_level_parse(slice_str(level), &known))
		return cli_fail(c, CLI_USAGE,
				"LEVEL is error, warn, info or debug, not "
				"\"%s\"",
				level);
	int status = ctl_do(c, "log.level", json_pack("{ss}", "level", level),
			    &told);
	if (!told)
		fprintf(c->out, "the log level is %s now\n", level);
	return status;
}
