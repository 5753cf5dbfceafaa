/* SPDX-License-Identifier: Apache-2.0 */
/* A made-up request before the judge, and what he says check by check. */
#include "admin/explain.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "access/decorate.h"
#include "conf/conf_views.h"
#include "sip/uri.h"

enum { ARENA_FIRST = 16 << 10, ARENA_MAX = 64 << 20, STEPS_MAX = 32 };

struct question {
	struct access_facts facts;
	char from[SIP_AOR_MAX], to[SIP_AOR_MAX];
	char peer[1][256];
	struct access_partner unlisted; /* facts.unlisted */
	struct access_target target; /* DNS is not asked: as if it named it */
};

static int __attribute__((format(printf, 2, 3)))
refuse(char *error, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(error, TABLES_ERROR_MAX, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static struct slice ask_for(const struct tables_ask *ask, const char *name)
{
	return ask->arg(ask->arg_of, name);
}

static int take_address(const struct tables_ask *ask, const char *name,
			char aor[static SIP_AOR_MAX], char *error)
{
	struct slice text = ask_for(ask, name);
	if (!sip_aor_text(text, aor))
		return 0;
	return refuse(error,
		      "%s is an address such as alice@contoso.test, not "
		      "%.*s",
		      name, SLICE_FMT(slice_head(text, 64)));
}

static struct slice domain_of(const char *aor)
{
	struct slice s = slice_str(aor);
	return slice_from(s, (size_t)slice_chr(s, '@') + 1);
}

static void choose_source(struct question *q, const struct access *a)
{
	struct access_facts *f = &q->facts;
	if (q->peer[0][0]) {
		f->source = ACCESS_FROM_FEDERATION;
		f->peer_name = (const char(*)[256])q->peer;
		f->peer_name_count = 1;
	} else if (access_is_ours(a, f->to_domain)) {
		f->source = ACCESS_FROM_CLIENT;
		f->flow_aor = f->from_aor;
	} else {
		f->source = ACCESS_FROM_INSIDE;
	}
}

/* A provider's user, as our users know him. */
static void choose_sender(struct question *q, const struct access *a)
{
	struct access_facts *f = &q->facts;
	char aor[ACCESS_AOR_MAX];
	if (f->source != ACCESS_FROM_FEDERATION ||
	    !access_undecorate(a, f->from_aor, f->now_s, aor))
		return;
	memcpy(q->from, aor, sizeof(q->from));
	f->from_aor = slice_str(q->from);
	f->from_domain = domain_of(q->from);
}

static void choose_unlisted(struct question *q, const struct access *a,
			    const struct access_rulings *rulings)
{
	struct access_facts *f = &q->facts;
	bool inwards = f->source == ACCESS_FROM_FEDERATION &&
		       !access_is_ours(a, f->from_domain);
	f->rulings = rulings;
	if (access_unlisted(a, rulings, inwards ? f->from_domain : f->to_domain,
			    &q->unlisted))
		f->unlisted = &q->unlisted;
}

static int take(struct question *q, const struct tables_ask *ask, char *error)
{
	struct access_facts *f = &q->facts;
	struct slice method = ask_for(ask, "method");
	char peer[SIP_DOMAIN_MAX];
	struct slice name = ask_for(ask, "arriving_as");
	if (take_address(ask, "from", q->from, error) ||
	    take_address(ask, "to", q->to, error))
		return -EINVAL;
	if (name.len && (sip_domain(name, peer) ||
			 slice_cstr(slice_str(peer), q->peer[0], 256)))
		return refuse(error,
			      "arriving-as is the name that a peer's "
			      "certificate proves, not %.*s",
			      SLICE_FMT(slice_head(name, 64)));
	f->method = method.len ? method : SLICE_LIT("MESSAGE");
	f->registers = slice_eq(f->method, SLICE_LIT("REGISTER"));
	f->crosses = access_crosses(f->method);
	f->marked = true; /* as a peer that has to does */
	f->audio_video =
		slice_eq(ask_for(ask, "audio_video"), SLICE_LIT("yes"));
	f->from_aor = slice_str(q->from);
	f->to_aor = slice_str(q->to);
	f->from_domain = domain_of(q->from);
	f->to_domain = domain_of(q->to);
	f->callee_domain = f->to_domain;
	f->now_s = (uint64_t)time(NULL);
	return 0;
}

/* What the judge said. */
struct told {
	struct access_step step[STEPS_MAX];
	size_t count;
	struct access_verdict verdict;
	bool srv_assumed, limit_assumed, homed_assumed;
};

static void on_step(void *arg, const struct access_step *s)
{
	struct told *t = arg;
	if (t->count < STEPS_MAX)
		t->step[t->count++] = *s;
}

/* What would have to be found out is said, and assumed. */
static void judge(struct question *q, const struct access *a, struct told *t)
{
	struct access_facts *f = &q->facts;
	t->verdict = access_explain(a, f, on_step, t);
	if (t->verdict.kind == ACCESS_NEED_SRV) {
		t->srv_assumed = true;
		q->target = (struct access_target){
			f->peer_name_count ? slice_str(q->peer[0]) : SLICE_NONE,
			true
		};
		f->from_srv =
			(struct access_srv){ ACCESS_SRV_KNOWN, &q->target, 1 };
		t->count = 0;
		t->verdict = access_explain(a, f, on_step, t);
	}
	if (t->verdict.kind == ACCESS_NEED_HOMED) {
		t->homed_assumed = true;
		f->homed = ACCESS_HOMED_NOT;
		t->count = 0;
		t->verdict = access_explain(a, f, on_step, t);
	}
	if (t->verdict.kind == ACCESS_NEED_LIMIT) {
		t->limit_assumed = true;
		f->limit = ACCESS_WITHIN_LIMITS;
		t->count = 0;
		t->verdict = access_explain(a, f, on_step, t);
	}
}

static const char *where_to(const struct access_verdict *v)
{
	static const char *const words[] = {
		[ACCESS_REFUSE] = "goes nowhere",
		[ACCESS_TO_INSIDE] = "goes inside",
		[ACCESS_TO_PARTNER] = "goes to the partner",
		[ACCESS_TO_FLOW] = "goes to the client",
		[ACCESS_NEED_SRV] = "depends on SRV records",
		[ACCESS_NEED_LIMIT] = "depends on a limit",
		[ACCESS_NEED_TLSA] = "depends on TLSA records",
		[ACCESS_NEED_HOMED] = "depends on where the sender lives",
	};
	return words[v->kind];
}

static const char *outcome(const struct access_step *s)
{
	return s->unknown ? "ask" : s->reject ? "no" : "yes";
}

static void print(const struct told *t, struct buf *out)
{
	const struct access_verdict *v = &t->verdict;
	if (t->srv_assumed)
		buf_str(out, "(if the SRV records of the sender's domain "
			     "name this peer)\n");
	if (t->homed_assumed)
		buf_str(out, "(if the sender has no account here, but lives at "
			     "that provider)\n");
	if (t->limit_assumed)
		buf_str(out, "(while the discovered partner keeps to its "
			     "limits)\n");
	for (size_t i = 0; i < t->count; i++) {
		const struct access_step *s = &t->step[i];
		buf_printf(out, "%-4s  %s", outcome(s), s->check);
		if (s->line)
			buf_printf(out, "  (line %u)", (unsigned)s->line);
		buf_str(out, "\n");
	}
	if (v->reject)
		buf_printf(out,
			   "\nrefused: %u %s, ms-diagnostics %u, why=%s\n%s\n",
			   v->reject->status, v->reject->reason,
			   v->reject->diagnostics, v->reject->why,
			   v->reject->text);
	else
		buf_printf(out, "\nallowed: it %s\n", where_to(v));
	if (v->mark.type != ACCESS_SOURCE_NONE)
		buf_printf(out, "the sender counts as %s\n",
			   v->mark.verified ? "verified"
					    : "unverified: contacts only");
}

static json_t *steps_json(const struct told *t)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < t->count; i++) {
		const struct access_step *s = &t->step[i];
		if (!json_array_append_new(
			    list, json_pack("{s:s,s:s,s:i}", "check", s->check,
					    "outcome", outcome(s), "line",
					    (int)s->line)))
			continue;
		json_decref(list);
		list = NULL;
	}
	return list;
}

