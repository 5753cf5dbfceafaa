/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of judgement: one array, read from top to bottom. Each check
 * looks at the facts and the rules, changes nothing, and names the refusal or
 * lets the request pass to the next one. Where it goes when all let it pass
 * is the second array. There is no other way in or out.
 */
#include "access/access.h"

#include "access/access_int.h"
#include "access/decorate.h"
#include "access/reject.h"

/* The ways a request can take; a route token makes one of its own. */
enum lane {
	LANE_FEDERATION = 1,   /* from a proven peer, to the inside */
	LANE_CLIENT = 2,       /* from 443, to the inside */
	LANE_FLOW = 4,         /* from inside, to a client of ours */
	LANE_OUT = 8,          /* from inside, to a partner */
	LANE_PEER_DIALOG = 16, /* from a proven peer, to a client */
	LANE_TRANSIT = 32,     /* from a proven peer, to a partner, by token */
	LANE_CLIENT_DIALOG = 64,  /* from 443, to a client */
	LANE_DIALOG_OUT = 128,    /* from 443, to a partner */
	LANE_INSIDE_DIALOG = 256, /* from inside, to a partner, by token */
	LANE_PEER_INSIDE =
		512, /* from a proven peer, to the inside, by token */
	LANE_COLLEAGUE =
		1024, /* from a split domain's provider, to a partner */
};

/* One judgement under way. */
struct judge {
	const struct access *a;
	const struct access_facts *f;
	const struct access_partner *other; /* who stands outside, or NULL */
	const struct access_partner *to;    /* where it goes when both stand
					       outside, or NULL */
	struct slice other_domain;
	uint32_t line; /* of the entry that the check looked at */
};

typedef const struct reject *(*check_fn)(struct judge *j);

/* Not refusals: what is missing to judge. */
static const struct reject NEED_SRV, NEED_LIMIT, NEED_TLSA, NEED_HOMED;

/* NULL: this peer may speak for the sender's domain. */
static const struct reject *speaks(struct judge *j,
				   const struct reject *otherwise)
{
	const struct access_partner *p = j->other; /* who sends */
	const struct reject *const answers[] = {
		[ACCESS_PROVEN] = NULL,
		[ACCESS_NOT_PROVEN] = otherwise,
		[ACCESS_NOT_DIRECT] = &ACCESS_REJ_SRV_DOMAIN,
		[ACCESS_NO_RECORD] = &ACCESS_REJ_SRV_NONE,
		[ACCESS_PROOF_UNKNOWN] = &NEED_SRV,
	};
	if (!p)
		return otherwise;
	j->line = p->line;
	return answers[access_proves(j->f, p)];
}

/* Known by the FQDN of an edge, or by a target of the sender's domain. */
static const struct reject *peer_known(struct judge *j)
{
	const struct access_partner *p =
		access_peer(j->a, j->f->peer_name, j->f->peer_name_count);
	if (!p)
		return speaks(j, &ACCESS_REJ_NOT_PARTNER);
	j->line = p->line;
	return NULL;
}

static bool blocks(struct judge *j, struct slice domain)
{
	const struct access_block *b = rules_block(j->a, domain);
	if (b)
		j->line = b->line;
	return b || access_ruling_blocks(j->f->rulings, domain);
}

/* Blocked always wins, over what another entry allows too; and over what the
 * domain hides behind. */
static const struct reject *not_blocked(struct judge *j)
{
	const struct access_facts *f = j->f;
	bool inwards = f->source == ACCESS_FROM_FEDERATION;
	char inner[ACCESS_DOMAIN_MAX];
	if (blocks(j, j->other_domain))
		return &ACCESS_REJ_BLOCKED;
	return access_decorated(inwards ? f->from_aor : f->to_aor, inner) &&
			       blocks(j, slice_str(inner))
		       ? &ACCESS_REJ_BLOCKED
		       : NULL;
}

/* Nobody outside speaks for a domain of ours, for no row names one; but where
 * it is split its provider does. */
static const struct reject *from_covered(struct judge *j)
{
	return speaks(j, &ACCESS_REJ_FROM_MISMATCH);
}

/* By an authority, a pinned key, a record in the DNS: as that partner's entry
 * wants it. */
