/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a partner lives, as the resolver tells it: the entries in the blob of
 * TARGETS, in the order to try. An entry is
 *
 *   u16 port | u16 priority | u16 weight | u8 flags | u8 length, name |
 *   u8 count | (u8 family 4 or 6, 4 or 16 bytes) each
 *
 * Pure, like the codec of the messages themselves.
 */
#pragma once

#include "base/addr.h"
#include "base/buf.h"
#include "base/cursor.h"

/* What TARGETS_GET asks for. */
enum ipc_targets_kind {
	IPC_TARGETS_DOMAIN, /* a SIP domain, by its SRV records (RFC 3263) */
	IPC_TARGETS_HOST,   /* a host name */
	/* by one record alone, for who looks at his own */
	IPC_TARGETS_FEDERATION, /* _sipfederationtls._tcp */
	IPC_TARGETS_CLIENTS,    /* _sip._tls */
	IPC_TARGETS_TLSA, /* the TLSA records of a host's port: see below */
	IPC_TARGETS_KIND_COUNT
};

enum { IPC_TARGETS_MAX = 32, IPC_TARGET_ADDRESSES_MAX = 16 };

struct ipc_target {
	struct slice name; /* lower case, no last dot, at most 253; borrowed */
	uint16_t port;     /* 1 .. */
	uint16_t priority, weight;
	bool secure; /* DNSSEC proves it */
	bool direct; /* a host directly in the domain that was asked for */
	size_t count;
	struct addr addr[IPC_TARGET_ADDRESSES_MAX]; /* with the port */
};

/*
 * To IPC_TARGETS_TLSA the entries are digests of certificates, only such as
 * DNSSEC validates:
 *
 *   u8 usage | u8 selector | u8 length, digest
 */
enum { IPC_TLSA_MAX = 16 };
struct ipc_tlsa {
	uint8_t usage, selector; /* RFC 6698 2.1 */
	struct slice digest;     /* 32 bytes: SHA-256, 64: SHA-512; borrowed */
};
void ipc_tlsa_put(struct buf *out, const struct ipc_tlsa *t);
/* The next entry. 1, 0 at the end, -EBADMSG. */
int ipc_tlsa_next(struct cur *c, struct ipc_tlsa *out);

void ipc_target_put(struct buf *out, const struct ipc_target *t);
/* The next entry. 1, 0 at the end, -EBADMSG. */
int ipc_target_next(struct cur *c, struct ipc_target *out);
