/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A URI of the inside as others get to see it: its user at a name of ours, and
 * what it was sealed in a parameter, together with whose it is. Pure.
 *
 *     sip:alice@edge.contoso.test;transport=tls;inside=<token>
 */
#pragma once

#include "base/crypto.h"
#include "sip/uri.h"

enum { SIP_HIDDEN_MAX = 2048 }; /* bytes of the URI that is hidden */

struct sip_hidden {
	struct slice aor; /* canonical; empty: nobody's that was known */
	struct slice uri; /* as it was written */
	uint8_t room[SIP_HIDDEN_MAX + SIP_AOR_MAX]; /* what both borrow */
};

/* Has it the parameter? Whether it opens is another question. */
bool sip_hidden_is(const struct sip_uri *uri);
/* Appends the parameter's value. -E2BIG, -ENOMEM, -ENOKEY. */
int sip_hidden_seal(struct sealer *s, struct slice aor, struct slice uri,
		    struct buf *out);
/* 0, or -EINVAL / -ENOKEY: not ours, changed, or sealed too long ago. */
int sip_hidden_open(struct sealer *s, const struct sip_uri *uri,
		    struct sip_hidden *out);
