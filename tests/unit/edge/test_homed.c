/* SPDX-License-Identifier: Apache-2.0 */
/* Asking home whose user a sender is: the question, answers that nobody waits
 * for, and each way in which there is none. */
#include "edge/homed.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proxy/proxy_int.h"
#include "support/oom.h"
#include "unit/edge/partner_talk.h"

#define DORA SLICE_LIT("dora@contoso.test")

static void take(struct map_node *n, void *arg)
{
	*(struct proxy_request **)arg =
		container_of(n, struct proxy_request, by_id);
}

/* The only one, which waits for the DNS. */
static struct proxy_request *waiting(struct world *w)
{
	struct proxy_request *r = NULL;
	message(w, "fabrikam.test");
	map_each(&w->edge->proxy->by_id, take, &r);
	assert_non_null(r);
	return r;
}

static void answer_homed(struct world *w, uint64_t id)
{
	const struct ipc_homed m = { .id = id, .here = 1 };
	tell(w, PROC_HOME, 0, IPC_HOMED, &m);
}

static void test_asked_and_answered(void **state)
{
	struct world *w = *state;
	struct proxy_request *r = waiting(w);
	uint64_t id = proxy_request_id(r);
	struct ipc_msg m;
	assert_int_equal(homed_ask(w->edge, r, DORA), ACCESS_HOMED_UNKNOWN);
	assert_true(next_sent(w, IPC_HOMED_GET, &m));
	assert_int_equal(m.u.homed_get.id, id);
	assert_true(slice_eq(m.u.homed_get.aor, DORA));
	answer_homed(w, id + 1); /* of a question that nobody asked */
	assert_int_equal(w->edge->homed_asks.by_id.count, 1);
	answer_homed(w, id);
	assert_int_equal(w->edge->homed_asks.by_id.count, 0);
	answer_homed(w, id); /* twice */
}

static void test_nobody_to_ask(void **state)
{
	struct world *w = *state;
	struct proxy_request *r = waiting(w);
	const struct proc_id home = { PROC_HOME, 0, 0x2000 };
	assert_int_equal(homed_ask(w->edge, r, DORA), ACCESS_HOMED_UNKNOWN);
	edge_peer_gone(w->edge, &home);
	assert_int_equal(w->edge->homed_asks.by_id.count, 0);
	assert_int_equal(homed_ask(w->edge, r, DORA), ACCESS_HOMED_FAILED);
	w->conf.inside.external = true; /* the servers there know */
	assert_int_equal(homed_ask(w->edge, r, DORA), ACCESS_HOMED_NOT);
}

static void test_no_answer_in_time(void **state)
{
	struct world *w = *state;
	struct proxy_request *r = waiting(w);
	pass(w, 1000);
	assert_int_equal(homed_ask(w->edge, r, DORA), ACCESS_HOMED_UNKNOWN);
	pass(w, 2000);
	assert_int_equal(w->edge->homed_asks.by_id.count, 1);
	pass(w, 3000);
	assert_int_equal(w->edge->homed_asks.by_id.count, 0);
}

/* Whatever fails, nothing is kept, and the sender is not let in. */
static void test_no_memory(void **state)
{
	struct world *w = *state;
	struct proxy_request *r = waiting(w);
	enum access_homed homed = ACCESS_HOMED_FAILED;
	for (unsigned n = 1; homed != ACCESS_HOMED_UNKNOWN; n++) {
		assert_true(n < 20);
		oom_arm(n);
		homed = homed_ask(w->edge, r, DORA);
		bool failed = oom_fired();
		oom_arm(0);
		if (!failed)
			assert_int_equal(homed, ACCESS_HOMED_UNKNOWN);
		assert_int_equal(w->edge->homed_asks.by_id.count,
				 homed == ACCESS_HOMED_UNKNOWN);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_asked_and_answered),
		TEST(test_nobody_to_ask),
		TEST(test_no_answer_in_time),
		TEST(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
