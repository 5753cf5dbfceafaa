/* SPDX-License-Identifier: Apache-2.0 */
/* A reserved port: for its user, once, for 30 seconds; the table comes back. */
#include "relay/reservation.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_reservation(void **state)
{
	struct reservations *v = calloc(1, reservations_bytes());
	struct relay_addr at = { .family = 4, .port = 50001 }, got;
	struct relay_addr other = { .family = 4, .port = 50003 };
	uint8_t token[RESERVATION_BYTES], wrong[RESERVATION_BYTES] = { 0 };
	(void)state;
	assert_non_null(v);
	assert_false(reservation_holds(v, &at, 5));
	assert_int_equal(reservation_make(v, &at, 7, 5, token), 0);
	assert_true(reservation_holds(v, &at, 5));
	assert_false(reservation_holds(v, &other, 5));
	assert_int_equal(reservation_take(v, 7, 6, wrong, &got), -ENOENT);
	assert_int_equal(reservation_take(v, 8, 6, token, &got), -ENOENT);
	assert_int_equal(reservation_take(v, 7, 6, token, &got), 0);
	assert_true(relay_addr_equal(&got, &at));
	assert_int_equal(reservation_take(v, 7, 6, token, &got), -ENOENT);
	assert_false(reservation_holds(v, &at, 6));
	/* its time */
	assert_int_equal(reservation_make(v, &at, 7, 10, token), 0);
	assert_true(reservation_holds(v, &at, 9 + RESERVATION_MS));
	assert_false(reservation_holds(v, &at, 10 + RESERVATION_MS));
	assert_int_equal(
		reservation_take(v, 7, 10 + RESERVATION_MS, token, &got),
		-ENOENT);
	/* full, and free again with time */
	int err = 0, made = 0;
	for (; made < 100000 && !err; made += !err)
		err = reservation_make(v, &at, 7, 50000, token);
	assert_int_equal(err, -ENOBUFS);
	assert_true(made >= 1000);
	assert_int_equal(
		reservation_make(v, &at, 7, 50000 + RESERVATION_MS, token), 0);
	free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reservation),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
