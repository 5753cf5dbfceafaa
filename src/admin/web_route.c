/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fixed list of paths; all else is 404 (ADM-04). Without a session there are
 * the page, which holds nothing of anybody, the counters and the two questions
 * of health. What changes something is a POST of a page of ours that knows its
 * session's token (ADM-02).
 */
#include <string.h>

#include "admin/json.h"
#include "admin/web.h"
#include "base/crypto.h"

#define API "/api/v1/"

/* Scripts, styles and pictures of ours alone; nothing inline. */
#define PAGE_POLICY                                                           \
	"default-src 'none'; script-src 'self'; style-src 'self'; "           \
	"img-src 'self'; connect-src 'self'; form-action 'none'; "            \
	"base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for " \
	"'script'"
/* A drawing brings its styles along, and nothing that runs. */
#define DRAWING_POLICY                                                    \
	"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors " \
	"'none'"

struct route {
	const char *path;
	bool post;    /* else GET */
	bool guarded; /* for who has signed in */
	void (*run)(struct web_ask *w);
};

static void run_metrics(struct web_ask *w)
{
	w->answer.type = "application/openmetrics-text; version=1.0.0; "
			 "charset=utf-8";
	openmetrics_text(&w->answer.body, w->asker.admin);
	web_answer(w, 200);
}

static void run_health(struct web_ask *w)
{
	buf_str(&w->answer.body, "ok\n");
	web_answer(w, 200);
}

/* Every process serves; names those that do not. */
static void run_ready(struct web_ask *w)
{
	const struct admin *a = w->asker.admin;
	struct buf *out = &w->answer.body;
	char name[NEIGHBOUR_NAME_MAX];
	size_t ready = 0;
	for (struct list *it = a->neighbours.next; it != &a->neighbours;
	     it = it->next) {
		const struct neighbour *n =
			container_of(it, struct neighbour, node);
		/* our own state comes a moment after we can answer */
		if (!n->told || n->role == PROC_ADMIN)
			continue;
		ready += n->last.state == PROC_READY;
		if (n->last.state != PROC_READY)
			buf_printf(out, "%s is not ready\n",
				   neighbour_name(n->role, n->slot, name));
	}
	bool all = !out->len && ready && a->generation;
	if (all)
		buf_str(out, "ready\n");
	else if (!out->len)
		buf_str(out, "starting\n");
	web_answer(w, all ? 200 : 503);
}

/* The drawing itself, for the page's picture. */
static void tell_drawing(struct web_ask *w, json_t *reply)
{
	json_t *result = json_object_get(reply, "result");
	const json_t *text = json_object_get(result, "text");
	if (!json_is_string(text)) {
		web_api_tell(w, reply);
		return;
	}
	w->answer.type = "image/svg+xml";
	w->answer.policy = DRAWING_POLICY;
	buf_put(&w->answer.body,
		slice_of(json_string_value(text), json_string_length(text)));
	json_decref(reply);
	web_answer(w, 200);
}

static void run_drawing(struct web_ask *w)
{
	struct slice lang = web_argument(w, "lang");
	json_t *args =
		json_pack("{s:s,s:o,s:s,s:s}", "form", "svg", "lang",
			  json_text(lang), "profile", "", "published", "");
	w->tell = tell_drawing;
	if (args)
		ctl_request_begin(&w->asker, command_find("ports"), NULL, args);
	else
		web_answer_json(w, 503, NULL);
	json_decref(args);
}

static const struct route ROUTES[] = {
	{ "/metrics", false, false, run_metrics },
	{ "/healthz", false, false, run_health },
	{ "/readyz", false, false, run_ready },
	{ API "session", false, true, web_whoami },
	{ API "ports.svg", false, true, run_drawing },
	{ API "login", true, false, web_login },
	{ API "logout", true, true, web_logout },
};

static const struct route *route_find(const char *path)
{
	for (size_t i = 0; i < sizeof(ROUTES) / sizeof(ROUTES[0]); i++)
		if (strcmp(ROUTES[i].path, path) == 0)
			return &ROUTES[i];
	return NULL;
}

static const struct web_file *file_find(const char *path)
{
	for (size_t i = 0; web_files[i].path; i++)
		if (strcmp(web_files[i].path, path) == 0)
			return &web_files[i];
	return NULL;
}

/* The verb of a path, if HTTP has it. */
static const struct command *verb_find(const char *path)
{
	const size_t len = strlen(API);
	const struct command *c =
		strncmp(path, API, len) == 0 ? command_find(path + len) : NULL;
	return c && c->web ? c : NULL;
}

/* ---- who may ---- */

/* "http://HOST" or "https://HOST" of the very host that was asked. */
static bool same_origin(const struct web_ask *w)
{
	struct slice origin = web_header(w, "Origin");
	struct slice host = web_header(w, "Host");
	ptrdiff_t colon = slice_chr(origin, ':');
	struct slice scheme = slice_head(origin, colon < 0 ? 0 : (size_t)colon);
	if (!slice_eq(scheme, SLICE_LIT("http")) &&
	    !slice_eq(scheme, SLICE_LIT("https")))
		return false;
	struct slice rest = slice_from(origin, scheme.len);
	return slice_starts(rest, SLICE_LIT("://")) && host.len &&
	       slice_ieq(slice_from(rest, 3), host);
}

static bool has_token(const struct web_ask *w)
{
	struct slice token = web_header(w, "X-Sallyport-Token");
	return crypto_equal(token, slice_str(w->session->token));
}

/* true: it may go on; else it is answered. */
static bool admit(struct web_ask *w, bool post, bool guarded)
{
	if (w->post != post) {
		web_answer_error(w, 405, post ? "it is a POST" : "it is a GET");
		return false;
	}
	if (post && !same_origin(w)) {
		web_answer_error(w, 403, "Origin is not this server");
		return false;
	}
	w->session = guarded ? web_session_of(w) : NULL;
	if (guarded && !w->session) {
		web_answer_error(w, 401, "sign in first");
		return false;
	}
	if (guarded && post && !has_token(w)) {
		web_answer_error(w, 403,
				 "X-Sallyport-Token is not that of "
				 "this session");
		return false;
	}
	return true;
}

static void serve_file(struct web_ask *w, const struct web_file *f)
{
	w->answer.type = f->type;
	w->answer.policy = PAGE_POLICY;
	w->answer.content = slice_of(f->bytes, f->len);
	web_answer(w, 200);
}

void web_serve(struct web_ask *w, const char *method, const char *path)
{
	const struct route *route = route_find(path);
	const struct web_file *file = file_find(path);
	const struct command *verb = verb_find(path);
	w->post = strcmp(method, "POST") == 0;
	bool read = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
	if (!route && !file && !verb)
		web_answer_error(w, 404, "there is nothing of that name");
	else if (!w->post && !read)
		web_answer_error(w, 405, "GET, HEAD or POST");
	else if (route) {
		if (admit(w, route->post, route->guarded))
			route->run(w);
	} else if (file) {
		if (admit(w, false, false))
			serve_file(w, file);
	} else if (admit(w, verb->changes, true)) {
		web_api(w, verb);
	}
}
