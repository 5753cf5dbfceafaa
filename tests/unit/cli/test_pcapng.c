/* SPDX-License-Identifier: Apache-2.0 */
/* The file, byte by byte: blocks, options, tags of exported PDUs. */
#include "cli/pcapng.h"

#include "base/cursor.h"
#include "support/oom.h"
#include "unit/cli/trace_steps.h"

static void write_step(struct pcapng *p, struct buf *out, const struct step *s)
{
	struct trace_record r;
	json_t *o;
	step_read(&r, &o, s);
	pcapng_record(p, out, &r);
	trace_record_free(&r);
	json_decref(o);
}

/* The body of the next block, which has to be of that type. */
static struct slice block(struct cur *c, uint32_t type)
{
	assert_int_equal(cur_u32(c), type);
	uint32_t len = cur_u32(c);
	assert_int_equal(len % 4, 0);
	struct slice body = cur_bytes(c, len - 12);
	assert_int_equal(cur_u32(c), len);
	assert_false(cur_failed(c));
	return body;
}

/* The next option or tag. */
static struct slice option(struct cur *c, unsigned code)
{
	assert_int_equal(cur_u16(c), code);
	uint16_t len = cur_u16(c);
	struct slice value = cur_bytes(c, len);
	cur_bytes(c, (4 - len % 4) % 4);
	assert_false(cur_failed(c));
	return value;
}

static void test_beginning(void **state)
{
	struct pcapng p;
	struct buf b;
	(void)state;
	buf_init(&b, 0);
	pcapng_begin(&p, &b);
	struct cur c = cur_init(buf_slice(&b));
	struct cur section = cur_init(block(&c, 0x0a0d0d0a));
	assert_int_equal(cur_u32(&section), 0x1a2b3c4d);
	assert_int_equal(cur_u32(&section), 0x00010000);
	assert_int_equal(cur_u64(&section), UINT64_MAX);
	option(&section, 4);
	option(&section, 0);
	assert_int_equal(cur_left(&section), 0);
	struct cur face = cur_init(block(&c, 1));
	assert_int_equal(cur_u32(&face), 252u << 16);
	assert_int_equal(cur_u32(&face), 0);
	assert_true(slice_eq(option(&face, 2), SLICE_LIT("sallyport")));
	option(&face, 0);
	assert_int_equal(cur_left(&c), 0);
	buf_free(&b);
}

/* After the fixed part of a packet: its tags, its message, its comment. */
static void assert_packet(struct slice body, bool in, const char *message,
			  const char *comment)
{
	struct cur c = cur_init(body);
	assert_int_equal(cur_u32(&c), 0);
	uint64_t us = (uint64_t)cur_u32(&c) << 32;
	us |= cur_u32(&c);
	assert_true(us == UINT64_C(1795438063608000));
	uint32_t len = cur_u32(&c);
	assert_int_equal(cur_u32(&c), len);
	struct cur data = cur_init(cur_bytes(&c, len));
	assert_true(slice_eq(option(&data, 12), slice_of("sip", 4)));
	struct slice remote = slice_of("\xc0\x00\x02\x07", 4);
	struct slice local = slice_of("\xc0\x00\x02\x01", 4);
	assert_true(slice_eq(option(&data, 20), in ? remote : local));
	option(&data, 25);
	assert_true(slice_eq(option(&data, 21), in ? local : remote));
	option(&data, 26);
	option(&data, 24);
	option(&data, 0);
	assert_true(slice_eq(cur_bytes(&data, cur_left(&data)),
			     slice_str(message)));
	cur_bytes(&c, (4 - len % 4) % 4);
	assert_int_equal(option(&c, 2).ptr[3], in ? 1 : 2);
	struct slice text = option(&c, 1);
	assert_true(slice_eq(text, slice_str(comment)));
	option(&c, 0);
	assert_int_equal(cur_left(&c), 0);
}

static void test_packets(void **state)
{
	const struct step in = { .user = "alice@contoso.test",
				 .bytes = STEP_MESSAGE "\r\n",
				 .hidden = 5,
				 .lost = 1,
				 .verdict = "inside",
				 .text = "home" };
	const struct step said = { .way = "none",
				   .verdict = "partner",
				   .text = "fabrikam.test" };
	const struct step out = { .way = "out",
				  .peer = "peer:edge.fabrikam.test",
				  .bytes = STEP_MESSAGE "\r\n" };
	struct pcapng p;
	struct buf b;
	(void)state;
	buf_init(&b, 0);
	pcapng_begin(&p, &b);
	buf_reset(&b);
	write_step(&p, &b, &in);
	size_t one = b.len;
	write_step(&p, &b, &said);
	assert_int_equal(b.len, one);
	write_step(&p, &b, &out);
	write_step(&p, &b, &out); /* it is said once */
	struct cur c = cur_init(buf_slice(&b));
	assert_packet(block(&c, 6), true, STEP_MESSAGE "\r\n",
		      "TLS, alice@contoso.test, worker 2; allowed, to home; "
		      "5 bytes of its body are hidden; missing before it: 1");
	assert_packet(block(&c, 6), false, STEP_MESSAGE "\r\n",
		      "TLS, edge.fabrikam.test, worker 2; allowed, to the "
		      "partner fabrikam.test");
	assert_packet(block(&c, 6), false, STEP_MESSAGE "\r\n",
		      "TLS, edge.fabrikam.test, worker 2");
	assert_int_equal(cur_left(&c), 0);
	buf_free(&b);
}

static int write_all(void *arg)
{
	struct pcapng p;
	struct buf b;
	buf_init(&b, 0);
	pcapng_begin(&p, &b);
	pcapng_record(&p, &b, arg);
	int err = buf_failed(&b) ? -1 : 0;
	buf_free(&b);
	return err;
}

static void test_no_memory(void **state)
{
	const struct step s = { .bytes = STEP_MESSAGE "\r\n" };
	struct trace_record r;
	json_t *o;
	(void)state;
	step_read(&r, &o, &s);
	oom_walk(write_all, &r);
	trace_record_free(&r);
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_beginning),
		cmocka_unit_test(test_packets),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
