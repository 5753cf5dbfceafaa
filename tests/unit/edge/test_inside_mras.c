/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials for users of servers inside: whom they are minted for, and each
 * way in which there is none. */
#include "edge/inside_mras.h"
#include "unit/edge/inside_world.h"

#define NS "http://schemas.microsoft.com/2006/09/sip/mrasp"
#define TYPE "application/msrtc-media-relay-auth+xml"

/* One request of the server that connection 0 leads to. */
struct asking {
	const char *uri, *method, *from, *asserted, *type, *who;
};
static const struct asking usual = {
	.uri = "sip:mras@edge.contoso.test",
	.method = "SERVICE",
	.from = "sip:alice@contoso.test",
	.asserted = "",
	.type = TYPE,
	.who = "sip:alice@contoso.test",
};

static void up(struct world *w, struct edge_conf *c)
{
	inside_conf(w, c, two_hops, 2);
	c->offer = (struct offer_conf){ .there = true,
					.host = SLICE_LIT("edge.contoso.test"),
					.realm = SLICE_LIT("edge"),
					.udp_port = 3478,
					.life_s = 3600 };
	both_up(w, c);
}

static void asks(const struct asking *a)
{
	static unsigned number;
	char body[1024], text[4096];
	int len = snprintf(body, sizeof(body),
			   "<request requestID=\"1\" version=\"1.0\" "
			   "from=\"%s\" to=\"%s\" xmlns=\"" NS "\">"
			   "<credentialsRequest credentialsRequestID=\"2\">"
			   "<identity>%s</identity><duration>480</duration>"
			   "</credentialsRequest></request>",
			   a->who, a->uri, a->who);
	number++;
	snprintf(text, sizeof(text),
		 "%s %s SIP/2.0\r\n"
		 "Via: SIP/2.0/TLS fe1.in.test;branch=z9hG4bKs%u\r\n"
		 "Max-Forwards: 70\r\nFrom: <%s>;tag=1\r\n"
		 "To: <%s>\r\nCall-ID: s%u\r\nCSeq: 1 %s\r\n%s"
		 "Content-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
		 a->method, a->uri, number, a->from, a->uri, number, a->method,
		 a->asserted, a->type, len, body);
	buf_reset(&fake_conn(0)->out);
	fake_bytes(0, slice_str(text));
	fake_turn();
}

static void minted(struct world *w, uint64_t id)
{
	const struct ipc_credential m = { .id = id,
					  .username = SLICE_LIT("name"),
					  .password = SLICE_LIT("word"),
					  .expires_s = 1 };
	const struct ipc_store_result end = { .id = id };
	tell(w, PROC_STORE, 0, IPC_CREDENTIAL, &m);
	tell(w, PROC_STORE, 0, IPC_STORE_RESULT, &end);
	fake_turn();
}

static void test_asked_and_answered(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	struct ipc_msg m;
	up(w, &c);
	asks(&usual);
	assert_true(next_sent(w, IPC_CREDENTIAL_GET, &m));
	const struct ipc_credential_get *g = &m.u.credential_get;
	assert_true(slice_eq(g->user, SLICE_LIT("alice@contoso.test")));
	assert_int_equal(g->ttl_s, 3600); /* eight hours were asked for */
	assert_int_equal(g->form, 1);
	minted(w, g->id + 1); /* of a question that nobody asked */
	assert_false(heard(0, "SIP/2.0 "));
	minted(w, g->id);
	assert_true(heard(0, "SIP/2.0 200 OK"));
	assert_true(heard(0, "reasonPhrase=\"OK\""));
	assert_true(heard(0, "<username>bmFtZQ==</username>"));
	assert_true(heard(0, "<duration>60</duration>"));
	assert_int_equal(w->edge->mras_asks.by_id.count, 0);
}

