/* SPDX-License-Identifier: Apache-2.0 */
/* The snapshot of partners' addresses: which names are asked for, what is
 * kept, what is told of the rest. */
#include "admin/strict.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "support/oom.h"

static struct conf_partner partners[3];
static struct conf_provider providers[2];

static const struct conf *conf(void)
{
	static struct conf c;
	partners[0] = (struct conf_partner){ .domain = SLICE_LIT("a.test") };
	partners[1] = (struct conf_partner){ .domain = SLICE_LIT("b.test"),
					     .edge = SLICE_LIT("edge.b.test") };
	partners[2] = (struct conf_partner){
		.domain = SLICE_LIT("c.test"),
		.edge = SLICE_LIT("edge.c.test"),
		.address = SLICE_LIT("192.0.2.7:5099"),
	};
	providers[0] =
		(struct conf_provider){ .edge = SLICE_LIT("edge.bigim.test"),
					.enabled = 1 };
	providers[1] = (struct conf_provider){ .edge = SLICE_LIT("gone.test") };
	c.partners = partners;
	c.partner_count = 3;
	c.providers = providers;
	c.provider_count = 2;
	return &c;
}

static struct addr at(const char *text)
{
	struct addr a;
	assert_int_equal(addr_parse(slice_str(text), false, &a), 0);
	return a;
}

static void test_questions(void **state)
{
	struct strict *s = NULL;
	struct strict_question q;
	(void)state;
	assert_int_equal(strict_create(&s, conf()), 0);
	assert_true(strict_next(s, &q));
	assert_true(q.domain && slice_eq(q.name, SLICE_LIT("a.test")));
	assert_true(strict_next(s, &q));
	assert_true(!q.domain && slice_eq(q.name, SLICE_LIT("edge.b.test")));
	assert_true(strict_next(s, &q));
	assert_true(slice_eq(q.name, SLICE_LIT("edge.bigim.test")));
	assert_false(strict_next(s, &q));
	strict_free(s);
}

static void test_snapshot(void **state)
{
	struct strict *s = NULL;
	struct buf out;
	struct addr a = at("192.0.2.8:5061"), b = at("192.0.2.8:5062"),
		    c = at("[2001:db8::8]:5062");
	(void)state;
	buf_init(&out, 0);
	assert_int_equal(strict_create(&s, conf()), 0);
	assert_int_equal(strict_take(s, &a), 0);
	assert_int_equal(strict_take(s, &b), 0); /* the same host */
	assert_int_equal(strict_take(s, &c), 0);
	strict_missed(s, SLICE_LIT("no SRV record of b.test"));
	const struct firewall_snapshot *shot = strict_snapshot(s, 1000);
	assert_int_equal(shot->count, 3); /* with the fixed one */
	assert_string_equal(shot->time, "1970-01-01T00:00:01Z");
	strict_warnings(s, &out);
	buf_u8(&out, 0);
	assert_non_null(strstr((char *)out.ptr, "no SRV record of b.test"));
	assert_non_null(strstr((char *)out.ptr, "2001:db8::8 is reached on "
						"port 5062"));
	assert_null(strstr((char *)out.ptr, "192.0.2.8 is"));
	buf_free(&out);
	strict_free(s);
}

static int everything(void *arg)
{
	struct strict *s = NULL;
	struct buf out;
	(void)arg;
	int err = strict_create(&s, conf());
	if (err)
		return err;
	buf_init(&out, 0);
	for (int i = 1; i < 40 && !err; i++) {
		struct addr a = at("192.0.2.8:5061");
		a.u.in.sin_addr.s_addr += (uint32_t)i << 24;
		err = strict_take(s, &a);
	}
	strict_missed(s, SLICE_LIT("why"));
	strict_warnings(s, &out);
	if (!err && buf_failed(&out))
		err = -ENOMEM;
	buf_free(&out);
	strict_free(s);
	return err;
}

static void test_out_of_memory(void **state)
{
	(void)state;
	oom_walk(everything, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_snapshot),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
