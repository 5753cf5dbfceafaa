/* SPDX-License-Identifier: Apache-2.0 */
/* host and hostport of RFC 3261 25.1 as corrected by RFC 5954. Private. */
#pragma once

#include "sip/scan.h"

struct sip_host {
	struct slice text; /* IPv6 without brackets */
	bool is_ip4;
	bool is_ip6;
	uint16_t port; /* 0: none */
};

/* host, without a port. */
void sip_scan_host(struct cur *c, struct sip_host *out);
/* ":" port if it is there; blanks: SWS is allowed around the colon. */
void sip_scan_port(struct cur *c, bool blanks, struct sip_host *out);
/* 1..65535 as digits; 0 when it is none. */
uint16_t sip_port(struct slice text);
bool sip_is_ip4(struct slice text);
/* Without brackets; also RFC 5118 4.10's three colons before an IPv4 tail.
 * out (64 bytes, may be NULL) gets the canonical text. */
bool sip_is_ip6(struct slice text, char *out);
/* hostname, not an address. */
bool sip_is_name(struct slice text);
