/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration: one schema table (conf/schema.c) gives types, ranges,
 * defaults, documentation, the check, the sealed snapshot and the manual page
 * sallyport.yaml(5). A snapshot is immutable and swapped whole.
 *
 *   conf_load()    YAML text and the files it names -> struct conf
 *   conf_encode()  struct conf -> bytes for some roles (secrets left out for
 *                  roles that must not have them)
 *   conf_decode()  bytes -> struct conf, in any process, without YAML
 *
 * Every value remembers its line. Errors read
 * "file:line: what is wrong and what would be right".
 */
#pragma once

#include "base/addr.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "conf/conf_types.h"

struct conf {
	uint32_t generation;
	struct {
		struct slice name;
		struct slice *domains;
		size_t domain_count;
	} edge;
	struct slice state;   /* folder */
	struct slice control; /* socket path */
	struct {
		struct conf_addr *listen; /* HTTP, on loopback only */
		size_t listen_count;
		uint8_t trace_bodies;
	} admin;
	struct {
		struct conf_file certificate;
		struct conf_file key; /* edge only */
		struct conf_file
			trust; /* "system" is the distribution's bundle */
		struct conf_file crl;
		struct conf_certificate *certificates;
		size_t certificate_count;
		bool accept_server_usage;
	} tls;
	struct {
		bool builtin;      /* all else is for a server inside */
		struct slice name; /* empty: edge.name */
		struct conf_addr *listen;
		size_t listen_count;
		struct conf_hop *next_hop;
		size_t next_hop_count;
		struct slice *peers;
		size_t peer_count;
		struct slice *trusted_link; /* prefixes */
		size_t trusted_link_count;
		uint32_t health_s;
		/* empty: those of tls */
		struct conf_file certificate, key, trust;
	} inside;
	struct {
		struct {
			struct conf_addr *listen;
			size_t listen_count;
		} federation;
		struct {
			struct conf_addr *listen;
			size_t listen_count;
			struct slice *origins; /* names of web sites */
			size_t origin_count;
			struct slice *balancers; /* prefixes */
			size_t balancer_count;
		} clients;
		struct {
			uint8_t on;
			uint8_t verification; /* enum conf_verification */
			uint32_t rate, addresses;
			struct slice *allow_addresses; /* prefixes */
			size_t allow_count;
		} discovery;
		struct conf_proof proof; /* of who has no other */
		struct {
			struct slice edge; /* FQDN; empty: none */
			struct slice address;
		} default_route;
	} access;
	struct conf_partner *partners;
	size_t partner_count;
	struct conf_block *blocked;
	size_t blocked_count;
	struct conf_provider *providers;
	size_t provider_count;
	struct conf_gates policy; /* of everybody */
	struct conf_policy *policies;
	size_t policy_count;
	struct {
		struct conf_addr *listen; /* none: there is no relay */
		size_t listen_count;
		uint32_t range; /* first port << 16 | last port */
		struct conf_addr *tls_listen;
		size_t tls_listen_count;
		struct conf_addr *alternate, *discovery;
		size_t alternate_count, discovery_count; /* 0 or 2 */
		uint8_t dtls;
		uint8_t wide_channels;
		uint8_t mobility, messenger, sip_passwords;
		uint8_t xdp;                   /* enum conf_xdp */
		struct slice realm;            /* empty: edge.name */
		struct slice public4, public6; /* addresses without port */
		uint32_t credential_life_s;
		struct slice av_partners; /* kinds; empty: found by itself */
		struct conf_relay_user *users;
		size_t user_count;
		struct slice *allow_peers; /* prefixes */
		size_t allow_peer_count;
		struct slice *deny_peers;
		size_t deny_peer_count;
		struct {
			uint32_t allocations_per_user;
			uint32_t allocations_per_source;
			uint32_t allocations;
		} quota;
		struct {
			uint32_t per_port_kbit, per_user_kbit;
			uint32_t per_source_kbit, total_kbit;
		} bandwidth;
	} relay;
	uint32_t workers;  /* auto is already a number */
	struct slice user; /* account, or first number of a range; or empty */
	struct {
		uint8_t level;  /* enum log_level */
		uint8_t format; /* enum log_format */
	} log;
	struct {
		struct conf_addr *servers;
		size_t server_count;
		struct conf_file trust_anchor;
	} dns;
	struct {
		uint32_t unauthenticated_per_source;
		uint32_t new_per_source;
		uint32_t transactions;
		uint32_t drain_s;
		uint32_t request_timeout_s;
	} limits;
	struct {
		uint8_t client;
	} web;
	struct {
		uint32_t expires_min_s, expires_default_s, expires_max_s;
		uint32_t contacts_per_user;
		uint8_t digest_md5; /* enum home_md5 */
		uint32_t stored_days;
		uint32_t stored_per_user, stored_mib_per_user;
		uint32_t stored_per_sender, stored_mib_per_sender;
		uint32_t stored_mib;
		uint8_t presence_outside; /* enum presence_strangers */
		uint32_t presence_min_s, presence_max_s;
		uint32_t subscriptions_per_user, watchers_per_user;
		uint32_t publications_per_user, publish_per_second;
		uint32_t notify_interval_ms, list_addresses;
	} home;
};

/* How conf_load() gets the files that keys name. 0 and the descriptor, which
 * conf_load() closes, or -E... . */
typedef int (*conf_open_fn)(void *arg, const char *path, int *fd);
int conf_open_direct(void *arg, const char *path, int *fd); /* open(2) */

struct conf_load {
	const char *path;  /* of the YAML file, for messages */
	struct slice text; /* its content */
	conf_open_fn open;
	void *open_arg;
	uint32_t cpus; /* what workers: auto becomes */
};

enum { CONF_ERROR_MAX = 1024 };

/* *out lives in the arena (a large file needs 32 MiB). 0 or -EINVAL with error
 * set (one line, no LF); being out of memory is such an error too. warnings:
 * lines to log, may be NULL. The generation is 0: the caller numbers it. */
int conf_load(struct arena *a, const struct conf_load *load,
	      const struct conf **out, char error[static CONF_ERROR_MAX],
	      struct buf *warnings);
/* roles: bits 1 << enum proc_role of those who will read it. The content of a
 * file is in when one of them needs it, so encode for each role by itself; the
 * private key is for PROC_EDGE, and for relays that end TLS. Sticky error in
 * out. */
enum { CONF_FOR_RELAY_TLS = 1 << 8 };
void conf_encode(struct buf *out, const struct conf *c, uint32_t roles);
/* Slices borrow from bytes, arrays live in the arena. 0, -EBADMSG (malformed,
 * or written by another version) or -ENOMEM. Every value is checked again. */
int conf_decode(struct arena *a, struct slice bytes, const struct conf **out);
/* sallyport.yaml(5) in roff. */
void conf_manual(struct buf *out);
/* A whole file with every key, its default or an example, and comments. */
void conf_example(struct buf *out);
