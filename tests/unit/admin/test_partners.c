/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's word about domains and addresses: what the store is asked,
 * and what is refused before. */
#include <errno.h>

#include "access/rulings.h"
#include "rig.h"

static void rule(struct rig *g, const char *ruling, const char *domain)
{
	char line[512];
	snprintf(line, sizeof(line),
		 "{\"id\":1,\"verb\":\"partner.rule\",\"args\":{\"ruling\":"
		 "\"%s\",\"domain\":\"%s\"}}",
		 ruling, domain);
	rig_ask(g, line);
}

static void address(struct rig *g, const char *verb, const char *more)
{
	char line[512];
	snprintf(line, sizeof(line), "{\"id\":1,\"verb\":\"%s\",\"args\":{%s}}",
		 verb, more);
	rig_ask(g, line);
}

static void test_rulings(void **state)
{
	static const struct {
		const char *word;
		enum access_ruling ruling;
	} rows[] = {
		{ "block", ACCESS_RULED_BLOCK },
		{ "allow", ACCESS_RULED_ALLOW },
		{ "watch", ACCESS_RULED_WATCH },
		{ "clear", ACCESS_RULED_NOT },
	};
	struct rig *g = *state;
	for (size_t i = 0; i < 4; i++) {
		rule(g, rows[i].word, "Litware.TEST.");
		assert_int_equal(g->sent_count, i + 1);
		assert_int_equal(g->sent[i].role, PROC_STORE);
		assert_int_equal(g->sent[i].m.type, IPC_RULING_PUT);
		const struct ipc_ruling_put *p = &g->sent[i].m.u.ruling_put;
		assert_int_equal(p->ruling, rows[i].ruling);
		assert_true(slice_eq(p->domain, SLICE_LIT("litware.test")));
		rig_store(g, 0, NULL);
		assert_non_null(strstr(rig_read(g), "\"ok\":true"));
	}
}

static void test_no_such_ruling(void **state)
{
	struct rig *g = *state;
	rule(g, "adore", "litware.test");
	assert_non_null(strstr(rig_read(g), "block, allow, watch or clear"));
	assert_int_equal(g->sent_count, 0);
}

static void test_no_domain(void **state)
{
	static const char *const bad[] = { "",         "test",
					   "a b.test", "*.test",
					   "-x.test",  "bob@litware.test" };
	struct rig *g = *state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		rule(g, "block", bad[i]);
		assert_non_null(strstr(rig_read(g), "is no domain"));
	}
	assert_int_equal(g->sent_count, 0);
}

static void test_the_store_fails(void **state)
{
	struct rig *g = *state;
	rule(g, "block", "litware.test");
	rig_store(g, ENOSPC, "too many");
	assert_non_null(strstr(rig_read(g), "\"ok\":false"));
}

static void test_bans(void **state)
{
	struct rig *g = *state;
	uint64_t now_s = loop_wall_ms() / 1000;
	address(g, "ban", "\"address\":\"2001:DB8:0::7\",\"seconds\":\"60\"");
	assert_int_equal(g->sent_count, 1);
	assert_int_equal(g->sent[0].m.type, IPC_BAN_PUT);
	const struct ipc_ban_put *p = &g->sent[0].m.u.ban_put;
	assert_true(slice_eq(p->address, SLICE_LIT("2001:db8::7")));
	assert_in_range(p->until_s, now_s + 59, now_s + 70);
	rig_store(g, 0, NULL);
	rig_read(g);
	address(g, "unban", "\"address\":\"192.0.2.7\"");
	assert_int_equal(g->sent[1].m.u.ban_put.until_s, 0);
	rig_store(g, ENOENT, "");
	assert_non_null(strstr(rig_read(g), "is not banned"));
}

static void test_what_is_no_ban(void **state)
{
	static const char *const bad[] = {
		"\"address\":\"192.0.2\",\"seconds\":\"60\"",
		"\"address\":\"example.test\",\"seconds\":\"60\"",
		"\"address\":\"192.0.2.7\",\"seconds\":\"0\"",
		"\"address\":\"192.0.2.7\",\"seconds\":\"99999999999\"",
		"\"address\":\"192.0.2.7\",\"seconds\":\"soon\"",
	};
	struct rig *g = *state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		address(g, "ban", bad[i]);
		assert_non_null(strstr(rig_read(g), "\"ok\":false"));
	}
	assert_int_equal(g->sent_count, 0);
}

static void test_the_list(void **state)
{
	struct rig *g = *state;
	address(g, "bans", "");
	assert_int_equal(g->sent[0].m.type, IPC_BAN_LIST);
	const struct ipc_msg row = {
		.type = IPC_BAN,
		.u.ban = { .id = g->sent[0].m.u.ban_list.id,
			   .until_s = 4102444800,
			   .address = SLICE_LIT("192.0.2.7") },
	};
	rig_from(g, PROC_STORE, 0, &row);
	rig_store(g, 0, NULL);
	const char *told = rig_read(g);
	assert_non_null(strstr(told, "\"address\":\"192.0.2.7\""));
	assert_non_null(strstr(told, "4102444800"));
}
int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_rulings),   RIG_TEST(test_no_such_ruling),
		RIG_TEST(test_no_domain), RIG_TEST(test_the_store_fails),
		RIG_TEST(test_bans),      RIG_TEST(test_what_is_no_ban),
		RIG_TEST(test_the_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
