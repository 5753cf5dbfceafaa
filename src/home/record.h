/* SPDX-License-Identifier: Apache-2.0 */
/* One contact of one user as it is kept in the store: home's own encoding. */
#pragma once

#include "base/buf.h"

/* Which connection of which life of which edge worker. */
struct flow_key {
	uint32_t slot;
	uint32_t incarnation;
	uint64_t flow;
};

/* Slices are borrowed. */
struct record {
	struct slice contact; /* URI as registered */
	struct slice path;    /* Path values, comma separated; or empty */
	struct slice call_id;
	struct slice instance; /* +sip.instance, as written; or empty */
	struct slice user_agent;
	uint32_t cseq;
	uint32_t reg_id; /* 0: none */
	struct flow_key flow;
	uint64_t expires_s; /* not in the encoding: the store has it */
};

void record_encode(struct buf *out, const struct record *r);
/* 0 or -EBADMSG; *out borrows from in. */
int record_decode(struct slice in, struct record *out);