static const struct reject *proof_given(struct judge *j)
{
	if (!j->other || !j->f->evidence)
		return NULL;
	j->line = j->other->line;
	switch (access_lack(&j->other->proof, j->f->evidence, true)) {
	case ACCESS_LACKS_NOTHING:
		return NULL;
	case ACCESS_LACKS_TLSA:
		return &NEED_TLSA;
	case ACCESS_LACKS_ANSWER:
		return &ACCESS_REJ_PROOF_UNKNOWN;
	default:
		return &ACCESS_REJ_PROOF;
	}
}

/* Who is listed, or allowed by the operator, has none (SIP-27). */
static const struct reject *within_limits(struct judge *j)
{
	static const struct reject *const answers[] = {
		[ACCESS_LIMIT_UNKNOWN] = &NEED_LIMIT,
		[ACCESS_WITHIN_LIMITS] = NULL,
		[ACCESS_OVER_RATE] = &ACCESS_REJ_LIMIT_RATE,
		[ACCESS_OVER_ADDRESSES] = &ACCESS_REJ_LIMIT_ADDRESSES,
		[ACCESS_LIMIT_FAILED] = &ACCESS_REJ_LIMIT_UNKNOWN,
	};
	return j->other && j->other->discovered ? answers[j->f->limit] : NULL;
}

/* A peer that marks its messages says of each whether it is verified. */
static const struct reject *is_marked(struct judge *j)
{
	if (!j->other || j->other->level != ACCESS_LEVEL_STRICT)
		return NULL;
	j->line = j->other->line;
	return j->f->marked ? NULL : &ACCESS_REJ_UNMARKED;
}

static bool has_ended(struct judge *j, const struct access_partner *p,
		      struct slice domain)
{
	if (!p || !p->provider)
		return false;
	j->line = p->provider->line;
	return rules_ended(p->provider, domain, j->f->now_s);
}

static const struct reject *provider_lives(struct judge *j)
{
	bool over = has_ended(j, j->other, j->other_domain) ||
		    (j->to && has_ended(j, j->to, j->to->domain));
	return over ? &ACCESS_REJ_PROVIDER_ENDED : NULL;
}

static const struct reject *from_ours(struct judge *j)
{
	return access_is_ours(j->a, j->f->from_domain)
		       ? NULL
		       : &ACCESS_REJ_CLIENT_FROM;
}

/* Signed in as somebody: From is that user and nobody else. */
static const struct reject *from_signed_in(struct judge *j)
{
	const struct access_facts *f = j->f;
	return slice_empty(f->flow_aor) || slice_eq(f->flow_aor, f->from_aor)
		       ? NULL
		       : &ACCESS_REJ_CLIENT_FROM;
}

/* Does whoever stands outside have users of the domain of ours that is named?
 * Those are ours: they are spoken to and speak as such. */
static bool is_colleague(const struct judge *j)
{
	return j->other && access_is_ours(j->a, j->other_domain);
}

/* To a colleague partners may write, who were judged as they came in. */
static const struct reject *from_ours_outwards(struct judge *j)
{
	return access_is_ours(j->a, j->f->from_domain) || is_colleague(j)
		       ? NULL
		       : &ACCESS_REJ_FROM_MISMATCH;
}

static const struct reject *to_ours(struct judge *j)
{
	return access_is_ours(j->a, j->f->to_domain) ? NULL
						     : &ACCESS_REJ_NOT_OURS;
}

static const struct reject *registers_ours(struct judge *j)
{
	return j->f->registers ? to_ours(j) : NULL;
}

static const struct reject *to_not_ours(struct judge *j)
{
	return access_is_ours(j->a, j->f->to_domain) && !is_colleague(j)
		       ? &ACCESS_REJ_INSIDE_LOOP
		       : NULL;
}

static const struct reject *to_partner(struct judge *j)
{
	const struct access_partner *p =
		side_partner(j->a, j->f, j->f->to_domain);
	if (!p)
		return &ACCESS_REJ_NO_ROUTE;
	j->line = p->line;
	return NULL;
}

/* A colleague's name is his who has no account here. What goes inside home
 * judges itself; by a token it would pass by home. */
