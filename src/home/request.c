/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests other than REGISTER: is the sender who From says, and where does it
 * go. Partners were judged by the edge; what is left to check is that they do
 * not speak for our users and do not use us as a transit. Clients sign every
 * request, or their flow is signed in and the edge says as whom (SIP-20,
 * SIP-25).
 */
#include "base/log.h"
#include "home/consent.h"
#include "home/deliver.h"
#include "home/device.h"
#include "home/home_int.h"
#include "home/mras.h"
#include "presence/mras.h"
#include "home/presence.h"
#include "home/store_link.h"
#include "sip/hidden.h"

enum target {
	TARGET_SELF,
	TARGET_LIST,
	TARGET_MRAS,
	TARGET_USER,
	TARGET_AWAY,
	TARGET_NOBODY
};

const struct slice home_supported = { (const uint8_t *)"path, outbound, gruu",
				      20 };

bool request_supports(struct slice option_tag)
{
	struct slice rest = home_supported, tag;
	while (sip_list_next(&rest, &tag) == 1)
		if (slice_ieq(option_tag, tag))
			return true;
	return false;
}

bool request_requires_known(const struct sip_msg *m)
{
	const struct sip_header *head;
	size_t at = 0;
	while ((head = sip_header_next(m, SIP_H_REQUIRE, &at))) {
		struct slice rest = head->value, tag;
		while (sip_list_next(&rest, &tag) == 1)
			if (!request_supports(tag))
				return false;
	}
	return true;
}

static enum target target_of(struct call *q)
{
	const struct sip_uri *uri = &q->msg->uri;
	struct home *h = q->home;
	char domain[SIP_DOMAIN_MAX];
	bool sip =
		uri->scheme == SIP_SCHEME_SIP || uri->scheme == SIP_SCHEME_SIPS;
	if (!sip || sip_domain(uri->host, domain))
		return TARGET_NOBODY;
	bool ours = home_is_ours(h, slice_str(domain));
	bool edge = slice_eq(h->conf->edge_name, slice_str(domain));
	if (!ours && !edge)
		return TARGET_AWAY;
	if (mras_is_service(uri, ours))
		return TARGET_MRAS;
	if (slice_empty(uri->user))
		return TARGET_SELF;
	if (!ours && slice_eq(uri->user, SLICE_LIT("contacts")))
		return TARGET_LIST;
	if (!ours && !sip_hidden_is(uri))
		return TARGET_NOBODY;
	return device_choose(h->sealer, proxy_request_arena(q->r), uri,
			     q->to_aor, &q->device)
		       ? TARGET_NOBODY
		       : TARGET_USER;
}

static void answer_options(struct call *q)
{
	struct sip_edits extra;
	struct sip_reply reply = { .status = 200, .extra = &extra };
	sip_edits_init(&extra);
	sip_edit_bottom(&extra, SIP_H_ALLOW, SLICE_LIT("OPTIONS, REGISTER"));
	sip_edit_bottom(&extra, SIP_H_SUPPORTED, home_supported);
	proxy_reply(q->r, &reply);
}

/* Of a split domain the provider has those who have no account here; what it
 * sent does not go back to it. */
static bool lives_elsewhere(const struct call *q)
{
	return !q->from_shared && home_is_shared(q->home, slice_str(q->to_aor));
}

static void on_target(struct call *q, int err, const struct user *u)
{
	if (err)
		call_refuse(q, &home_rej_store_down);
	else if (!u && lives_elsewhere(q))
		deliver_away(q);
	else if (!u || u->disabled)
		call_refuse(q, &home_rej_not_found);
	else if (home_presence_serves(q->home, q->msg))
		home_presence_request(q);
	else
		consent_begin(q, deliver_start);
}

static const struct reject *check_self(const struct call *q)
{
	if (!request_requires_known(q->msg))
		return &home_rej_extension;
	return q->msg->method == SIP_OPTIONS ? NULL : &home_rej_method;
}

static void answer_self(struct call *q)
{
	const struct reject *reject = check_self(q);
	if (reject)
		call_refuse(q, reject);
	else
		answer_options(q);
}

static void refuse_nobody(struct call *q)
{
	enum sip_scheme scheme = q->msg->uri.scheme;
	bool sip = scheme == SIP_SCHEME_SIP || scheme == SIP_SCHEME_SIPS;
	call_refuse(q, sip ? &home_rej_not_found : &home_rej_scheme);
}

/* The list of contacts of one of our users, who alone may watch it. */
static void start_list(struct call *q)
{
	if (q->origin == ORIGIN_CLIENT && q->msg->method == SIP_SUBSCRIBE)
		home_presence_request(q);
	else
		call_refuse(q, &home_rej_not_found);
}

