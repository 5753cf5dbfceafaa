/* SPDX-License-Identifier: Apache-2.0 */
/* TLS-04: keys live an hour and open for one more; tickets work on the clients'
 * listener that made them, nowhere else. */
#include "pair.h"

enum { HOUR = 3600 * 1000 };

static void keys_rotate_by_the_hour(void **state)
{
	struct tls_tickets t = { 0 };
	uint8_t first[16], second[16];
	(void)state;

	assert_int_equal(tls_tickets_rotate(&t, 1000), 0);
	memcpy(first, t.key[0].name, sizeof(first));
	assert_int_equal(tls_tickets_rotate(&t, 1000 + HOUR - 1), 0);
	assert_memory_equal(t.key[0].name, first, sizeof(first));
	assert_int_equal(tls_tickets_rotate(&t, 1000 + HOUR), 0);
	memcpy(second, t.key[0].name, sizeof(second));
	assert_memory_not_equal(first, second, sizeof(first));
	assert_non_null(tls_tickets_find(&t, first, 1000 + HOUR));
	assert_non_null(tls_tickets_find(&t, first, 1000 + 2 * HOUR - 1));
	assert_null(tls_tickets_find(&t, first, 1000 + 2 * HOUR));
	assert_non_null(tls_tickets_find(&t, second, 1000 + 2 * HOUR));
	assert_int_equal(tls_tickets_rotate(&t, 1000 + 2 * HOUR), 0);
	assert_null(tls_tickets_find(&t, first, 1000 + 2 * HOUR));
	tls_tickets_wipe(&t);
	assert_null(tls_tickets_find(&t, second, 1000 + 2 * HOUR));
}

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
	SSL_SESSION **keep = SSL_get_ex_data(ssl, 1);

	SSL_SESSION_free(*keep);
	*keep = session;
	return 1;
}

/* Connects with *session and keeps the one it is given. Resumed? */
static bool connects(struct net_tls *ctx, int version, SSL_SESSION **session,
		     bool *open)
{
	struct raw r;
	struct tls *t;
	struct buf plain;

	buf_init(&plain, 0);
	raw_open(&r, version, version, NULL);
	SSL_CTX_set_session_cache_mode(
		r.ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(r.ctx, keep_session);
	SSL_set_ex_data(r.ssl, 1, session);
	if (*session)
		assert_int_equal(SSL_set_session(r.ssl, *session), 1);
	assert_int_equal(tls_create(&t, ctx, NULL), 0);
	raw_pump(&r, t, &plain);
	*open = tls_status(t) == TLS_OPEN;
	bool resumed = SSL_session_reused(r.ssl);
	tls_close(t);
	raw_pump(&r, t, &plain);
	SSL_shutdown(r.ssl);
	tls_free(t);
	raw_close(&r);
	buf_free(&plain);
	return resumed;
}

static void tickets_are_for_one_listener(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	struct pki *pki = *state;
	struct net_tls *clients = context(&pki->leaf, NULL, NET_TLS_CLIENTS);
	struct net_tls *others = context(&pki->leaf, NULL, NET_TLS_CLIENTS);
	struct net_tls *partners =
		context(&pki->leaf, &pki->ca, NET_TLS_FEDERATION);

	for (size_t i = 0; i < 2; i++) {
		SSL_SESSION *session = NULL;
		bool open;
		assert_false(connects(clients, versions[i], &session, &open));
		assert_true(open);
		assert_non_null(session);
		assert_true(connects(clients, versions[i], &session, &open));
		assert_true(open);
		/* 443 of another context: a full handshake */
		assert_false(connects(others, versions[i], &session, &open));
		assert_true(open);
		/* 5061: no certificate, no entry, ticket or not */
		assert_false(connects(partners, versions[i], &session, &open));
		assert_false(open);
		SSL_SESSION_free(session);
	}
	net_tls_free(clients);
	net_tls_free(others);
	net_tls_free(partners);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_rotate_by_the_hour),
		cmocka_unit_test(tickets_are_for_one_listener),
	};
	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