static const struct reject *not_homed(struct judge *j)
{
	static const struct reject *const answers[ACCESS_HOMED_COUNT] = {
		[ACCESS_HOMED_UNKNOWN] = &NEED_HOMED,
		[ACCESS_HOMED_NOT] = NULL,
		[ACCESS_HOMED_HERE] = &ACCESS_REJ_SPLIT_LOCAL,
		[ACCESS_HOMED_FAILED] = &ACCESS_REJ_SPLIT_UNKNOWN,
	};
	if (!is_colleague(j))
		return NULL;
	j->line = j->other->line;
	return j->f->from_aor.len ? answers[j->f->homed]
				  : &ACCESS_REJ_FROM_MISMATCH;
}

/* Dialogs of partners with colleagues pass; nobody else's. Colleagues begin
 * some where the provider's entry lets them. */
static const struct reject *no_transit(struct judge *j)
{
	const struct access_partner *to = j->to;
	bool from = is_colleague(j);
	bool begins = !j->f->in_dialog;
	if (!to || !j->other || from == access_is_ours(j->a, to->domain) ||
	    (to->provider && to->provider == j->other->provider) ||
	    (begins && !(from && j->other->provider->transit)))
		return &ACCESS_REJ_NOT_OURS;
	j->line = to->line;
	return blocks(j, to->domain) ? &ACCESS_REJ_BLOCKED : NULL;
}

static const struct reject *onward_partner(struct judge *j)
{
	if (blocks(j, j->f->to_domain))
		return &ACCESS_REJ_BLOCKED;
	return j->to ? NULL : &ACCESS_REJ_NO_ROUTE;
}

static const struct reject *still_partner(struct judge *j)
{
	return j->other ? NULL : &ACCESS_REJ_NO_ROUTE;
}

/* Who is no provider is as an organisation that one hosts. */
static enum access_provider_kind provider_kind(const struct access_partner *p)
{
	return p && p->provider ? p->provider->kind : ACCESS_HOSTING;
}

/* Of two who stand outside, the one who is of another organisation. */
static const struct access_partner *outsider(const struct judge *j)
{
	return j->to && is_colleague(j) ? j->to : j->other;
}

/* Do messages and presence alone cross? */
static bool is_narrow(const struct judge *j)
{
	return provider_kind(outsider(j)) != ACCESS_HOSTING;
}

static const struct reject *method_crosses(struct judge *j)
{
	return j->f->crosses && !j->f->registers ? NULL
						 : &ACCESS_REJ_PARTNER_METHOD;
}

/* One-to-one messages and presence; calls are judged by audio_video. */
static const struct reject *method_narrow(struct judge *j)
{
	bool more =
		j->f->multiparty || slice_eq(j->f->method, SLICE_LIT("REFER"));
	if (!is_narrow(j))
		return NULL;
	j->line = outsider(j)->provider->line;
	return more ? &ACCESS_REJ_PROVIDER_METHOD : NULL;
}

/* Does the policy of that user have the bit? */
static bool user_may(struct judge *j, struct slice aor, unsigned bit)
{
	const struct access_policy *p =
		rules_policy(rules_user(j->a, aor), bit);
	j->line = p ? p->line : 0;
	return (p ? p->may : ~j->a->conf->denied) & bit;
}

static const struct {
	enum access_may bit;
	const struct reject *without;
} GATES[ACCESS_KINDS] = {
	[ACCESS_HOSTING] = { ACCESS_MAY_FEDERATE,
			     &ACCESS_REJ_POLICY_FEDERATION },
	[ACCESS_PUBLIC_IM] = { ACCESS_MAY_PUBLIC_IM,
			       &ACCESS_REJ_POLICY_PUBLIC_IM },
	[ACCESS_XMPP] = { ACCESS_MAY_XMPP, &ACCESS_REJ_POLICY_XMPP },
};

static const struct reject *may_write(struct judge *j,
				      enum access_provider_kind kind)
{
	struct slice who = j->f->from_aor;
	bool any = false;
	for (unsigned i = 0; i < ACCESS_KINDS && !any; i++)
		any = user_may(j, who, GATES[i].bit);
	if (!any)
		return &ACCESS_REJ_POLICY_NOTHING;
	return user_may(j, who, GATES[kind].bit) ? NULL : GATES[kind].without;
}

