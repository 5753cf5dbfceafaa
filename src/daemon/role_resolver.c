/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resolver as a process: TARGETS_GET in, TARGETS out (where a partner
 * lives, RFC 3263). When a configuration names other servers a new engine
 * takes the questions from then on; the old one goes with its last answer.
 */
#include "daemon/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/conf_map.h"
#include "dns/dns.h"
#include "ipc/targets.h"

enum { QUESTIONS_MAX = 10000 };

struct engine {
	struct list node;
	struct dns_setup *setup;
	struct dns *dns;
	struct loop *loop;
	struct list questions; /* open ones */
	bool retired;
	struct turn_hook end; /* never from within its own callbacks */
};

struct role_resolver {
	struct process *process;
	struct list engines; /* all; also those that retire */
	struct engine *current;
	struct engine *next; /* prepared; may be the current one */
	size_t open;         /* questions, over all engines */
};

struct question {
	struct list node;
	struct role_resolver *resolver;
	struct engine *engine;
	struct proc_id from;
	uint64_t id;
	/* when it was asked for: to judge the targets by */
	char domain[DNS_NAME_MAX + 1];
};

static void question_free(struct question *q)
{
	list_remove(&q->node);
	q->resolver->open--;
	free(q);
}

/* Open questions go with it, unanswered. */
static void engine_free(struct engine *e)
{
	if (!e)
		return;
	list_remove(&e->node);
	loop_cancel_turn_end(&e->end);
	dns_free(e->dns);
	LIST_EACH (it, tmp, &e->questions)
		question_free(container_of(it, struct question, node));
	dns_setup_free(e->setup);
	free(e);
}

static void on_end(void *arg)
{
	engine_free(arg);
}

static int engine_create(struct engine **out, struct loop *l,
			 struct dns_setup *setup)
{
	struct engine *e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	int err = dns_create(&e->dns, l, &setup->conf);
	if (err) {
		free(e);
		return err;
	}
	e->loop = l;
	e->setup = setup;
	e->end = (struct turn_hook){ .fn = on_end, .arg = e };
	list_init(&e->questions);
	*out = e;
	return 0;
}

/* It goes with its last answer. */
static void engine_retire(struct engine *e)
{
	e->retired = true;
	if (list_empty(&e->questions))
		loop_at_turn_end(e->loop, &e->end);
}

static int role_create(void **out, struct process *p)
{
	const struct dns_conf nothing = { .servers = NULL };
	struct dns *warm_up = NULL;
	struct role_resolver *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	/* the library loads what it needs while files can still be opened */
	if (dns_create(&warm_up, process_loop(p), &nothing) == 0)
		dns_free(warm_up);
	r->process = p;
	list_init(&r->engines);
	*out = r;
	return 0;
}

static void role_free(void *role)
{
	struct role_resolver *r = role;
	LIST_EACH (it, tmp, &r->engines)
		engine_free(container_of(it, struct engine, node));
	free(r);
}

static int role_prepare(void *role, uint32_t generation, struct snapshot *snap,
			char error[static ROLE_ERROR_MAX])
{
	struct role_resolver *r = role;
	struct dns_setup *setup = NULL;
	(void)generation;
	(void)error;
	int err = dns_setup_create(&setup, snap);
	if (err)
		return err;
	if (r->current && dns_setup_same(r->current->setup, setup)) {
		dns_setup_free(setup);
		r->next = r->current;
		return 0;
	}
	struct engine *e = NULL;
	err = engine_create(&e, process_loop(r->process), setup);
	if (err) {
		setup->snap = NULL;
		dns_setup_free(setup);
		return err;
	}
	list_push_back(&r->engines, &e->node);
	r->next = e;
	return 0;
}

static void role_commit(void *role, uint32_t generation)
{
	struct role_resolver *r = role;
	struct engine *before = r->current;
	(void)generation;
	if (!r->next || r->next == before) {
		r->next = NULL;
		return;
	}
	r->current = r->next;
	r->next = NULL;
	if (before)
		engine_retire(before);
}

static void role_abort(void *role, uint32_t generation)
{
	struct role_resolver *r = role;
	(void)generation;
	if (r->next != r->current)
		engine_free(r->next);
	r->next = NULL;
}

/* Answered: the engine may go now. */
static void question_done(struct question *q)
{
	struct engine *e = q->engine;
	question_free(q);
	if (e->retired)
		engine_retire(e);
}

/* NULL: no room. */
static struct question *question_new(struct role_resolver *r,
				     const struct proc_id *from, uint64_t id)
{
	struct question *q = NULL;
	if (r->current && r->open < QUESTIONS_MAX)
		q = calloc(1, sizeof(*q));
	if (!q)
		return NULL;
	*q = (struct question){
		.resolver = r, .engine = r->current, .from = *from, .id = id
	};
	list_push_back(&r->current->questions, &q->node);
	r->open++;
	return q;
}

/* -- targets -- */

static void put_target(struct buf *out, const struct dns_target *t,
		       struct slice domain)
{
	struct ipc_target x = {
		.name = slice_str(t->name),
		.port = t->port,
		.priority = t->priority,
		.weight = t->weight,
		.secure = t->secure,
		.count = t->count,
	};
	x.direct = !slice_empty(domain) && dns_direct_child(domain, x.name);
	memcpy(x.addr, t->addr, t->count * sizeof(*t->addr));
	ipc_target_put(out, &x);
}

