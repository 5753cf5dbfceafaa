/* SPDX-License-Identifier: Apache-2.0 */
/*
 * partner.*: who the partners are, and the operator's word about a domain.
 * ban, unban, bans: addresses from which nothing is accepted. The store keeps
 * both and tells the workers; the rows of partners come from their owners.
 */
#include <errno.h>

#include "access/rulings.h"
#include "admin/asked.h"
#include "admin/json.h"
#include "base/addr.h"

enum { BAN_MAX_S = 365 * 86400 };

static bool domain_arg(struct request *r, char domain[static SIP_DOMAIN_MAX])
{
	struct slice text = ctl_request_arg(r, "domain");
	if (!sip_domain(text, domain) && slice_chr(slice_str(domain), '.') > 0)
		return true;
	ctl_request_fail(r, "%.*s is no domain such as fabrikam.test",
			 SLICE_FMT(slice_head(text, 64)));
	return false;
}

static enum access_ruling ruling_of(struct slice word)
{
	static const struct {
		const char *word;
		enum access_ruling ruling;
	} rows[] = {
		{ "block", ACCESS_RULED_BLOCK },
		{ "allow", ACCESS_RULED_ALLOW },
		{ "watch", ACCESS_RULED_WATCH },
		{ "clear", ACCESS_RULED_NOT },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (slice_eq(word, slice_str(rows[i].word)))
			return rows[i].ruling;
	return ACCESS_RULING_COUNT;
}

static bool is_below(struct slice domain, const struct conf_block *b)
{
	size_t len = b->domain.len;
	if (slice_eq(domain, b->domain))
		return true;
	return b->subdomains && domain.len > len + 1 &&
	       domain.ptr[domain.len - len - 1] == '.' &&
	       slice_eq(slice_from(domain, domain.len - len), b->domain);
}

/* What is pointless beside the configuration: the sentence, or NULL. */
static bool stands_against(struct request *r, struct slice domain,
			   enum access_ruling ruling)
{
	const struct conf *c = r->admin->conf;
	for (size_t i = 0; c && i < c->edge.domain_count; i++) {
		if (!slice_eq(c->edge.domains[i], domain))
			continue;
		ctl_request_fail(r, "%.*s is a domain of ours",
				 SLICE_FMT(domain));
		return true;
	}
	for (size_t i = 0;
	     c && ruling == ACCESS_RULED_ALLOW && i < c->blocked_count; i++) {
		if (!is_below(domain, &c->blocked[i]))
			continue;
		ctl_request_fail(r,
				 "%.*s is blocked by line %u of the "
				 "configuration, and what is blocked anywhere "
				 "is blocked: remove that entry first",
				 SLICE_FMT(domain),
				 (unsigned)c->blocked[i].line);
		return true;
	}
	return false;
}

static void run_rule(struct request *r)
{
	char domain[SIP_DOMAIN_MAX];
	enum access_ruling ruling = ruling_of(ctl_request_arg(r, "ruling"));
	if (!domain_arg(r, domain))
		return;
	if (ruling == ACCESS_RULING_COUNT) {
		ctl_request_fail(r, "a ruling is block, allow, watch or clear");
		return;
	}
	if (stands_against(r, slice_str(domain), ruling))
		return;
	ctl_request_change(r,
			   access_ruling_name(access_ruling_of(
				   r->admin->rulings, slice_str(domain))),
			   access_ruling_name(ruling));
	const struct ipc_ruling_put m = { .id = r->ask,
					  .ruling = (uint8_t)ruling,
					  .domain = slice_str(domain) };
	asked_store(r, IPC_RULING_PUT, &m);
}

/* Canonical: the same address is the same ban. */
static bool address_arg(struct request *r, char out[static ADDR_TEXT_MAX])
{
	struct slice text = ctl_request_arg(r, "address");
	struct addr a;
	if (!addr_parse_host(text, 0, &a)) {
		addr_host(&a, out);
		return true;
	}
	ctl_request_fail(r, "%.*s is no IP address",
			 SLICE_FMT(slice_head(text, 64)));
	return false;
}

static void put_ban(struct request *r, uint64_t until_s)
{
	char address[ADDR_TEXT_MAX];
	if (!address_arg(r, address))
		return;
	const struct ipc_ban_put m = { .id = r->ask,
				       .until_s = until_s,
				       .address = slice_str(address) };
	asked_store(r, IPC_BAN_PUT, &m);
}

static void run_ban(struct request *r)
{
	uint64_t seconds = 0;
	char text[CHANGE_MAX];
	if (slice_u64(ctl_request_arg(r, "seconds"), BAN_MAX_S, &seconds) ||
	    !seconds) {
		ctl_request_fail(r, "a ban lasts 1 to %d seconds", BAN_MAX_S);
		return;
	}
	snprintf(text, sizeof(text), "%llu s", (unsigned long long)seconds);
	ctl_request_change(r, NULL, text);
	put_ban(r, loop_wall_ms() / 1000 + seconds);
}

static void run_unban(struct request *r)
{
	put_ban(r, 0);
}

static void run_bans(struct request *r)
{
	const struct ipc_ban_list m = { .id = r->ask };
	r->result = json_pack("{s:[]}", "bans");
	if (r->result)
		asked_store(r, IPC_BAN_LIST, &m);
	else
		ctl_request_done(r, NULL);
}

static void on_ban(struct request *r, const struct ipc_ban *b)
{
	json_t *row = json_pack("{s:o,s:I}", "address", json_text(b->address),
				"until", (json_int_t)b->until_s);
	if (json_array_append_new(json_object_get(r->result, "bans"), row))
		ctl_request_done(r, NULL);
}

static void on_answer(struct request *r, const struct proc_id *from,
		      const struct ipc_msg *m)
{
	if (!from || from->role != PROC_STORE)
		return;
	if (m->type == IPC_BAN && r->result)
		on_ban(r, &m->u.ban);
	else if (m->type != IPC_STORE_RESULT)
		return;
	else if (r->command->ops == &verb_unban &&
		 m->u.store_result.error == ENOENT)
		ctl_request_fail(r, "that address is not banned");
	else
		asked_answered(r, &m->u.store_result);
}

const struct verb_ops verb_partner_rule = { run_rule, on_answer, asked_gone,
					    NULL };
const struct verb_ops verb_ban = { run_ban, on_answer, asked_gone, NULL };
const struct verb_ops verb_unban = { run_unban, on_answer, asked_gone, NULL };
const struct verb_ops verb_bans = { run_bans, on_answer, asked_gone, NULL };
