/* SPDX-License-Identifier: Apache-2.0 */
/* DTLS in memory, with a client made of bare libssl: strangers leave nothing
 * behind (TURN-16), cookies hold for one path and a while, rubbish ends
 * nothing. */
#include "pair.h"

#include <errno.h>
#include <stdlib.h>

#include "net/dtls.h"
#include "support/oom.h"

enum { DATAGRAMS = 64, BYTES = 2048 };

/* Datagrams on their way. */
struct road {
	size_t first, count;
	struct {
		size_t len;
		uint8_t bytes[BYTES];
	} d[DATAGRAMS];
};

struct fixture {
	struct net_tls *server;
	BIO_METHOD *method;
	SSL_CTX *client_ctx;
	SSL *client;
	struct road up, down;
	struct dtls *session;
	char heard[64]; /* by the server */
	uint64_t now_s;
};

static void put(struct road *r, const void *bytes, size_t len)
{
	assert_true(r->first + r->count < DATAGRAMS && len <= BYTES);
	memcpy(r->d[r->first + r->count].bytes, bytes, len);
	r->d[r->first + r->count++].len = len;
}

static struct slice next(struct road *r)
{
	assert_true(r->count > 0);
	size_t at = r->first++;
	r->count--;
	return slice_of(r->d[at].bytes, r->d[at].len);
}

static int client_read(BIO *bio, char *out, int len)
{
	struct fixture *f = BIO_get_data(bio);
	BIO_clear_retry_flags(bio);
	if (f->down.count == 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	struct slice d = next(&f->down);
	assert_true((size_t)len >= d.len);
	memcpy(out, d.ptr, d.len);
	return (int)d.len;
}

static int client_write(BIO *bio, const char *in, int len)
{
	struct fixture *f = BIO_get_data(bio);
	put(&f->up, in, (size_t)len);
	return len;
}

static long client_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
	(void)bio;
	(void)num;
	(void)ptr;
	return cmd == BIO_CTRL_FLUSH;
}

static void on_out(void *arg, struct slice datagram)
{
	struct fixture *f = arg;
	put(&f->down, datagram.ptr, datagram.len);
}

static void on_in(void *arg, struct slice plain)
{
	struct fixture *f = arg;
	assert_true(plain.len < sizeof(f->heard));
	memcpy(f->heard, plain.ptr, plain.len);
	f->heard[plain.len] = '\0';
}

static const struct dtls_ops ops = { on_out, on_in };

static void open_client(struct fixture *f)
{
	BIO *bio = BIO_new(f->method);
	BIO_set_data(bio, f);
	BIO_set_init(bio, 1);
	f->client = SSL_new(f->client_ctx);
	SSL_set_bio(f->client, bio, bio);
	SSL_set_options(f->client, SSL_OP_NO_QUERY_MTU);
	SSL_set_mtu(f->client, 1200);
	SSL_set_connect_state(f->client);
}

static void open_fixture(struct fixture *f, const struct pki *pki)
{
	memset(f, 0, sizeof(*f));
	f->now_s = 1700000000;
	f->server = context(&pki->leaf, NULL, NET_DTLS);
	f->client_ctx = SSL_CTX_new(DTLS_client_method());
	X509_STORE_add_cert(SSL_CTX_get_cert_store(f->client_ctx),
			    pki->ca.cert);
	SSL_CTX_set_verify(f->client_ctx, SSL_VERIFY_PEER, NULL);
	f->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "road");
	BIO_meth_set_read(f->method, client_read);
	BIO_meth_set_write(f->method, client_write);
	BIO_meth_set_ctrl(f->method, client_ctrl);
	open_client(f);
}

static void close_fixture(struct fixture *f)
{
	dtls_free(f->session);
	SSL_free(f->client);
	SSL_CTX_free(f->client_ctx);
	BIO_meth_free(f->method);
	net_tls_free(f->server);
}

