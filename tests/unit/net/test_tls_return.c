/* SPDX-License-Identifier: Apache-2.0 */
/* NET-05: a hello with a ticket of ours is known as such, whatever the version
 * of TLS; one that is cut, changed, or of another's keys is a stranger's. */
#include "pair.h"

#include "net/tls_return.h"

static struct slice ring(uint8_t out[static NET_TICKET_KEY_BYTES], int key)
{
	memset(out, key, NET_TICKET_KEY_BYTES);
	return slice_of(out, NET_TICKET_KEY_BYTES);
}

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
	SSL_SESSION **keep = SSL_get_ex_data(ssl, 1);

	SSL_SESSION_free(*keep);
	*keep = session;
	return 1;
}

/* A client that has that session, or gets one. */
static void open_client(struct raw *r, int version, SSL_SESSION **session)
{
	raw_open(r, version, version, NULL);
	SSL_CTX_set_session_cache_mode(
		r->ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(r->ctx, keep_session);
	SSL_set_ex_data(r->ssl, 1, session);
	if (*session)
		assert_int_equal(SSL_set_session(r->ssl, *session), 1);
}

static SSL_SESSION *first_visit(struct net_tls *ctx, int version)
{
	SSL_SESSION *session = NULL;
	struct raw r;
	struct tls *t;
	struct buf plain;

	buf_init(&plain, 0);
	open_client(&r, version, &session);
	assert_int_equal(tls_create(&t, ctx, NULL), 0);
	assert_false(tls_began(t));
	raw_pump(&r, t, &plain);
	assert_int_equal(tls_status(t), TLS_OPEN);
	assert_true(tls_began(t));
	assert_false(tls_returns(t, SLICE_NONE));
	tls_close(t);
	raw_pump(&r, t, &plain);
	SSL_shutdown(r.ssl); /* else the session is not to be resumed */
	tls_free(t);
	raw_close(&r);
	buf_free(&plain);
	assert_non_null(session);
	return session;
}

/* What a client says first. */
static struct slice hello_of(int version, SSL_SESSION *session,
			     uint8_t out[static TLS_RETURN_BYTES])
{
	SSL_SESSION *with = session;
	struct raw r;

	if (session)
		SSL_SESSION_up_ref(session);
	open_client(&r, version, &with);
	SSL_do_handshake(r.ssl);
	int n = BIO_read(r.out, out, TLS_RETURN_BYTES);
	assert_true(n > 0);
	raw_close(&r);
	SSL_SESSION_free(with);
	ERR_clear_error();
	return slice_of(out, (size_t)n);
}

static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

static void who_comes_back_is_known(void **state)
{
	struct pki *pki = *state;
	uint8_t bytes[NET_TICKET_KEY_BYTES], out[TLS_RETURN_BYTES];

	for (size_t i = 0; i < 2; i++) {
		struct net_tls *ctx =
			context(&pki->leaf, NULL, NET_TLS_CLIENTS);
		net_tls_tickets(ctx, ring(bytes, 1));
		SSL_SESSION *session = first_visit(ctx, versions[i]);
		struct slice hello = hello_of(versions[i], NULL, out);
		assert_false(tls_return_has(&ctx->tickets, hello));
		hello = hello_of(versions[i], session, out);
		assert_true(tls_return_has(&ctx->tickets, hello));
		for (size_t len = 0; len < hello.len; len++)
			assert_false(tls_return_has(&ctx->tickets,
						    slice_head(hello, len)));
		net_tls_tickets(ctx, ring(bytes, 2));
		assert_false(tls_return_has(&ctx->tickets, hello));
		tls_tickets_wipe(&ctx->tickets);
		assert_false(tls_return_has(&ctx->tickets, hello));
		SSL_SESSION_free(session);
		net_tls_free(ctx);
	}
}

/* No byte of a ticket may be another. */
static void a_changed_ticket_is_none(void **state)
{
	struct pki *pki = *state;
	uint8_t bytes[NET_TICKET_KEY_BYTES], out[TLS_RETURN_BYTES];
	struct net_tls *ctx = context(&pki->leaf, NULL, NET_TLS_CLIENTS);
	size_t still = 0;

	net_tls_tickets(ctx, ring(bytes, 1));
	SSL_SESSION *session = first_visit(ctx, TLS1_3_VERSION);
	struct slice hello = hello_of(TLS1_3_VERSION, session, out);
	const uint8_t *ticket = memmem(out, hello.len, bytes, 16);
	size_t len = 0;
	const uint8_t *sealed;
	SSL_SESSION_get0_ticket(session, &sealed, &len);
	assert_non_null(ticket);
	for (size_t i = 0; i < len; i++) {
		size_t at = (size_t)(ticket - out) + i;
		out[at] ^= 0x40;
		still += tls_return_has(&ctx->tickets, hello);
		out[at] ^= 0x40;
	}
	assert_int_equal(still, 0);
	assert_true(tls_return_has(&ctx->tickets, hello));
	SSL_SESSION_free(session);
	net_tls_free(ctx);
}

/* In the middle of the handshake libssl knows. */
static void the_second_flight_is_known_too(void **state)
{
	struct pki *pki = *state;
	uint8_t bytes[NET_TICKET_KEY_BYTES], out[TLS_RETURN_BYTES];
	struct net_tls *ctx = context(&pki->leaf, NULL, NET_TLS_CLIENTS);
	struct buf plain;

	net_tls_tickets(ctx, ring(bytes, 1));
	SSL_SESSION *session = first_visit(ctx, TLS1_3_VERSION);
	buf_init(&plain, 0);
	for (int with = 0; with < 2; with++) {
		struct tls *t;
		struct slice hello =
			hello_of(TLS1_3_VERSION, with ? session : NULL, out);
		assert_int_equal(tls_create(&t, ctx, NULL), 0);
		assert_int_equal(tls_returns(t, hello), with);
		assert_int_equal(tls_input(t, hello, &plain), 0);
		assert_int_equal(tls_status(t), TLS_SHAKING);
		assert_int_equal(tls_returns(t, SLICE_NONE), with);
		tls_free(t);
	}
	buf_free(&plain);
	SSL_SESSION_free(session);
	net_tls_free(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_comes_back_is_known),
		cmocka_unit_test(a_changed_ticket_is_none),
		cmocka_unit_test(the_second_flight_is_known_too),
	};
	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
