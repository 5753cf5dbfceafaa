/* SPDX-License-Identifier: Apache-2.0 */
/* Rows held against sockets: the table says what is listening, no more and no
 * less. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ports/ports.h"

static bool wildcard(const struct addr *a)
{
	return !a->u.sa.sa_family || addr_is_any(a);
}

/* A wildcard is one for both families: so rows have it. */
static bool same_host(const struct addr *a, const struct addr *b)
{
	if (wildcard(a) || wildcard(b))
		return wildcard(a) && wildcard(b);
	return addr_same_host(a, b);
}

static bool is_range(const struct ports_row *r)
{
	return r->port.first != r->port.last;
}

/* A row lets a packet to the socket in. */
static bool lets_in(const struct ports_row *r, const struct ports_socket *s)
{
	uint16_t port = addr_port(&s->at);
	if (!r->inward || r->transport != s->transport ||
	    port < r->port.first || port > r->port.last)
		return false;
	return is_range(r) || same_host(&r->ours, &s->at);
}

static bool same_socket(const struct ports_socket *a,
			const struct ports_socket *b)
{
	return a->transport == b->transport &&
	       addr_port(&a->at) == addr_port(&b->at) &&
	       same_host(&a->at, &b->at);
}

/* As many rows as there are sockets of that address and port: one for
 * 0.0.0.0 and one for [::]. */
static int one_row(const struct ports_table *t, const struct ports_socket *s,
		   size_t count, size_t which, char *error)
{
	char text[ADDR_TEXT_MAX];
	const char *first = NULL, *last = NULL;
	size_t rows = 0, sockets = 0;
	for (size_t i = 0; i < t->count; i++) {
		if (!lets_in(&t->row[i], &s[which]))
			continue;
		first = rows++ ? first : t->row[i].id;
		last = t->row[i].id;
	}
	for (size_t i = 0; i < count; i++)
		sockets += same_socket(&s[i], &s[which]);
	if (rows == sockets)
		return 0;
	addr_text(&s[which].at, text);
	if (!rows)
		snprintf(error, PORTS_ERROR_MAX,
			 "%s: no row of the port table lets anybody reach %s",
			 s[which].key, text);
	else
		snprintf(error, PORTS_ERROR_MAX,
			 "%s: %s is in the rows %s and %s of the port table; "
			 "choose a port of its own for it",
			 s[which].key, text, first, last);
	return -EINVAL;
}

static bool listens(const struct ports_row *r, const struct ports_socket *s,
		    size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (lets_in(r, &s[i]))
			return true;
	return false;
}

int ports_covered(const struct ports_table *t, const struct ports_socket *s,
		  size_t count, char error[static PORTS_ERROR_MAX])
{
	for (size_t i = 0; i < count; i++) {
		int err = one_row(t, s, count, i, error);
		if (err)
			return err;
	}
	for (size_t i = 0; i < t->count; i++) {
		const struct ports_row *r = &t->row[i];
		if (!r->inward || is_range(r) || listens(r, s, count))
			continue;
		snprintf(error, PORTS_ERROR_MAX,
			 "row %s of the port table promises port %u, and "
			 "nothing listens there",
			 r->id, r->port.first);
		return -EINVAL;
	}
	return 0;
}
