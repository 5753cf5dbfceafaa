/* SPDX-License-Identifier: Apache-2.0 */
/* Which of them are there is the build's answer. */
#include "bench/peers/peer.h"

const struct bench_peer bench_peers[] = {
#ifdef BENCH_OSIP
	{ "osip2", bench_osip_parse },
#endif
#ifdef BENCH_RE
	{ "re", bench_re_parse },
#endif
	{ NULL, NULL },
};
