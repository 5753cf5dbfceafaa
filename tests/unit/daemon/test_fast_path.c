/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of the fast path, and that nothing needs it. */
#include "daemon/fast_path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char *text(const struct fast_path *f, enum conf_xdp xdp)
{
	static char out[FAST_PATH_TEXT];
	const struct conf c = { .relay = { .xdp = (uint8_t)xdp } };
	fast_path_text(f, &c, out);
	return out;
}

static void test_without_a_relay(void **state)
{
	const struct conf c = { .relay = { .xdp = CONF_XDP_ON } };
	struct fast_path f;
	(void)state;
	fast_path_open(&f, &c);
	assert_null(f.plane);
	/* all of it does nothing */
	fast_path_configure(&f, &c);
	fast_path_count(&f);
	fast_path_gone(&f, 3);
	fast_path_gone(&f, UINT32_MAX);
	fast_path_close(&f);
	fast_path_close(&f);
}

static void test_off_asks_for_nothing(void **state)
{
	struct conf_addr at = { .line = 1 };
	const struct conf c = { .relay = { .listen = &at,
					   .listen_count = 1,
					   .xdp = CONF_XDP_OFF } };
	struct fast_path f;
	(void)state;
	fast_path_open(&f, &c);
	assert_null(f.plane);
	assert_false(f.refused);
	assert_string_equal(text(&f, CONF_XDP_OFF), "off");
	assert_string_equal(text(&f, CONF_XDP_AUTO),
			    "off: it begins at a restart only");
}

static void test_texts(void **state)
{
	struct fast_path f = { .refused = true, .why = "no such kernel" };
	(void)state;
	assert_string_equal(text(&f, CONF_XDP_ON), "off: no such kernel");
	assert_string_equal(text(&f, CONF_XDP_OFF), "off");
	memset(f.why, 'x', sizeof(f.why) - 1);
	assert_true(strlen(text(&f, CONF_XDP_AUTO)) < FAST_PATH_TEXT);
}

/* What slows it down stands behind the devices; there is an end to it. */
static void test_notes(void **state)
{
	struct fast_path f = { .plane = (struct plane *)&f,
			       .where = "eth0 native",
			       .notes = "eth0 merges" };
	(void)state;
	assert_string_equal(text(&f, CONF_XDP_ON), "eth0 native; eth0 merges");
	assert_string_equal(text(&f, CONF_XDP_OFF), "off");
	memset(f.notes, 'x', sizeof(f.notes) - 1);
	assert_int_equal(strlen(text(&f, CONF_XDP_ON)), FAST_PATH_TEXT - 1);
	f.notes[0] = '\0';
	assert_string_equal(text(&f, CONF_XDP_ON), "eth0 native");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_a_relay),
		cmocka_unit_test(test_off_asks_for_nothing),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_notes),
	};
	return cmocka_run_group_tests_name("daemon/fast_path", tests, NULL,
					   NULL);
}
