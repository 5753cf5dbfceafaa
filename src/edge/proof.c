/* SPDX-License-Identifier: Apache-2.0 */
/* The evidence behind a connection's names. */
#include "edge/proof.h"

#include "base/text.h"
#include "edge/partner_names.h"

enum { DANE_PKIX_EE = 1, DANE_EE = 3 };

static void of_peer(const struct net_peer *p, struct access_evidence *out)
{
	*out = (struct access_evidence){ .chained = p->chained,
					 .usages = p->usages };
	memcpy(out->key, p->digests.sha256[1], sizeof(out->key));
}

enum access_lack proof_shown(const struct net_peer *p,
			     const struct access_partner *row)
{
	struct access_evidence e;
	of_peer(p, &e);
	return access_lack(&row->proof, &e, false);
}

void proof_evidence(const struct flow *f, struct access_evidence *out)
{
	of_peer(conn_peer(f->conn), out);
	if (f->kind == FLOW_DIALLED) /* it did not come to us */
		out->usages = ACCESS_USAGE_CLIENT | ACCESS_USAGE_SERVER |
			      ACCESS_USAGE_SIP;
}

/* RFC 6698 2.1: the certificate itself, by an authority or not. Records that
 * name an authority's certificate are not used. */
static bool usable(const struct ipc_tlsa *t)
{
	return t->usage == DANE_EE || t->usage == DANE_PKIX_EE;
}

static bool matches(const struct ipc_tlsa *t, const struct net_peer *p)
{
	const uint8_t *own = t->digest.len == NET_DIGEST_MAX
				     ? p->digests.sha512[t->selector]
				     : p->digests.sha256[t->selector];
	return (t->usage == DANE_EE || p->chained) &&
	       memcmp(own, t->digest.ptr, t->digest.len) == 0;
}

static enum access_tlsa compare(struct slice digests, const struct net_peer *p)
{
	enum access_tlsa found = ACCESS_TLSA_NONE;
	struct cur c = cur_init(digests);
	struct ipc_tlsa t;
	while (ipc_tlsa_next(&c, &t) > 0) {
		if (!usable(&t))
			continue;
		if (matches(&t, p))
			return ACCESS_TLSA_MATCH;
		found = ACCESS_TLSA_MISMATCH;
	}
	return found;
}

bool proof_look(const struct flow *f, struct slice host,
		struct proxy_request *r, struct access_evidence *out)
{
	struct slice digests;
	bool none = false;
	switch (names_tlsa(f->edge, host, r, &digests, &none)) {
	case NAMES_READY:
		out->tlsa = compare(digests, conn_peer(f->conn));
		return true;
	case NAMES_FAILED:
		out->tlsa = none ? ACCESS_TLSA_NONE : ACCESS_TLSA_FAILED;
		return true;
	case NAMES_NO_MEMORY:
		out->tlsa = ACCESS_TLSA_FAILED;
		return true;
	case NAMES_ASKED:
		break;
	}
	return false;
}

enum access_lack proof_dialled(const struct flow *f, const char *target,
			       const struct access_partner *row)
{
	struct access_evidence e;
	proof_evidence(f, &e);
	enum access_lack lack = access_lack(&row->proof, &e, false);
	if (lack == ACCESS_LACKS_TLSA &&
	    proof_look(f, slice_str(target), NULL, &e))
		lack = access_lack(&row->proof, &e, false);
	return lack;
}

bool proof_lost(const struct flow *f, const struct access_partner *row)
{
	struct access_evidence e;
	proof_evidence(f, &e);
	enum access_lack lack =
		access_lack(&row->proof, &e, f->kind == FLOW_FEDERATION);
	return lack != ACCESS_LACKS_NOTHING && lack != ACCESS_LACKS_TLSA;
}

void proof_say(const struct flow *f, enum access_lack lack)
{
	const struct net_peer *p = conn_peer(f->conn);
	char key[2 * sizeof(p->digests.sha256[1]) + 1];
	text_hex(slice_of(p->digests.sha256[1], sizeof(p->digests.sha256[1])),
		 key);
	key[sizeof(key) - 1] = '\0';
	LOG_LIMITED(LOG_WARN, "tls.peer_unproven", slice_str(f->source),
		    KV_STR("source", f->source), KV_STR("peer", f->peer),
		    KV_STR("serial", p->serial), KV_STR("key", key),
		    KV_STR("why", access_lack_text(lack)));
}
