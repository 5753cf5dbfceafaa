/* SPDX-License-Identifier: Apache-2.0 */
/* Which kind a request is, and which kinds are refused now. */
#include "edge/shed.h"

#include "edge/edge_int.h"
#include "edge/inside.h"
#include "loop/loop.h"
#include "proxy/reject.h"

/* The last tenth of the table is for what is never refused. */
static const struct kind {
	unsigned percent; /* of the transactions that there may be */
	uint64_t late_ms; /* of the loop */
	enum metric metric;
	const char *name;
} kinds[SHED_KINDS] = {
	[SHED_NONE] = { .name = "none" },
	[SHED_SUBSCRIBE] = { 50, 300, M_SHED_SUBSCRIBE, "subscribe" },
	[SHED_PUBLISH] = { 60, 450, M_SHED_PUBLISH, "publish" },
	[SHED_REGISTER] = { 65, 600, M_SHED_REGISTER, "register" },
	[SHED_UNKNOWN] = { 70, 800, M_SHED_UNKNOWN, "unknown" },
	[SHED_PARTNER] = { 80, 1000, M_SHED_PARTNER, "partner" },
	[SHED_USER] = { 90, 1500, M_SHED_USER, "user" },
};

/* Whom the configuration names, not whom the DNS does. */
static bool is_listed(const struct flow *f)
{
	const struct slice prefix = SLICE_LIT("peer:");
	struct slice peer = slice_str(f->peer);
	return slice_starts(peer, prefix) &&
	       access_partner_by_key(f->edge->current->access,
				     slice_from(peer, prefix.len));
}

/* What came on a connection of somebody outside. Only what we put into a
 * dialog ourselves makes a request one of a dialog: without Route its To tag
 * is nothing but a claim. */
static enum shed_kind kind_of(const struct flow *f, const struct sip_msg *m)
{
	bool client = f->kind == FLOW_CLIENT, signed_in = client && f->aor;
	if (m->method == SIP_ACK || m->method == SIP_CANCEL ||
	    (m->to_tag.len && sip_header(m, SIP_H_ROUTE)) ||
	    (signed_in && sip_header(m, SIP_H_RESOURCE_PRIORITY)))
		return SHED_NONE;
	if (m->method == SIP_SUBSCRIBE)
		return SHED_SUBSCRIBE;
	if (m->method == SIP_PUBLISH)
		return SHED_PUBLISH;
	if (m->method == SIP_REGISTER)
		return signed_in ? SHED_NONE : SHED_REGISTER;
	if (client)
		return SHED_USER;
	return is_listed(f) ? SHED_PARTNER : SHED_UNKNOWN;
}

static bool refused_now(const struct edge *e, enum shed_kind kind)
{
	return kind != SHED_NONE &&
	       (kind <= e->shed.late ||
		proxy_filled_percent(e->proxy) >= kinds[kind].percent);
}

/* Some are under way before the first refusal is read, and a device asks for
 * several things at once: neither is meant. */
static void count_unrested(struct flow *f)
{
	uint64_t now_ms = timers_now(f->edge->timers);
	if (f->kind != FLOW_CLIENT || f->ending)
		return;
	if (now_ms >= f->rest_ms) {
		f->rest_ms = now_ms + SHED_REST_MS;
		f->unrested = 0;
	}
	if (f->unrested++ < SHED_UNRESTED)
		return;
	LOG_LIMITED(LOG_WARN, "overload.ignored", slice_str(f->source),
		    KV_STR("source", f->source), KV_STR("peer", f->peer));
	flow_end(f, true);
}

const struct reject *shed_admit(void *arg, const struct proxy_hop *from,
				const struct sip_msg *m)
{
	struct edge *e = arg;
	if (from->kind != HOP_FLOW || !refused_now(e, SHED_NONE + 1))
		return NULL;
	struct flow *f = flow_find(e, from->flow);
	if (!f || flow_is_inside(f))
		return NULL;
	enum shed_kind kind = kind_of(f, m);
	if (!refused_now(e, kind))
		return NULL;
	metric_add(kinds[kind].metric, 1);
	count_unrested(f);
	return &PROXY_REJ_OVERLOAD;
}

/* One long turn is a hiccup; four are too much work. */
static uint64_t always_late_ms(const struct shed *s)
{
	uint64_t least = s->late_ms[0];
	for (size_t i = 1; i < SHED_SAMPLES; i++)
		if (s->late_ms[i] < least)
			least = s->late_ms[i];
	return least;
}

static void tell(struct edge *e)
{
	struct shed *s = &e->shed;
	enum shed_kind upto = SHED_NONE;
	for (enum shed_kind k = SHED_NONE + 1; k < SHED_KINDS; k++)
		if (e->proxy && refused_now(e, k))
			upto = k;
	if (upto == s->logged)
		return;
	s->logged = upto;
	LOG(LOG_WARN, "overload", KV_U64("slot", e->slot),
	    KV_STR("refused", kinds[upto].name),
	    KV_U64("late_ms", always_late_ms(s)),
	    KV_U64("filled", e->proxy ? proxy_filled_percent(e->proxy) : 0));
}

static void on_sample(struct timer *t, void *arg)
{
	struct edge *e = arg;
	struct shed *s = &e->shed;
	uint64_t now_us = s->clock_us();
	uint64_t passed_ms = (now_us - s->last_us) / 1000;
	s->last_us = now_us;
	s->late_ms[s->next] =
		passed_ms > SHED_SAMPLE_MS ? passed_ms - SHED_SAMPLE_MS : 0;
	s->next = (s->next + 1) % SHED_SAMPLES;
	uint64_t late_ms = always_late_ms(s);
	s->late = SHED_NONE;
	for (enum shed_kind k = SHED_NONE + 1; k < SHED_KINDS; k++)
		if (late_ms >= kinds[k].late_ms)
			s->late = k;
	tell(e);
	timer_start(t, SHED_SAMPLE_MS);
}

void shed_init(struct edge *e)
{
	struct shed *s = &e->shed;
	s->clock_us = loop_clock_us;
	s->last_us = loop_clock_us();
	timer_init(&s->sample, e->timers, on_sample, e);
	timer_start(&s->sample, SHED_SAMPLE_MS);
}

void shed_stop(struct edge *e)
{
	if (e->shed.sample.owner)
		timer_stop(&e->shed.sample);
}
