/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of changes, and the verb that shows it. */
#include <stdlib.h>

#include "admin/admin_int.h"
#include "admin/json.h"

struct audit_row {
	uint64_t time_s;
	char who[AUDIT_TEXT_MAX], what[AUDIT_TEXT_MAX], of[AUDIT_TEXT_MAX],
		before[AUDIT_TEXT_MAX], after[AUDIT_TEXT_MAX],
		result[AUDIT_TEXT_MAX];
};

void audit_init(struct audit *x)
{
	*x = (struct audit){ .wall_ms = loop_wall_ms };
}

void audit_free(struct audit *x)
{
	free(x->row);
	x->row = NULL;
}

static void keep(char out[static AUDIT_TEXT_MAX], struct slice s)
{
	(void)slice_cstr(slice_head(s, AUDIT_TEXT_MAX - 1), out,
			 AUDIT_TEXT_MAX);
}

void audit_note(struct audit *x, const struct audit_entry *e)
{
	if (!x->row)
		x->row = calloc(AUDIT_MAX, sizeof(*x->row));
	if (!x->row)
		return;
	struct audit_row *row = &x->row[x->next];
	*row = (struct audit_row){ .time_s = x->wall_ms() / 1000 };
	keep(row->who, e->who);
	keep(row->what, e->what);
	keep(row->of, e->of);
	keep(row->before, e->before);
	keep(row->after, e->after);
	keep(row->result, e->result);
	x->next = (x->next + 1) % AUDIT_MAX;
	x->count += x->count < AUDIT_MAX;
}

static json_t *row_json(const struct audit_row *row)
{
	return json_pack("{s:I,s:o,s:o,s:o,s:o,s:o,s:o}", "time",
			 (json_int_t)row->time_s, "who",
			 json_text(slice_str(row->who)), "what",
			 json_text(slice_str(row->what)), "of",
			 json_text(slice_str(row->of)), "old",
			 json_text(slice_str(row->before)), "new",
			 json_text(slice_str(row->after)), "result",
			 json_text(slice_str(row->result)));
}

json_t *audit_rows(const struct audit *x)
{
	json_t *list = json_array();
	for (size_t i = 1; list && i <= x->count; i++) {
		size_t at = (x->next + AUDIT_MAX - i) % AUDIT_MAX;
		if (!json_array_append_new(list, row_json(&x->row[at])))
			continue;
		json_decref(list);
		return NULL;
	}
	return list;
}

static void run(struct request *r)
{
	json_t *rows = audit_rows(&r->admin->audit);
	ctl_request_done(r, rows ? json_pack("{s:o}", "changes", rows) : NULL);
}

const struct verb_ops verb_changes = { .run = run };
