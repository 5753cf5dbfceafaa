/* SPDX-License-Identifier: Apache-2.0 */
/* user.contacts, user.contact.set, user.contact.remove: whom a user of ours has
 * as a contact, lets see its presence, or blocks. */
#include "admin/asked.h"
#include "admin/json.h"

static const struct {
	const char *name;
	enum contact_rule rule;
} rules[] = {
	{ "contact", CONTACT_LISTED },
	{ "allow", CONTACT_ALLOWED },
	{ "block", CONTACT_BLOCKED },
};

enum { RULES = sizeof(rules) / sizeof(*rules) };

static enum contact_rule rule_of(struct slice name)
{
	for (size_t i = 0; i < RULES; i++)
		if (slice_eq(name, slice_str(rules[i].name)))
			return rules[i].rule;
	return CONTACT_NONE;
}

static const char *rule_name(uint8_t rule)
{
	for (size_t i = 0; i < RULES; i++)
		if (rules[i].rule == rule)
			return rules[i].name;
	return "?";
}

static void run_list(struct request *r)
{
	char aor[SIP_AOR_MAX];
	json_t *contacts;
	if (!asked_aor(r, "aor", aor))
		return;
	const struct ipc_contact_list m = { .id = r->ask,
					    .owner = slice_str(aor) };
	contacts = json_array();
	r->result = contacts ? json_pack("{s:o}", "contacts", contacts) : NULL;
	if (r->result)
		asked_store(r, IPC_CONTACT_LIST, &m);
	else
		ctl_request_done(r, NULL);
}

static void run_set(struct request *r)
{
	char aor[SIP_AOR_MAX], contact[SIP_AOR_MAX];
	enum contact_rule rule = rule_of(ctl_request_arg(r, "rule"));
	if (!asked_aor(r, "aor", aor) || !asked_aor(r, "contact", contact))
		return;
	if (rule == CONTACT_NONE) {
		ctl_request_fail(r, "a rule is contact, allow or block");
		return;
	}
	const struct ipc_contact_put m = { .id = r->ask,
					   .rule = (uint8_t)rule,
					   .owner = slice_str(aor),
					   .contact = slice_str(contact) };
	asked_store(r, IPC_CONTACT_PUT, &m);
}

static void run_remove(struct request *r)
{
	char aor[SIP_AOR_MAX], contact[SIP_AOR_MAX];
	if (!asked_aor(r, "aor", aor) || !asked_aor(r, "contact", contact))
		return;
	const struct ipc_contact_del m = { .id = r->ask,
					   .owner = slice_str(aor),
					   .contact = slice_str(contact) };
	asked_store(r, IPC_CONTACT_DEL, &m);
}

static void on_contact(struct request *r, const struct ipc_contact *c)
{
	json_t *row = json_pack("{s:o,s:s}", "contact", json_text(c->contact),
				"rule", rule_name(c->rule));
	if (json_array_append_new(json_object_get(r->result, "contacts"), row))
		ctl_request_done(r, NULL);
}

static void on_answer(struct request *r, const struct proc_id *from,
		      const struct ipc_msg *m)
{
	if (!from || from->role != PROC_STORE)
		return;
	if (m->type == IPC_CONTACT && r->result)
		on_contact(r, &m->u.contact);
	else if (m->type == IPC_STORE_RESULT)
		asked_answered(r, &m->u.store_result);
}

const struct verb_ops verb_user_contacts = { run_list, on_answer, asked_gone,
					     NULL };
const struct verb_ops verb_user_contact_set = { run_set, on_answer, asked_gone,
						NULL };
const struct verb_ops verb_user_contact_remove = { run_remove, on_answer,
						   asked_gone, NULL };
