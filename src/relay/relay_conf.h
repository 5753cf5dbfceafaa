/* SPDX-License-Identifier: Apache-2.0 */
/* What a relay process is configured with. */
#pragma once

#include "base/addr.h"
#include "net/tls_conf.h"

enum {
	RELAY_REALM_MAX = 32,
	RELAY_PERMISSIONS = 64,
	RELAY_CHANNELS = 64,
	RELAY_LIFETIME_S = 600,
	RELAY_LIFETIME_MAX_S = 3600,
};

/* What allocations share. A source is an IPv4 address or an IPv6 /64. */
enum relay_share { RELAY_OF_USER, RELAY_OF_SOURCE, RELAY_OF_ALL, RELAY_SHARES };

/* A static user: devices and tests. */
struct relay_user {
	struct slice name;
	struct slice password;
};

/* Borrowed by the engine until the next relay_configure(). */
struct relay_conf {
	const struct net_tls_conf *tls; /* NULL: TLS is not ended here */
	bool dtls;                      /* where there is tls */
	struct slice realm;  /* 1 to 32 bytes: a challenge stays small */
	uint16_t port_first; /* relay ports, both inclusive */
	uint16_t port_last;
	struct addr relay[2];  /* IPv4, IPv6: where relay ports are when the
				  client came by the other family; unset: that
				  family is not offered */
	struct addr public[2]; /* told instead of our own address; unset: that
				  one */
	struct addr alternate[2]; /* IPv4, IPv6: where new clients are sent
				     while this one drains; unset: nowhere */
	struct addr discovery[2]; /* with two addresses and two ports, all four
				     ways to join them: RFC 5780; unset: not
				     here */
	const struct addr *own;   /* all addresses of this machine */
	size_t own_count;
	const struct addr_prefix *allow; /* peers allowed against the rules */
	size_t allow_count;
	const struct addr_prefix *deny;
	size_t deny_count;
	const struct relay_user *users;
	size_t user_count;
	uint32_t per_user;        /* allocations; 0: no limit */
	uint32_t per_source;      /* of an IPv4 address or an IPv6 /64 */
	uint32_t total;           /* in all processes */
	uint32_t permissions_max; /* of an allocation */
	uint32_t channels_max;
	uint32_t port_kbit; /* each way, of an allocation; 0: no cap */
	uint32_t shared_kbit[RELAY_SHARES]; /* both ways, of all allocations
					       together */
	uint32_t lifetime_default_s;
	uint32_t lifetime_max_s;
	bool wide_channels; /* numbers up to 0x7FFF: clients of RFC 5766 */
	bool mobility;      /* clients may change their address: RFC 8016 */
	bool messenger;     /* the short-term form of MS-TURN */
	bool home_users;    /* the built-in home's may use their password */
};
