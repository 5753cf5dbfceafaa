/* SPDX-License-Identifier: Apache-2.0 */
/*
 * More requests than this worker can carry: the less important kinds are
 * refused with 503 and a random Retry-After before they cost a transaction,
 * one kind after the other, so that what has begun comes to its end (OVL-01,
 * OVL-02). Two things tell that it is too much: how full the table of
 * transactions is, and how late the loop is, four times in a row.
 *
 * A client that is refused so often before the shortest of these rests is over
 * does not listen: its connection ends (OVL-02). That of a partner, which many
 * users share, does not.
 *
 * Never refused here: responses, ACK, CANCEL, what belongs to a dialog, what
 * comes from inside, refreshed registrations, and what a user who is signed in
 * marks with Resource-Priority (RFC 4412). Handshakes of strangers have their
 * own limits (net/gate.h).
 */
#pragma once

#include "loop/timers.h"
#include "proxy/proxy.h"

struct edge;

enum shed_kind { /* in the order in which they are given up */
		 SHED_NONE,
		 SHED_SUBSCRIBE,
		 SHED_PUBLISH,
		 SHED_REGISTER, /* new ones */
		 SHED_UNKNOWN,  /* from who is no partner that we know */
		 SHED_PARTNER,
		 SHED_USER,
		 SHED_KINDS
};

enum {
	SHED_SAMPLES = 4,
	SHED_SAMPLE_MS = 200,
	SHED_REST_MS = 5000, /* the shortest Retry-After */
	SHED_UNRESTED = 100,
};

struct shed {
	struct timer sample;
	uint64_t (*clock_us)(void); /* tests have another one */
	uint64_t last_us;
	uint64_t late_ms[SHED_SAMPLES];
	size_t next;
	enum shed_kind late;   /* up to here, because the loop is late */
	enum shed_kind logged; /* up to here, as the log was told */
};

void shed_init(struct edge *e);
void shed_stop(struct edge *e);
/* proxy_ops.on_admit. */
const struct reject *shed_admit(void *arg, const struct proxy_hop *from,
				const struct sip_msg *m);
