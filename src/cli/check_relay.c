/* SPDX-License-Identifier: Apache-2.0 */
/* `check`: a packet through the relay, from one of its ports to another, by
 * each of its listeners. */
#include "cli/check.h"

#include <string.h>

#include "cli/ctl.h"
#include "cli/turn_try.h"

/* Who listens everywhere is reached by the machine itself. */
static int listener_of(const char *text, struct addr *out)
{
	char host[ADDR_TEXT_MAX];
	if (addr_parse(slice_str(text), false, out))
		return -1;
	uint16_t port = addr_port(out);
	addr_host(out, host);
	if (!strcmp(host, "0.0.0.0"))
		return addr_parse_host(SLICE_LIT("127.0.0.1"), port, out);
	if (!strcmp(host, "::"))
		return addr_parse_host(SLICE_LIT("::1"), port, out);
	return 0;
}

static void try_one(struct checkup *k, const char *text, struct turn_ask *ask)
{
	char why[TURN_WHY_MAX];
	const char *name = ask->tcp ? "TCP" : "UDP";
	uint32_t us = 0;
	if (listener_of(text, &ask->relay))
		return; /* a checked address */
	if (turn_round_trip(ask, &us, why))
		findings_tell(&k->f, FINDING_FAIL,
			      "see the log for relay.refused; is the range "
			      "open between the relay's own addresses, "
			      "relay.public right?",
			      "%s over %s: %s", text, name, why);
	else
		findings_tell(&k->f, FINDING_PASS, NULL,
			      "%s over %s: a packet went round in %u.%03u ms",
			      text, name, us / 1000, us % 1000);
}

/* Keys of users are for one realm. Those who have none yet may never need
 * one; those whose key is for another realm had one that worked. */
static void check_accounts(struct checkup *k)
{
	json_t *result = NULL;
	const json_t *user;
	size_t i, other = 0;
	if (ctl_call(k->f.cli, "user.list", json_object(), &result))
		return; /* the check of the store tells */
	json_array_foreach(json_object_get(result, "users"), i, user)
	{
		const json_t *said = json_object_get(user, "relay");
		other +=
			said && !strcmp(json_string_value(said), "other_realm");
	}
	json_decref(result);
	if (other)
		findings_tell(&k->f, FINDING_WARN,
			      "set relay.realm back, or give them a password "
			      "with `sallyport user passwd`; `sallyport user "
			      "list` names them",
			      "%zu accounts cannot use the relay with their "
			      "password since relay.realm is another one",
			      other);
}

void check_relay(struct checkup *k)
{
	const json_t *listeners = json_object_get(k->facts, "relay");
	const json_t *domain =
		json_array_get(json_object_get(k->facts, "domains"), 0);
	json_t *credential = NULL;
	if (!json_array_size(listeners)) {
		findings_tell(&k->f, FINDING_PASS, NULL, "there is no relay");
		return;
	}
	if (ctl_call(k->f.cli, "turn.credential",
		     json_pack("{s:o,s:s,s:s}", "user",
			       json_sprintf("check@%s",
					    json_string_value(domain)),
			       "ttl", "60", "form", "text"),
		     &credential)) {
		findings_tell(&k->f, FINDING_FAIL,
			      "see the messages of store in the log",
			      "no credential can be minted");
		return;
	}
	struct turn_ask ask = {
		.username = slice_str(check_text(credential, "username")),
		.password = slice_str(check_text(credential, "password")),
	};
	for (size_t i = 0; i < 2 * json_array_size(listeners); i++) {
		ask.tcp = i % 2;
		try_one(k, json_string_value(json_array_get(listeners, i / 2)),
			&ask);
	}
	ctl_wipe(credential, "password");
	json_decref(credential);
	check_accounts(k);
}

/* All relay processes share one program: the first that says no says why. */
void check_fast_path(struct checkup *k)
{
	const json_t *rows =
		json_object_get(json_object_get(k->status, "tables"), "relay");
	const char *text = "off";
	for (size_t i = 0; i < json_array_size(rows); i++) {
		text = check_text(json_array_get(rows, i), "fast_path");
		if (strncmp(text, "off", 3) == 0)
			break;
	}
	if (strncmp(text, "off: ", 5) == 0)
		findings_tell(&k->f, FINDING_WARN,
			      "without it the relay does all by itself; "
			      "relay.xdp in sallyport.yaml(5) tells what it "
			      "needs",
			      "the fast path is %s", text);
	else if (strcmp(text, "off") == 0)
		findings_tell(&k->f, FINDING_PASS, NULL,
			      "the fast path is not asked for (relay.xdp)");
	else if (strchr(text, ';')) /* behind the devices, with remedies */
		findings_tell(&k->f, FINDING_WARN,
			      "it relays, and could do better",
			      "the fast path is on: %s", text);
	else
		findings_tell(&k->f, FINDING_PASS, NULL,
			      "the fast path is on: %s", text);
}
