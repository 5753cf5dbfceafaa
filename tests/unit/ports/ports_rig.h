/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration with everything at its default, and its table. */
#pragma once

#include <setjmp.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "ports/firewall.h"
#include "ports/ports.h"

struct rig {
	struct arena *arena;
	struct ports_listener federation, clients, inside, udp, tcp;
	struct ports_target partner, next_hop;
	struct ports_conf conf;
	struct ports_table table;
	struct buf out;
};

static inline struct ports_listener rig_listener(const char *text)
{
	struct ports_listener l;
	assert_int_equal(addr_parse(slice_str(text), false, &l.at), 0);
	return l;
}

static inline void rig_compute(struct rig *g)
{
	assert_int_equal(ports_compute(g->arena, &g->conf, &g->table), 0);
}

static inline int rig_setup(void **state)
{
	static struct rig rig;
	struct rig *g = &rig;
	memset(g, 0, sizeof(*g));
	g->arena = arena_create(4096, 1 << 20);
	g->federation = rig_listener("[::]:5061");
	g->clients = rig_listener("[::]:443");
	g->udp = rig_listener("[::]:3478");
	g->partner.name = SLICE_LIT("sip.fabrikam.test");
	buf_init(&g->out, 0);
	g->conf = (struct ports_conf){
		.federation = { &g->federation, 1 },
		.clients = { &g->clients, 1 },
		.relay_udp = { &g->udp, 1 },
		.partners = { &g->partner, 1 },
		.looks_up = true,
		.range_first = 50000,
		.range_last = 59999,
		.av_partners = PORTS_MESSENGER,
	};
	rig_compute(g);
	*state = g;
	return g->arena ? 0 : -1;
}

static inline int rig_teardown(void **state)
{
	struct rig *g = *state;
	buf_free(&g->out);
	arena_free(g->arena);
	return 0;
}

static inline const struct ports_row *rig_row(const struct rig *g,
					      const char *id)
{
	for (size_t i = 0; i < g->table.count; i++)
		if (strcmp(g->table.row[i].id, id) == 0)
			return &g->table.row[i];
	return NULL;
}

/* What was printed, and begins anew. */
static inline const char *rig_text(struct rig *g)
{
	static char text[64 * 1024];
	assert_false(buf_failed(&g->out));
	assert_int_equal(slice_cstr(buf_slice(&g->out), text, sizeof(text)), 0);
	buf_reset(&g->out);
	return text;
}

#define RIG_TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, rig_setup, rig_teardown)
