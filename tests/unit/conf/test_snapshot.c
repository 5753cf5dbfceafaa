/* SPDX-License-Identifier: Apache-2.0 */
/* Encode and decode over every field; secrets by role; hostile bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/conf.h"
#include "conf/schema.h"
#include "ipc/ipc.h"
#include "support/oom.h"
#include "unit/conf/fake_files.h"

enum { HEADER = 22 };
static const uint32_t ALL = UINT32_MAX;

static const struct conf *load(struct arena *a, const char *text)
{
	char error[CONF_ERROR_MAX];
	const struct conf *c = NULL;
	if (fake_load(a, text, &c, error, NULL))
		fail_msg("%s", error);
	return c;
}

static void same_slice(struct slice a, struct slice b)
{
	assert_int_equal(a.len, b.len);
	assert_true(slice_eq(a, b));
}

static void same_addrs(const struct conf_addr *a, size_t n,
		       const struct conf_addr *b, size_t m)
{
	assert_int_equal(n, m);
	for (size_t i = 0; i < n; i++) {
		same_slice(a[i].text, b[i].text);
		assert_true(addr_equal(&a[i].addr, &b[i].addr));
		assert_int_equal(a[i].line, b[i].line);
	}
}

static void same_file(const struct conf_file *a, const struct conf_file *b)
{
	same_slice(a->path, b->path);
	same_slice(a->content, b->content);
}

static void same_inside(const struct conf *a, const struct conf *b)
{
	assert_int_equal(a->inside.next_hop_count, b->inside.next_hop_count);
	for (size_t i = 0; i < a->inside.next_hop_count; i++) {
		const struct conf_hop *x = &a->inside.next_hop[i];
		const struct conf_hop *y = &b->inside.next_hop[i];
		same_slice(x->text, y->text);
		same_slice(x->host, y->host);
		assert_int_equal(x->port, y->port);
		assert_true(!slice_empty(x->host) ||
			    addr_equal(&x->addr, &y->addr));
		assert_int_equal(x->line, y->line);
	}
	assert_int_equal(a->inside.peer_count, b->inside.peer_count);
	for (size_t i = 0; i < a->inside.peer_count; i++)
		same_slice(a->inside.peers[i], b->inside.peers[i]);
	assert_int_equal(a->inside.trusted_link_count,
			 b->inside.trusted_link_count);
	for (size_t i = 0; i < a->inside.trusted_link_count; i++)
		same_slice(a->inside.trusted_link[i],
			   b->inside.trusted_link[i]);
	same_slice(a->inside.name, b->inside.name);
	assert_int_equal(a->access.clients.balancer_count,
			 b->access.clients.balancer_count);
	for (size_t i = 0; i < a->access.clients.balancer_count; i++)
		same_slice(a->access.clients.balancers[i],
			   b->access.clients.balancers[i]);
	assert_int_equal(a->inside.health_s, b->inside.health_s);
}

static void same_lists(const struct conf *a, const struct conf *b)
{
	assert_int_equal(a->edge.domain_count, b->edge.domain_count);
	for (size_t i = 0; i < a->edge.domain_count; i++)
		same_slice(a->edge.domains[i], b->edge.domains[i]);
	assert_int_equal(a->partner_count, b->partner_count);
	for (size_t i = 0; i < a->partner_count; i++) {
		same_slice(a->partners[i].domain, b->partners[i].domain);
		same_slice(a->partners[i].edge, b->partners[i].edge);
		same_slice(a->partners[i].address, b->partners[i].address);
		assert_int_equal(a->partners[i].connections,
				 b->partners[i].connections);
		assert_int_equal(a->partners[i].allow_count,
				 b->partners[i].allow_count);
		for (size_t j = 0; j < a->partners[i].allow_count; j++)
			same_slice(a->partners[i].allow_addresses[j],
				   b->partners[i].allow_addresses[j]);
		assert_int_equal(a->partners[i].line, b->partners[i].line);
	}
	assert_int_equal(a->tls.certificate_count, b->tls.certificate_count);
	for (size_t i = 0; i < a->tls.certificate_count; i++) {
		const struct conf_certificate *x = &a->tls.certificates[i];
		const struct conf_certificate *y = &b->tls.certificates[i];
		same_file(&x->certificate, &y->certificate);
		same_file(&x->key, &y->key);
		assert_int_equal(x->line, y->line);
	}
	same_addrs(
		a->access.federation.listen, a->access.federation.listen_count,
		b->access.federation.listen, b->access.federation.listen_count);
	same_addrs(a->access.clients.listen, a->access.clients.listen_count,
		   b->access.clients.listen, b->access.clients.listen_count);
	same_addrs(a->inside.listen, a->inside.listen_count, b->inside.listen,
		   b->inside.listen_count);
	same_inside(a, b);
	same_addrs(a->dns.servers, a->dns.server_count, b->dns.servers,
		   b->dns.server_count);
}

static void same_conf(const struct conf *a, const struct conf *b)
{
	assert_int_equal(a->generation, b->generation);
	same_slice(a->edge.name, b->edge.name);
	same_slice(a->state, b->state);
	same_slice(a->control, b->control);
	same_file(&a->tls.certificate, &b->tls.certificate);
	same_file(&a->tls.key, &b->tls.key);
	same_file(&a->tls.trust, &b->tls.trust);
	same_file(&a->tls.crl, &b->tls.crl);
	assert_int_equal(a->tls.accept_server_usage,
			 b->tls.accept_server_usage);
	same_file(&a->dns.trust_anchor, &b->dns.trust_anchor);
	assert_int_equal(a->inside.builtin, b->inside.builtin);
	same_file(&a->inside.certificate, &b->inside.certificate);
	same_file(&a->inside.key, &b->inside.key);
	same_file(&a->inside.trust, &b->inside.trust);
	assert_int_equal(a->workers, b->workers);
	same_slice(a->user, b->user);
	assert_int_equal(a->log.level, b->log.level);
	assert_int_equal(a->log.format, b->log.format);
	assert_memory_equal(&a->limits, &b->limits, sizeof(a->limits));
	assert_int_equal(a->home.expires_min_s, b->home.expires_min_s);
	assert_int_equal(a->home.expires_default_s, b->home.expires_default_s);
	assert_int_equal(a->home.expires_max_s, b->home.expires_max_s);
	assert_int_equal(a->home.contacts_per_user, b->home.contacts_per_user);
	assert_int_equal(a->home.digest_md5, b->home.digest_md5);
	same_lists(a, b);
}

static void round_trip(void **state)
{
	(void)state;
	static const char *const texts[] = { FAKE_MINIMAL, FAKE_EVERY };
	for (size_t i = 0; i < 2; i++) {
		struct arena *a = arena_create(4096, 1 << 24);
		struct conf c = *load(a, texts[i]);
		const struct conf *back = NULL;
		struct buf out;
		c.generation = 41;
		buf_init(&out, 0);
		conf_encode(&out, &c, ALL);
		assert_false(buf_failed(&out));
		assert_int_equal(conf_decode(a, buf_slice(&out), &back), 0);
		same_conf(&c, back);
		buf_free(&out);
		arena_free(a);
	}
}

static bool holds(const struct buf *b, const char *text)
{
	return memmem(b->ptr, b->len, text, strlen(text)) != NULL;
}

/* ADM-07: a secret is in the bytes of one role only. */
static void secrets_by_role(void **state)
{
	(void)state;
	struct arena *a = arena_create(4096, 1 << 24);
	const struct conf *c = load(a, FAKE_EVERY);
	for (uint32_t role = 0; role < PROC_ROLE_COUNT; role++) {
		const struct conf *back = NULL;
		struct buf out;
		buf_init(&out, 0);
		conf_encode(&out, c, 1u << role);
		assert_int_equal(holds(&out, "MARKER"), role == PROC_EDGE);
		assert_int_equal(holds(&out, "the authorities"),
				 role == PROC_EDGE);
		assert_int_equal(holds(&out, "the anchor"),
				 role == PROC_RESOLVER);
		assert_int_equal(conf_decode(a, buf_slice(&out), &back), 0);
		same_slice(back->tls.key.path, c->tls.key.path);
		assert_int_equal(slice_empty(back->tls.key.content),
				 role != PROC_EDGE);
		const struct conf_certificate *second =
			&back->tls.certificates[1];
		assert_int_equal(slice_empty(second->key.content),
				 role != PROC_EDGE);
		assert_int_equal(slice_empty(second->certificate.content),
				 role != PROC_EDGE && role != PROC_ADMIN);
		buf_free(&out);
	}
	assert_int_equal(CONF_FOR_EDGE, 1u << PROC_EDGE);
	assert_int_equal(CONF_FOR_RESOLVER, 1u << PROC_RESOLVER);
	assert_int_equal(CONF_FOR_ADMIN, 1u << PROC_ADMIN);
	assert_int_equal(CONF_FOR_RELAY, 1u << PROC_RELAY);
	arena_free(a);
}

