/* SPDX-License-Identifier: Apache-2.0 */
/* Who was here before says so in the first bytes: a hello with a ticket of
 * ours (NET-05). Private to net/. */
#pragma once

#include "net/tls_ticket.h"

/* The most of a hello that is looked at; bytes. */
enum { TLS_RETURN_BYTES = 4096 };

/* hello: the first bytes of a connection, not judged yet. Does it carry a
 * ticket (RFC 5077, or as a key of RFC 8446 4.2.11) that was sealed under one
 * of these keys? What is cut short or no hello is none. */
bool tls_return_has(const struct tls_tickets *t, struct slice hello);
