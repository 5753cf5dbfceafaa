/* SPDX-License-Identifier: Apache-2.0 */
/* facts and lookup: what `check` asks for. */
#include "rig.h"

#include "ipc/targets.h"

#define FACTS "{\"id\":1,\"verb\":\"facts\",\"args\":{}}"
#define LOOKUP(kind)                                               \
	"{\"id\":1,\"verb\":\"lookup\",\"args\":{\"kind\":\"" kind \
	"\",\"name\":\"contoso.test\"}}"

static void test_facts(void **state)
{
	struct rig *g = *state;
	struct slice domains[] = { SLICE_LIT("contoso.test"),
				   SLICE_LIT("litware.test") };
	struct conf_addr at = { .text = SLICE_LIT("192.0.2.1:5061") };
	struct conf c = { .edge = { .name = SLICE_LIT("edge.contoso.test"),
				    .domains = domains,
				    .domain_count = 2 } };
	c.inside.builtin = true;
	c.access.federation.listen = &at;
	c.access.federation.listen_count = 1;
	c.relay.public4 = SLICE_LIT("203.0.113.7");
	c.tls.trust.path = SLICE_LIT("/trust.pem");
	c.tls.certificate.path = SLICE_LIT("/edge.pem");
	c.tls.certificate.content = SLICE_LIT("-----\nx");
	rig_ask(g, FACTS);
	assert_non_null(strstr(rig_read(g), "still starting"));
	admin_conf(g->admin, &c);
	rig_ask(g, FACTS);
	assert_string_equal(
		rig_read(g),
		"{\"id\":1,\"ok\":true,\"result\":{"
		"\"name\":\"edge.contoso.test\","
		"\"domains\":[\"contoso.test\",\"litware.test\"],"
		"\"home\":\"builtin\",\"federation\":[\"192.0.2.1:5061\"],"
		"\"clients\":[],\"relay\":[],\"relay_tls\":[],"
		"\"public\":[\"203.0.113.7\"],\"trust\":\"/trust.pem\","
		"\"certificates\":[{\"file\":\"/edge.pem\","
		"\"pem\":\"-----\\nx\"}]}}\n");
	/* remarks in a file may be of any bytes: then its reader reads it */
	c.tls.certificate.content = SLICE_LIT("\xff\xfe");
	rig_ask(g, FACTS);
	assert_non_null(strstr(rig_read(g), "\"pem\":\"\""));
	admin_conf(g->admin, NULL);
}

static void answer(struct rig *g, uint32_t error)
{
	struct ipc_target t = { .name = SLICE_LIT("sip.contoso.test"),
				.port = 5061,
				.direct = true,
				.count = 1 };
	struct buf b;
	buf_init(&b, 0);
	assert_int_equal(
		addr_parse(SLICE_LIT("192.0.2.1:5061"), false, &t.addr[0]), 0);
	if (!error)
		ipc_target_put(&b, &t);
	const struct ipc_msg m = {
		.type = IPC_TARGETS,
		.u.targets = { .id = g->sent[g->sent_count - 1]
					     .m.u.targets_get.id,
			       .error = error,
			       .secure = 1,
			       .targets = buf_slice(&b),
			       .text = error ? SLICE_LIT("why") : SLICE_NONE },
	};
	rig_from(g, PROC_RESOLVER, 0, &m);
	buf_free(&b);
}

static void test_lookup(void **state)
{
	struct rig *g = *state;
	static const struct {
		const char *line;
		uint8_t kind;
	} rows[] = { { LOOKUP("federation"), IPC_TARGETS_FEDERATION },
		     { LOOKUP("clients"), IPC_TARGETS_CLIENTS },
		     { LOOKUP("host"), IPC_TARGETS_HOST } };
	for (size_t i = 0; i < 3; i++) {
		rig_ask(g, rows[i].line);
		assert_int_equal(g->sent[i].m.u.targets_get.kind, rows[i].kind);
		answer(g, 0);
		assert_string_equal(
			rig_read(g),
			"{\"id\":1,\"ok\":true,\"result\":{\"error\":0,"
			"\"text\":\"\",\"secure\":true,\"targets\":[{"
			"\"name\":\"sip.contoso.test\",\"port\":5061,"
			"\"direct\":true,\"addresses\":[\"192.0.2.1\"]}]}}\n");
	}
}

static void test_lookup_fails(void **state)
{
	struct rig *g = *state;
	rig_ask(g, LOOKUP("else"));
	assert_non_null(strstr(rig_read(g), "federation, clients or host"));
	rig_ask(g, LOOKUP("host"));
	answer(g, ENOENT);
	assert_non_null(strstr(rig_read(g), "\"error\":2,\"text\":\"why\""));
	rig_ask(g, LOOKUP("host"));
	rig_gone(g, PROC_RESOLVER, 0);
	assert_non_null(strstr(rig_read(g), "has ended"));
	g->send_error = -EPIPE;
	rig_ask(g, LOOKUP("host"));
	assert_non_null(strstr(rig_read(g), "cannot be asked"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_facts),
		RIG_TEST(test_lookup),
		RIG_TEST(test_lookup_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
