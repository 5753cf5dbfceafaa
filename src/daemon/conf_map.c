/* SPDX-License-Identifier: Apache-2.0 */
/* Views of a snapshot. */
#include "daemon/conf_map.h"

#include <errno.h>
#include <stdlib.h>

int edge_setup_create(struct edge_setup **out, struct snapshot *snap)
{
	struct edge_setup *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	int err = conf_view_edge(snap->arena, snap->conf, &s->conf);
	if (err) {
		free(s);
		return err;
	}
	s->snap = snap;
	*out = s;
	return 0;
}

void edge_setup_release(void *setup)
{
	struct edge_setup *s = setup;
	if (!s)
		return;
	snapshot_free(s->snap);
	free(s);
}

int dns_setup_create(struct dns_setup **out, struct snapshot *snap)
{
	struct dns_setup *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	int err = conf_view_dns(snap->arena, snap->conf, &s->conf);
	if (err) {
		free(s);
		return err;
	}
	s->snap = snap;
	*out = s;
	return 0;
}

void dns_setup_free(struct dns_setup *s)
{
	if (!s)
		return;
	snapshot_free(s->snap);
	free(s);
}

bool dns_setup_same(const struct dns_setup *a, const struct dns_setup *b)
{
	if (a->conf.server_count != b->conf.server_count ||
	    !slice_eq(a->conf.trust_anchor, b->conf.trust_anchor))
		return false;
	for (size_t i = 0; i < a->conf.server_count; i++) {
		if (!slice_eq(a->conf.servers[i], b->conf.servers[i]))
			return false;
	}
	return true;
}
