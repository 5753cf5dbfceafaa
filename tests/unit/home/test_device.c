/* SPDX-License-Identifier: Apache-2.0 */
/* Devices with several flows (RFC 5626) and addresses of their own (RFC 5627).
 */
#include "sip/hidden.h"
#include "world.h"

#define PATH "Path: <sip:t@edge.contoso.test;lr;ob>\r\n"
#define OUTBOUND "Supported: path, outbound, gruu\r\n" PATH
#define PHONE ";+sip.instance=\"<urn:uuid:1>\""
#define TABLET ";+sip.instance=\"<urn:uuid:2>\""

/* A contact of alice on that flow. */
static unsigned bind(struct world *w, uint64_t flow, const char *contact)
{
	char headers[512];
	snprintf(headers, sizeof(headers), OUTBOUND "Contact: %s\r\n", contact);
	return world_register(w, "alice", "wonder", flow, headers);
}

static void send_to(struct world *w, const char *method, const char *uri)
{
	world_send(w, 9,
		   world_request(w, method, uri, "bob@contoso.test",
				 "alice@contoso.test",
				 "P-Asserted-Identity: "
				 "<sip:bob@contoso.test>\r\n"));
}

static size_t sent(const struct world *w)
{
	size_t n = 0;
	for (size_t i = 0; i < w->mail_count; i++)
		n += w->mail[i].type == IPC_SIP_FROM_HOME;
	return n;
}

static void rows_of_flows(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *headers;
		unsigned status;
		const char *says;
	} rows[] = {
		{ OUTBOUND "Contact: <sip:a@h1>" PHONE ";reg-id=1\r\n", 200,
		  "Require: outbound" },
		{ OUTBOUND "Contact: <sip:a@h1>" PHONE ";reg-id=1\r\n", 200,
		  "Flow-Timer: 120" },
		{ OUTBOUND "Contact: <sip:a@h1>" PHONE ";reg-id=1\r\n", 200,
		  "Supported: path, outbound, gruu" },
		{ OUTBOUND "Contact: <sip:a@h1>" PHONE ";reg-id=0\r\n", 400,
		  "" },
		{ OUTBOUND "Contact: <sip:a@h1>" PHONE ";reg-id=2147483648\r\n",
		  400, "" },
		{ OUTBOUND "Contact: <sip:a@h1>" PHONE
			   ";reg-id=1, <sip:a@h2>\r\n",
		  400, "" },
		/* a first hop that does not keep flows */
		{ "Supported: outbound\r\nPath: <sip:t@e;lr>\r\n"
		  "Contact: <sip:a@h1>" PHONE ";reg-id=1\r\n",
		  439, "" },
		{ "Supported: outbound\r\nPath: <sip:t@e;lr;ob>, <sip:u@f;lr>"
		  "\r\nContact: <sip:a@h1>" PHONE ";reg-id=1\r\n",
		  439, "" },
		{ "Supported: outbound\r\nContact: <sip:a@h1>" PHONE
		  ";reg-id=1\r\n",
		  439, "" },
		{ "Require: outbound, gruu\r\n" OUTBOUND
		  "Contact: <sip:a@h1>" PHONE ";reg-id=1\r\n",
		  200, "" },
		{ OUTBOUND "Contact: <sip:a@h1;gr=urn:uuid:1>\r\n", 403, "" },
		{ OUTBOUND "Contact: <sip:a@h1;gr>\r\n", 403, "" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned got = world_register(w, "alice", "wonder", 1,
					      rows[i].headers);
		if (got != rows[i].status ||
		    !strstr(world_last(w), rows[i].says))
			fail_msg("%s: %u\n%s", rows[i].headers, got,
				 world_last(w));
	}
}

static void without_an_instance_or_support_reg_id_means_nothing(void **state)
{
	struct world *w = *state;
	assert_int_equal(bind(w, 1, "<sip:a@h1>;reg-id=1"), 200);
	assert_null(strstr(world_last(w), "reg-id"));
	assert_null(strstr(world_last(w), "Require"));
	assert_null(strstr(world_last(w), "gruu="));
	assert_int_equal(world_register(w, "alice", "wonder", 1,
					PATH "Contact: <sip:a@h2>" PHONE
					     ";reg-id=1\r\n"),
			 200);
	assert_null(strstr(world_last(w), "reg-id"));
	assert_null(strstr(world_last(w), "gruu="));
}

