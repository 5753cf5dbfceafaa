/* SPDX-License-Identifier: Apache-2.0 */
/* Who reaches a user from outside: by the edge's mark and the user's list
 * (contacts only). */
#include "world.h"

#define MARK(type, user)                                    \
	"ms-edge-proxy-message-trust: ms-source-type=" type \
	";ms-ep-fqdn=edge.contoso.test;ms-source-verified-user=" user "\r\n"
#define STRANGER MARK("AuthorizedServer", "unverified")
#define VOUCHED MARK("AuthorizedServer", "verified")
#define PARTNER MARK("DirectPartner", "unverified")

static unsigned come(struct world *w, const char *method, const char *from,
		     const char *headers)
{
	world_send_by(w, &edge0, 9, ORIGIN_FEDERATION, "192.0.2.9:1",
		      world_request(w, method, "sip:alice@contoso.test", from,
				    "alice@contoso.test", headers));
	const struct mail *m = world_mail(w, IPC_SIP_FROM_HOME);
	if (m)
		world_device(w, m, 200);
	else
		w->mail_read = 0;
	return world_final(w);
}

static void list(struct world *w)
{
	static const struct contact_row rows[] = {
		{ "alice@contoso.test", "dave@fabrikam.test", 1 },
		{ "alice@contoso.test", "erin@fabrikam.test", 2 },
		{ "alice@contoso.test", "mallory@fabrikam.test", 3 },
		{ "bob@contoso.test", "frank@fabrikam.test", 1 },
	};
	for (size_t i = 0; i < CONTACTS_MAX; i++)
		w->contact[i] = rows[i];
}

static void rows_of_senders(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *from, *mark;
		unsigned status;
	} rows[] = {
		{ "dave@fabrikam.test", STRANGER, 200 },
		{ "Dave@fabrikam.test", STRANGER, 403 }, /* RFC 3261 19.1.4 */
		{ "erin@fabrikam.test", STRANGER, 200 },
		{ "mallory@fabrikam.test", STRANGER, 403 },
		{ "mallory@fabrikam.test", VOUCHED, 403 },
		{ "mallory@fabrikam.test", PARTNER, 403 },
		{ "frank@fabrikam.test", STRANGER, 403 }, /* bob's contact */
		{ "frank@fabrikam.test", VOUCHED, 200 },
		{ "frank@fabrikam.test", PARTNER, 200 },
		{ "frank@fabrikam.test", "", 200 },
	};
	static const char *const methods[] = { "MESSAGE", "INVITE", "REFER",
					       "INFO" };
	list(w);
	world_sign_in(w, "alice", "wonder", 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t j = 0; j < 4; j++) {
			unsigned got =
				come(w, methods[j], rows[i].from, rows[i].mark);
			if (got != rows[i].status)
				fail_msg("%s %s %s: %u", methods[j],
					 rows[i].from, rows[i].mark, got);
		}
}

static void nothing_of_a_stranger_is_kept(void **state)
{
	struct world *w = *state;
	list(w);
	assert_int_equal(come(w, "MESSAGE", "frank@fabrikam.test", STRANGER),
			 403);
	assert_int_equal(w->letter_count, 0);
	assert_int_equal(come(w, "MESSAGE", "dave@fabrikam.test", STRANGER),
			 202);
	assert_int_equal(w->letter_count, 1);
}

static void a_list_that_cannot_be_read_lets_nobody_in(void **state)
{
	struct world *w = *state;
	world_sign_in(w, "alice", "wonder", 1);
	/* who alice is has to be known already */
	assert_int_equal(come(w, "INFO", "dave@fabrikam.test", VOUCHED), 200);
	w->store_full = true;
	assert_int_equal(come(w, "INFO", "dave@fabrikam.test", VOUCHED), 503);
	w->store_full = false;
	w->store_deaf = true;
	assert_int_equal(come(w, "INFO", "dave@fabrikam.test", VOUCHED), 0);
	world_wait(w, 3000);
	assert_int_equal(world_final(w), 503);
}

static int whole(void *arg)
{
	(void)arg;
	struct world *w = world_make();
	if (!w)
		return -ENOMEM;
	list(w);
	unsigned status = come(w, "MESSAGE", "dave@fabrikam.test", STRANGER);
	unsigned refused = come(w, "MESSAGE", "frank@fabrikam.test", STRANGER);
	world_free(w);
	return status == 202 && refused == 403 ? 0 : -EIO;
}

static void survives_failing_allocations(void **state)
{
	(void)state;
	oom_walk(whole, NULL);
}

int main(void)
{
#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(rows_of_senders),
		TEST(nothing_of_a_stranger_is_kept),
		TEST(a_list_that_cannot_be_read_lets_nobody_in),
		cmocka_unit_test(survives_failing_allocations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
