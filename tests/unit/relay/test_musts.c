/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What RFC 8489, 8656, 6062 and 8016 say that a server must refuse, a row
 * each, as docs/design/turn-musts.md lists them: requests of a proven user that
 * lack something, or have what does not go together.
 */
#include "relay/relay.h"

#include "rig.h"

enum { UDP = 0, STREAM = 4, NOTHING = -1 };

struct field {
	enum stun_field f;
	const char *value; /* as it stands on the wire; addresses: text */
	size_t len;
};

struct must {
	const char *section;
	enum stun_method method;
	enum stun_class class;
	unsigned client;
	char has; /* allocation: ' ' none, 'u' UDP, 't' TCP */
	int code; /* NOTHING: no answer */
	struct field field[3];
};

#define LIT(s) s, sizeof(s) - 1
#define T_UDP                                       \
	{                                           \
		STUN_F_TRANSPORT, LIT("\x11\0\0\0") \
	}
#define T_TCP                                       \
	{                                           \
		STUN_F_TRANSPORT, LIT("\x06\0\0\0") \
	}
#define T_ICMP                                      \
	{                                           \
		STUN_F_TRANSPORT, LIT("\x01\0\0\0") \
	}
#define FAMILY(x)                              \
	{                                      \
		STUN_F_FAMILY, LIT(x "\0\0\0") \
	}
#define ADDITIONAL(x)                                     \
	{                                                 \
		STUN_F_ADDITIONAL_FAMILY, LIT(x "\0\0\0") \
	}
#define EVEN(x)                          \
	{                                \
		STUN_F_EVEN_PORT, LIT(x) \
	}
#define TOKEN                                       \
	{                                           \
		STUN_F_RESERVATION, LIT("12345678") \
	}
#define FRAGMENT                              \
	{                                     \
		STUN_F_DONT_FRAGMENT, LIT("") \
	}
#define TO(text)                       \
	{                              \
		STUN_F_PEER, LIT(text) \
	}
#define NUMBER(x)                             \
	{                                     \
		STUN_F_CHANNEL, LIT(x "\0\0") \
	}
#define LINK                                          \
	{                                             \
		STUN_F_CONNECTION_ID, LIT("\1\2\3\0") \
	}
#define BYTES                            \
	{                                \
		STUN_F_DATA, LIT("data") \
	}
#define TICKET(x)                              \
	{                                      \
		STUN_F_MOBILITY_TICKET, LIT(x) \
	}
#define PEER4 TO("8.8.4.4:5000")
#define PEER6 TO("[2a01::5]:5000")

#define REQ(m) STUN_##m, STUN_REQUEST

