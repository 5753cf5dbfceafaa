/* SPDX-License-Identifier: Apache-2.0 */
/* Receiving in batches: what is pointed into stays until it was sent, trains
 * are taken apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "relay/relay_io_int.h"

struct world {
	struct relay_io io;
	int fd[2];
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, w->fd), 0);
	assert_int_equal(batch_open(&w->io.in), 0);
	w->io.out = calloc(1, sizeof(*w->io.out));
	assert_non_null(w->io.out);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	batch_free(w->io.in);
	free(w->io.out);
	close(w->fd[0]);
	close(w->fd[1]);
	free(w);
	return 0;
}

static void put(struct world *w, const char *text)
{
	assert_int_equal(send(w->fd[0], text, strlen(text), 0), strlen(text));
}

/* A socket that has few packets leaves the rest of the batch to the next. */
static void test_a_batch_is_shared(void **state)
{
	struct world *w = *state;
	struct relay_packet p[3];
	const char *text[3] = { "one", "second", "3" };
	for (size_t i = 0; i < 3; i++) {
		struct received r;
		put(w, text[i]);
		int n = batch_receive(&w->io, w->fd[1]);
		assert_int_equal(n, 1);
		assert_false(batch_more(&w->io, n));
		batch_message(&w->io, 0, &r);
		assert_true(r.whole);
		assert_true(batch_packet(&r, &p[i]));
		assert_false(batch_packet(&r, &p[i]));
	}
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(p[i].len, strlen(text[i]));
		assert_memory_equal(p[i].ptr, text[i], p[i].len);
	}
	batch_done(&w->io);
	assert_int_equal(w->io.in->used, 0);
}

/* With little room left everything begins anew; a full batch says so. */
static void test_room(void **state)
{
	struct world *w = *state;
	for (int i = 0; i < BATCH - 4; i++) {
		put(w, "x");
		assert_int_equal(batch_receive(&w->io, w->fd[1]), 1);
	}
	/* the loop above began anew once, when fewer than 8 were left */
	assert_int_equal(w->io.in->used, BATCH - 4 - (BATCH - 7));
	batch_done(&w->io);
	assert_int_equal(batch_receive(&w->io, w->fd[1]), -1);
	assert_false(batch_more(&w->io, -1));
}

/* An empty datagram is a packet. */
static void test_empty(void **state)
{
	struct world *w = *state;
	struct received r;
	struct relay_packet p;
	assert_int_equal(send(w->fd[0], "", 0, 0), 0);
	assert_int_equal(batch_receive(&w->io, w->fd[1]), 1);
	batch_message(&w->io, 0, &r);
	assert_true(batch_packet(&r, &p));
	assert_int_equal(p.len, 0);
	assert_false(batch_packet(&r, &p));
}

static void test_train(void **state)
{
	struct world *w = *state;
	static const struct {
		size_t whole, each, count, last;
	} rows[] = {
		{ 300, 100, 3, 100 },
		{ 301, 100, 4, 1 },
		{ 199, 100, 2, 99 },
		{ 64, 1, 64, 1 },
	};
	uint8_t bytes[512];
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct received r = { .next = bytes,
				      .left = rows[i].whole,
				      .marks = { .train = rows[i].each,
						 .ttl = 9 } };
		struct relay_packet p[64], one;
		size_t n = 0;
		while (batch_packet(&r, &one)) {
			assert_true(n < 64);
			assert_true(batch_apart(&w->io, &one));
			/* what is written around it spoils no other */
			memset(one.ptr - RELAY_HEADROOM, 0xee, RELAY_HEADROOM);
			memset(one.ptr + one.len, 0xee, RELAY_TAILROOM);
			p[n++] = one;
		}
		assert_int_equal(n, rows[i].count);
		assert_int_equal(p[n - 1].len, rows[i].last);
		for (size_t k = 0; k < n; k++) {
			assert_int_equal(p[k].ttl, 9);
			assert_memory_equal(p[k].ptr, bytes + k * rows[i].each,
					    p[k].len);
		}
		batch_done(&w->io);
	}
}

/* More than there is room for: what came first was sent by then. */
static void test_many_trains(void **state)
{
	struct world *w = *state;
	uint8_t *bytes = calloc(1, PACKET_MAX);
	assert_non_null(bytes);
	for (int i = 0; i < 5; i++) {
		struct relay_packet p = { .ptr = bytes, .len = PACKET_MAX };
		bytes[PACKET_MAX - 1] = (uint8_t)i;
		assert_true(batch_apart(&w->io, &p));
		assert_int_equal(p.ptr[PACKET_MAX - 1], i);
	}
	free(bytes);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_batch_is_shared),
		TEST(test_room),
		TEST(test_empty),
		TEST(test_train),
		TEST(test_many_trains),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
