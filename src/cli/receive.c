/* SPDX-License-Identifier: Apache-2.0 */
/* `receive`: sign in, print what arrives, answer it when asked to. */
#include <errno.h>
#include <stdlib.h>

#include "base/list.h"
#include "cli/out.h"
#include "cli/session.h"
#include "cli/term.h"

/* An answer under way; in receive.answers. */
struct answer {
	struct list node;
	uint64_t id;
	char *to;
};

struct receive {
	struct session session;
	struct timer timeout;
	uint64_t received, wanted; /* wanted 0: no end */
	struct list answers;
	bool refused; /* one of the answers */
};

static void answer_free(struct answer *a)
{
	list_remove(&a->node);
	free(a->to);
	free(a);
}

static bool complete(const struct receive *r)
{
	return r->wanted && r->received >= r->wanted;
}

static void end_if_complete(struct receive *r)
{
	if (complete(r) && list_empty(&r->answers))
		session_decide(&r->session, r->refused ? CLI_NO : CLI_DONE);
}

static void on_registered(void *arg, const struct ua_result *result)
{
	struct receive *r = arg;
	struct session *s = &r->session;
	const char *as = s->cli->args.opt[OPT_AS];

	if (!session_signed_in(s, result))
		return;
	if (s->cli->args.opt[OPT_JSON]) {
		out_json(s->cli, json_pack("{ssssss}", "event", "signed-in",
					   "as", as, "at", s->server_text));
		return;
	}
	fputs("signed in as ", s->cli->out);
	term_print(s->cli->out, slice_str(as), TERM_LINE);
	fprintf(s->cli->out, " at %s\n", s->server_text);
	fflush(s->cli->out);
}

static bool is_text(struct slice type)
{
	struct slice text = SLICE_LIT("text/");

	return !type.len || slice_ieq(slice_head(type, text.len), text);
}

static void print_message(struct cli *c, struct slice from, struct slice type,
			  struct slice body)
{
	if (c->args.opt[OPT_JSON]) {
		out_json(c, json_pack("{sssososo}", "event", "message", "from",
				      out_json_text(from), "type",
				      out_json_text(type), "text",
				      out_json_text(body)));
		return;
	}
	term_print(c->out, from, TERM_LINE);
	fputs(": ", c->out);
	if (is_text(type)) {
		term_print(c->out, body, TERM_LINE);
	} else {
		fprintf(c->out, "(%zu bytes of ", body.len);
		term_print(c->out, type, TERM_LINE);
		fputc(')', c->out);
	}
	fputc('\n', c->out);
	fflush(c->out);
}

static int send_answer(struct receive *r, struct slice to)
{
	struct answer *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	a->to = slice_strdup(to);
	int err =
		a->to ? ua_message(
				r->session.ua, to,
				slice_str(r->session.cli->args.opt[OPT_ANSWER]),
				&a->id)
		      : -ENOMEM;
	if (err)
		answer_free(a);
	else
		list_push_back(&r->answers, &a->node);
	return err;
}

static uint16_t on_message(void *arg, struct slice from, struct slice type,
			   struct slice body)
{
	struct receive *r = arg;
	struct cli *c = r->session.cli;

	if (complete(r))
		return 480;
	r->received++;
	print_message(c, from, type, body);
	int err = c->args.opt[OPT_ANSWER] ? send_answer(r, from) : 0;
	if (err) {
		r->refused = true;
		cli_fail(c, CLI_NO, "cannot answer: %s", strerror(-err));
	}
	end_if_complete(r);
	return 200;
}

static void on_result(void *arg, uint64_t id, const struct ua_result *result)
{
	struct receive *r = arg;

	LIST_EACH (it, tmp, &r->answers) {
		struct answer *a = container_of(it, struct answer, node);
		if (a->id != id)
			continue;
		if (!r->session.decided &&
		    session_tell_result(&r->session, slice_str(a->to), result))
			r->refused = true;
		answer_free(a);
		break;
	}
	end_if_complete(r);
}

static void on_end(void *arg, const char *text)
{
	struct receive *r = arg;

	session_ended(&r->session, text);
}

static void on_timeout(struct timer *t, void *arg)
{
	struct receive *r = arg;

	(void)t;
	session_decide(&r->session,
		       cli_fail(r->session.cli, CLI_NO,
				"the time is over; %llu messages came",
				(unsigned long long)r->received));
}

int cli_verb_receive(struct cli *c)
{
	static const struct ua_ops ops = { on_registered, on_result, on_message,
					   on_end };
	struct receive r = { .wanted = cli_number(&c->args, OPT_COUNT, 0) };
	uint64_t seconds = cli_number(&c->args, OPT_TIMEOUT, 0);

	list_init(&r.answers);
	int status = session_open(&r.session, c, &ops, &r);
	if (status)
		return status;
	timer_init(&r.timeout, loop_timers(r.session.loop), on_timeout, &r);
	if (seconds)
		timer_start(&r.timeout, seconds * 1000);
	loop_run(r.session.loop);
	timer_stop(&r.timeout);
	LIST_EACH (it, tmp, &r.answers)
		answer_free(container_of(it, struct answer, node));
	return session_close(&r.session);
}
