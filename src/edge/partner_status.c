/* SPDX-License-Identifier: Apache-2.0 */
/* Partners for people: rows of the operator's status, lines of the log. */
#include <stdio.h>

#include "edge/limits.h"
#include "edge/partner_int.h"
#include "edge/partner_names.h"

enum { LINES_MAX = 3, LINE_MS = 60000, MS_PER_S = 1000, SHOWN_MAX = 4 };

enum partner_state partner_state(const struct partner *p)
{
	if (p->silent)
		return PARTNER_SILENT;
	if (p->link_count)
		return PARTNER_UP;
	if (partner_dialling(p))
		return PARTNER_CONNECTING;
	return p->failed ? PARTNER_DOWN : PARTNER_IDLE;
}

/* One line a minute, after a few at once. */
static bool may_write(struct partner *p)
{
	uint64_t now = timers_now(p->edge->timers);
	uint64_t minutes = (now - p->lines_ms) / LINE_MS;
	if (minutes) {
		p->lines_ms += minutes * LINE_MS;
		p->lines = minutes < LINES_MAX - p->lines
				   ? p->lines + (unsigned)minutes
				   : LINES_MAX;
	}
	if (!p->lines)
		return false;
	p->lines--;
	return true;
}

static void say_up(const struct partner *p)
{
	const struct partner_link *l =
		container_of(p->links.next, struct partner_link, node);
	LOG(LOG_INFO, "partner.up", KV_STR("partner", p->key),
	    KV_STR("target", l->target), KV_STR("address", l->flow->source),
	    KV_U64("slot", p->edge->slot));
}

static void say_down(const struct partner *p)
{
	uint64_t now = timers_now(p->edge->timers);
	uint64_t until = p->silent ? p->probe_ms : p->not_before_ms;
	enum edge_refusal why = p->silent ? EDGE_PARTNER_SILENT : p->last;
	LOG(LOG_WARN, "partner.down", KV_STR("partner", p->key),
	    KV_STR("why", edge_reject(why)->why), KV_STR("text", p->text),
	    KV_U64("retry_ms", until > now ? until - now : 0));
}

void partner_say(struct partner *p)
{
	enum partner_state s = partner_state(p);
	if (s == PARTNER_CONNECTING || s == p->told || !may_write(p))
		return;
	p->told = s;
	if (s == PARTNER_UP)
		say_up(p);
	else if (s == PARTNER_IDLE)
		LOG(LOG_INFO, "partner.idle", KV_STR("partner", p->key));
	else
		say_down(p);
}

/* -- rows -- */

static void put_number(struct buf *pairs, const char *key, uint64_t value)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	ipc_pair_put(pairs, key, slice_of(text, n > 0 ? (size_t)n : 0));
}

/* "sip1.fabrikam.test:5061 sip2.fabrikam.test:5061 ..." */
static void put_targets(struct buf *pairs, const struct access_partner *row,
			const struct names *n)
{
	struct buf b;
	buf_init(&b, 0);
	if (!slice_empty(row->address))
		buf_put(&b, row->address);
	for (size_t i = 0; n && i < n->count && i < SHOWN_MAX; i++)
		buf_printf(&b, "%s%s:%u%s", i ? " " : "", n->target[i].name,
			   (unsigned)n->target[i].at.port,
			   n->target[i].at.count ? "" : "(no address)");
	if (n && n->count > SHOWN_MAX)
		buf_str(&b, " ...");
	if (n && n->stale)
		buf_str(&b, " (stale)");
	if (!buf_failed(&b))
		ipc_pair_put(pairs, "targets", buf_slice(&b));
	buf_free(&b);
}

static void put_partner(struct buf *pairs, const struct partner *p)
{
	static const char *const names[] = { "idle", "connecting", "up", "down",
					     "silent" };
	uint64_t now = timers_now(p->edge->timers);
	enum partner_state s = partner_state(p);
	bool bad = s == PARTNER_DOWN || s == PARTNER_SILENT;
	uint64_t until = p->silent ? p->probe_ms : p->not_before_ms;
	ipc_pair_put(pairs, "state", slice_str(names[s]));
	put_number(pairs, "connections", p->link_count);
	put_number(pairs, "inbound", p->alias_count);
	put_number(pairs, "queued", p->waiting_count);
	put_number(pairs, "queued_bytes", p->waiting_bytes);
	put_number(pairs, "retry_s",
		   bad && until > now ? (until - now) / MS_PER_S : 0);
	ipc_pair_put(pairs, "last_error", slice_str(p->text));
	ipc_pair_put(pairs, "last_refusal", slice_str(p->refused));
	put_number(pairs, "last_refusal_s", p->refused_s);
}

/* One that was never used. */
static void put_unused(struct buf *pairs)
{
	ipc_pair_put(pairs, "state", SLICE_LIT("idle"));
	put_number(pairs, "connections", 0);
	put_number(pairs, "inbound", 0);
	put_number(pairs, "queued", 0);
	put_number(pairs, "queued_bytes", 0);
	put_number(pairs, "retry_s", 0);
	ipc_pair_put(pairs, "last_error", SLICE_NONE);
	ipc_pair_put(pairs, "last_refusal", SLICE_NONE);
	put_number(pairs, "last_refusal_s", 0);
}

