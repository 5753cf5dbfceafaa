/* SPDX-License-Identifier: Apache-2.0 */
/* The tables against the figures: every state with every event. A letter is
 * the next state, a dot means that the event is ignored there. */
#include "rig.h"

static const char letters[TXN_STATE_COUNT] = {
	[TXN_CALLING] = 'C',   [TXN_TRYING] = 'T',   [TXN_PROCEEDING] = 'P',
	[TXN_COMPLETED] = 'O', [TXN_ACCEPTED] = 'A', [TXN_TERMINATED] = '-',
};

/* Columns: REQUEST ACK | TU: 1XX 2XX 3-6 DROP | 1XX 2XX 3-6 | TRANSPORT |
 * timers 100 B C CANCEL F H L M */
static const struct expected {
	const struct txn_table *table;
	enum txn_state first;
	const char *next[TXN_STATE_COUNT];
} figures[] = {
	{ &ctrans_invite,
	  TXN_CALLING,
	  { [TXN_CALLING] = "......PA--.-......",
	    [TXN_TRYING] = "..................",
	    [TXN_PROCEEDING] = "......PA--..P-....",
	    [TXN_COMPLETED] = "..................",
	    [TXN_ACCEPTED] = ".......A.........-",
	    [TXN_TERMINATED] = ".................." } },
	{ &ctrans_noninvite,
	  TXN_TRYING,
	  { [TXN_CALLING] = "..................",
	    [TXN_TRYING] = "......P---....-...",
	    [TXN_PROCEEDING] = "......P---....-...",
	    [TXN_COMPLETED] = "..................",
	    [TXN_ACCEPTED] = "..................",
	    [TXN_TERMINATED] = ".................." } },
	{ &strans_invite,
	  TXN_PROCEEDING,
	  { [TXN_CALLING] = "..................",
	    [TXN_TRYING] = "..................",
	    [TXN_PROCEEDING] = "P.PAO-............",
	    [TXN_COMPLETED] = "O-...-...-.....-..",
	    [TXN_ACCEPTED] = "AA.A............-.",
	    [TXN_TERMINATED] = ".................." } },
	{ &strans_noninvite,
	  TXN_TRYING,
	  { [TXN_CALLING] = "..................",
	    [TXN_TRYING] = "T.P---....P.......",
	    [TXN_PROCEEDING] = "P.P---............",
	    [TXN_COMPLETED] = "..................",
	    [TXN_ACCEPTED] = "..................",
	    [TXN_TERMINATED] = ".................." } },
	{ &strans_silent,
	  TXN_TRYING,
	  { [TXN_CALLING] = "..................",
	    [TXN_TRYING] = ".....-............",
	    [TXN_PROCEEDING] = "..................",
	    [TXN_COMPLETED] = "..................",
	    [TXN_ACCEPTED] = "..................",
	    [TXN_TERMINATED] = ".................." } },
};

static void test_every_state_and_event(void **state)
{
	(void)state;
	for (size_t f = 0; f < sizeof(figures) / sizeof(*figures); f++) {
		const struct expected *e = &figures[f];
		assert_int_equal(e->table->first, e->first);
		for (int s = 0; s < TXN_STATE_COUNT; s++) {
			assert_int_equal(strlen(e->next[s]), TXN_EVENT_COUNT);
			for (int ev = 0; ev < TXN_EVENT_COUNT; ev++) {
				const struct txn_row *row =
					txn_row(e->table, s, ev);
				char got = row ? letters[row->next] : '.';
				if (got != e->next[s][ev])
					fail_msg("%s %s event %d: %c, not %c",
						 e->table->name,
						 txn_state_name(s), ev, got,
						 e->next[s][ev]);
			}
		}
	}
}

static void test_no_row_stands_twice(void **state)
{
	(void)state;
	for (size_t f = 0; f < sizeof(figures) / sizeof(*figures); f++) {
		const struct txn_table *t = figures[f].table;
		for (size_t i = 0; i < t->count; i++)
			assert_ptr_equal(
				txn_row(t, t->rows[i].state, t->rows[i].event),
				&t->rows[i]);
	}
}

static void test_ignored_event_changes_nothing(void **state)
{
	struct txn t;
	(void)state;
	txn_init(&t, &strans_silent);
	assert_false(txn_dispatch(&t, EV_1XX, &(struct txn_in){ 0 }));
	assert_int_equal(t.state, TXN_TRYING);
	assert_true(txn_dispatch(&t, EV_TU_DROP, &(struct txn_in){ 0 }));
	assert_int_equal(t.state, TXN_TERMINATED);
	assert_false(txn_dispatch(&t, EV_TU_DROP, &(struct txn_in){ 0 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_state_and_event),
		cmocka_unit_test(test_no_row_stands_twice),
		cmocka_unit_test(test_ignored_event_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
