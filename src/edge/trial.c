/* SPDX-License-Identifier: Apache-2.0 */
/* Trials: who may be tried, where it lives, and what is told of it. */
#include "edge/trial_int.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "edge/partner_int.h"

enum { TRIALS_MAX = 8, NAMES_MS = 7000, TEXT_MAX = 1024 };

/* ---- telling ---- */

static void tell(struct trial *t, struct ipc_trial_step *m)
{
	struct edge *e = t->edge;
	m->id = t->id;
	m->ms = (uint32_t)(timers_now(e->timers) - t->began_ms);
	/* what does not reach the asker is missed by nobody else */
	(void)e->ops->send(e->arg, t->asker.role, t->asker.slot, IPC_TRIAL_STEP,
			   m);
}

void trial_say(struct trial *t, const char *step, enum ipc_trial_state state,
	       const struct reject *reject, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	struct ipc_trial_step m = { .state = (uint8_t)state,
				    .step = slice_str(step),
				    .text = slice_str(text) };
	if (reject) {
		m.diagnostics = reject->diagnostics;
		m.why = slice_str(reject->why);
	}
	tell(t, &m);
}

void trial_say_numbered(struct trial *t, const char *step,
			enum ipc_trial_state state, uint16_t diagnostics,
			struct slice text)
{
	struct ipc_trial_step m = { .state = (uint8_t)state,
				    .diagnostics = diagnostics,
				    .step = slice_str(step),
				    .text = text };
	tell(t, &m);
}

/* ---- life ---- */

void trial_free(struct trial *t)
{
	if (!t)
		return;
	if (t->edge) {
		list_remove(&t->node);
		timer_stop(&t->deadline);
	}
	net_tls_free(t->plain);
	free(t);
}

void trial_end(struct trial *t)
{
	struct edge *e = t->edge;
	const struct ipc_trial_end m = { .id = t->id };
	t->stage = TRIAL_AT_END;
	timer_stop(&t->deadline);
	(void)e->ops->send(e->arg, t->asker.role, t->asker.slot, IPC_TRIAL_END,
			   &m);
	if (t->conn)
		conn_close(t->conn); /* and is freed with it */
	else
		trial_free(t);
}

void trials_free(struct edge *e)
{
	while (!list_empty(&e->trials)) {
		struct trial *t =
			container_of(list_pop(&e->trials), struct trial, node);
		timer_stop(&t->deadline);
		t->stage = TRIAL_AT_END;
		t->edge = NULL;
		if (t->conn)
			conn_close(t->conn);
		else
			trial_free(t);
	}
}

void trial_begin(struct trial *t, enum trial_stage stage, uint32_t ms)
{
	t->stage = stage;
	t->began_ms = timers_now(t->edge->timers);
	timer_stop(&t->deadline);
	if (ms)
		timer_start(&t->deadline, ms);
}

static void on_deadline(struct timer *timer, void *arg)
{
	struct trial *t = arg;
	(void)timer;
	if (t->stage == TRIAL_AT_OPTIONS) {
		trial_silent(t);
		return;
	}
	t->ask = 0;
	trial_say(t, "dns", TRIAL_FAIL, edge_reject(EDGE_PARTNER_DNS),
		  "the resolver does not answer");
	trial_end(t);
}

/* ---- judgement ---- */

/* As if one of our users wrote. *out is valid while the generation and
 * *unlisted are. NULL: allowed. */
static const struct reject *judge(struct trial *t,
				  struct access_partner *unlisted,
				  const struct access_partner **out)
{
	const struct edge *e = t->edge;
	const struct access *a = e->current->access;
	const struct access_conf *conf = &e->current->conf->access;
	char from[SIP_AOR_MAX], to[SIP_AOR_MAX + 16];
	struct slice ours =
		conf->domain_count ? conf->domains[0] : slice_str(e->name);
	snprintf(from, sizeof(from), "postmaster@%.*s", SLICE_FMT(ours));
	snprintf(to, sizeof(to), "postmaster@%s", t->domain);
	struct access_facts f = {
		.source = ACCESS_FROM_INSIDE,
		.method = SLICE_LIT("MESSAGE"),
		.crosses = true,
		.from_aor = slice_str(from),
		.from_domain = ours,
		.to_aor = slice_str(to),
		.to_domain = slice_str(t->domain),
		.limit = ACCESS_WITHIN_LIMITS,
		.rulings = e->rulings,
		.now_s = loop_wall_ms() / 1000,
	};
	if (access_unlisted(a, e->rulings, f.to_domain, unlisted))
		f.unlisted = unlisted;
	const struct access_verdict v = access_judge(a, &f);
	*out = v.kind == ACCESS_TO_PARTNER ? v.partner : NULL;
	return v.reject;
}

