/* SPDX-License-Identifier: Apache-2.0 */
/* config: the configuration in force, key by key, without secrets. */
#include "admin/admin_int.h"
#include "admin/json.h"
#include "conf/show.h"

struct gather {
	json_t *list;
	bool failed;
};

static void on_key(void *arg, const char *path, struct slice value)
{
	struct gather *g = arg;
	json_t *row =
		json_pack("{s:s,s:o}", "key", path, "value", json_text(value));
	if (json_array_append_new(g->list, row))
		g->failed = true;
}

static void run(struct request *r)
{
	const struct conf *conf = r->admin->conf;
	struct gather g = { .list = json_array() };
	if (!conf) {
		json_decref(g.list);
		ctl_request_fail(r, "the server is still starting");
		return;
	}
	if (!g.list || conf_show(conf, on_key, &g) || g.failed) {
		json_decref(g.list);
		ctl_request_done(r, NULL);
		return;
	}
	ctl_request_done(r, json_pack("{s:I,s:o}", "generation",
				      (json_int_t)r->admin->generation, "keys",
				      g.list));
}

const struct verb_ops verb_config = { .run = run };
