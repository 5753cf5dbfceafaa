/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resolver's engine: libunbound on our loop (pluggable event API), one
 * cache, validating. Only the resolver process uses it. It answers two
 * questions: the addresses of a host name, and where a SIP domain lives
 * (RFC 3263, for federation).
 */
#pragma once

#include "base/addr.h"
#include "loop/loop.h"

struct dns;

typedef uint64_t (*dns_random_fn)(void *arg);

struct dns_conf {
	const struct slice *servers; /* "192.0.2.53" or "192.0.2.53:5353"; none:
					/etc/resolv.conf as read at start */
	size_t server_count;
	struct slice trust_anchor; /* contents; empty: no validation */
	uint32_t timeout_ms;       /* of a whole question; 0: 5 000 */
	uint16_t avoid_first;      /* ports that no question leaves from: the */
	uint16_t avoid_last;       /* relay's range; 0: none */
	dns_random_fn random;      /* draws among weights; NULL: the system's */
	void *random_arg;
};

enum {
	DNS_ADDRESSES_MAX = 32,
	DNS_NAME_MAX = 253, /* characters, without the last dot */
	DNS_TARGETS_MAX = 32,
	DNS_TARGET_ADDRESSES_MAX = 16,
	DNS_TEXT_SIZE = DNS_NAME_MAX + 80,
};

/* Reads the system's files here and never again. -EINVAL: a server or the
 * trust anchor cannot be read. */
int dns_create(struct dns **out, struct loop *l, const struct dns_conf *conf);
void dns_free(struct dns *d); /* open questions are dropped unanswered */
enum dns_kind {
	DNS_FEDERATION, /* a SIP domain: _sipfederationtls._tcp SRV */
	DNS_CLIENTS,    /* a SIP domain, as its users look: _sip._tls SRV */
	DNS_HOST,       /* a host name or address literal, its own answer */
};

/* Where a SIP domain is looked for next, in this order, and only when a
 * record before says "there is none": failures never lead on. */
enum {
	DNS_TRY_NAPTR = 1 << 0, /* SIPS+D2T, to the SRV that it names */
	DNS_TRY_SIPS = 1 << 1,  /* _sips._tcp */
	DNS_TRY_TLS = 1 << 2,   /* _sip._tls */
};

enum dns_source {
	DNS_FROM_FEDERATION,
	DNS_FROM_NAPTR,
	DNS_FROM_SIPS,
	DNS_FROM_TLS,
	DNS_FROM_HOST,
};

struct dns_question {
	enum dns_kind kind;
	struct slice name;
	uint16_t port;       /* DNS_HOST; 0: 5061 */
	unsigned also_tries; /* DNS_FEDERATION; DNS_TRY_* bits */
};

struct dns_target {
	char name[DNS_NAME_MAX + 1]; /* lower case, no last dot */
	uint16_t port;
	uint16_t priority;
	uint16_t weight;
	bool secure; /* the records on the way to it, and its addresses */
	size_t count;
	struct addr addr[DNS_TARGET_ADDRESSES_MAX]; /* with the port; IPv6 and
						       IPv4 in turns */
};

struct dns_target_list {
	/* 0 (at least one address), -ENOENT (no SRV at all), -ENODATA (target
	 * ".": the service is decidedly not offered), -ETIMEDOUT, -EBADMSG
	 * (bogus, or no record that can be used), -EADDRNOTAVAIL (targets
	 * without any address), -EIO (the servers fail), -ENOMEM. */
	int error;
	enum dns_source source; /* the record that answered, or failed */
	uint32_t ttl_s;         /* the least; 30 .. 86 400 */
	bool secure;            /* everything that led here is validated */
	/* In the order to try (RFC 2782). Those without an address are listed
	 * too: a peer's certificate may be compared with them. */
	size_t count;
	const struct dns_target *target;
	const char *text; /* for people, when error; names the record */
};

typedef void (*dns_targets_fn)(void *arg, const struct dns_target_list *list);

/* fn is called once, never before return; the list lives until it returns. 0,
 * -EINVAL (no host name, no domain), -ENOBUFS (too many questions are open),
 * -ENOMEM. */
int dns_targets(struct dns *d, const struct dns_question *q, dns_targets_fn fn,
		void *arg);

/* Digests of certificates, of TLSA records (RFC 6698 2.1): what another
 * matching type than these two says was made SHA-256 of. */
enum { DNS_TLSA_MAX = 16, DNS_DIGEST_MAX = 64 };
struct dns_digest {
	uint8_t usage;    /* 0 .. 3 */
	uint8_t selector; /* 0 whole certificate, 1 public key */
	uint8_t len;      /* 32: SHA-256, 64: SHA-512 */
	uint8_t digest[DNS_DIGEST_MAX];
};
struct dns_digests {
	int error; /* 0, -ENOENT (none, or none that is validated), -ETIMEDOUT,
		      -EBADMSG (bogus), -EIO */
	uint32_t ttl_s; /* 30 .. 86 400 */
	size_t count;
	struct dns_digest digest[DNS_TLSA_MAX];
	const char *text; /* for people, when error */
};
typedef void (*dns_digests_fn)(void *arg, const struct dns_digests *found);

/* The TLSA records of a service, at _port._tcp.name; only what DNSSEC validates
 * counts. Calls and returns as dns_targets(). */
int dns_tlsa(struct dns *d, struct slice name, uint16_t port, dns_digests_fn fn,
	     void *arg);

/* The rule for SRV targets of a domain that is known by name only: is target a
 * host directly in the domain, one label longer? Last dots do not matter. */
bool dns_direct_child(struct slice domain, struct slice target);
