/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the Contact, Expires and Path headers of a REGISTER. */
#include "home/contacts.h"

#include "home/reject.h"
#include "sip/gruu.h"

enum { PATH_MAX_BYTES = 4096 };

static size_t count_values(const struct sip_msg *m)
{
	const struct sip_header *h;
	struct slice value;
	size_t at = 0, n = 0;
	while ((h = sip_header_next(m, SIP_H_CONTACT, &at))) {
		struct slice rest = h->value;
		while (sip_list_next(&rest, &value) == 1)
			n++;
	}
	return n;
}

/* Malformed values count as absent (RFC 3261 20.19 by way of 10.3). */
static uint32_t lifetime(const struct sip_msg *m, const struct sip_addr *addr,
			 const struct home_conf *conf)
{
	struct slice text;
	uint32_t s;
	if (sip_param(addr->params, "expires", &text) &&
	    !sip_delta_seconds(text, &s))
		return s;
	const struct sip_header *h = sip_header(m, SIP_H_EXPIRES);
	if (h && !sip_delta_seconds(h->value, &s))
		return s;
	return conf->expires_default_s;
}

static bool routable(const struct sip_uri *uri)
{
	return (uri->scheme == SIP_SCHEME_SIP ||
		uri->scheme == SIP_SCHEME_SIPS) &&
	       slice_empty(uri->headers);
}

static bool supports(const struct sip_msg *m, struct slice wanted)
{
	const struct sip_header *h;
	size_t at = 0;
	while ((h = sip_header_next(m, SIP_H_SUPPORTED, &at))) {
		struct slice rest = h->value, tag;
		while (sip_list_next(&rest, &tag) == 1)
			if (slice_ieq(tag, wanted))
				return true;
	}
	return false;
}

static const struct reject *read_one(struct slice value,
				     const struct sip_msg *m,
				     const struct home_conf *conf,
				     struct contact *out)
{
	struct sip_addr addr;
	struct slice text;
	uint64_t reg_id = 0;
	if (sip_addr_parse(value, &addr) || !routable(&addr.uri))
		return &home_rej_bad_register;
	if (sip_gruu_is(&addr.uri))
		return &home_rej_gruu;
	out->uri = addr.uri;
	if (sip_param(addr.params, "+sip.instance", &text))
		out->instance = text;
	if (sip_param(addr.params, "reg-id", &text) &&
	    (slice_u64(text, INT32_MAX, &reg_id) || !reg_id))
		return &home_rej_bad_register;
	/* without an instance, or an understanding of it, it means nothing */
	bool flow = out->instance.len && supports(m, SLICE_LIT("outbound"));
	out->reg_id = flow ? (uint32_t)reg_id : 0;
	out->expires_s = lifetime(m, &addr, conf);
	if (out->expires_s > conf->expires_max_s)
		out->expires_s = conf->expires_max_s;
	if (out->expires_s && out->expires_s < conf->expires_min_s)
		return &home_rej_interval;
	return NULL;
}

static bool repeated(const struct registration *r, const struct contact *c)
{
	for (size_t i = 0; i < r->count; i++)
		if (sip_uri_equal(&r->contact[i].uri, &c->uri))
			return true;
	return false;
}

static const struct reject *read_list(struct slice list,
				      const struct sip_msg *m,
				      const struct home_conf *conf,
				      struct registration *out)
{
	struct slice value;
	int got;
	while ((got = sip_list_next(&list, &value)) == 1) {
		struct contact *c = &out->contact[out->count];
		const struct reject *reject = read_one(value, m, conf, c);
		if (!reject && repeated(out, c))
			reject = &home_rej_bad_register;
		if (reject)
			return reject;
		out->count++;
	}
	return got ? &home_rej_bad_register : NULL;
}

/* "*" stands alone, with Expires: 0 (RFC 3261 10.2.2). */
static const struct reject *read_star(const struct sip_msg *m, size_t values,
				      struct registration *out)
{
	const struct sip_header *h = sip_header(m, SIP_H_EXPIRES);
	uint32_t s = 1;
	if (values != 1 || !h || sip_delta_seconds(h->value, &s) || s != 0)
		return &home_rej_bad_register;
	out->star = true;
	return NULL;
}

static bool has_star(const struct sip_msg *m)
{
	const struct sip_header *h;
	size_t at = 0;
	while ((h = sip_header_next(m, SIP_H_CONTACT, &at)))
		if (slice_eq(slice_trim(h->value), SLICE_LIT("*")))
			return true;
	return false;
}

static const struct reject *read_path(struct arena *a, const struct sip_msg *m,
				      struct registration *out)
{
	const struct sip_header *h;
	size_t at = 0;
	struct buf b;
	buf_init(&b, PATH_MAX_BYTES);
	while ((h = sip_header_next(m, SIP_H_PATH, &at))) {
		struct slice rest = h->value, value, param;
		struct sip_addr addr;
		while (sip_list_next(&rest, &value) == 1) {
			if (sip_addr_parse(value, &addr))
				b.failed = true;
			else
				out->first_hop_keeps_flows = sip_param(
					addr.uri.params, "ob", &param);
			buf_str(&b, b.len ? ", " : "");
			buf_put(&b, sip_unfold(a, value));
		}
	}
	if (b.len)
		out->path = arena_copy(a, buf_slice(&b));
	bool bad = buf_failed(&b) || (b.len && !out->path.ptr);
	buf_free(&b);
	return bad ? &home_rej_bad_register : NULL;
}

/* A flow is registered alone, and by a first hop that keeps it: the last value
 * of Path (RFC 5626 6). */
static const struct reject *check_flows(struct registration *r)
{
	size_t stay = 0;
	for (size_t i = 0; i < r->count; i++) {
		r->outbound |= r->contact[i].reg_id != 0;
		stay += r->contact[i].expires_s != 0;
	}
	if (r->outbound && stay > 1)
		return &home_rej_bad_register;
	return r->outbound && !r->first_hop_keeps_flows ? &home_rej_first_hop
							: NULL;
}

const struct reject *contacts_read(struct arena *a, const struct sip_msg *m,
				   const struct home_conf *conf,
				   struct registration *out)
{
	const struct sip_header *h;
	size_t at = 0, values = count_values(m);
	*out = (struct registration){
		.gruu = supports(m, SLICE_LIT("gruu")),
	};
	if (has_star(m))
		return read_star(m, values, out);
	/* the list reader may stop early, never late */
	out->contact = arena_alloc(a, (values + 1) * sizeof(*out->contact));
	if (!out->contact)
		return &home_rej_overload;
	while ((h = sip_header_next(m, SIP_H_CONTACT, &at))) {
		const struct reject *reject = read_list(h->value, m, conf, out);
		if (reject)
			return reject;
	}
	const struct reject *reject = read_path(a, m, out);
	return reject ? reject : check_flows(out);
}
