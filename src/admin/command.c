/* SPDX-License-Identifier: Apache-2.0 */
/* The one table of verbs: the socket's dispatch, its help and completion. */
#include "admin/admin_int.h"

#include <string.h>

static const struct command commands[] = {
	{ .verb = "status",
	  .role = ADMIN_READ,
	  .syntax = "status",
	  .help = "Processes, connections and counters",
	  .ops = &verb_status },
	{ .verb = "metrics",
	  .role = ADMIN_READ,
	  .syntax = "metrics",
	  .help = "All counters of all processes as OpenMetrics",
	  .ops = &verb_metrics },
	{ .verb = "ports",
	  .role = ADMIN_READ,
	  .args = { "form", "lang", "profile", "published" },
	  .syntax = "ports",
	  .help = "The port table of the configuration in force",
	  .ops = &verb_ports },
	{ .verb = "firewall",
	  .role = ADMIN_READ,
	  .args = { "format", "perimeter", "ssh", "edge", "profile" },
	  .syntax = "firewall",
	  .help = "The port table as firewall rules",
	  .ops = &verb_firewall },
	{ .verb = "explain",
	  .role = ADMIN_READ,
	  .args = { "from", "to", "method", "audio_video", "arriving_as" },
	  .syntax = "explain",
	  .help = "Why a request would be allowed or refused",
	  .ops = &verb_explain },
	{ .verb = "user.list",
	  .role = ADMIN_READ,
	  .syntax = "user list",
	  .help = "The users of the built-in home",
	  .ops = &verb_user_list },
	{ .verb = "user.add",
	  .role = ADMIN_SECURE,
	  .changes = true,
	  .args = { "aor", "password" },
	  .syntax = "user add USER@DOMAIN",
	  .help = "Adds a user with a password",
	  .ops = &verb_user_add },
	{ .verb = "user.passwd",
	  .role = ADMIN_SECURE,
	  .changes = true,
	  .args = { "aor", "password" },
	  .syntax = "user passwd USER@DOMAIN",
	  .help = "Gives a user another password",
	  .ops = &verb_user_passwd },
	{ .verb = "user.remove",
	  .role = ADMIN_SECURE,
	  .changes = true,
	  .args = { "aor" },
	  .syntax = "user remove USER@DOMAIN",
	  .help = "Removes a user and where it is signed in",
	  .ops = &verb_user_remove },
	{ .verb = "user.contacts",
	  .role = ADMIN_READ,
	  .args = { "aor" },
	  .syntax = "user contacts USER@DOMAIN",
	  .help = "Whom a user has as contacts, allows and blocks",
	  .ops = &verb_user_contacts },
	{ .verb = "user.contact.set",
	  .role = ADMIN_OPERATE,
	  .changes = true,
	  .args = { "aor", "contact", "rule" },
	  .syntax = "user contacts USER@DOMAIN add|allow|block ADDRESS",
	  .help = "Makes somebody a contact, allowed or blocked",
	  .ops = &verb_user_contact_set },
	{ .verb = "user.contact.remove",
	  .role = ADMIN_OPERATE,
	  .changes = true,
	  .args = { "aor", "contact" },
	  .syntax = "user contacts USER@DOMAIN remove ADDRESS",
	  .help = "Takes somebody off a user's lists",
	  .ops = &verb_user_contact_remove },
	{ .verb = "turn.credential",
	  .role = ADMIN_SECURE,
	  .changes = true,
	  .args = { "user", "ttl", "form" },
	  .syntax = "turn credential --user USER@DOMAIN",
	  .help = "Mints a credential for the relay",
	  .ops = &verb_turn_credential },
	{ .verb = "turn.rotate",
	  .role = ADMIN_SECURE,
	  .changes = true,
	  .syntax = "turn rotate",
	  .help = "Another secret mints from now on; the last one stays valid",
	  .ops = &verb_turn_rotate },
	{ .verb = "user.disable",
	  .role = ADMIN_SECURE,
	  .changes = true,
	  .args = { "aor" },
	  .syntax = "user disable USER@DOMAIN",
	  .help = "Locks a user out, at once",
	  .ops = &verb_user_disable },
	{ .verb = "user.enable",
	  .role = ADMIN_SECURE,
	  .changes = true,
	  .args = { "aor" },
	  .syntax = "user enable USER@DOMAIN",
	  .help = "Lets a user in again",
	  .ops = &verb_user_enable },
	{ .verb = "user.devices",
	  .role = ADMIN_READ,
	  .args = { "aor" },
	  .syntax = "user devices USER@DOMAIN",
	  .help = "Where a user is signed in",
	  .ops = &verb_user_devices },
	{ .verb = "messages",
	  .role = ADMIN_READ,
	  .syntax = "messages",
	  .help = "For whom messages wait, and how many",
	  .ops = &verb_messages },
	{ .verb = "messages.of",
	  .role = ADMIN_READ,
	  .args = { "aor" },
	  .syntax = "messages USER@DOMAIN",
	  .help = "The messages that wait for a user, without their text",
	  .ops = &verb_messages_of },
	{ .verb = "messages.drop",
	  .role = ADMIN_SECURE,
	  .changes = true,
	  .args = { "aor", "id" },
	  .syntax = "messages drop USER@DOMAIN ID|all",
	  .help = "Drops messages that wait for a user",
	  .ops = &verb_messages_drop },
	{ .verb = "backup",
	  .role = ADMIN_SECURE,
	  .changes = true,
	  .syntax = "backup FILE",
	  .help = "Copies the database into a file that is passed along",
	  .ops = &verb_backup },
	{ .verb = "backup.state",
	  .role = ADMIN_READ,
	  .args = { "number" },
	  .syntax = "backup FILE",
	  .help = "How far a backup is",
	  .ops = &verb_backup_state },
	{ .verb = "reload",
	  .role = ADMIN_OPERATE,
	  .changes = true,
	  .syntax = "reload",
	  .help = "Reads the configuration again; all of it or nothing",
	  .ops = &verb_reload },
	{ .verb = "drain",
	  .role = ADMIN_OPERATE,
	  .changes = true,
	  .syntax = "drain",
	  .help = "Takes no new work, finishes what is open, and stops",
	  .ops = &verb_drain },
	{ .verb = "log.level",
	  .role = ADMIN_OPERATE,
	  .changes = true,
	  .args = { "level" },
	  .syntax = "log-level error|warn|info|debug",
	  .help = "How much is logged, until the next start",
	  .ops = &verb_log_level },
	{ .verb = "commands",
	  .role = ADMIN_READ,
	  .syntax = "help",
	  .help = "This table",
	  .ops = &verb_commands },
};

const struct command *command_at(size_t i)
{
	return i < sizeof(commands) / sizeof(*commands) ? &commands[i] : NULL;
}

const struct command *command_find(const char *verb)
{
	for (size_t i = 0; command_at(i); i++) {
		if (strcmp(commands[i].verb, verb) == 0)
			return &commands[i];
	}
	return NULL;
}

const char *admin_role_name(enum admin_role role)
{
	static const char *const names[] = { [ADMIN_READ] = "read",
					     [ADMIN_OPERATE] = "operate",
					     [ADMIN_SECURE] = "secure" };
	return names[role];
}

static void run_commands(struct request *r)
{
	json_t *list = json_array();
	int err = list ? 0 : -1;
	for (size_t i = 0; !err && command_at(i); i++) {
		const struct command *c = command_at(i);
		err = json_array_append_new(
			list, json_pack("{s:s,s:s,s:s,s:s}", "verb", c->verb,
					"role", admin_role_name(c->role),
					"syntax", c->syntax, "help", c->help));
	}
	if (err) {
		json_decref(list);
		list = NULL;
	}
	ctl_request_done(r, list ? json_pack("{s:o}", "commands", list) : NULL);
}

const struct verb_ops verb_commands = { .run = run_commands };
