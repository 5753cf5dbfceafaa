/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One device of a user: its instance (RFC 5626 4.1), its own addresses (GRUU,
 * RFC 5627). A device may hold several flows; each is a binding. Nothing is
 * kept for an address: the public one names the URN, the temporary one the
 * registration (instance and Call-ID) under a seal, so that it ends when the
 * device begins anew; a device with flows of its own (reg-id) keeps it for as
 * long as one of them stands, as each has a Call-ID of its own.
 * What the edge hid from partners (sip/hidden.h) names a device by its contact.
 */
#pragma once

#include "base/arena.h"
#include "home/location.h"
#include "sip/gruu.h"

/* Whom a Request-URI names among the devices of a user. */
enum device_kind {
	DEVICE_ANY,
	DEVICE_PUBLIC,
	DEVICE_TEMPORARY,
	DEVICE_CONTACT /* by what the edge hid from partners */
};
struct device_choice {
	enum device_kind kind;
	struct slice urn; /* borrows from the URI */
	uint8_t device[SIP_DEVICE_BYTES];
	struct slice contact; /* lives in the arena */
};

/* Reads the URI of a request; aor as sip_aor() gives it, by the seal for a
 * temporary one and for one that is hidden. 0 or -EINVAL: it is no address of a
 * user. */
int device_choose(struct sealer *s, struct arena *a, const struct sip_uri *uri,
		  char aor[static SIP_AOR_MAX], struct device_choice *out);
bool device_is(const struct device_choice *c, const struct record *rec);
/* Are both of one device? Unknown ones are never. */
bool device_same(const struct record *a, const struct record *b);
/* Appends ;pub-gruu and ;temp-gruu; nothing when it has no URN. */
int device_write(struct sealer *s, struct slice aor, const struct record *rec,
		 struct buf *out);