/* From memory of the exact size, so that reading beyond it is seen. */
static int decode_copy(const uint8_t *p, size_t len)
{
	const struct conf *back = NULL;
	struct arena *a = arena_create(1024, 1 << 24);
	uint8_t *copy = malloc(len ? len : 1);
	assert_non_null(copy);
	memcpy(copy, p, len);
	int err = conf_decode(a, slice_of(copy, len), &back);
	assert_int_equal(err == 0, back != NULL);
	free(copy);
	arena_free(a);
	return err;
}

static void truncated(void **state)
{
	(void)state;
	struct arena *a = arena_create(4096, 1 << 24);
	struct buf out;
	buf_init(&out, 0);
	conf_encode(&out, load(a, FAKE_EVERY), ALL);
	for (size_t i = 0; i < out.len; i++)
		assert_int_equal(decode_copy(out.ptr, i), -EBADMSG);
	assert_int_equal(decode_copy(out.ptr, out.len), 0);
	buf_u8(&out, 0);
	assert_int_equal(decode_copy(out.ptr, out.len), -EBADMSG);
	buf_free(&out);
	arena_free(a);
}

static void flipped_bits(void **state)
{
	(void)state;
	struct arena *a = arena_create(4096, 1 << 24);
	struct buf out;
	size_t refused = 0;
	buf_init(&out, 0);
	conf_encode(&out, load(a, FAKE_EVERY), ALL);
	for (size_t i = 0; i < out.len * 8; i++) {
		out.ptr[i / 8] ^= (uint8_t)(1u << i % 8);
		int err = decode_copy(out.ptr, out.len);
		if (err && err != -EBADMSG)
			fail_msg("bit %zu: %d", i, err);
		refused += err != 0;
		/* magic, version and schema are exact, and the length is */
		if (!err && (i < 14 * 8 || (i >= 18 * 8 && i < HEADER * 8)))
			fail_msg("bit %zu of the header is not checked", i);
		out.ptr[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	assert_true(refused > out.len); /* texts are checked again */
	buf_free(&out);
	arena_free(a);
}

/* A number of entries that the bytes cannot hold costs no memory. */
static void huge_counts(void **state)
{
	(void)state;
	struct arena *a = arena_create(4096, 1 << 24);
	struct buf out;
	buf_init(&out, 0);
	conf_encode(&out, load(a, FAKE_EVERY), ALL);
	for (size_t i = HEADER; i + 4 <= out.len; i++) {
		uint8_t keep[4];
		memcpy(keep, out.ptr + i, 4);
		memset(out.ptr + i, 0xff, 4);
		int err = decode_copy(out.ptr, out.len);
		if (err && err != -EBADMSG)
			fail_msg("at %zu: %d", i, err);
		memcpy(out.ptr + i, keep, 4);
	}
	buf_free(&out);
	arena_free(a);
}

static int encode_decode_once(void *arg)
{
	const struct conf *c = arg;
	const struct conf *back = NULL;
	struct buf out;
	buf_init(&out, 0);
	conf_encode(&out, c, ALL);
	struct arena *a = arena_create(64, 1 << 24);
	int err = buf_failed(&out) || !a ? -ENOMEM : 0;
	if (!err)
		err = conf_decode(a, buf_slice(&out), &back);
	if (err)
		assert_int_equal(err, -ENOMEM);
	arena_free(a);
	buf_free(&out);
	return err;
}

static void survives_oom(void **state)
{
	(void)state;
	struct arena *a = arena_create(4096, 1 << 24);
	struct conf c = *load(a, FAKE_EVERY);
	oom_walk(encode_decode_once, &c);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(secrets_by_role),
		cmocka_unit_test(truncated),
		cmocka_unit_test(flipped_bits),
		cmocka_unit_test(huge_counts),
		cmocka_unit_test(survives_oom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
