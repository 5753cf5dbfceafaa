/* SPDX-License-Identifier: Apache-2.0 */
/* A partner is tried out: what each step says, and that every end of it leaves
 * nothing behind, whenever memory runs out. */
#include "unit/edge/partner_talk.h"

#include "support/oom.h"

enum { ASK = 77 };

static const struct target_spec found = {
	"sip1.fabrikam.test", true, { "192.0.2.1:5061", "192.0.2.2:5061" }
};

static void try_out(struct world *w, const char *domain)
{
	const struct ipc_trial m = { .id = ASK, .domain = slice_str(domain) };
	tell(w, PROC_ADMIN, 0, IPC_TRIAL, &m);
	fake_turn();
}

static void assert_step(struct world *w, const char *step,
			enum ipc_trial_state state, const char *why,
			const char *text)
{
	struct ipc_msg m;
	char said[1024];
	assert_true(next_sent(w, IPC_TRIAL_STEP, &m));
	const struct ipc_trial_step *s = &m.u.trial_step;
	assert_int_equal(slice_cstr(s->text, said, sizeof(said)), 0);
	if (!strstr(said, text))
		fail_msg("%s instead of %s", said, text);
	assert_int_equal(s->id, ASK);
	assert_int_equal(s->state, state);
	assert_true(slice_eq(s->step, slice_str(step)));
	assert_true(slice_eq(s->why, slice_str(why)));
}

/* The end was told, and nothing is left. */
static void assert_end(struct world *w)
{
	struct ipc_msg m;
	fake_turn();
	while (next_sent(w, IPC_TRIAL_END, &m))
		;
	assert_int_equal(m.type, IPC_TRIAL_END);
	assert_int_equal(m.u.trial_end.id, ASK);
	assert_int_equal(fake_open(), 0);
	assert_true(list_empty(&w->edge->trials));
}

/* TCP and TLS to litware's server, which stands in the configuration. */
static void connect_litware(struct world *w)
{
	try_out(w, "litware.test");
	assert_step(w, "policy", TRIAL_PASS, "", "litware.test is ");
	assert_step(w, "dns", TRIAL_PASS, "", "not asked");
	assert_dialled(0, "sip.litware.test", "127.0.0.1:5061");
	fake_ready(0);
	fake_turn();
	assert_step(w, "tcp", TRIAL_PASS, "", "127.0.0.1:5061");
	assert_dialled(1, "sip.litware.test", "127.0.0.1:5061");
}

static void test_all_steps(void **state)
{
	struct world *w = *state;
	connect_litware(w);
	fake_conn(1)->peer.until_s = loop_wall_ms() / 1000 + 90 * 86400 + 60;
	fake_ready(1);
	assert_step(w, "tls", TRIAL_PASS, "", "done");
	assert_step(w, "certificate", TRIAL_PASS, "", "sip.litware.test");
	assert_step(w, "seen", TRIAL_PASS, "", "edge.contoso.test");
	assert_int_equal(written(1, "OPTIONS"), 1);
	pass(w, 300);
	answer(1, 0, 100, "");
	answer(1, 0, 200, "");
	assert_step(w, "options", TRIAL_PASS, "", "round trip 300 ms");
	assert_end(w);
}

static void test_certificate_ends_soon(void **state)
{
	struct world *w = *state;
	connect_litware(w);
	fake_conn(1)->peer.until_s = loop_wall_ms() / 1000 + 3 * 86400 + 60;
	fake_ready(1);
	assert_step(w, "tls", TRIAL_PASS, "", "");
	assert_step(w, "certificate", TRIAL_WARN, "", "in 3 days");
}

static void test_refused_with_a_number(void **state)
{
	struct world *w = *state;
	struct ipc_msg m;
	connect_litware(w);
	fake_ready(1);
	answer(1, 0, 403, "ms-diagnostics: 1027;reason=\"no\"\r\n");
	while (next_sent(w, IPC_TRIAL_STEP, &m))
		if (m.u.trial_step.state == TRIAL_FAIL)
			break;
	assert_int_equal(m.u.trial_step.diagnostics, 1027);
	assert_end(w);
}

static void test_no_answer(void **state)
{
	struct world *w = *state;
	connect_litware(w);
	fake_ready(1);
	answer(1, 0, 100, "");
	for (int i = 0; i < 3; i++) {
		struct ipc_msg m;
		assert_true(next_sent(w, IPC_TRIAL_STEP, &m));
	}
	pass(w, 4000);
	assert_false(list_empty(&w->edge->trials));
	pass(w, 2000);
	assert_step(w, "options", TRIAL_FAIL, "partner_silent", "no answer");
	assert_end(w);
}

static void test_ends_instead(void **state)
{
	static const struct {
		enum conn_end why;
		const char *step, *reason;
	} rows[] = {
		{ CONN_END_NAME, "certificate", "partner_tls" },
		{ CONN_END_TLS, "tls", "partner_tls" },
		{ CONN_END_TIMEOUT, "tls", "partner_down" },
	};
	struct world *w = *state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		w->net.count = 0;
		connect_litware(w);
		fake_end(1, rows[i].why);
		assert_step(w, rows[i].step, TRIAL_FAIL, rows[i].reason,
			    "sip.litware.test");
		assert_end(w);
	}
}

static void test_no_sip(void **state)
{
	struct world *w = *state;
	struct ipc_msg m;
	connect_litware(w);
	fake_ready(1);
	fake_bytes(1, SLICE_LIT("\x01\x02 hello"));
	while (next_sent(w, IPC_TRIAL_STEP, &m))
		if (m.u.trial_step.state == TRIAL_FAIL)
			break;
	assert_true(slice_eq(m.u.trial_step.text,
			     SLICE_LIT("what it says is no SIP")));
	assert_end(w);
}

