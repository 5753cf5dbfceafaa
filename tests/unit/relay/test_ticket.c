/* SPDX-License-Identifier: Apache-2.0 */
/* Tickets: what goes in comes out, in any process with the same key; any other
 * text is none (TURN-15). */
#include "relay/ticket.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state)
{
	struct hasher *h = NULL;
	int err = hasher_create(&h);
	*state = h;
	return err;
}

static int teardown(void **state)
{
	hasher_free(*state);
	return 0;
}

static void make(struct hasher *h, const char *shared, const struct ticket *t,
		 char text[static TICKET_TEXT + 1])
{
	uint8_t keys[TICKET_KEY_BYTES];
	assert_int_equal(ticket_keys(slice_str(shared), keys), 0);
	assert_int_equal(ticket_seal(h, keys, t, text), 0);
	text[TICKET_TEXT] = '\0';
}

static int opened(struct hasher *h, const char *shared, struct slice text,
		  struct ticket *t)
{
	uint8_t keys[TICKET_KEY_BYTES];
	assert_int_equal(ticket_keys(slice_str(shared), keys), 0);
	return ticket_open(h, keys, text, t);
}

static const struct ticket one = {
	.column = 63, .id = 0xfedcba9876, .life = 0xdeadbeef, .moves = 65535
};

static void test_round(void **state)
{
	char text[TICKET_TEXT + 1];
	struct ticket t;
	make(*state, "shared", &one, text);
	assert_int_equal(opened(*state, "shared", slice_str(text), &t), 0);
	assert_int_equal(t.column, one.column);
	assert_int_equal(t.id, one.id);
	assert_int_equal(t.life, one.life);
	assert_int_equal(t.moves, one.moves);
}

static void test_no_other_text(void **state)
{
	char text[TICKET_TEXT + 1], other[TICKET_TEXT + 1];
	struct ticket t;
	make(*state, "shared", &one, text);
	assert_int_equal(opened(*state, "another", slice_str(text), &t),
			 -EINVAL);
	for (size_t i = 0; i < TICKET_TEXT; i++) {
		memcpy(other, text, sizeof(other));
		other[i] = other[i] == 'A' ? 'B' : 'A';
		assert_int_equal(opened(*state, "shared", slice_str(other), &t),
				 -EINVAL);
		assert_int_equal(
			opened(*state, "shared", slice_of(text, i), &t),
			-EINVAL);
	}
	assert_int_equal(
		opened(*state, "shared", slice_of(text, sizeof(text)), &t),
		-EINVAL);
}

/* The next one tells nothing of itself: most characters are others. */
static void test_hidden(void **state)
{
	char first[TICKET_TEXT + 1], second[TICKET_TEXT + 1];
	struct ticket t = one;
	size_t same = 0;
	make(*state, "shared", &one, first);
	t.moves = 0;
	make(*state, "shared", &t, second);
	for (size_t i = 0; i < TICKET_TEXT; i++)
		same += first[i] == second[i];
	assert_in_range(same, 0, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_no_other_text),
		cmocka_unit_test(test_hidden),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
