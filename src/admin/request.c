/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request from its line to its reply: check against the table, run, wait for
 * others, answer. Whatever goes wrong is a sentence for people.
 */
#include "admin/admin_int.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/json.h"

enum { NAME_SHOWN_MAX = 64 };

void ctl_request_free(struct request *r)
{
	if (!r)
		return;
	list_remove(&r->node);
	timer_stop(&r->deadline);
	json_decref(r->id);
	json_decref(r->args);
	json_decref(r->result);
	free(r->waiting);
	if (r->state_free)
		r->state_free(r->state);
	free(r);
}

void ctl_request_forget(struct asker *as)
{
	struct request *r = as->request;
	as->request = NULL;
	if (!r)
		return;
	r->asker = NULL;
	if (r->command->live)
		r->command->live->left(r);
}

static json_t *id_copy(json_t *id)
{
	return id ? json_incref(id) : json_null();
}

static json_t *error_reply(json_t *id, const char *text)
{
	return json_pack("{s:o,s:b,s:o}", "id", id_copy(id), "ok", 0, "error",
			 json_text(slice_str(text)));
}

void ctl_request_change(struct request *r, const char *before,
			const char *after)
{
	snprintf(r->before, sizeof(r->before), "%s", before ? before : "");
	snprintf(r->after, sizeof(r->after), "%s", after ? after : "");
}

/* Never a secret: the address-of-record or the level, no other argument. */
static void log_change(const struct request *r, const char *error)
{
	struct slice of = SLICE_NONE;
	const char *const *args = r->command->args;
	const char *who = r->asker ? r->asker->who : "gone";
	if (!r->command->changes)
		return;
	if (args[0])
		of = ctl_request_arg(r, args[0]);
	const struct log_kv kv[] = {
		KV_STR("who", who),
		KV_STR("what", r->command->verb),
		KV_SLICE("of", of),
		KV_STR("old", r->before),
		KV_STR("new", r->after),
		KV_STR("result", error ? error : "done"),
		{ NULL, LOG_KV_END, SLICE_NONE, 0 },
	};
	log_write(LOG_INFO, "admin.change", kv);
	audit_note(&r->admin->audit,
		   &(struct audit_entry){
			   .who = slice_str(who),
			   .what = slice_str(r->command->verb),
			   .of = of,
			   .before = slice_str(r->before),
			   .after = slice_str(r->after),
			   .result = slice_str(error ? error : "done") });
}

static void finish(struct request *r, json_t *reply)
{
	struct asker *as = r->asker;
	ctl_request_free(r);
	if (!as) {
		json_decref(reply);
		return;
	}
	as->request = NULL;
	as->reply(as, reply);
}

void ctl_request_done(struct request *r, json_t *result)
{
	json_t *reply = NULL;
	log_change(r, result ? NULL : "out of memory");
	if (result)
		reply = json_pack("{s:o,s:b,s:o}", "id", id_copy(r->id), "ok",
				  1, "result", result);
	finish(r, reply);
}

void ctl_request_step(struct request *r, json_t *step)
{
	json_t *line = NULL;
	if (step)
		line = json_pack("{s:o,s:o}", "id", id_copy(r->id), "step",
				 step);
	if (line && r->asker && r->asker->tell)
		r->asker->tell(r->asker, line);
	else
		json_decref(line);
}

void ctl_request_fail(struct request *r, const char *fmt, ...)
{
	char text[SENTENCE_MAX];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	log_change(r, text);
	finish(r, error_reply(r->id, text));
}

struct slice ctl_request_arg(const struct request *r, const char *name)
{
	const json_t *v = json_object_get(r->args, name);
	return slice_of(json_string_value(v), json_string_length(v));
}

int ctl_request_fd(const struct request *r)
{
	return r->asker ? r->asker->passed : -1;
}

static void on_deadline(struct timer *t, void *arg)
{
	struct request *r = arg;
	(void)t;
	if (r->command->ops->expired)
		r->command->ops->expired(r);
	else
		ctl_request_fail(r,
				 "no answer in time: it is not known whether "
				 "it was done");
}

void ctl_request_deadline(struct request *r, uint32_t ms)
{
	timer_start(&r->deadline, ms);
}

/* Is `name` one of the verb's arguments? */
static bool takes(const struct command *c, const char *name)
{
	for (size_t i = 0; i < ARGS_MAX && c->args[i]; i++) {
		if (slice_eq(slice_str(c->args[i]), slice_str(name)))
			return true;
	}
	return false;
}

bool ctl_request_check(const struct command *c, json_t *args,
		       char text[static SENTENCE_MAX])
{
	const char *name;
	json_t *value;
	for (size_t i = 0; i < ARGS_MAX && c->args[i]; i++) {
		if (json_is_string(json_object_get(args, c->args[i])))
			continue;
		snprintf(text, SENTENCE_MAX, "%s needs the text argument %s",
			 c->verb, c->args[i]);
		return false;
	}
	json_object_foreach(args, name, value)
	{
		if (takes(c, name))
			continue;
		snprintf(text, SENTENCE_MAX, "%s takes no argument %.*s",
			 c->verb, NAME_SHOWN_MAX, name);
		return false;
	}
	return true;
}

static const struct command *check(const struct asker *as, json_t *message,
				   char text[static SENTENCE_MAX])
{
	const char *verb = json_string_value(json_object_get(message, "verb"));
	json_t *args = json_object_get(message, "args");
	const struct command *c = verb ? command_find(verb) : NULL;
	if (!verb || (args && !json_is_object(args))) {
		snprintf(text, SENTENCE_MAX,
			 "a request is {\"id\":1,\"verb\":\"...\",\"args\":"
			 "{...}}");
		return NULL;
	}
	if (!c) {
		snprintf(text, SENTENCE_MAX,
			 "there is no verb %.*s; \"commands\" lists them",
			 NAME_SHOWN_MAX, verb);
		return NULL;
	}
	if (as->role < c->role) {
		snprintf(text, SENTENCE_MAX, "%s needs the role %s", c->verb,
			 admin_role_name(c->role));
		return NULL;
	}
	return ctl_request_check(c, args, text) ? c : NULL;
}

static struct request *make(struct asker *as, const struct command *c,
			    json_t *id, json_t *args)
{
	struct admin *a = as->admin;
	struct request *r = calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	r->admin = a;
	r->asker = as;
	r->command = c;
	r->id = json_incref(id);
	r->args = json_incref(args);
	r->ask = ++a->last_ask;
	timer_init(&r->deadline, a->timers, on_deadline, r);
	list_push_back(&a->requests, &r->node);
	return r;
}

void ctl_request_begin(struct asker *as, const struct command *c, json_t *id,
		       json_t *args)
{
	struct request *r = make(as, c, id, args);
	if (!r) {
		as->reply(as, NULL);
		return;
	}
	as->request = r;
	c->ops->run(r);
}

void ctl_request_start(struct asker *as, json_t *message)
{
	char text[SENTENCE_MAX];
	json_t *id = json_object_get(message, "id");
	const struct command *c = check(as, message, text);
	if (c)
		ctl_request_begin(as, c, id, json_object_get(message, "args"));
	else
		as->reply(as, error_reply(id, text));
	json_decref(message);
}
