/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about the configuration in force: ports, explain. */
#include "admin/admin_int.h"
#include "admin/explain.h"
#include "admin/tables.h"

typedef int (*tables_fn)(const struct conf *c, const struct tables_ask *ask,
			 struct buf *out, struct buf *warnings,
			 char error[static TABLES_ERROR_MAX]);

static struct slice on_arg(void *arg, const char *name)
{
	return ctl_request_arg(arg, name);
}

/* Ours, and so valid; with its line ends. NULL: out of memory. */
static json_t *whole(const struct buf *b)
{
	return json_stringn(b->len ? (const char *)b->ptr : "", b->len);
}

static void run(struct request *r, tables_fn fn)
{
	const struct tables_ask ask = { .arg = on_arg,
					.arg_of = r,
					.rulings = r->admin->rulings };
	char error[TABLES_ERROR_MAX] = "";
	struct buf out, warnings;
	if (!r->admin->conf) {
		ctl_request_fail(r, "the server is still starting");
		return;
	}
	buf_init(&out, 0);
	buf_init(&warnings, 0);
	if (fn(r->admin->conf, &ask, &out, &warnings, error))
		ctl_request_fail(r, "%s", error);
	else
		ctl_request_done(r, json_pack("{s:o,s:o}", "text", whole(&out),
					      "warnings", whole(&warnings)));
	buf_free(&out);
	buf_free(&warnings);
}

static void run_ports(struct request *r)
{
	run(r, tables_ports);
}

static void run_explain(struct request *r)
{
	run(r, explain_text);
}

const struct verb_ops verb_ports = { .run = run_ports };
const struct verb_ops verb_explain = { .run = run_explain };