static void the_same_contact_by_two_flows_is_two_bindings(void **state)
{
	struct world *w = *state;
	assert_int_equal(bind(w, 1, "<sip:a@h1>" PHONE ";reg-id=1"), 200);
	assert_int_equal(bind(w, 2, "<sip:a@h1>" PHONE ";reg-id=2"), 200);
	assert_int_equal(w->row_count, 2);
	/* and so is the same private address behind two NATs */
	assert_int_equal(bind(w, 3, "<sip:a@h1>" TABLET ";reg-id=1"), 200);
	assert_int_equal(w->row_count, 3);
	/* a flow that comes back replaces itself, whatever its address */
	assert_int_equal(bind(w, 4, "<sip:a@h7>" PHONE ";reg-id=2"), 200);
	assert_int_equal(w->row_count, 3);
	world_restart(w);
	assert_int_equal(w->row_count, 3);
	assert_int_equal(bind(w, 4, "<sip:a@h7>" PHONE ";reg-id=2;expires=0"),
			 200);
	assert_int_equal(w->row_count, 2);
}

static void one_delivery_a_device_by_its_newest_flow(void **state)
{
	struct world *w = *state;
	bind(w, 1, "<sip:a@h1>" PHONE ";reg-id=1");
	bind(w, 2, "<sip:a@h2>" PHONE ";reg-id=2");
	bind(w, 3, "<sip:a@h3>" TABLET ";reg-id=1");
	world_message(w, "bob@contoso.test", "alice@contoso.test");
	assert_int_equal(sent(w), 2);
	assert_non_null(strstr(world_mail(w, IPC_SIP_FROM_HOME)->text,
			       "MESSAGE sip:a@h3"));
	assert_non_null(strstr(world_mail(w, IPC_SIP_FROM_HOME)->text,
			       "MESSAGE sip:a@h2"));
}

static void the_next_flow_is_tried_in_the_same_transaction(void **state)
{
	struct world *w = *state;
	bind(w, 1, "<sip:a@h1>" PHONE ";reg-id=1");
	bind(w, 2, "<sip:a@h2>" PHONE ";reg-id=2");
	bind(w, 3, "<sip:a@h3>" PHONE ";reg-id=3");
	world_message(w, "bob@contoso.test", "alice@contoso.test");
	const struct mail *m = world_mail(w, IPC_SIP_FROM_HOME);
	assert_non_null(strstr(m->text, "MESSAGE sip:a@h3"));
	/* the edge says that it is gone: it is not asked again */
	world_device(w, m, 430);
	assert_int_equal(w->row_count, 2);
	m = world_mail(w, IPC_SIP_FROM_HOME);
	assert_non_null(m);
	assert_non_null(strstr(m->text, "MESSAGE sip:a@h2"));
	/* its connection ends before it answers */
	struct ipc_msg down = { .type = IPC_FLOW_DOWN };
	down.u.flow_down.flow = 2;
	home_from_edge(w->home, &edge0, &down);
	m = world_mail(w, IPC_SIP_FROM_HOME);
	assert_non_null(m);
	assert_non_null(strstr(m->text, "MESSAGE sip:a@h1"));
	assert_int_equal(world_final(w), 0);
	w->mail_read = 0;
	world_device(w, m, 200);
	assert_int_equal(world_final(w), 200);
	assert_int_equal(w->letter_count, 0);
}

static void a_silent_flow_leaves_time_for_the_next(void **state)
{
	struct world *w = *state;
	bind(w, 1, "<sip:a@h1>" PHONE ";reg-id=1");
	bind(w, 2, "<sip:a@h2>" PHONE ";reg-id=2");
	world_message(w, "bob@contoso.test", "alice@contoso.test");
	assert_int_equal(sent(w), 1);
	world_wait(w, 4000);
	assert_int_equal(sent(w), 2);
	/* both were silent: stored within the deadline of one */
	world_wait(w, 4000);
	assert_int_equal(world_final(w), 202);
	assert_int_equal(w->letter_count, 1);
}

/* The value of that parameter of the last answer's only contact. */
static void address(struct world *w, const char *name, char out[static 512])
{
	const char *at = strstr(world_last(w), name);
	assert_non_null(at);
	at = strchr(at, '"') + 1;
	world_copy(out, 512, slice_of(at, strcspn(at, "\"")));
}

static void an_address_reaches_its_device_alone(void **state)
{
	struct world *w = *state;
	char open[512], hidden[512];
	assert_int_equal(bind(w, 2, "<sip:a@h2>" TABLET ";reg-id=1"), 200);
	assert_int_equal(world_register(w, "alice", "wonder", 2,
					OUTBOUND "Contact: *\r\n"
						 "Expires: 0\r\n"),
			 200);
	assert_int_equal(bind(w, 1, "<sip:a@h1>" PHONE), 200);
	address(w, "pub-gruu", open);
	address(w, "temp-gruu", hidden);
	assert_string_equal(open, "sip:alice@contoso.test;gr=urn:uuid:1");
	assert_null(strstr(hidden, "alice"));
	assert_null(strstr(hidden, "uuid"));
	assert_int_equal(bind(w, 2, "<sip:a@h2>" TABLET ";reg-id=1"), 200);
	const char *uris[] = { open, hidden };
	for (size_t round = 0; round < 2; round++) {
		for (size_t i = 0; i < 2; i++) {
			send_to(w, "MESSAGE", uris[i]);
			assert_int_equal(sent(w), 1);
			const struct mail *m = world_mail(w, IPC_SIP_FROM_HOME);
			assert_non_null(strstr(m->text, "MESSAGE sip:a@h1"));
			world_device(w, m, 200);
			assert_int_equal(world_final(w), 200);
		}
		world_restart(w); /* and again */
	}
}

