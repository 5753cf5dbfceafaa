/* SPDX-License-Identifier: Apache-2.0 */
/* The table of verbs: whole, without doubles, and told as it is. */
#include "rig.h"

static void test_table(void **state)
{
	static const char *const verbs[] = {
		"status",
		"metrics",
		"user.list",
		"user.add",
		"user.passwd",
		"user.remove",
		"reload",
		"drain",
		"log.level",
		"commands",
		"user.contacts",
		"user.contact.set",
		"user.contact.remove",
		"ports",
		"firewall",
		"explain",
		"turn.credential",
		"turn.rotate",
		"relay.list",
		"relay.show",
		"relay.kill",
		"relay.drain",
		"user.disable",
		"user.enable",
		"user.devices",
		"messages",
		"messages.of",
		"messages.drop",
		"backup",
		"backup.state",
		"partner.list",
		"partner.rule",
		"partner.test",
		"facts",
		"lookup",
		"ban",
		"unban",
		"bans",
		"trace",
		"history",
		"refusals",
		"config",
		"changes",
		"admin.add",
		"admin.passwd",
		"admin.remove",
		"admin.list",
	};
	size_t n = 0;
	(void)state;
	for (; command_at(n); n++) {
		const struct command *c = command_at(n);
		assert_true(c->syntax[0] && c->help[0]);
		assert_non_null(c->ops->run);
		assert_ptr_equal(command_find(c->verb), c);
		/* who may only read changes nothing */
		assert_true(!c->changes || c->role != ADMIN_READ);
		/* accounts are not made over HTTP */
		assert_false(c->web && strncmp(c->verb, "admin.", 6) == 0);
	}
	/* those that ctl_proto.h names, and no others */
	assert_int_equal(n, sizeof(verbs) / sizeof(*verbs));
	for (size_t i = 0; i < n; i++)
		assert_non_null(command_find(verbs[i]));
	assert_null(command_find(""));
}

static void test_told(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "{\"id\":1,\"verb\":\"commands\"}");
	json_t *v = json_loads(rig_read(g), 0, NULL);
	json_t *list =
		json_object_get(json_object_get(v, "result"), "commands");
	size_t n = json_array_size(list);
	for (size_t i = 0; i < n; i++) {
		json_t *row = json_array_get(list, i);
		const struct command *c = command_at(i);
		assert_string_equal(
			json_string_value(json_object_get(row, "verb")),
			c->verb);
		assert_string_equal(
			json_string_value(json_object_get(row, "role")),
			admin_role_name(c->role));
	}
	assert_null(command_at(n));
	json_decref(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		RIG_TEST(test_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