static void test_who_gets_one(void **state)
{
	static const struct {
		struct asking a;
		const char *answer; /* NULL: the store is asked */
	} rows[] = {
		{ { .uri = "sip:edge.contoso.test@contoso.test;gruu;"
			   "opaque=srvr:MRAS:x" },
		  NULL },
		{ { .from = "sip:x@contoso.test",
		    .asserted = "P-Asserted-Identity: "
				"<sip:alice@contoso.test>\r\n" },
		  NULL },
		{ { .from = "sip:batch@fe2.in.test" }, NULL },
		{ { .from = "sip:fe1.in.test" }, NULL },
		{ { .from = "sip:bob@contoso.test" }, "403 Forbidden" },
		{ { .asserted = "P-Asserted-Identity: "
				"<sip:bob@contoso.test>\r\n" },
		  "403 Forbidden" },
		{ { .asserted = "P-Asserted-Identity: <tel:+1>\r\n" },
		  "403 Forbidden" },
		{ { .from = "sip:zoe@fabrikam.test",
		    .who = "sip:zoe@fabrikam.test" },
		  "403 Forbidden" },
		{ { .from = "sip:batch@fe2.in.test",
		    .who = "sip:zoe@fabrikam.test" },
		  "403 Forbidden" },
		{ { .from = "sip:batch@other.test" }, "403 Forbidden" },
		{ { .who = "nobody" }, "403 Forbidden" },
		{ { .type = "text/xml" }, "415 Unsupported" },
		{ { .method = "INFO" }, "405 Method" },
	};
	struct world *w = *state;
	struct edge_conf c;
	struct ipc_msg m;
	up(w, &c);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct asking a = rows[i].a;
		const char **to = (const char **)&a;
		const char *const *from = (const char *const *)&usual;
		for (size_t n = 0; n < sizeof(a) / sizeof(*to); n++)
			to[n] = to[n] ? to[n] : from[n];
		asks(&a);
		if (rows[i].answer) {
			assert_true(heard(0, rows[i].answer));
			assert_false(next_sent(w, IPC_CREDENTIAL_GET, &m));
			continue;
		}
		assert_true(next_sent(w, IPC_CREDENTIAL_GET, &m));
		assert_true(slice_eq(m.u.credential_get.user,
				     SLICE_LIT("alice@contoso.test")));
		minted(w, m.u.credential_get.id);
		assert_true(heard(0, "SIP/2.0 200 OK"));
	}
	assert_int_equal(w->edge->mras_asks.by_id.count, 0);
}

/* A client's goes to its server, and what is not for us goes on. */
static void test_who_is_not_served(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	struct ipc_msg m;
	up(w, &c);
	size_t alice = client(w);
	says(alice, "SERVICE", "sip:mras@edge.contoso.test", "");
	assert_true(heard(0, "SERVICE sip:mras@edge.contoso.test"));
	struct asking other = usual;
	other.uri = "sip:mras@contoso.test"; /* a user of that name */
	asks(&other);
	assert_false(next_sent(w, IPC_CREDENTIAL_GET, &m));
}

static void test_no_answer(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	struct ipc_msg m;
	const struct proc_id store = { PROC_STORE, 0,
				       w->edge->store.incarnation };
	up(w, &c);
	asks(&usual);
	assert_true(next_sent(w, IPC_CREDENTIAL_GET, &m));
	const struct ipc_store_result failed = { .id = m.u.credential_get.id,
						 .error = EIO };
	tell(w, PROC_STORE, 0, IPC_STORE_RESULT, &failed);
	fake_turn();
	assert_true(heard(0, "SIP/2.0 500 Internal"));
	asks(&usual);
	pass(w, 1000);
	assert_int_equal(w->edge->mras_asks.by_id.count, 1);
	pass(w, 4000);
	fake_turn();
	assert_true(heard(0, "SIP/2.0 503 Server Busy"));
	asks(&usual);
	edge_peer_gone(w->edge, &store);
	fake_turn();
	assert_true(heard(0, "SIP/2.0 503 Server Busy"));
	assert_int_equal(w->edge->mras_asks.by_id.count, 0);
	c.offer.there = false;
	asks(&usual);
	assert_true(heard(0, "SIP/2.0 501 Not Supported"));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_asked_and_answered),
		TEST(test_who_gets_one),
		TEST(test_who_is_not_served),
		TEST(test_no_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
