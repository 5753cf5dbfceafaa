/* SPDX-License-Identifier: Apache-2.0 */
/* Telling findings, for people and for programs. */
#include "cli/findings.h"

#include <stdarg.h>

#include "cli/out.h"
#include "cli/term.h"

static const char *const STATES[] = { "pass", "warn", "fail" };

void findings_begin(struct findings *f, struct cli *c)
{
	*f = (struct findings){ .cli = c, .step = "" };
	if (c->args.opt[OPT_JSON])
		f->list = json_array();
}

static void print(const struct findings *f, enum finding_state state,
		  const char *remedy, const char *text)
{
	FILE *out = f->cli->out;
	fprintf(out, "%-4s  %-12s  ", STATES[state], f->step);
	term_print(out, slice_str(text), TERM_LINE);
	fputc('\n', out);
	if (remedy) {
		fprintf(out, "%20s", "");
		term_print(out, slice_str(remedy), TERM_LINE);
		fputc('\n', out);
	}
	fflush(out);
}

void findings_tell(struct findings *f, enum finding_state state,
		   const char *remedy, const char *fmt, ...)
{
	char text[2048];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (state > f->worst)
		f->worst = state;
	if (!f->list) {
		print(f, state, remedy, text);
		return;
	}
	/* what lacks memory is missed when the array is printed */
	json_array_append_new(
		f->list,
		json_pack("{s:s,s:s,s:o,s:o}", "step", f->step, "state",
			  STATES[state], "text", out_json_text(slice_str(text)),
			  "remedy",
			  out_json_text(slice_str(remedy ? remedy : ""))));
}

int findings_end(struct findings *f)
{
	int status = f->worst == FINDING_FAIL ? CLI_NO : CLI_DONE;
	if (!f->list)
		return status;
	int err = out_json(f->cli,
			   json_pack("{s:s,s:o}", "state", STATES[f->worst],
				     "findings", f->list));
	return err ? err : status;
}
