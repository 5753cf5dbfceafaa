/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses of one device of a user (RFC 5627). The public one is the
 * address-of-record with ";gr=" and the device's URN; the temporary one is a
 * sealed token that tells nothing to others. Pure.
 */
#pragma once

#include "base/crypto.h"
#include "sip/uri.h"

enum { SIP_DEVICE_BYTES = 16 };

/* What is sealed in a temporary one. */
struct sip_gruu {
	char aor[SIP_AOR_MAX];
	uint8_t device[SIP_DEVICE_BYTES];
	uint32_t number; /* that others are told apart by */
};

/* The URN of a +sip.instance value as written ("\"<urn:...>\""); empty when it
 * is none, or cannot stand in a URI as it is. */
struct slice sip_instance_urn(struct slice instance);
/* Does the URI name one device? */
bool sip_gruu_is(const struct sip_uri *uri);
/* The URN of a public one; empty: it is temporary. */
struct slice sip_gruu_urn(const struct sip_uri *uri);
/* Appends the user part of a temporary one. */
int sip_gruu_seal(struct sealer *s, const struct sip_gruu *g, struct buf *out);
/* 0, or -EINVAL / -ENOKEY: not ours, or sealed too long ago. */
int sip_gruu_open(struct sealer *s, const struct sip_uri *uri,
		  struct sip_gruu *out);
