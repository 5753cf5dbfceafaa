/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second port of a pair waits 30 seconds for who asked for it (RFC 8656
 * 7.2). Few stand at a time: a list is enough. Its holder is the user, so that
 * a guessed token is worth nothing.
 */
#include <errno.h>
#include <stdlib.h>

#include "relay/relay_int.h"

enum { RESERVATIONS_MAX = 1024 };

struct reservation {
	struct list node;
	struct relay_port *port;
	uint64_t user;
	uint8_t token[RESERVATION_BYTES];
	struct timer timer;
};

static void drop(struct reservation *v)
{
	timer_stop(&v->timer);
	list_remove(&v->node);
	port_close(v->port);
	free(v);
}

static void on_expired(struct timer *t, void *arg)
{
	(void)t;
	drop(arg);
}

static size_t length(const struct list *head)
{
	size_t n = 0;
	for (const struct list *it = head->next; it != head; it = it->next)
		n++;
	return n;
}

int reservation_make(struct relay *r, struct relay_port *port, uint64_t user,
		     uint8_t token[static RESERVATION_BYTES])
{
	if (length(&r->reservations) >= RESERVATIONS_MAX)
		return -ENOBUFS;
	struct reservation *v = calloc(1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	int err = crypto_random(v->token, sizeof(v->token));
	if (err) {
		free(v);
		return err;
	}
	v->port = port;
	v->user = user;
	memcpy(token, v->token, sizeof(v->token));
	list_push_back(&r->reservations, &v->node);
	timer_init(&v->timer, r->timers, on_expired, v);
	timer_start(&v->timer, RESERVATION_MS);
	return 0;
}

struct relay_port *reservation_take(
	struct relay *r, uint64_t user,
	const uint8_t token[static RESERVATION_BYTES])
{
	LIST_EACH (it, tmp, &r->reservations) {
		struct reservation *v =
			container_of(it, struct reservation, node);
		if (v->user != user ||
		    !crypto_equal(slice_of(v->token, sizeof(v->token)),
				  slice_of(token, RESERVATION_BYTES)))
			continue;
		struct relay_port *port = v->port;
		v->port = NULL;
		drop(v);
		return port;
	}
	return NULL;
}

void reservations_drop(struct relay *r)
{
	LIST_EACH (it, tmp, &r->reservations)
		drop(container_of(it, struct reservation, node));
}
