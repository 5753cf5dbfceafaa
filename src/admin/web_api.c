/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verbs of the command table over HTTP (docs/api.md): a GET for what reads,
 * with its arguments behind '?'; a POST of an object for what changes, which
 * has to be confirmed. The result of the verb is the answer.
 */
#include <string.h>

#include "admin/json.h"
#include "admin/web.h"

void web_api_tell(struct web_ask *w, json_t *reply)
{
	const char *error = json_string_value(json_object_get(reply, "error"));
	json_t *result = json_object_get(reply, "result");
	if (error)
		web_answer_error(w, 400, error);
	else
		web_answer_json(w, 200, json_incref(result));
	json_decref(reply);
}

json_t *web_api_body(struct web_ask *w)
{
	struct slice type = web_header(w, "Content-Type");
	struct slice wanted = SLICE_LIT("application/json");
	json_t *object = NULL;
	if (!slice_ieq(slice_head(type, wanted.len), wanted)) {
		web_answer_error(w, 415,
				 "Content-Type has to be "
				 "application/json");
		return NULL;
	}
	object = json_decode(buf_slice(&w->body));
	if (!object)
		web_answer_error(w, 400, "the body is no JSON object");
	return object;
}

struct gather {
	json_t *args;
	bool failed;
};

static void on_argument(void *arg, const char *name, struct slice value)
{
	struct gather *g = arg;
	if (json_object_get(g->args, name))
		g->failed = true; /* twice */
	else if (json_object_set_new(g->args, name, json_text(value)))
		g->failed = true;
}

/* Those that are not given are empty. */
static json_t *arguments(struct web_ask *w, const struct command *c)
{
	struct gather g = { .args = json_object() };
	if (g.args)
		web_each_argument(w, on_argument, &g);
	for (size_t i = 0; g.args && i < ARGS_MAX && c->args[i]; i++)
		if (!json_object_get(g.args, c->args[i]) &&
		    json_object_set_new(g.args, c->args[i], json_string("")))
			g.failed = true;
	if (!g.failed && g.args)
		return g.args;
	json_decref(g.args);
	web_answer_error(w, 400,
			 "an argument stands there twice, or is no "
			 "text");
	return NULL;
}

/* Nothing is changed by accident: the object says so. */
static json_t *confirmed(struct web_ask *w)
{
	json_t *args = web_api_body(w);
	if (!args)
		return NULL;
	if (json_is_true(json_object_get(args, "confirm"))) {
		json_object_del(args, "confirm");
		return args;
	}
	json_decref(args);
	web_answer_error(w, 409,
			 "this changes something: confirm it with "
			 "\"confirm\": true");
	return NULL;
}

void web_api(struct web_ask *w, const struct command *c)
{
	char text[SENTENCE_MAX];
	if (w->asker.role < c->role) {
		web_answer_error(w, 403, "your account may not do that");
		return;
	}
	json_t *args = c->changes ? confirmed(w) : arguments(w, c);
	if (!args)
		return;
	if (ctl_request_check(c, args, text))
		ctl_request_begin(&w->asker, c, NULL, args);
	else
		web_answer_error(w, 400, text);
	json_decref(args);
}