static int listen_at(struct fixture *f, const char *path, struct slice datagram)
{
	const struct dtls_stranger who = { .path = slice_str(path),
					   .datagram = datagram,
					   .now_s = f->now_s };
	return dtls_listen(f->server, &who, &ops, f, &f->session);
}

/* A hello, the question, the hello with its answer: that one. */
static struct slice cookie_hello(struct fixture *f)
{
	assert_int_equal(SSL_do_handshake(f->client), -1);
	assert_int_equal(listen_at(f, "here", next(&f->up)), -EAGAIN);
	assert_null(f->session);
	assert_int_equal(f->down.count, 1);
	SSL_do_handshake(f->client);
	return next(&f->up);
}

/* Until nobody has anything to say. */
static void pump(struct fixture *f)
{
	do {
		SSL_do_handshake(f->client);
		while (f->up.count)
			assert_int_equal(dtls_receive(f->session, next(&f->up)),
					 0);
	} while (f->down.count);
}

static void shake(struct fixture *f)
{
	struct slice hello = cookie_hello(f);
	assert_int_equal(listen_at(f, "here", hello), 0);
	assert_int_equal(dtls_receive(f->session, hello), 0);
	pump(f);
	assert_true(dtls_open(f->session));
	assert_true(SSL_is_init_finished(f->client));
}

static void says(struct fixture *f, const char *text)
{
	assert_int_equal(SSL_write(f->client, text, (int)strlen(text)),
			 strlen(text));
	assert_int_equal(dtls_receive(f->session, next(&f->up)), 0);
	assert_string_equal(f->heard, text);
}

static void a_conversation(void **state)
{
	struct fixture f;
	char heard[64];
	open_fixture(&f, *state);
	shake(&f);
	assert_string_equal(SSL_get_version(f.client), "DTLSv1.2");
	says(&f, "ping");
	assert_int_equal(dtls_send(f.session, SLICE_LIT("pong")), 0);
	assert_int_equal(SSL_read(f.client, heard, sizeof(heard)), 4);
	assert_memory_equal(heard, "pong", 4);
	assert_int_equal(dtls_late_ms(f.session), -1);
	SSL_shutdown(f.client);
	assert_int_equal(dtls_receive(f.session, next(&f.up)), -EPIPE);
	assert_int_equal(dtls_send(f.session, SLICE_LIT("x")), -ENOTCONN);
	close_fixture(&f);
}

static void strangers_are_asked_and_forgotten(void **state)
{
	struct fixture f;
	open_fixture(&f, *state);
	assert_int_equal(SSL_do_handshake(f.client), -1);
	struct slice hello = next(&f.up);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(listen_at(&f, "here", hello), -EAGAIN);
		/* the question is shorter than what it answers */
		assert_true(next(&f.down).len < hello.len);
	}
	assert_null(f.session);
	close_fixture(&f);
}