static const char *kind_of(const struct access_partner *row)
{
	static const char *const kinds[ACCESS_KINDS] = {
		[ACCESS_HOSTING] = "a hosting provider",
		[ACCESS_PUBLIC_IM] = "a public IM provider",
		[ACCESS_XMPP] = "an XMPP gateway",
	};
	if (row->provider)
		return kinds[row->provider->kind];
	if (row->discovered)
		return "found by discovery";
	return row->line ? "an entry of the configuration"
			 : "allowed by the operator";
}

/* ---- names ---- */

static void add(struct trial *t, const struct addr *a, struct slice name)
{
	struct trial_candidate *c = &t->candidate[t->count];
	if (t->count == TRIAL_CANDIDATES_MAX ||
	    slice_cstr(name, c->target, sizeof(c->target)))
		return;
	c->addr = *a;
	t->count++;
}

static void say_target(struct trial *t, const struct ipc_target *x)
{
	char text[TEXT_MAX], host[ADDR_TEXT_MAX];
	size_t at = 0;
	for (size_t i = 0; i < x->count && at < sizeof(text) - sizeof(host);
	     i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s",
				       i ? ", " : "",
				       addr_host(&x->addr[i], host));
	text[at] = '\0';
	trial_say(t, "dns", at ? TRIAL_PASS : TRIAL_WARN, NULL,
		  "%.*s port %u, priority %u: %s", SLICE_FMT(x->name), x->port,
		  x->priority, at ? text : "it has no address");
}

static void take_target(struct trial *t, const struct access_partner *row,
			const struct ipc_target *x)
{
	char host[ADDR_TEXT_MAX];
	bool srv = slice_empty(row->edge);
	say_target(t, x);
	if (srv && !x->direct) {
		t->none = EDGE_PARTNER_SRV_DOMAIN;
		trial_say(t, "dns", TRIAL_WARN,
			  edge_reject(EDGE_PARTNER_SRV_DOMAIN),
			  "%.*s is no host directly in %s: it is not dialled",
			  SLICE_FMT(x->name), t->domain);
		return;
	}
	for (size_t i = 0; i < x->count; i++) {
		if (partner_may_dial(row, &x->addr[i])) {
			add(t, &x->addr[i], x->name);
			continue;
		}
		t->none = EDGE_PARTNER_DNS;
		trial_say(t, "dns", TRIAL_WARN, edge_reject(t->none),
			  "%s is a private or special address: it is not "
			  "dialled, see allow_addresses",
			  addr_host(&x->addr[i], host));
	}
}

static enum edge_refusal names_reason(const struct ipc_targets *m, bool srv)
{
	bool none = m->error == ENOENT || m->error == ENODATA ||
		    m->error == EBADMSG;
	return srv && none ? EDGE_PARTNER_SRV : EDGE_PARTNER_DNS;
}

static void take_targets(struct trial *t, const struct access_partner *row,
			 const struct ipc_targets *m)
{
	struct cur c = cur_init(m->targets);
	struct ipc_target x;
	bool srv = slice_empty(row->edge);
	if (m->error) {
		trial_say(t, "dns", TRIAL_FAIL,
			  edge_reject(names_reason(m, srv)), "%.*s",
			  SLICE_FMT(m->text));
		trial_end(t);
		return;
	}
	while (ipc_target_next(&c, &x) > 0)
		take_target(t, row, &x);
	trial_say(t, "dns", TRIAL_PASS, NULL, "DNSSEC: %s",
		  m->secure ? "the answers are proven"
			    : "the answers are not signed");
	if (t->count) {
		trial_dial(t);
		return;
	}
	trial_say(t, "dns", TRIAL_FAIL, edge_reject(t->none),
		  "there is no address that may be dialled");
	trial_end(t);
}

