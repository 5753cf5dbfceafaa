/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs that command.c has rows for: each is a file's. Private to admin/.
 */
#pragma once

struct live_ops;
struct verb_ops;

extern const struct verb_ops verb_status, verb_metrics, verb_commands;
extern const struct verb_ops verb_user_add, verb_user_passwd, verb_user_remove,
	verb_user_disable, verb_user_enable, verb_user_list, verb_user_devices;
extern const struct verb_ops verb_messages, verb_messages_of,
	verb_messages_drop;
extern const struct verb_ops verb_backup, verb_backup_state;
extern const struct verb_ops verb_ports, verb_firewall, verb_explain;
extern const struct verb_ops verb_facts, verb_lookup;
extern const struct verb_ops verb_user_contacts, verb_user_contact_set,
	verb_user_contact_remove;
extern const struct verb_ops verb_turn_credential, verb_turn_rotate;
extern const struct verb_ops verb_relay_list, verb_relay_show, verb_relay_kill,
	verb_relay_drain;
extern const struct verb_ops verb_partner_list, verb_partner_rule,
	verb_partner_test;
extern const struct verb_ops verb_trace;
extern const struct live_ops trace_live;
extern const struct verb_ops verb_ban, verb_unban, verb_bans;
extern const struct verb_ops verb_admin_add, verb_admin_passwd,
	verb_admin_remove, verb_admin_list, verb_admin_login;
extern const struct verb_ops verb_history, verb_changes, verb_config,
	verb_refusals;
extern const struct verb_ops verb_reload, verb_drain, verb_log_level;
