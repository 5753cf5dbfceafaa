/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other SIP libraries that read the same bytes in the same run. They are linked
 * into benches where they are installed, and are needed nowhere.
 */
#pragma once

#include "base/slice.h"

struct bench_peer {
	const char *name;
	/* One message, with the values that a proxy needs: Request-URI, Vias,
	 * From, To, tags, Call-ID, CSeq, Max-Forwards, Contacts, Routes,
	 * Content-Length, Authorization. False: refused. */
	bool (*parse)(struct slice whole);
	const char *reads; /* what of it becomes values */
};

/* Ends with a row without a name. */
extern const struct bench_peer bench_peers[];

bool bench_osip_parse(struct slice whole);
bool bench_re_parse(struct slice whole);
