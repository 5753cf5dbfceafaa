/* SPDX-License-Identifier: Apache-2.0 */
/* `partner test`: the steps of a worker's trial as they come. */
#include <string.h>

#include "cli/ctl.h"
#include "cli/out.h"
#include "cli/term.h"

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));
	return s ? s : "";
}

/* The refusal that requests of users get, as docs/reasons.md lists it. */
static void print_reason(FILE *out, const json_t *step)
{
	const char *why = text_of(step, "why");
	long long number =
		json_integer_value(json_object_get(step, "diagnostics"));
	if (!*why && !number)
		return;
	fprintf(out, "%20s", "");
	if (number)
		fprintf(out, "ms-diagnostics %lld%s", number, *why ? ", " : "");
	if (*why) {
		fputs("why=", out);
		term_print(out, slice_str(why), TERM_LINE);
	}
	fputc('\n', out);
}

static bool on_step(void *arg, const json_t *step)
{
	struct cli *c = arg;
	if (c->args.opt[OPT_JSON])
		return true;
	fprintf(c->out, "%-4.4s  %-12.12s  ", text_of(step, "state"),
		text_of(step, "step"));
	term_print(c->out, slice_str(text_of(step, "text")), TERM_LINE);
	fprintf(c->out, " (%lld ms)\n",
		(long long)json_integer_value(json_object_get(step, "ms")));
	if (strcmp(text_of(step, "state"), "pass") != 0)
		print_reason(c->out, step);
	fflush(c->out);
	return true;
}

int cli_verb_partner_test(struct cli *c)
{
	json_t *result = NULL;
	int status =
		ctl_call_steps(c, "partner.test",
			       json_pack("{ss}", "domain", c->args.operand[0]),
			       on_step, c, &result);
	if (status)
		return status;
	status = json_is_true(json_object_get(result, "failed")) ? CLI_NO
								 : CLI_DONE;
	if (c->args.opt[OPT_JSON]) {
		int err = out_json(c, result);
		return err ? err : status;
	}
	json_decref(result);
	return status;
}