/* The sender is known to be who it says. */
static void route(struct call *q)
{
	switch (target_of(q)) {
	case TARGET_SELF:
		answer_self(q);
		break;
	case TARGET_LIST:
		start_list(q);
		break;
	case TARGET_MRAS:
		mras_start(q);
		break;
	case TARGET_USER:
		users_get(q, slice_str(q->to_aor), on_target);
		break;
	case TARGET_AWAY:
		if (q->origin == ORIGIN_CLIENT)
			deliver_away(q);
		else
			call_refuse(q, &home_rej_transit);
		break;
	case TARGET_NOBODY:
		refuse_nobody(q);
		break;
	}
}

static void refuse_identity(struct call *q, const struct reject *reject)
{
	LOG_LIMITED(LOG_WARN, "id.mismatch", q->source_text,
		    KV_SLICE("peer", q->source_text),
		    KV_STR("account", q->auth_aor),
		    KV_SLICE("from", q->msg->from.uri.text));
	call_refuse(q, reject);
}

static void on_signed(struct call *q)
{
	if (strcmp(q->auth_aor, q->from_aor) != 0)
		refuse_identity(q, &home_rej_identity);
	else
		route(q);
}

/* A flow stays signed in; the account behind it may be gone. */
static void on_sender(struct call *q, int err, const struct user *u)
{
	if (err)
		call_refuse(q, &home_rej_store_down);
	else if (!u || u->disabled)
		refuse_identity(q, &home_rej_identity);
	else
		on_signed(q);
}

/* The one value of P-Asserted-Identity, which the edge put there: true when
 * the header is there at all; auth_aor stays empty when it is not one. */
static bool read_asserted(struct call *q)
{
	size_t at = 0;
	const struct sip_header *head =
		sip_header_next(q->msg, SIP_H_P_ASSERTED_IDENTITY, &at);
	struct sip_addr addr;
	struct slice rest, value, more;
	if (!head)
		return false;
	rest = head->value;
	if (sip_list_next(&rest, &value) != 1 ||
	    sip_list_next(&rest, &more) != 0 ||
	    sip_header_next(q->msg, SIP_H_P_ASSERTED_IDENTITY, &at) ||
	    sip_addr_parse(value, &addr) || sip_aor(&addr.uri, q->auth_aor))
		q->auth_aor[0] = '\0';
	return true;
}

/* ACK has no answer: it goes on if nothing speaks against it, or nowhere. */
static void start_ack(struct call *q)
{
	bool outside = q->origin != ORIGIN_CLIENT;
	bool asserted = read_asserted(q);
	bool signed_in = asserted && q->from_aor[0] &&
			 strcmp(q->auth_aor, q->from_aor) == 0;
	enum target target = target_of(q);
	if (outside ? q->from_ours : asserted && !signed_in)
		proxy_drop(q->r);
	else if (target == TARGET_USER)
		deliver_ack(q);
	else if (target == TARGET_AWAY && signed_in && !outside)
		deliver_away(q);
	else
		proxy_drop(q->r);
}

/* The edge knows that it came from the provider; that he is not one of those
 * who live here is known here. */
static void on_colleague(struct call *q, int err, const struct user *u)
{
	if (err)
		call_refuse(q, &home_rej_store_down);
	else if (u)
		refuse_identity(q, &home_rej_split_local);
	else
		route(q);
}

static void start_outsider(struct call *q)
{
	q->from_shared = consent_shared(q->msg);
	if (q->from_ours && q->from_shared)
		users_get(q, slice_str(q->from_aor), on_colleague);
	else if (q->from_ours)
		refuse_identity(q, &home_rej_outsider_from);
	else
		route(q);
}

static void start_client(struct call *q)
{
	if (!q->from_ours || !q->from_aor[0]) {
		refuse_identity(q, &home_rej_identity);
	} else if (!read_asserted(q)) {
		if (sip_domain(q->msg->from.uri.host, q->auth.realm))
			call_refuse(q, &home_rej_identity);
		else
			auth_begin(q, true, on_signed);
	} else if (strcmp(q->auth_aor, q->from_aor) != 0) {
		refuse_identity(q, &home_rej_identity);
	} else {
		users_get(q, slice_str(q->auth_aor), on_sender);
	}
}

void request_own(struct call *q)
{
	memcpy(q->auth_aor, q->from_aor, sizeof(q->auth_aor));
	route(q);
}

void request_start(struct call *q)
{
	if (q->msg->method == SIP_REGISTER)
		register_start(q);
	else if (q->msg->method == SIP_ACK)
		start_ack(q);
	else if (q->origin == ORIGIN_CLIENT)
		start_client(q);
	else
		start_outsider(q);
}
