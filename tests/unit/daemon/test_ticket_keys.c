/* SPDX-License-Identifier: Apache-2.0 */
/* TLS-04: a new key each hour, the one before it stays, none lives longer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/ticket_keys.h"

static void a_new_key_each_hour(void **state)
{
	struct ticket_keys k = { .len = 0 };
	uint8_t first[NET_TICKET_KEY_BYTES], second[NET_TICKET_KEY_BYTES];
	const uint64_t start = 12345;
	(void)state;

	assert_true(ticket_keys_rotate(&k, start));
	assert_int_equal(ticket_keys_ring(&k).len, NET_TICKET_KEY_BYTES);
	memcpy(first, k.ring, sizeof(first));
	assert_false(ticket_keys_rotate(&k, start + TICKET_KEYS_HOUR_MS - 1));
	assert_memory_equal(k.ring, first, sizeof(first));

	assert_true(ticket_keys_rotate(&k, start + TICKET_KEYS_HOUR_MS));
	assert_int_equal(ticket_keys_ring(&k).len, 2 * NET_TICKET_KEY_BYTES);
	memcpy(second, k.ring, sizeof(second));
	assert_memory_not_equal(second, first, sizeof(first));
	assert_memory_equal(k.ring + sizeof(second), first, sizeof(first));

	assert_true(ticket_keys_rotate(&k, start + 3 * TICKET_KEYS_HOUR_MS));
	assert_null(memmem(k.ring, sizeof(k.ring), first, sizeof(first)));
	assert_memory_equal(k.ring + sizeof(second), second, sizeof(second));

	ticket_keys_wipe(&k);
	assert_int_equal(ticket_keys_ring(&k).len, 0);
	assert_null(memmem(&k, sizeof(k), second, sizeof(second)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_key_each_hour),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
