/* SPDX-License-Identifier: Apache-2.0 */
/* One engine, one name after the other. */
#include "daemon/lookup.h"

#include <errno.h>

#include "conf/conf_views.h"
#include "loop/loop.h"

enum { ARENA_FIRST = 4096, ARENA_MAX = 1 << 20 };

struct lookup {
	struct loop *loop;
	struct dns *dns;
	struct strict *strict;
	int err;
};

static void ask_next(struct lookup *l);

static void on_targets(void *arg, const struct dns_target_list *list)
{
	struct lookup *l = arg;
	if (list->error)
		strict_missed(l->strict, slice_str(list->text));
	for (size_t i = 0; !list->error && i < list->count; i++)
		for (size_t k = 0; k < list->target[i].count && !l->err; k++)
			l->err = strict_take(l->strict,
					     &list->target[i].addr[k]);
	ask_next(l);
}

static void ask_next(struct lookup *l)
{
	struct strict_question q;
	if (l->err || !strict_next(l->strict, &q)) {
		loop_stop(l->loop);
		return;
	}
	struct dns_question ask = { .kind = q.domain ? DNS_FEDERATION
						     : DNS_HOST,
				    .name = q.name,
				    .port = q.port };
	if (q.domain)
		ask.also_tries = DNS_TRY_NAPTR | DNS_TRY_SIPS;
	l->err = dns_targets(l->dns, &ask, on_targets, l);
	if (l->err)
		loop_stop(l->loop);
}

int lookup_partners(struct strict *s, const struct conf *c)
{
	struct lookup l = { .strict = s };
	struct dns_conf conf;
	struct arena *a = arena_create(ARENA_FIRST, ARENA_MAX);
	int err = a ? conf_view_dns(a, c, &conf) : -ENOMEM;
	if (!err)
		err = loop_create(&l.loop);
	if (!err)
		err = dns_create(&l.dns, l.loop, &conf);
	if (!err) {
		ask_next(&l);
		loop_run(l.loop);
		err = l.err;
		dns_free(l.dns);
	}
	if (l.loop)
		loop_free(l.loop);
	arena_free(a);
	return err;
}
