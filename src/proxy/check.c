/* SPDX-License-Identifier: Apache-2.0 */
/* The checks before a request is looked at any further (RFC 3261 16.3). */
#include "proxy/parts.h"

enum { UNSUPPORTED_MAX = 32 }; /* tags named in a 420 */

static const struct option_tag {
	const char *tag;
	bool proxy_require; /* may be demanded of a proxy here */
} option_tags[] = {
	{ "gruu", false },
	{ "outbound", false },
	{ "path", false },
};

static bool option_known(struct slice tag)
{
	for (size_t i = 0; i < sizeof(option_tags) / sizeof(*option_tags); i++)
		if (option_tags[i].proxy_require &&
		    slice_ieq(tag, slice_str(option_tags[i].tag)))
			return true;
	return false;
}

static const struct reject *check_scheme(struct proxy_request *r,
					 struct sip_edits *extra)
{
	(void)extra;
	return r->msg.uri.scheme == SIP_SCHEME_OTHER ? &PROXY_REJ_SCHEME : NULL;
}

static const struct reject *check_max_forwards(struct proxy_request *r,
					       struct sip_edits *extra)
{
	(void)extra;
	return r->msg.max_forwards == 0 ? &PROXY_REJ_MAX_FORWARDS : NULL;
}

/* Came with our Via, from the same peer, for the same target, while the first
 * is still here: a loop. Changed on the way it is a spiral, which is fine. */
static const struct reject *check_loop(struct proxy_request *r,
				       struct sip_edits *extra)
{
	(void)extra;
	if (r->in_merged || r->txn.table == &strans_silent || !match_own_via(r))
		return NULL;
	return &PROXY_REJ_LOOP;
}

static const struct reject *check_proxy_require(struct proxy_request *r,
						struct sip_edits *extra)
{
	const struct sip_header *h;
	size_t at = 0;
	if (r->txn.table == &strans_silent)
		return NULL; /* RFC 3261 8.2.2.3 */
	while ((h = sip_header_next(&r->msg, SIP_H_PROXY_REQUIRE, &at))) {
		struct slice rest = h->value;
		struct slice tag;
		while (sip_list_next(&rest, &tag) == 1)
			if (!option_known(tag) &&
			    extra->count < UNSUPPORTED_MAX)
				sip_edit_bottom(extra, SIP_H_UNSUPPORTED,
						sip_unfold(r->arena, tag));
	}
	return extra->count ? &PROXY_REJ_EXTENSION : NULL;
}

const struct reject *check_request(struct proxy_request *r,
				   struct sip_edits *extra)
{
	static const struct reject *(*const checks[])(struct proxy_request *,
						      struct sip_edits *) = {
		check_scheme,
		check_max_forwards,
		check_loop,
		check_proxy_require,
	};
	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
		const struct reject *reject = checks[i](r, extra);
		if (reject)
			return reject;
	}
	return NULL;
}