static int on_json(const char *text, size_t len, void *arg)
{
	buf_put(arg, slice_of(text, len));
	return 0;
}

/* {"allowed":b,"to":s,"srv_assumed":b,"limits_assumed":b,"checks":[{check,outcome,line}...],
 *  "homed_assumed":b,"verified":b|null,"refusal":{status,diagnostics,why,text}|null}
 */
static void print_json(const struct told *t, struct buf *out)
{
	const struct access_verdict *v = &t->verdict;
	const struct reject *j = v->reject;
	json_t *refusal =
		j ? json_pack("{s:i,s:s,s:i,s:s,s:s}", "status", j->status,
			      "reason", j->reason, "diagnostics",
			      j->diagnostics, "why", j->why, "text", j->text)
		  : json_null();
	json_t *verified = v->mark.type == ACCESS_SOURCE_NONE
				   ? json_null()
				   : json_boolean(v->mark.verified);
	json_t *o = json_pack(
		"{s:b,s:s,s:b,s:b,s:b,s:o,s:o,s:o}", "allowed", !j, "to",
		where_to(v), "srv_assumed", t->srv_assumed, "limits_assumed",
		t->limit_assumed, "homed_assumed", t->homed_assumed, "checks",
		steps_json(t), "verified", verified, "refusal", refusal);
	if (!o || json_dump_callback(o, on_json, out, JSON_COMPACT))
		out->failed = true;
	buf_str(out, "\n");
	json_decref(o);
}

int explain_text(const struct conf *c, const struct tables_ask *ask,
		 struct buf *out, struct buf *warnings,
		 char error[static TABLES_ERROR_MAX])
{
	struct question q = { .from = "" };
	struct access_conf view;
	struct access *a = NULL;
	(void)warnings;
	int err = take(&q, ask, error);
	if (err)
		return err;
	snprintf(error, TABLES_ERROR_MAX, "out of memory");
	struct arena *arena = arena_create(ARENA_FIRST, ARENA_MAX);
	err = arena ? conf_view_access(arena, c, &view) : -ENOMEM;
	if (!err)
		err = access_create(&a, &view, error);
	if (!err) {
		struct told told = { .count = 0 };
		choose_source(&q, a);
		choose_sender(&q, a);
		choose_unlisted(&q, a, ask->rulings);
		judge(&q, a, &told);
		if (slice_eq(ask_for(ask, "form"), SLICE_LIT("json")))
			print_json(&told, out);
		else
			print(&told, out);
		err = buf_failed(out) ? -ENOMEM : 0;
	}
	access_free(a);
	arena_free(arena);
	return err;
}
