/* SPDX-License-Identifier: Apache-2.0 */
/* Which of them are there is the build's answer. */
#include "bench/peers/peer.h"

const struct bench_peer bench_peers[] = {
#ifdef BENCH_OSIP
	{ "osip2", bench_osip_parse,
	  "Request-URI, every Via, From, To, Call-ID, CSeq, every Contact, "
	  "Route, Record-Route, Content-Type, Content-Length, Authorization; "
	  "tags, branch and Max-Forwards looked up; the rest kept as text" },
#endif
#ifdef BENCH_RE
	{ "re", bench_re_parse,
	  "Request-URI, first Via, From, To, Call-ID, CSeq, Max-Forwards, "
	  "Content-Type, Content-Length; every Contact, Route, Record-Route "
	  "and Authorization asked for; the rest kept as text" },
#endif
	{ NULL, NULL, NULL },
};
