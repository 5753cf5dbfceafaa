/* SPDX-License-Identifier: Apache-2.0 */
/* TLS-04: tickets work wherever the keys are, for as long as they are, and on
 * the clients' listeners only. */
#include "pair.h"

#include <errno.h>

/* count keys, newest first; the bytes of each are its number. */
static struct slice ring(uint8_t out[static 240], uint8_t newest, size_t count)
{
	for (size_t i = 0; i < count; i++)
		memset(out + i * NET_TICKET_KEY_BYTES, newest - (int)i,
		       NET_TICKET_KEY_BYTES);
	return slice_of(out, count * NET_TICKET_KEY_BYTES);
}

static void give(struct net_tls *t, uint8_t newest, size_t count)
{
	uint8_t bytes[240];

	assert_int_equal(net_tls_tickets(t, ring(bytes, newest, count)), 0);
}

static void a_ring_is_one_or_two_keys(void **state)
{
	struct tls_tickets t = { .count = 0 };
	uint8_t bytes[240], name[16];
	(void)state;

	struct slice three = ring(bytes, 9, 3);
	assert_int_equal(tls_tickets_set(&t, SLICE_NONE), -EINVAL);
	assert_int_equal(tls_tickets_set(&t, three), -EINVAL);
	assert_int_equal(tls_tickets_set(&t, slice_head(three, 79)), -EINVAL);
	assert_int_equal(tls_tickets_set(&t, slice_head(three, 81)), -EINVAL);
	memset(name, 9, sizeof(name));
	assert_null(tls_tickets_find(&t, name));
	assert_int_equal(tls_tickets_set(&t, slice_head(three, 160)), 0);
	assert_ptr_equal(tls_tickets_find(&t, name), &t.key[0]);
	memset(name, 8, sizeof(name));
	assert_ptr_equal(tls_tickets_find(&t, name), &t.key[1]);
	memset(name, 7, sizeof(name));
	assert_null(tls_tickets_find(&t, name));
	/* one key alone: the other one of before is gone */
	assert_int_equal(tls_tickets_set(&t, slice_head(three, 80)), 0);
	memset(name, 8, sizeof(name));
	assert_null(tls_tickets_find(&t, name));
	tls_tickets_wipe(&t);
	memset(name, 0, sizeof(name));
	assert_null(tls_tickets_find(&t, name));
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

static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

static void any_worker_takes_them_for_two_keys_long(void **state)
{
	struct pki *pki = *state;
	struct net_tls *first = context(&pki->leaf, NULL, NET_TLS_CLIENTS);
	struct net_tls *second = context(&pki->leaf, NULL, NET_TLS_CLIENTS);

	for (size_t i = 0; i < 2; i++) {
		SSL_SESSION *old = NULL;
		bool open;
		give(first, 1, 1);
		give(second, 1, 1);
		assert_false(connects(first, versions[i], &old, &open));
		assert_true(open);
		assert_non_null(old);
		/* a client uses one of TLS 1.3 once: copies */
		SSL_SESSION *same = SSL_SESSION_dup(old);
		assert_true(connects(second, versions[i], &same, &open));
		assert_true(open);
		SSL_SESSION_free(same);
		give(second, 2, 2);
		same = SSL_SESSION_dup(old);
		assert_true(connects(second, versions[i], &same, &open));
		SSL_SESSION_free(same);
		/* what another one sealed means nothing, and does no harm */
		give(second, 3, 2);
		assert_false(connects(second, versions[i], &old, &open));
		assert_true(open);
		SSL_SESSION_free(old);
	}
	net_tls_free(first);
	net_tls_free(second);
}

static void without_keys_there_are_none(void **state)
{
	struct pki *pki = *state;
	struct net_tls *clients = context(&pki->leaf, NULL, NET_TLS_CLIENTS);
	struct net_tls *dial = context(&pki->leaf, &pki->ca, NET_TLS_DIAL);
	uint8_t bytes[240];

	for (size_t i = 0; i < 2; i++) {
		SSL_SESSION *session = NULL;
		bool open;
		assert_false(connects(clients, versions[i], &session, &open));
		assert_true(open);
		assert_false(connects(clients, versions[i], &session, &open));
		assert_true(open);
		SSL_SESSION_free(session);
	}
	assert_int_equal(net_tls_tickets(dial, ring(bytes, 1, 1)), -EINVAL);
	net_tls_free(clients);
	net_tls_free(dial);
}

static void partners_have_none(void **state)
{
	struct pki *pki = *state;
	struct net_tls *clients = context(&pki->leaf, NULL, NET_TLS_CLIENTS);
	struct net_tls *partners =
		context(&pki->leaf, &pki->ca, NET_TLS_FEDERATION);
	uint8_t bytes[240];

	assert_int_equal(net_tls_tickets(partners, ring(bytes, 1, 1)), -EINVAL);
	give(clients, 1, 1);
	for (size_t i = 0; i < 2; i++) {
		SSL_SESSION *session = NULL;
		bool open;
		assert_false(connects(clients, versions[i], &session, &open));
		assert_non_null(session);
		/* no certificate, no entry, ticket or not */
		assert_false(connects(partners, versions[i], &session, &open));
		assert_false(open);
		SSL_SESSION_free(session);
	}
	net_tls_free(clients);
	net_tls_free(partners);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ring_is_one_or_two_keys),
		cmocka_unit_test(any_worker_takes_them_for_two_keys_long),
		cmocka_unit_test(without_keys_there_are_none),
		cmocka_unit_test(partners_have_none),
	};
	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