/* Colleagues need no leave for each other. */
static const struct reject *sender_may(struct judge *j)
{
	return is_colleague(j) ? NULL : may_write(j, provider_kind(j->other));
}

static const struct reject *colleague_may(struct judge *j)
{
	return is_colleague(j) ? may_write(j, provider_kind(j->to)) : NULL;
}

static const struct reject *addressee_may(struct judge *j)
{
	return is_colleague(j) || user_may(j, j->f->to_aor,
					   GATES[provider_kind(j->other)].bit)
		       ? NULL
		       : &ACCESS_REJ_POLICY_ADDRESSEE;
}

static const struct reject *may_be_outside(struct judge *j)
{
	return user_may(j, j->f->from_aor, ACCESS_MAY_OUTSIDE)
		       ? NULL
		       : &ACCESS_REJ_POLICY_OUTSIDE;
}

/* Wherever SDP may stand: the provider's entry, then our user's policy. */
static const struct reject *audio_video(struct judge *j)
{
	const struct access_facts *f = j->f;
	const struct access_partner *p = outsider(j);
	bool inwards = f->source == ACCESS_FROM_FEDERATION && p == j->other;
	if (!is_narrow(j) || !f->audio_video)
		return NULL;
	j->line = p->provider->line;
	if (!p->provider->audio_video)
		return &ACCESS_REJ_AUDIO_VIDEO;
	if (provider_kind(p) == ACCESS_XMPP)
		return NULL;
	return user_may(j, inwards ? f->to_aor : f->from_aor,
			ACCESS_MAY_PUBLIC_AV)
		       ? NULL
		       : &ACCESS_REJ_AUDIO_VIDEO;
}

enum {
	LANES_IN = LANE_FEDERATION | LANE_PEER_DIALOG | LANE_PEER_INSIDE,
	LANES_ACROSS = LANE_TRANSIT | LANE_COLLEAGUE,
	LANES_PEER = LANES_IN | LANES_ACROSS,
	LANES_OUT = LANE_OUT | LANE_DIALOG_OUT | LANE_INSIDE_DIALOG,
	LANES_CLIENT = LANE_CLIENT | LANE_CLIENT_DIALOG | LANE_DIALOG_OUT,
};

static const struct {
	unsigned lanes;
	const char *name; /* in explanations */
	check_fn check;
} ORDER[] = {
	{ LANES_PEER, "the peer is known", peer_known },
	{ LANES_PEER, "the sender's domain is not blocked", not_blocked },
	{ LANES_PEER, "the peer may speak for that domain", from_covered },
	{ LANES_PEER, "the peer proves it as it has to", proof_given },
	{ LANE_PEER_DIALOG | LANES_ACROSS,
	  "the sender has no account here, if it says that he is ours",
	  not_homed },
	{ LANE_COLLEAGUE, "the addressee's domain is a partner's",
	  onward_partner },
	{ LANES_ACROSS, "no transit", no_transit },
	{ LANES_PEER, "a discovered partner keeps to its limits",
	  within_limits },
	{ LANES_PEER, "the peer marks what it sends, if it has to", is_marked },
	{ LANES_CLIENT, "the sender is ours", from_ours },
	{ LANES_CLIENT, "the sender is who signed in", from_signed_in },
	{ LANES_CLIENT, "the user may be outside", may_be_outside },
	{ LANE_OUT | LANE_INSIDE_DIALOG, "the sender is ours",
	  from_ours_outwards },
	{ LANE_FEDERATION, "the addressee is ours", to_ours },
	{ LANE_CLIENT, "the registration is for a domain of ours",
	  registers_ours },
	{ LANE_OUT, "the addressee is outside", to_not_ours },
	{ LANES_OUT, "the addressee's domain is not blocked", not_blocked },
	{ LANE_OUT, "the addressee's domain is a partner's", to_partner },
	{ LANE_DIALOG_OUT | LANE_INSIDE_DIALOG, "the partner is one still",
	  still_partner },
	{ LANES_PEER | LANES_OUT, "the provider is in service",
	  provider_lives },
	{ LANES_OUT, "the sender's policy", sender_may },
	{ LANES_ACROSS, "the sender's policy", colleague_may },
	{ LANES_PEER | LANES_OUT, "this type of request crosses",
	  method_crosses },
	{ LANES_PEER | LANES_OUT, "it crosses to this kind of provider",
	  method_narrow },
	{ LANE_FEDERATION, "the addressee's policy", addressee_may },
	{ LANES_PEER | LANES_OUT, "audio and video with public providers",
	  audio_video },
};

