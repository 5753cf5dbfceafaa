/* SPDX-License-Identifier: Apache-2.0 */
/* SRV records (RFC 2782) and their order. Pure; private to the directory. */
#pragma once

#include "dns/dns.h"
#include "dns/dns_message.h"

struct dns_srv {
	uint16_t priority;
	uint16_t weight;
	uint16_t port;
	char target[DNS_NAME_MAX + 1]; /* "." means "not offered" */
};

/* 0, -EBADMSG (damaged), -EINVAL (port 0, or the target is no host name). */
int dns_srv_read(const struct dns_record *r, struct dns_srv *out);
bool dns_srv_is_refusal(const struct dns_srv *s);
/*
 * Puts what is to be tried first into the first `want` places and returns how
 * many that are: lowest priority first; among equals each next one is drawn
 * with a chance that is its share of the weights, zero being next to none. What
 * names a target and port once more is left out. The rest of the array is left
 * in no order.
 */
size_t dns_srv_order(struct dns_srv *s, size_t count, size_t want,
		     dns_random_fn random, void *random_arg);
