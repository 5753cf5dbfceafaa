/* SPDX-License-Identifier: Apache-2.0 */
/* The accounts of the built-in home. */
#include <jansson.h>
#include <string.h>

#include "cli/ctl.h"
#include "cli/out.h"
#include "cli/password.h"
#include "cli/term.h"

/* "alice@contoso.test WHAT", unless --json or a refusal spoke. */
static void tell(struct cli *c, bool told, const char *what)
{
	if (told)
		return;
	term_print(c->out, slice_str(c->args.operand[0]), TERM_LINE);
	fprintf(c->out, " %s\n", what);
}

static int with_password(struct cli *c, const char *verb, const char *what)
{
	struct password password;
	bool told;

	int status = password_new(&password, c);
	if (status)
		return status;
	json_t *args = json_pack("{ssss#}", "aor", c->args.operand[0],
				 "password", password.text, (int)password.len);
	password_wipe(&password);
	status = ctl_do(c, verb, json_incref(args), &told);
	ctl_wipe(args, "password");
	json_decref(args);
	tell(c, told, what);
	return status;
}

int cli_verb_user_add(struct cli *c)
{
	return with_password(c, "user.add", "is added");
}

int cli_verb_user_passwd(struct cli *c)
{
	return with_password(c, "user.passwd", "has the new password");
}

static int change(struct cli *c, const char *verb, const char *what)
{
	json_t *args = json_pack("{ss}", "aor", c->args.operand[0]);
	bool told;
	int status = ctl_do(c, verb, args, &told);

	tell(c, told, what);
	return status;
}

int cli_verb_user_remove(struct cli *c)
{
	return change(c, "user.remove", "is removed");
}

int cli_verb_user_disable(struct cli *c)
{
	return change(c, "user.disable", "is disabled");
}

int cli_verb_user_enable(struct cli *c)
{
	return change(c, "user.enable", "is enabled");
}

static int print_devices(struct cli *c, const json_t *devices)
{
	struct out_table t;
	const json_t *device;
	size_t i;

	out_table_init(&t, 4);
	out_cell(&t, SLICE_LIT("CONTACT"));
	out_cell(&t, SLICE_LIT("PROGRAM"));
	out_cell(&t, SLICE_LIT("WORKER"));
	out_cell(&t, SLICE_LIT("UNTIL"));
	json_array_foreach(devices, i, device)
	{
		out_cell_json(&t, json_object_get(device, "contact"));
		out_cell_json(&t, json_object_get(device, "agent"));
		out_cell_json(&t, json_object_get(device, "worker"));
		out_cell_time(&t, json_object_get(device, "expires"));
	}
	int err = out_table_print(c, &t);
	out_table_free(&t);
	return err ? cli_fail(c, CLI_NO, "out of memory") : CLI_DONE;
}

int cli_verb_user_devices(struct cli *c)
{
	json_t *args = json_pack("{ss}", "aor", c->args.operand[0]);
	json_t *result;
	int status = ctl_call(c, "user.devices", args, &result);

	if (status)
		return status;
	if (c->args.opt[OPT_JSON])
		return out_json(c, result);
	const json_t *devices = json_object_get(result, "devices");
	if (json_array_size(devices))
		status = print_devices(c, devices);
	else
		tell(c, false, "is not signed in");
	json_decref(result);
	return status;
}

/* What the daemon says of his password there. */
static struct slice at_relay(const json_t *user)
{
	static const char *const words[][2] = {
		{ "yes", "with password" },
		{ "new_password", "after passwd" },
		{ "other_realm", "after passwd: another realm" },
	};
	const char *said = json_string_value(json_object_get(user, "relay"));
	for (size_t i = 0; said && i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(said, words[i][0]) == 0)
			return slice_str(words[i][1]);
	return SLICE_LIT("-");
}

static int print_users(struct cli *c, const json_t *users)
{
	/* there is a relay, or there is none */
	bool relay = json_object_get(json_array_get(users, 0), "relay");
	struct out_table t;
	const json_t *user;
	size_t i;

	out_table_init(&t, relay ? 4 : 3);
	out_cell(&t, SLICE_LIT("ACCOUNT"));
	out_cell(&t, SLICE_LIT("STATE"));
	out_cell(&t, SLICE_LIT("CREATED"));
	if (relay)
		out_cell(&t, SLICE_LIT("RELAY"));
	json_array_foreach(users, i, user)
	{
		const json_t *off = json_object_get(user, "disabled");
		out_cell_json(&t, json_object_get(user, "aor"));
		out_cell(&t, json_is_true(off) ? SLICE_LIT("disabled")
					       : SLICE_LIT("enabled"));
		out_cell_time(&t, json_object_get(user, "created"));
		if (relay)
			out_cell(&t, at_relay(user));
	}
	int err = out_table_print(c, &t);
	out_table_free(&t);
	return err ? cli_fail(c, CLI_NO, "out of memory") : CLI_DONE;
}

int cli_verb_user_list(struct cli *c)
{
	json_t *result;
	int status = ctl_call(c, "user.list", json_object(), &result);

	if (status)
		return status;
	if (c->args.opt[OPT_JSON])
		return out_json(c, result);
	const json_t *users = json_object_get(result, "users");
	if (json_array_size(users))
		status = print_users(c, users);
	else
		fputs("there are no accounts; `sallyport user add "
		      "USER@DOMAIN` makes one\n",
		      c->out);
	json_decref(result);
	return status;
}