static const char *class_of(const struct access_partner *row)
{
	static const char *const kinds[ACCESS_KINDS] = {
		[ACCESS_HOSTING] = "hosting",
		[ACCESS_PUBLIC_IM] = "public",
		[ACCESS_XMPP] = "xmpp",
	};
	if (row->provider)
		return kinds[row->provider->kind];
	if (row->discovered)
		return "discovered";
	if (row->edge.len)
		return "direct";
	return row->line ? "enhanced" : "allowed";
}

/* What the operator said, and how far its limits are used. */
static void put_limits(struct buf *pairs, struct edge *e,
		       const struct access_partner *row)
{
	struct limits_seen seen = { 0 };
	enum access_ruling ruling = access_ruling_of(e->rulings, row->domain);
	bool kept = limits_seen(e, row->domain, &seen);
	const char *limited = seen.state & TALLY_FULL         ? "addresses"
			      : seen.state & TALLY_SUSPICIOUS ? "rate"
							      : "";
	ipc_pair_put(pairs, "class", slice_str(class_of(row)));
	ipc_pair_put(pairs, "ruling", slice_str(access_ruling_name(ruling)));
	if (!kept)
		return;
	put_number(pairs, "rate", seen.rate);
	put_number(pairs, "addresses", seen.addresses);
	ipc_pair_put(pairs, "limited", slice_str(limited));
}

static void put_row(struct edge *e, const struct partner_rows *rows,
		    const struct access_partner *row, struct slice key)
{
	const struct partner *p = partner_find(e, key);
	struct buf pairs;
	buf_init(&pairs, 0);
	ipc_pair_put(&pairs, "partner", key);
	/* the default route's: all that is nobody's */
	ipc_pair_put(&pairs, "domain",
		     row->domain.len ? row->domain : SLICE_LIT("*"));
	put_number(&pairs, "slot", e->slot);
	if (p)
		put_partner(&pairs, p);
	else
		put_unused(&pairs);
	put_limits(&pairs, e, row);
	put_targets(&pairs, row, names_find(e, key));
	if (!buf_failed(&pairs))
		rows->row(rows->arg, "partners", buf_slice(&pairs));
	buf_free(&pairs);
}

/* -- those that no entry names -- */

struct unlisted_rows {
	struct edge *edge;
	const struct partner_rows *rows;
};

/* A domain that a discovered partner, a connection or a ruling names; listed
 * ones have their row already. */
static void put_unlisted(const struct unlisted_rows *u, struct slice domain)
{
	struct edge *e = u->edge;
	struct access_partner row = { .domain = domain, .discovered = true };
	char key[ACCESS_KEY_MAX];
	access_unlisted(e->current->access, e->rulings, domain, &row);
	access_partner_key(&row, key);
	if (partner_owner(e, slice_str(key)) == e->slot &&
	    !access_partner_by_key(e->current->access, slice_str(key)))
		put_row(e, u->rows, &row, slice_str(key));
}

static void on_keeper(void *arg, struct slice domain)
{
	put_unlisted(arg, domain);
}

static bool has_keeper(struct edge *e, struct slice domain)
{
	struct limits_seen seen;
	return limits_seen(e, domain, &seen);
}

static void on_ruling(void *arg, struct slice domain, enum access_ruling ruling)
{
	const struct unlisted_rows *u = arg;
	(void)ruling;
	if (!has_keeper(u->edge, domain))
		put_unlisted(u, domain);
}

static void on_partner(struct map_node *n, void *arg)
{
	const struct unlisted_rows *u = arg;
	struct slice domain =
		access_key_domain(slice_str(partner_of_node(n)->key));
	if (domain.len && !has_keeper(u->edge, domain) &&
	    access_ruling_of(u->edge->rulings, domain) == ACCESS_RULED_NOT)
		put_unlisted(u, domain);
}

static void unlisted_status(struct edge *e, const struct partner_rows *rows)
{
	struct unlisted_rows u = { e, rows };
	limits_each(e, on_keeper, &u);
	access_rulings_each(e->rulings, on_ruling, &u);
	map_each(&e->partners, on_partner, &u);
}

static void put_listed(struct edge *e, const struct partner_rows *rows,
		       const struct access_partner *p)
{
	char key[ACCESS_KEY_MAX];
	access_partner_key(p, key);
	if (access_partner_by_key(e->current->access, slice_str(key)) == p &&
	    partner_owner(e, slice_str(key)) == e->slot)
		put_row(e, rows, p, slice_str(key));
}

/* Those that this worker owns; domains with the same edge are one. */
void partners_status(struct edge *e, const struct partner_rows *rows)
{
	const struct access_conf *a;
	if (!e->current)
		return;
	a = &e->current->conf->access;
	for (size_t i = 0; i < a->partner_count; i++)
		put_listed(e, rows, &a->partners[i]);
	if (a->default_route)
		put_listed(e, rows, a->default_route);
	unlisted_status(e, rows);
}