bool trials_targets(struct edge *e, const struct ipc_targets *m)
{
	LIST_EACH (it, tmp, &e->trials) {
		struct trial *t = container_of(it, struct trial, node);
		struct access_partner unlisted;
		const struct access_partner *row = NULL;
		if (!m->id || t->ask != m->id)
			continue;
		t->ask = 0;
		const struct reject *no = judge(t, &unlisted, &row);
		if (row) {
			take_targets(t, row, m);
			return true;
		}
		/* the configuration was replaced meanwhile */
		trial_say(t, "policy", TRIAL_FAIL, no,
			  "it is no partner any more");
		trial_end(t);
		return true;
	}
	return false;
}

static void ask_names(struct trial *t, const struct access_partner *row)
{
	struct edge *e = t->edge;
	bool srv = slice_empty(row->edge);
	const struct ipc_targets_get get = {
		.id = ++e->last_ask,
		.kind = srv ? IPC_TARGETS_DOMAIN : IPC_TARGETS_HOST,
		.name = srv ? slice_str(t->domain) : row->edge
	};
	trial_begin(t, TRIAL_AT_NAMES, NAMES_MS);
	if (!e->ops->send(e->arg, PROC_RESOLVER, 0, IPC_TARGETS_GET, &get)) {
		t->ask = get.id;
		return;
	}
	trial_say(t, "dns", TRIAL_FAIL, edge_reject(EDGE_PARTNER_DNS),
		  "the resolver process cannot be asked now");
	trial_end(t);
}

/* ---- the beginning ---- */

static void start(struct trial *t)
{
	struct access_partner unlisted;
	const struct access_partner *row = NULL;
	const struct reject *no = judge(t, &unlisted, &row);
	struct addr fixed;
	if (!row) {
		bool ours = access_is_ours(t->edge->current->access,
					   slice_str(t->domain));
		if (ours)
			trial_say(t, "policy", TRIAL_FAIL, NULL,
				  "it is a domain of ours: there is nothing to "
				  "try");
		else
			trial_say(t, "policy", TRIAL_FAIL, no, "%s",
				  no ? no->text : "it is no partner");
		trial_end(t);
		return;
	}
	trial_say(t, "policy", TRIAL_PASS, NULL, "%s is %s", t->domain,
		  kind_of(row));
	access_partner_key(row, t->key);
	if (addr_parse(row->address, false, &fixed)) {
		ask_names(t, row);
		return;
	}
	add(t, &fixed, row->edge);
	trial_say(t, "dns", TRIAL_PASS, NULL,
		  "not asked: the configuration says %.*s at %.*s",
		  SLICE_FMT(row->edge), SLICE_FMT(row->address));
	trial_dial(t);
}

static struct trial *create(struct edge *e, const struct proc_id *from,
			    const struct ipc_trial *m)
{
	size_t running = 0;
	LIST_EACH (it, tmp, &e->trials)
		running++;
	struct trial *t = running < TRIALS_MAX ? calloc(1, sizeof(*t)) : NULL;
	if (!t)
		return NULL;
	t->edge = e;
	t->asker = *from;
	t->id = m->id;
	t->none = EDGE_PARTNER_DNS;
	t->began_ms = timers_now(e->timers);
	timer_init(&t->deadline, e->timers, on_deadline, t);
	list_push_back(&e->trials, &t->node);
	return t;
}

void trials_on_ask(struct edge *e, const struct proc_id *from,
		   const struct ipc_msg *m)
{
	const struct ipc_trial *ask = &m->u.trial;
	struct trial *t =
		e->current && !e->draining ? create(e, from, ask) : NULL;
	if (!t) {
		const struct ipc_trial_end end = { .id = ask->id };
		(void)e->ops->send(e->arg, from->role, from->slot,
				   IPC_TRIAL_END, &end);
	} else if (sip_domain(ask->domain, t->domain)) {
		trial_say(t, "policy", TRIAL_FAIL, NULL,
			  "this is no name of a domain");
		trial_end(t);
	} else {
		start(t);
	}
}
