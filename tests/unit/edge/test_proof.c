/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates of partners that we dial, beside their names: pinned keys, TLSA
 * records that come in time, late, otherwise or not at all (DNS-02). */
#include "unit/edge/partner_talk.h"

static const char LITWARE[] = "sip.litware.test";
enum { MATCHING = 7, FOREIGN = 8 };

/* litware's certificate has to be proved so. */
static void demand(struct world *w, enum access_proof_kind kind,
		   const uint8_t (*pin)[ACCESS_PIN_BYTES])
{
	w->partner[1].proof = (struct access_demand){
		.kind = kind, .pin = pin, .pin_count = pin != NULL
	};
}

/* The key of the connection. */
static void has_key(size_t i, uint8_t first)
{
	fake_conn(i)->peer.chained = false;
	fake_conn(i)->peer.digests.sha256[1][0] = first;
}

static void records(struct world *w, uint8_t usage, uint8_t first)
{
	uint8_t digest[32] = { first };
	const struct ipc_tlsa t = { .usage = usage,
				    .selector = 1,
				    .digest = slice_of(digest, 32) };
	struct buf b;
	buf_init(&b, 0);
	ipc_tlsa_put(&b, &t);
	struct ipc_targets m = { .id = asked_for(w, LITWARE, IPC_TARGETS_TLSA),
				 .ttl_s = 60,
				 .targets = buf_slice(&b) };
	tell(w, PROC_RESOLVER, 0, IPC_TARGETS, &m);
	buf_free(&b);
	fake_turn();
}

static void test_pinned_key(void **state)
{
	static const uint8_t pin[1][ACCESS_PIN_BYTES] = { { MATCHING } };
	struct world *w = *state;
	demand(w, ACCESS_PROOF_PIN, pin);
	message(w, "litware.test");
	has_key(0, MATCHING);
	fake_ready(0);
	assert_state(w, LITWARE, PARTNER_UP);
	assert_int_equal(written(0, "MESSAGE"), 1);
}

static void test_another_key(void **state)
{
	static const uint8_t pin[1][ACCESS_PIN_BYTES] = { { MATCHING } };
	struct world *w = *state;
	demand(w, ACCESS_PROOF_PIN, pin);
	message(w, "litware.test");
	has_key(0, FOREIGN);
	fake_ready(0);
	assert_state(w, LITWARE, PARTNER_DOWN);
	assert_int_equal(written(0, "MESSAGE"), 0);
	assert_int_equal(home_status(w), 504);
	assert_int_equal(fake_open(), 0);
}

/* Nothing is written before the records are there. */
static void test_records_come_late(void **state)
{
	struct world *w = *state;
	demand(w, ACCESS_PROOF_DANE, NULL);
	message(w, "litware.test");
	has_key(0, MATCHING);
	fake_ready(0);
	assert_state(w, LITWARE, PARTNER_CONNECTING);
	assert_int_equal(written(0, "MESSAGE"), 0);
	records(w, 3, MATCHING);
	assert_state(w, LITWARE, PARTNER_UP);
	assert_int_equal(written(0, "MESSAGE"), 1);
}

static void test_records_of_another(void **state)
{
	struct world *w = *state;
	demand(w, ACCESS_PROOF_DANE_OR_PKI, NULL);
	message(w, "litware.test");
	fake_conn(0)->peer.digests.sha256[1][0] =
		FOREIGN; /* and an authority */
	fake_ready(0);
	assert_int_equal(written(0, "MESSAGE"), 0);
	records(w, 3, MATCHING);
	assert_state(w, LITWARE, PARTNER_DOWN);
	assert_int_equal(home_status(w), 504);
}

/* RFC 6698 2.1.1: usage 1 wants an authority too; 0 and 2 name authorities,
 * and are not used. */
static void test_usages(void **state)
{
	static const struct {
		uint8_t usage;
		bool chained;
		enum partner_state then;
	} rows[] = {
		{ 1, false, PARTNER_DOWN },
		{ 1, true, PARTNER_UP },
	};
	struct world *w = *state;
	demand(w, ACCESS_PROOF_DANE, NULL);
	for (size_t i = 0; i < 2; i++) {
		message(w, "litware.test");
		has_key(i, MATCHING);
		fake_conn(i)->peer.chained = rows[i].chained;
		fake_ready(i);
		if (i == 0)
			records(w, rows[i].usage, MATCHING);
		assert_state(w, LITWARE, rows[i].then);
		forget(w);
		pass(w, 2000); /* the back-off */
	}
}

static void test_unusable_records_are_none(void **state)
{
	struct world *w = *state;
	demand(w, ACCESS_PROOF_DANE_OR_PKI, NULL);
	message(w, "litware.test");
	fake_ready(0);
	records(w, 2, MATCHING);
	assert_state(w, LITWARE, PARTNER_UP);
}

static void test_none_and_failures(void **state)
{
	static const struct {
		int error;
		enum partner_state then;
	} rows[] = {
		{ ENOENT, PARTNER_UP }, /* decidedly none: an authority does */
		{ EBADMSG, PARTNER_DOWN },
		{ ETIMEDOUT, PARTNER_DOWN },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		void *own = NULL;
		assert_int_equal(world_setup(&own), 0);
		struct world *w = own;
		demand(w, ACCESS_PROOF_DANE_OR_PKI, NULL);
		message(w, "litware.test");
		fake_ready(0);
		unresolved(w, asked_for(w, LITWARE, IPC_TARGETS_TLSA),
			   rows[i].error, 60);
		assert_state(w, LITWARE, rows[i].then);
		world_teardown(&own);
	}
	(void)state;
}

/* Neither asked nor let in. */
static void test_resolver_is_gone(void **state)
{
	struct world *w = *state;
	demand(w, ACCESS_PROOF_DANE_OR_PKI, NULL);
	message(w, "litware.test");
	w->resolver_error = -EPIPE;
	fake_ready(0);
	assert_state(w, LITWARE, PARTNER_DOWN);
	assert_int_equal(written(0, "MESSAGE"), 0);
}

/* The round ends before the records come. */
static void test_no_answer(void **state)
{
	struct world *w = *state;
	demand(w, ACCESS_PROOF_DANE, NULL);
	message(w, "litware.test");
	has_key(0, MATCHING);
	fake_ready(0);
	pass(w, 7000);
	assert_state(w, LITWARE, PARTNER_DOWN);
	assert_int_equal(home_status(w), 504);
	assert_int_equal(fake_open(), 0);
}

/* Damaged entries are no answer. */
static void test_damaged_records(void **state)
{
	static const uint8_t bad[] = { 3, 1, 32, 7 };
	struct world *w = *state;
	demand(w, ACCESS_PROOF_DANE, NULL);
	message(w, "litware.test");
	has_key(0, MATCHING);
	fake_ready(0);
	struct ipc_targets m = { .id = asked_for(w, LITWARE, IPC_TARGETS_TLSA),
				 .ttl_s = 60,
				 .targets = slice_of(bad, sizeof(bad)) };
	tell(w, PROC_RESOLVER, 0, IPC_TARGETS, &m);
	fake_turn();
	assert_state(w, LITWARE, PARTNER_DOWN);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_pinned_key),
		TEST(test_another_key),
		TEST(test_records_come_late),
		TEST(test_records_of_another),
		TEST(test_usages),
		TEST(test_unusable_records_are_none),
		cmocka_unit_test(test_none_and_failures),
		TEST(test_resolver_is_gone),
		TEST(test_no_answer),
		TEST(test_damaged_records),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