enum { ORDER_COUNT = sizeof(ORDER) / sizeof(ORDER[0]) };

static const struct {
	enum lane lane;
	enum access_kind kind;
} DESTINATION[] = {
	{ LANE_FEDERATION, ACCESS_TO_INSIDE },
	{ LANE_CLIENT, ACCESS_TO_INSIDE },
	{ LANE_FLOW, ACCESS_TO_FLOW },
	{ LANE_OUT, ACCESS_TO_PARTNER },
	{ LANE_PEER_DIALOG, ACCESS_TO_FLOW },
	{ LANE_COLLEAGUE, ACCESS_TO_PARTNER },
	{ LANE_TRANSIT, ACCESS_TO_PARTNER },
	{ LANE_CLIENT_DIALOG, ACCESS_TO_FLOW },
	{ LANE_DIALOG_OUT, ACCESS_TO_PARTNER },
	{ LANE_INSIDE_DIALOG, ACCESS_TO_PARTNER },
	{ LANE_PEER_INSIDE, ACCESS_TO_INSIDE },
};

static const enum lane LANE[][ACCESS_ROUTE_COUNT] = {
	[ACCESS_FROM_FEDERATION] = { [ACCESS_ROUTE_NONE] = LANE_FEDERATION,
				     [ACCESS_ROUTE_FLOW] = LANE_PEER_DIALOG,
				     [ACCESS_ROUTE_PARTNER] = LANE_TRANSIT,
				     [ACCESS_ROUTE_INSIDE] = LANE_PEER_INSIDE },
	[ACCESS_FROM_CLIENT] = { [ACCESS_ROUTE_NONE] = LANE_CLIENT,
				 [ACCESS_ROUTE_FLOW] = LANE_CLIENT_DIALOG,
				 [ACCESS_ROUTE_PARTNER] = LANE_DIALOG_OUT,
				 [ACCESS_ROUTE_INSIDE] = LANE_CLIENT },
	[ACCESS_FROM_INSIDE] = { [ACCESS_ROUTE_NONE] = LANE_OUT,
				 [ACCESS_ROUTE_FLOW] = LANE_FLOW,
				 [ACCESS_ROUTE_PARTNER] = LANE_INSIDE_DIALOG,
				 [ACCESS_ROUTE_INSIDE] = LANE_OUT },
};

/* A client that has not signed in holds no token of its own: it goes inside
 * and is challenged there. */
static enum lane lane_of(const struct access *a, const struct access_facts *f,
			 const struct access_partner *other)
{
	enum lane lane = LANE[f->source][f->route];
	if (f->source == ACCESS_FROM_CLIENT && slice_empty(f->flow_aor))
		return LANE_CLIENT;
	bool begins = lane == LANE_FEDERATION && other &&
		      access_is_split(other) && other->provider->transit &&
		      access_is_ours(a, f->from_domain) &&
		      !access_is_ours(a, f->to_domain);
	return begins ? LANE_COLLEAGUE : lane;
}

static struct access_mark mark_of(const struct judge *j, enum lane lane)
{
	struct access_mark m = { .type = ACCESS_SOURCE_NONE };
	const struct access_partner *p = j->other;
	if (lane & LANES_CLIENT)
		return (struct access_mark){
			.type = ACCESS_SOURCE_INTERNET_USER,
			.verified = !slice_empty(j->f->flow_aor)
		};
	if (!(lane & LANES_IN) || !p)
		return m;
	m.type = p->provider   ? ACCESS_SOURCE_AUTHORIZED_SERVER
		 : p->edge.len ? ACCESS_SOURCE_DIRECT_PARTNER
			       : ACCESS_SOURCE_AUTO_FEDERATION;
	m.public_cloud = provider_kind(p) == ACCESS_PUBLIC_IM;
	m.shared = access_is_split(p);
	m.verified = p->level == ACCESS_LEVEL_VERIFIED ||
		     ((p->level == ACCESS_LEVEL_SOURCE ||
		       p->level == ACCESS_LEVEL_STRICT) &&
		      j->f->said_verified);
	return m;
}

