/* SPDX-License-Identifier: Apache-2.0 */
/* The engine in memory: versions and suites (TLS-01), fragments and sizes of
 * the handshake (TLS-02), record games (TLS-05), not TLS at all (SIP-11). */
#include "pair.h"

#include <errno.h>
#include <stdlib.h>

#include "support/oom.h"

struct fixture {
	struct net_tls *server, *client;
	struct pair pair;
};

static void open_clients(struct fixture *f, const struct pki *pki)
{
	f->server = context(&pki->leaf, NULL, NET_TLS_CLIENTS);
	f->client = context(NULL, &pki->ca, NET_TLS_USER);
	pair_open(&f->pair, f->server, f->client, "edge.test");
}

static void close_fixture(struct fixture *f)
{
	pair_close(&f->pair);
	net_tls_free(f->server);
	net_tls_free(f->client);
}

static void says(struct buf *heard, const char *text)
{
	assert_int_equal(heard->len, strlen(text));
	assert_memory_equal(heard->ptr, text, heard->len);
	buf_reset(heard);
}

static void any_fragments_make_the_same_conversation(void **state)
{
	static const size_t steps[] = { 1, 2, 3, 5, 7, 100, 1 << 20 };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct fixture f;
		open_clients(&f, *state);
		pair_pump(&f.pair, steps[i]);
		assert_int_equal(tls_status(f.pair.server), TLS_OPEN);
		assert_int_equal(tls_status(f.pair.client), TLS_OPEN);
		assert_int_equal(tls_output(f.pair.client, SLICE_LIT("ping")),
				 0);
		assert_int_equal(tls_output(f.pair.server, SLICE_LIT("pong")),
				 0);
		pair_pump(&f.pair, steps[i]);
		says(&f.pair.at_server, "ping");
		says(&f.pair.at_client, "pong");
		tls_close(f.pair.client);
		pair_pump(&f.pair, steps[i]);
		assert_int_equal(tls_status(f.pair.server), TLS_CLOSED);
		close_fixture(&f);
	}
}

static void large_data_arrives_whole(void **state)
{
	enum { LEN = 3 << 20 };
	uint8_t *data = malloc(LEN);
	struct fixture f;

	assert_non_null(data);
	for (size_t i = 0; i < LEN; i++)
		data[i] = (uint8_t)(i * 7 + (i >> 9));
	open_clients(&f, *state);
	pair_pump(&f.pair, 1 << 20);
	assert_int_equal(tls_output(f.pair.server, slice_of(data, LEN)), 0);
	pair_pump(&f.pair, 1 << 20);
	assert_int_equal(f.pair.at_client.len, LEN);
	assert_memory_equal(f.pair.at_client.ptr, data, LEN);
	close_fixture(&f);
	free(data);
}

static void peers_of_both_sides_are_proven(void **state)
{
	struct pki *pki = *state;
	struct test_cert partner;
	struct fixture f;

	certs_leaf(&partner, "sip.partner.test", &pki->ca);
	f.server = context(&pki->leaf, &pki->ca, NET_TLS_FEDERATION);
	f.client = context(&partner, &pki->ca, NET_TLS_DIAL);
	pair_open(&f.pair, f.server, f.client, "Edge.Test.");
	pair_pump(&f.pair, 1 << 20);
	assert_int_equal(tls_status(f.pair.server), TLS_OPEN);
	const struct net_peer *p = tls_peer(f.pair.server);
	assert_int_equal(p->name_count, 1);
	assert_string_equal(p->name[0], "sip.partner.test");
	assert_true(strlen(p->serial) > 0);
	p = tls_peer(f.pair.client);
	assert_true(net_peer_has(p, SLICE_LIT("edge.test")));
	assert_false(net_peer_has(p, SLICE_LIT("test")));
	close_fixture(&f);
	certs_free(&partner);
}

