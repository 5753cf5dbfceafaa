/* SPDX-License-Identifier: Apache-2.0 */
/* partner.test: one worker is asked; its steps are passed on as they come and
 * told again at the end. */
#include "rig.h"

#define TEST                                             \
	"{\"id\":1,\"verb\":\"partner.test\",\"args\":{" \
	"\"domain\":\"fabrikam.test\"}}"

static void step(struct rig *g, uint32_t slot, uint8_t state, const char *text)
{
	const struct ipc_msg m = {
		.type = IPC_TRIAL_STEP,
		.u.trial_step = { .id = g->sent[0].m.u.trial.id,
				  .state = state,
				  .ms = 12,
				  .diagnostics = state == TRIAL_FAIL ? 1046 : 0,
				  .step = SLICE_LIT("tcp"),
				  .why = state == TRIAL_FAIL
						 ? SLICE_LIT("partner_down")
						 : SLICE_NONE,
				  .text = slice_str(text) },
	};
	rig_from(g, PROC_EDGE, slot, &m);
}

static void end(struct rig *g, uint32_t slot)
{
	const struct ipc_msg m = {
		.type = IPC_TRIAL_END,
		.u.trial_end = { .id = g->sent[0].m.u.trial.id },
	};
	rig_from(g, PROC_EDGE, slot, &m);
}

static void test_steps(void **state)
{
	struct rig *g = *state;
	rig_up(g, PROC_EDGE, 0);
	rig_ask(g, TEST);
	assert_int_equal(g->sent_count, 1);
	assert_int_equal(g->sent[0].m.type, IPC_TRIAL);
	step(g, 0, TRIAL_PASS, "connec\033ted");
	assert_string_equal(
		rig_read(g),
		"{\"id\":1,\"step\":{\"step\":\"tcp\",\"state\":\"pass\","
		"\"ms\":12,\"diagnostics\":0,\"why\":\"\","
		"\"text\":\"connec\\\\x1bted\"}}\n");
	end(g, 0);
	assert_non_null(strstr(rig_read(g), "\"failed\":false,\"steps\":[{"));
}

static void test_failure(void **state)
{
	struct rig *g = *state;
	rig_up(g, PROC_EDGE, 0);
	rig_ask(g, TEST);
	step(g, 0, TRIAL_FAIL, "refused");
	assert_non_null(strstr(rig_read(g), "\"diagnostics\":1046"));
	step(g, 0, 200, "a state that is none"); /* fails, too */
	assert_non_null(strstr(rig_read(g), "\"state\":\"fail\""));
	end(g, 0);
	assert_non_null(strstr(rig_read(g), "\"failed\":true"));
}

/* Only who was asked says anything. */
static void test_others(void **state)
{
	struct rig *g = *state;
	rig_up(g, PROC_EDGE, 0);
	rig_up(g, PROC_EDGE, 1);
	rig_ask(g, TEST);
	step(g, 1, TRIAL_PASS, "x");
	end(g, 1);
	rig_gone(g, PROC_EDGE, 1);
	assert_int_equal(admin_busy(g->admin), 1);
	rig_gone(g, PROC_EDGE, 0);
	assert_non_null(strstr(rig_read(g), "has ended meanwhile"));
}

static void test_no_room(void **state)
{
	struct rig *g = *state;
	rig_up(g, PROC_EDGE, 0);
	rig_ask(g, TEST);
	end(g, 0);
	assert_non_null(strstr(rig_read(g), "too many such tests"));
}

static void test_nobody(void **state)
{
	struct rig *g = *state;
	rig_ask(g, TEST);
	assert_non_null(strstr(rig_read(g), "no worker"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_steps),  RIG_TEST(test_failure),
		RIG_TEST(test_others), RIG_TEST(test_no_room),
		RIG_TEST(test_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