static const struct access_partner *onward(const struct access *a,
					   const struct access_facts *f,
					   enum lane lane)
{
	if (lane == LANE_COLLEAGUE)
		return side_partner(a, f, f->to_domain);
	return lane == LANE_TRANSIT ? side_by_token(a, f) : NULL;
}

static struct judge judge_of(const struct access *a,
			     const struct access_facts *f, enum lane *lane)
{
	struct judge j = { .a = a, .f = f, .other = side_other(a, f) };
	*lane = lane_of(a, f, j.other);
	j.to = onward(a, f, *lane);
	j.other_domain = side_domain(f, j.other);
	return j;
}

bool access_wants_media(const struct access *a,
			const struct access_facts *facts)
{
	enum lane lane;
	const struct judge j = judge_of(a, facts, &lane);
	return is_narrow(&j);
}

static enum access_kind kind_of(enum lane lane)
{
	for (size_t i = 0; i < sizeof(DESTINATION) / sizeof(DESTINATION[0]);
	     i++)
		if (DESTINATION[i].lane == lane)
			return DESTINATION[i].kind;
	return ACCESS_REFUSE;
}

/* What is missing; REFUSE: nothing is. */
static enum access_kind need_of(const struct reject *reject)
{
	static const struct {
		const struct reject *need;
		enum access_kind kind;
	} needs[] = {
		{ &NEED_SRV, ACCESS_NEED_SRV },
		{ &NEED_TLSA, ACCESS_NEED_TLSA },
		{ &NEED_LIMIT, ACCESS_NEED_LIMIT },
		{ &NEED_HOMED, ACCESS_NEED_HOMED },
	};
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if (reject == needs[i].need)
			return needs[i].kind;
	return ACCESS_REFUSE;
}

static void step(const struct judge *j, const char *check,
		 const struct reject *reject,
		 void (*fn)(void *arg, const struct access_step *step),
		 void *arg)
{
	bool unknown = need_of(reject) != ACCESS_REFUSE;
	const struct access_step s = { .check = check,
				       .reject = unknown ? NULL : reject,
				       .unknown = unknown,
				       .line = j->line };
	if (fn)
		fn(arg, &s);
}

/* A check did not let it pass. */
static struct access_verdict stopped(const struct judge *j,
				     const struct reject *reject)
{
	struct access_verdict v = { .kind = need_of(reject) };
	bool about = v.kind == ACCESS_NEED_TLSA ||
		     v.kind == ACCESS_NEED_LIMIT ||
		     reject == &ACCESS_REJ_PROVIDER_ENDED ||
		     reject == &ACCESS_REJ_PROOF;
	if (v.kind == ACCESS_REFUSE)
		v.reject = reject;
	if (about)
		v.partner = j->other;
	return v;
}

struct access_verdict access_explain(
	const struct access *a, const struct access_facts *facts,
	void (*fn)(void *arg, const struct access_step *step), void *arg)
{
	enum lane lane;
	struct judge j = judge_of(a, facts, &lane);
	struct access_verdict v = { .kind = ACCESS_REFUSE };
	for (size_t i = 0; i < ORDER_COUNT; i++) {
		const struct reject *reject;
		if (!(ORDER[i].lanes & lane))
			continue;
		j.line = 0;
		reject = ORDER[i].check(&j);
		step(&j, ORDER[i].name, reject, fn, arg);
		if (reject)
			return stopped(&j, reject);
	}
	v.kind = kind_of(lane);
	v.mark = mark_of(&j, lane);
	if (lane & (LANES_PEER | LANES_OUT))
		v.partner = j.other;
	v.onwards = j.to;
	return v;
}

struct access_verdict access_judge(const struct access *a,
				   const struct access_facts *facts)
{
	return access_explain(a, facts, NULL, NULL);
}
