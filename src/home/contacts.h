/* SPDX-License-Identifier: Apache-2.0 */
/* What a REGISTER asks for (RFC 3261 10.3, RFC 3327, RFC 5626). Pure. */
#pragma once

#include "home/home_conf.h"
#include "sip/sip.h"

struct binding;

/* Slices are of the message, or of the arena. */
struct contact {
	struct sip_uri uri;
	struct slice instance; /* +sip.instance, as written */
	uint32_t reg_id;       /* 0: none; only with an instance */
	uint32_t expires_s;    /* 0: remove */
	struct binding *fresh; /* while it is served */
};

struct registration {
	bool star; /* all bindings of the user go */
	struct contact *contact;
	size_t count;
	struct slice path; /* joined by commas */
	bool first_hop_keeps_flows;
	bool outbound; /* one of them is a flow (RFC 5626) */
	bool gruu;     /* the client understands them (RFC 5627) */
};

/* NULL, or why it cannot be served. */
const struct reject *contacts_read(struct arena *a, const struct sip_msg *m,
				   const struct home_conf *conf,
				   struct registration *out);