/* RFC 2782: the next server when the first cannot be reached. */
static void test_addresses_one_after_the_other(void **state)
{
	struct world *w = *state;
	try_out(w, "fabrikam.test");
	resolved(w, asked_for(w, "fabrikam.test", IPC_TARGETS_DOMAIN), 300,
		 &found, 1);
	w->read = 0;
	assert_step(w, "policy", TRIAL_PASS, "", "");
	assert_step(w, "dns", TRIAL_PASS, "", "192.0.2.1, 192.0.2.2");
	assert_step(w, "dns", TRIAL_PASS, "", "not signed");
	fake_end(0, CONN_END_CONNECT);
	assert_step(w, "tcp", TRIAL_WARN, "", "192.0.2.1:5061");
	assert_dialled(1, "sip1.fabrikam.test", "192.0.2.2:5061");
	fake_end(1, CONN_END_CONNECT);
	assert_step(w, "tcp", TRIAL_WARN, "", "192.0.2.2:5061");
	assert_step(w, "tcp", TRIAL_FAIL, "partner_down", "firewall");
	assert_end(w);
}

static void test_names_that_lead_nowhere(void **state)
{
	static const struct {
		struct target_spec t;
		const char *why;
	} rows[] = {
		{ { "mail.hosting.test", false, { "192.0.2.1:5061" } },
		  "partner_srv_domain" },
		{ { "sip1.fabrikam.test", true, { "10.0.0.1:5061" } },
		  "partner_dns" },
		{ { "sip1.fabrikam.test", true, { NULL } }, "partner_dns" },
	};
	struct world *w = *state;
	struct ipc_msg m;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		try_out(w, "fabrikam.test");
		resolved(w, asked_for(w, "fabrikam.test", IPC_TARGETS_DOMAIN),
			 300, &rows[i].t, 1);
		while (next_sent(w, IPC_TRIAL_STEP, &m))
			if (m.u.trial_step.state == TRIAL_FAIL)
				break;
		assert_true(
			slice_eq(m.u.trial_step.why, slice_str(rows[i].why)));
		assert_end(w);
	}
}

static void test_resolver(void **state)
{
	struct world *w = *state;
	try_out(w, "fabrikam.test");
	unresolved(w, asked_for(w, "fabrikam.test", IPC_TARGETS_DOMAIN), ENOENT,
		   300);
	assert_step(w, "dns", TRIAL_FAIL, "partner_srv", "why not");
	assert_end(w);
	try_out(w, "fabrikam.test");
	assert_step(w, "policy", TRIAL_PASS, "", "");
	pass(w, 8000);
	assert_step(w, "dns", TRIAL_FAIL, "partner_dns", "does not answer");
	assert_end(w);
	w->resolver_error = -EPIPE;
	try_out(w, "fabrikam.test");
	assert_step(w, "policy", TRIAL_PASS, "", "");
	assert_step(w, "dns", TRIAL_FAIL, "partner_dns", "cannot be asked");
	assert_end(w);
}

static void test_who_is_no_partner(void **state)
{
	static const char *const rows[][2] = {
		{ "woodgrove.test", "no_route" },
		{ "contoso.test", "" },
		{ "no domain", "" },
	};
	struct world *w = *state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		try_out(w, rows[i][0]);
		assert_step(w, "policy", TRIAL_FAIL, rows[i][1], "");
		assert_end(w);
	}
	assert_int_equal(w->net.count, 0);
}

/* Eight at a time; the ninth hears the end at once. */
static void test_many(void **state)
{
	struct world *w = *state;
	for (int i = 0; i < 8; i++)
		try_out(w, "litware.test");
	forget(w);
	try_out(w, "litware.test");
	struct ipc_msg m;
	assert_false(next_sent(w, IPC_TRIAL_STEP, &m));
	w->read = 0;
	assert_true(next_sent(w, IPC_TRIAL_END, &m));
}

static int walk(void *arg)
{
	struct world *w = arg;
	bool done = false;
	forget(w);
	const struct ipc_trial ask = { .id = ASK,
				       .domain = SLICE_LIT("litware.test") };
	const struct ipc_msg m = { .type = IPC_TRIAL, .u.trial = ask };
	const struct proc_id from = { PROC_ADMIN, 0, 1 };
	w->net.count = 0;
	edge_message(w->edge, &from, &m);
	fake_turn();
	for (size_t i = 0; i < w->net.count; i++) {
		if (!w->net.conn[i] || w->net.conn[i]->ended)
			continue;
		fake_ready(i);
		done = i > 0 && w->net.conn[i] && !w->net.conn[i]->ended &&
		       written(i, "OPTIONS") == 1;
		fake_turn();
		if (done)
			break;
	}
	oom_arm(0);
	pass(w, 8000);
	fake_turn();
	assert_true(list_empty(&w->edge->trials));
	return done ? 0 : -1;
}

static void test_memory(void **state)
{
	struct world *w = *state;
	for (unsigned n = 1; n < 1000; n++) {
		oom_arm(n);
		int err = walk(w);
		if (!err)
			return;
	}
	fail_msg("it never succeeded");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_all_steps),
		WORLD_TEST(test_certificate_ends_soon),
		WORLD_TEST(test_refused_with_a_number),
		WORLD_TEST(test_no_answer),
		WORLD_TEST(test_ends_instead),
		WORLD_TEST(test_no_sip),
		WORLD_TEST(test_addresses_one_after_the_other),
		WORLD_TEST(test_names_that_lead_nowhere),
		WORLD_TEST(test_resolver),
		WORLD_TEST(test_who_is_no_partner),
		WORLD_TEST(test_many),
		WORLD_TEST(test_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
