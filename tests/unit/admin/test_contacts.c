/* SPDX-License-Identifier: Apache-2.0 */
/* user.contacts and its changes: what the store is asked, and what the
 * operator is told. */
#include <errno.h>

#include "rig.h"

static void ask(struct rig *g, const char *verb, const char *more)
{
	char line[512];
	snprintf(line, sizeof(line),
		 "{\"id\":1,\"verb\":\"%s\",\"args\":{\"aor\":"
		 "\"Alice@CONTOSO.test\"%s}}",
		 verb, more);
	rig_ask(g, line);
}

static void test_list(void **state)
{
	struct rig *g = *state;
	ask(g, "user.contacts", "");
	assert_int_equal(g->sent_count, 1);
	assert_int_equal(g->sent[0].role, PROC_STORE);
	assert_int_equal(g->sent[0].m.type, IPC_CONTACT_LIST);
	const struct ipc_contact_list *l = &g->sent[0].m.u.contact_list;
	assert_true(slice_eq(l->owner, SLICE_LIT("Alice@contoso.test")));
	assert_true(slice_empty(l->contact));
	static const uint8_t rules[] = { CONTACT_LISTED, CONTACT_ALLOWED,
					 CONTACT_BLOCKED };
	for (size_t i = 0; i < 3; i++) {
		const struct ipc_msg row = {
			.type = IPC_CONTACT,
			.u.contact = { .id = l->id,
				       .rule = rules[i],
				       .owner = l->owner,
				       .contact = SLICE_LIT("b@x.test") },
		};
		rig_from(g, PROC_STORE, 0, &row);
	}
	rig_store(g, 0, NULL);
	const char *told = rig_read(g);
	assert_non_null(strstr(told, "\"rule\":\"contact\""));
	assert_non_null(strstr(told, "\"rule\":\"allow\""));
	assert_non_null(strstr(told, "\"contact\":\"b@x.test\","
				     "\"rule\":\"block\""));
}

static void test_changes(void **state)
{
	struct rig *g = *state;
	ask(g, "user.contact.set",
	    ",\"contact\":\"sip:bob@Fabrikam.test\",\"rule\":\"block\"");
	assert_int_equal(g->sent[0].m.type, IPC_CONTACT_PUT);
	const struct ipc_contact_put *p = &g->sent[0].m.u.contact_put;
	assert_int_equal(p->rule, CONTACT_BLOCKED);
	assert_true(slice_eq(p->contact, SLICE_LIT("bob@fabrikam.test")));
	rig_store(g, 0, NULL);
	assert_string_equal(rig_read(g),
			    "{\"id\":1,\"ok\":true,\"result\":{}}\n");
	ask(g, "user.contact.remove", ",\"contact\":\"bob@fabrikam.test\"");
	assert_int_equal(g->sent[1].m.type, IPC_CONTACT_DEL);
	rig_store(g, ENOENT, "gone");
	assert_non_null(strstr(rig_read(g), "\"ok\":false"));
}

static void test_refused(void **state)
{
	struct rig *g = *state;
	ask(g, "user.contact.set",
	    ",\"contact\":\"bob@fabrikam.test\",\"rule\":\"maybe\"");
	assert_non_null(strstr(rig_read(g), "contact, allow or block"));
	ask(g, "user.contact.set", ",\"contact\":\"bob\",\"rule\":\"allow\"");
	assert_non_null(strstr(rig_read(g), "bob is no address"));
	assert_int_equal(g->sent_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_list),
		RIG_TEST(test_changes),
		RIG_TEST(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
