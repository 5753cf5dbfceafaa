/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The addresses of partners and providers as they are now, for a firewall that
 * lets nobody else in: a list of names to look up, and what came of it. Who
 * looks up is another's business: the resolver process, or a file's own
 * engine.
 */
#pragma once

#include "base/buf.h"
#include "conf/conf.h"
#include "ports/firewall.h"

struct strict;

struct strict_question {
	struct slice name;
	bool domain;   /* by its SRV records; else a host */
	uint16_t port; /* of a host */
};

/* Names are copied: conf may go. 0 or -ENOMEM. */
int strict_create(struct strict **out, const struct conf *conf);
void strict_free(struct strict *s); /* tolerates NULL */
/* The next name, or false. */
bool strict_next(struct strict *s, struct strict_question *out);
/* An address of one of them, with its port; -ENOMEM. */
int strict_take(struct strict *s, const struct addr *a);
/* A name that was not found, and why, for people. */
void strict_missed(struct strict *s, struct slice why);
/* The addresses; fixed ones are among them. wall_ms: now, since 1970. Lives as
 * long as s. */
const struct firewall_snapshot *strict_snapshot(struct strict *s,
						uint64_t wall_ms);
/* Lines about what the snapshot lacks, or where a row does not reach. */
void strict_warnings(const struct strict *s, struct buf *out);
