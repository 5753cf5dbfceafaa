/* SPDX-License-Identifier: Apache-2.0 */
/* turn.*: what the store is asked to mint, and what the operator is told. */
#include "rig.h"

#include "stun/credential.h"

static struct conf_addr listens[] = { { .line = 3 } };

static void with_relay(struct rig *g, bool relay)
{
	static struct conf c;
	memset(&c, 0, sizeof(c));
	c.edge.name = SLICE_LIT("edge.contoso.test");
	assert_int_equal(
		addr_parse(SLICE_LIT("[::]:3478"), false, &listens[0].addr), 0);
	c.relay.listen = listens;
	c.relay.listen_count = relay;
	admin_conf(g->admin, &c);
}

static void ask(struct rig *g, const char *user, const char *ttl,
		const char *form)
{
	char line[512];
	snprintf(line, sizeof(line),
		 "{\"id\":1,\"verb\":\"turn.credential\",\"args\":{\"user\":"
		 "\"%s\",\"ttl\":\"%s\",\"form\":\"%s\"}}",
		 user, ttl, form);
	rig_ask(g, line);
}

static void minted(struct rig *g, const char *username)
{
	const struct ipc_msg m = {
		.type = IPC_CREDENTIAL,
		.u.credential = { .id = g->sent[0].m.u.credential_get.id,
				  .username = slice_str(username),
				  .password = SLICE_LIT("\"pass"),
				  .expires_s = 1900000060 },
	};
	rig_from(g, PROC_STORE, 0, &m);
	rig_store(g, 0, NULL);
}

static void test_text(void **state)
{
	struct rig *g = *state;
	with_relay(g, true);
	ask(g, "sip:Alice@CONTOSO.test", "60", "");
	assert_int_equal(g->sent_count, 1);
	assert_int_equal(g->sent[0].role, PROC_STORE);
	assert_int_equal(g->sent[0].m.type, IPC_CREDENTIAL_GET);
	const struct ipc_credential_get *get = &g->sent[0].m.u.credential_get;
	assert_true(slice_eq(get->user, SLICE_LIT("Alice@contoso.test")));
	assert_int_equal(get->ttl_s, 60);
	assert_int_equal(get->form, CREDENTIAL_TEXT);
	minted(g, "1900000060:alice");
	assert_string_equal(
		rig_read(g),
		"{\"id\":1,\"ok\":true,\"result\":{\"username\":"
		"\"1900000060:alice\",\"password\":\"\\\"pass\",\"ttl\":60,"
		"\"expires\":1900000060,\"realm\":\"edge.contoso.test\","
		"\"uris\":[\"turn:edge.contoso.test:3478?transport=udp\","
		"\"turn:edge.contoso.test:3478?transport=tcp\"]}}\n");
}

static void test_ms(void **state)
{
	struct rig *g = *state;
	with_relay(g, true);
	ask(g, "alice@contoso.test", "", "ms");
	assert_int_equal(g->sent_count, 1);
	assert_int_equal(g->sent[0].m.u.credential_get.form, CREDENTIAL_BINARY);
	assert_int_equal(g->sent[0].m.u.credential_get.ttl_s,
			 CREDENTIAL_TTL_DEFAULT_S);
	minted(g, "\x01\xff");
	const char *told = rig_read(g);
	assert_non_null(strstr(told, "\"username\":\"Af8=\""));
	assert_non_null(strstr(told, "\"password\":\"InBhc3M=\""));
}

static void test_refused(void **state)
{
	static const struct {
		const char *user, *ttl, *form;
	} rows[] = {
		{ "nobody", "", "" },           { "a@b.test", "59", "" },
		{ "a@b.test", "15552001", "" }, { "a@b.test", "-60", "" },
		{ "a@b.test", "1h", "" },       { "a@b.test", "", "xml" },
	};
	struct rig *g = *state;
	with_relay(g, true);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ask(g, rows[i].user, rows[i].ttl, rows[i].form);
		assert_non_null(strstr(rig_read(g), "\"ok\":false"));
	}
	with_relay(g, false);
	ask(g, "a@b.test", "", "");
	assert_non_null(strstr(rig_read(g), "has no relay"));
	assert_int_equal(g->sent_count, 0);
}

static void test_rotate(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "{\"id\":1,\"verb\":\"turn.rotate\",\"args\":{}}");
	assert_int_equal(g->sent_count, 1);
	assert_int_equal(g->sent[0].m.type, IPC_SECRET_ROTATE);
	rig_store(g, 0, NULL);
	assert_string_equal(rig_read(g),
			    "{\"id\":1,\"ok\":true,\"result\":{}}\n");
}

static void test_store_errors(void **state)
{
	struct rig *g = *state;
	with_relay(g, true);
	ask(g, "a@b.test", "", "");
	rig_store(g, EIO, "disk");
	assert_non_null(strstr(rig_read(g), "the database failed: disk"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_text),         RIG_TEST(test_ms),
		RIG_TEST(test_refused),      RIG_TEST(test_rotate),
		RIG_TEST(test_store_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
