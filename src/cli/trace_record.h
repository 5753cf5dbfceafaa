/* SPDX-License-Identifier: Apache-2.0 */
/* One record of a trace as the daemon tells it (admin/ctl_proto.h). */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "sip/sip.h"

enum trace_way { TRACE_WAY_IN, TRACE_WAY_OUT, TRACE_WAY_NONE };
enum trace_said {
	TRACE_SAID_NOTHING,
	TRACE_SAID_REFUSED,
	TRACE_SAID_INSIDE,
	TRACE_SAID_PARTNER,
	TRACE_SAID_CLIENT
};

/* Texts borrow from the JSON object. */
struct trace_record {
	uint64_t time_ms; /* since 1970 */
	uint64_t lost;    /* records before this one */
	uint32_t worker;
	uint32_t size; /* of the message, with what is not shown */
	enum trace_way way;
	enum trace_said said;
	unsigned status, diagnostics; /* of a refusal */
	struct slice transport, local, remote;
	struct slice peer; /* "peer:...", "inside:...", "stranger:..."; a
			      client's is empty */
	struct slice user, why, text, call_id, cseq;
	struct buf bytes; /* the message as far as it is shown; or empty */
	struct arena *arena;
	struct sip_msg m; /* what can be read of it: headers at least */
};

/* 0, -EINVAL: no record of that form, -ENOMEM. trace_record_free() in any
 * case. */
int trace_record_read(struct trace_record *r, const json_t *step);
void trace_record_free(struct trace_record *r);
/* "fabrikam.test", "alice@contoso.test", "192.0.2.7:5061": whom people know. */
struct slice trace_record_name(const struct trace_record *r);
/* Does it stand on the side of users and servers inside? */
bool trace_record_inside(const struct trace_record *r);
/* "MESSAGE", "200 OK" */
void trace_record_label(struct buf *out, const struct trace_record *r);
/* "refused with 403 (why, ms-diagnostics 1034): sentence"; nothing without a
 * verdict. */
void trace_record_verdict(struct buf *out, const struct trace_record *r);
