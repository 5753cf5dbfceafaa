/* SPDX-License-Identifier: Apache-2.0 */
/* user.*: what the store is asked, and what the operator is told. */
#include "rig.h"

#include "base/crypto.h"
#include "base/text.h"

static void ask_add(struct rig *g, const char *aor, const char *password)
{
	char line[1024];
	snprintf(line, sizeof(line),
		 "{\"id\":1,\"verb\":\"user.add\",\"args\":{\"aor\":\"%s\","
		 "\"password\":\"%s\"}}",
		 aor, password);
	rig_ask(g, line);
}

static void test_add(void **state)
{
	struct rig *g = *state;
	ask_add(g, "sip:Alice@CONTOSO.test", "s3cret");
	assert_int_equal(g->sent_count, 1);
	assert_int_equal(g->sent[0].role, PROC_STORE);
	assert_int_equal(g->sent[0].m.type, IPC_USER_PUT);
	const struct ipc_user_put *p = &g->sent[0].m.u.user_put;
	assert_int_equal(p->mode, USER_CREATE);
	assert_int_equal(p->disabled, 0);
	assert_true(slice_eq(p->aor, SLICE_LIT("Alice@contoso.test")));
	/* echo -n Alice:contoso.test:s3cret | sha256sum, md5sum */
	const struct slice a1 = SLICE_LIT("Alice:contoso.test:s3cret");
	uint8_t digest[SHA256_BYTES];
	char hex[64];
	assert_int_equal(crypto_sha256(&a1, 1, digest), 0);
	text_hex(slice_of(digest, 32), hex);
	assert_true(slice_eq(p->ha1_sha256, slice_of(hex, 64)));
	assert_int_equal(crypto_md5(&a1, 1, digest), 0);
	text_hex(slice_of(digest, 16), hex);
	assert_true(slice_eq(p->ha1_md5, slice_of(hex, 32)));
	rig_store(g, 0, NULL);
	assert_string_equal(rig_read(g),
			    "{\"id\":1,\"ok\":true,\"result\":{}}\n");
}

/* RFC 7616 3.9.1 uses this user name; an escape is undone before hashing. */
static void test_escaped_user(void **state)
{
	struct rig *g = *state;
	ask_add(g, "j%c3%bcrgen@contoso.test", "x");
	assert_int_equal(g->sent_count, 1);
	const struct ipc_user_put *p = &g->sent[0].m.u.user_put;
	assert_true(slice_eq(p->aor, SLICE_LIT("j%C3%BCrgen@contoso.test")));
	const struct slice a1 = SLICE_LIT("j\xc3\xbcrgen:contoso.test:x");
	uint8_t digest[SHA256_BYTES];
	char hex[64];
	assert_int_equal(crypto_sha256(&a1, 1, digest), 0);
	text_hex(slice_of(digest, 32), hex);
	assert_true(slice_eq(p->ha1_sha256, slice_of(hex, 64)));
}

static void test_refused(void **state)
{
	static const struct {
		const char *aor, *password, *error;
	} rows[] = {
		{ "alice", "x", "alice is no address" },
		{ "", "x", "is no address" },
		{ "tel:+1", "x", "is no address" },
		{ "a@b@c.test", "x", "is no address" },
		{ "alice@contoso.test;x=y", "x", "is no address" },
		{ "alice@contoso.test", "", "a password has 1 to 256" },
		{ "alice@contoso.test", "a\\nb", "no control characters" },
		{ "alice@fabrikam.test", "x",
		  "fabrikam.test is none of our domains" },
	};
	struct slice domains[] = { SLICE_LIT("contoso.test") };
	const struct conf conf = { .edge = { .domains = domains,
					     .domain_count = 1 } };
	struct rig *g = *state;
	admin_conf(g->admin, &conf);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		ask_add(g, rows[i].aor, rows[i].password);
		const char *got = rig_read(g);
		assert_non_null(strstr(got, "\"ok\":false"));
		if (!strstr(got, rows[i].error))
			fail_msg("%s", got);
	}
	assert_int_equal(g->sent_count, 0);
	ask_add(g, "alice@contoso.test", "x");
	assert_int_equal(g->sent_count, 1);
	admin_conf(g->admin, NULL);
}

static void test_store_errors(void **state)
{
	static const struct {
		int error;
		const char *text, *told;
	} rows[] = {
		{ EEXIST, "File exists", "there is a user of that address" },
		{ ENOENT, "no", "there is no user of that address" },
		{ ENOSPC, "no", "the disk of the database is full" },
		{ EIO, "Input/output error",
		  "the database failed: Input/output error" },
	};
	struct rig *g = *state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		rig_ask(g, "{\"verb\":\"user.passwd\",\"args\":{\"aor\":"
			   "\"a@b.test\",\"password\":\"x\"}}");
		assert_int_equal(g->sent[i].m.u.user_put.mode, USER_REPLACE);
		rig_store(g, rows[i].error, rows[i].text);
		assert_non_null(strstr(rig_read(g), rows[i].told));
	}
}

