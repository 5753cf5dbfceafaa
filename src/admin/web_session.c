/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing in and out. A session is a number that nobody can guess, kept here
 * and in the browser's cookie; it ends by itself, with the account, and with
 * this process (ADM-08). Wrong passwords are counted by the address that they
 * came from (ADM-01).
 */
#include <stdio.h>
#include <string.h>

#include "admin/json.h"
#include "admin/web.h"
#include "base/crypto.h"
#include "base/text.h"

#define COOKIE "sallyport"

/* ---- sessions ---- */

static void session_end(struct web_session *s)
{
	crypto_wipe(s, sizeof(*s));
}

static bool is_over(const struct web_session *s, uint64_t now)
{
	return now - s->seen_ms >= WEB_IDLE_MS ||
	       now - s->began_ms >= WEB_LIFE_MS;
}

static void forget_old(struct web *web)
{
	struct web_sessions *all = web_sessions_of(web);
	uint64_t now = web_now(web);
	for (size_t i = 0; i < WEB_SESSIONS_MAX; i++) {
		struct web_session *s = &all->session[i];
		if (s->used && is_over(s, now))
			session_end(s);
	}
}

struct web_session *web_session_of(struct web_ask *w)
{
	struct web_sessions *all = web_sessions_of(w->web);
	struct slice id = web_cookie(w, COOKIE);
	forget_old(w->web);
	for (size_t i = 0; i < WEB_SESSIONS_MAX; i++) {
		struct web_session *s = &all->session[i];
		if (!s->used || !crypto_equal(id, slice_str(s->id)))
			continue;
		s->seen_ms = web_now(w->web);
		w->asker.role = s->role;
		snprintf(w->who, sizeof(w->who), "admin:%s", s->name);
		return s;
	}
	return NULL;
}

void web_forget(struct web *web, struct slice name)
{
	struct web_sessions *all = web_sessions_of(web);
	for (size_t i = 0; i < WEB_SESSIONS_MAX; i++) {
		struct web_session *s = &all->session[i];
		if (s->used && slice_eq(slice_str(s->name), name))
			session_end(s);
	}
}

static bool make_token(char out[static WEB_TOKEN_TEXT])
{
	uint8_t random[WEB_TOKEN_BYTES];
	if (crypto_random(random, sizeof(random)))
		return false;
	text_hex(slice_of(random, sizeof(random)), out);
	out[WEB_TOKEN_TEXT - 1] = '\0';
	crypto_wipe(random, sizeof(random));
	return true;
}

/* A free place, or that of who was quiet the longest. */
static struct web_session *place(struct web *web)
{
	struct web_sessions *all = web_sessions_of(web);
	struct web_session *oldest = &all->session[0];
	forget_old(web);
	for (size_t i = 0; i < WEB_SESSIONS_MAX; i++) {
		struct web_session *s = &all->session[i];
		if (!s->used)
			return s;
		if (s->seen_ms < oldest->seen_ms)
			oldest = s;
	}
	session_end(oldest);
	return oldest;
}

static struct web_session *session_begin(struct web *web, const char *name,
					 enum admin_role role)
{
	struct web_session *s = place(web);
	if (!make_token(s->id) || !make_token(s->token))
		return NULL;
	snprintf(s->name, sizeof(s->name), "%s", name);
	s->role = role;
	s->began_ms = s->seen_ms = web_now(web);
	s->used = true;
	return s;
}

/* ---- guesses ---- */

/* The address's place; with make, the place of the oldest when it is new. */
static struct web_source *source_of(struct web_ask *w, bool make)
{
	struct web_sessions *all = web_sessions_of(w->web);
	struct web_source *oldest = &all->source[0];
	for (size_t i = 0; i < WEB_SOURCES_MAX; i++) {
		struct web_source *s = &all->source[i];
		if (strcmp(s->address, w->source) == 0)
			return s;
		if (s->last_ms < oldest->last_ms)
			oldest = s;
	}
	if (!make)
		return NULL;
	memset(oldest, 0, sizeof(*oldest));
	memcpy(oldest->address, w->source, sizeof(oldest->address));
	return oldest;
}

/* Seconds until it may try again; 0: now. */
static unsigned locked_s(struct web_ask *w)
{
	struct web_source *s = source_of(w, false);
	uint64_t gone = s ? web_now(w->web) - s->last_ms : 0;
	if (!s || s->guesses < WEB_GUESSES_MAX)
		return 0;
	if (gone < WEB_LOCKED_MS)
		return (unsigned)((WEB_LOCKED_MS - gone + 999) / 1000);
	s->guesses = 0;
	return 0;
}

static void note_guess(struct web_ask *w)
{
	struct web_source *s = source_of(w, true);
	s->guesses++;
	s->last_ms = web_now(w->web);
	LOG_LIMITED(LOG_WARN, "admin.login_failed", slice_str(w->source),
		    KV_STR("source", w->source), KV_U64("guesses", s->guesses));
}

/* ---- answers ---- */

static void answer_session(struct web_ask *w, const struct web_session *s)
{
	web_answer_json(w, 200,
			json_pack("{s:o,s:s,s:s}", "name",
				  json_text(slice_str(s->name)), "role",
				  admin_role_name(s->role), "token", s->token));
}

/* Behind a web server with TLS it must not travel without. */
static void set_cookie(struct web_ask *w, const char *id, const char *more)
{
	bool tls = slice_eq(web_header(w, "X-Forwarded-Proto"),
			    SLICE_LIT("https"));
	snprintf(w->answer.cookie, sizeof(w->answer.cookie),
		 COOKIE "=%s; Path=/; HttpOnly; SameSite=Strict%s%s", id, more,
		 tls ? "; Secure" : "");
}

void web_whoami(struct web_ask *w)
{
	answer_session(w, w->session);
}

void web_logout(struct web_ask *w)
{
	session_end(w->session);
	w->session = NULL;
	set_cookie(w, "", "; Max-Age=0");
	web_answer_json(w, 200, json_object());
}

/* The verb knows whether the password is right. */
static void tell_login(struct web_ask *w, json_t *reply)
{
	const json_t *result = json_object_get(reply, "result");
	const char *name = json_string_value(json_object_get(result, "name"));
	const json_t *role = json_object_get(result, "role");
	bool wrong = json_is_false(json_object_get(result, "right"));
	struct web_session *s = NULL;
	if (name && !wrong)
		s = session_begin(w->web, name,
				  (enum admin_role)json_integer_value(role));
	if (wrong) {
		note_guess(w);
		web_answer_error(w, 401, "name or password is wrong");
	} else if (!s) {
		web_api_tell(w, json_incref(reply));
	} else {
		LOG(LOG_INFO, "admin.login", KV_STR("who", s->name),
		    KV_STR("source", w->source));
		set_cookie(w, s->id, "");
		answer_session(w, s);
	}
	json_decref(reply);
}

void web_login(struct web_ask *w)
{
	static const struct command login = { .verb = "login",
					      .args = { "name", "password" },
					      .ops = &verb_admin_login };
	char text[SENTENCE_MAX];
	w->answer.retry_s = locked_s(w);
	if (w->answer.retry_s) {
		web_answer_error(w, 429,
				 "too many wrong passwords from your "
				 "address; wait");
		return;
	}
	json_t *args = web_api_body(w);
	if (!args)
		return;
	snprintf(w->who, sizeof(w->who), "nobody");
	w->tell = tell_login;
	if (ctl_request_check(&login, args, text))
		ctl_request_begin(&w->asker, &login, NULL, args);
	else
		web_answer_error(w, 400, text);
	json_decref(args);
}