static void a_dialled_name_must_be_a_host_name(void **state)
{
	static const char *const bad[] = { NULL, "", "a b", "*.test", "a..b" };
	struct pki *pki = *state;
	struct net_tls *ctx = context(NULL, &pki->ca, NET_TLS_USER);

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct tls *t = NULL;
		assert_int_equal(tls_create(&t, ctx, bad[i]), -EINVAL);
	}
	net_tls_free(ctx);
}

/* TLS-01: {lowest and highest version, suites, accepted?} */
static void versions_and_suites(void **state)
{
	static const struct {
		int min, max;
		const char *suites;
		bool fine;
	} rows[] = {
		{ TLS1_VERSION, TLS1_VERSION, "ALL", false },
		{ TLS1_1_VERSION, TLS1_1_VERSION, "ALL", false },
		{ TLS1_2_VERSION, TLS1_2_VERSION, NULL, true },
		{ TLS1_2_VERSION, TLS1_2_VERSION,
		  "ECDHE-ECDSA-AES128-GCM-SHA256", true },
		{ TLS1_2_VERSION, TLS1_2_VERSION,
		  "ECDHE-ECDSA-CHACHA20-POLY1305", true },
		{ TLS1_2_VERSION, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256",
		  false },
		{ TLS1_2_VERSION, TLS1_2_VERSION, "ECDHE-ECDSA-AES256-SHA",
		  false },
		{ TLS1_2_VERSION, TLS1_2_VERSION, "AES128-GCM-SHA256", false },
		{ TLS1_2_VERSION, TLS1_2_VERSION, "AECDH-AES128-SHA", false },
		{ TLS1_2_VERSION, TLS1_2_VERSION, "eNULL", false },
		{ TLS1_3_VERSION, TLS1_3_VERSION, NULL, true },
	};
	struct pki *pki = *state;
	struct net_tls *ctx = context(&pki->leaf, NULL, NET_TLS_CLIENTS);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct raw r;
		struct tls *t;
		struct buf plain;
		buf_init(&plain, 0);
		raw_open(&r, rows[i].min, rows[i].max, rows[i].suites);
		assert_int_equal(tls_create(&t, ctx, NULL), 0);
		raw_pump(&r, t, &plain);
		if (rows[i].fine != (tls_status(t) == TLS_OPEN))
			fail_msg("row %zu: %s", i, tls_text(t));
		if (!rows[i].fine)
			assert_int_equal(tls_status(t), TLS_FAILED);
		else
			assert_null(SSL_get_current_compression(r.ssl));
		tls_free(t);
		raw_close(&r);
		buf_free(&plain);
	}
	net_tls_free(ctx);
}

static void renegotiation_ends_the_connection(void **state)
{
	struct pki *pki = *state;
	struct net_tls *ctx = context(&pki->leaf, NULL, NET_TLS_CLIENTS);
	struct raw r;
	struct tls *t;
	struct buf plain;

	buf_init(&plain, 0);
	raw_open(&r, TLS1_2_VERSION, TLS1_2_VERSION, NULL);
	assert_int_equal(tls_create(&t, ctx, NULL), 0);
	raw_pump(&r, t, &plain);
	assert_int_equal(tls_status(t), TLS_OPEN);
	assert_int_equal(SSL_renegotiate(r.ssl), 1);
	SSL_do_handshake(r.ssl);
	raw_pump(&r, t, &plain);
	assert_int_equal(tls_status(t), TLS_FAILED);
	assert_string_equal(tls_text(t), "renegotiation refused");
	tls_free(t);
	raw_close(&r);
	buf_free(&plain);
	net_tls_free(ctx);
}

/* TLS-05. Each game is played at most `rounds` times; the engine gives up. */
static void key_update(SSL *ssl)
{
	SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED);
	SSL_do_handshake(ssl);
}

static void one_byte(SSL *ssl)
{
	SSL_write(ssl, "x", 1);
}

