/* SPDX-License-Identifier: Apache-2.0 */
/* `message`: sign in, send one, say what became of it. */
#include <errno.h>
#include <string.h>

#include "cli/session.h"

static const char *recipient(const struct session *s)
{
	return s->cli->args.opt[OPT_TO];
}

static void on_registered(void *arg, const struct ua_result *r)
{
	struct session *s = arg;
	uint64_t id;

	if (!session_signed_in(s, r) || s->decided)
		return;
	int err = ua_message(s->ua, slice_str(recipient(s)),
			     slice_str(s->cli->args.operand[0]), &id);
	if (err)
		session_decide(s, cli_fail(s->cli, CLI_NO,
					   "cannot write to %s: %s",
					   recipient(s), strerror(-err)));
}

static void on_result(void *arg, uint64_t id, const struct ua_result *r)
{
	struct session *s = arg;

	(void)id;
	if (!s->decided)
		session_decide(
			s, session_tell_result(s, slice_str(recipient(s)), r));
}

/* Nobody would read it here: other devices of the account may. */
static uint16_t on_message(void *arg, struct slice from, struct slice type,
			   struct slice body)
{
	(void)arg;
	(void)from;
	(void)type;
	(void)body;
	return 480;
}

static void on_end(void *arg, const char *text)
{
	session_ended(arg, text);
}

int cli_verb_message(struct cli *c)
{
	static const struct ua_ops ops = { on_registered, on_result, on_message,
					   on_end };
	struct session s;

	int status = session_open(&s, c, &ops, &s);
	if (status)
		return status;
	loop_run(s.loop);
	return session_close(&s);
}
