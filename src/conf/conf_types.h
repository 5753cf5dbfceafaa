/* SPDX-License-Identifier: Apache-2.0 */
/* What the fields of struct conf are made of: values that remember their line,
 * and the entries of lists. conf.h includes it. */
#pragma once

#include "base/addr.h"

/* Contents of a file that a key names. */
struct conf_file {
	struct slice path;
	struct slice content; /* empty in snapshots for roles without need */
	uint32_t line;        /* where it is named; 0 in snapshots */
};

struct conf_addr {
	struct slice text;
	struct addr addr;
	uint32_t line; /* of a default: that of its section */
};

/* A server inside that we send to. */
struct conf_hop {
	struct slice text;
	struct slice host; /* canonical name; empty: an address */
	struct addr addr;  /* when host is empty: where, with the port */
	uint16_t port;     /* of host; 0: found by SRV */
	uint32_t line;
};

/* How a peer proves itself; 0 in kind and usage: as for all. */
enum conf_proof_kind {
	CONF_PROOF_DEFAULT,
	CONF_PROOF_PKI,
	CONF_PROOF_PIN,
	CONF_PROOF_DANE,
	CONF_PROOF_DANE_OR_PKI
};
enum conf_usage {
	CONF_USAGE_DEFAULT,
	CONF_USAGE_ANY,
	CONF_USAGE_CLIENT,
	CONF_USAGE_SERVER,
	CONF_USAGE_SIP
};
struct conf_proof {
	uint8_t kind;       /* enum conf_proof_kind */
	uint8_t usage;      /* enum conf_usage */
	struct slice *pins; /* 64 hexadecimal digits each, lower case */
	size_t pin_count;
};

struct conf_partner {
	struct slice domain;           /* canonical */
	struct slice edge;             /* FQDN; empty: found by SRV */
	struct slice address;          /* ip:port to dial */
	struct slice *allow_addresses; /* prefixes */
	size_t allow_count;
	uint32_t connections;
	uint8_t verification; /* enum conf_verification */
	struct conf_proof proof;
	uint32_t line;
};

/* One more certificate of ours, for the names in it. */
struct conf_certificate {
	struct conf_file certificate;
	struct conf_file key; /* edge only */
	uint32_t line;
};

enum conf_xdp { CONF_XDP_OFF, CONF_XDP_AUTO, CONF_XDP_ON };

struct conf_relay_user {
	struct slice name;
	struct slice password; /* relay only */
	uint32_t line;
};

struct conf_block {
	struct slice domain; /* canonical */
	uint8_t subdomains;
	uint32_t line;
};

enum conf_verification {
	CONF_CONTACTS,
	CONF_ALWAYS,
	CONF_SOURCE,
	CONF_SOURCE_STRICT
};

enum conf_kind { CONF_PUBLIC, CONF_HOSTING, CONF_XMPP };

struct conf_provider {
	struct slice name;
	struct slice edge; /* FQDN */
	struct slice *domains;
	size_t domain_count;
	struct slice address;
	uint8_t kind, audio_video, enabled; /* enum conf_kind */
	uint8_t shared, forwards, transit;  /* has users of our domains */
	uint8_t verification;               /* enum conf_verification */
	struct slice ends;                  /* date; empty: never */
	struct slice *kept;
	size_t kept_count;
	struct slice successor;
	uint8_t succeeded; /* after the end: goes there */
	struct conf_proof proof;
	struct slice decoration; /* domain; empty: none */
	struct slice *plain;
	size_t plain_count;
	uint32_t line;
};

/* What users may do; in entries for some users also: as said elsewhere. */
enum conf_may { CONF_INHERIT, CONF_MAY_NOT, CONF_MAY };
struct conf_gates {
	uint8_t federation, public_im, public_av, outside, xmpp; /* conf_may */
};

struct conf_policy {
	struct slice group; /* empty: for each of these users alone */
	struct slice *users;
	size_t user_count;
	struct conf_gates gates;
	uint32_t line;
};
