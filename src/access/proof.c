/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a certificate is the peer's own, by what its entry asks for. */
#include "access/proof.h"

#include <string.h>

#include "access/access.h"

static bool pinned(const struct access_demand *p,
		   const struct access_evidence *e)
{
	for (size_t i = 0; i < p->pin_count; i++)
		if (memcmp(p->pin[i], e->key, ACCESS_PIN_BYTES) == 0)
			return true;
	return false;
}

static enum access_lack authority(const struct access_evidence *e)
{
	return e->chained ? ACCESS_LACKS_NOTHING : ACCESS_LACKS_AUTHORITY;
}

/* A record that could not be found out is none of "there is none": or else who
 * can suppress it could do without it. */
static enum access_lack dane(const struct access_evidence *e,
			     enum access_lack without)
{
	switch (e->tlsa) {
	case ACCESS_TLSA_UNKNOWN:
		return ACCESS_LACKS_TLSA;
	case ACCESS_TLSA_MATCH:
		return ACCESS_LACKS_NOTHING;
	case ACCESS_TLSA_MISMATCH:
		return ACCESS_LACKS_MATCH;
	case ACCESS_TLSA_NONE:
		return without;
	case ACCESS_TLSA_FAILED:
		break;
	}
	return ACCESS_LACKS_ANSWER;
}

enum access_lack access_lack(const struct access_demand *p,
			     const struct access_evidence *e, bool comes)
{
	if (comes && p->usages && !(p->usages & e->usages))
		return ACCESS_LACKS_USAGE;
	if (p->pin_count && !pinned(p, e))
		return ACCESS_LACKS_PIN;
	switch (p->kind) {
	case ACCESS_PROOF_PKI:
		break;
	case ACCESS_PROOF_PIN:
		return p->pin_count ? ACCESS_LACKS_NOTHING : ACCESS_LACKS_PIN;
	case ACCESS_PROOF_DANE:
		return dane(e, ACCESS_LACKS_RECORD);
	case ACCESS_PROOF_DANE_OR_PKI:
		return dane(e, authority(e));
	}
	return authority(e);
}

const char *access_lack_text(enum access_lack lack)
{
	static const char *const texts[] = {
		[ACCESS_LACKS_NOTHING] = "its certificate is as it has to be",
		[ACCESS_LACKS_USAGE] =
			"its certificate is for another key usage",
		[ACCESS_LACKS_PIN] = "its key is not one of those pinned",
		[ACCESS_LACKS_AUTHORITY] =
			"no authority that is trusted issued its certificate",
		[ACCESS_LACKS_RECORD] =
			"it has no TLSA record that DNSSEC validates",
		[ACCESS_LACKS_MATCH] =
			"its TLSA records name another certificate",
		[ACCESS_LACKS_ANSWER] =
			"its TLSA records could not be found out",
		[ACCESS_LACKS_TLSA] = "its TLSA records are being looked up",
	};
	return (unsigned)lack < ACCESS_LACK_COUNT ? texts[lack] : "";
}

struct slice access_proven_name(const struct access_facts *facts,
				const struct access_partner *partner)
{
	const struct access_srv *srv = &facts->from_srv;
	if (partner->edge.len)
		return partner->edge;
	for (size_t i = 0; i < srv->count; i++)
		for (size_t k = 0; k < facts->peer_name_count; k++)
			if (slice_eq(slice_str(facts->peer_name[k]),
				     srv->target[i].name))
				return srv->target[i].name;
	return SLICE_NONE;
}
