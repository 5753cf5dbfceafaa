/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of presence that the store gives back: refused or taken, never more. */
#include <stdlib.h>

#include "presence/presence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int no_send(void *arg, const struct presence_flow *via,
		   const struct presence_letter *l, uint64_t id)
{
	(void)arg;
	(void)via;
	(void)l;
	(void)id;
	return 0;
}

static int no_ask(void *arg, struct slice owner, struct slice watcher,
		  uint64_t id)
{
	(void)owner;
	(void)watcher;
	presence_rule_is(*(struct presence **)arg, id, 0, PRESENCE_RULE_ALLOW);
	return 0;
}

static int no_list(void *arg, struct slice owner, uint64_t id)
{
	presence_contact(*(struct presence **)arg, id, owner);
	presence_contacts_end(*(struct presence **)arg, id, 0);
	return 0;
}

static void no_devices(void *arg, struct slice aor,
		       void (*fn)(void *fn_arg,
				  const struct presence_device *d),
		       void *fn_arg)
{
	(void)arg;
	(void)aor;
	(void)fn;
	(void)fn_arg;
}

static void no_save(void *arg, const struct presence_row *row)
{
	(void)arg;
	(void)row;
}

static bool all_ours(void *arg, struct slice aor)
{
	(void)arg;
	(void)aor;
	return true;
}

static uint64_t wall_s(void *arg)
{
	(void)arg;
	return 1700000000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct presence_ops ops = { no_send,    no_ask,  no_list,
						 no_devices, no_save, all_ours,
						 wall_s };
	static const struct presence_conf conf = { .notify_ms = 1000,
						   .list_max = 10 };
	struct timers *timers = NULL;
	struct presence *p = NULL;
	struct presence_row row = { .kind = size ? data[0] % 3 : 0,
				    .aor = SLICE_LIT("alice@contoso.test"),
				    .id = SLICE_LIT("id"),
				    .record =
					    slice_from(slice_of(data, size), 1),
				    .expires_s = 1700000600 };
	if (!timers_create(&timers, 0) &&
	    !presence_create(&p, timers, &conf, &ops, &p)) {
		(void)presence_restore(p, &row);
		presence_open(p);
		timers_advance(timers, 10);
	}
	presence_free(p);
	timers_free(timers);
	return 0;
}