static void record_games_end(void **state)
{
	static const struct {
		void (*play)(SSL *ssl);
		unsigned allowed, rounds;
	} games[] = { { key_update, 90, 110 }, { one_byte, 60000, 70000 } };
	struct pki *pki = *state;
	struct net_tls *ctx = context(&pki->leaf, NULL, NET_TLS_CLIENTS);

	for (size_t i = 0; i < sizeof(games) / sizeof(games[0]); i++) {
		struct raw r;
		struct tls *t;
		struct buf plain;
		unsigned n = 0;
		buf_init(&plain, 0);
		raw_open(&r, TLS1_3_VERSION, TLS1_3_VERSION, NULL);
		assert_int_equal(tls_create(&t, ctx, NULL), 0);
		raw_pump(&r, t, &plain);
		for (; n < games[i].rounds && tls_status(t) == TLS_OPEN; n++) {
			games[i].play(r.ssl);
			raw_pump(&r, t, &plain);
		}
		assert_in_range(n, games[i].allowed, games[i].rounds - 1);
		assert_int_equal(tls_status(t), TLS_FAILED);
		tls_free(t);
		raw_close(&r);
		buf_free(&plain);
	}
	net_tls_free(ctx);
}

static void data_pays_for_key_updates(void **state)
{
	static uint8_t block[16384];
	struct pki *pki = *state;
	struct net_tls *ctx = context(&pki->leaf, NULL, NET_TLS_CLIENTS);
	struct raw r;
	struct tls *t;
	struct buf plain;

	buf_init(&plain, 0);
	raw_open(&r, TLS1_3_VERSION, TLS1_3_VERSION, NULL);
	assert_int_equal(tls_create(&t, ctx, NULL), 0);
	raw_pump(&r, t, &plain);
	for (unsigned n = 0; n < 300; n++) {
		SSL_write(r.ssl, block, sizeof(block));
		key_update(r.ssl);
		raw_pump(&r, t, &plain);
		assert_int_equal(plain.len, sizeof(block));
		buf_reset(&plain);
	}
	assert_int_equal(tls_status(t), TLS_OPEN);
	tls_free(t);
	raw_close(&r);
	buf_free(&plain);
	net_tls_free(ctx);
}

/* TLS-02: a client whose certificate is larger than a handshake may be. */
static void a_handshake_is_at_most_64_kib(void **state)
{
	static const struct {
		size_t padding;
		bool fine;
	} rows[] = { { 20000, true }, { 55000, false }, { 100000, false } };
	struct pki *pki = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cert_spec spec = { .san = "DNS:sip.partner.test",
					  .padding = rows[i].padding };
		struct test_cert fat;
		struct fixture f;
		certs_make(&fat, &spec, &pki->ca);
		f.server = context(&pki->leaf, &pki->ca, NET_TLS_FEDERATION);
		f.client = context(&fat, &pki->ca, NET_TLS_DIAL);
		pair_open(&f.pair, f.server, f.client, "edge.test");
		pair_pump(&f.pair, 1 << 20);
		assert_int_equal(tls_status(f.pair.server),
				 rows[i].fine ? TLS_OPEN : TLS_FAILED);
		close_fixture(&f);
		certs_free(&fat);
	}
}

/* Records of a hello that never ends: one byte of handshake in each. */
static void an_endless_hello_is_cut_off(void **state)
{
	static const uint8_t first[] = { 22, 3, 1, 0, 4, 1, 1, 0xff, 0xff };
	static const uint8_t more[] = { 22, 3, 1, 0, 1, 0 };
	struct pki *pki = *state;
	struct net_tls *ctx = context(&pki->leaf, NULL, NET_TLS_CLIENTS);
	struct tls *t;
	struct buf plain;
	size_t sent = sizeof(first);

	buf_init(&plain, 0);
	assert_int_equal(tls_create(&t, ctx, NULL), 0);
	tls_input(t, slice_of(first, sizeof(first)), &plain);
	while (tls_status(t) == TLS_SHAKING && sent < 1 << 20) {
		tls_input(t, slice_of(more, sizeof(more)), &plain);
		sent += sizeof(more);
	}
	assert_int_equal(tls_status(t), TLS_FAILED);
	assert_true(sent <= TLS_HANDSHAKE_BYTES_MAX + 2 * sizeof(more));
	tls_free(t);
	buf_free(&plain);
	net_tls_free(ctx);
}

