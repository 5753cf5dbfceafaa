/* SPDX-License-Identifier: Apache-2.0 */
/* `top`: what goes on, drawn anew as often as the server samples it. Where
 * nobody looks (the output is no terminal) once is enough. */
#include <jansson.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli/chart.h"
#include "cli/ctl.h"
#include "cli/out.h"
#include "cli/term.h"

static const char HOME_AND_CLEAR[] = "\033[H\033[J";

struct view {
	struct cli *c;
	json_int_t step; /* seconds between samples */
	bool blocks;
};

static uint64_t *values_of(const json_t *list, size_t count)
{
	uint64_t *v = calloc(count + 1, sizeof(*v));
	for (size_t i = 0; v && i < count; i++)
		v[i] = (uint64_t)json_integer_value(json_array_get(list, i));
	return v;
}

static void cell_number(struct out_table *t, double value)
{
	struct buf b;
	buf_init(&b, 0);
	chart_number(&b, value);
	out_cell(t, buf_failed(&b) ? SLICE_LIT("?") : buf_slice(&b));
	buf_free(&b);
}

static int add_series(const struct view *v, struct out_table *t,
		      const char *name, const json_t *list, const char *kind)
{
	bool rate = strcmp(kind, "rate") == 0;
	bool time = strcmp(kind, "milliseconds") == 0;
	size_t count = json_array_size(list);
	uint64_t *value = values_of(list, count), top = 0;
	double per = rate && v->step > 0 ? (double)v->step : 1;
	struct buf line;
	if (!value)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (value[i] > top)
			top = value[i];
	buf_init(&line, 0);
	chart_line(&line, value, count, v->blocks);
	out_cell(t, slice_str(name));
	cell_number(t, count ? (double)value[count - 1] / per : 0);
	cell_number(t, (double)top / per);
	out_cell(t, slice_str(rate ? "1/s" : time ? "ms" : ""));
	out_cell(t, buf_failed(&line) ? SLICE_NONE : buf_slice(&line));
	buf_free(&line);
	free(value);
	return 0;
}

static int print_series(const struct view *v, const json_t *history)
{
	static const char *const heads[] = { "SERIES", "NOW", "HIGHEST", "UNIT",
					     "COURSE" };
	const json_t *kinds = json_object_get(history, "kinds");
	json_t *series = json_object_get(history, "series"), *list;
	const char *name;
	struct out_table t;
	int err = 0;
	out_table_init(&t, sizeof(heads) / sizeof(heads[0]));
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		out_cell(&t, slice_str(heads[i]));
	json_object_foreach(series, name, list)
	{
		const char *kind =
			json_string_value(json_object_get(kinds, name));
		if (!err)
			err = add_series(v, &t, name, list, kind ? kind : "");
	}
	if (!err)
		err = out_table_print(v->c, &t);
	out_table_free(&t);
	return err ? cli_fail(v->c, CLI_NO, "out of memory") : CLI_DONE;
}

static void print_head(struct cli *c, bool day)
{
	char text[32];
	time_t now = time(NULL);
	struct tm tm;
	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	fprintf(c->out, "%s UTC, the last %s\n\n", text,
		day ? "day" : "quarter of an hour");
}

static int draw(struct view *v, bool clear, bool day)
{
	json_t *history;
	int status = ctl_call(v->c, "history",
			      json_pack("{ss}", "span", day ? "day" : "now"),
			      &history);
	if (status)
		return status;
	if (v->c->args.opt[OPT_JSON])
		return out_json(v->c, history);
	v->step = json_integer_value(json_object_get(history, "step"));
	if (clear)
		fputs(HOME_AND_CLEAR, v->c->out);
	print_head(v->c, day);
	status = print_series(v, history);
	json_decref(history);
	fputc('\n', v->c->out);
	if (!status)
		status = cli_verb_refusals(v->c);
	fflush(v->c->out);
	return status;
}

int cli_verb_top(struct cli *c)
{
	struct view v = { .c = c, .blocks = chart_has_blocks() };
	bool terminal = isatty(fileno(c->out));
	bool once = c->args.opt[OPT_ONCE] || c->args.opt[OPT_JSON] || !terminal;
	bool day = c->args.opt[OPT_DAY];
	int status = draw(&v, terminal && !once, day);
	while (!status && !once) {
		sleep(v.step > 0 && v.step < 60 ? (unsigned)v.step : 60);
		status = draw(&v, true, day);
	}
	return status;
}
