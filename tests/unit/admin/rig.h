/* SPDX-License-Identifier: Apache-2.0 */
/* An admin with everything around it played: rig_core.h, and the words of the
 * other processes. */
#pragma once

#include "rig_core.h"

static inline struct proc_id rig_proc(enum proc_role role, uint32_t slot)
{
	return (struct proc_id){ role, slot, 100 + slot };
}

static inline void rig_up(struct rig *g, enum proc_role role, uint32_t slot)
{
	struct proc_id id = rig_proc(role, slot);
	admin_peer_up(g->admin, &id);
}

static inline void rig_gone(struct rig *g, enum proc_role role, uint32_t slot)
{
	struct proc_id id = rig_proc(role, slot);
	admin_peer_gone(g->admin, &id);
}

static inline void rig_from(struct rig *g, enum proc_role role, uint32_t slot,
			    const struct ipc_msg *m)
{
	struct proc_id id = rig_proc(role, slot);
	admin_message(g->admin, &id, m);
}

/* The store's answer to the last thing that it was asked. */
static inline void rig_store(struct rig *g, int error, const char *text)
{
	assert_true(g->sent_count > 0);
	const struct ipc_msg m = {
		.type = IPC_STORE_RESULT,
		.u.store_result = {
			/* each request of the store begins with its id */
			.id = g->sent[g->sent_count - 1].m.u.user_get.id,
			.error = (uint32_t)error,
			.text = slice_str(text),
		},
	};
	rig_from(g, PROC_STORE, 0, &m);
}

static inline void rig_operated(struct rig *g, uint32_t generation,
				const char *error)
{
	assert_true(g->sent_count > 0);
	const struct ipc_msg m = {
		.type = IPC_OPERATED,
		.u.operated = {
			.id = g->sent[g->sent_count - 1].m.u.operate.id,
			.generation = generation,
			.error = slice_str(error),
		},
	};
	admin_supervisor(g->admin, &m);
}

static inline void rig_process(struct rig *g, enum proc_role role,
			       uint32_t slot, enum proc_state state)
{
	const struct ipc_msg m = {
		.type = IPC_PROCESS,
		.u.process = {
			.role = (uint8_t)role,
			.slot = slot,
			.incarnation = 100 + slot,
			.pid = 1000 + slot,
			.state = (uint8_t)state,
			.restarts = 2,
			.generation = 3,
		},
	};
	admin_supervisor(g->admin, &m);
}

static inline int rig_setup(void **state)
{
	struct rig *g = calloc(1, sizeof(*g));
	assert_non_null(g);
	log_set_level(LOG_ERROR);
	assert_int_equal(rig_open(g), 0);
	*state = g;
	return 0;
}

static inline int rig_teardown(void **state)
{
	rig_free(*state);
	free(*state);
	return 0;
}

#define RIG_TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