static void other_protocols_get_no_answer(void **state)
{
	static const char *const starts[] = { "GET / HTTP/1.1\r\n\r\n",
					      "SSH-2.0-x\r\n",
					      "OPTIONS sip:a SIP/2.0\r\n",
					      "\026x", "\200\056\001\003" };
	struct pki *pki = *state;
	struct net_tls *ctx = context(&pki->leaf, NULL, NET_TLS_CLIENTS);

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		for (size_t step = 1; step < 100; step += 98) {
			struct tls *t;
			struct buf plain;
			struct slice left = slice_str(starts[i]);
			buf_init(&plain, 0);
			assert_int_equal(tls_create(&t, ctx, NULL), 0);
			while (left.len && tls_status(t) == TLS_SHAKING) {
				tls_input(t, slice_head(left, step), &plain);
				left = slice_from(left, step);
			}
			assert_int_equal(tls_status(t), TLS_FAILED);
			assert_string_equal(tls_text(t), "not TLS");
			assert_int_equal(tls_wire(t)->len, 0);
			assert_int_equal(plain.len, 0);
			tls_free(t);
			buf_free(&plain);
		}
	net_tls_free(ctx);
}

static void a_broken_record_ends_it(void **state)
{
	struct fixture f;

	open_clients(&f, *state);
	pair_pump(&f.pair, 1 << 20);
	assert_int_equal(tls_output(f.pair.client, SLICE_LIT("half a mess")),
			 0);
	struct buf *wire = tls_wire(f.pair.client);
	wire->ptr[wire->len - 1] ^= 1;
	pair_pump(&f.pair, 1 << 20);
	assert_int_equal(tls_status(f.pair.server), TLS_FAILED);
	assert_int_equal(f.pair.at_server.len, 0);
	assert_int_equal(tls_output(f.pair.server, SLICE_LIT("x")), -EPROTO);
	close_fixture(&f);
}

static int scenario(void *arg)
{
	struct pki *pki = arg;
	struct net_tls_conf sc = certs_conf(&pki->leaf, &pki->ca);
	struct net_tls *server = NULL, *client = NULL;
	struct tls *s = NULL, *c = NULL;
	struct buf at_s, at_c;
	char error[NET_ERROR_MAX];

	buf_init(&at_s, 0);
	buf_init(&at_c, 0);
	int err = net_tls_create(&server, &sc, NET_TLS_FEDERATION, error);
	if (!err)
		err = net_tls_create(&client, &sc, NET_TLS_DIAL, error);
	if (!err)
		err = tls_create(&s, server, NULL);
	if (!err)
		err = tls_create(&c, client, "edge.test");
	while (!err &&
	       (carry(c, s, &at_s, 1 << 20) || carry(s, c, &at_c, 1 << 20)))
		;
	if (!err)
		err = tls_output(c, SLICE_LIT("hello"));
	if (!err)
		carry(c, s, &at_s, 1 << 20);
	if (!err && at_s.len != 5)
		err = -EIO;
	tls_free(s);
	tls_free(c);
	net_tls_free(server);
	net_tls_free(client);
	buf_free(&at_s);
	buf_free(&at_c);
	return err;
}

static void survives_failing_allocations(void **state)
{
	oom_walk(scenario, *state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_fragments_make_the_same_conversation),
		cmocka_unit_test(large_data_arrives_whole),
		cmocka_unit_test(peers_of_both_sides_are_proven),
		cmocka_unit_test(a_dialled_name_must_be_a_host_name),
		cmocka_unit_test(versions_and_suites),
		cmocka_unit_test(renegotiation_ends_the_connection),
		cmocka_unit_test(record_games_end),
		cmocka_unit_test(data_pays_for_key_updates),
		cmocka_unit_test(a_handshake_is_at_most_64_kib),
		cmocka_unit_test(an_endless_hello_is_cut_off),
		cmocka_unit_test(other_protocols_get_no_answer),
		cmocka_unit_test(a_broken_record_ends_it),
		cmocka_unit_test(survives_failing_allocations),
	};
	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