static void tell_targets(struct role_resolver *r, const struct proc_id *to,
			 uint64_t id, struct slice domain,
			 const struct dns_target_list *list)
{
	struct buf targets;
	buf_init(&targets, 0);
	for (size_t i = 0; i < list->count; i++)
		put_target(&targets, &list->target[i], domain);
	bool whole = !buf_failed(&targets);
	const struct ipc_targets m = {
		.id = id,
		.error = (uint32_t)(whole ? -list->error : ENOMEM),
		.ttl_s = list->ttl_s,
		.secure = list->secure,
		.targets = whole ? buf_slice(&targets) : SLICE_NONE,
		.text = slice_str(list->text),
	};
	process_reply(r->process, to, IPC_TARGETS, &m);
	buf_free(&targets);
}

static void tell_tlsa(struct role_resolver *r, const struct proc_id *to,
		      uint64_t id, const struct dns_digests *found)
{
	struct buf entries;
	buf_init(&entries, 0);
	for (size_t i = 0; i < found->count; i++) {
		const struct dns_digest *d = &found->digest[i];
		const struct ipc_tlsa x = { .usage = d->usage,
					    .selector = d->selector,
					    .digest = slice_of(d->digest,
							       d->len) };
		ipc_tlsa_put(&entries, &x);
	}
	bool whole = !buf_failed(&entries);
	const struct ipc_targets m = {
		.id = id,
		.error = (uint32_t)(whole ? -found->error : ENOMEM),
		.ttl_s = found->ttl_s,
		.secure = true,
		.targets = whole ? buf_slice(&entries) : SLICE_NONE,
		.text = slice_str(found->text ? found->text : ""),
	};
	process_reply(r->process, to, IPC_TARGETS, &m);
	buf_free(&entries);
}

static void on_tlsa(void *arg, const struct dns_digests *found)
{
	struct question *q = arg;
	tell_tlsa(q->resolver, &q->from, q->id, found);
	question_done(q);
}

static void on_targets(void *arg, const struct dns_target_list *list)
{
	struct question *q = arg;
	tell_targets(q->resolver, &q->from, q->id, slice_str(q->domain), list);
	question_done(q);
}

/* A domain is also looked for as RFC 3263 4.1 has it; _sip._tls is not asked
 * for: it names where clients sign in. */
static int ask_dns(struct question *q, const struct ipc_targets_get *m)
{
	static const enum dns_kind kinds[IPC_TARGETS_KIND_COUNT] = {
		[IPC_TARGETS_DOMAIN] = DNS_FEDERATION,
		[IPC_TARGETS_HOST] = DNS_HOST,
		[IPC_TARGETS_FEDERATION] = DNS_FEDERATION,
		[IPC_TARGETS_CLIENTS] = DNS_CLIENTS,
	};
	if (m->kind >= IPC_TARGETS_KIND_COUNT)
		return -EINVAL;
	bool domain = kinds[m->kind] != DNS_HOST;
	struct dns_question ask = { .kind = kinds[m->kind],
				    .name = m->name,
				    .port = m->port };
	if (m->kind == IPC_TARGETS_TLSA)
		return dns_tlsa(q->engine->dns, m->name, m->port, on_tlsa, q);
	if (m->kind == IPC_TARGETS_DOMAIN)
		ask.also_tries = DNS_TRY_NAPTR | DNS_TRY_SIPS;
	if (domain && slice_cstr(m->name, q->domain, sizeof(q->domain)))
		return -EINVAL;
	return dns_targets(q->engine->dns, &ask, on_targets, q);
}

static void ask_targets(struct role_resolver *r, const struct proc_id *from,
			const struct ipc_targets_get *m)
{
	struct question *q = question_new(r, from, m->id);
	int err = q ? ask_dns(q, m) : -EBUSY;
	const struct dns_target_list none = {
		.error = err,
		.text = err == -EINVAL ? "not a name that can be looked up"
				       : "the resolver is overloaded",
	};
	if (!err)
		return;
	if (q)
		question_free(q);
	tell_targets(r, from, m->id, SLICE_NONE, &none);
}

static void role_peer_message(void *role, const struct proc_id *from,
			      const struct ipc_msg *m)
{
	if (m->type == IPC_TARGETS_GET)
		ask_targets(role, from, &m->u.targets_get);
}

/* Answers to a process that is gone go nowhere: nothing is kept for it. */
static void role_peer(void *role, const struct proc_id *peer)
{
	(void)role;
	(void)peer;
}

static void role_status(void *role, role_row_fn row, void *arg)
{
	struct role_resolver *r = role;
	char open[24];
	struct buf pairs;
	buf_init(&pairs, 0);
	snprintf(open, sizeof(open), "%zu", r->open);
	ipc_pair_put(&pairs, "open_questions", slice_str(open));
	if (!buf_failed(&pairs))
		row(arg, "resolver", buf_slice(&pairs));
	buf_free(&pairs);
}

const struct role_ops role_resolver_ops = {
	.create = role_create,
	.prepare = role_prepare,
	.commit = role_commit,
	.abort = role_abort,
	.peer_up = role_peer,
	.peer_message = role_peer_message,
	.peer_gone = role_peer,
	.status = role_status,
	.free = role_free,
};