static void an_address_of_nobody(void **state)
{
	struct world *w = *state;
	char hidden[512], changed[512];
	assert_int_equal(bind(w, 1, "<sip:a@h1>" PHONE), 200);
	address(w, "temp-gruu", hidden);
	world_copy(changed, sizeof(changed), slice_str(hidden));
	changed[8] = changed[8] == 'a' ? 'b' : 'a';
	send_to(w, "MESSAGE", changed);
	assert_int_equal(world_final(w), 404);
	send_to(w, "MESSAGE", "sip:alice@contoso.test;gr");
	assert_int_equal(world_final(w), 404);
	/* a device that is not there: nothing is kept for one */
	send_to(w, "MESSAGE", "sip:alice@contoso.test;gr=urn:uuid:9");
	assert_int_equal(world_final(w), 480);
	assert_int_equal(w->letter_count, 0);
}

/* What the edge hid from a partner: one device, found by its contact. */
static void a_hidden_contact_reaches_its_device_alone(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *aor, *contact, *host;
		unsigned status; /* 0: it is sent */
	} rows[] = {
		{ "alice@contoso.test", "sip:a@h1", "contoso.test", 0 },
		{ "alice@contoso.test", "sip:a@h1;ob", "contoso.test", 0 },
		{ "alice@contoso.test", "sip:a@h1", "edge.contoso.test", 0 },
		{ "alice@contoso.test", "sip:a@h9", "contoso.test", 480 },
		{ "bob@contoso.test", "sip:a@h1", "contoso.test", 480 },
		{ "nobody@contoso.test", "sip:a@h1", "contoso.test", 404 },
		{ "", "sip:a@h1", "contoso.test", 404 },
	};
	static const uint8_t key[SEAL_KEY_BYTES] = { 1, 2, 3 }; /* home's */
	struct sealer *sealer;
	assert_int_equal(sealer_create(&sealer), 0);
	assert_int_equal(sealer_add(sealer, 7, key), 0);
	assert_int_equal(bind(w, 1, "<sip:a@h1>" PHONE), 200);
	assert_int_equal(bind(w, 2, "<sip:a@h2>" TABLET), 200);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf b;
		buf_init(&b, 0);
		buf_printf(&b, "sip:a@%s;inside=", rows[i].host);
		assert_int_equal(sip_hidden_seal(sealer, slice_str(rows[i].aor),
						 slice_str(rows[i].contact),
						 &b),
				 0);
		buf_u8(&b, 0);
		send_to(w, "MESSAGE", (char *)b.ptr);
		if (rows[i].status) {
			assert_int_equal(world_final(w), rows[i].status);
		} else {
			assert_int_equal(sent(w), 1);
			const struct mail *m = world_mail(w, IPC_SIP_FROM_HOME);
			assert_non_null(strstr(m->text, "MESSAGE sip:a@h1"));
			world_device(w, m, 200);
			assert_int_equal(world_final(w), 200);
		}
		buf_free(&b);
	}
	send_to(w, "MESSAGE", "sip:a@contoso.test;inside=made-up");
	assert_int_equal(world_final(w), 404);
	assert_int_equal(w->letter_count, 0);
	sealer_free(sealer);
}

static int whole(void *arg)
{
	(void)arg;
	struct world *w = world_make();
	if (!w)
		return -ENOMEM;
	unsigned status = bind(w, 1, "<sip:a@h1>" PHONE ";reg-id=1");
	if (status == 200)
		status = bind(w, 2, "<sip:a@h2>" PHONE ";reg-id=2");
	bool fit = strstr(world_last(w), "temp-gruu") != NULL;
	world_message(w, "bob@contoso.test", "alice@contoso.test");
	size_t count = sent(w);
	world_free(w);
	return status == 200 && fit && count == 1 ? 0 : -EIO;
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
		TEST(rows_of_flows),
		TEST(without_an_instance_or_support_reg_id_means_nothing),
		TEST(the_same_contact_by_two_flows_is_two_bindings),
		TEST(one_delivery_a_device_by_its_newest_flow),
		TEST(the_next_flow_is_tried_in_the_same_transaction),
		TEST(a_silent_flow_leaves_time_for_the_next),
		TEST(an_address_reaches_its_device_alone),
		TEST(an_address_of_nobody),
		TEST(a_hidden_contact_reaches_its_device_alone),
		cmocka_unit_test(survives_failing_allocations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
