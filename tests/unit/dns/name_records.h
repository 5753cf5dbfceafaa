/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the small name server of the tests says: hosts are known by their first
 * label, services by the label of their domain; what is not known has
 * addresses, and no services.
 */
#pragma once

#include "base/buf.h"

enum { A = 1, CNAME = 5, AAAA = 28, SRV = 33, NAPTR = 35 };

struct rule {
	const char *label;
	int v4, v6; /* addresses; -1: silence */
	int rcode;
	uint32_t ttl_s;
	bool alias;
	bool forged_first;
	bool cut; /* truncated: ask by TCP, where nobody listens */
};

static const struct rule rules[] = {
	{ .label = "both", .v4 = 2, .v6 = 3, .ttl_s = 300 },
	{ .label = "four", .v4 = 1, .ttl_s = 300 },
	{ .label = "six", .v6 = 1, .ttl_s = 300 },
	{ .label = "none", .ttl_s = 300 },
	{ .label = "nx", .rcode = 3 },
	{ .label = "fail", .rcode = 2 },
	{ .label = "refuse", .rcode = 5 },
	{ .label = "silent", .v4 = -1, .v6 = -1 },
	{ .label = "half", .v4 = 1, .v6 = -1, .ttl_s = 300 },
	{ .label = "many", .v4 = 40, .v6 = 40, .ttl_s = 300 },
	{ .label = "short", .v4 = 1, .v6 = 1, .ttl_s = 0 },
	{ .label = "long", .v4 = 1, .v6 = 1, .ttl_s = 1000000 },
	{ .label = "alias", .v4 = 1, .v6 = 1, .ttl_s = 300, .alias = true },
	{ .label = "real", .v4 = 1, .v6 = 1, .ttl_s = 300 },
	{ .label = "forged", .v4 = 1, .ttl_s = 300, .forged_first = true },
	{ .label = "cut", .v4 = 1, .v6 = 1, .ttl_s = 300, .cut = true },
};

/* One record of a domain: an SRV, or a NAPTR when it has flags. */
struct service {
	const char *label;   /* of the domain */
	const char *service; /* the first label; for NAPTR "" */
	const char *target;  /* of the SRV, or the replacement */
	uint16_t priority;   /* order */
	uint16_t weight;     /* preference */
	uint16_t port;
	uint32_t ttl_s; /* 0: 300 */
	const char *flags;
	const char *naptr;
	const char *regexp;
};

static inline void put_label_and_rest(struct buf *b, const char *label)
{
	buf_u8(b, (uint8_t)strlen(label));
	buf_str(b, label);
	buf_u16(b, 0xc00c + 1 + b->ptr[12]); /* and the rest of the question */
}

/* "a.b.example", uncompressed; "." and "" are the root; '!' stands for a byte
 * that no name has. */
static inline void put_name(struct buf *b, const char *name)
{
	while (*name && strcmp(name, ".")) {
		size_t len = strcspn(name, ".");
		buf_u8(b, (uint8_t)len);
		for (size_t i = 0; i < len; i++)
			buf_u8(b, name[i] == '!' ? 0 : (uint8_t)name[i]);
		name += len + (name[len] == '.');
	}
	buf_u8(b, 0);
}

static inline void put_address(struct buf *b, uint16_t type, uint32_t ttl_s,
			       int n)
{
	buf_u16(b, type);
	buf_u16(b, 1);
	buf_u32(b, ttl_s);
	if (type == A) {
		buf_u16(b, 4);
		buf_u32(b, 0xc0000200 + (uint32_t)n); /* 192.0.2.n */
	} else {
		buf_u16(b, 16);
		buf_u64(b, UINT64_C(0x20010db800000000));
		buf_u64(b, (uint64_t)n);
	}
}

static inline void put_addresses(struct buf *b, const struct rule *r,
				 uint16_t type, int count)
{
	if (r->alias) {
		buf_u16(b, 0xc00c);
		buf_u16(b, CNAME);
		buf_u16(b, 1);
		buf_u32(b, r->ttl_s);
		buf_u16(b, 2 + 1 + 4);
		put_label_and_rest(b, "real");
	}
	for (int n = 1; n <= count; n++) {
		if (r->alias)
			put_label_and_rest(b, "real");
		else
			buf_u16(b, 0xc00c);
		put_address(b, type, r->ttl_s, n);
	}
}

static inline void put_string(struct buf *b, const char *s)
{
	buf_u8(b, (uint8_t)strlen(s));
	buf_str(b, s);
}

static inline void put_service(struct buf *b, const struct service *s)
{
	buf_u16(b, 0xc00c);
	buf_u16(b, s->flags ? NAPTR : SRV);
	buf_u16(b, 1);
	buf_u32(b, s->ttl_s ? s->ttl_s : 300);
	size_t at = b->len;
	buf_u16(b, 0);
	buf_u16(b, s->priority);
	buf_u16(b, s->weight);
	if (s->flags) {
		put_string(b, s->flags);
		put_string(b, s->naptr);
		put_string(b, s->regexp ? s->regexp : "");
	} else {
		buf_u16(b, s->port);
	}
	put_name(b, s->target);
	if (buf_failed(b))
		return;
	b->ptr[at] = (uint8_t)((b->len - at - 2) >> 8);
	b->ptr[at + 1] = (uint8_t)(b->len - at - 2);
}

static inline const struct rule *rule_of(struct slice label)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (slice_ieq(label, slice_str(rules[i].label)))
			return &rules[i];
	return &rules[0];
}

/* What makes a "no" worth remembering: the root's, for an hour (RFC 2308). */
static inline void put_soa(struct buf *b)
{
	enum { SOA = 6, HOUR_S = 3600 };

	buf_u8(b, 0);
	buf_u16(b, SOA);
	buf_u16(b, 1);
	buf_u32(b, HOUR_S);
	buf_u16(b, 2 + 5 * 4);
	buf_u16(b, 0); /* both names are the root */
	for (int i = 0; i < 5; i++)
		buf_u32(b, HOUR_S);
}

struct asked {
	uint16_t id;
	uint16_t type;
	struct slice service; /* "_xxx", or empty */
	struct slice label;   /* the first that has no underscore */
	struct slice section; /* the question section */
};

/* Returns how many. */
static inline int put_services(struct buf *b, const struct service *all,
			       size_t count, const struct asked *q)
{
	int n = 0;

	for (size_t i = 0; i < count; i++) {
		const struct service *s = &all[i];
		if ((q->type == NAPTR) != (s->flags != NULL) ||
		    !slice_ieq(q->label, slice_str(s->label)) ||
		    !slice_ieq(q->service, slice_str(s->service)))
			continue;
		put_service(b, s);
		n++;
	}
	return n;
}