static void test_remove(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "{\"verb\":\"user.remove\",\"args\":{\"aor\":"
		   "\"sip:a@b.test\"}}");
	assert_int_equal(g->sent[0].m.type, IPC_USER_DEL);
	assert_true(
		slice_eq(g->sent[0].m.u.user_del.aor, SLICE_LIT("a@b.test")));
	/* an answer of another process, or to another question, is none */
	const struct ipc_msg wrong = {
		.type = IPC_STORE_RESULT,
		.u.store_result = { .id = g->sent[0].m.u.user_del.id },
	};
	rig_from(g, PROC_EDGE, 0, &wrong);
	const struct ipc_msg other = { .type = IPC_STORE_RESULT,
				       .u.store_result = { .id = 4242 } };
	rig_from(g, PROC_STORE, 0, &other);
	assert_string_equal(rig_read(g), "");
	rig_store(g, 0, NULL);
	assert_non_null(strstr(rig_read(g), "\"ok\":true"));
}

static void user(struct rig *g, const char *aor, bool disabled)
{
	const struct ipc_msg m = {
		.type = IPC_USER,
		.u.user = { .id = g->sent[0].m.u.user_list.id,
			    .aor = slice_str(aor),
			    .ha1_sha256 = SLICE_LIT("secret-hash"),
			    .ha1_md5 = SLICE_LIT("secret-hash"),
			    .disabled = disabled,
			    .created_s = 1795361400 },
	};
	rig_from(g, PROC_STORE, 0, &m);
}

static void test_list(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "{\"id\":9,\"verb\":\"user.list\"}");
	assert_int_equal(g->sent[0].m.type, IPC_USER_LIST);
	user(g, "a@b.test", false);
	user(g, "c\xff@b.test", true);
	rig_store(g, 0, NULL);
	assert_string_equal(rig_read(g),
			    "{\"id\":9,\"ok\":true,\"result\":{\"users\":["
			    "{\"aor\":\"a@b.test\",\"disabled\":false,"
			    "\"created\":1795361400},"
			    "{\"aor\":\"c\\\\xff@b.test\",\"disabled\":true,"
			    "\"created\":1795361400}]}}\n");
}

static void test_store_away(void **state)
{
	struct rig *g = *state;
	g->send_error = -EPIPE;
	rig_ask(g, "{\"verb\":\"user.list\"}");
	assert_non_null(strstr(rig_read(g), "store process is not running"));
	g->send_error = -ENOBUFS;
	rig_ask(g, "{\"verb\":\"user.list\"}");
	assert_non_null(strstr(rig_read(g), "too busy"));
	g->send_error = 0;
	rig_ask(g, "{\"verb\":\"user.list\"}");
	rig_gone(g, PROC_HOME, 0);
	assert_string_equal(rig_read(g), "");
	rig_gone(g, PROC_STORE, 0);
	assert_non_null(strstr(rig_read(g), "store process has ended"));
	rig_ask(g, "{\"verb\":\"user.list\"}");
	rig_wait(g, 2999);
	assert_string_equal(rig_read(g), "");
	rig_wait(g, 1);
	assert_non_null(strstr(rig_read(g), "no answer in time"));
}

/* ADM-07: a password is nowhere but in its hash. */
struct leak {
	bool seen;
	size_t lines;
};

static int look(void *arg, struct slice line)
{
	struct leak *l = arg;
	l->lines++;
	l->seen |= memmem(line.ptr, line.len, "m4rker", 6) != NULL;
	return 0;
}

static void test_secret(void **state)
{
	struct rig *g = *state;
	struct leak leak = { 0 };
	log_set_level(LOG_DEBUG);
	log_set_sink(look, &leak);
	ask_add(g, "a@b.test", "m4rker");
	assert_null(memmem(g->bytes[0].ptr, g->bytes[0].len, "m4rker", 6));
	rig_store(g, EIO, "broken");
	assert_null(strstr(rig_read(g), "m4rker"));
	ask_add(g, "a@b.test", "m4rker\\u0001");
	assert_null(strstr(rig_read(g), "m4rker"));
	rig_ask(g, "{\"verb\":\"user.add\",\"args\":\"m4rker\"}");
	assert_null(strstr(rig_read(g), "m4rker"));
	log_set_sink(NULL, NULL);
	log_set_level(LOG_ERROR);
	/* each change, done or not, left its line */
	assert_int_equal(leak.lines, 2);
	assert_false(leak.seen);
}

static int scenario(void *arg)
{
	struct rig g;
	(void)arg;
	int err = rig_open(&g);
	if (!err && send(g.client,
			 "{\"verb\":\"user.add\",\"args\":{\"aor\":"
			 "\"a@b.test\",\"password\":\"x\"}}\n",
			 61, 0) > 0)
		err = rig_turns(&g);
	if (!err && g.sent_count == 1)
		rig_store(&g, 0, NULL);
	if (!err && !strstr(rig_read(&g), "\"ok\":true"))
		err = -ENOMEM;
	rig_free(&g);
	return err;
}

static void test_oom(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR);
	oom_walk(scenario, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_add),         RIG_TEST(test_escaped_user),
		RIG_TEST(test_refused),     RIG_TEST(test_store_errors),
		RIG_TEST(test_remove),      RIG_TEST(test_list),
		RIG_TEST(test_store_away),  RIG_TEST(test_secret),
		cmocka_unit_test(test_oom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
