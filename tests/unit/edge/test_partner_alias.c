/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that a partner opened carry our requests when it says so and
 * has proved who it is (RFC 5923). */
#include "unit/edge/partner_talk.h"

static const char LITWARE[] = "sip.litware.test";

/* A connection that came to us and proves that name; its number. */
static size_t comes(struct world *w, const char *name)
{
	struct flow *f = flow_create(w->edge, FLOW_FEDERATION);
	assert_non_null(f);
	assert_int_equal(
		conn_accept(&f->conn, NULL, -1, NULL, NULL, &flow_conn_ops, f),
		0);
	size_t i = w->net.count - 1;
	struct conn *c = fake_conn(i);
	addr_parse(SLICE_LIT("192.0.2.1:40000"), false, &c->peer.addr);
	c->peer.name_count = 1;
	snprintf(c->name[0], NET_NAME_MAX, "%s", name);
	fake_ready(i);
	return i;
}

static void says(size_t i, const char *from, const char *via)
{
	static unsigned number;
	char text[1024];
	int n = snprintf(text, sizeof(text),
			 "MESSAGE sip:alice@contoso.test SIP/2.0\r\n"
			 "Via: SIP/2.0/TLS sip.litware.test;"
			 "branch=z9hG4bKp%u%s\r\n"
			 "Max-Forwards: 70\r\nFrom: <sip:%s>;tag=9\r\n"
			 "To: <sip:alice@contoso.test>\r\nCall-ID: p%u\r\n"
			 "CSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n",
			 number, via, from, number);
	number++;
	fake_bytes(i, slice_of(text, (size_t)n));
}

static void test_alias_of_a_proven_partner_is_used(void **state)
{
	struct world *w = *state;
	size_t i = comes(w, LITWARE);
	says(i, "bob@litware.test", ";alias");
	message(w, "litware.test");
	assert_int_equal(w->net.count, 1); /* nothing was dialled */
	assert_int_equal(written(i, "MESSAGE"), 1);
	answer(i, 0, 200, "");
	assert_int_equal(home_status(w), 200);
	/* it goes, and with it what waited there; then we dial */
	message(w, "litware.test");
	fake_end(i, CONN_END_RESET);
	assert_int_equal(home_status(w), 504);
	message(w, "litware.test");
	assert_int_equal(w->net.count, 2);
	assert_dialled(1, LITWARE, "127.0.0.1:5061");
}

static void test_no_alias_no_use(void **state)
{
	struct world *w = *state;
	size_t i = comes(w, LITWARE);
	says(i, "bob@litware.test", "");
	says(i, "bob@litware.test", ";aliases;x=alias");
	message(w, "litware.test");
	assert_int_equal(written(i, "MESSAGE"), 0);
	assert_int_equal(w->net.count, 2);
}

/* Whoever is refused offers nothing, whatever its Via says. */
static void test_alias_of_others(void **state)
{
	struct world *w = *state;
	size_t i = comes(w, "sip.evil.test");
	says(i, "bob@litware.test", ";alias");
	fake_turn();
	assert_null(w->net.conn[i]);
	size_t j = comes(w, "edge.hosting.test");
	says(j, "bob@litware.test", ";alias");
	message(w, "litware.test");
	assert_dialled(2, LITWARE, "127.0.0.1:5061");
}

/* Our own connection comes first. */
static void test_own_connection_first(void **state)
{
	struct world *w = *state;
	message(w, "litware.test");
	fake_ready(0);
	size_t i = comes(w, LITWARE);
	says(i, "bob@litware.test", ";alias");
	message(w, "litware.test");
	assert_int_equal(written(0, "MESSAGE"), 2);
	assert_int_equal(written(i, "MESSAGE"), 0);
}

/* Between workers: another one has the connection, a third one the
 * transaction. */
static void test_alias_at_another_worker(void **state)
{
	struct world *w = *state;
	struct ipc_partner_alias up = { slice_str(LITWARE), 77, 1 };
	struct ipc_msg m;
	tell(w, PROC_EDGE, 2, IPC_PARTNER_ALIAS, &up);
	tell(w, PROC_EDGE, 2, IPC_PARTNER_ALIAS, &up);
	assert_int_equal(partner_at(w, LITWARE)->alias_count, 1);
	struct ipc_partner_write write = { .partner = slice_str(LITWARE),
					   .txn = 5,
					   .branch = 6,
					   .bytes = SLICE_LIT("x") };
	tell(w, PROC_EDGE, 1, IPC_PARTNER_WRITE, &write);
	assert_true(next_sent(w, IPC_ALIAS_WRITE, &m));
	assert_int_equal(w->sent[w->read - 1].slot, 2);
	assert_int_equal(m.u.alias_write.slot, 1);
	assert_int_equal(m.u.alias_write.flow, 77);
	assert_int_equal(m.u.alias_write.txn, 5);
	assert_int_equal(w->net.count, 0);
	struct proc_id gone = { PROC_EDGE, 2, 0x2002 };
	edge_peer_up(w->edge, &gone);
	edge_peer_gone(w->edge, &gone);
	assert_int_equal(partner_at(w, LITWARE)->alias_count, 0);
	tell(w, PROC_EDGE, 1, IPC_PARTNER_WRITE, &write);
	assert_int_equal(w->net.count, 1);
}

static void test_alias_write_for_nobody(void **state)
{
	struct world *w = *state;
	struct ipc_alias_write write = { .slot = 1,
					 .flow = 99,
					 .txn = 5,
					 .branch = 6,
					 .bytes = SLICE_LIT("x") };
	struct ipc_msg m;
	tell(w, PROC_EDGE, 2, IPC_ALIAS_WRITE, &write);
	assert_true(next_sent(w, IPC_FLOW_LOST, &m));
	assert_int_equal(w->sent[w->read - 1].slot, 1);
	assert_int_equal(m.u.flow_lost.txn, 5);
}

static void test_alias_of_nobody_and_too_many(void **state)
{
	struct world *w = *state;
	struct ipc_partner_alias up = { SLICE_LIT("sip.evil.test"), 1, 1 };
	tell(w, PROC_EDGE, 2, IPC_PARTNER_ALIAS, &up);
	assert_null(partner_find(w->edge, up.partner));
	up.partner = slice_str(LITWARE);
	for (up.flow = 1; up.flow < 10; up.flow++)
		tell(w, PROC_EDGE, 2, IPC_PARTNER_ALIAS, &up);
	assert_int_equal(partner_at(w, LITWARE)->alias_count, 4);
	up.up = 0;
	for (up.flow = 1; up.flow < 10; up.flow++)
		tell(w, PROC_EDGE, 2, IPC_PARTNER_ALIAS, &up);
	assert_int_equal(partner_at(w, LITWARE)->alias_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_alias_of_a_proven_partner_is_used),
		WORLD_TEST(test_no_alias_no_use),
		WORLD_TEST(test_alias_of_others),
		WORLD_TEST(test_own_connection_first),
		WORLD_TEST(test_alias_at_another_worker),
		WORLD_TEST(test_alias_write_for_nobody),
		WORLD_TEST(test_alias_of_nobody_and_too_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
