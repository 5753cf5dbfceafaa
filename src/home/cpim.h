/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPIM wrappers (RFC 3862) as far as delivery reads them: who, and what the
 * sender wants to know (RFC 5438). Pure; slices are of the body.
 */
#pragma once

#include "sip/body.h"

struct cpim {
	struct slice from, to;
	struct slice message_id;   /* imdn.Message-ID */
	struct slice disposition;  /* imdn.Disposition-Notification */
	struct slice content_type; /* of what is wrapped; or empty */
};

/* -ENOENT: the message is no CPIM; -EBADMSG. */
int cpim_of(const struct sip_msg *m, struct cpim *out);
/* The body of a message/cpim. -EBADMSG. */
int cpim_read(struct slice body, struct cpim *out);
/* Is that one of the values of a comma-separated header? */
bool cpim_asks(const struct cpim *c, const char *what);
