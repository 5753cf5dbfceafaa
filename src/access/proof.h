/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a certificate is believed for, beside the names and dates in it: an
 * authority, a pinned key, a record in the DNS, a usage. Pure.
 */
#pragma once

#include "access/access_conf.h"

/* What became of looking for the TLSA records of a name (RFC 6698). */
enum access_tlsa {
	ACCESS_TLSA_UNKNOWN, /* nobody has: the verdict is NEED_TLSA */
	ACCESS_TLSA_MATCH,
	ACCESS_TLSA_MISMATCH,
	ACCESS_TLSA_NONE,  /* there is none that DNSSEC validates */
	ACCESS_TLSA_FAILED /* it could not be found out, or was forged */
};
/* The certificate behind the names that a peer proves. */
struct access_evidence {
	bool chained;    /* an authority that we trust issued it */
	unsigned usages; /* enum access_usage */
	uint8_t key[ACCESS_PIN_BYTES];
	enum access_tlsa tlsa;
};
/* What it lacks. */
enum access_lack {
	ACCESS_LACKS_NOTHING,
	ACCESS_LACKS_USAGE,
	ACCESS_LACKS_PIN,
	ACCESS_LACKS_AUTHORITY,
	ACCESS_LACKS_RECORD,
	ACCESS_LACKS_MATCH,
	ACCESS_LACKS_ANSWER, /* of the DNS: for now */
	ACCESS_LACKS_TLSA,   /* nobody has looked */
	ACCESS_LACK_COUNT
};
/* comes: it connected to us. */
enum access_lack access_lack(const struct access_demand *p,
			     const struct access_evidence *e, bool comes);
/* For people: "its key is not one of those pinned". */
const char *access_lack_text(enum access_lack lack);