static const struct must MUSTS[] = {
	{ "8656 7.2", REQ(ALLOCATE), UDP, ' ', 400, { FAMILY("\1") } },
	{ "8656 7.2", REQ(ALLOCATE), UDP, ' ', 442, { T_ICMP } },
	{ "8656 7.2", REQ(ALLOCATE), UDP, 'u', 437, { T_UDP } },
	{ "8656 7.2", REQ(ALLOCATE), UDP, ' ', 440, { T_UDP, FAMILY("\3") } },
	{ "8656 7.2",
	  REQ(ALLOCATE),
	  UDP,
	  ' ',
	  400,
	  { T_UDP, TOKEN, EVEN("\0") } },
	{ "8656 7.2",
	  REQ(ALLOCATE),
	  UDP,
	  ' ',
	  400,
	  { T_UDP, TOKEN, FAMILY("\1") } },
	{ "8656 7.2",
	  REQ(ALLOCATE),
	  UDP,
	  ' ',
	  400,
	  { T_UDP, TOKEN, ADDITIONAL("\2") } },
	{ "8656 7.2", REQ(ALLOCATE), UDP, ' ', 508, { T_UDP, TOKEN } },
	{ "8656 7.2",
	  REQ(ALLOCATE),
	  UDP,
	  ' ',
	  400,
	  { T_UDP, FAMILY("\1"), ADDITIONAL("\2") } },
	{ "8656 7.2",
	  REQ(ALLOCATE),
	  UDP,
	  ' ',
	  400,
	  { T_UDP, ADDITIONAL("\1") } },
	{ "8656 7.2",
	  REQ(ALLOCATE),
	  UDP,
	  ' ',
	  400,
	  { T_UDP, EVEN("\x80"), ADDITIONAL("\2") } },
	{ "8656 8.2", REQ(REFRESH), UDP, ' ', 437, { { 0 } } },
	{ "8656 8.2", REQ(REFRESH), UDP, 'u', 443, { FAMILY("\2") } },
	{ "8656 10.2", REQ(CREATE_PERMISSION), UDP, ' ', 437, { PEER4 } },
	{ "8656 10.2", REQ(CREATE_PERMISSION), UDP, 'u', 400, { { 0 } } },
	{ "8656 10.2", REQ(CREATE_PERMISSION), UDP, 'u', 443, { PEER6 } },
	{ "8656 10.2",
	  REQ(CREATE_PERMISSION),
	  UDP,
	  'u',
	  403,
	  { PEER4, TO("10.0.0.1:1") } },
	{ "8656 11.2",
	  STUN_SEND,
	  STUN_INDICATION,
	  UDP,
	  'u',
	  NOTHING,
	  { PEER4 } },
	{ "8656 11.2",
	  STUN_SEND,
	  STUN_INDICATION,
	  UDP,
	  'u',
	  NOTHING,
	  { BYTES } },
	{ "8656 11.2",
	  STUN_SEND,
	  STUN_INDICATION,
	  UDP,
	  'u',
	  NOTHING,
	  { PEER4, BYTES } },
	{ "8656 12.2",
	  REQ(CHANNEL_BIND),
	  UDP,
	  ' ',
	  437,
	  { NUMBER("\x40\0"), PEER4 } },
	{ "8656 12.2", REQ(CHANNEL_BIND), UDP, 'u', 400, { PEER4 } },
	{ "8656 12.2", REQ(CHANNEL_BIND), UDP, 'u', 400, { NUMBER("\x40\0") } },
	{ "8656 12.2",
	  REQ(CHANNEL_BIND),
	  UDP,
	  'u',
	  400,
	  { NUMBER("\x3f\xff"), PEER4 } },
	{ "8656 12.2",
	  REQ(CHANNEL_BIND),
	  UDP,
	  'u',
	  400,
	  { NUMBER("\x50\0"), PEER4 } },
	{ "8656 12.2",
	  REQ(CHANNEL_BIND),
	  UDP,
	  'u',
	  443,
	  { NUMBER("\x40\0"), PEER6 } },
	{ "6062 5.1", REQ(ALLOCATE), UDP, ' ', 400, { T_TCP } },
	{ "6062 5.1", REQ(ALLOCATE), STREAM, ' ', 400, { T_TCP, EVEN("\0") } },
	{ "6062 5.1", REQ(ALLOCATE), STREAM, ' ', 400, { T_TCP, FRAGMENT } },
	{ "6062 5.1", REQ(ALLOCATE), STREAM, ' ', 400, { T_TCP, TOKEN } },
	{ "6062 5.2", REQ(CONNECT), STREAM, ' ', 437, { PEER4 } },
	{ "6062 5.2", REQ(CONNECT), STREAM, 't', 400, { { 0 } } },
	{ "6062 5.2", REQ(CONNECT), STREAM, 't', 403, { TO("10.0.0.1:5000") } },
	{ "6062 5.2", REQ(CONNECT), STREAM, 't', 443, { PEER6 } },
	{ "6062 5.4", REQ(CONNECTION_BIND), UDP, ' ', 400, { LINK } },
	{ "6062 5.4", REQ(CONNECTION_BIND), STREAM, ' ', 400, { { 0 } } },
	{ "6062 5.4", REQ(CONNECTION_BIND), STREAM, 't', 400, { LINK } },
	{ "8016 3.1", REQ(ALLOCATE), UDP, ' ', 400, { T_UDP, TICKET("x") } },
	{ "8016 3.2", REQ(REFRESH), UDP, ' ', 400, { TICKET("unknown") } },
	{ "8016 3.2", REQ(REFRESH), UDP, 'u', 400, { TICKET("unknown") } },
};

