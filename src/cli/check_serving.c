/* SPDX-License-Identifier: Apache-2.0 */
/* `check`: the processes, the database, the servers inside. */
#include "cli/check.h"

#include <string.h>

#include "cli/ctl.h"

/* Is every process serving, and did it have to be restarted? */
void check_processes(struct checkup *k)
{
	const json_t *list = json_object_get(k->status, "processes");
	const json_t *silent = json_object_get(k->status, "silent");
	size_t ready = 0;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *p = json_array_get(list, i);
		long long restarts =
			json_integer_value(json_object_get(p, "restarts"));
		bool is_ready = strcmp(check_text(p, "state"), "ready") == 0;
		ready += is_ready;
		if (!is_ready)
			findings_tell(&k->f, FINDING_FAIL,
				      "see its last lines in the log",
				      "a process %s is %s",
				      check_text(p, "role"),
				      check_text(p, "state"));
		if (restarts)
			findings_tell(&k->f, FINDING_WARN,
				      "look for proc.exit and proc.crash in "
				      "the log",
				      "a process %s was restarted %lld times",
				      check_text(p, "role"), restarts);
	}
	for (size_t i = 0; i < json_array_size(silent); i++)
		findings_tell(&k->f, FINDING_FAIL,
			      "it hangs, or the machine is overloaded",
			      "the process %s does not answer",
			      json_string_value(json_array_get(silent, i)));
	findings_tell(&k->f, FINDING_PASS, NULL, "%zu processes serve", ready);
}

void check_store(struct checkup *k)
{
	json_t *users = NULL;
	if (ctl_call(k->f.cli, "user.list", json_object(), &users)) {
		findings_tell(&k->f, FINDING_FAIL,
			      "see the messages of store in the log",
			      "the database does not answer");
		return;
	}
	findings_tell(&k->f, FINDING_PASS, NULL,
		      "the database answers: %zu users",
		      json_array_size(json_object_get(users, "users")));
	json_decref(users);
}

/* The state of one next hop in each worker. */
static void look_at_hop(struct checkup *k, const json_t *row)
{
	bool up = strcmp(check_text(row, "state"), "up") == 0;
	bool down = strcmp(check_text(row, "state"), "down") == 0;
	findings_tell(&k->f,
		      up     ? FINDING_PASS
		      : down ? FINDING_FAIL
			     : FINDING_WARN,
		      up ? NULL
			 : "does it run, is it reached from here, does its "
			   "certificate prove the name? see inside.down in "
			   "the log",
		      "next hop %s port %s is %s for worker %s",
		      check_text(row, "next_hop"), check_text(row, "port"),
		      check_text(row, "state"), check_text(row, "slot"));
}

void check_inside(struct checkup *k)
{
	const json_t *rows =
		json_object_get(json_object_get(k->status, "tables"), "inside");
	if (strcmp(check_text(k->facts, "home"), "builtin") == 0) {
		findings_tell(&k->f, FINDING_PASS, NULL,
			      "the home is built in: there is no next hop");
		return;
	}
	for (size_t i = 0; i < json_array_size(rows); i++)
		look_at_hop(k, json_array_get(rows, i));
	if (!json_array_size(rows))
		findings_tell(&k->f, FINDING_FAIL,
			      "see inside.next_hop and dns.fail in the log",
			      "there is no next hop");
}