static void a_cookie_is_for_one_path_and_a_while(void **state)
{
	static const struct {
		const char *path;
		uint64_t later_s;
		int result;
	} rows[] = {
		{ "there", 0, -EAGAIN },
		{ "here", 300, -EAGAIN },
		{ "here", 60, 0 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f;
		open_fixture(&f, *state);
		struct slice hello = cookie_hello(&f);
		f.now_s += rows[i].later_s;
		assert_int_equal(listen_at(&f, rows[i].path, hello),
				 rows[i].result);
		close_fixture(&f);
	}
}

static void a_repeated_hello_is_no_new_session(void **state)
{
	struct fixture f;
	open_fixture(&f, *state);
	struct slice hello = cookie_hello(&f);
	assert_int_equal(listen_at(&f, "here", hello), 0);
	assert_int_equal(dtls_receive(f.session, hello), 0);
	/* what is unanswered will be sent again: in a second at first */
	assert_in_range(dtls_late_ms(f.session), 1, 1001);
	assert_true(dtls_same_hello(f.session, hello));
	assert_int_equal(dtls_receive(f.session, hello), 0);
	pump(&f);
	assert_true(dtls_open(f.session));
	assert_true(dtls_same_hello(f.session, hello));
	/* another client at the same path */
	SSL_free(f.client);
	open_client(&f);
	SSL_do_handshake(f.client);
	assert_false(dtls_same_hello(f.session, next(&f.up)));
	close_fixture(&f);
}

static void rubbish_ends_nothing(void **state)
{
	static const char *rubbish[] = {
		"\x17\xfe\xfd\0\1\0\0\0\0\0\1\0\4abcd",    /* a forged record */
		"\x15\xfe\xfd\0\0\0\0\0\0\0\x9\0\2\2\x28", /* plain alert */
		"\x16\xfe\xfd\0\0\0\0\0\0\0\x9\0\2\1\0",
		"GET / HTTP/1.0\r\n",
		"",
	};
	static const size_t len[] = { 17, 15, 15, 16, 0 };
	struct fixture f;
	open_fixture(&f, *state);
	shake(&f);
	for (size_t i = 0; i < sizeof(len) / sizeof(len[0]); i++) {
		assert_int_equal(
			dtls_receive(f.session, slice_of(rubbish[i], len[i])),
			0);
		assert_int_equal(f.down.count, 0);
		says(&f, "still here");
	}
	close_fixture(&f);
}

/* Records that nobody sealed, of every length around the shortest one. */
static void forged_records_end_nothing(void **state)
{
	struct fixture f;
	open_fixture(&f, *state);
	shake(&f);
	for (uint8_t type = 20; type < 25; type++)
		for (uint8_t len = 0; len < 60; len++) {
			uint8_t record[13 + 60] = { type, 0xfe, 0xfd, 0, 1 };
			record[10] = len; /* a number that did not come yet */
			record[12] = len;
			assert_int_equal(
				dtls_receive(f.session,
					     slice_of(record, 13U + len)),
				0);
			says(&f, "still here");
			f.up.first = f.up.count = 0;
		}
	close_fixture(&f);
}

static void strangers_with_rubbish(void **state)
{
	struct fixture f;
	uint8_t bytes[300];
	open_fixture(&f, *state);
	SSL_do_handshake(f.client);
	struct slice hello = next(&f.up);
	for (size_t i = 0; i < hello.len; i++) {
		/* every byte of a hello is wrong once, and it is cut there */
		memcpy(bytes, hello.ptr, hello.len);
		bytes[i] ^= 0xff;
		assert_true(listen_at(&f, "x", slice_of(bytes, hello.len)) < 0);
		assert_true(listen_at(&f, "x", slice_head(hello, i)) < 0);
		f.down.first = f.down.count = 0;
	}
	assert_null(f.session);
	/* and then a good one still works */
	SSL_free(f.client);
	f.up.first = f.up.count = 0;
	open_client(&f);
	shake(&f);
	close_fixture(&f);
}

static void first_bytes(void **state)
{
	struct fixture f;
	open_fixture(&f, *state);
	SSL_do_handshake(f.client);
	struct slice hello = next(&f.up);
	assert_true(dtls_is_record(hello) && dtls_is_hello(hello));
	assert_false(dtls_is_hello(slice_head(hello, 58)));
	assert_false(dtls_is_record(slice_head(hello, 12)));
	assert_false(dtls_is_record(SLICE_LIT("\x40\0\0\x20.............")));
	close_fixture(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_conversation),
		cmocka_unit_test(strangers_are_asked_and_forgotten),
		cmocka_unit_test(a_cookie_is_for_one_path_and_a_while),
		cmocka_unit_test(a_repeated_hello_is_no_new_session),
		cmocka_unit_test(rubbish_ends_nothing),
		cmocka_unit_test(forged_records_end_nothing),
		cmocka_unit_test(strangers_with_rubbish),
		cmocka_unit_test(first_bytes),
	};
	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