static void put(struct stun_writer *w, const struct field *f)
{
	if (f->f != STUN_F_PEER) {
		stun_put(w, f->f, slice_of(f->value, f->len));
		return;
	}
	struct addr at;
	assert_int_equal(addr_parse(slice_of(f->value, f->len), false, &at), 0);
	stun_put_addr(w, STUN_F_PEER, &at);
}

/* A signed request with these fields; it is answered with its own number. */
static int code_of(struct rig *g, const struct must *m)
{
	uint8_t bytes[RIG_BYTES], id[STUN_ID_BYTES] = { 0, 0, 0, 0, 'i', 'd' };
	struct stun_writer w;
	struct stun_msg got;
	const struct rig_ask who = { .method = m->method, .client = m->client };
	stun_writer_init(&w, g->hasher, bytes, sizeof(bytes));
	stun_begin(&w, &stun_rfc, m->method, m->class, id);
	for (size_t i = 0; i < 3 && m->field[i].value; i++)
		put(&w, &m->field[i]);
	if (m->class == STUN_REQUEST)
		rig_sign(g, &w, &who);
	struct slice whole = stun_end(&w);
	assert_int_not_equal(whole.len, 0);
	g->count = 0;
	rig_from_client(g, m->client, whole.ptr, whole.len);
	if (g->count == 0)
		return NOTHING;
	int code = rig_answer(g, &got, NULL);
	/* RFC 8489 6.3.3, 9.2.5 */
	assert_memory_equal(got.id + 4, id + 4, STUN_ID_BYTES - 4);
	assert_true(stun_has(&got, STUN_F_INTEGRITY));
	return code;
}

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(MUSTS) / sizeof(MUSTS[0]); i++) {
		const struct must *m = &MUSTS[i];
		struct rig *g = NULL;
		assert_int_equal(rig_begin(&g), 0);
		g->conf.mobility = true;
		rig_apply(g);
		rig_challenge(g, m->client, NULL);
		const struct rig_ask allocate = { .method = STUN_ALLOCATE,
						  .client = m->client,
						  .lifetime = -1,
						  .tcp = m->has == 't' };
		if (m->has != ' ')
			assert_int_equal(rig_code(g, &allocate), 0);
		size_t before = relay_count(g->relay);
		int code = code_of(g, m);
		if (code != m->code)
			fail_msg("row %zu, RFC %s: %d, not %d", i, m->section,
				 code, m->code);
		assert_int_equal(relay_count(g->relay), before);
		rig_end(g);
	}
}

/* RFC 8489 6.3.1, 6.3.2: what has to be understood and is not. */
static void test_unknown(void **state)
{
	static const uint8_t odd[] = { 0x7f, 0x01, 0, 0 };
	struct rig *g = NULL;
	struct stun_msg m;
	(void)state;
	assert_int_equal(rig_begin(&g), 0);
	for (int indication = 0; indication < 2; indication++) {
		uint8_t bytes[64], id[STUN_ID_BYTES] = { 0 };
		struct stun_writer w;
		stun_writer_init(&w, g->hasher, bytes, sizeof(bytes));
		stun_begin(&w, &stun_rfc, indication ? STUN_SEND : STUN_BINDING,
			   indication ? STUN_INDICATION : STUN_REQUEST, id);
		size_t len = stun_end(&w).len;
		memcpy(bytes + len, odd, sizeof(odd));
		bytes[3] = (uint8_t)(len + sizeof(odd) - STUN_HEADER_BYTES);
		g->count = 0;
		rig_from_client(g, 0, bytes, len + sizeof(odd));
		assert_int_equal(rig_answer(g, &m, NULL),
				 indication ? -1 : 420);
		if (!indication)
			assert_true(slice_eq(stun_value(&m, STUN_F_UNKNOWN),
					     slice_of(odd, 2)));
	}
	rig_end(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_unknown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
