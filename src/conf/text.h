/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to conf/: what the text of a value must look like. Each returns NULL
 * when it is right, else the sentence that follows "'value' ". Used for the
 * file and again for snapshots.
 */
#pragma once

#include "base/addr.h"
#include "conf/schema.h"

enum { CONF_DOMAIN_SIZE = 256 };

/* Canonical in out, terminated: lower case, no final dot. */
const char *conf_text_domain(struct slice text,
			     char out[static CONF_DOMAIN_SIZE]);
const char *conf_text_path(struct slice text, size_t max);
const char *conf_text_user(struct slice text);
/* CONF_HOPS: a name with or without a port, or an address with one. */
struct conf_text_hop {
	char host[CONF_DOMAIN_SIZE]; /* canonical name; "": addr */
	uint16_t port;               /* of the name; 0: none */
	struct addr addr;
};
const char *conf_text_hop(struct slice text, struct conf_text_hop *out);
/* CONF_ADDR, CONF_ADDRS and CONF_SERVERS. */
const char *conf_text_addr(enum conf_type type, struct slice text,
			   struct addr *out);
/* 1 to max bytes of UTF-8 without control characters. */
const char *conf_text_plain(struct slice text, size_t max);
/* "50000-59999": first << 16 | last. */
const char *conf_text_range(struct slice text, uint32_t *out);
/* An address without a port. */
const char *conf_text_ip(struct slice text, struct addr *out);
/* CONF_WORD */
const char *conf_text_word(struct slice text);
/* SHA-256, hexadecimal, with or without colons; out gets it in lower case. */
enum { CONF_PIN_SIZE = 65 }; /* with NUL */
const char *conf_text_pin(struct slice text, char out[static CONF_PIN_SIZE]);
/* CONF_DATE: its first second in UTC, since 1970. */
const char *conf_text_date(struct slice text, uint64_t *out);
enum { CONF_AOR_SIZE = 512 };
/* Canonical in out, terminated. */
const char *conf_text_aor(struct slice text, char out[static CONF_AOR_SIZE]);
const char *conf_text_prefix(struct slice text, struct addr_prefix *out);
