/* SPDX-License-Identifier: Apache-2.0 */
/* The dispatcher of the transaction tables. */
#include "proxy/txn.h"

#include <assert.h>

#include "base/log.h"

const char *txn_state_name(enum txn_state s)
{
	static const char *const names[TXN_STATE_COUNT] = {
		[TXN_CALLING] = "calling",
		[TXN_TRYING] = "trying",
		[TXN_PROCEEDING] = "proceeding",
		[TXN_COMPLETED] = "completed",
		[TXN_ACCEPTED] = "accepted",
		[TXN_TERMINATED] = "terminated",
	};
	return names[s];
}

void txn_init(struct txn *t, const struct txn_table *table)
{
	t->table = table;
	t->state = table->first;
}

static void txn_set_state(struct txn *t, enum txn_state next)
{
	assert(t->state != TXN_TERMINATED && next < TXN_STATE_COUNT);
	if (log_enabled(LOG_DEBUG) && next != t->state)
		LOG(LOG_DEBUG, "txn.state", KV_STR("machine", t->table->name),
		    KV_STR("from", txn_state_name(t->state)),
		    KV_STR("to", txn_state_name(next)));
	t->state = next;
}

const struct txn_row *txn_row(const struct txn_table *table,
			      enum txn_state state, enum txn_event event)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct txn_row *row = &table->rows[i];
		if (row->state == state && row->event == event)
			return row;
	}
	return NULL;
}

bool txn_dispatch(struct txn *t, enum txn_event event, const struct txn_in *in)
{
	const struct txn_row *row = txn_row(t->table, t->state, event);
	if (!row)
		return false;
	txn_set_state(t, row->next);
	if (row->act)
		row->act(t, in);
	return true;
}
