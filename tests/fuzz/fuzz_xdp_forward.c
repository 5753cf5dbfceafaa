/* SPDX-License-Identifier: Apache-2.0 */
/* Frames into the kernel's program, compiled as ordinary C, over a table of
 * bindings that they may hit. What goes up is unchanged; nothing behind the
 * frame's end is read (the sanitizer watches the copy's own bytes). */
#include <assert.h>

#include "../unit/xdp/emulate.h"
#include "../unit/xdp/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void stand(struct table *t, struct world *w)
{
	w->b.expires_ms[0] = w->b.expires_ms[1] = UINT64_MAX;
	for (int way = 0; way < 2; way++) {
		if (w->b.hop[way] != PLANE_NONE)
			hook_hop(w->b.hop[way])->probe_ms = UINT64_MAX;
	}
	if (table_add(t, &w->b, emu.now_ms, &w->slot))
		abort();
}

/* Two clients whose peers are each other's relayed addresses: the ports above
 * those of begin(). */
static void begin_pair(struct table *t, int six, int raw)
{
	struct world w, v;
	world_open(&w, t, six, six, raw);
	world_open(&v, t, six, six, !raw);
	w.client.port = v.client.port += (uint16_t)(100 + 2 * raw);
	w.relay.port = v.relay.port += (uint16_t)(100 + 2 * raw);
	world_meet(&w, &v);
	stand(t, &w);
	stand(t, &v);
}

static struct table *begin(void)
{
	struct table *t = NULL;
	struct world w;
	emu_open();
	if (table_create(&t, &emu.r, 0))
		abort();
	table_beat(t, UINT64_MAX);
	for (int i = 0; i < 8; i++) {
		world_open(&w, t, i & 1, i >> 1 & 1, i >> 2 & 1);
		w.b.client.ip[15] ^= (uint8_t)(i & 1 ? i : 0);
		w.b.client.ip[3] ^= (uint8_t)(i & 1 ? 0 : i);
		w.b.relay.port ^= htons((uint16_t)(i << 1));
		stand(t, &w);
	}
	for (int i = 0; i < 4; i++)
		begin_pair(t, i & 1, i >> 1);
	return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct table *t; /* it lives as long as the process */
	static struct xdp_md ctx;
	if (!t)
		t = begin();
	if (size > 2000)
		return 0;
	enum plane_reason why = emu_run(&ctx, data, size);
	if (plane_reason_sent(why) || why == PLANE_TTL)
		return 0;
	assert((size_t)(ctx.end - ctx.data) == size);
	assert(memcmp(ctx.data, data, size) == 0);
	return 0;
}
