/* SPDX-License-Identifier: Apache-2.0 */
/* Rows held against sockets and rules. */
#include "cli/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char ROWS[] =
	"[{\"id\": \"client\", \"transport\": \"TCP\", \"port\": \"443\", "
	"\"direction\": \"in\", \"ours\": \"\", \"source_port\": \"any\"}, "
	"{\"id\": \"turn-udp-in\", \"transport\": \"UDP\", \"port\": "
	"\"3478\", \"direction\": \"in\", \"ours\": \"192.0.2.1\", "
	"\"source_port\": \"any\"}, "
	"{\"id\": \"rtp-udp-out\", \"transport\": \"UDP\", \"port\": "
	"\"1024-65535\", \"direction\": \"out\", \"ours\": \"\", "
	"\"source_port\": \"50000-50099\"}]";

struct world {
	struct kernel_socket row[4];
	struct kernel_sockets sockets;
	json_t *rows, *inodes, *rules;
};

static void put(struct world *w, bool udp, const char *at)
{
	struct kernel_socket *s = &w->row[w->sockets.count++];
	*s = (struct kernel_socket){ .udp = udp, .inode = w->sockets.count };
	assert_int_equal(addr_parse(slice_str(at), false, &s->at), 0);
	assert_int_equal(json_array_append_new(
				 w->inodes, json_integer((json_int_t)s->inode)),
			 0);
}

static int setup(void **state)
{
	static struct world w;
	memset(&w, 0, sizeof(w));
	w.sockets.row = w.row;
	w.rows = json_loads(ROWS, 0, NULL);
	w.inodes = json_array();
	w.rules = json_pack("{s:i,s:i,s:i}", "client", 5, "turn-udp-in", 0,
			    "rtp-udp-out", 1);
	put(&w, false, "[::]:443");
	put(&w, true, "192.0.2.1:3478");
	put(&w, true, "192.0.2.1:50007"); /* is allocated */
	*state = &w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	json_decref(w->rows);
	json_decref(w->inodes);
	json_decref(w->rules);
	return 0;
}

static json_t *verify(struct world *w)
{
	const struct verify_machine m = { &w->sockets, w->inodes, w->rules };
	return verify_rows(w->rows, &m);
}

static const json_t *row(const json_t *found, size_t i, const char *key)
{
	return json_object_get(
		json_array_get(json_object_get(found, "rows"), i), key);
}

static void test_fits(void **state)
{
	json_t *found = verify(*state);
	assert_true(json_is_true(json_object_get(found, "fits")));
	assert_true(json_is_true(row(found, 0, "listens")));
	assert_true(json_is_true(row(found, 0, "rule")));
	assert_int_equal(json_integer_value(row(found, 0, "packets")), 5);
	assert_true(json_is_null(row(found, 2, "listens"))); /* outwards */
	assert_int_equal(json_array_size(json_object_get(found, "uncovered")),
			 0);
	json_decref(found);
}

static void test_nothing_listens(void **state)
{
	struct world *w = *state;
	addr_set_port(&w->row[0].at, 444);
	json_t *found = verify(w);
	assert_true(json_is_false(json_object_get(found, "fits")));
	assert_true(json_is_false(row(found, 0, "listens")));
	assert_string_equal(json_string_value(json_array_get(
				    json_object_get(found, "uncovered"), 0)),
			    "TCP [::]:444");
	json_decref(found);
}

static void test_of_another_program(void **state)
{
	struct world *w = *state;
	json_array_remove(w->inodes, 0);
	json_t *found = verify(w);
	assert_true(json_is_false(row(found, 0, "listens")));
	assert_int_equal(json_array_size(json_object_get(found, "uncovered")),
			 0);
	json_decref(found);
}

static void test_rule_is_missing(void **state)
{
	struct world *w = *state;
	json_object_del(w->rules, "turn-udp-in");
	json_t *found = verify(w);
	assert_true(json_is_false(json_object_get(found, "fits")));
	assert_true(json_is_false(row(found, 1, "rule")));
	json_decref(found);
	json_object_clear(w->rules); /* none is loaded: another's firewall */
	found = verify(w);
	assert_true(json_is_true(json_object_get(found, "fits")));
	assert_true(json_is_null(row(found, 1, "rule")));
	assert_true(json_is_false(json_object_get(found, "rules")));
	json_decref(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_fits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_listens, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_of_another_program, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_rule_is_missing, setup,
						teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
